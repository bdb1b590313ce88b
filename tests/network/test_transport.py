"""Who is dialled: nobody for a refused URL, else exactly the address that was judged."""

import asyncio
import ipaddress
import os
import re
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import anyio
import httpx
import pytest
from h11 import _readers as readers
from hypothesis import given
from hypothesis import strategies as st
from mcp import Client
from pydantic import SecretStr

from planet_mcp.errors import (
    BadResponseError,
    BlockedAddressError,
    BlockedUrlError,
    FetchError,
    SettingsError,
    UnreachableError,
)
from planet_mcp.models import Document
from planet_mcp.network import Access, Web, mend_h11, transport
from planet_mcp.network.fetcher import Fetcher
from planet_mcp.network.transport import GuardedBackend
from planet_mcp.requests import SearchRequest
from planet_mcp.settings import load
from planet_mcp.urls import PORTS, IPNetwork, check_address, literal_address
from tests.support.documents import Post, rss
from tests.support.fetching import open_web
from tests.support.hostile import (
    OK,
    PUBLIC,
    Authority,
    RawServer,
    Resolver,
    always,
    authority,
    raw_server,
    resolver,
    take_for_public,
    watching,
)
from tests.support.serving import serving
from tests.test_urls import FAMILIES

__all__ = ["resolver"]

pytestmark = pytest.mark.anyio

EVERYTHING: tuple[IPNetwork, ...] = (
    ipaddress.ip_network("0.0.0.0/0"),
    ipaddress.ip_network("::/0"),
)
LOOPBACK = EVERYTHING[:1]
HELLO = OK + b"Content-Length: 5\r\n\r\nhello"


hello = always(HELLO)


def redirecting(target: str, status: int = 302) -> bytes:
    return b"HTTP/1.1 %d x\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n" % (
        status,
        target.encode(),
    )


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch, resolver: Resolver) -> Iterator[RawServer]:
    """A server at an address that counts as public; nothing else is open."""
    with raw_server(hello, host=PUBLIC) as server:
        take_for_public(monkeypatch, server.port)
        yield server


# ---------------------------------------------------------------------------------- nobody is asked
@pytest.mark.parametrize("family", FAMILIES)
async def test_a_refused_url_causes_no_look_up_and_no_connection(
    family: str, resolver: Resolver
) -> None:
    async with open_web() as web:
        with watching() as traffic:
            for spelling in FAMILIES[family]:
                with pytest.raises((BlockedAddressError, BlockedUrlError)):
                    await web.get(spelling)

    assert (resolver.asked, traffic.lookups, traffic.connections) == ([], [], [])


# What HTTP or joining to the redirecting URL makes something else of.
READ_ANOTHER_WAY = (
    "backslashes, white space, control characters, NUL",
    "no scheme, no host, too long",
)


@pytest.mark.parametrize("family", [name for name in FAMILIES if name not in READ_ANOTHER_WAY])
async def test_a_redirect_to_a_refused_url_causes_nothing_more(
    family: str, public: RawServer, resolver: Resolver
) -> None:
    async with open_web() as web:
        for spelling in FAMILIES[family]:
            public.script = always(redirecting(spelling))
            with watching() as traffic, pytest.raises(FetchError) as caught:
                await web.get(public.url)
            assert traffic.connections == [(PUBLIC, public.port)], spelling
            kinds = BlockedAddressError | BlockedUrlError | BadResponseError
            assert isinstance(caught.value, kinds), spelling

    assert resolver.asked == []


@pytest.mark.parametrize("family", READ_ANOTHER_WAY)
async def test_a_redirect_that_is_read_in_another_way_leads_nowhere_else(
    family: str, public: RawServer, resolver: Resolver
) -> None:
    async with open_web() as web:
        for spelling in FAMILIES[family]:
            public.script = always(redirecting(spelling))
            with watching() as traffic, pytest.raises(FetchError):
                await web.get(public.url)
            assert set(traffic.connections) == {(PUBLIC, public.port)}, spelling

    assert set(resolver.asked) <= {"example.com"}


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("http://10.0.0.1/", "redirects to where nothing is fetched: 10.0.0.1 is not a public"),
        ("ftp://example.com/", "redirects to where nothing is fetched: Only http:// and https://"),
        ("http://example.com\\@10.0.0.1/", "The URL contains backslashes"),
    ],
)
async def test_a_refused_redirect_says_who_redirects_and_why_it_is_refused(
    target: str, reason: str, public: RawServer
) -> None:
    public.script = always(redirecting(target))

    async with open_web() as web:
        with pytest.raises(FetchError, match=reason) as caught:
            await web.get(public.url)
    assert public.url in str(caught.value)


