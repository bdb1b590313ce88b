"""Documents are fetched over real sockets, from allowed addresses, within limits, politely."""

import gzip
import ipaddress
import threading
import zlib
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from email.utils import formatdate
from itertools import pairwise
from time import time
from typing import Any

import anyio
import brotli
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planet_mcp import __version__
from planet_mcp.errors import (
    BadResponseError,
    BlockedAddressError,
    BlockedUrlError,
    DeadlineError,
    FetchError,
    TooLargeError,
    TooManyRedirectsError,
    UnreachableError,
)
from planet_mcp.models import Document, NotModified, Validators
from planet_mcp.network import Access, Limits, Pace, Web
from planet_mcp.network.decoding import Inflate
from planet_mcp.network.header_fields import fresh_for, seconds_until
from planet_mcp.network.heads import HeadMender
from planet_mcp.requests import FeedQuery, SearchRequest
from tests.conftest import planet_of
from tests.support.documents import Post, rss
from tests.support.fetching import LOOPBACK, open_web
from tests.support.hostile import (
    INJECTED,
    OK,
    REFUSED,
    UNENDING,
    Answer,
    LoopbackInternet,
    always,
    internet,
    raw_server,
)
from tests.support.site import LAST_MODIFIED, Page, Site, running_site

__all__ = ["internet"]

pytestmark = pytest.mark.anyio

ELSEWHERE = (ipaddress.ip_network("10.0.0.0/8"),)
LIMITS = Limits()
SHORT = Limits(seconds=0.5)
BODY = b"<rss>" + b"An entry about asyncio. " * 100 + b"</rss>"

# The site compresses what it answers with 200; with this status it sends bytes as they are.
AS_IT_IS = 203


async def fetch(url: str, validators: Validators) -> Document | NotModified:
    async with open_web(LOOPBACK) as web:
        return await web.get_if_changed(url, validators)


async def changed(url: str, validators: Validators) -> Document:
    answer = await fetch(url, validators)
    assert isinstance(answer, Document)
    return answer


async def document(url: str, limits: Limits = LIMITS, **more: Any) -> Document:
    async with open_web(LOOPBACK, limits=limits) as web:
        return await web.get(url, **more)


# -------------------------------------------------------------------------------------- documents
async def test_a_document_comes_with_its_type_address_and_validators(site: Site) -> None:
    url = site.add("/feed", BODY, content_type="application/rss+xml; charset=utf-8")

    assert await document(url) == Document(
        url=url,
        body=BODY,
        content_type="application/rss+xml; charset=utf-8",
        validators=Validators(url, site.pages["/feed"].etag, LAST_MODIFIED),
    )


async def test_a_document_without_validators_has_none(site: Site) -> None:
    url = site.add("/feed", BODY, validators=False)

    assert (await document(url)).validators == Validators(url)


async def test_a_body_travels_compressed(site: Site) -> None:
    await document(site.add("/feed", BODY))

    assert site.asked[0].headers["Accept-Encoding"] == "gzip, deflate"
    assert site.asked[0].sent < len(BODY) / 10


async def test_requests_say_who_asks_and_what_for(site: Site) -> None:
    await document(site.add("/feed", BODY))
    await document(site.add("/page", BODY), accept="text/html")

    feed, page = (item.headers for item in site.asked)
    assert feed["User-Agent"].startswith(f"planet-mcp/{__version__} (")
    assert "application/atom+xml" in feed["Accept"]
    assert page["Accept"] == "text/html"
    assert "If-None-Match" not in feed
    assert "If-Modified-Since" not in feed


async def test_requests_reveal_nothing_of_earlier_ones(site: Site) -> None:
    cookies = {"Set-Cookie": "session=1; Path=/", "Location": "/feed"}
    site.add("/start", status=302, headers=cookies)
    site.add("/feed", BODY, headers={"Set-Cookie": "other=2; Path=/"})

    async with open_web(LOOPBACK) as web:
        await web.get(f"{site.url}/start")
        await web.get(f"{site.url}/feed")

    assert site.paths() == ["/start", "/feed", "/feed"]
    assert not [
        name
        for item in site.asked
        for name in item.headers
        if name.lower() in {"cookie", "referer"}
    ]


async def test_a_fragment_is_not_sent(site: Site) -> None:
    url = site.add("/feed?a=1", BODY)

    assert (await document(f"{url}#part")).url == url
    assert site.paths() == ["/feed?a=1"]


