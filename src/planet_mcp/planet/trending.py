"""What the community talks about: a request → posts of a period → topics, each with its entries."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import chain

from planet_mcp.periods import parse_since
from planet_mcp.planet import fitting
from planet_mcp.planet.answers import Answer, TopicEntry, TopicRow, TrendingResult
from planet_mcp.planet.markdown import trending_text
from planet_mcp.planet.reading import Budget, Reading
from planet_mcp.planet.topics import Past, Topic, shared_links, topics
from planet_mcp.requests import DEFAULT_TOPICS, TrendingRequest
from planet_mcp.store import TalkedPost
from planet_mcp.text import addresses_in
from planet_mcp.times import stamp
from planet_mcp.urls import link_key

MOST_POSTS, MOST_POSTS_BEFORE = 3_000, 2_000
MOST_ENTRIES = 8
NOTHING_SHARED = "No page or subject is shared by several feeds then; a longer time may have some."
MOST_TITLE_CHARS = 120
_TEXT_CHARS, _TEXTS_READ = 20_000, 5
_LINK = re.compile(r"\[([^\[\]\n]{4,120})\]\((https?://[^\s)]+)\)")
# What a link is called where nobody says where it leads.
# What is an address, a picture or a leftover of a template names nothing.
_NO_NAME = re.compile(r"://|^image:|\{%")
_HERE = re.compile(r"(?:click |read )?(?:here|this|link|more|source|post|article)", re.IGNORECASE)


def trending_topics(reading: Reading, request: TrendingRequest) -> Answer[TrendingResult]:
    """Show what several feeds wrote about or linked to in a period.

    Raises:
        ArgumentError: The period or the group is not usable.
    """
    since = parse_since(request.since, now=reading.now)
    feeds = reading.feeds(request)
    mentions, until = reading.store.mentions, reading.now + timedelta(days=1)
    posts = mentions.posts(since=since, until=until, feeds=feeds, limit=MOST_POSTS)
    budget = Budget.of(request.limit, default=DEFAULT_TOPICS)
    found = topics(posts, _past(reading, posts, since, feeds))[: budget.items]
    named = [_named(reading, topic) for topic in found]
    cut = f"Only the newest {MOST_POSTS:,} entries of the period were looked at."
    none = None if found else NOTHING_SHARED
    notice = reading.with_notice(cut if len(posts) == MOST_POSTS else None, none)

    def build(entries: int) -> Answer[TrendingResult]:
        rows = [
            _row(topic, *name, entries=entries) for topic, name in zip(found, named, strict=True)
        ]
        result = TrendingResult(topics=rows, notice=notice)
        return Answer(result, trending_text(result, since=request.since))

    return fitting.largest(build, upto=MOST_ENTRIES, budget=budget.chars)[0]


def _past(
    reading: Reading,
    posts: Sequence[TalkedPost],
    since: datetime,
    feeds: Sequence[int] | None,
) -> Past:
    mentions = reading.store.mentions
    shared = shared_links(posts)
    linking = {post.feed_id for found in shared.values() for post in found}
    return Past(
        mentions.posts(since=None, until=since, feeds=feeds, limit=MOST_POSTS_BEFORE),
        mentions.habits(linking),
        mentions.linked_before([*shared], before=since),
    )


def _named(reading: Reading, topic: Topic) -> tuple[str, str | None]:
    """Return what a topic is called, and its page: the entry there, or how it is linked to."""
    if topic.key is None:
        return topic.subject, None
    own = next((post for post in topic.posts if post.key == topic.key), None)
    if own:
        return own.title, own.url
    ids = [post.id for post in topic.posts[:_TEXTS_READ]]
    texts = [*reading.store.entries.beginnings(ids, chars=_TEXT_CHARS).values()]
    links = [each for text in texts for each in _LINK.findall(text)]
    labels = Counter(
        label for label, url in links if link_key(url) == topic.key and _says_more(label)
    )
    addresses = chain.from_iterable(map(addresses_in, texts))
    url = next((each for each in addresses if link_key(each) == topic.key), None)
    title = max(
        labels,
        key=lambda each: (labels[each], len(each)),
        default=re.sub(r"^https?://(www\.)?|/$", "", url or "a page"),
    )
    return title, url


def _says_more(label: str) -> bool:
    return not (_HERE.fullmatch(label.strip()) or _NO_NAME.search(label))


def _row(topic: Topic, title: str, url: str | None, *, entries: int) -> TopicRow:
    left = len(topic.posts) - entries
    return TopicRow(
        title=fitting.cut(title, MOST_TITLE_CHARS),
        url=url,
        feeds=topic.voices,
        entries=[_entry(post) for post in topic.posts[:entries]],
        more_entries=left if left > 0 else None,
    )


def _entry(post: TalkedPost) -> TopicEntry:
    return TopicEntry(
        entry_id=post.id,
        title=fitting.cut(post.title, MOST_TITLE_CHARS),
        feed=post.feed,
        published=stamp(post.published) if post.published else None,
        first_seen=None if post.published else stamp(post.first_seen_at),
    )
