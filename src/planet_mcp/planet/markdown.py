"""Answers as compact Markdown (pure). Lines that quote feeds are marked as quotes."""

import re
from collections.abc import Iterable, Sequence

from planet_mcp.planet.answers import (
    ABOUT,
    AddedFeed,
    AddResult,
    FeedRow,
    FeedsResult,
    LatestDay,
    LatestEntry,
    LatestFeed,
    LatestResult,
    ListedFeed,
    NewFeeds,
    ReaderRow,
    RefreshResult,
    RemoveResult,
    SearchHit,
    SearchResult,
    StatusResult,
    TopicEntry,
    TrendingResult,
)
from planet_mcp.store import MOST_COUNTED
from planet_mcp.text import escaped


def quoted(text: str) -> str:
    """Return third-party text as a piece of a line in which nothing is markup or our separator.

    Before it on its line stands a word or sign of ours, so that it is never taken for one.
    """
    line = " ".join(text.split()).replace(" · ", " • ")
    return escaped(line.replace("![", "! ["))


def _matches(snippet: str) -> str:
    """Return a snippet as a piece of a line; the marks of its matches stay."""
    return quoted(snippet).replace(r"\*\*", "**")


def named(title: str) -> str:
    """Return a title within a sentence of ours."""
    return '"' + quoted(title.replace('"', "'")) + '"'


def without_address(problem: str, url: str) -> str:
    """Return what is wrong with a feed, for a line that has its address already."""
    bare = re.sub(rf"(?<!\S){re.escape(url)}(?=[\s,;:]|\.?$)", "", problem).strip(" :,;")
    return bare[:1].upper() + bare[1:] if bare != problem else problem


def counted(number: int | str, one: str, many: str | None = None) -> str:
    """Return a number with its noun: `1 feed`, `12 feeds`."""
    return f"{number} {one if str(number) == '1' else many or f'{one}s'}"


def up_to(total: int) -> str:
    """Return what a search counted: the store stops at a number which so stands for any more."""
    return f"{total}+" if total >= MOST_COUNTED else str(total)


def _joined(parts: Iterable[str | None], separator: str = " · ") -> str:
    return separator.join(part for part in parts if part)


def when(published: str | None, first_seen: str | None) -> str:
    """Write when an entry was published, or that nobody says and when it was first seen."""
    return published or f"undated, first seen {first_seen}"


def _with_tail(lines: list[str], notice: str | None, more: str | None) -> str:
    return "\n".join(
        [
            *([f"Note: {notice}", ""] if notice else []),
            *lines,
            *(["", f"More: {more}"] if more else []),
        ]
    )


def search_text(result: SearchResult, *, title: str, more: str | None) -> str:
    """Write the hits of a search."""
    lines = [f"{_entries(up_to(result.total))}{title}; {len(result.hits)} shown."]
    if result.hits:
        lines.append(ABOUT)
    for hit in result.hits:
        lines += ["", *_hit_lines(hit)]
    return _with_tail(lines, result.notice, more)


def _hit_lines(hit: SearchHit) -> list[str]:
    facts = _joined(
        [
            f"{f'Feed {hit.feed_id}' if hit.feed_id else 'Site'}: {quoted(hit.feed)}",
            f"by {quoted(hit.author)}" if hit.author else None,
            when(hit.published, hit.first_seen),
            f"updated {hit.updated}" if hit.updated else None,
            counted(hit.words, "word"),
            f"also in {quoted(', '.join(hit.also_in))}" if hit.also_in else None,
            "found by meaning" if hit.match else None,
        ]
    )
    return [
        f"[{hit.entry_id}] {quoted(hit.title)}",
        facts,
        *([hit.url] if hit.url else []),
        *([f"> {_matches(hit.snippet)}"] if hit.snippet else []),
    ]


def latest_text(result: LatestResult, *, title: str, more: str | None) -> str:
    """Write the river."""
    shown = sum(len(feed.entries) for day in result.days for feed in day.feeds)
    lines = [f"{_entries(result.total)} {title}; {shown} shown. Watermark: {result.watermark}"]
    if result.days or result.new_feeds:
        lines.append(ABOUT)
    lines += [new_feeds_line(each) for each in result.new_feeds or []]
    for day in result.days:
        lines += day_lines(day)
        for feed in day.feeds:
            lines.append(feed_line(feed))
            for entry in feed.entries:
                lines += entry_lines(entry)
    return _with_tail(lines, result.notice, more)


