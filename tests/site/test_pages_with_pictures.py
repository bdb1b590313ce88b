"""The pictures of pages: who fetches them and when, how large they are, and what is none."""

import threading
from datetime import timedelta
from io import BytesIO

import anyio
import pytest
from PIL import Image

from planet_mcp.errors import SettingsError
from planet_mcp.pictures import Limits, Pictures
from planet_mcp.planet import Planet
from planet_mcp.settings import load
from planet_mcp.site import options_of
from planet_mcp.urls import link_key
from tests.site.test_pages import follow
from tests.support.documents import Post, rss
from tests.support.fetching import LOOPBACK, open_web
from tests.support.parsers import quick_worker
from tests.support.pictures import MARK, hostile, picture, with_metadata
from tests.support.serving import Pages, pages_of
from tests.support.site import Site

pytestmark = pytest.mark.anyio

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def showing(*urls: str) -> Post:
    return Post("One", "".join(f'<p>See <img src="{url}" alt="a graph"></p>' for url in urls))


async def pictures_on(pages: Pages, path: str = "/") -> list[dict[str, str]]:
    """Return the attributes of the pictures of texts on a page."""
    seen = await pages.see(path)
    return [dict(each.attrib) for each in seen.tree.xpath("//*[@class='content']//img")]


async def source_of(pages: Pages, path: str = "/") -> str:
    (only,) = await pictures_on(pages, path)
    return only["src"]


async def test_a_picture_comes_from_our_own_server_when_it_is_asked_for(
    planet: Planet, site: Site
) -> None:
    url = site.add("/1.jpg", with_metadata(), content_type="image/jpeg")
    await follow(planet, site, Ada=[showing(url)])
    async with pages_of(planet, images="proxy") as pages:
        (unseen,) = await pictures_on(pages)
        assert (unseen["class"], unseen["loading"], unseen["alt"]) == ("unseen", "lazy", "a graph")
        assert "/1.jpg" not in site.paths()
        answer = (await pages.see(unseen["src"])).answer
        (seen,) = await pictures_on(pages)
        river = await pages.see("/")
    assert answer.headers["content-type"] == "image/webp"
    assert "content-encoding" not in answer.headers
    assert MARK not in answer.content
    assert Image.open(BytesIO(answer.content)).size == (40, 60)
    # Known now: the page has room for it before it comes.
    assert (seen["width"], seen["height"], seen["src"]) == ("40", "60", unseen["src"])
    assert river.links("//*[@class='content']//a") == [url]
    policy = river.answer.headers["content-security-policy"]
    assert "img-src 'self';" in policy


async def test_a_picture_of_which_nothing_is_said_is_called_one(planet: Planet, site: Site) -> None:
    await follow(planet, site, Ada=[Post("One", f'<p>See <img src="{site.url}/1.png"></p>')])
    async with pages_of(planet, images="proxy") as pages:
        (shown,) = await pictures_on(pages)
    assert shown["alt"] == "image"


async def test_a_picture_is_fetched_once_for_all(planet: Planet, site: Site) -> None:
    hold = threading.Event()
    url = site.add("/1.png", picture(), content_type="image/png", hold=hold)
    await follow(planet, site, Ada=[showing(url)])
    async with pages_of(planet, images="proxy") as pages:
        source = await source_of(pages)
        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(pages.see, source)
            await anyio.to_thread.run_sync(site.wait_for, "/1.png")
            hold.set()
        etag = (await pages.see(source)).answer.headers["etag"]
        await pages.see(source, status=304, headers={"If-None-Match": etag})
    assert site.paths().count("/1.png") == 1


async def test_only_what_an_entry_shows_or_a_feed_has_is_fetched(
    planet: Planet, site: Site
) -> None:
    hidden = site.add("/hidden.png", picture())
    linked = site.add("/linked.png", picture())
    await follow(planet, site, Ada=[Post("One", f'<p>Text and <a href="{linked}">words</a>.</p>')])
    async with pages_of(planet, images="proxy") as pages:
        for key in (link_key(hidden), link_key(linked), 1, -1, 2**63, -(2**63) - 1):
            await pages.see(f"/pictures/{key}.webp", status=404)
        for path in (
            f"/pictures/{hidden}.webp",
            "/pictures/feed-1.webp",
            "/pictures/feed-9999999999999999999.webp",
            "/pictures/..%2f1.webp",
            f"/pictures/1.webp?url={hidden}",
        ):
            await pages.see(path, status=404)
    assert not {"/hidden.png", "/linked.png"} & {*site.paths()}