async def test_proxies_of_the_environment_are_not_used(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_site() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        await document(site.add("/feed", BODY))

        assert proxy.started == []


# ----------------------------------------------------------------------------- conditional requests
async def test_an_unchanged_document_is_not_sent_again(site: Site) -> None:
    url = site.add("/feed", BODY)
    validators = (await document(url)).validators

    assert await fetch(url, validators) == NotModified(validators)
    assert site.asked[1].headers["If-None-Match"] == validators.etag
    assert site.asked[1].headers["If-Modified-Since"] == validators.last_modified
    assert (site.asked[1].status, site.asked[1].sent) == (304, 0)


async def test_a_changed_document_is_sent_with_its_new_validators(site: Site) -> None:
    url = site.add("/feed", BODY)
    old = (await document(url)).validators
    site.add("/feed", BODY * 2)

    new = await changed(url, old)

    assert new.body == BODY * 2
    assert new.validators.etag == site.pages["/feed"].etag != old.etag


@pytest.mark.parametrize(
    ("validators", "sent"),
    [
        (Validators("", etag='W/"odd"'), {"If-None-Match": 'W/"odd"'}),
        (Validators("", last_modified="Tuesday"), {"If-Modified-Since": "Tuesday"}),
        (Validators(""), {}),
    ],
)
async def test_validators_are_sent_back_as_they_came(
    site: Site, validators: Validators, sent: dict[str, str]
) -> None:
    url = site.add("/feed", BODY)

    await changed(url, replace(validators, url=url))

    assert {k: v for k, v in site.asked[0].headers.items() if k.startswith("If-")} == sent


async def test_validators_are_sent_only_to_the_url_that_gave_them(site: Site) -> None:
    first, second = site.add("/a", BODY), site.add("/b", BODY)
    validators = (await document(first)).validators

    assert (await changed(second, validators)).body == BODY
    assert not [name for name in site.asked[1].headers if name.startswith("If-")]


async def test_validators_find_their_url_behind_a_redirect(site: Site) -> None:
    start = site.redirect("/start", "/feed", status=302)
    site.add("/feed", BODY)
    validators = (await document(start)).validators

    assert await fetch(start, validators) == NotModified(validators)
    assert [name for name in site.asked[2].headers if name.startswith("If-")] == []
    assert site.asked[3].headers["If-None-Match"] == validators.etag


async def test_a_304_can_bring_a_new_validator(site: Site) -> None:
    url = site.add("/feed", status=304, headers={"ETag": '"new"', "Cache-Control": "max-age=60"})
    old = Validators(url, '"old"', LAST_MODIFIED)

    answer = await fetch(url, old)

    assert answer == NotModified(Validators(url, '"new"', LAST_MODIFIED), fresh_for=60)


async def test_a_304_that_was_not_asked_for_is_a_bad_response(site: Site) -> None:
    with pytest.raises(BadResponseError, match="304"):
        await document(site.add("/feed", status=304))


# --------------------------------------------------------------------------------------- freshness
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Cache-Control": "max-age=600"}, 600),
        ({"Cache-Control": 'public, MAX-AGE="600" , must-revalidate'}, 600),
        ({"Cache-Control": "max-age=0"}, 0),
        ({"Cache-Control": "s-maxage=900"}, None),
        ({"Cache-Control": "max-age=soon"}, None),
        ({"Cache-Control": "max-age=-5"}, None),
        ({"Cache-Control": "max-age=²"}, None),
        ({"Cache-Control": f"max-age={'9' * 5_000}"}, 999_999_999),
        ({"Cache-Control": "max-age=60", "Expires": "Fri, 01 Jan 2100 00:00:00 GMT"}, 60),
        ({"Expires": "Sat, 01 Jan 2000 00:00:00 GMT"}, None),
        ({"Expires": "0"}, 0),
        ({"Expires": "never"}, None),
        ({"Expires": "²"}, None),
        ({"Expires": "Thu, 99 Jan 99999 99:99:99 GMT"}, None),
    ],
    ids=str,
)
async def test_how_long_a_document_is_fresh_is_read(
    site: Site, headers: dict[str, str], seconds: int | None
) -> None:
    assert (await document(site.add("/feed", BODY, headers=headers))).fresh_for == seconds


async def test_an_expiry_date_is_counted_from_now(site: Site) -> None:
    headers = {"Expires": formatdate(time() + 3_600, usegmt=True)}
    fresh_for = (await document(site.add("/feed", BODY, headers=headers))).fresh_for

    assert fresh_for is not None
    assert 3_000 < fresh_for <= 3_600


# --------------------------------------------------------------------------------------- redirects
@pytest.mark.parametrize("status", [301, 308])
async def test_a_permanent_redirect_says_where_the_feed_moved(site: Site, status: int) -> None:
    start = site.redirect("/old/start", "../new", status=status)
    site.redirect("/new", f"{site.url}/newest#top", status=301)
    target = site.add("/newest", BODY)

    answer = await document(start)

    assert (answer.url, answer.moved_to, answer.body) == (target, target, BODY)
    assert answer.validators.url == target


@pytest.mark.parametrize("status", [302, 303, 307])
async def test_a_temporary_redirect_is_followed_but_nothing_moved(site: Site, status: int) -> None:
    start = site.redirect("/start", "/feed", status=status)
    target = site.add("/feed", BODY)

    answer = await document(start)

    assert (answer.url, answer.moved_to) == (target, None)


@pytest.mark.parametrize("statuses", [(301, 302), (302, 301)])
async def test_one_temporary_redirect_on_the_way_makes_all_temporary(
    site: Site, statuses: tuple[int, int]
) -> None:
    start = site.redirect("/start", "/middle", status=statuses[0])
    site.redirect("/middle", "/feed", status=statuses[1])
    site.add("/feed", BODY)

    assert (await document(start)).moved_to is None


