"""What was meant comes first: plain questions, names with their signs, addresses, quoted titles."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from planet_mcp.planet import Planet
from planet_mcp.requests import SearchRequest
from planet_mcp.store import Filters, Limits, SearchLimits, Store, bare_words, compile_query
from tests.support.documents import NOW, Post, rss, whole
from tests.support.site import Site

pytestmark = pytest.mark.anyio

FILLER = " ".join(f"word{n}" for n in range(400))
POSTS = [
    Post("Slots in hangars", whole("A slot is a slot; hangar slots, slots and slots again.")),
    Post("Small objects", whole("With __slots__ an object keeps no dictionary.")),
    Post("A remark", whole("There is a part in F# as well.")),
    Post("F# for those who know F#", whole(f"F# infers types, F# pipes values. {FILLER}")),
    Post("NOTE 44", whole(f"This proposal is about brackets. {FILLER}")),
    Post("Version 5", whole("Brackets as in NOTE 44. Thanks to the authors of NOTE 44.")),
    Post("How a kettle boils", whole("The kettle heats water until it boils.")),
    Post(
        "Everything of the month",
        whole(f"Kettle drums. {FILLER} A boat. {FILLER} Water on tap, and egg boils. {FILLER}"),
    ),
    Post("The runner", whole("Start it with --dry-run to see what it would do.")),
    Post("Running in dry weather", whole("A dry run along the river; run, run, dry.")),
    Post("Find in files", whole("The find command walks folders.")),
    Post("We go on", whole("They go and go, and we go. Go home!")),
    Post("A language", whole("Servers in Go are small; I wrote one in Go.")),
    Post("Is open and is open", whole("The shop is open. It is open all day.")),
    Post("Doors", whole("A door has the attribute is_open, and no other.")),
    Post("Orders", whole("A command of ships and fleets: command, command.")),
    Post("Ropes", whole("Coloured ropes, normalised; of all analyses of ropes the criterion.")),
    Post("Letters", whole("All letters are written in UTF-8, as RFC 31 says.")),
    Post("Shelf 4.20.1", whole("Shelf 4.20.1 is a release of planks.")),
    Post("Wings", whole(f"The class WindTunnel of wings. {FILLER}")),
    Post("A tunnel", whole("Through the wind tunnel; wind in a tunnel, a wind tunnel.")),
    Post("Decks", whole("A deck with @in keeps a rail.")),
    Post("Rails of a deck", whole("In a deck a rail is in the deck, in the rail.")),
    Post("Trail of errors", whole("mast.copy_sails(): fix a crash where the jib has no 'sheet'.")),
    Post("Sails", whole("See mast.py for what is in the most recent call; call it last.")),
]


@pytest.fixture
async def corpus(planet: Planet, site: Site) -> Planet:
    posts = [
        replace(post, link=f"https://notes.example/{n}", guid=str(n))
        for n, post in enumerate(POSTS)
    ]
    await planet.add_feeds([site.add("/notes", rss(posts, title="Notes"))])
    other = Post("Elsewhere", whole("Something else."), link="https://else.example/x", guid="x")
    await planet.add_feeds([site.add("/else", rss([other], title="Other"))])
    return planet


async def titles(planet: Planet, query: str, **more: Any) -> list[str]:
    hits = (await planet.search_entries(SearchRequest(query, **more))).result.hits
    return [hit.title for hit in hits]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("__slots__", "Small objects"),
        ("what does __slots__ do?", "Small objects"),
        ("F#", "F# for those who know F#"),
        ("has anyone written about F# lately?", "F# for those who know F#"),
        ("NOTE 44", "NOTE 44"),
        ("please tell me about NOTE 44", "NOTE 44"),
        ("--dry-run", "The runner"),
        ("what is --dry-run for", "The runner"),
        ("how does a kettle boil water?", "How a kettle boils"),
        ("kettle's water", "How a kettle boils"),
        ("find command", "Find in files"),
        ("Go", "A language"),
        ("is_open", "Doors"),
        ("has anybody mentioned is_open", "Doors"),
        ("is open", "Is open and is open"),
        ("is there something about Go?", "A language"),
        ("go", "We go on"),
        ("https://notes.example/6", "How a kettle boils"),
        ("notes.example/6/", "How a kettle boils"),
        ("else.example", "Elsewhere"),
        ('who wrote "How a kettle boils" and why?', "How a kettle boils"),
        ("who wrote “How the kettle boils water” and why?", "How a kettle boils"),
        ("[this](https://notes.example/6)", "How a kettle boils"),
        ("<https://notes.example/6?utm_source=mail>", "How a kettle boils"),
        ("https://www.example.net/old/note-0044.html", "NOTE 44"),
        ("coloring", "Ropes"),
        ("criteria for normalization", "Ropes"),
        ("analysis", "Ropes"),
        ("utf8", "Letters"),
        ("RFC31", "Letters"),
        ("RFC-0031", "Letters"),
        ("what is rfc 0031 about?", "Letters"),
        ("shelf v4.20.1", "Shelf 4.20.1"),
        ("WindTunnel", "Wings"),
        ("wind tunnel", "A tunnel"),
        ("@in deck", "Decks"),
        ("wie kocht man mit dem kettle?", "How a kettle boils"),
        ("qu'est-ce que l'hangar ?", "Slots in hangars"),
        ("para qué sirve --dry-run", "The runner"),
        (
            'Trace (most recent call last):\n  File "mast.py"\n copy_sails\nno sheet',
            "Trail of errors",
        ),
    ],
)
async def test_what_was_meant_comes_first(corpus: Planet, query: str, first: str) -> None:
    assert (await titles(corpus, query))[0] == first


@pytest.fixture
async def entitled(planet: Planet, site: Site) -> Planet:
    posts = [
        Post("Lanterns", whole(f"Of glass and of paper. {FILLER}")),
        Post("How to light it at night", whole(f"With a match. {FILLER}")),
        *(Post(f"Lanterns, lanterns and {n} lanterns", whole("Lanterns!")) for n in range(30)),
        *(Post(f"{n} ways to light it at night", whole("It is to light it.")) for n in range(9)),
        Post("NOTE 7: On the shape of lamps", whole(f"What the note says of shapes. {FILLER}")),
        Post("Lamps for NOTE 7", whole("NOTE 7 as in NOTE 7. See NOTE 7, of NOTE 7.")),
        Post("NOTE 7.1: More of NOTE 7", whole("NOTE 7, NOTE 7, NOTE 7 and NOTE 7.")),
    ]
    dated = [replace(each, age=timedelta(days=n)) for n, each in enumerate(posts[::-1])]
    await planet.add_feeds([site.add("/lamps", rss(dated, title="Lamps"))])
    return planet


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("lanterns", "Lanterns"),
        ("What is there about Lanterns?", "Lanterns"),
        ("how to light it at night", "How to light it at night"),
        ("have you anything on How To Light It At Night?", "How to light it at night"),
        ("note7", "NOTE 7: On the shape of lamps"),
        ("NOTE-0007", "NOTE 7: On the shape of lamps"),
        ("what changed with NOTE 7?", "NOTE 7: On the shape of lamps"),
        ("nadie sabe where How to light it at night stands, quizás?", "How to light it at night"),
        # A part of a title, a title of a word among others, and a longer number say less.
        ("light it at night with 5 ways", "5 ways to light it at night"),
        ("which shapes have lanterns and lamps", "NOTE 7: On the shape of lamps"),
        ("note 7.1", "NOTE 7.1: More of NOTE 7"),
    ],
)
async def test_a_whole_title_or_a_name_that_begins_one_comes_first(
    entitled: Planet, asked: str, first: str
) -> None:
    assert (await titles(entitled, asked))[0] == first


async def test_filters_apply_to_a_whole_title_too(entitled: Planet, site: Site) -> None:
    other = Post("Lanterns", whole("Other ones."), author="Ada Holm")
    await entitled.add_feeds([site.add("/more", rss([other], title="More"))])

    assert await titles(entitled, "lanterns", author="Ada Holm") == ["Lanterns"]
    assert (await titles(entitled, "lanterns", feed="Lamps"))[0] == "Lanterns"
    assert "Lanterns" not in await titles(entitled, "lanterns -glass -ones", limit=50)


async def test_a_domain_finds_what_is_below_it_and_no_domain_that_ends_alike(
    planet: Planet, site: Site
) -> None:
    links = {
        "Front": "https://shop.example",
        "Own": "https://shop.example/1",
        "Www": "https://www.shop.example/2",
        "Blog": "http://blog.shop.example/3",
        "Deep": "https://a.blog.shop.example/4",
        "Hyphen": "https://my-shop.example/6",
        "Other": "https://notshop.example/7",
        "Longer": "https://shop.example.net/8",
        "Path": "https://archive.example/shop.example/9",
    }
    posts = [
        Post(title, f"<p>{FILLER.replace('word', title)}</p>", link=link)
        for title, link in links.items()
    ]
    await planet.add_feeds([site.add("/links", rss(posts, title="Links"))])
    unlinked = [Post("Unlinked", whole("Cups."), link="https://elsewhere.example/cups")]
    feed = rss(unlinked, title="Cups").replace("blog.example.org", "cups.shop.example")
    await planet.add_feeds([site.add("/cups", feed)])

    for asked in (
        "shop.example",
        "www.shop.example",
        "https://shop.example/",
        "what's on shop.example?",
    ):
        found = await titles(planet, asked, limit=50)
        assert {*found[:6]} == {"Front", "Own", "Www", "Blog", "Deep", "Unlinked"}
    assert {*(await titles(planet, "blog.shop.example"))[:2]} == {"Blog", "Deep"}


@pytest.mark.parametrize(
    ("asked", "bare"),
    [
        ("Is there anything new about the kettle?", "kettle"),
        ("I'd like to read more on brackets, please", "brackets"),
        ("what's F# about", "F#"),
        ("explain how the hangar works", "hangar"),
    ],
)
async def test_words_of_asking_are_not_the_topic(corpus: Planet, asked: str, bare: str) -> None:
    assert await titles(corpus, asked) == await titles(corpus, bare)


@pytest.mark.parametrize(
    ("asked", "topics"),
    [
        ("Was ist der Kessel?", ["Kessel"]),
        ("¿Para qué sirve una tetera?", ["tetera"]),
        ("para que sirve una tetera", ["tetera"]),
        ("C'est quoi une bouilloire ?", ["bouilloire"]),
        ("à quoi ça sert la bouilloire", ["bouilloire"]),
        ("cos'è un bollitore e come funziona?", ["bollitore"]),
        ("hoe werkt een waterkoker", ["waterkoker"]),
        ("o que é uma chaleira?", ["chaleira"]),
        ("Jak działa czajnik?", ["czajnik"]),
        ("что такое чайник и зачем он", ["чайник"]),
        ("Hello! Could you help me find the post about kettles? Thanks a lot", ["kettles"]),
        ("Hallo zusammen, könntest du mir was zu Kesseln zeigen? Vielen Dank!", ["Kesseln"]),
        ("Bonjour, pourriez-vous me trouver un billet sur l'eau ? Merci d'avance", ["l'eau"]),
        ("Olá, você poderia me mostrar posts sobre chaleiras? Obrigado!", ["chaleiras"]),
        ("Здравствуйте, подскажите, где почитать про чайники?", ["чайники"]),
        # Whatever else the question has before its topic.
        ("potreste gentilissimi indicarmi qualche articolo su kettle", ["gentilissimi", "kettle"]),
        ("kettle 3.13の新機能", ["kettle", "3.13", "の新機能"]),
        ("kettle 1.64에서", ["kettle", "1.64", "에서"]),
        # A greeting that is the topic, or all there is; thanks that are.
        ("hello world in a kettle", ["hello", "world", "kettle"]),
        ("Hello, World! in a kettle", ["Hello", "World", "kettle"]),
        ("Good morning", ["Good", "morning"]),
        ("design of a thank you page", ["design", "thank", "page"]),
        # Topics in English, and in other languages too.
        ("die hard", ["die", "hard"]),
        ("how did the war of the roses end", ["war", "roses", "end"]),
        ("was there a son in the car", ["son", "car"]),
        ("jak działa GC w Go", ["GC", "Go"]),
        ("the chateau de la reine, is it old", ["chateau", "de", "la", "reine", "old"]),
    ],
)
def test_words_of_asking_are_those_of_the_language_of_the_question(
    asked: str, topics: list[str]
) -> None:
    assert [topic.plain for topic in compile_query(asked).topics] == topics


async def test_neighbours_of_a_question_count_side_by_side(planet: Planet, site: Site) -> None:
    apart = whole(f"a green lamp, {FILLER} an old door, {FILLER} the house of stone")
    beside = whole(f"a green door, {FILLER} an old lamp, {FILLER} the house of stone")
    await planet.add_feeds([site.add("/f", rss([Post("Beside", beside), Post("Apart", apart)]))])

    asked = "who painted the green door of an old house in spring"
    assert (await titles(planet, asked))[0] == "Beside"


def test_words_of_asking_stay_where_they_are_all_or_quoted() -> None:
    def topics(typed: str) -> list[str]:
        return [topic.spellings[0] for topic in compile_query(typed).topics]

    assert topics("what is it about?") == ['"what"', '"is"', '"it"', '"about"']
    assert topics("latest news") == ['"latest"', '"news"']
    assert topics('about "the who"') == ['"the who"']
    assert topics("full text search in files") == ['"full"', '"text"', '"search"', '"files"']
    assert topics("what does WHO say?") == ['"WHO"']
    assert topics("don't panic, it's the cat's") == ['"panic"', '"cat"']


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("kettle.", "kettle"),
        ("…kettle!", "kettle"),
        ("\uff08kettle\uff09\uff1f", "kettle"),
        ("🫖kettle🫖️", "kettle"),
        ("#kettle", "kettle"),
        ("¿kettle?", "kettle"),
        ("`kettle`", "kettle"),
        ("#42", "#42"),
        (".env", ".env"),
        ("(--dry-run),", "--dry-run"),
        ("@cache:", "@cache"),
        ("`__slots__`.", "__slots__"),
        ("C++?", "C++"),
        ("(F#)", "F#"),
        ("हिन्दी।", "हिन्दी"),
    ],
)
def test_signs_around_a_word_are_no_part_of_it(typed: str, word: str) -> None:
    assert [term for term, _ in bare_words(f"about {typed}")] == ["about", word]


@pytest.mark.parametrize(
    ("typed", "is_option"),
    [("-Wl,-rpath", True), ("-DNAME=1 sail", True), ("sail -mast", False), ("sail -a,b", False)],
)
def test_an_option_is_no_word_to_leave_out(typed: str, is_option: bool) -> None:
    assert (compile_query(typed).exclude is None) == is_option


def test_what_a_question_repeats_counts_and_what_is_too_much_is_counted() -> None:
    query = compile_query("cache the cache of caches: cache")
    long = compile_query(" ".join(f"word{n}" for n in range(60)))

    assert [topic.times for topic in query.topics] == [3, 1]
    assert (len(long.topics), long.left_out) == (48, 12)


async def test_words_past_the_limit_are_said(corpus: Planet) -> None:
    result = (await corpus.search_entries(SearchRequest("kettle " + "x1 y2 z3 " * 20))).result

    assert "only its first 48" in (result.notice or "")


def test_prefixes_are_few_and_have_three_letters() -> None:
    query = compile_query("a* ab* " + " ".join(f"abc{n}*" for n in range(8)))

    prefixes = [topic for topic in query.topics if topic.expression.endswith("*")]
    assert len(prefixes) == 4
    assert query.topics[0].expression == '"ab"'


async def test_words_side_by_side_come_before_words_apart(planet: Planet, site: Site) -> None:
    posts = [
        Post("One", whole(f"cold and damp, {FILLER} brew of tea")),
        Post("Two", whole(f"some say {FILLER} cold brew is best")),
    ]
    await planet.add_feeds([site.add("/feed", rss(posts))])

    assert await titles(planet, "cold brew") == ["Two", "One"]


# ------------------------------------------------------------------------------ many matches
def ages(posts: list[Post]) -> list[Post]:
    return [
        replace(post, link=f"https://many.example/{n}", guid=str(n), age=timedelta(days=n))
        for n, post in enumerate(posts)
    ]


async def found_in_all_ways(database: Path, typed: str, **filters: Any) -> list[set[str]]:
    """Search by relevance and by time, each within its bounds and beyond them."""
    found = []
    for most in (1, 4_000):
        limits = SearchLimits(chosen=most, ranked=50, kept_aside=50)
        store = Store(database, limits=Limits(search=limits))
        query = compile_query(typed)
        given = Filters(store.entries.newest_id(), exclude=query.exclude, **filters)
        best = store.search.best(query, given, shown=(), limit=50, now=NOW)
        newest = store.search.newest(query, given, before=None, limit=50)
        found += [{hit.title for hit in best.hits}, {hit.title for hit in newest.hits}]
        store.close()
    return found


async def test_a_story_is_found_by_any_of_its_entries_and_hidden_by_the_one_that_is_shown(
    planet: Planet, site: Site, database: Path
) -> None:
    text = " ".join(f"ship{n}" for n in range(60))
    filler = [Post(f"Post {n}", f"<p>lighthouse number{n}</p>") for n in range(6)]
    first = Post("Harbour", f"<p>{text}</p>", link="https://h.example/1", guid="h")
    await planet.add_feeds([site.add("/a", rss([*ages(filler), first], title="A"))])
    # The fuller one is shown.
    more = " ".join(f"mast{n}" for n in range(30))
    second = replace(first, html=f"<p>{text} lighthouse tower {more}</p>")
    await planet.add_feeds([site.add("/b", rss([second], title="B"))])

    assert all("Harbour" in found for found in await found_in_all_ways(database, "lighthouse"))
    hidden = await found_in_all_ways(database, "lighthouse -tower")
    shown = await found_in_all_ways(database, "ship3 -number1")
    assert hidden == [{f"Post {n}" for n in range(6)}] * 4
    assert shown == [{"Harbour"}] * 4


async def test_a_frequent_word_is_ranked_within_a_period_a_feed_and_a_group(
    planet: Planet, site: Site
) -> None:
    plain = [Post(f"Post {n}", f"<p>rain on day{n}</p>") for n in range(12)]
    plain[9] = Post("Rain and rain", "<p>rain, rain and more rain</p>")
    url = site.add("/a", rss(ages(plain), title="Weather"))
    await planet.add_feeds([url], group="Sky")

    for narrowed in ({"since": "30d"}, {"feed": ["Weather"]}, {"group": "Sky"}):
        assert (await titles(planet, "rain", **narrowed))[0] == "Rain and rain"


async def test_the_one_entry_with_a_name_is_found_beside_frequent_words(
    database: Path, planet: Planet, site: Site
) -> None:
    posts = [Post(f"Release {n}", f"<p>fixed release{n}, fixed it</p>") for n in range(9)]
    posts[4] = Post("Maintenance", f"<p>ADV-2031-77 was fixed here. {FILLER}</p>")
    await planet.add_feeds([site.add("/a", rss(ages(posts)))])
    store = Store(database, limits=Limits(search=SearchLimits(chosen=2)))

    found = store.search.best(
        compile_query("which release fixed ADV-2031-77?"),
        Filters(store.entries.newest_id()),
        shown=(),
        limit=5,
        now=NOW,
    )
    store.close()

    assert found.hits[0].title == "Maintenance"
