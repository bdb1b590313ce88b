"""The texts of an entry that get a vector each: title and beginning, then more of a long text."""

from dataclasses import dataclass

MOST_PARTS = 4
# About as much as the 128 tokens that a model reads, with a title before it.
PART_CHARACTERS = 480
_WORD_CHARACTERS = 60
MOST_CHARACTERS = MOST_PARTS * (PART_CHARACTERS + _WORD_CHARACTERS)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an entry: where in its text it begins, and what a model reads of it."""

    begin: int
    text: str


def parts_of(title: str, text: str) -> list[Part]:
    """Return the parts of an entry, the beginning first, each under its title."""
    begins = [0]
    while len(begins) < MOST_PARTS and begins[-1] + PART_CHARACTERS < len(text):
        begins.append(_word_end(text, begins[-1] + PART_CHARACTERS))
    return [Part(at, f"{title}\n{text[at : at + PART_CHARACTERS]}".strip()) for at in begins]


def _word_end(text: str, at: int) -> int:
    """Return where the next word begins, unless that is far: some scripts know no spaces."""
    space = text.find(" ", at, at + _WORD_CHARACTERS)
    return at if space < 0 else space + 1