async def test_a_document_that_was_not_redirected_did_not_move(site: Site) -> None:
    assert (await document(site.add("/feed", BODY))).moved_to is None


async def test_five_redirects_are_followed(site: Site) -> None:
    for number in range(LIMITS.redirects):
        site.redirect(f"/{number}", f"/{number + 1}")
    target = site.add(f"/{LIMITS.redirects}", BODY)

    assert (await document(f"{site.url}/0")).url == target


async def test_the_page_that_sent_us_on_counts_as_a_redirect(site: Site) -> None:
    url = site.add("/feed", BODY)
    sender = await document(site.redirect("/moved", "/feed"))

    found = await document(url, after=sender)
    assert (found.moved_to, found.redirects) == (url, 2)
    with pytest.raises(TooManyRedirectsError):
        await document(url, after=replace(sender, redirects=LIMITS.redirects))
    with pytest.raises(BlockedUrlError, match="from https to http"):
        await document(url, after=replace(sender, url="https://a.example/"))


@pytest.mark.parametrize("target", ["/start", "", "#top", "/back"])
async def test_redirects_that_do_not_end_are_given_up(site: Site, target: str) -> None:
    start = site.redirect("/start", target)
    site.redirect("/back", "/start")

    with pytest.raises(TooManyRedirectsError, match="more than 5"):
        await document(start)
    assert len(site.asked) == LIMITS.redirects + 1


@pytest.mark.parametrize(
    "target",
    [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "//192.168.0.1/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[fe80::1%25eth0]/",
        "http://[64:ff9b::10.0.0.1]/",
        "http://8.8.8.8:25/",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "gopher://127.0.0.1/",
        "http://user:secret@127.0.0.1/",
        "http://127.0.0.1\\@10.0.0.1/",
    ],
)
async def test_a_redirect_to_where_nothing_may_be_fetched_is_refused(
    site: Site, target: str
) -> None:
    start = site.redirect("/start", target)

    with pytest.raises((BlockedAddressError, BlockedUrlError)):
        await document(start)
    assert site.started == ["/start"]


async def test_a_redirect_into_a_closed_network_is_refused_and_never_requested(site: Site) -> None:
    port = site.url.rpartition(":")[2]
    start = site.redirect("/start", f"http://[::ffff:127.0.0.1]:{port}/secret")
    site.add("/secret", BODY)

    with pytest.raises(BlockedAddressError):
        await document(start)
    assert site.started == ["/start"]


@pytest.mark.parametrize(
    "target",
    [
        "http://[::1",
        "http://127.0.0.1:port/",
        "http://a..b:99999/",
        "data:text/xml,<rss/>",
        "javascript:alert(1)",
    ],
)
async def test_a_redirect_to_no_address_at_all_is_a_fetch_error(site: Site, target: str) -> None:
    with pytest.raises(FetchError):
        await document(site.redirect("/start", target))
    assert site.started == ["/start"]


@pytest.mark.parametrize("target", ["http://[::1", "http://127.0.0.1:port/"])
async def test_a_location_that_is_no_url_is_called_so(site: Site, target: str) -> None:
    with pytest.raises(BadResponseError, match="/start redirects to a Location that is no URL"):
        await document(site.redirect("/start", target))


async def test_a_redirect_is_followed_to_a_name_that_no_one_can_read(
    site: Site, internet: LoopbackInternet
) -> None:
    # A heart, which newer rules for names do not allow, and some registries do.
    internet.knows("xn--i-7iq.ws", ["127.0.0.1"])
    port = site.url.rpartition(":")[2]
    start = site.redirect("/start", f"http://xn--i-7iq.ws:{port}/again")
    site.redirect("/again", "/Übersicht")
    site.add("/%C3%9Cbersicht", BODY)

    async with internet.web(LOOPBACK) as web:
        answer = await web.get(start)

    assert answer.url == f"http://xn--i-7iq.ws:{port}/%C3%9Cbersicht"
    assert site.asked[2].headers["Host"] == f"xn--i-7iq.ws:{port}"


async def test_a_redirect_that_names_no_target_is_a_fetch_error(site: Site) -> None:
    with pytest.raises(FetchError):
        await document(site.add("/start", status=301))


# --------------------------------------------------------------------------------------- addresses
async def test_without_an_allowed_network_no_request_leaves_for_this_machine(site: Site) -> None:
    url = site.add("/feed", BODY)
    port = url.split(":")[2].split("/")[0]

    async with open_web() as web:
        for host in ("127.0.0.1", "[::ffff:127.0.0.1]", "[64:ff9b::127.0.0.1]", "127.0.0.2"):
            with pytest.raises(BlockedAddressError, match="not a public address"):
                await web.get(f"http://{host}:{port}/feed")
        for host in ("localhost", "127.1", "2130706433", "0x7f.1", "127.0.0.1."):
            with pytest.raises(BlockedUrlError):
                await web.get(f"http://{host}:{port}/feed")

    assert site.started == []


