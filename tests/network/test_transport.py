"""Who is dialled: nobody for a refused URL, else exactly an address that was vetted."""

import ipaddress
import os
import re
import socket
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import anyio
import pytest
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
from planet_mcp.network import Internet, Limits, Web
from planet_mcp.network.addresses import AddressGuard, check_not_own
from planet_mcp.network.transport import GuardedBackend
from planet_mcp.requests import SearchRequest
from planet_mcp.settings import load
from planet_mcp.urls import IPNetwork, literal_address
from planet_mcp.vetting import PORTS, check_address
from tests.support.documents import Post, rss
from tests.support.fetching import open_web
from tests.support.hostile import (
    OK,
    PUBLIC,
    Authority,
    LoopbackInternet,
    RawServer,
    always,
    authority,
    internet,
    raw_server,
    watching,
)
from tests.support.serving import serving
from tests.test_urls import FAMILIES

__all__ = ["internet"]

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
def public(internet: LoopbackInternet) -> Iterator[RawServer]:
    """A server at a public address; no network is allowed."""
    with raw_server(hello) as server:
        internet.serves(server)
        yield server


# ---------------------------------------------------------------------------------- nobody is asked
@pytest.mark.parametrize("family", FAMILIES)
async def test_a_refused_url_causes_no_look_up_and_no_connection(
    family: str, internet: LoopbackInternet
) -> None:
    async with internet.web() as web:
        with watching() as traffic:
            for spelling in FAMILIES[family]:
                with pytest.raises((BlockedAddressError, BlockedUrlError)):
                    await web.get(spelling)

    assert (internet.asked, traffic.lookups, traffic.connections) == ([], [], [])


# What HTTP or joining to the redirecting URL makes something else of.
READ_ANOTHER_WAY = (
    "backslashes, white space, control characters, NUL",
    "no scheme, no host, too long",
)


@pytest.mark.parametrize("family", [name for name in FAMILIES if name not in READ_ANOTHER_WAY])
async def test_a_redirect_to_a_refused_url_causes_nothing_more(
    family: str, public: RawServer, internet: LoopbackInternet
) -> None:
    async with internet.web() as web:
        for spelling in FAMILIES[family]:
            public.script = always(redirecting(spelling))
            with watching() as traffic, pytest.raises(FetchError) as caught:
                await web.get(public.url)
            assert traffic.connections == [public.server_address], spelling
            kinds = BlockedAddressError | BlockedUrlError | BadResponseError
            assert isinstance(caught.value, kinds), spelling

    assert internet.asked == []


@pytest.mark.parametrize("family", READ_ANOTHER_WAY)
async def test_a_redirect_that_is_read_in_another_way_leads_nowhere_else(
    family: str, public: RawServer, internet: LoopbackInternet
) -> None:
    async with internet.web() as web:
        for spelling in FAMILIES[family]:
            public.script = always(redirecting(spelling))
            with watching() as traffic, pytest.raises(FetchError):
                await web.get(public.url)
            assert set(traffic.connections) == {public.server_address}, spelling

    assert set(internet.asked) <= {"example.com"}


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("http://10.0.0.1/", "redirects to where nothing is fetched: 10.0.0.1 is not a public"),
        ("ftp://example.com/", "redirects to where nothing is fetched: Only http:// and https://"),
        ("http://example.com\\@10.0.0.1/", "The URL contains backslashes"),
    ],
)
async def test_a_refused_redirect_says_who_redirects_and_why_it_is_refused(
    target: str, reason: str, public: RawServer, internet: LoopbackInternet
) -> None:
    public.script = always(redirecting(target))

    async with internet.web() as web:
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


