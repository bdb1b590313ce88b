"""What a document that lists feeds brings, gathered feed by feed (pure)."""

import re
from collections.abc import Sequence
from dataclasses import replace

from planet_mcp.models import NotTaken, Subscription, SubscriptionList
from planet_mcp.text import label
from planet_mcp.urls import shown

# How many of those that are not taken are named; all are counted.
MAX_NAMED = 200
_LONGEST_NAME = 100
_NAMED_IN_TEXTS = 5
_SCHEME = re.compile(r"\W*[a-z][a-z0-9+.-]*:(?!\d)", re.IGNORECASE)


class Listing:
    """Gathers the feeds of a document, each address once, and what is not taken, with reasons."""

    def __init__(self) -> None:
        self.subscriptions: dict[str, Subscription] = {}
        self.reading_lists: list[str] = []
        self.not_taken: list[NotTaken] = []
        self._not_taken_total = 0
        self._repeated = 0
        self._guessed: list[str] = []

    def take(self, subscription: Subscription, written: str) -> None:
        """Take a feed, whose address was `written` so; a repeated one only adds a missing group."""
        if not _SCHEME.match(written):
            self._guessed.append(shown(written))
        known = self.subscriptions.setdefault(subscription.url, subscription)
        if known is subscription:
            return
        self._repeated += 1
        if not known.group:
            self.subscriptions[known.url] = replace(known, group=subscription.group)

    def pass_over(self, name: str | None, reason: str, url: str | None = None) -> None:
        """Note what is not taken, and why."""
        self._not_taken_total += 1
        if len(self.not_taken) < MAX_NAMED:
            address = label(shown(url)) if url else None
            called = (name or address or "without a name")[:_LONGEST_NAME]
            self.not_taken.append(NotTaken(called, reason, address))

    def as_list(self, *problems: str | None) -> SubscriptionList:
        """Return what was gathered, with a warning about these problems of the document."""
        guessed = self._guessed
        read_as = f"addresses without a scheme are read as https: {_few(guessed)}"
        said = filter(None, (*problems, read_as if guessed else None))
        return SubscriptionList(
            tuple(self.subscriptions.values()),
            tuple(self.reading_lists),
            not_taken=tuple(self.not_taken),
            not_taken_total=self._not_taken_total,
            repeated=self._repeated,
            warning="; ".join(said) or None,
        )

    def instead_of_feeds(self) -> str:
        """Return the end of an error that there are no feeds: what there is instead."""
        named = [f"{item.name} ({item.reason})" for item in self.not_taken]
        unnamed = self._not_taken_total - len(named)
        found = f" Not taken: {_few(named, unnamed)}." if named else ""
        lists = [shown(each) for each in self.reading_lists]
        return f"{found} It only names lists of feeds: {_few(lists)}." if lists else found


def _few(names: Sequence[str], unnamed: int = 0) -> str:
    more = len(names[_NAMED_IN_TEXTS:]) + unnamed
    return ", ".join(names[:_NAMED_IN_TEXTS]) + (f" and {more} more" if more else "")