async def test_a_name_is_vetted_by_the_address_it_stands_for(site: Site) -> None:
    site.add("/feed", BODY)
    port = site.url.rpartition(":")[2]

    async with open_web(ELSEWHERE) as web:
        with pytest.raises(BlockedAddressError, match="not a public address"):
            await web.get(f"http://localhost:{port}/feed")

    assert site.started == []


@pytest.mark.parametrize("spelling", ["http://", "https:///x", "http:///", "http://:80/"])
async def test_a_url_without_a_host_is_refused_in_words_where_a_network_is_allowed(
    spelling: str,
) -> None:
    async with open_web(LOOPBACK) as web:
        with pytest.raises(BlockedUrlError, match=r"names no host; give one as in https://"):
            await web.get(spelling)


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "0177.0.0.1"])
async def test_an_address_in_disguise_is_not_asked_where_another_network_is_allowed(
    site: Site, host: str
) -> None:
    site.add("/feed", BODY)

    async with open_web(ELSEWHERE) as web:
        with pytest.raises(FetchError):
            await web.get(site.url.replace("127.0.0.1", host) + "/feed")

    assert site.started == []


async def test_a_name_in_an_allowed_network_is_fetched_under_its_name(site: Site) -> None:
    site.add("/feed", BODY)
    port = site.url.rpartition(":")[2]
    allowed = (*LOOPBACK, ipaddress.ip_network("::1/128"))

    async with open_web(allowed) as web:
        answer = await web.get(f"http://localhost:{port}/feed")

    assert isinstance(answer, Document)
    assert answer.url == f"http://localhost:{port}/feed"
    assert site.asked[0].headers["Host"] == f"localhost:{port}"


# ------------------------------------------------------------------------------------ bad responses
@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "401 Unauthorized"),
        (403, "403 Forbidden"),
        (404, "404 Not Found"),
        (410, "410 Gone"),
        (429, "429 Too Many Requests"),
        (500, "500 Internal Server Error"),
        (503, "503 Service Unavailable"),
        (204, "204 No Content"),
        (205, "205 Reset Content"),
        (206, "206 Partial Content"),
        (300, "300 Multiple Choices"),
    ],
)
async def test_a_status_without_a_document_is_named(site: Site, status: int, words: str) -> None:
    url = site.add("/feed", status=status)

    with pytest.raises(BadResponseError) as caught:
        await document(url)

    assert caught.value.status == status
    assert caught.value.retry_after is None
    assert str(caught.value) == f"{url} answered {words}."


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("soon", None),
        ("-1", None),
        ("²", None),
        ("9" * 5_000, 999_999_999),
        ("Sat, 01 Jan 2000 00:00:00 GMT", None),
    ],
    ids=["seconds", "none", "word", "negative", "superscript", "huge", "past"],
)
async def test_a_retry_after_is_read(site: Site, header: str, seconds: int | None) -> None:
    url = site.add("/feed", status=503, headers={"Retry-After": header})

    with pytest.raises(BadResponseError) as caught:
        await document(url)

    assert caught.value.retry_after == seconds


async def test_a_retry_after_can_be_a_date(site: Site) -> None:
    headers = {"Retry-After": formatdate(time() + 600, usegmt=True)}

    with pytest.raises(BadResponseError) as caught:
        await document(site.add("/feed", status=429, headers=headers))

    assert caught.value.retry_after is not None
    assert 300 < caught.value.retry_after <= 600


async def test_a_connection_that_breaks_in_the_middle_is_a_bad_response(site: Site) -> None:
    with pytest.raises(BadResponseError, match="could not be reached") as caught:
        await document(site.add("/feed", BODY, half=True))

    assert caught.value.status is None


async def test_a_port_where_nobody_listens_is_unreachable() -> None:
    with running_site() as closed:
        url = closed.url
    with pytest.raises(UnreachableError, match="could not be reached"):
        await document(url)


async def test_an_answer_that_is_not_http_is_a_bad_response() -> None:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)

    async def answer(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            await stream.send(b"220 mail.example ESMTP\r\n")

    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, answer)
        with pytest.raises(BadResponseError, match="could not be reached"):
            await document(f"http://127.0.0.1:{port}/", SHORT)
        tasks.cancel_scope.cancel()


async def test_the_web_goes_on_after_errors(site: Site) -> None:
    good = site.add("/feed", BODY)
    broken = site.add("/broken", BODY, half=True)
    missing = f"{site.url}/missing"

    async with open_web(LOOPBACK) as web:
        for _ in range(70):
            for url in (broken, missing):
                with pytest.raises(BadResponseError):
                    await web.get(url)
        answer = await web.get(good)

    assert isinstance(answer, Document)
    assert answer.body == BODY


# ------------------------------------------------------------------------------------ size and time
def compressed(body: bytes, window: int) -> bytes:
    engine = zlib.compressobj(9, zlib.DEFLATED, window)
    return engine.compress(body) + engine.flush()


