"""Any question finds something, and what programmers type is found however it is spelled."""

from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planet_mcp.planet import Planet
from planet_mcp.requests import SearchRequest
from planet_mcp.store import MOST_COUNTED, Filters, Limits, SearchLimits, Store, compile_query
from planet_mcp.text.identifiers import humps, index_terms, named_by_signs
from tests.conftest import planet_of
from tests.store.test_database import entry, fill
from tests.support.documents import NOW, Post, rss, whole
from tests.support.site import Site

pytestmark = pytest.mark.anyio

TEXTS = {
    "hyphen": "Progress on free-threading in the interpreter.",
    "words": "What free threading means for extension authors.",
    "joined": "The freethreading build has arrived.",
    "gil": "A no-GIL build for everyone.",
    "nogil": "The nogil branch explained.",
    "cpp": "Bindings for C++ in one header.",
    "csharp": "Coming from C# to Python.",
    "c": "The C API is changing.",
    "dotnet": "Running on .NET at last.",
    "group": "Use asyncio.TaskGroup for structured concurrency.",
    "camel": "Our BaseTaskGroupRunner wraps it.",
    "fstring": "The f-string grammar is formal now.",
    "version": "Python 3.14 is here.",
    "pep": "PEP 810 proposes explicit lazy imports.",
    "dunder": "Put it into __init__ and be done.",
    "snake": "Version 2 of pydantic_core.",
    "kebab": "A release of pydantic-core.",
}


@pytest.fixture
async def corpus(planet: Planet, site: Site) -> Planet:
    posts = [
        Post(name, f"<p>{text}</p>", age=timedelta(hours=number))
        for number, (name, text) in enumerate(TEXTS.items(), 1)
    ]
    await planet.add_feeds([site.add("/feed", rss(posts, title="Corpus"))])
    return planet


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("free-threading", {"hyphen", "words", "joined"}),
        ("free threading", {"hyphen", "words", "joined"}),
        ("freethreading", {"hyphen", "words", "joined"}),
        ("no-GIL", {"gil", "nogil"}),
        ("nogil", {"gil", "nogil"}),
        ("no gil", {"gil", "nogil"}),
        ("C++", {"cpp"}),
        ("c#", {"csharp"}),
        (".NET", {"dotnet"}),
        ("asyncio.TaskGroup", {"group"}),
        ("TaskGroup", {"group", "camel"}),
        ("task group", {"group", "camel"}),
        ("f-string", {"fstring"}),
        ("fstring", {"fstring"}),
        ("3.14", {"version"}),
        ("PEP 810", {"pep"}),
        ("__init__", {"dunder"}),
        ("pydantic_core", {"snake", "kebab"}),
        ("pydantic-core", {"snake", "kebab"}),
        ("what is the free threading thing about?", {"hyphen", "words", "joined"}),
    ],
)
async def test_what_programmers_type_is_found(corpus: Planet, typed: str, found: set[str]) -> None:
    result = (await corpus.search_entries(SearchRequest(typed))).result

    assert {hit.title for hit in result.hits[: len(found)]} == found


@pytest.mark.parametrize(
    "question",
    [
        "how do I put things into the init of a class",
        "what happened with lazy imports this month?",
        "can I use structured concurrency with asyncio in production code today",
    ],
)
async def test_a_question_finds_what_has_most_of_its_words(corpus: Planet, question: str) -> None:
    result = (await corpus.search_entries(SearchRequest(question))).result

    assert result.hits
    assert result.notice is not None


async def test_few_entries_with_all_words_of_a_question_come_first(
    planet: Planet, site: Site
) -> None:
    posts = [
        Post("All", whole("packaging wheels metadata resolver")),
        *(Post(f"Some {n}", whole(f"packaging wheels metadata {n}")) for n in range(3)),
    ]
    await planet.add_feeds([site.add("/feed", rss(posts))])

    result = (
        await planet.search_entries(SearchRequest("packaging wheels metadata resolver"))
    ).result
    two_words = (await planet.search_entries(SearchRequest("packaging resolver"))).result

    assert (result.hits[0].title, result.total) == ("All", 4)
    assert "Only 1 of these" in (result.notice or "")
    assert (two_words.hits[0].title, two_words.total) == ("All", 4)


async def test_a_feeds_title_finds_its_entries_also_after_it_changed(
    planet: Planet, site: Site
) -> None:
    url = site.add("/feed", rss([Post("A post")], title="Zebra Notes"))
    await planet.add_feeds([url])
    before = (await planet.search_entries(SearchRequest("zebra"))).result.total
    site.add("/feed", rss([Post("A post")], title="Okapi Notes"))

    await planet.refresh_feeds([url])

    assert before == 1
    assert (await planet.search_entries(SearchRequest("zebra"))).result.total == 0
    assert (await planet.search_entries(SearchRequest("okapi"))).result.total == 1


async def test_words_of_a_made_up_title_count_once(planet: Planet, site: Site) -> None:
    filler = " ".join(f"word{n}" for n in range(30))
    untitled = Post("", f"<p>gadget {filler}</p>", link="https://a.example/1", guid="1")
    titled = Post("All about the gadget", f"<p>{filler}</p>", link="https://a.example/2")
    await planet.add_feeds([site.add("/feed", rss([untitled, titled]))])

    hits = (await planet.search_entries(SearchRequest("gadget"))).result.hits

    assert hits[0].title == "All about the gadget"