@given(st.lists(_PIECES | st.text(max_size=3), max_size=9).map("".join))
def test_whatever_is_let_through_is_a_public_name_or_address(pieces: str) -> None:
    for spelling in (pieces, f"http://{pieces}", f"https://example.com{pieces}"):
        try:
            url = AddressGuard().url(spelling)
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
    address: str, internet: LoopbackInternet
) -> None:
    async with internet.web() as web:
        for answer in ([address], [*GLOBAL, address], [address, *GLOBAL], [*GLOBAL * 5, address]):
            internet.knows("feeds.example.com", answer)
            internet.asked.clear()
            with watching() as traffic, pytest.raises(BlockedAddressError) as caught:
                await web.get("http://feeds.example.com/")
            assert (internet.asked, traffic.connections) == (["feeds.example.com"], [])
            assert str(caught.value).startswith("feeds.example.com leads to where nothing is")


async def test_a_name_is_looked_up_once_and_a_vetted_address_is_dialled(
    public: RawServer, internet: LoopbackInternet
) -> None:
    internet.knows("feeds.example.com", [PUBLIC], ["127.0.0.1"])
    url = "http://feeds.example.com/"

    async with internet.web() as web:
        with watching() as traffic:
            answer = await web.get(url)
        assert (internet.asked, traffic.connections) == (
            ["feeds.example.com"],
            [public.server_address],
        )
        # The name stands for another address by now.
        with watching() as traffic, pytest.raises(BlockedAddressError, match=r"127\.0\.0\.1"):
            await web.get(url)

    assert isinstance(answer, Document)
    assert answer.body == b"hello"
    assert traffic.connections == []
    assert b"Host: feeds.example.com\r\n" in public.heads[0]


async def test_a_name_that_changes_between_two_redirects_is_vetted_again(
    public: RawServer, internet: LoopbackInternet
) -> None:
    internet.knows("feeds.example.com", [PUBLIC], ["10.0.0.1"])
    public.script = always(redirecting("/next"))

    async with internet.web() as web:
        with watching() as traffic, pytest.raises(BlockedAddressError):
            await web.get("http://feeds.example.com/")

    assert internet.asked == ["feeds.example.com"] * 2
    assert traffic.connections == [public.server_address]


async def test_a_redirect_to_a_name_inside_is_looked_up_and_refused(
    public: RawServer, internet: LoopbackInternet
) -> None:
    internet.knows("metadata.example.com", ["169.254.169.254"])
    public.script = always(redirecting("http://metadata.example.com/"))

    async with internet.web() as web:
        with watching() as traffic, pytest.raises(BlockedAddressError):
            await web.get(public.url)

    assert internet.asked == ["metadata.example.com"]
    assert traffic.connections == [public.server_address]


async def test_the_next_address_is_tried_when_one_does_not_answer(
    public: RawServer, internet: LoopbackInternet
) -> None:
    internet.knows("feeds.example.com", ["8.8.8.8", PUBLIC])

    async with internet.web() as web:
        with watching():
            await web.get("http://feeds.example.com/")

    assert internet.dialled == [("8.8.8.8", 80), (PUBLIC, 80)]


async def test_of_many_addresses_only_the_first_few_are_tried(
    public: RawServer, internet: LoopbackInternet
) -> None:
    internet.knows("feeds.example.com", [f"8.8.4.{number}" for number in range(1, 99)])

    async with internet.web() as web:
        with watching(), pytest.raises(UnreachableError):
            await web.get("http://feeds.example.com/")

    assert len(internet.dialled) == Limits().addresses == 4


@pytest.mark.parametrize(
    ("answer", "reason"),
    [([], "was not found"), (["not-an-address"], "unusable address")],
)
async def test_a_name_without_an_address_is_unreachable(
    answer: list[str], reason: str, internet: LoopbackInternet
) -> None:
    if answer:
        internet.knows("feeds.example.com", answer)

    async with internet.web() as web:
        with watching() as traffic, pytest.raises(UnreachableError, match=reason):
            await web.get("http://feeds.example.com/")
    assert traffic.connections == []