async def test_a_body_of_just_the_limit_is_taken(site: Site) -> None:
    url = site.add("/feed", b"x" * LIMITS.body, status=AS_IT_IS)

    assert len((await document(url)).body) == LIMITS.body == 10 * 2**20


async def test_a_body_over_the_limit_is_refused(site: Site) -> None:
    with pytest.raises(TooLargeError, match="larger than 10 MB"):
        await document(site.add("/feed", b"x" * (LIMITS.body + 1), status=AS_IT_IS))


@pytest.mark.parametrize(
    ("coding", "window"), [("gzip", 31), ("x-gzip", 31), ("deflate", 15), ("deflate", -15)]
)
async def test_a_bomb_is_refused(site: Site, coding: str, window: int) -> None:
    bomb = compressed(b"\0" * (50 * 2**20), window)
    assert len(bomb) < 60_000
    url = site.add("/feed", bomb, status=AS_IT_IS, headers={"Content-Encoding": coding})

    with pytest.raises(TooLargeError):
        await document(url)


@pytest.mark.parametrize(
    ("coding", "window"),
    [("gzip", 31), ("X-GZip", 31), ("deflate", 15), ("deflate", -15), ("identity, gzip", 31)],
)
@pytest.mark.parametrize(
    "body", [b"", BODY, bytes(range(256)) * 2_000], ids=["none", "some", "much"]
)
async def test_a_compressed_body_is_unpacked(
    site: Site, coding: str, window: int, body: bytes
) -> None:
    headers = {"Content-Encoding": coding}
    url = site.add("/feed", compressed(body, window), status=AS_IT_IS, headers=headers)

    assert (await document(url)).body == body


async def test_all_members_of_a_gzip_file_are_unpacked(site: Site) -> None:
    packed = gzip.compress(BODY[:50]) + gzip.compress(BODY[50:])
    url = site.add("/feed", packed, status=AS_IT_IS, headers={"Content-Encoding": "gzip"})

    assert (await document(url)).body == BODY


async def test_an_empty_body_needs_no_unpacking(site: Site) -> None:
    url = site.add("/feed", status=AS_IT_IS, headers={"Content-Encoding": "gzip"})

    assert (await document(url)).body == b""


@pytest.mark.parametrize("kept", [5, 12, 60, -9, -1])
async def test_a_compressed_body_that_ends_too_soon_is_refused(site: Site, kept: int) -> None:
    headers = {"Content-Encoding": "gzip"}
    url = site.add("/feed", gzip.compress(BODY)[:kept], status=AS_IT_IS, headers=headers)

    with pytest.raises(BadResponseError, match="in the middle of its compressed body"):
        await document(url)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_a_body_that_is_not_compressed_as_it_says_is_refused(site: Site, coding: str) -> None:
    headers = {"Content-Encoding": coding}

    with pytest.raises(BadResponseError, match="damaged"):
        await document(site.add("/feed", BODY, status=AS_IT_IS, headers=headers))


async def test_a_damaged_checksum_is_refused(site: Site) -> None:
    packed = bytearray(gzip.compress(BODY))
    packed[-6] ^= 0xFF
    url = site.add("/feed", bytes(packed), status=AS_IT_IS, headers={"Content-Encoding": "gzip"})

    with pytest.raises(BadResponseError, match="damaged"):
        await document(url)


@pytest.mark.parametrize("coding", ["zstd", "compress", "gzip, gzip", "gzip, br"])
async def test_an_encoding_that_was_not_asked_for_is_refused(site: Site, coding: str) -> None:
    url = site.add("/feed", BODY, status=AS_IT_IS, headers={"Content-Encoding": coding})

    with pytest.raises(
        BadResponseError, match=f"encoded as '{coding}', which was not .* mend that"
    ):
        await document(url)


@pytest.mark.parametrize(
    "coding", ["UTF-8", "none", "aws-chunked", "binary", "utf8, text/xml", "*"]
)
async def test_a_word_that_is_no_coding_says_nothing(site: Site, coding: str) -> None:
    plain = site.add("/plain", BODY, status=AS_IT_IS, headers={"Content-Encoding": coding})
    both = {"Content-Encoding": f"{coding}, gzip"}
    packed = site.add("/packed", gzip.compress(BODY), status=AS_IT_IS, headers=both)

    assert [(await document(url)).body for url in (plain, packed)] == [BODY, BODY]


@pytest.mark.parametrize("body", [b"", BODY, bytes(range(256)) * 2_000, b"a" * 9_000_000])
async def test_brotli_is_unpacked_though_nobody_asked_for_it(site: Site, body: bytes) -> None:
    headers = {"Content-Encoding": "br"}
    url = site.add("/feed", brotli.compress(body, quality=1), status=AS_IT_IS, headers=headers)

    assert (await document(url)).body == body
    assert "br" not in site.asked[0].headers["Accept-Encoding"]


