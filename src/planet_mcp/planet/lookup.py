"""Which feeds someone means: by id, URL, site, title or group (pure)."""

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher, get_close_matches

from planet_mcp.errors import ArgumentError
from planet_mcp.models import Feed
from planet_mcp.planet.markdown import named
from planet_mcp.urls import canonical

NEAREST = 5


def find_feeds(
    feeds: Sequence[Feed], wanted: int | str | Sequence[int | str] | None, group: str | None
) -> tuple[int, ...] | None:
    """Find the ids of the feeds that are named, of those that a group has; None means all.

    Raises:
        ArgumentError: One of them, or the group, is not known, or the group has none of them.
    """
    if wanted is None and group is None:
        return None
    within = _in_group(feeds, group) if group is not None else feeds
    if wanted is None:
        return tuple(sorted(feed.id for feed in within))
    names = [wanted] if isinstance(wanted, int | str) else wanted
    named = {find_feed(feeds, name).id for name in names}
    found = named & {feed.id for feed in within}
    if not found:
        raise ArgumentError(f"The group {group!r} has none of these feeds.")
    return tuple(sorted(found))


def find_group(groups: Iterable[str], wanted: str) -> str:
    """Find the one group that a name or a unique part of it names.

    Raises:
        ArgumentError: None fits, or several do; the nearest ones are named.
    """
    by_name = {name.casefold(): name for name in sorted(groups)}
    text = wanted.strip().casefold()
    fitting = [name for folded, name in by_name.items() if text in folded]
    if text in by_name or len(fitting) == 1:
        return by_name.get(text) or fitting[0]
    if not by_name:
        raise ArgumentError(
            f"No group fits {wanted[:100]!r}: no feed is in a group. Groups are the folders of "
            "OPML documents, or are given when feeds are added."
        )
    nearest = [by_name[name] for name in get_close_matches(text, by_name, NEAREST)]
    near = fitting[:NEAREST] or nearest or list(by_name.values())[:NEAREST]
    kind = f"{len(fitting)} groups fit" if fitting else "No group fits"
    raise ArgumentError(f"{kind} {wanted[:100]!r}. There are: {'; '.join(map(named, near))}.")


def _in_group(feeds: Sequence[Feed], group: str) -> list[Feed]:
    name = find_group({feed.group for feed in feeds if feed.group}, group).casefold()
    return [feed for feed in feeds if (feed.group or "").casefold() == name]


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
    return "; ".join(f"{named(feed.title)} (feed_id {feed.id})" for feed in feeds)
