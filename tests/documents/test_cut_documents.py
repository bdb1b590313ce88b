"""Documents of which only the beginning, or beginning and end, are here."""

from datetime import timedelta

import pytest

from planet_mcp.documents.parse import parse_feed
from planet_mcp.models import ParsedFeed
from tests.support.documents import NOW, Post, atom, json_feed, rss

HOUR = timedelta(hours=1)
POSTS = [Post(f"Post {n} ü", f"<p>}},{{ {n}</p>", age=n * HOUR) for n in range(40, 0, -1)]


def parse(body: bytes, *, gap: int | None = None) -> ParsedFeed:
    return parse_feed(body, url="https://a.example/feed", gap=gap, now=NOW)


def numbers(feed: ParsedFeed) -> list[int]:
    return [int(entry.title.split()[1]) for entry in feed.entries]


@pytest.mark.parametrize("write", [rss, atom, json_feed])
@pytest.mark.parametrize("odd", range(7))
def test_of_beginning_and_end_all_whole_entries_are_read(write: object, odd: int) -> None:
    assert callable(write)
    body = write(POSTS).encode()
    first, last = len(body) // 3 + 37 * odd, 2 * len(body) // 3 + 41 * odd

    feed = parse(body[:first] + body[last:], gap=first)

    found = numbers(feed)
    assert found == sorted(found, reverse=True)
    assert (found[0], found[-1], feed.warning) == (40, 1, None)
    assert 20 <= len(found) < 40
    assert all(entry.content.text for entry in feed.entries)


@pytest.mark.parametrize("end", [b"", b"nothing of use", b"}, {", b"\xff\xfe"])
@pytest.mark.parametrize("write", [rss, json_feed])
def test_an_end_without_entries_leaves_the_beginning(write: object, end: bytes) -> None:
    assert callable(write)
    beginning = write(POSTS).encode()[:6_000]

    feed = parse(beginning + end, gap=len(beginning))

    assert numbers(feed)[:10] == list(range(40, 30, -1))
    assert feed.truncated


@pytest.mark.parametrize("keep", [0.3, 0.5, 0.99])
def test_a_json_feed_that_ends_early_is_read_to_there(keep: float) -> None:
    body = json_feed(POSTS).encode()

    feed = parse(body[: int(len(body) * keep)])

    assert numbers(feed) == list(range(40, 40 - len(feed.entries), -1))
    assert len(feed.entries) >= 40 * keep - 3
    assert feed.truncated
    assert feed.warning is not None
    assert "not valid JSON" in feed.warning