async def test_this_years_writing_comes_before_that_of_long_ago(planet: Planet, site: Site) -> None:
    ages = [1, 400, 3_000, 6_000]
    posts = [Post(f"asyncio {n}", whole("asyncio"), age=timedelta(days=n)) for n in ages]
    await planet.add_feeds([site.add("/feed", rss(posts))])

    hits = (await planet.search_entries(SearchRequest("asyncio"))).result.hits
    precise = (await planet.search_entries(SearchRequest("asyncio 6000"))).result.hits

    assert [hit.title for hit in hits] == [f"asyncio {n}" for n in ages]
    assert precise[0].title == "asyncio 6000"


async def test_many_matches_are_counted_up_to_a_thousand_and_said_so(site: Site) -> None:
    posts = [
        Post(f"Post {n}", f"<p>common word{n}</p>", age=timedelta(hours=n)) for n in range(1_100)
    ]
    url = site.add("/feed", rss(posts))
    async with planet_of() as planet:
        await planet.add_feeds([url])
        answer = await planet.search_entries(SearchRequest("common"))
        newest = await planet.search_entries(SearchRequest("common", sort="newest", since="10d"))

    assert answer.result.total == newest.result.total + MOST_COUNTED - 240 == MOST_COUNTED
    assert answer.text.startswith("1000+ entries")
    assert newest.text.startswith("240 entries")


@pytest.mark.parametrize("ranked", [3, 20, 4_000])
@pytest.mark.parametrize("aside", [2, 10, 50_000])
async def test_a_period_holds_however_many_match(
    planet: Planet, site: Site, database: Path, ranked: int, aside: int
) -> None:
    posts = [
        Post(f"Post {n}", f"<p>common word{n}</p>", link=f"https://a.example/{n}", age=day(n))
        for n in range(30)
    ]
    # An old story and one of the period, told again at the other times.
    retold = [replace(posts[25], age=day(6)), replace(posts[7], age=day(20))]
    await planet.add_feeds([site.add("/a", rss(posts))])
    await planet.add_feeds([site.add("/b", rss(retold))])

    limits = SearchLimits(chosen=ranked, ranked=ranked, kept_aside=aside)
    store = Store(database, limits=Limits(search=limits))
    since, until = NOW - timedelta(days=10), NOW - timedelta(days=4)
    filters = Filters(store.entries.newest_id(), since=since, until=until)
    for query in map(compile_query, ("common", '"common"', "com*")):
        best = store.search.best(query, filters, shown=(), limit=50, now=NOW)
        newest = store.search.newest(query, filters, before=None, limit=50)
        assert best.total == newest.total == 6
        assert [hit.title for hit in newest.hits] == [f"Post {n}" for n in range(5, 11)]
        titles = {hit.title for hit in best.hits}
        assert titles <= {f"Post {n}" for n in range(5, 11)}
        assert len(titles) == 6 or ranked == 3
    store.close()


@pytest.mark.parametrize(("shortest", "others", "first"), [(1, 50, "gadget"), (300, 600, "praise")])
def test_a_word_in_very_many_titles_is_ranked_by_all_that_have_it(
    database: Path, shortest: int, others: int, first: str
) -> None:
    chance = Random(shortest)

    def text(size: int) -> str:
        return " ".join(f"w{chance.randrange(9_000)}" for _ in range(size))

    titled = [entry(f"gadget {n}", text(shortest + n)) for n in range(210)]
    praise = [entry(f"praise {n}", f"{'gadget ' * 9} {text(n)}") for n in range(3)]
    entries = [*titled, *praise, *(entry(f"note {n}", text(3)) for n in range(others))]
    chance.shuffle(entries)
    with closing(Store(database)) as store:
        fill(store, *entries)
        filters = Filters(store.entries.newest_id())
        # All of them are scored where there is another spelling, here one that nobody has.
        alone, beside = (
            store.search.best(compile_query(query), filters, shown=(), limit=50, now=NOW)
            for query in ("gadget", "gadget OR zyzzyva")
        )

    assert alone.total == beside.total == 213
    assert [hit.title for hit in alone.hits] == [hit.title for hit in beside.hits]
    # In long texts a title says less than to be about nothing else.
    assert alone.hits[0].title.startswith(first)


def day(count: int) -> timedelta:
    return timedelta(days=count, hours=-1)


@given(st.text(max_size=200))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
async def test_no_text_is_an_error(corpus: Planet, typed: str) -> None:
    for sort in ("relevance", "newest"):
        assert (await corpus.search_entries(SearchRequest(typed, sort=sort))).result.total >= 0


@pytest.mark.parametrize(
    "typed", ["C++ " * 3_000, "\0", '"', "list[int]", "🐍", "NEAR(", "a" * 10_000]
)
async def test_odd_texts_are_no_errors(corpus: Planet, typed: str) -> None:
    assert (await corpus.search_entries(SearchRequest(typed))).result.total >= 0


def test_names_are_taken_apart_where_their_letters_change() -> None:
    assert humps("BaseTaskGroup") == ["base", "task", "group"]
    assert humps("HTTPServer") == ["http", "server"]
    assert humps("asyncio") == ["asyncio"]
    assert named_by_signs("C++, C#, F# and .NET; not #hash, c+++ or a + b") == [
        "cplusplus",
        "csharp",
        "fsharp",
        "dotnet",
    ]
    assert index_terms("a TaskGroup, TaskGroup and plain words") == "task group"


@given(st.text(max_size=300))
def test_any_text_has_terms(text: str) -> None:
    assert isinstance(index_terms(text), str)
