"""Every refused spelling through every door, names that lie, made-up URLs by the thousand."""

import ipaddress
import random
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from html import escape

import anyio
import pytest

from planet_mcp.errors import (
    BlockedAddressError,
    BlockedUrlError,
    FetchError,
    PlanetError,
    UnreachableError,
)
from planet_mcp.models import Document
from planet_mcp.planet import Planet
from planet_mcp.requests import SearchRequest
from planet_mcp.vetting import check_address
from tests.conftest import planet_of
from tests.network.test_transport import NOT_PUBLIC, redirecting
from tests.support.documents import Post, rss
from tests.support.hostile import (
    OK,
    PUBLIC,
    LoopbackInternet,
    RawServer,
    always,
    internet,
    raw_server,
    watching,
)
from tests.test_urls import FAMILIES, REFUSED

__all__ = ["internet"]

pytestmark = [pytest.mark.anyio, pytest.mark.gauntlet]

MADE_UP = 200_000
REDIRECTS = 2_000
FLIPPING = 1_000
# What a spelling becomes once tabs and newlines are dropped, or as a reference to a page.
HARMLESS = re.compile(r"(.+\.)?example\.(com|org)\.?")


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch, internet: LoopbackInternet) -> Iterator[RawServer]:
    """A server at a public address; no network is allowed."""
    monkeypatch.setenv("PLANET_MCP_ALLOW_NETWORKS", "")
    with raw_server(always(OK + b"\r\n")) as server:
        internet.serves(server)
        yield server


def body(text: str) -> bytes:
    """Return an answer with this text."""
    return OK + b"Content-Type: text/html; charset=utf-8\r\n\r\n" + text.encode()


# --------------------------------------------------------------------------------------- every door
async def as_a_feed(planet: Planet, spelling: str, _server: RawServer) -> None:
    added = (await planet.add_feeds([spelling])).result.results[0]
    assert added.outcome == "failed"
    assert added.problem


async def as_an_article(planet: Planet, spelling: str, _server: RawServer) -> None:
    with pytest.raises(PlanetError):
        await planet.fetch_article(spelling)


async def as_an_entry(planet: Planet, spelling: str, server: RawServer) -> None:
    """Read the page of an entry that links to it."""
    post = Post("A teaser", link=spelling, html="<p>Read the full article …</p>")
    server.script = always(body(rss([post])))
    await planet.add_feeds([server.url])
    hits = (await planet.search_entries(SearchRequest("teaser"))).result.hits
    assert hits
    with suppress(PlanetError):
        await planet.fetch_article(hits[0].entry_id, refresh=True)
    await planet.remove_feeds([server.url], delete_entries=True)


async def as_a_discovered_feed(planet: Planet, spelling: str, server: RawServer) -> None:
    page = f'<link rel="alternate" type="application/rss+xml" href="{escape(spelling)}">'
    server.script = always(body(f"<!DOCTYPE html><html><head>{page}</head></html>"))
    added = (await planet.add_feeds([server.url])).result.results[0]
    assert added.outcome in {"failed", "choose"}


async def as_a_redirect(planet: Planet, spelling: str, server: RawServer) -> None:
    for status in (301, 302, 303, 307, 308):
        server.script = always(redirecting(spelling, status))
        added = (await planet.add_feeds([server.url])).result.results[0]
        assert added.outcome == "failed"
        with pytest.raises(PlanetError):
            await planet.fetch_article(f"{server.url}/page", refresh=True)


async def as_a_redirect_of_a_known_feed(planet: Planet, spelling: str, server: RawServer) -> None:
    server.script = always(body(rss([Post("Fine")])))
    await planet.add_feeds([server.url])
    server.script = always(redirecting(spelling, 301))
    refreshed = (await planet.refresh_feeds([server.url])).result
    assert refreshed.failed == 1
    await planet.remove_feeds([server.url])


DOORS = {
    each.__name__: each
    for each in (
        as_a_feed,
        as_an_article,
        as_an_entry,
        as_a_discovered_feed,
        as_a_redirect,
        as_a_redirect_of_a_known_feed,
    )
}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("door", DOORS)
async def test_no_door_leads_to_a_refused_spelling(
    door: str, family: str, public: RawServer, internet: LoopbackInternet
) -> None:
    async with planet_of(web=internet.web(), fetch_any=True) as planet:
        for spelling in FAMILIES[family]:
            with watching() as traffic:
                await DOORS[door](planet, spelling, public)
            assert set(traffic.connections) <= {public.server_address}, spelling
            assert traffic.lookups == []

    assert [name for name in internet.asked if not HARMLESS.fullmatch(name)] == []


async def test_no_outline_of_a_list_leads_to_a_refused_spelling(
    public: RawServer, internet: LoopbackInternet
) -> None:
    outlines = "".join(
        f'<outline xmlUrl="{escape(spelling)}"/>' for spelling in REFUSED if spelling.isprintable()
    )
    document = f'<opml version="2.0"><body>{outlines}</body></opml>'.encode()
    async with planet_of(web=internet.web()) as planet:
        with watching() as traffic:
            await planet.import_list(document, name="feeds.opml")
            await planet.refresh_feeds(everything=True)

    assert traffic.connections == []
    assert [name for name in internet.asked if not HARMLESS.fullmatch(name)] == []


