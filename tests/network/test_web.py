"""The face of the network: what it loads, what webs share, what a domain's back-off is."""

import subprocess
import sys

import anyio
import pytest

from planet_mcp.errors import BadResponseError, PausedError
from planet_mcp.network import Access, Pace, Web
from tests.support.fetching import AT_ONCE, LOOPBACK, open_web
from tests.support.site import Site

pytestmark = pytest.mark.anyio


def test_the_libraries_of_http_are_not_loaded_before_something_is_fetched() -> None:
    program = (
        "import sys, planet_mcp.network as network; network.Web(); "
        "print({'httpx', 'httpcore', 'h11', 'protego'} & sys.modules.keys())"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "set()"


def test_what_is_fetched_loads_no_command_of_the_library() -> None:
    program = (
        "import sys, anyio, planet_mcp.network as network\n"
        "from planet_mcp.errors import FetchError\n"
        "async def fetch():\n"
        "    async with network.Web() as web:\n"
        "        try: await web.get('http://127.0.0.1:9/')\n"
        "        except FetchError: print('httpx' in sys.modules)\n"
        "anyio.run(fetch)\n"
        "print({'rich', 'pygments', 'click'} & sys.modules.keys())"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["True", "set()"]


async def test_a_web_with_its_own_limiter_does_not_wait_for_the_others(site: Site) -> None:
    url = site.add("/feed", b"<rss/>")

    async with Web(Access(LOOPBACK), pace=Pace(delay=3_600)) as slow:
        await slow.get(url)
        other = slow.with_own_limiter()
        await other.get(url)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(slow.get, url)
            for _ in range(3):
                await slow.with_own_limiter(AT_ONCE).get(url)
            tasks.cancel_scope.cancel()

    assert site.paths() == ["/feed"] * 5


async def test_webs_that_share_connections_refuse_the_same_addresses(site: Site) -> None:
    async with open_web(LOOPBACK) as web:
        other = web.with_own_limiter()
        web.never_fetch_from("127.0.0.1", int(site.url.rpartition(":")[2]))
        with pytest.raises(Exception, match="itself listens"):
            await other.get(site.url)

    assert site.paths() == []


async def test_a_domain_is_backed_off_for_the_longest_time_that_was_asked() -> None:
    web = Web()
    for seconds in (60, 3_600, 1):
        web.back_off("a.example", seconds)

    assert 3_590 < web.backed_off_for("a.example") <= 3_600
    assert web.backed_off_for("b.example") == 0
    assert web.with_own_limiter().backed_off_for("a.example") == 0


@pytest.mark.parametrize(
    ("retry_after", "least", "most"),
    [
        ("99999999999999999999", 604_000, 604_800),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 604_000, 604_800),
        ("1", 50, 60),
        ("0", 890, 900),
        ("Sat, 01 Jan 2000 00:00:00 GMT", 890, 900),
        ("soon", 890, 900),
    ],
)
async def test_a_pause_is_bounded_whatever_a_domain_asks_for(
    site: Site, retry_after: str, least: int, most: int
) -> None:
    url = site.add("/feed", status=429, headers={"Retry-After": retry_after})

    async with open_web(LOOPBACK) as web:
        with pytest.raises(BadResponseError):
            await web.get(url)
        with pytest.raises(PausedError) as refused:
            await web.get(url)

    assert least < refused.value.seconds <= most
    assert site.paths() == ["/feed"]
