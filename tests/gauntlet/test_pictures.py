"""Pictures made to hurt, and damaged ones, while pages are read: each costs only itself."""

import time
from collections import Counter
from collections.abc import Iterator
from random import Random

import anyio
import pytest

from planet_mcp.urls import link_key
from tests.conftest import planet_of
from tests.gauntlet.test_faults import report
from tests.support.documents import Post, rss
from tests.support.pictures import animation, claiming, hostile, picture, with_metadata
from tests.support.serving import Pages, pages_of
from tests.support.site import Site

pytestmark = [pytest.mark.anyio, pytest.mark.gauntlet]

DAMAGED, SEED = 300, 20


def bombs() -> Iterator[tuple[str, bytes]]:
    """Return small files of very many pixels, as large as is decoded and larger."""
    yield "52 million pixels of nothing", claiming(7_200, 7_200, rows=7_200, channels=4)
    yield "a line 50 million pixels wide", claiming(50_000_000, 1, rows=1)
    yield "20,000 pixels of which few are there", claiming(20_000, 2_500, rows=3, channels=4)
    yield "a photograph of 50 million pixels", picture(7_000, 7_100, kind="JPEG")
    yield "a progressive one", picture(7_000, 7_100, kind="JPEG", progressive=True)
    yield "a WebP as large as may be", picture(16_383, 3_100, kind="WEBP", lossless=True)
    yield "a film of 2,000 frames", animation(2_000)


def damaged() -> Iterator[tuple[str, bytes]]:
    """Return pictures of each format, with some bytes changed, left out or repeated."""
    chance = Random(SEED)
    sound = [
        *(picture(300, 200, kind=kind) for kind in ("PNG", "GIF", "WEBP")),
        with_metadata(),
        animation(),
    ]
    for number in range(DAMAGED):
        body = bytearray(chance.choice(sound))
        for _ in range(chance.randint(1, 8)):
            place = chance.randrange(len(body))
            left_out, put_in = chance.choices((0, 1, 4), k=2)
            body[place : place + left_out] = chance.randbytes(put_in)
        yield f"damaged {number}", bytes(body)


async def test_no_picture_costs_more_than_itself(site: Site) -> None:
    urls = {
        site.add(f"/{number}.png", body, content_type="image/png"): name
        for number, (name, body) in enumerate([*hostile(), *bombs(), *damaged()])
    }
    good = site.add("/good.png", picture(), content_type="image/png")
    posts = [Post(name, f'<p>See <img src="{url}"></p>') for url, name in urls.items()]
    posts.append(Post("good", f'<p>See <img src="{good}"></p>'))
    statuses: Counter[int] = Counter()
    pauses: list[float] = []

    async def read_pages(pages: Pages) -> None:
        while True:
            began = time.perf_counter()
            await pages.see("/entries/1")
            pauses.append(time.perf_counter() - began)
            await anyio.sleep(0.01)

    async with planet_of() as planet:
        await planet.add_feeds([site.add("/feed", rss(posts))])
        async with pages_of(planet, images="proxy") as pages, anyio.create_task_group() as tasks:
            tasks.start_soon(read_pages, pages)
            slowest, slowest_name = 0.0, ""
            for url, name in urls.items():
                began = time.perf_counter()
                answer = await pages.web.get(f"/pictures/{link_key(url)}.webp")
                statuses[answer.status_code] += 1
                assert len(answer.content) < 1_000_000
                slowest, slowest_name = max(
                    (slowest, slowest_name), (time.perf_counter() - began, name)
                )
            # What is sound is shown, after all of them.
            await pages.see(f"/pictures/{link_key(good)}.webp")
            tasks.cancel_scope.cancel()
    assert statuses.keys() <= {200, 404}
    report(
        f"{len(urls)} pictures: {statuses[200]} shown, {statuses[404]} none; the slowest took "
        f"{slowest:.1f} s ({slowest_name}), the longest wait for a page {max(pauses):.2f} s"
    )
