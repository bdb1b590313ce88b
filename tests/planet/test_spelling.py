"""A misspelt word is searched as it was meant, and said; a rare one that is right is left alone."""

from collections.abc import AsyncIterator

import pytest

from planet_mcp.planet import Planet
from planet_mcp.planet.answers import SearchResult
from planet_mcp.requests import SearchRequest
from tests.conftest import planet_of_posts
from tests.support.documents import Post, rss
from tests.support.site import running_site

pytestmark = pytest.mark.anyio

COMMON = "A database speaks asyncio, documented; kubernetes deployments stay quick under a header."
POSTS = [
    *(Post(f"Common {number}", f"<p>{COMMON} Number {number}.</p>") for number in range(120)),
    Post("Slip", "<p>Somebody wrote databse here.</p>"),
    Post("Flash", "<p>Zeppelins flash in the sun above a heater.</p>"),
    Post("Name", "<p>The asyncia project, by xkubernetes people.</p>"),
    Post("Two", "<p>A free thread is a free threading thing.</p>"),
]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """Let the fixtures of this module live as long as it."""
    return "asyncio"


@pytest.fixture(scope="module")
async def spelt(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Planet]:
    """A planet for tests that only read."""
    async with planet_of_posts(tmp_path_factory.mktemp("spelling"), POSTS) as planet:
        yield planet


async def search(planet: Planet, query: str, **more: str) -> SearchResult:
    return (await planet.search_entries(SearchRequest(query, **more))).result  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("asyncoi", "asyncio"),
        ("Asyncoi", "asyncio"),
        ("kubermetes", "kubernetes"),
        ("kuberntes", "kubernetes"),
        ("ukbernetes", "kubernetes"),
        ("kubrenetse", "kubernetes"),
        ("deploymnets", "deployments"),
        ("documanted", "documented"),
    ],
)
async def test_what_no_entry_has_is_searched_as_it_was_meant(
    spelt: Planet, typed: str, meant: str
) -> None:
    result = await search(spelt, f"{typed}?")

    assert result.total == 120
    assert f'No entry has "{typed}"; shown is "{meant}".' in (result.notice or "")


async def test_a_misspelt_word_among_others_is_searched_with_them(spelt: Planet) -> None:
    result = await search(spelt, "number 17 of asyncoi")

    assert result.hits[0].title == "Common 17"
    assert 'shown is "asyncio"' in (result.notice or "")


async def test_the_next_part_of_an_answer_goes_on_with_what_was_meant(spelt: Planet) -> None:
    first = await search(spelt, "asyncoi")
    second = await search(spelt, "asyncoi", cursor=first.next_cursor or "")

    assert len({hit.title for hit in [*first.hits, *second.hits]}) == 20
    assert 'shown is "asyncio"' in (second.notice or "")


async def test_what_few_entries_have_is_shown_and_the_frequent_word_is_proposed(
    spelt: Planet,
) -> None:
    result = await search(spelt, "databse", sort="newest")

    assert [hit.title for hit in result.hits] == ["Slip"]
    assert 'search_entries(query="database", sort="newest")' in (result.notice or "")


@pytest.mark.parametrize(
    ("typed", "proposed"),
    [
        ("the databse.", "the database."),
        ("🐍 databse\u2019s loop…", "🐍 database\u2019s loop…"),
        ("**databse** (databse) -databse", "**database** (database) -databse"),
        ("«databse here», databse\uff01", "«databse here», database\uff01"),
        ("\u2018databse here\u2019 databse", "\u2018databse here\u2019 database"),
    ],
)
async def test_a_word_is_replaced_where_a_search_reads_words(
    spelt: Planet, typed: str, proposed: str
) -> None:
    notice = (await search(spelt, typed)).notice or ""

    assert f'search_entries(query="{proposed}")' in notice


async def test_a_rare_name_is_shown_whatever_is_near(spelt: Planet) -> None:
    assert [hit.title for hit in (await search(spelt, "asyncia")).hits] == ["Name"]


@pytest.mark.parametrize(
    "typed",
    [
        "xkubernetes",  # a name that an entry has
        "heater",  # and a rare word, by another consonant
        "zeppelin",
        "flask",  # nothing near is frequent
        "quack",  # short words are others by one letter
        "freethreading",  # an entry has it as two words
        '"asyncoi"',
        "“asyncoi”",
        "«asyncoi»",
        "an \u2018asyncoi or so\u2019",
        "asyncoi*",
        "asyncoi2",
        "ASYNCOI",
        "AsyncOi",
        "asyncoi.run",
        "-asyncoi -database",
        "xyzzyplugh",
    ],
)
async def test_what_is_right_or_meant_as_it_is_is_left_alone(spelt: Planet, typed: str) -> None:
    result = await search(spelt, typed)

    assert "asyncio" not in (result.notice or "")
    assert "has " not in (result.notice or "")
    assert "have " not in (result.notice or "")


async def test_words_of_a_question_in_another_language_are_no_errors_where_others_are_found(
    spelt: Planet,
) -> None:
    asked = await search(spelt, "\u00bfqui\u00e9n documenten la kubernetes y por qu\u00e9?")
    assert asked.total == 120
    assert "shown is" not in (asked.notice or "")

    misspelt = await search(spelt, "\u00bfqu\u00e9 es el kubermetes?")
    assert 'shown is "kubernetes"' in (misspelt.notice or "")


async def test_new_words_are_known_at_once(planet: Planet) -> None:
    with running_site() as site:
        await planet.add_feeds([site.add("/one", rss([Post("One", "<p>Zebras graze.</p>")]))])
        before = await search(planet, "pangolni")
        posts = [Post(f"P {number}", "<p>A pangolin walks.</p>") for number in range(3)]
        await planet.add_feeds([site.add("/two", rss(posts))])
        after = await search(planet, "pangolni")

    assert (before.total, before.notice) == (0, None)
    assert after.total == 3
