"""Snippets: the right part, marked, within their size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planet_mcp.text.snippets import SNIPPET_CHARS, beginning, snippet

FILLER = "Nothing of interest here at all. " * 30


def test_a_short_text_is_shown_whole_with_its_match_marked() -> None:
    assert snippet("TaskGroup ends all tasks.", ["taskgroup"]) == "**TaskGroup** ends all tasks."


def test_the_sentence_with_most_of_the_words_is_chosen() -> None:
    text = f"Startup is a word. {FILLER}Python has a slow startup. {FILLER}"
    found = snippet(text, ["python", "startup"])
    assert found.startswith("…**Python** has a slow **startup**. Nothing")
    assert found.endswith("…")


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("running", "He **runs** far".replace("runs", "running")),
        ("packages", "On **packaging** it"),
        ("release", "Two **releases** a year"),
        ("tests", "A **test** of it"),
        ("f", "An **f**-string"),
    ],
)
def test_other_forms_of_a_word_are_marked_too(word: str, text: str) -> None:
    assert snippet(text.replace("**", ""), [word]) == text


def test_a_word_that_stands_late_is_looked_for_too() -> None:
    text = f"Part one. {FILLER * 4}Part seven hundred. {FILLER}"
    assert "**seven**" in snippet(text, ["part", "seven"])


def test_a_word_inside_another_is_no_match() -> None:
    assert snippet("The sparrow flew.", ["row"]) == ""
    assert snippet("Anything", []) == ""


def test_a_long_beginning_ends_with_a_word() -> None:
    found = beginning(FILLER)
    assert len(found) <= SNIPPET_CHARS
    assert found.endswith("here…") or found[:-1].split()[-1] in FILLER.split()


@given(
    text=st.text(alphabet=st.sampled_from("ab. \nc**é"), max_size=900),
    words=st.lists(st.text(alphabet="abcé", min_size=1, max_size=4), max_size=4),
)
def test_a_snippet_never_grows_over_its_size(text: str, words: list[str]) -> None:
    found = snippet(text, words)
    assert len(found) <= SNIPPET_CHARS
    assert "\n" not in found
    assert len(beginning(text)) <= SNIPPET_CHARS