_PIECES = st.sampled_from(
    [
        *(
            "http://",
            "https://",
            "//",
            "/",
            "@",
            ":",
            "\\",
            "#",
            "?",
            "%",
            "[",
            "]",
            ".",
            "..",
            "&",
        ),
        *("127.0.0.1", "10.0.0.1", "::1", "::ffff:7f00:1", "localhost", "example.com", "8.8.8.8"),
        *(
            "80",
            "22",
            "%2e",
            "%00",
            "\u3002",
            "\uff11",
            "\u00df",
            "\u200b",
            "\udc80",
            "xn--",
            "0x7f",
        ),
    ]
)


FETCHER = Fetcher(Access())


@given(st.lists(_PIECES | st.text(max_size=3), max_size=9).map("".join))
def test_whatever_is_let_through_is_a_public_name_or_address(pieces: str) -> None:
    for spelling in (pieces, f"http://{pieces}", f"https://example.com{pieces}"):
        try:
            url = FETCHER._checked(spelling)
        except (BlockedAddressError, BlockedUrlError):
            continue
        host, port = url.raw_host.decode(), url.port or {"http": 80, "https": 443}[url.scheme]
        assert port in PORTS
        literal = literal_address(host)
        if literal:
            check_address(literal, port, allowed=())
        else:
            assert re.fullmatch(r"[a-z0-9_.-]+\.[a-z0-9-]*[a-z][a-z0-9-]*\.?", host), host
        assert not url.userinfo


# ----------------------------------------------------------------------------------- what names say
NOT_PUBLIC = (
    *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.100.100.200"),
    *("168.63.129.16", "0.0.0.0", "224.0.0.1", "255.255.255.255", "192.0.0.170", "198.18.0.1"),
    *("::1", "::", "fe80::1", "fe80::1%1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::a9fe:a9fe"),
    *("64:ff9b:1::1", "2002:7f00:1::", "2001:0:7f00:1::", "2001:db8::1", "3fff::1"),
)
# Addresses that are public; nothing is ever sent to them, since the other one refuses all.
GLOBAL = ("8.8.8.8", "2606:4700::1111")


@pytest.mark.parametrize("address", NOT_PUBLIC)
async def test_a_name_for_an_address_that_is_not_public_is_refused_after_one_look_up(
    address: str, resolver: Resolver
) -> None:
    async with open_web() as web:
        for answer in ([address], [*GLOBAL, address], [address, *GLOBAL], [*GLOBAL * 5, address]):
            resolver.knows("feeds.example.com", answer)
            resolver.asked.clear()
            with watching() as traffic, pytest.raises(BlockedAddressError) as caught:
                await web.get("http://feeds.example.com/")
            assert (resolver.asked, traffic.connections) == (["feeds.example.com"], [])
            assert str(caught.value).startswith("feeds.example.com leads to where nothing is")


async def test_a_name_is_looked_up_once_and_the_judged_address_is_dialled(
    public: RawServer, resolver: Resolver
) -> None:
    resolver.knows("feeds.example.com", [PUBLIC], ["127.0.0.1"])
    url = f"http://feeds.example.com:{public.port}/"

    async with open_web() as web:
        with watching() as traffic:
            answer = await web.get(url)
        assert (resolver.asked, traffic.connections) == (
            ["feeds.example.com"],
            [(PUBLIC, public.port)],
        )
        # The name stands for another address by now.
        with watching() as traffic, pytest.raises(BlockedAddressError, match=r"127\.0\.0\.1"):
            await web.get(url)

    assert isinstance(answer, Document)
    assert answer.body == b"hello"
    assert traffic.connections == []
    assert f"Host: feeds.example.com:{public.port}\r\n".encode() in public.heads[0]


