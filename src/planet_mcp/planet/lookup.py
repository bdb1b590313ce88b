"""Which feeds someone means: by id, URL, site, title or group (pure)."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from planet_mcp.errors import ArgumentError
from planet_mcp.models import FeedName
from planet_mcp.planet.markdown import named
from planet_mcp.requests import MOST_NAMED, named_id
from planet_mcp.urls import canonical

NEAREST = 5
# A part of a name that is so short is in too many.
_SHORTEST = 4
_NUMBER = re.compile(r"[-+]?\d+(?:\.0+)?")
_BETWEEN_NAMES = re.compile(r"\s*[,;\n]\s*|\s+(?:and|or|und|et|y|e|&)\s+")
_AROUND_NAMES = " \t[]()'\"\u2018\u2019\u201c\u201d"
# What is said where no feed is meant, or none in particular: a part of no name.
_ALL = frozenset("all any every everything none *".split())
# What is said of any feed, and need not be in its name.
_OF_ANY = frozenset("the a blog blogs feed feeds rss atom news newsletter site website".split())


def folded(name: str) -> str:
    """Return a name for comparison: the same in capitals, and where an umlaut is two characters."""
    return unicodedata.normalize("NFKC", name).casefold()


def squeezed(name: str) -> str:
    """Return the letters and digits of a name alone, without accents: as people remember it."""
    plain = unicodedata.normalize("NFKD", folded(name))
    return "".join(filter(str.isalnum, plain))


def find_feeds(
    feeds: Sequence[FeedName], wanted: int | str | Sequence[int | str] | None, group: str | None
) -> tuple[int, ...] | None:
    """Find the ids of the feeds that are named, of those that a group has; None means all.

    So do words such as `all` and `any`, unless a feed is called so.

    Raises:
        ArgumentError: One of them, or the group, is not known, or the group has none of them.
    """
    if wanted is None and group is None:
        return None
    within = _in_group(feeds, group) if group is not None else feeds
    if wanted is None:
        return tuple(sorted(feed.id for feed in within))
    directory = Directory(feeds)
    if isinstance(wanted, str) and directory.means_all(wanted):
        return find_feeds(feeds, None, group)
    named = directory.each(wanted) if isinstance(wanted, int | str) else map(directory.find, wanted)
    found = {feed.id for feed in named} & {feed.id for feed in within}
    if not found:
        raise ArgumentError(f"The group {group!r} has none of these feeds.")
    return tuple(sorted(found))


def find_group(groups: Iterable[str], wanted: str) -> str:
    """Find the one group that a name or a unique part of it names.

    Raises:
        ArgumentError: None fits, or several do; the nearest ones are named.
    """
    by_name = {folded(name): name for name in sorted(groups)}
    text = folded(wanted.strip())
    fitting = [name for key, name in by_name.items() if text in key]
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


def _in_group(feeds: Sequence[FeedName], group: str) -> list[FeedName]:
    name = folded(find_group({feed.group for feed in feeds if feed.group}, group))
    return [feed for feed in feeds if folded(feed.group or "") == name]


class Directory:
    """Feeds, to be found by what someone calls them; each is written in small letters once."""

    def __init__(self, feeds: Sequence[FeedName]) -> None:
        self._feeds = [
            (feed, folded(f"{feed.title}\n{feed.url}\n{feed.site_url or ''}")) for feed in feeds
        ]
        self._by_id = {str(feed.id): feed for feed in feeds}

    def means_all(self, wanted: str) -> bool:
        """Return whether a word stands for all feeds, and none is called so."""
        return folded(wanted.strip()) in _ALL and not self._same(wanted.strip())

    def find(self, wanted: int | str, *, exactly: bool = False) -> FeedName:
        """Find the one feed that an id, URL, site URL, title or unique part of these names.

        Unless it is to be called so `exactly`, its name may be in other signs or another order.

        Raises:
            ArgumentError: None fits, or several do; those that are near are listed with their ids.
        """
        text = str(wanted).strip()
        if _NUMBER.fullmatch(text):
            text = text.partition(".")[0]
        if text in self._by_id:
            return self._by_id[text]
        ways = [self._same, self._containing, self._alike]
        for fit in ways[:2] if exactly else ways:
            fitting = fit(text)
            if len(fitting) == 1:
                return fitting[0]
            if fitting:
                raise ArgumentError(
                    f"{len(fitting)} feeds fit {text[:100]!r}: {_listed(fitting[:NEAREST])}"
                    f"{' and others' if len(fitting) > NEAREST else ''}. "
                    "Give the feed id, or several."
                )
        numbered = named_id(folded(text), "feed")
        if numbered in self._by_id:
            return self._by_id[numbered]
        raise ArgumentError(f"No feed fits {text[:100]!r}. {self.near(text)}")

    def each(self, wanted: int | str) -> list[FeedName]:
        """Find the feed that someone names, or all of several that stand in one text.

        Raises:
            ArgumentError: As `find`.
        """
        try:
            return [self.find(wanted)]
        except ArgumentError:
            names = [name.strip(_AROUND_NAMES) for name in _BETWEEN_NAMES.split(str(wanted))]
            if len(names) == 1 or len(names) > MOST_NAMED or not all(names):
                raise
            return [self.find(name) for name in names]

    def fitting(self, text: str) -> list[FeedName]:
        """Return the feeds that have a text in their title or address, else those it may mean."""
        name = folded(text.strip())
        containing = [feed for feed, names in self._feeds if name in names]
        numbered = named_id(name, "feed")
        of_id = [self._by_id[numbered]] if numbered in self._by_id else []
        return containing or self._same(text.strip()) or self._alike(text) or of_id

    def _same(self, text: str) -> list[FeedName]:
        key, name = canonical(text), folded(text)
        # An address has its host in it; to bring all into canonical form takes long.
        host = re.split(r"[/?\]]", key.removeprefix("["), maxsplit=1)[0].casefold()
        likely = [feed for feed, names in self._feeds if host in names]
        return (
            [feed for feed in likely if canonical(feed.url) == key]
            or [feed for feed, _ in self._feeds if key in feed.former]
            or [
                feed
                for feed, names in self._feeds
                if names.startswith(f"{name}\n")
                or (feed.site_url and host in names and canonical(feed.site_url) == key)
            ]
        )

    def _containing(self, text: str) -> list[FeedName]:
        name = folded(text)
        # A number is an id. That of a feed that is gone must not find another, whose URL has it.
        if not name or name in _ALL or _NUMBER.fullmatch(name):
            return []
        return [feed for feed, names in self._feeds if name in names]

    def _alike(self, text: str) -> list[FeedName]:
        """Return the feeds with a title or host that differs in signs, accents or order of words.

        `Müller's-Notes` is `Mullers notes`, and also `the notes feed of Mullers`.
        """
        words = [squeezed(word) for word in re.split(r"[\s_-]+", text)]
        telling = [word for word in words if len(word) > 1 and word not in _OF_ANY]
        whole = "".join(words)
        if len(whole) < _SHORTEST or whole.isdigit() or named_id(folded(text), "feed"):
            return []
        titles = [(feed, squeezed(names.partition("\n")[0])) for feed, names in self._feeds]
        named = [feed for feed, title in titles if whole in title]
        if named or len("".join(telling)) < _SHORTEST:
            return named
        return [feed for feed, title in titles if all(word in title for word in telling)]

    def near(self, text: str) -> str:
        """Say which feeds someone may have meant that none fits."""
        if not self._feeds:
            return "There are no feeds yet; add one first."
        titles = [names.partition("\n")[0] for _, names in self._feeds]
        close = get_close_matches(folded(text)[:100], dict.fromkeys(titles), NEAREST)
        near = [
            f
            for name in close
            for (f, _), title in zip(self._feeds, titles, strict=True)
            if title == name
        ]
        if near:
            return f"Nearest: {_listed(near[:NEAREST])}."
        return "None has a title that is near; the list of feeds has titles and ids."


def _listed(feeds: Sequence[FeedName]) -> str:
    return "; ".join(f"{named(feed.title)} (feed_id {feed.id})" for feed in feeds)
