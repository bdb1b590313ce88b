"""Which feed someone means: by id, URL, site or title (pure)."""

from collections.abc import Sequence
from difflib import SequenceMatcher

from planet_mcp.errors import ArgumentError
from planet_mcp.models import Feed
from planet_mcp.urls import canonical

NEAREST = 5


def find_feed(feeds: Sequence[Feed], wanted: int | str) -> Feed:
    """Find the one feed that an id, URL, site URL, title or unique part of these names.

    Raises:
        ArgumentError: None fits, or several do; the nearest ones are listed with their ids.
    """
    text = str(wanted).strip()
    by_id = [feed for feed in feeds if str(feed.id) == text]
    for fitting in (by_id, _same(feeds, text), _containing(feeds, text)):
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            raise ArgumentError(
                f"{len(fitting)} feeds fit {text[:100]!r}: {_listed(fitting[:NEAREST])}"
                f"{' and others' if len(fitting) > NEAREST else ''}. "
                "Give the feed id."
            )
    nearest = _nearest(feeds, text)
    hint = f"Nearest: {_listed(nearest)}." if nearest else "There are no feeds yet; add one first."
    raise ArgumentError(f"No feed fits {text[:100]!r}. {hint}")


def _same(feeds: Sequence[Feed], text: str) -> list[Feed]:
    key, folded = canonical(text), text.casefold()
    by_feed_url = [feed for feed in feeds if canonical(feed.url) == key]
    by_former = [feed for feed in feeds if key in {canonical(former.url) for former in feed.former}]
    return (
        by_feed_url
        or by_former
        or [
            feed
            for feed in feeds
            if feed.title.casefold() == folded
            or (feed.site_url and canonical(feed.site_url) == key)
        ]
    )


def _containing(feeds: Sequence[Feed], text: str) -> list[Feed]:
    folded = text.casefold()
    # A number is an id. The id of a feed that is gone must not find another one, whose URL has it.
    return [feed for feed in feeds if folded in _names(feed)] if folded.strip("0123456789") else []


def _names(feed: Feed) -> str:
    return f"{feed.title}\n{feed.url}\n{feed.site_url or ''}".casefold()


def _nearest(feeds: Sequence[Feed], text: str) -> list[Feed]:
    matcher = SequenceMatcher(b=text.casefold()[:100])

    def likeness(feed: Feed) -> float:
        matcher.set_seq1(feed.title.casefold()[:100])
        return matcher.ratio()

    return sorted(feeds, key=likeness, reverse=True)[:NEAREST]


def _listed(feeds: Sequence[Feed]) -> str:
    return "; ".join(f"{feed.title} (feed_id {feed.id})" for feed in feeds)