async def test_a_name_that_changes_between_two_redirects_is_judged_again(
    public: RawServer, resolver: Resolver
) -> None:
    resolver.knows("feeds.example.com", [PUBLIC], ["10.0.0.1"])
    public.script = always(redirecting("/next"))

    async with open_web() as web:
        with watching() as traffic, pytest.raises(BlockedAddressError):
            await web.get(f"http://feeds.example.com:{public.port}/")

    assert resolver.asked == ["feeds.example.com"] * 2
    assert traffic.connections == [(PUBLIC, public.port)]


async def test_a_redirect_to_a_name_inside_is_looked_up_and_refused(
    public: RawServer, resolver: Resolver
) -> None:
    resolver.knows("metadata.example.com", ["169.254.169.254"])
    public.script = always(redirecting("http://metadata.example.com/"))

    async with open_web() as web:
        with watching() as traffic, pytest.raises(BlockedAddressError):
            await web.get(public.url)

    assert resolver.asked == ["metadata.example.com"]
    assert traffic.connections == [(PUBLIC, public.port)]


async def test_the_next_address_is_tried_when_one_does_not_answer(
    public: RawServer, resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("planet_mcp.urls._is_public", lambda address: address.is_loopback)
    resolver.knows("feeds.example.com", ["127.0.0.8", PUBLIC])

    async with open_web() as web:
        with watching() as traffic:
            await web.get(f"http://feeds.example.com:{public.port}/")

    assert traffic.connections == [("127.0.0.8", public.port), (PUBLIC, public.port)]


async def test_of_many_addresses_only_the_first_few_are_tried(
    public: RawServer, resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("planet_mcp.urls._is_public", lambda address: address.is_loopback)
    resolver.knows("feeds.example.com", [f"127.0.1.{number}" for number in range(1, 99)])

    async with open_web() as web:
        with watching() as traffic, pytest.raises(UnreachableError):
            await web.get(f"http://feeds.example.com:{public.port}/")

    assert len(traffic.connections) == transport.MAX_ADDRESSES


@pytest.mark.parametrize(
    ("answer", "reason"),
    [([], "was not found"), (["not-an-address"], "unusable address")],
)
async def test_a_name_without_an_address_is_unreachable(
    answer: list[str], reason: str, resolver: Resolver
) -> None:
    if answer:
        resolver.knows("feeds.example.com", answer)

    async with open_web() as web:
        with watching() as traffic, pytest.raises(UnreachableError, match=reason):
            await web.get("http://feeds.example.com/")
    assert traffic.connections == []


async def test_look_ups_that_stall_are_given_up_and_hold_up_nobody(
    public: RawServer, resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("planet_mcp.network.transport.LOOKUP_SECONDS", 3)
    resolver.knows("feeds.example.com", [PUBLIC])
    problems: list[str] = []

    async def ask(web: Web, number: int) -> None:
        with pytest.raises(UnreachableError) as caught:
            await web.get(f"http://stalled{number}.example.com/")
        problems.append(str(caught.value))

    async with open_web() as web, anyio.create_task_group() as tasks:
        others = [web.with_own_limiter() for _ in range(6)]
        for number in range(60):
            tasks.start_soon(ask, others[number % 6], number)
        await anyio.wait_all_tasks_blocked()
        await web.get(f"http://feeds.example.com:{public.port}/")
        assert not problems

    assert len(problems) == 60
    assert "took over" in problems[0]


# ---------------------------------------------------------------------------------- our own address
@pytest.mark.parametrize(
    ("listening", "dialled", "refused"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "::ffff:127.0.0.1", True),
        ("127.0.0.1", "0.0.0.0", True),
        ("127.0.0.1", "::", True),
        ("127.0.0.1", "127.0.0.2", False),
        ("127.0.0.1", "10.0.0.1", False),
        ("::1", "::1", True),
        ("::1", "::2", False),
        ("0.0.0.0", "127.0.0.1", True),
        ("0.0.0.0", "127.0.0.2", True),
        ("::", "127.0.0.1", True),
        ("::", "::1", True),
        ("0.0.0.0", "8.8.8.8", False),
        ("::", "2606:4700::1111", False),
    ],
)
def test_who_listens_is_known_by_every_address_that_leads_there(
    listening: str, dialled: str, refused: bool
) -> None:
    own, address = [(listening, 8000)], ipaddress.ip_address(dialled)

    with watching() as traffic:
        transport.check_not_own(address, 8001, own)
        if not refused:
            transport.check_not_own(address, 8000, own)
        else:
            with pytest.raises(BlockedAddressError, match="itself listens"):
                transport.check_not_own(address, 8000, own)
    assert traffic.connections == []


@pytest.mark.parametrize("host", ["127.0.0.1", "[::ffff:127.0.0.1]", "0.0.0.0", "own.example.com"])
async def test_our_own_address_is_refused_whatever_is_opened(host: str, resolver: Resolver) -> None:
    resolver.knows("own.example.com", ["127.0.0.1"])
    with raw_server(hello) as server:
        url = f"http://{host}:{server.port}/"
        server.script = hello
        async with open_web(EVERYTHING) as web:
            await web.get(url)
            web.never_fetch_from("127.0.0.1", server.port)
            with pytest.raises(BlockedAddressError, match="this planet-mcp itself listens"):
                await web.get(url)
            with (
                raw_server(always(redirecting(url))) as other,
                pytest.raises(BlockedAddressError, match="itself listens"),
            ):
                await web.get(other.url)
        assert len(server.heads) == 1


async def test_the_http_server_does_not_fetch_from_itself() -> None:
    async with serving("--fetch-any") as (url, _), Client(f"{url}/mcp") as client:
        article = await client.call_tool("fetch_article", {"article": f"{url}/health"})
        added = await client.call_tool("add_feeds", {"urls": [f"{url}/health"]})

    assert article.is_error
    for answer in (article, added):
        assert "this planet-mcp itself listens" in str(answer.content)


# ------------------------------------------------------------------------------------------ a proxy
class Proxy:
    """A proxy that answers by itself, and lets tunnels out to one address."""

    def __init__(self, answer: bytes = HELLO, *, tunnel: tuple[str, int] | None = None) -> None:
        self.answer = answer
        self.tunnel = tunnel
        self.heads: list[bytes] = []

    def __call__(self, near: socket.socket, _ended: threading.Event) -> None:
        if not self.heads[-1].startswith(b"CONNECT ") or self.tunnel is None:
            near.sendall(self.answer)
            return
        with socket.create_connection(self.tunnel) as far:
            near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pump, args=(far, near), daemon=True)
            back.start()
            _pump(near, far)
            back.join(5)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while part := source.recv(65_536):
            sink.sendall(part)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return


@contextmanager
def proxying(proxy: Proxy) -> Iterator[tuple[SecretStr, RawServer]]:
    """Run a proxy on a private address and an odd port, where proxies are."""
    with raw_server(proxy) as server:
        proxy.heads = server.heads
        yield SecretStr(f"http://reader:s3cret%2F@127.0.0.1:{server.port}"), server


async def test_a_proxy_is_asked_for_everything_and_looks_the_names_up(resolver: Resolver) -> None:
    with proxying(Proxy()) as (url, server):
        async with open_web(proxy=url) as web:
            with watching() as traffic:
                answer = await web.get("http://feeds.example.com/feed?a=1")

    assert isinstance(answer, Document)
    assert (answer.url, answer.body) == ("http://feeds.example.com/feed?a=1", b"hello")
    assert traffic.connections == [("127.0.0.1", server.port)]
    assert resolver.asked == []
    assert server.heads[0].startswith(b"GET http://feeds.example.com/feed?a=1 HTTP/1.1\r\n")
    # reader:s3cret/
    assert b"Proxy-Authorization: Basic cmVhZGVyOnMzY3JldC8=\r\n" in server.heads[0]


@pytest.mark.parametrize("family", [name for name in FAMILIES if "too long" not in name])
async def test_a_refused_url_does_not_reach_the_proxy(family: str) -> None:
    with proxying(Proxy()) as (url, server):
        async with open_web(proxy=url) as web:
            with watching() as traffic:
                for spelling in FAMILIES[family]:
                    with pytest.raises((BlockedAddressError, BlockedUrlError)):
                        await web.get(spelling)
    assert (server.heads, traffic.connections) == ([], [])


@pytest.mark.parametrize(
    ("target", "allowed"),
    [
        ("http://169.254.169.254/", ()),
        ("http://localhost/", ()),
        ("http://example.com:22/", ()),
        # Which address a name stands for is never known here, so that no network can open it.
        ("http://wiki.local/", LOOPBACK),
        ("http://intranet/", LOOPBACK),
        ("http://example.com:22/", LOOPBACK),
        ("http://[::1]/", LOOPBACK),
    ],
)
async def test_behind_a_proxy_the_spelling_and_a_literal_address_decide(
    target: str, allowed: tuple[IPNetwork, ...]
) -> None:
    with proxying(Proxy(redirecting(target))) as (url, server):
        async with open_web(allowed, proxy=url) as web:
            for first in (target, "http://feeds.example.com/"):
                with pytest.raises((BlockedAddressError, BlockedUrlError)):
                    await web.get(first)
    assert len(server.heads) == 1


async def test_behind_a_proxy_our_own_address_stays_refused() -> None:
    with proxying(Proxy()) as (url, server):
        async with open_web(LOOPBACK, proxy=url) as web:
            web.never_fetch_from("127.0.0.1", 8000)
            await web.get("http://127.0.0.1:8001/")
            with pytest.raises(BlockedAddressError, match="itself listens"):
                await web.get("http://127.0.0.1:8000/")
    assert len(server.heads) == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "the proxy answered 407"),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "the proxy answered 502"),
    ],
)
async def test_a_proxy_that_opens_no_tunnel_makes_a_site_unreachable(
    answer: bytes, reason: str
) -> None:
    with proxying(Proxy(answer)) as (url, _):
        async with open_web(proxy=url) as web:
            with pytest.raises(UnreachableError, match=reason) as caught:
                await web.get("https://feeds.example.com/")
    assert "s3cret" not in str(caught.value)