def trending_text(result: TrendingResult, *, since: str) -> str:
    """Write what several feeds talk about."""
    lines = [f"{counted(len(result.topics), 'topic')} of several feeds since {since}, best first."]
    lines += [ABOUT] if result.topics else []
    for topic in result.topics:
        head = [f"## {quoted(topic.title)}", counted(topic.feeds, "feed"), topic.url]
        lines += ["", _joined(head), *map(_topic_entry, topic.entries)]
        if topic.more_entries:
            lines.append(f"- and {counted(topic.more_entries, 'more entry', 'more entries')}")
    return _with_tail(lines, result.notice, None)


def _topic_entry(entry: TopicEntry) -> str:
    facts = [quoted(entry.title), quoted(entry.feed), when(entry.published, entry.first_seen)]
    return f"- [{entry.entry_id}] {_joined(facts)}"


def new_feeds_line(new: NewFeeds) -> str:
    """Write what feeds had before they were read here: it is no news."""
    older = counted(f"{new.older_entries:,}", "older entry", "older entries")
    if new.feeds:
        return f"- {counted(f'{new.feeds:,}', 'new feed')}: {older}: {new.call}"
    name = "feed" if new.known else "new feed"
    return f"- {name} {named(new.feed or '')}: {older}: {new.call}"


def day_lines(day: LatestDay) -> list[str]:
    """Write the heading of a day of the river."""
    return ["", f"## {day.date}"]


def feed_name(title: str, feed_id: int) -> str:
    """Write the name of a feed in a sentence, with the id that names it in calls."""
    return f"{named(title)} (feed {feed_id})"


def feed_line(feed: LatestFeed) -> str:
    """Write the heading of a feed's entries."""
    return f"Feed {feed.feed_id}: {quoted(feed.feed)}"


def entry_lines(entry: LatestEntry) -> list[str]:
    """Write an entry of the river."""
    also = f"also in {quoted(', '.join(entry.also_in))}" if entry.also_in else None
    title = _joined([quoted(entry.title), when(entry.published, entry.first_seen), entry.url, also])
    body = body_lines(entry.text) if entry.text else excerpt_lines(entry.excerpt or "")
    return [f"- [{entry.entry_id}] {title}", *body]


def excerpt_lines(excerpt: str) -> list[str]:
    """Write a plain text of one line as a quote below its entry."""
    return [f"  > {quoted(excerpt)}"] if excerpt else []


def body_lines(body: str) -> list[str]:
    """Write Markdown of several lines as a quote below its entry."""
    return [f"  > {line}" for line in body.replace("![", "! [").split("\n") if body]


def feeds_text(result: FeedsResult, rows: Sequence[str], *, status: str, more: str | None) -> str:
    """Write a list of feeds, of which `rows` are the lines; they are of one status or of `any`."""
    feeds = counted(result.total, "feed")
    of_status = "" if status == "any" else f" that {'is' if result.total == 1 else 'are'} {status}"
    counts = ", ".join(f"{number} {each}" for each, number in result.counts.items())
    lines = [f"{feeds}{of_status}; {len(result.feeds)} shown. All: {counts}."]
    if result.groups:
        named = ", ".join(f"{quoted(each.group)} {each.feeds}" for each in result.groups)
        lines.append(f"Groups: {named}")
    if result.readers:
        lines.append(f"Readers: {', '.join(map(_reader, result.readers))}")
    if result.feeds:
        lines += [ABOUT, "[feed_id] title · entries · newest entry · status:"]
    return _with_tail([*lines, *rows], result.notice, more)


def _reader(row: ReaderRow) -> str:
    scope = f" of {quoted(row.of)}" if row.of else ""
    return f"{quoted(row.reader)}{scope}, caught up {row.caught_up_at or 'never'}"