@pytest.mark.parametrize("mode", ["off", "direct"])
async def test_without_being_asked_to_nothing_is_fetched(
    planet: Planet, site: Site, mode: str
) -> None:
    url = site.add("/1.png", picture())
    await follow(planet, site, Ada=[showing(url)])
    async with pages_of(planet, images=mode) as pages:
        shown = await pictures_on(pages)
        await pages.see(f"/pictures/{link_key(url)}.webp", status=404)
    assert [each["src"] for each in shown] == ([url] if mode == "direct" else [])
    assert "/1.png" not in site.paths()


async def test_what_is_no_picture_costs_itself_and_stays_a_link(planet: Planet, site: Site) -> None:
    urls = [
        site.add(f"/{number}.png", body, content_type="image/png")
        for number, (_, body) in enumerate(hostile())
    ]
    good = site.add("/good.png", picture(), content_type="image/png")
    await follow(planet, site, Ada=[showing(*urls, f"{site.url}/missing.png", good)])
    async with pages_of(planet, images="proxy") as pages:
        statuses = [
            (await pages.web.get(each["src"])).status_code for each in await pictures_on(pages)
        ]
        asked = len(site.paths())
        left = await pictures_on(pages)
        seen = await pages.see("/")
        for url in urls:
            await pages.see(f"/pictures/{link_key(url)}.webp", status=404)
    assert statuses == [404] * (len(urls) + 1) + [200]
    assert len(left) == 1
    assert seen.texts("//*[@class='content']//a")[:2] == ["image: a graph"] * 2
    # Nobody asks again for what was none.
    assert len(site.paths()) == asked


async def test_too_many_that_wait_are_told_to_come_again(planet: Planet, site: Site) -> None:
    hold = threading.Event()
    first = site.add("/1.png", picture(), content_type="image/png", hold=hold)
    second = site.add("/2.png", picture(), content_type="image/png")
    await follow(planet, site, Ada=[showing(first, second)])
    few = Limits(waiting=1)
    async with (
        open_web(LOOPBACK) as web,
        quick_worker() as worker,
        pages_of(planet, images="proxy") as pages,
    ):
        planet.pictures = Pictures(
            planet.store, web=web, worker=worker, clock=planet.clock, limits=few
        )
        one, other = [each["src"] for each in await pictures_on(pages)]
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(pages.see, one)
            await anyio.to_thread.run_sync(site.wait_for, "/1.png")
            answer = (await pages.see(other, status=503)).answer
            hold.set()
        assert answer.headers["retry-after"]
        await pages.see(other)


async def test_a_feed_has_its_own_image_as_a_face_unless_that_is_none(
    planet: Planet, site: Site
) -> None:
    image = site.add("/logo.png", picture(200, 180), content_type="image/png")
    banner = site.add("/banner.png", picture(200, 20), content_type="image/png")
    for name, url in (("Ada", image), ("Bob", banner), ("Cyd", "")):
        await planet.add_feeds([site.add(f"/{name}", rss([Post(name)], title=name, image=url))])
    async with pages_of(planet, images="proxy") as pages:
        before = (await pages.see("/")).tree.xpath("//img[@class='face']/@src")
        assert {*before} == {"/pictures/feed-1.webp", "/pictures/feed-2.webp"}
        answer = (await pages.see("/pictures/feed-1.webp")).answer
        assert Image.open(BytesIO(answer.content)).size == (96, 86)
        await pages.see("/pictures/feed-2.webp", status=404)
        seen = await pages.see("/")
    async with pages_of(planet) as pages:
        plain = await pages.see("/")
    assert seen.tree.xpath("//img[@class='face']/@src") == ["/pictures/feed-1.webp"]
    assert sorted(seen.tree.xpath("//*/@data-letters")) == ["B", "C"]
    assert not plain.tree.xpath("//img")


async def test_what_was_deleted_is_shown_no_more(planet: Planet, site: Site) -> None:
    url = site.add("/1.png", picture(), content_type="image/png")
    await follow(planet, site, Ada=[showing(url)])
    async with pages_of(planet, images="proxy") as pages:
        source = await source_of(pages)
        await pages.see(source)
        with planet.store.database.writing() as connection:
            connection.execute("DELETE FROM entries")
        await pages.see(source, status=404)


async def test_pictures_need_their_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planet_mcp.documents.pictures.find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=r"planet-mcp\[pictures\]"):
        options_of(load(images="proxy"))
    assert options_of(load(images="direct")).images == "direct"