async def test_look_ups_that_stall_are_given_up_and_delay_nobody(
    public: RawServer, internet: LoopbackInternet
) -> None:
    internet.knows("feeds.example.com", [PUBLIC])
    problems: list[str] = []

    async def ask(web: Web, number: int) -> None:
        with pytest.raises(UnreachableError) as caught:
            await web.get(f"http://stalled{number}.example.com/")
        problems.append(str(caught.value))

    limits = Limits(lookup_seconds=3)
    async with internet.web(limits=limits) as web, anyio.create_task_group() as tasks:
        others = [web.with_own_limiter() for _ in range(6)]
        for number in range(60):
            tasks.start_soon(ask, others[number % 6], number)
        await anyio.wait_all_tasks_blocked()
        await web.get("http://feeds.example.com/")
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
        check_not_own(address, 8001, own)
        if not refused:
            check_not_own(address, 8000, own)
        else:
            with pytest.raises(BlockedAddressError, match="itself listens"):
                check_not_own(address, 8000, own)
    assert traffic.connections == []


@pytest.mark.parametrize("host", ["127.0.0.1", "[::ffff:127.0.0.1]", "0.0.0.0", "own.example.com"])
async def test_our_own_address_is_refused_whatever_is_allowed(
    host: str, internet: LoopbackInternet
) -> None:
    internet.knows("own.example.com", ["127.0.0.1"])
    with raw_server(hello) as server:
        url = f"http://{host}:{server.port}/"
        server.script = hello
        async with internet.web(EVERYTHING) as web:
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


async def test_a_proxy_is_asked_for_everything_and_looks_the_names_up(
    internet: LoopbackInternet,
) -> None:
    with proxying(Proxy()) as (url, server):
        async with open_web(proxy=url) as web:
            with watching() as traffic:
                answer = await web.get("http://feeds.example.com/feed?a=1")

    assert isinstance(answer, Document)
    assert (answer.url, answer.body) == ("http://feeds.example.com/feed?a=1", b"hello")
    assert traffic.connections == [("127.0.0.1", server.port)]
    assert internet.asked == []
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


async def test_a_proxy_is_looked_up_and_dialled_wherever_it_is(internet: LoopbackInternet) -> None:
    internet.knows("proxy.corp", ["127.0.0.1"])
    with proxying(Proxy()) as (_, server):
        secret = SecretStr(f"http://proxy.corp:{server.port}/")
        async with internet.web(proxy=secret) as web:
            await web.get("http://feeds.example.com/")
    assert internet.asked == ["proxy.corp"]
    assert b"Proxy-Authorization" not in server.heads[0]


async def test_only_the_proxy_itself_is_dialled_unvetted() -> None:
    backend = GuardedBackend(AddressGuard(proxy=("127.0.0.1", 3128)), Internet(), Limits())
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
    names: Sequence[str], trusted: Authority, internet: LoopbackInternet, *, days: int = 1
) -> AsyncIterator[tuple[RawServer, Web]]:
    """A server with a certificate for these names, at a public address."""
    with raw_server(hello, context=trusted.server(*names, days=days)) as server:
        internet.serves(server)
        async with internet.web() as web:
            yield server, web


async def test_a_certificate_must_be_for_the_name_in_the_url(
    trusted: Authority, internet: LoopbackInternet
) -> None:
    for name in ("one.example.com", "two.example.com"):
        internet.knows(name, [PUBLIC])

    async with tls_site(["one.example.com"], trusted, internet) as (server, web):
        for _ in range(2):
            await web.get("https://one.example.com/")
            # The same address, and a moment ago a connection to it was fine.
            with pytest.raises(UnreachableError, match="certificate"):
                await web.get("https://two.example.com/")
            with pytest.raises(UnreachableError, match="certificate"):
                await web.get(f"https://{PUBLIC}/")

    assert [b"Host: one.example.com" in head for head in server.heads] == [True, True]


