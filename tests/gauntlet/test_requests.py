"""Requests damaged at random to the HTTP server: an answer in words, and the next is served."""

import asyncio
import json
from collections import Counter
from random import Random

import httpx
import pytest

from planet_mcp.planet import Planet
from planet_mcp.serving.http import Limits
from tests.gauntlet.test_faults import report
from tests.support.serving import serving_here

pytestmark = [pytest.mark.anyio, pytest.mark.gauntlet]

REQUESTS, AT_ONCE = 5_000, 50
# Some ask for a stream of events, which goes on until its client goes.
PATIENCE_SECONDS = 1.5
UNTHOUGHT_OF = {"500", "501", "502", "504"}


def call(method: str, **params: object) -> bytes:
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return json.dumps(message).encode()


def post(body: bytes, *headers: bytes) -> bytes:
    head = (
        *(b"POST /mcp HTTP/1.1", b"Host: localhost", b"Content-Type: application/json"),
        *(b"Accept: application/json, text/event-stream", b"Connection: close", *headers),
        b"Content-Length: " + str(len(body)).encode(),
    )
    return b"\r\n".join(head) + b"\r\n\r\n" + body


META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
HELLO = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "test", "version": "1"},
}


def modern(method: str, named: bytes = b"", **params: object) -> bytes:
    headers = (b"MCP-Protocol-Version: 2026-07-28", b"Mcp-Method: " + method.encode())
    names = (b"Mcp-Name: " + named,) if named else ()
    return post(call(method, **params, _meta=META), *headers, *names)


def get(path: bytes, *headers: bytes) -> bytes:
    head = (b"GET " + path + b" HTTP/1.1", b"Host: localhost", b"Connection: close", *headers)
    return b"\r\n".join(head) + b"\r\n\r\n"


PAGES = (
    get(b"/", b"Accept-Encoding: gzip"),
    get(b"/search?q=a+phrase&author=&since=7d&sort=newest"),
    get(b"/search/atom.xml?q=%22x%22"),
    get(b"/feeds?status=failing", b'If-None-Match: W/"0123456789"'),
    get(b"/atom.xml", b"If-Modified-Since: Thu, 06 Nov 2025 08:00:00 GMT"),
)
GOOD = (
    b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    b"GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n",
    b"DELETE /mcp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    post(call("initialize", **HELLO)),
    post(call("ping"), b"MCP-Protocol-Version: 2025-11-25"),
    post(call("tools/call", name="list_feeds", arguments={}), b"Origin: http://localhost"),
    modern("tools/call", b"search_entries", name="search_entries", arguments={"query": "x"}),
    modern("tools/list"),
    modern("resources/read", b"planet://latest", uri="planet://latest"),
    modern("subscriptions/listen", notifications={"resourceSubscriptions": ["planet://latest"]}),
    b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: */*\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n2f\r\n" + call("ping")[:47] + b"\r\n"
    b"c\r\n" + call("ping")[47:] + b"\r\n0\r\n\r\n",
    *PAGES,
)
PARTS = (
    *(b"\r\n", b"\n", b"\r", b"\0", b"\x1b", b"\xff", b":", b" ", b"\t", b"\r\n\r\n", b"%00"),
    *(b"{", b"}", b'"', b"null", b"[]", b"1e999", b"-1", b'"id": null', b"\\ud800", b"\\u0000"),
    *(b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Expect: 100-continue\r\n"),
    *(b"Host: evil.example\r\n", b"Origin: http://evil.example\r\n", b"Upgrade: websocket\r\n"),
    *(b"Content-Encoding: gzip\r\n", b"/../../etc/passwd", b"http://evil.example/", b"HTTP/0.9"),
    *("Größe".encode(), b"\xed\xa0\x80", b"[" * 999, b"{" * 999, b"9" * 99, b"a" * 20_000),
)


def damaged(dice: Random) -> bytes:
    """Return a request that is damaged, or one whose body alone is and has its right length."""
    request = dice.choice(GOOD)
    head, _, body = request.partition(b"\r\n\r\n")
    length = b"Content-Length: " + str(len(body)).encode()
    if length not in head or dice.random() < 0.5:
        return changed(request, dice)
    body = changed(body, dice)
    return head.replace(length, b"Content-Length: %d" % len(body)) + b"\r\n\r\n" + body


def changed(text: bytes, dice: Random) -> bytes:
    """Return a text with some of it changed, cut, doubled, or put in from elsewhere."""
    found = bytearray(text)
    for _ in range(dice.randint(1, 4)):
        start, size = dice.randrange(len(found) + 1), dice.choice((0, 1, 1, 2, 4, 16))
        piece = bytes(found[start : start + size])
        found[start : start + dice.choice((0, size))] = dice.choice(
            (b"", piece * 2, dice.randbytes(size), dice.choice(PARTS), dice.choice(GOOD)[:size])
        )
    return bytes(found)


async def answer(url: str, request: bytes) -> bytes:
    """Send a request that may be anything; returns what came until nothing more did."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    said = b""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            writer.write(request)
            while part := await reader.read(65_536):
                said += part
    except (TimeoutError, ConnectionError):
        pass
    finally:
        writer.close()
    return said


async def test_no_damaged_request_disturbs_the_server(
    planet: Planet, caplog: pytest.LogCaptureFixture
) -> None:
    limits = Limits(header_seconds=0.3, body_seconds=0.3, keep_alive_seconds=1)
    dice, statuses, bad = Random(20261126), Counter[str](), list[tuple[bytes, bytes]]()
    async with serving_here(planet, limits=limits) as url, httpx.AsyncClient() as web:
        whole = [(await answer(url, each))[9:12] for each in GOOD]
        for _ in range(0, REQUESTS, AT_ONCE):
            requests = [damaged(dice) for _ in range(AT_ONCE)]
            answers = await asyncio.gather(*(answer(url, each) for each in requests))
            for request, said in zip(requests, answers, strict=True):
                status = said[9:12].decode("latin-1") or "closed"
                statuses[status] += 1
                if status in UNTHOUGHT_OF or b"Traceback" in said or b"Error executing" in said:
                    bad.append((request, said))
        health = await web.get(f"{url}/health")
    report(f"{REQUESTS} damaged requests: {dict(statuses)}")
    assert whole == [b"200", b"405", b"405", *[b"200"] * (8 + len(PAGES))]
    assert health.status_code == 200
    assert bad == []
    assert [each.message for each in caplog.records if each.levelname == "ERROR"] == []
    assert statuses["200"] > 0