def listed_feed_line(feed: FeedRow) -> str:
    """Write one feed of a list."""
    checks = [f"checked {feed.checked_at}"] if feed.checked_at else []
    checks += [f"next {feed.next_check_at}"] if feed.next_check_at else []
    return "- " + _joined(
        [
            f"[{feed.feed_id}] {quoted(feed.title)}",
            str(feed.entries),
            feed.newest_entry,
            feed.status,
            _said_of(feed),
            f"group {quoted(feed.group)}" if feed.group else None,
            feed.feed_url,
            f"site {feed.site_url}" if feed.site_url else None,
            ", ".join(checks),
        ]
    )


def _said_of(feed: FeedRow) -> str | None:
    said = feed.problem or feed.warning
    return quoted(without_address(said, feed.feed_url or "-")) if said else None


def added_text(result: AddResult) -> str:
    """Write what became of the URLs that were to be added."""
    lines = [ABOUT, *(line for item in result.results for line in _added_lines(item))]
    return _with_tail(lines, result.notice, None)


def _added_lines(item: AddedFeed) -> list[str]:
    if item.feeds_added is not None:
        counts = (
            f"{item.feeds_added} added, {item.feeds_already_subscribed} already subscribed, "
            f"{item.feeds_failed} failed; new feeds are fetched by the refresher, in their turn"
        )
        return [
            _joined([f"- {item.url}: a list of feeds, {counts}", quoted(item.problem or "")]),
            *(f"  - not taken: {_not_taken(each)}" for each in item.not_taken or []),
        ]
    known = f"[{item.feed_id}] {quoted(item.title or '')}" if item.feed_id else None
    entries = _entries(item.entries) if item.entries is not None else None
    found = item.feed_url if item.feed_url != item.url else None
    problem = quoted(without_address(item.problem or "", item.url))
    first = f"- {item.url}: {_joined([item.outcome, known, found, entries, problem])}"
    return [
        first,
        *(f"  - {c.url} {quoted(c.title or '')}".rstrip() for c in item.candidates or []),
    ]


def _not_taken(item: ListedFeed) -> str:
    url = item.url if item.url != item.name else None
    return quoted(f"{item.name}{f' ({url})' if url else ''}: {item.reason}")


def removed_text(result: RemoveResult, *, delete_entries: str) -> str:
    """Write which feeds were removed; `delete_entries` is the name of the argument that does so."""
    kept = f"kept, in searches and on pages, as {delete_entries} was not said"
    fate = kept if result.entries == "kept" else "deleted"
    lines = [
        f"- removed [{feed.feed_id}] {quoted(feed.title)} ({feed.feed_url}); "
        f"{_entries(feed.entries)} {fate}"
        for feed in result.removed
    ]
    return "\n".join([ABOUT, *lines])


def refresh_text(result: RefreshResult) -> str:
    """Write what a refresh brought."""
    counts = (
        f"{counted(result.checked, 'feed')} checked: {result.ok} ok "
        f"({result.unchanged} unchanged), {result.failed} failed, {result.queued} queued; "
        f"{counted(result.new_entries, 'new entry', 'new entries')}."
    )
    lines = [counts, *([ABOUT] if result.problems else [])] + [
        f"- [{item.feed_id}] {quoted(item.title)}: {item.outcome}: "
        f"{quoted(without_address(item.problem, item.title))}"
        for item in result.problems or []
    ]
    return _with_tail(lines, result.notice, None)


def status_text(result: StatusResult) -> str:
    """Write how the planet is doing."""
    never = f", {result.never_checked} never checked" if result.never_checked else ""
    still = f", {result.standing_still} standing still" if result.standing_still else ""
    return "\n".join(
        [
            f"planet-mcp {result.version}",
            f"Database: {result.database}",
            f"Feeds: {result.feeds} ({result.failing} failing{still}{never})",
            f"Entries: {result.entries} ({result.encoded} found by meaning, too)",
            f"Model: {result.model}",
            f"Last refresh: {result.last_refresh_at or 'never'}",
            f"Refresher: {result.refresher}",
        ]
    )


def _entries(number: int | str) -> str:
    return counted(number, "entry", "entries")