@pytest.mark.parametrize(
    ("packed", "error"),
    [
        (brotli.compress(b"\0" * 50_000_000, quality=1), TooLargeError),
        (brotli.compress(BODY)[:-2], BadResponseError),
        (BODY, BadResponseError),
    ],
    ids=["bomb", "cut", "plain"],
)
async def test_brotli_that_is_none_or_too_much_is_refused(
    site: Site, packed: bytes, error: type[Exception]
) -> None:
    headers = {"Content-Encoding": "br"}
    url = site.add("/feed", packed, status=AS_IT_IS, headers=headers)

    with pytest.raises(error):
        await document(url)


async def test_a_gzip_file_is_unpacked_by_what_it_is(site: Site) -> None:
    packed = gzip.compress(BODY[:70]) + gzip.compress(BODY[70:])
    url = site.add("/feed.xml.gz", packed, status=AS_IT_IS, content_type="application/gzip")
    bomb = site.add("/bomb.gz", compressed(b"\0" * (50 * 2**20), 31), status=AS_IT_IS)

    assert (await document(url)).body == BODY
    with pytest.raises(TooLargeError):
        await document(bomb)


SMALL = Limits(body=100_000, end=20_000, passed_over=400_000)


@pytest.mark.parametrize("coding", [None, "gzip", "br"])
@pytest.mark.parametrize(("size", "has_end"), [(110_000, True), (300_000, True), (500_000, False)])
async def test_of_a_feed_over_the_limit_beginning_and_end_are_taken(
    site: Site, coding: str | None, size: int, has_end: bool
) -> None:
    body = b"".join(b"%08d" % number for number in range(size // 8))
    packed = {"gzip": gzip.compress(body, 1), "br": brotli.compress(body, quality=1)}
    sent = packed[coding] if coding else body
    headers = {"Content-Encoding": coding} if coding else {}
    url = site.add("/feed", sent, status=AS_IT_IS, headers=headers)

    found = await document(url, SMALL, cut=True)

    assert found.is_cut
    assert found.body == body[: SMALL.body]
    assert found.end == (body[SMALL.body :][-SMALL.end :] if has_end else b"")


async def test_a_connection_that_breaks_behind_the_limit_costs_only_the_end(site: Site) -> None:
    url = site.add("/feed", b"x" * 300_000, status=AS_IT_IS, half=True)

    found = await document(url, SMALL, cut=True)

    assert (found.is_cut, len(found.body), found.end) == (True, SMALL.body, b"")


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Type : text/xml\r\nETag: x\r\n",
        b" Content-Type: text/xml\r\nETag: x\r\n",
        b"no colon here\r\nContent-Type: text/xml\r\nETag: x\r\n",
        b"X Y: two words\r\n and more\r\nContent-Type: text/xml\r\nETag: x\r\n",
        b"X: a\x00b\x0bc\r\nContent-Type:\ttext/xml\r\nETag: x\r\n",
        b"Content-Type: text/xml\nno colon\nETag: x\n",
        b": no name\r\nETag :x\r\nContent-Type\t:text/xml\r\n",
        b"X: 1\r\n folded\r\nContent-Type: text/xml\r\nETag: x\r\n",
    ],
)
@pytest.mark.parametrize("early", [b"", b"HTTP/1.1 103 Early Hints\r\nodd line\r\n\r\n"])
async def test_odd_lines_of_a_head_cost_no_document(head: bytes, early: bytes) -> None:
    body = b"<rss>\nodd line\n\n X : y\n</rss>"

    answer = early + b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + body
    with raw_server(always(answer)) as server:
        async with open_web(LOOPBACK) as web:
            found = await web.get(server.url)

    assert found.body == body
    assert (found.content_type, found.validators.etag) == ("text/xml", "x")


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_a_head_is_mended_the_same_in_whatever_parts_it_comes(data: bytes, cuts: list[int]) -> None:
    mender, at_once = HeadMender(), HeadMender()
    ends = [0, *sorted(cuts), len(data)]

    parts = [mender(data[start:end]) for start, end in pairwise(ends) if start < end]

    assert b"".join(parts) + mender(b"") == at_once(data) + at_once(b"")


@pytest.fixture
def held(site: Site) -> Iterator[Site]:
    """A site whose page `/feed` is not answered before the test ends."""
    release = threading.Event()
    site.add("/feed", BODY, hold=release)
    yield site
    release.set()


async def test_an_answer_that_does_not_come_is_given_up(held: Site) -> None:
    with pytest.raises(DeadlineError, match=r"did not answer completely within 0\.5 s\."):
        await document(f"{held.url}/feed", SHORT)


async def test_the_time_is_for_all_redirects_together() -> None:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)

    async def answer(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            await stream.receive()
            await anyio.sleep(0.2)
            await stream.send(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")

    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, answer)
        with pytest.raises(DeadlineError):
            await document(f"http://127.0.0.1:{port}/", SHORT)
        tasks.cancel_scope.cancel()


async def test_a_body_that_drips_is_given_up() -> None:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)

    async def drip(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            await stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while True:
                await stream.send(b"x")
                await anyio.sleep(0.02)

    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, drip)
        with pytest.raises(DeadlineError):
            await document(f"http://127.0.0.1:{port}/", SHORT)
        tasks.cancel_scope.cancel()