async def test_a_proxy_that_is_not_there_makes_a_site_unreachable() -> None:
    with proxying(Proxy()) as (url, _):
        pass
    async with open_web(proxy=url) as web:
        with pytest.raises(UnreachableError) as caught:
            await web.get("http://feeds.example.com/")
    assert "s3cret" not in str(caught.value)


async def test_a_proxy_is_looked_up_and_dialled_wherever_it_is(resolver: Resolver) -> None:
    resolver.knows("proxy.corp", ["127.0.0.1"])
    with proxying(Proxy()) as (_, server):
        secret = SecretStr(f"http://proxy.corp:{server.port}/")
        async with open_web(proxy=secret) as web:
            await web.get("http://feeds.example.com/")
    assert resolver.asked == ["proxy.corp"]
    assert b"Proxy-Authorization" not in server.heads[0]


async def test_only_the_proxy_itself_is_dialled_without_judgement() -> None:
    backend = GuardedBackend((), proxy=("127.0.0.1", 3128))
    with watching() as traffic:
        for host, port in (("127.0.0.1", 3129), ("127.0.0.2", 3128), ("10.0.0.1", 3128)):
            with pytest.raises(BlockedAddressError):
                await backend.connect_tcp(host, port)
    assert traffic.connections == []


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1:3128",
        "http://proxy.corp:3128/",
        "https://reader:pass@proxy.example.com",
        "http://reader@[fd00::1]:8080",
    ],
)
async def test_the_setting_names_a_proxy(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANET_MCP_PROXY", url)
    settings = load()

    assert settings.proxy is not None
    assert settings.proxy.get_secret_value() == url
    assert "pass" not in repr(settings)
    async with open_web(proxy=settings.proxy):
        pass


@pytest.mark.parametrize(
    "url",
    [
        "10.0.0.1:3128",
        "socks5://reader:s3cret@10.0.0.1:1080",
        "http://",
        "http://reader:s3cret@",
        "http://reader:s3cret@host:99999",
        "http://reader:s3cret@host:0",
        "http://reader:s3cret@host:port",
        "http://reader:s3cret@host/path",
        "http://reader:s3cret@host?query",
        "http://reader:s3cret#@host",
        "http://reader:s3cret@ho st",
        "http://reader:s3cret@[::1",
        "http://reader:s3cret@[:::]:3128",
        "http://reader:s3cret@@host",
    ],
)
def test_a_wrong_proxy_is_refused_and_not_repeated(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANET_MCP_PROXY", url)

    with pytest.raises(SettingsError, match=r"PLANET_MCP_PROXY: give http://HOST:PORT") as caught:
        load()
    assert "s3cret" not in str(caught.value)


async def test_the_planet_fetches_through_the_proxy_of_its_settings(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from tests.conftest import planet_of

    caplog.set_level("DEBUG")
    document = rss([Post("Through the proxy")]).encode()
    answer = OK + b"Content-Length: %d\r\n\r\n" % len(document) + document
    with proxying(Proxy(answer)) as (url, server):
        monkeypatch.setenv("PLANET_MCP_PROXY", url.get_secret_value())
        monkeypatch.setenv("PLANET_MCP_ALLOW_NETWORKS", "")
        async with planet_of() as planet:
            added = await planet.add_feeds(["http://feeds.example.com/feed?token=t0ken"])
            assert (await planet.search_entries(SearchRequest("proxy"))).result.hits
    assert added.result.results[0].outcome == "added"
    assert server.heads[0].startswith(b"GET http://feeds.example.com/feed?token=t0ken ")
    assert "s3cret" not in caplog.text
    assert "t0ken" not in caplog.text


# ---------------------------------------------------------------------------------------------- TLS
@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """An authority that the fetcher trusts, as it does the system's."""
    made = authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


@asynccontextmanager
async def tls_site(
    names: Sequence[str], trusted: Authority, monkeypatch: pytest.MonkeyPatch, *, days: int = 1
) -> AsyncIterator[tuple[RawServer, Web]]:
    """A server with a certificate for these names, at an address that counts as public."""
    with raw_server(hello, host=PUBLIC, context=trusted.server(*names, days=days)) as server:
        take_for_public(monkeypatch, server.port)
        async with open_web() as web:
            yield server, web


async def test_a_certificate_must_be_for_the_name_in_the_url(
    trusted: Authority, resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one.example.com", "two.example.com"):
        resolver.knows(name, [PUBLIC])

    async with tls_site(["one.example.com"], trusted, monkeypatch) as (server, web):
        for _ in range(2):
            await web.get(f"https://one.example.com:{server.port}/")
            # The same address, and a moment ago a connection to it was fine.
            with pytest.raises(UnreachableError, match="certificate"):
                await web.get(f"https://two.example.com:{server.port}/")
            with pytest.raises(UnreachableError, match="certificate"):
                await web.get(f"https://{PUBLIC}:{server.port}/")

    assert [b"Host: one.example.com" in head for head in server.heads] == [True, True]


async def test_two_names_of_one_certificate_are_asked_each_by_its_name(
    trusted: Authority, resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["one.example.com", "two.example.com"]
    asked: list[str | None] = []

    async with tls_site(names, trusted, monkeypatch) as (server, web):
        assert server.context is not None
        server.context.sni_callback = lambda _, name, __: asked.append(name)
        for name in names:
            resolver.knows(name, [PUBLIC])
            await web.get(f"https://{name}:{server.port}/")

    assert asked == names
    hosts = [re.search(rb"Host: ([a-z.]+)", head) for head in server.heads]
    assert [found[1].decode() for found in hosts if found] == names


async def test_an_expired_certificate_is_refused(
    trusted: Authority, resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver.knows("one.example.com", [PUBLIC])

    async with tls_site(["one.example.com"], trusted, monkeypatch, days=-1) as (server, web):
        with pytest.raises(UnreachableError, match="expired"):
            await web.get(f"https://one.example.com:{server.port}/")
    assert server.heads == []


async def test_a_certificate_of_an_unknown_authority_is_refused(
    tmp_path: Path, resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver.knows("one.example.com", [PUBLIC])

    async with tls_site(["one.example.com"], authority(tmp_path), monkeypatch) as (server, web):
        with pytest.raises(UnreachableError, match="certificate verify failed"):
            await web.get(f"https://one.example.com:{server.port}/")
    assert server.heads == []


async def test_a_redirect_from_https_to_http_is_not_followed(
    trusted: Authority, resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver.knows("one.example.com", [PUBLIC])

    async with tls_site(["one.example.com"], trusted, monkeypatch) as (server, web):
        with raw_server(hello, host=PUBLIC) as plain:
            take_for_public(monkeypatch, plain.port)
            target = f"http://one.example.com:{plain.port}/"
            server.script = always(redirecting(target))
            with pytest.raises(BlockedUrlError, match="from https to http"):
                await web.get(f"https://one.example.com:{server.port}/")
        assert plain.heads == []

        onward = f"https://one.example.com:{server.port}/"
        server.script = hello
        with raw_server(always(redirecting(onward)), host=PUBLIC) as plain:
            take_for_public(monkeypatch, plain.port)
            answer = await web.get(plain.url)
    assert isinstance(answer, Document)


async def test_what_is_no_tls_after_a_handshake_is_a_bad_response(
    trusted: Authority, resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver.knows("one.example.com", [PUBLIC])

    def garble(connection: socket.socket, _ended: threading.Event) -> None:
        with socket.socket(fileno=os.dup(connection.fileno())) as bare:
            bare.sendall(b"HTTP/1.1 200 OK\r\n\r\nnot encrypted")

    async with tls_site(["one.example.com"], trusted, monkeypatch) as (server, web):
        server.script = garble
        with pytest.raises(BadResponseError):
            await web.get(f"https://one.example.com:{server.port}/")


async def test_a_tunnel_through_the_proxy_is_for_the_name_in_the_url(
    trusted: Authority, resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with tls_site(["one.example.com"], trusted, monkeypatch) as (server, _):
        with proxying(Proxy(tunnel=(PUBLIC, server.port))) as (url, proxy):
            async with open_web(proxy=url) as web:
                answer = await web.get("https://one.example.com/")
                with pytest.raises(UnreachableError, match="certificate"):
                    await web.get("https://two.example.com/")

    assert isinstance(answer, Document)
    assert resolver.asked == []
    assert proxy.heads[0].startswith(b"CONNECT one.example.com:443 HTTP/1.1\r\n")
    assert b"Proxy-Authorization" in proxy.heads[0]
    assert len(server.heads) == 1
    assert b"Proxy-Authorization" not in server.heads[0]


# -------------------------------------------------------------------------------- h11's expressions
FIELD = re.compile(
    rb"(?P<field_name>[-!#$%&'*+.^_`|~0-9a-zA-Z]+):[ \t]*"
    rb"(?P<field_value>([^\x00\s]+(?:[ \t]+[^\x00\s]+)*)?)[ \t]*"
)
CHUNK = re.compile(rb"(?P<chunk_size>([0-9A-Fa-f]){1,20})(?P<chunk_ext>;.*)?[ \t]*\r\n")
_BYTES = st.text("aF0:; \t\r\n\x00é", max_size=12).map(lambda text: text.encode("latin-1"))


@given(_BYTES)
def test_the_mended_expressions_of_h11_match_what_its_own_do(rest: bytes) -> None:
    for line, own, mended in (
        (b"a:" + rest, FIELD, readers.header_field_re),
        (b"0" + rest + b"\r\n", CHUNK, readers.chunk_header_re),
    ):
        expected, found = own.fullmatch(line), mended.fullmatch(line)
        assert (found and found.groupdict()) == (expected and expected.groupdict())


def test_blanks_take_linear_time() -> None:
    mend_h11()  # a second time, which changes nothing
    blanks = b" " * 200_000
    before = time.perf_counter()

    assert readers.header_field_re.fullmatch(b"a:" + blanks + b"\0") is None
    assert readers.chunk_header_re.fullmatch(b"0;" + blanks + b"\n\r\n") is None
    assert time.perf_counter() - before < 1


async def test_blanks_in_a_request_do_not_hold_up_the_http_server() -> None:
    async with serving() as (url, _), httpx.AsyncClient() as web:
        port = int(url.rpartition(":")[2])
        _, hostile = await asyncio.open_connection("127.0.0.1", port)
        hostile.write(b"GET / HTTP/1.1\r\nHost: x\r\na:" + b" " * 60_000 + b"\0\r\n\r\n")
        await hostile.drain()
        before = time.perf_counter()
        answer = await web.get(f"{url}/health")
        hostile.close()

    assert answer.status_code == 200
    assert time.perf_counter() - before < 3
