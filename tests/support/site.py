"""A loopback web of feeds and pages, for tests and benchmarks: real sockets, real HTTP.

It answers with ETag, Last-Modified and gzip, understands conditional requests, remembers what
was asked, and misbehaves where a page says so.
"""

import gzip
import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support.programs import PATIENCE_SECONDS

LAST_MODIFIED = formatdate(1_790_000_000, usegmt=True)


@dataclass
class Page:
    """What the site answers at one path.

    `hold` keeps the answer back until it is set; `half` breaks the connection in the middle of
    the body; `validators=False` leaves out ETag and Last-Modified.
    """

    body: bytes = b""
    content_type: str = "application/xml"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    validators: bool = True
    hold: threading.Event | None = None
    half: bool = False

    @property
    def etag(self) -> str:
        """Return the entity tag of the body."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:16]}"'


@dataclass(frozen=True)
class Asked:
    """One request that came in, and how it was answered."""

    path: str
    headers: dict[str, str]
    status: int
    sent: int


class Site:
    """Pages by path; `asked` lists the answered requests, `started` all paths, in order.

    `moments` are when each of `started` came, by a clock that is never set.
    """

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.pages: dict[str, Page] = {}
        self.asked: list[Asked] = []
        self.started: list[str] = []
        self.moments: list[float] = []
        self.arrived = threading.Condition()

    def add(self, path: str, body: str | bytes = b"", **more: object) -> str:
        """Put a page at a path; returns its URL."""
        content = body.encode() if isinstance(body, str) else body
        self.pages[path] = Page(body=content, **more)  # type: ignore[arg-type]
        return self.url + path

    def redirect(self, path: str, target: str, *, status: int = 301) -> str:
        """Put a redirect at a path; returns its URL."""
        return self.add(path, status=status, headers={"Location": target})

    def paths(self) -> list[str]:
        """Return the paths that were asked for, in order."""
        return [item.path for item in self.asked]

    def wait_for(self, path: str) -> None:
        """Wait until a path was asked for."""
        with self.arrived:
            done = self.arrived.wait_for(lambda: path in self.started, timeout=PATIENCE_SECONDS)
        assert done, f"nobody asked for {path}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Else each answer with a body waits 40 ms for an acknowledgement.
    disable_nagle_algorithm = True
    server: "_Server"

    def do_GET(self) -> None:
        site = self.server.site
        with site.arrived:
            site.started.append(self.path)
            site.moments.append(time.monotonic())
            site.arrived.notify_all()
        page = site.pages.get(self.path) or Page(b"not here", "text/plain", status=404)
        if page.hold:
            page.hold.wait(PATIENCE_SECONDS)
        if page.validators and self.headers.get("If-None-Match") == page.etag:
            page = Page(status=304, headers={**page.headers, "ETag": page.etag})
        self._answer(site, page)

    def _answer(self, site: Site, page: Page) -> None:
        body, extra = page.body, dict(page.headers)
        if page.status == HTTPStatus.OK:
            extra.setdefault("Content-Type", page.content_type)
            if page.validators:
                extra |= {"ETag": page.etag, "Last-Modified": LAST_MODIFIED}
            wanted = "gzip" in self.headers.get("Accept-Encoding", "")
            if wanted and len(body) > 200 and "Content-Encoding" not in extra:
                extra.setdefault("Content-Encoding", "gzip")
                body = gzip.compress(body, 1)
        site.asked.append(Asked(self.path, dict(self.headers), page.status, len(body)))
        self.send_response(page.status)
        for name, value in extra.items():
            self.send_header(name, value)
        if page.status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if page.half:
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
        elif page.status != HTTPStatus.NOT_MODIFIED:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: what was asked is in `Site.asked`."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    site: Site

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away in the middle are part of the tests."""


@contextmanager
def running_site() -> Iterator[Site]:
    """Serve a site on a free port of 127.0.0.1 while the block runs."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.site = Site(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