async def test_waiting_for_the_limiter_does_not_count_against_the_time(site: Site) -> None:
    limits, pace = Limits(seconds=1), Pace(delay=1.2, concurrency=1)
    url = site.add("/feed", BODY)

    async with Web(Access(LOOPBACK), pace=pace, limits=limits) as web:
        await web.get(url)
        before = anyio.current_time()
        assert (await web.get(url)).body == BODY

    assert anyio.current_time() - before >= 1.19


async def test_each_redirect_waits_for_the_limiter(site: Site) -> None:
    start = site.redirect("/start", "/feed")
    site.add("/feed", BODY)
    before = anyio.current_time()

    async with Web(Access(LOOPBACK), pace=Pace(delay=0.1, concurrency=1)) as web:
        await web.get(start)

    assert anyio.current_time() - before >= 0.099


async def test_a_fetch_that_is_cancelled_leaves_the_web_usable(held: Site) -> None:
    good = held.add("/good", BODY)

    async with open_web(LOOPBACK) as web:
        with anyio.move_on_after(0.1) as scope:
            await web.get(f"{held.url}/feed")
        answer = await web.get(good)

    assert scope.cancelled_caught
    assert isinstance(answer, Document)


async def test_one_hanging_answer_does_not_delay_another(held: Site) -> None:
    good = held.add("/good", BODY)

    async with open_web(LOOPBACK) as web, anyio.create_task_group() as tasks:
        tasks.start_soon(web.get, f"{held.url}/feed")
        await anyio.to_thread.run_sync(held.wait_for, "/feed")
        answer = await web.get(good)
        tasks.cancel_scope.cancel()

    assert isinstance(answer, Document)
    assert Page(BODY).etag == answer.validators.etag


@pytest.mark.parametrize("size", [65_536, 65_537, 131_073])
async def test_raw_deflate_of_any_size_is_whole(site: Site, size: int) -> None:
    body = b"a" * size
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = engine.compress(body) + engine.flush()
    url = site.add("/raw", packed, headers={"Content-Encoding": "deflate"})

    async with open_web(LOOPBACK) as web:
        document = await web.get(url)

    assert isinstance(document, Document)
    assert document.body == body


@pytest.mark.parametrize("cut", range(18, 22))
async def test_members_of_a_gzip_file_are_found_wherever_the_body_is_cut(cut: int) -> None:
    # With what comes before, a chunk ends right behind the first member, or in the next one's head.
    first = gzip.compress(bytes(range(256)) * 300, 0)
    packed = first + gzip.compress(b"second")
    inflate = Inflate("gzip", max_members=9)

    pieces = [
        *inflate(packed[: len(first) + cut - 20]),
        *inflate(packed[len(first) + cut - 20 :]),
    ]

    assert b"".join(pieces) == bytes(range(256)) * 300 + b"second"
    assert inflate.complete


@given(st.data(), st.sampled_from(["gzip", "deflate"]), st.binary(max_size=300), st.binary())
def test_a_compressed_body_is_the_same_in_whatever_parts_it_comes(
    data: st.DataObject, coding: str, body: bytes, rest: bytes
) -> None:
    packed = compressed(body, 31 if coding == "gzip" else 15) + b"-" + rest
    cuts = sorted(data.draw(st.lists(st.integers(0, len(packed)), max_size=4)))
    inflate = Inflate(coding, max_members=9)

    parts = [packed[start:end] for start, end in pairwise([0, *cuts, len(packed)])]
    pieces = [piece for part in parts for piece in inflate(part)]

    assert b"".join(pieces) == body
    assert inflate.complete


class SlowToClose(LoopbackInternet):
    """An internet whose connections take longer to close than any deadline here."""

    async def connect_tcp(self, *args: Any, **more: Any) -> Any:
        stream = await super().connect_tcp(*args, **more)
        close = stream.aclose

        async def aclose() -> None:
            await anyio.sleep(2 * SHORT.seconds)
            await close()

        stream.aclose = aclose
        return stream


async def test_the_limit_that_was_met_first_is_the_one_that_is_named(site: Site) -> None:
    url = site.add("/feed", BODY, status=AS_IT_IS)

    async with SlowToClose().web(LOOPBACK, limits=replace(SHORT, body=100)) as web:
        with pytest.raises(TooLargeError):
            await web.get(url)


# --------------------------------------------------------------------------------- hostile answers
def is_fit_to_show(error: FetchError) -> bool:
    """Return whether an error is short, in one line, and has nothing that the server said."""
    text = str(error)
    return len(text) < 400 and text.isprintable() and INJECTED not in text and "  " not in text


@pytest.mark.parametrize("name", REFUSED)
async def test_a_hostile_answer_is_refused_at_once(name: str) -> None:
    answer = REFUSED[name]
    answer.prepare()
    with raw_server(answer) as server, pytest.raises(answer.error) as caught:
        await document(server.url)
    assert answer.words in str(caught.value)
    assert is_fit_to_show(caught.value)