# ----------------------------------------------------------------------------------- names that lie
async def test_names_that_change_at_every_look_up_lead_nowhere_else(
    public: RawServer, internet: LoopbackInternet
) -> None:
    dice, lock = random.Random(6), threading.Lock()
    choices = [
        [PUBLIC],
        *([address] for address in NOT_PUBLIC),
        [PUBLIC, "10.0.0.1"],
        [],
    ]

    def answer(_host: str, _port: int) -> list[str]:
        with lock:
            chosen = dice.choice(choices) if dice.random() < 0.5 else [PUBLIC]
        if not chosen:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return chosen

    public.script = always(OK + b"Content-Length: 5\r\n\r\nhello")
    outcomes: list[str] = []

    async with internet.web(look_up=answer) as web:

        async def ask(number: int) -> None:
            path = "/loop" if number % 3 else "/"
            try:
                got = await web.get(f"http://n{number % 7}.example.com{path}")
            except (BlockedAddressError, UnreachableError) as error:
                outcomes.append(error.code)
            else:
                assert isinstance(got, Document)
                outcomes.append("document")

        with watching() as traffic:
            for start in range(0, FLIPPING, 50):
                async with anyio.create_task_group() as tasks:
                    for number in range(start, start + 50):
                        tasks.start_soon(ask, number)

    assert set(traffic.connections) == {public.server_address}
    assert len(traffic.connections) == outcomes.count("document") == len(public.heads)
    assert len(outcomes) == FLIPPING
    assert outcomes.count("document") > FLIPPING / 4
    assert outcomes.count("blocked_address") > FLIPPING / 4


# ------------------------------------------------------------------------------------- made-up URLs
PIECES = (
    *(
        "http://",
        "https://",
        "http:",
        "//",
        "/",
        "\\",
        "@",
        ":",
        "#",
        "?",
        "%",
        "[",
        "]",
        ".",
        "..",
    ),
    *("&", ";", "=", "%2e", "%2f", "%40", "%00", "%5c", "\u3002", "\uff0e", "\uff11", "\u2488"),
    *(
        "\u00df",
        "\u200b",
        "\u202e",
        "\ufeff",
        "\u0130",
        "xn--",
        "0x",
        "0",
        "127",
        "1",
        "::",
        "ffff",
    ),
    *("127.0.0.1", "10.0.0.1", "169.254.169.254", "2130706433", "0x7f.1", "::1", "::ffff:7f00:1"),
    *("64:ff9b::", "2002:7f00:1::", "fe80::1%25eth0", "localhost", "internal", "local"),
    *(
        "metadata",
        "ffff",
        "example.com",
        "example.org",
        "a",
        "b-",
        "-c",
        "_",
        "80",
        "22",
        "8080",
        "65536",
        " ",
        "\t",
    ),
    *("\n", "\r\n", "\0", "\x7f", "\ud800", "\U000e0041", "é", "user", "user:password@"),
)


async def test_no_made_up_url_is_fetched_from_inside(internet: LoopbackInternet) -> None:
    dice, asked = random.Random(20261122), list[str]()

    def answer(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["10.0.0.1"]

    refused = 0
    async with internet.web(look_up=answer) as web:
        with watching() as traffic:
            for number in range(MADE_UP):
                spelling = "".join(dice.choices(PIECES, k=dice.randint(1, 9)))
                # Any name that is let through stands for a private address.
                with pytest.raises((BlockedAddressError, BlockedUrlError, UnreachableError)):
                    await web.get(f"http://{spelling}" if number % 4 else spelling)
                refused += 1

    assert (refused, traffic.connections) == (MADE_UP, [])
    # Some pieces make a public address, at which nobody answers.
    for host, port in internet.dialled:
        check_address(ipaddress.ip_address(host), port, allowed=())
    # Only names that a public server may have are looked up at all.
    local = re.compile(r"(.*\.)?(localhost|local|internal|[0-9]+|0x[0-9a-f]*)\.?")
    assert asked
    assert [name for name in asked if local.fullmatch(name) or "." not in name.strip(".")] == []


async def test_no_error_of_a_redirect_has_another_type(
    public: RawServer, internet: LoopbackInternet
) -> None:
    dice = random.Random(6)
    async with internet.web() as web:
        with watching() as traffic:
            for _ in range(REDIRECTS):
                target = "".join(dice.choices(PIECES, k=dice.randint(1, 9)))
                location = target.encode("utf-8", "surrogatepass")
                public.script = always(
                    b"HTTP/1.1 302 x\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n"
                )
                with pytest.raises(FetchError):
                    await web.get(public.url)

    assert set(traffic.connections) == {public.server_address}
