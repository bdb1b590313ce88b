"""Pictures that are fetched: how often, and how many are kept."""

from datetime import datetime, timedelta

import pytest

from planet_mcp.models import PictureKey
from planet_mcp.pictures import Pictures
from planet_mcp.planet import Planet
from planet_mcp.store import Limits as StoreLimits
from planet_mcp.store import Size, Store
from planet_mcp.urls import link_key
from tests.conftest import planet_of
from tests.support.documents import NOW, Post, rss
from tests.support.fetching import LOOPBACK, open_web
from tests.support.parsers import quick_worker
from tests.support.pictures import picture
from tests.support.programs import PATIENCE_SECONDS
from tests.support.site import Site

pytestmark = pytest.mark.anyio

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


async def follow(planet: Planet, site: Site, *urls: str) -> None:
    """Let a planet follow a feed whose one entry shows these pictures."""
    html = "".join(f'<p>See <img src="{url}"></p>' for url in urls)
    image = f"{site.url}/face.png"
    await planet.add_feeds([site.add("/feed", rss([Post("One", html)], image=image))])


async def test_pictures_are_asked_for_again_after_a_while(site: Site) -> None:
    now = NOW

    def clock() -> datetime:
        return now

    url = site.add("/1.png", b"not yet", content_type="image/png")
    key = PictureKey("text", link_key(url))
    async with planet_of(clock=clock) as planet:
        await follow(planet, site, url)
        for wait, fetched in ((HOUR, 1), (DAY, 1), (DAY, 2), (40 * DAY, 2), (DAY, 3)):
            await planet.pictures.fetch(key)
            assert site.paths().count("/1.png") == fetched
            site.add("/1.png", picture(), content_type="image/png")
            now += wait
        assert planet.store.pictures.retry_at(key) is not None
        assert planet.store.pictures.body(key) is not None


async def test_a_silent_site_is_asked_again_sooner(site: Site) -> None:
    now = NOW
    url = site.add("/1.png", picture(), half=True, content_type="image/png")
    key = PictureKey("text", link_key(url))
    async with planet_of(clock=lambda: now) as planet:
        await follow(planet, site, url)
        await planet.pictures.fetch(key)
        assert planet.store.pictures.sizes([key.number], now=now) == {key.number: None}
        site.add("/1.png", picture(), content_type="image/png")
        now += HOUR
        # Pages have a place for it again, so that it is asked for.
        assert planet.store.pictures.sizes([key.number], now=now) == {}
        await planet.pictures.fetch(key)
        assert planet.store.pictures.sizes([key.number], now=now)[key.number]


async def test_those_kept_longest_ago_make_room(planet: Planet, site: Site) -> None:
    urls = [site.add(f"/{n}.png", picture(), content_type="image/png") for n in range(4)]
    await follow(planet, site, *urls)
    store = Store(planet.store.path, limits=StoreLimits(picture_bytes=9_000))
    now = NOW
    async with open_web(LOOPBACK) as web, quick_worker() as worker:
        pictures = Pictures(store, web=web, worker=worker, clock=lambda: now)
        for url in urls:
            await pictures.fetch(PictureKey("text", link_key(url)))
            now += HOUR
    assert {*store.pictures.sizes([*map(link_key, urls)], now=now)} == {*map(link_key, urls[2:])}
    store.close()


async def test_what_is_kept_is_known_by_entry_and_by_feed(planet: Planet, site: Site) -> None:
    shown = site.add("/1.png", picture(30, 20), content_type="image/png")
    none = site.add("/2.png", b"none", content_type="image/png")
    site.add("/face.png", picture(40, 40), content_type="image/png")
    await follow(planet, site, shown, none)
    now, pictures = planet.clock(), planet.store.pictures
    keys = [PictureKey("text", link_key(shown)), PictureKey("text", link_key(none))]
    face = PictureKey("face", 1)
    assert pictures.faces(now=now) == {1: False}
    await planet.pictures.fetch_all([*keys, face], seconds=PATIENCE_SECONDS)
    assert pictures.faces(now=now) == {1: True}
    assert pictures.sizes([each.number for each in keys], now=now) == {
        keys[0].number: Size(30, 20),
        keys[1].number: None,
    }
    assert {key for key, _ in pictures.there()} == {keys[0], face}
    assert f"{keys[0].number}:30" in pictures.of_entries()[1]
    assert f"{keys[1].number}:None" in pictures.of_entries()[1]
