"""The week of tests/planet_week, day by day and feed by feed, as a reader finds it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest

from planet_mcp.planet import Planet
from planet_mcp.planet.answers import FeedRow, LatestEntry, SearchHit
from planet_mcp.requests import FeedQuery, LatestRequest, SearchRequest
from tests.conftest import planet_of
from tests.support import planet_week
from tests.support.planet_week import EXPECTED, FIRST_DAY, GONE, NOW, Story

pytestmark = pytest.mark.anyio

STORIES = [story for day in EXPECTED for feed in day.feeds for story in feed.stories]


@pytest.fixture(scope="module")
def database_of_week(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The week, taken in once: no test here changes it."""
    path = tmp_path_factory.mktemp("week") / "planet.sqlite"
    anyio.run(planet_week.make, path)
    return path


@pytest.fixture
async def week(database_of_week: Path) -> AsyncIterator[Planet]:
    async with planet_of(database=database_of_week, clock=lambda: NOW) as planet:
        yield planet


async def hits(planet: Planet, query: str = "") -> list[SearchHit]:
    found = await planet.search_entries(
        SearchRequest(query, since=FIRST_DAY, sort="newest", limit=50)
    )
    return found.result.hits


async def feeds(planet: Planet) -> dict[str, FeedRow]:
    rows = (await planet.list_feeds(FeedQuery(detail="full", limit=50))).result.feeds
    return {row.title: row for row in rows}


def told(date: str, entry: LatestEntry) -> Story:
    """Return what an entry says; its words are checked by themselves."""
    at = datetime.fromisoformat(entry.published or "").astimezone(UTC)
    assert at.date().isoformat() == date
    return Story(entry.title, f"{at:%H:%M}", "", None, tuple(entry.also_in or ()))


@pytest.mark.parametrize("since", ["7d", FIRST_DAY])
async def test_the_river_has_exactly_the_stories_of_the_week(week: Planet, since: str) -> None:
    latest = (
        await week.latest_entries(LatestRequest(since, detail="titles", max_chars=20_000))
    ).result

    assert [
        (
            day.date,
            [(feed.feed, [told(day.date, each) for each in feed.entries]) for feed in day.feeds],
        )
        for day in latest.days
    ] == [
        (
            day.date,
            [
                (feed.title, [Story(s.title, s.time, "", None, s.also_in) for s in feed.stories])
                for feed in day.feeds
            ],
        )
        for day in EXPECTED
    ]
    assert (latest.total, latest.next_cursor, latest.notice) == (len(STORIES), None, None)


async def texts(planet: Planet) -> dict[str, str]:
    """Return what the river tells, by title; to fetch an article might ask the network."""
    latest = await planet.latest_entries(LatestRequest("7d", detail="full", max_chars=200_000))
    entries = (each for day in latest.result.days for feed in day.feeds for each in feed.entries)
    return {each.title: str(each.text) for each in entries}


async def test_every_story_has_the_words_of_its_document(week: Planet) -> None:
    found = {title: text.replace("`", "") for title, text in (await texts(week)).items()}

    assert [(s.title, found[s.title]) for s in STORIES if s.words not in found[s.title]] == []


async def test_search_lists_the_same_stories_with_their_authors(week: Planet) -> None:
    found = [(hit.title, hit.author, tuple(hit.also_in or ())) for hit in await hits(week)]

    assert found == [
        (story.title, story.author, story.also_in)
        for story in sorted(STORIES, key=_moment, reverse=True)
    ]


def _moment(story: Story) -> tuple[str, str]:
    (date,) = (day.date for day in EXPECTED for feed in day.feeds if story in feed.stories)
    return date, story.time


async def test_a_post_in_two_halves_is_found_once_by_either(week: Planet) -> None:
    for query in ("teaching decorators", "functools wraps earlier"):
        assert [hit.title for hit in await hits(week, query)] == [
            "Teaching decorators without the word decorator"
        ]


async def test_markup_that_was_typed_as_text_is_read_as_markup(week: Planet) -> None:
    found = await texts(week)
    twice, plain = found["One night, forty thousand files"], found["A dome that opens in tests"]

    assert "*forty thousand*" in twice
    assert "[the change](https://dune.example.org/code)" in twice
    assert "**wind**" in plain
    assert "<p>" not in twice + plain
    assert "&lt;" not in twice + plain


async def test_code_and_tables_keep_their_shape(week: Planet) -> None:
    found = await texts(week)

    code = found["Counting what the garbage collector skips"]
    assert "def census(values):\n    skipped = (" in code.split("```python\n")[1]
    table = found["Which wheels people really download"]
    assert "| `py3-none-any` | 61 % | 58 % |" in " ".join(table.split())


async def test_the_long_tutorial_is_stored_whole(week: Planet) -> None:
    text = (await texts(week))["A command line tool from the first line to the release"]

    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert [line.split(".")[0] for line in headings] == [
        f"## {n + 1}" for n in range(len(headings))
    ]
    assert len(text) > 25_000


async def test_the_feeds_say_what_is_wrong_with_them(week: Planet) -> None:
    rows = await feeds(week)

    troubled = {title: row for title, row in rows.items() if row.problem or row.warning}
    assert troubled.keys() == {GONE, "Moss Maps & Data"}
    assert "404" in str(troubled[GONE].problem)
    assert {row.status for title, row in rows.items() if title != GONE} <= {"ok", "dormant"}
    assert rows["Plover, occasionally"].status == "dormant"
    assert rows[GONE].status == "failing"
    assert len(rows) == 17


async def test_an_old_post_that_was_edited_is_no_news_but_can_be_found(week: Planet) -> None:
    found = await week.search_entries(SearchRequest('"fixtures that clean up"'))

    (hit,) = found.result.hits
    assert (hit.published or "").startswith("2023-03-14")
    assert hit.title not in {story.title for story in STORIES}
