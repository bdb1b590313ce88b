"""Whether an entry and those that are like it in something are one post, or one story."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum

from planet_mcp.text import (
    SIGNED_WORDS,
    are_clearly_different,
    are_filled_in,
    are_numbered_apart,
    are_of_one_form,
    has_few_words_of,
    has_title_within,
    has_words_of,
    is_beginning,
    is_corrected,
    is_respelled,
    likeness_of,
    names_another,
    share_held,
)

# Less than a week, as weekly issues have one title, and may come half a day early.
SAME_TITLE_WITHIN = timedelta(days=6, hours=12)
# How far apart copies of one post are; less than a day, as a daily issue may come hours early.
ONE_DAY = timedelta(hours=18)
ALIKE_WITHIN = timedelta(days=60)
# What is the same word for word is the same story however far apart.
ALIKE, EQUAL = 0.92, 0.97
# Under one title the other may be cut, or have an introduction of its own.
HELD, HELD_LATER = 0.7, 0.9
# An entry of so few words is a title without a text.
EMPTY_WORDS = 5
# Two entries about one page that both have so many words are two texts, and no excerpts of it;
# under two titles, or by two authors, so few are.
OPINION_WORDS, OWN_WORDS = 100, 8
# A line of so many words that begins the text of its day under its title is that one's teaser.
TEASER_WORDS = 12


class Match(IntEnum):
    """Why two entries are duplicates, the surest last."""

    NONE = 0
    TEXT = 1
    TITLE = 2
    ADDRESS = 3
    # The next three are between entries of one feed, which rarely has a post twice.
    COUNTERPART = 4
    CORRECTED = 5
    ONE_ADDRESS = 6


REASONS = {
    Match.TEXT: "in two feeds: nearly the same text",
    Match.TITLE: "in two feeds: one title, and one has the text of the other",
    Match.ADDRESS: "in two feeds: one address",
    Match.COUNTERPART: "in one feed: a title without text, and a text that begins with it",
    Match.CORRECTED: "in one feed: nearly the same long text under one title",
    Match.ONE_ADDRESS: "in one feed: one address, with the same text or with none",
}


@dataclass(frozen=True, slots=True)
class ComparedEntry:
    """A stored entry as far as it is compared with others.

    `ordered_at` and `published`, which is what the feed claims, are in seconds since 1970.
    """

    id: int
    feed_id: int
    ordered_at: int
    published: int | None
    canonical_url: str | None
    words: int
    title_derived: bool
    title_key: int | None
    minhash_a: int | None
    minhash_b: int | None
    url: str | None
    title: str
    authors: str

    def is_near(self, other: "ComparedEntry", period: timedelta) -> bool:
        """Return whether less than a period lies between the two."""
        return abs(self.ordered_at - other.ordered_at) < period.total_seconds()

    def has_address_of(self, other: "ComparedEntry") -> bool:
        """Return whether both are at one address, but for the fragment."""
        return self.canonical_url is not None and self.canonical_url == other.canonical_url

    def is_at_anchor_of(self, other: "ComparedEntry") -> bool:
        """Return whether the fragments of two addresses do not name two places of one page."""
        mine, its = ((each.url or "").partition("#")[2] for each in (self, other))
        return not mine or not its or mine == its

    def has_title_of(self, other: "ComparedEntry") -> bool:
        """Return whether both have one title, however it is spelled."""
        return self.title_key is not None and self.title_key == other.title_key

    def may_have_title_of(self, other: "ComparedEntry") -> bool:
        """Return whether two titles are one, but for typing errors, or one was made of the text."""
        return (
            self.has_title_of(other)
            or bool(self.title_derived or other.title_derived)
            or (is_respelled(self.title, other.title))
        )

    def has_other_authors_than(self, other: "ComparedEntry") -> bool:
        """Return whether two are by different people, as a question and its answer."""
        return bool(self.authors and other.authors) and self.authors != other.authors

    def may_have_text_of(self, other: "ComparedEntry") -> bool:
        """Return whether the signatures of the texts have a number in common."""
        return self.minhash_a is not None and (
            self.minhash_a == other.minhash_a or self.minhash_b == other.minhash_b
        )


class Comparison:
    """One new entry beside those that are like it in something.

    `read` returns the text of an entry; it is called where texts decide.
    """

    def __init__(
        self,
        new: ComparedEntry,
        others: Sequence[ComparedEntry],
        read: Callable[[ComparedEntry], str],
    ) -> None:
        self._new = new
        self._others = others
        self._read = read
        self._text = read(new) if others else ""

    def matches(self) -> list[tuple[Match, ComparedEntry]]:
        """Return the duplicates of the entry, and how sure each is."""
        shared = self._is_address_shared()
        found = ((self._compared(other, shared=shared), other) for other in self._others)
        return [(match, other) for match, other in found if match]

    def _is_address_shared(self) -> bool:
        """Return whether a feed has several posts at the entry's address, as a list of changes."""
        titles: defaultdict[int, set[int | None]] = defaultdict(set)
        for each in (self._new, *self._others):
            if self._new.has_address_of(each):
                titles[each.feed_id].add(each.title_key)
        return any(len(found) > 1 for found in titles.values())

    def _compared(self, other: ComparedEntry, *, shared: bool) -> Match:
        new = self._new
        if new.feed_id == other.feed_id:
            return self._of_one_feed(other)
        if new.has_address_of(other) and new.has_title_of(other):
            return Match.ADDRESS if self._may_be_one(other) else Match.NONE
        if new.has_address_of(other) and not shared and new.is_at_anchor_of(other):
            apart = are_numbered_apart(new.title, other.title)
            return Match.NONE if apart or not self._may_be_one(other) else Match.ADDRESS
        return self._copied(other)

    def _may_be_one(self, other: ComparedEntry) -> bool:
        """Refuse two texts without anything in common: what two say of one page in own words."""
        new, shortest = self._new, min(self._new.words, other.words)
        derived = new.title_derived or other.title_derived
        titled = not derived and has_title_within(new.title, other.title)
        is_excerpt = titled and not new.has_other_authors_than(other)
        if shortest < (OPINION_WORDS if is_excerpt else OWN_WORDS):
            return True
        text = self._read(other)
        if shortest < SIGNED_WORDS:
            return not has_few_words_of(self._text, text)
        return not are_clearly_different(self._text, text)

    def _of_one_feed(self, other: ComparedEntry) -> Match:
        """Compare with an entry of the same feed, which may repeat titles, addresses and texts.

        A missed duplicate costs the reader a line, a false one the news: titles count for nothing.
        """
        new = self._new
        if not new.may_have_title_of(other) or are_numbered_apart(new.title, other.title):
            return Match.NONE
        if new.has_other_authors_than(other) and not has_words_of(self._text, self._read(other)):
            return Match.NONE
        if new.has_address_of(other) and new.is_at_anchor_of(other):
            return Match.ONE_ADDRESS if self._has_text_of(other) else Match.NONE
        return Match.CORRECTED if self._is_corrected(other) else Match.NONE

    def _has_text_of(self, other: ComparedEntry) -> bool:
        """Compare the texts of two entries at one address."""
        new, text = self._new, self._read(other)
        shortest = min(new.words, other.words)
        if shortest >= SIGNED_WORDS:
            return is_corrected(self._text, text) or is_beginning(self._text, text)
        if shortest <= EMPTY_WORDS < max(new.words, other.words):
            # A text has at most one copy that is only a title.
            return new.is_near(other, ONE_DAY) and not self._is_address_crowded()
        # An alarm that says the same in a few words rings again.
        return new.published == other.published and has_words_of(self._text, text)

    def _is_address_crowded(self) -> bool:
        """Return whether the feed has more than the two entries at the new one's address."""
        new = self._new
        return (
            sum(new.has_address_of(other) for other in self._others if other.feed_id == new.feed_id)
            > 1
        )

    def _is_corrected(self, other: ComparedEntry) -> bool:
        """Compare the long texts of two entries at two addresses: one may be published anew.

        What comes a third time under its title is what the feed says every day.
        """
        new = self._new
        if (
            min(new.words, other.words) < SIGNED_WORDS
            or new.title_derived
            or other.title_derived
            or not new.is_near(other, SAME_TITLE_WITHIN)
            or self._is_title_of_series()
        ):
            return False
        if new.canonical_url is None and new.published != other.published:
            return False
        return is_corrected(self._text, self._read(other))

    def _is_title_of_series(self) -> bool:
        """Return whether the feed has had the new entry's title on several days already."""
        new = self._new
        return (
            sum(
                new.has_title_of(other) and not new.is_near(other, ONE_DAY)
                for other in self._others
                if other.feed_id == new.feed_id
            )
            > 1
        )

    def _copied(self, other: ComparedEntry) -> Match:
        """Compare with an entry of another feed: whether one has the text of the other."""
        new, near = self._new, self._new.is_near(other, ALIKE_WITHIN)
        derived = new.title_derived or other.title_derived
        if new.has_title_of(other) and not derived:
            return Match.TITLE if self._holds(other, near=near) else Match.NONE
        if not new.may_have_text_of(other) or are_numbered_apart(new.title, other.title):
            return Match.NONE
        text = self._read(other)
        alike = likeness_of(self._text, text)
        if alike < (ALIKE if near else EQUAL):
            return Match.NONE
        if are_of_one_form(new.title, other.title) and new.published != other.published:
            return Match.NONE
        # A form that was filled in for two occasions: each title has a word that the other entry
        # has nowhere.
        apart = (
            alike < 1
            and names_another(new.title, other.title, text)
            and names_another(other.title, new.title, self._text)
        )
        return Match.NONE if apart else Match.TEXT

    def _holds(self, other: ComparedEntry, *, near: bool) -> bool:
        """Return whether one of two texts under one title has the other, and is no form of it."""
        new, text = self._new, self._read(other)
        of_one_day, shortest = new.is_near(other, ONE_DAY), min(new.words, other.words)
        if of_one_day and TEASER_WORDS <= shortest < SIGNED_WORDS:
            return is_beginning(self._text, text)
        if share_held(self._text, text) < (HELD if near else HELD_LATER):
            return False
        return not are_filled_in(self._text, text, numbers=not of_one_day)
