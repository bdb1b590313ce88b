"""What the console of a server shows."""

import anyio
import pytest

from planet_mcp.cli.progress import Pace, report
from planet_mcp.planet import Planet
from tests.support.documents import Post, rss
from tests.support.programs import until
from tests.support.site import Site

pytestmark = pytest.mark.anyio


async def test_a_first_pass_is_shown_and_then_how_it_goes_on(planet: Planet, site: Site) -> None:
    urls = [site.add(f"/{number}", rss([Post(f"Post {number}")])) for number in range(2)]
    outlines = "".join(f"<outline xmlUrl='{url}'/>" for url in urls)
    await planet.import_list(f"<opml><body>{outlines}</body></opml>".encode(), name="x")
    lines: list[str] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(report, planet, lines.append, Pace(first_pass=0.01, later=0.01))
        await until(lambda: lines)
        await planet.refresh_feeds()
        await until(lambda: lines[-1].endswith("0 of them new"))
        tasks.cancel_scope.cancel()

    assert lines[0] == "0 of 2 feeds read for the first time"
    assert "2 feeds, 0 of them failing; 2 entries, 2 of them new" in lines