@pytest.mark.parametrize("name", UNENDING)
async def test_a_hostile_answer_is_given_up(name: str) -> None:
    with raw_server(UNENDING[name]) as server, pytest.raises(DeadlineError) as caught:
        await document(server.url, SHORT)
    assert is_fit_to_show(caught.value)


async def test_what_is_sent_too_much_is_no_answer_to_another_request() -> None:
    more = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
    with raw_server(always(OK + b"Content-Length: 5\r\n\r\nhello" + more)) as server:
        async with open_web(LOOPBACK) as web:
            for _ in range(3):
                answer = await web.get(server.url)
                assert isinstance(answer, Document)
                assert answer.body == b"hello"
    assert len(server.heads) == 3


@pytest.mark.parametrize(
    "etag", ['"\u00fc"', '"\u3042"', '"\x1b[31m"', '"' + "x" * 5_000 + '"', "", "\u2028"]
)
async def test_a_validator_that_cannot_be_sent_back_is_none(etag: str) -> None:
    head = OK + b"ETag: " + etag.encode() + b"\r\nContent-Length: 5\r\n\r\n"
    with raw_server(always(head + b"hello")) as server:
        validators = (await document(server.url)).validators
        again = await changed(server.url, validators)
        stored = await changed(server.url, replace(validators, etag=etag))

    assert validators.etag is None
    assert again.body == stored.body == b"hello"
    assert not [head for head in server.heads if b"If-None-Match" in head]


async def test_a_type_is_short_and_printable(site: Site) -> None:
    odd = site.add("/odd", BODY, content_type="text/html; \x1b[31m\u00fc" + "x" * 5_000)

    assert (await document(odd)).content_type == "text/html; [31m" + "x" * 185


@given(st.text(max_size=60) | st.from_regex(r"[A-Za-z]{3}, [0-9 A-Za-z:+-]{0,40}", fullmatch=True))
def test_no_header_makes_the_reading_of_times_fail(value: str) -> None:
    headers = httpx.Headers([(b"Cache-Control", value.encode("utf-8", "ignore"))])

    for seconds in (seconds_until(value), fresh_for(headers)):
        assert seconds is None or seconds >= 0


async def test_hostile_answers_delay_nobody(site: Site) -> None:
    good = site.add("/feed", BODY)
    for answer in REFUSED.values():
        answer.prepare()

    async with open_web(LOOPBACK, limits=Limits(seconds=1)) as web, AsyncExitStack() as stack:
        answers = [*REFUSED.values(), *UNENDING.values()]
        servers = [stack.enter_context(raw_server(answer)) for answer in answers]
        failed: list[str] = []

        async def ask(url: str) -> None:
            try:
                await web.get(url)
            except FetchError as error:
                failed.append(error.code)

        async with anyio.create_task_group() as tasks:
            for server in servers[:48]:
                tasks.start_soon(ask, server.url)
            # Not behind the others, but beside them.
            async with open_web(LOOPBACK) as patient:
                found = await patient.get(good)
        assert found.body == BODY
        assert len(failed) == 48


# ---------------------------------------------------------------------------------------- in words
TURNED = {
    "blocked_url": (
        Answer(b"HTTP/1.1 302 x\r\nLocation: ftp://a.example/\r\n\r\n", FetchError),
        "Only http:// and https:// URLs",
    ),
    "blocked_address": (
        Answer(b"HTTP/1.1 302 x\r\nLocation: http://10.0.0.1/\r\n\r\n", FetchError),
        "10.0.0.1 is not a public address",
    ),
    "too_large": (REFUSED["a gzip bomb"], "larger than 10 MB"),
    "deadline": (UNENDING["silence"], "did not answer completely within"),
    "too_many_redirects": (REFUSED["a redirect to itself"], "redirects more than 5 times"),
    "bad_response": (REFUSED["orders in the reason"], "answered 404 Not Found."),
    "not_a_feed": (Answer(OK + b"\r\nhello", FetchError), "not a feed"),
    "parse_failed": (Answer(OK + b"\r\n<rss><chan", FetchError), "no entry could be read"),
}


@pytest.mark.parametrize("code", TURNED)
async def test_a_feed_that_turns_bad_is_listed_with_what_is_wrong(code: str) -> None:
    answer, words = TURNED[code]
    good = OK + b"\r\n" + rss([Post("Good")]).encode()
    limits = Limits(seconds=3) if code == "deadline" else LIMITS

    with raw_server(always(good)) as server:
        async with planet_of(web=open_web(LOOPBACK, limits=limits)) as planet:
            await planet.add_feeds([server.url])
            server.script = answer
            refreshed = (await planet.refresh_feeds([server.url])).result
            listed = await planet.list_feeds(FeedQuery(status="failing", detail="full"))
            assert (await planet.search_entries(SearchRequest("good"))).result.hits

    assert refreshed.problems
    assert words in (refreshed.problems[0].problem or "")
    assert words in (listed.result.feeds[0].problem or "")
    # The line has the address already, so that a sentence begins after it.
    assert words[1:] in listed.text
