"""What a document that lists feeds brings, gathered feed by feed (pure)."""

from planet_mcp.models import NotTaken, Subscription, SubscriptionList
from planet_mcp.text import label
from planet_mcp.urls import shown

# What is named of those that are not taken; all are counted.
MAX_NAMED = 200
_LONGEST_NAME = 100
_NAMED_BY_ERRORS = 5


class Listing:
    """Gathers the feeds of a document, each address once, and what is none, with the reason."""

    def __init__(self) -> None:
        self.subscriptions: dict[str, Subscription] = {}
        self.reading_lists: list[str] = []
        self.not_taken: list[NotTaken] = []
        self._not_taken_total = 0
        self._repeated = 0

    def take(self, subscription: Subscription) -> None:
        """Take a feed; its first title and folder count."""
        if subscription.url in self.subscriptions:
            self._repeated += 1
        self.subscriptions.setdefault(subscription.url, subscription)

    def pass_over(self, name: str | None, reason: str, url: str | None = None) -> None:
        """Note what is not taken, and why."""
        self._not_taken_total += 1
        if len(self.not_taken) < MAX_NAMED:
            address = label(shown(url)) if url else None
            called = (name or address or "without a name")[:_LONGEST_NAME]
            self.not_taken.append(NotTaken(called, reason, address))

    def as_list(self, warning: str | None) -> SubscriptionList:
        """Return what was gathered."""
        return SubscriptionList(
            tuple(self.subscriptions.values()),
            tuple(self.reading_lists),
            not_taken=tuple(self.not_taken),
            not_taken_total=self._not_taken_total,
            repeated=self._repeated,
            warning=warning,
        )

    def instead_of_feeds(self) -> str:
        """Return what an error says after that there are no feeds: what there is instead."""
        few = [f"{item.name} ({item.reason})" for item in self.not_taken[:_NAMED_BY_ERRORS]]
        if self._not_taken_total > len(few):
            few.append(f"and {self._not_taken_total - len(few)} more")
        found = f" Not taken: {'; '.join(few)}." if few else ""
        lists = ", ".join(map(shown, self.reading_lists[:_NAMED_BY_ERRORS]))
        return f"{found} It only names lists of feeds: {lists}." if lists else found