async def test_two_names_of_one_certificate_are_asked_each_by_its_name(
    trusted: Authority, internet: LoopbackInternet
) -> None:
    names = ["one.example.com", "two.example.com"]
    asked: list[str | None] = []

    async with tls_site(names, trusted, internet) as (server, web):
        assert server.context is not None
        server.context.sni_callback = lambda _, name, __: asked.append(name)
        for name in names:
            internet.knows(name, [PUBLIC])
            await web.get(f"https://{name}/")

    assert asked == names
    hosts = [re.search(rb"Host: ([a-z.]+)", head) for head in server.heads]
    assert [found[1].decode() for found in hosts if found] == names


async def test_an_expired_certificate_is_refused(
    trusted: Authority, internet: LoopbackInternet
) -> None:
    internet.knows("one.example.com", [PUBLIC])

    async with tls_site(["one.example.com"], trusted, internet, days=-1) as (server, web):
        with pytest.raises(UnreachableError, match="expired"):
            await web.get("https://one.example.com/")
    assert server.heads == []


async def test_a_certificate_of_an_unknown_authority_is_refused(
    tmp_path: Path, internet: LoopbackInternet
) -> None:
    internet.knows("one.example.com", [PUBLIC])

    async with tls_site(["one.example.com"], authority(tmp_path), internet) as (server, web):
        with pytest.raises(UnreachableError, match=r"certificate verify failed.*SSL_CERT_FILE\."):
            await web.get("https://one.example.com/")
    assert server.heads == []


async def test_a_file_of_authorities_that_cannot_be_read_is_named(
    tmp_path: Path, internet: LoopbackInternet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))

    with pytest.raises(SettingsError, match=r"SSL_CERT_FILE: .*missing\.pem cannot be read"):
        async with internet.web() as web:
            await web.get("https://one.example.com/")


async def test_a_redirect_from_https_to_http_is_not_followed(
    trusted: Authority, internet: LoopbackInternet
) -> None:
    internet.knows("one.example.com", [PUBLIC])

    async with tls_site(["one.example.com"], trusted, internet) as (server, web):
        with raw_server(hello) as plain:
            internet.serves(plain)
            target = "http://one.example.com/"
            server.script = always(redirecting(target))
            with pytest.raises(BlockedUrlError, match="from https to http"):
                await web.get("https://one.example.com/")
        assert plain.heads == []

        onward = "https://one.example.com/"
        server.script = hello
        with raw_server(always(redirecting(onward))) as plain:
            internet.serves(plain)
            answer = await web.get(plain.url)
    assert isinstance(answer, Document)


async def test_what_is_no_tls_after_a_handshake_is_a_bad_response(
    trusted: Authority, internet: LoopbackInternet
) -> None:
    internet.knows("one.example.com", [PUBLIC])

    def garble(connection: socket.socket, _ended: threading.Event) -> None:
        with socket.socket(fileno=os.dup(connection.fileno())) as bare:
            bare.sendall(b"HTTP/1.1 200 OK\r\n\r\nnot encrypted")

    async with tls_site(["one.example.com"], trusted, internet) as (server, web):
        server.script = garble
        with pytest.raises(BadResponseError):
            await web.get("https://one.example.com/")


async def test_a_tunnel_through_the_proxy_is_for_the_name_in_the_url(
    trusted: Authority, internet: LoopbackInternet
) -> None:
    async with tls_site(["one.example.com"], trusted, internet) as (server, _):
        with proxying(Proxy(tunnel=("127.0.0.1", server.port))) as (url, proxy):
            async with open_web(proxy=url) as web:
                answer = await web.get("https://one.example.com/")
                with pytest.raises(UnreachableError, match="certificate"):
                    await web.get("https://two.example.com/")

    assert isinstance(answer, Document)
    assert internet.asked == []
    assert proxy.heads[0].startswith(b"CONNECT one.example.com:443 HTTP/1.1\r\n")
    assert b"Proxy-Authorization" in proxy.heads[0]
    assert len(server.heads) == 1
    assert b"Proxy-Authorization" not in server.heads[0]
