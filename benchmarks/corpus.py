"""A made-up web of feeds: the same for everyone, no network, no one else's text."""

import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from xml.sax.saxutils import escape

from tests.support.site import Site

_SYLLABLES = "ka lo mi re sun ta vo ner pil dra ge fo shi mu an el or ist un per".split()
_TOPICS = "python asyncio packaging release typing django startup memory testing wheels".split()
_TYPES = {".json": "application/feed+json", ".atom": "application/atom+xml"}


def captured(site: Site, folder: Path) -> list[str]:
    """Serve the feed documents of a folder; returns their URLs."""
    return [
        site.add(f"/{p.name}", p.read_bytes(), content_type=_TYPES.get(p.suffix, "application/xml"))
        for p in sorted(folder.iterdir())
    ]


def made_up(site: Site, *, feeds: int, entries: int) -> list[str]:
    """Serve made-up feeds of made-up words; returns their URLs."""
    chance = random.Random(42)
    vocabulary = ["".join(chance.choices(_SYLLABLES, k=chance.randint(1, 4))) for _ in range(8000)]
    weights = [1 / (rank + 5) for rank in range(len(vocabulary))]
    now = datetime.now(UTC)
    urls = []
    for number in range(feeds):
        items = "".join(
            _item(chance, vocabulary, weights, now=now, name=f"{number}-{entry}")
            for entry in range(entries)
        )
        body = (
            f'<rss version="2.0"><channel><title>Blog {number}</title>'
            f"<link>https://blog{number}.example.org/</link>{items}</channel></rss>"
        )
        urls.append(site.add(f"/feed{number}.xml", body))
    return urls


def _item(
    chance: random.Random,
    vocabulary: list[str],
    weights: list[float],
    *,
    now: datetime,
    name: str,
) -> str:
    def words(count: int) -> str:
        chosen = chance.choices(vocabulary, weights, k=count)
        return " ".join([*chosen, *chance.choices(_TOPICS, k=max(count // 60, 1))])

    paragraphs = "".join(f"<p>{words(60)}</p>" for _ in range(chance.randint(1, 12)))
    age = timedelta(days=chance.expovariate(1 / 700), minutes=1)
    return (
        f"<item><title>{words(5)}</title><link>https://example.org/{name}</link>"
        f"<guid>{name}</guid><pubDate>{format_datetime(now - age)}</pubDate>"
        f"<description>{escape(paragraphs)}</description></item>"
    )
