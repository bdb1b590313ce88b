"""A word is found however its readers write it: short or long, spelled out, inflected."""

from collections.abc import AsyncIterator

import pytest

from planet_mcp.planet import Planet
from planet_mcp.requests import SearchRequest
from tests.conftest import planet_of_posts
from tests.support.documents import Post

pytestmark = pytest.mark.anyio

POSTS = [
    Post("alpha", "<p>Gopher 3.11.0 alpha 4 has a new lexer.</p>"),
    Post("candidate", "<p>Gopher 3.12.0 release candidate 1 is out.</p>"),
    Post("rc", "<p>Gopher 3.13.0rc2 is out.</p>"),
    Post("final", "<p>Gopher 3.11.0 is out, with 4 alphabets.</p>"),
    Post("tags", "<p>For Python 3.14 nothing has to be set.</p>"),
    Post("forms", "<p>Forms of HTML5, forms of today.</p>"),
    Post("note", "<p>As NOTE 8 says.</p>"),
    *(Post(f"machines {n}", "<p>Machines and AI.</p>") for n in range(3)),
    Post("us", "<p>Let us go. Tell us, with us.</p>"),
    Post("de", "<p>Die Größe der Datenbankabfrage, mit neuen Zertifikaten.</p>", author="Jörg Öl"),
    Post("ascii", "<p>Gruesse aus Koeln.</p>"),
    Post("queue", "<p>A queue of values is true.</p>"),
    Post("el", "<p>Τρέχει κώδικας.</p>"),
    Post("ru", "<p>Ошибка в программе.</p>"),
    Post("ar", "<p>إدارة الذاكرة مهمة.</p>"),
    Post("he", "<p>הזיכרון מוגבל.</p>"),
    Post("bread", "<p>White bread rises. Pull and fold.</p>"),
    Post("cake", "<p>Brown sugar melts.</p>"),
]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """Let the fixtures of this module live as long as it."""
    return "asyncio"


@pytest.fixture(scope="module")
async def wordings(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Planet]:
    """A planet for tests that only read."""
    async with planet_of_posts(tmp_path_factory.mktemp("wordings"), POSTS) as planet:
        yield planet


async def found(planet: Planet, query: str, **more: str) -> tuple[list[str], str]:
    result = (await planet.search_entries(SearchRequest(query, **more))).result  # type: ignore[arg-type]
    return [hit.title for hit in result.hits], result.notice or ""


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        *(
            (typed, "alpha")
            for typed in ("3.11.0a4", "Gopher 3.11.0a4", "v3.11.0-alpha4", "3.11a4")
        ),
        *((typed, "candidate") for typed in ("3.12.0rc1", "gopher 3.12rc1", "3.12.0 rc1")),
        *((typed, "rc") for typed in ("3.13.0rc2", "3.13rc2", "Gopher 3.13.0 RC2", "3.13.0-rc.2")),
        *((typed, "tags") for typed in ("py314", "cp314", "python314")),
        *(
            (typed, "forms")
            for typed in ("HTML 5", "what is new about forms of HTML 5 for authors?")
        ),
        *((typed, "note") for typed in ("NOTE0008", "note-0008", "NOTE 8")),
        *((typed, "de") for typed in ("Groesse", "GROESSE", "größe", "grosse datenbankabfrage")),
        *((typed, "ascii") for typed in ("Grüße", "Köln", "koeln")),
        ("ذاكرة", "ar"),
        ("والذاكرة", "ar"),
        ("זיכרון", "he"),
        ("queue", "queue"),
    ],
)
async def test_a_word_is_found_as_others_write_it(wordings: Planet, typed: str, title: str) -> None:
    assert (await found(wordings, typed))[0][0] == title


async def test_capitals_mark_no_names_where_all_are_capitals(wordings: Planet) -> None:
    shouted, said = "WHAT ABOUT THE FORMS, PLEASE", "what about the forms, please"
    assert await found(wordings, shouted) == await found(wordings, said)
    assert set((await found(wordings, "BREAD OR SUGAR"))[0]) == {"bread", "cake"}
    # Of two words, either may be a name; beside small letters, capitals are one.
    assert "has all these words" in (await found(wordings, "THE FORMS"))[1]


async def test_points_in_capitals_are_left_out_unless_a_word_of_sentences_is_left(
    wordings: Planet,
) -> None:
    assert len((await found(wordings, "A.I."))[0]) == 3
    assert (await found(wordings, "U.S."))[0] == []
    assert (await found(wordings, "m.a.c.h.i.n.e.s"))[0] == []


@pytest.mark.parametrize("typed", ["3.11.0a5", "3.12.0rc2", "py27", "value", "HTML 6 lexer"])
async def test_another_version_and_another_word_are_not_the_same(
    wordings: Planet, typed: str
) -> None:
    titles, notice = await found(wordings, typed)

    assert not {"tags", "forms"} & set(titles)
    assert titles in ([], ["queue"]) or "No entry has all these words" in notice


@pytest.mark.parametrize(
    ("typed", "shown", "title"),
    [
        ("Datenbank", "Datenbank*", "de"),
        ("Datenbankabfragen", "Datenbankabfrage*", "de"),
        ("κώδικα;", "κώδικα*", "el"),
        ("ошибки", "ошибк*", "ru"),
        ("программы без ошибки", "программ*", "ru"),
    ],
)
async def test_what_no_entry_has_is_found_by_what_words_begin_with_and_that_is_said(
    wordings: Planet, typed: str, shown: str, title: str
) -> None:
    titles, notice = await found(wordings, typed)

    assert titles == [title]
    assert f"shown is what has words that begin so: {shown}." in notice


@pytest.mark.parametrize(
    "typed",
    [
        "xyzzy",
        "Dat",  # so short a word is in too many
        "datum",  # and a name is another one by its end
        '"Datenbank"',
        "Datenb4nk",
        "Datenbank bread",  # something was found
        "HTML",
    ],
)
async def test_no_other_words_are_shown_where_none_begin_so_or_something_was_found(
    wordings: Planet, typed: str
) -> None:
    titles, notice = await found(wordings, typed)

    assert "begin so" not in notice
    assert titles in ([], ["bread"], ["forms"])


async def test_filters_that_leave_nothing_are_no_reason_to_look_for_other_words(
    wordings: Planet,
) -> None:
    titles, notice = await found(wordings, "bread", until="2000")

    assert titles == []
    assert notice.startswith("Without until there is 1 entry")


@pytest.mark.parametrize(
    ("typed", "titles"),
    [
        ('"white bread" or "brown sugar"', {"bread", "cake"}),
        ('"white bread" oder "brown sugar"', {"bread", "cake"}),
        ('"white bread" | sugar', {"bread", "cake"}),
        ('"white bread" || "brown sugar"', {"bread", "cake"}),
        ("pull | fold", {"bread"}),
        ('title:"white bread"', {"bread"}),
    ],
)
async def test_either_of_two_phrases_will_do_where_that_is_said(
    wordings: Planet, typed: str, titles: set[str]
) -> None:
    shown, notice = await found(wordings, typed)

    assert set(shown) == titles
    assert "has all these words" not in notice


async def test_both_of_two_phrases_are_asked_for_where_nothing_says_either(
    wordings: Planet,
) -> None:
    for typed in ('"white bread" "brown sugar"', '"white bread" and "brown sugar"'):
        assert "has all these words" in (await found(wordings, typed))[1]
