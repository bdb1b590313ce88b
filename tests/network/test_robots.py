"""What a site's robots.txt allows (RFC 9309), and how fast."""

from datetime import UTC, datetime, timedelta

import pytest

from planet_mcp.errors import BadResponseError
from planet_mcp.network import Robots
from tests.support.fetching import LOOPBACK, open_web
from tests.support.site import Site

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


async def allowed(site: Site, text: str, path: str) -> bool:
    site.add("/robots.txt", text)
    async with open_web(LOOPBACK) as web:
        rules = await Robots(web, clock=lambda: NOW).rules(site.url + path)
    return rules.allow(site.url + path)


@pytest.mark.parametrize(
    ("text", "path", "is_allowed"),
    [
        ("", "/post", True),
        ("<!doctype html><p>No such page</p>", "/post", True),
        ("User-agent: *\nDisallow: /", "/post", False),
        ("User-agent: other\nDisallow: /", "/post", True),
        ("User-agent: *\nDisallow: /\n\nUser-agent: planet-mcp\nAllow: /", "/post", True),
        ("User-agent: PLANET-MCP\nDisallow: /", "/post", False),
        # Section 2.2.3: `*` and `$`.
        ("User-agent: *\nDisallow: /*.html", "/post.html", False),
        ("User-agent: *\nDisallow: /*/private", "/a/private", False),
        ("User-agent: *\nDisallow: /post$", "/post", False),
        ("User-agent: *\nDisallow: /post$", "/post/2", True),
        # Section 2.2.2: the longest match, whatever comes first; of equal ones the one that allows.
        ("User-agent: *\nDisallow: /posts\nAllow: /posts/open", "/posts/open/1", True),
        ("User-agent: *\nAllow: /\nDisallow: /posts", "/posts/1", False),
        ("User-agent: *\nDisallow: /posts\nAllow: /posts", "/posts", True),
        # Section 2.2.1: the groups of one agent are one.
        (
            "User-agent: planet-mcp\nDisallow: /a\n\nUser-agent: planet-mcp\nDisallow: /b",
            "/a",
            False,
        ),
        (
            "User-agent: planet-mcp\nDisallow: /a\n\nUser-agent: planet-mcp\nDisallow: /b",
            "/b",
            False,
        ),
        # Lines that cannot be read are left out.
        ("User-agent: *\nDisallow: //[\nCrawl-delay: ²\nDisallow: /post", "/post", False),
        ("User-agent: *\nDisallow: //[\nCrawl-delay: ²", "/post", True),
    ],
)
async def test_rules_say_what_may_be_fetched(
    site: Site, text: str, path: str, is_allowed: bool
) -> None:
    assert await allowed(site, text, path) is is_allowed


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", 0),
        ("User-agent: *\nCrawl-delay: 25\nDisallow: /private", 25),
        ("User-agent: *\nCrawl-delay: 86400", 60),
        ("User-agent: *\nCrawl-delay: soon", 0),
    ],
)
async def test_rules_say_how_fast_at_most_a_minute_apart(
    site: Site, text: str, seconds: float
) -> None:
    site.add("/robots.txt", text)

    async with open_web(LOOPBACK) as web:
        rules = await Robots(web, clock=lambda: NOW).rules(f"{site.url}/post")

    assert rules.delay == seconds


async def test_a_site_is_asked_once_a_day(site: Site) -> None:
    site.add("/robots.txt", "")
    now = NOW

    async with open_web(LOOPBACK) as web:
        robots = Robots(web, clock=lambda: now)
        for path in ("/1", "/2"):
            await robots.rules(site.url + path)
        assert site.paths() == ["/robots.txt"]
        now += timedelta(days=1, seconds=1)
        await robots.rules(f"{site.url}/3")

    assert site.paths() == ["/robots.txt"] * 2


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_site_that_does_not_say_what_it_allows_allows_nothing(
    site: Site, status: int
) -> None:
    site.add("/robots.txt", status=status)

    async with open_web(LOOPBACK) as web:
        with pytest.raises(BadResponseError, match=str(status)):
            await Robots(web, clock=lambda: NOW).rules(f"{site.url}/post")


async def test_a_site_without_rules_allows_all(site: Site) -> None:
    async with open_web(LOOPBACK) as web:
        rules = await Robots(web, clock=lambda: NOW).rules(f"{site.url}/post")

    assert rules.allow(f"{site.url}/post")
