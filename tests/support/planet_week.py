"""A week of a planet: 6 to 12 November 2025, as feeds that were written for it by hand.

The documents in `tests/data/planet_week` have the shapes that a real week of Planet Python has;
all names and texts are made up. `EXPECTED` is what a reader is to find, written down from the
documents and not from what the program makes of them.
"""

import html
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from planet_mcp.planet import open_planet
from planet_mcp.requests import FeedQuery
from planet_mcp.settings import load
from tests.support.paths import DATA
from tests.support.site import Site, running_site

FOLDER = DATA / "planet_week"
# When the week is looked at: the morning after it.
NOW = datetime(2025, 11, 13, 6, tzinfo=UTC)
FIRST_DAY = "2025-11-06"
GONE = "Nettle's corner"
LONG_CHARS = 35_000


@dataclass(frozen=True, slots=True)
class Story:
    """One story: its title, the UTC time, words of its text, who wrote it, who tells it too."""

    title: str
    time: str
    words: str
    author: str | None = None
    also_in: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedOfDay:
    """The stories of one feed on one day, newest first."""

    title: str
    stories: tuple[Story, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """One UTC day; the feed with the newest story comes first."""

    date: str
    feeds: tuple[FeedOfDay, ...]


def _of(feed: str, *stories: Story) -> FeedOfDay:
    return FeedOfDay(feed, stories)


EXPECTED = (
    Day(
        "2025-11-12",
        (
            _of(
                "Brook's notebook",
                # Without a title of its own: its first words.
                Story(
                    "Explained slices to my nephew with a loaf of bread. He now calls the step…",
                    "18:05",
                    "better than any manual",
                    "Tamsin Brook",
                ),
            ),
            _of(
                "Osprey Foundation",
                Story(
                    "Grants for spring: what we can & cannot fund",
                    "16:00",
                    "meetings of at least ten people",
                    "The grants group",
                ),
                Story(
                    "A new host for the mailing lists",
                    "08:00",
                    "All lists move on Saturday.",
                    "Infrastructure",
                ),
            ),
            _of(
                "Fjord Data Blog",
                Story(
                    "Five charts that tell the truth about your pipeline",
                    "15:00",
                    "Most dashboards show that something runs.",
                ),
            ),
            _of(
                "Alder Street Engineering",
                Story(
                    "Counting what the garbage collector skips",
                    "10:00",
                    "skipped = (type(v) for v in values if not gc.is_tracked(v))",
                    "Mira Alder",
                ),
            ),
            _of(
                "The Elm Library Project",
                # `&apos` came without its semicolon; 07:30 in Berlin.
                Story(
                    "Elm 4.3 beta: what's in it",
                    "06:30",
                    "it's smaller than the last one. We've taken the XML reader out",
                    "Rosa Quist",
                ),
            ),
            _of(
                "Grove Packaging Desk",
                # 16:20 of the day before, in San Francisco.
                Story(
                    "Which wheels people really download",
                    "00:20",
                    "Source distributions lost half of their share",
                    "Noor Grove",
                ),
            ),
        ),
    ),
    Day(
        "2025-11-11",
        (
            _of(
                "Heron Tutorials",
                Story(
                    "Quiz: sets and dictionaries",
                    "12:00",
                    "Ten questions on hashing",
                    "Heron Tutorials",
                ),
            ),
            _of(
                "Cobalt Training",
                # One post: a long text without a title at 08:00, its title without text at 13:30.
                Story(
                    "Teaching decorators without the word decorator",
                    "08:00",
                    "a function that takes a function",
                ),
            ),
            _of(
                "Larch & Larch",
                # 23:30 of the day before, in New York.
                Story("Profiling after midnight", "04:30", "The flame graph was flat", "Tom Larch"),
            ),
        ),
    ),
    Day(
        "2025-11-10",
        (
            _of(
                "Brook's notebook",
                Story(
                    "A second-hand keyboard and a small daemon",
                    "20:40",
                    "caps lock does its work",
                    "Tamsin Brook",
                ),
            ),
            _of(
                "Fjord Data Blog",
                Story("Parquet or Arrow? Wrong question", "15:00", "One is for the disk"),
            ),
            _of(
                "The Elm Library Project",
                Story(
                    "Python 3.9 leaves the test matrix",
                    "07:00",
                    "fixes come for 3.10 and later",
                    "Rosa Quist",
                ),
            ),
            _of(
                "Quarzstunde",
                Story(
                    "Folge 88: Über Umlaute, Größen und straße.py",
                    "05:00",
                    "Mit Gast 山田花子.",
                    "Jörg Quarz",
                ),
            ),
        ),
    ),
    Day(
        "2025-11-09",
        (
            _of(
                # The document is no XML: bare ampersands, tags left open, no end.
                "Moss Maps & Data",
                Story("Bikes & buses on one map", "16:00", "Two layers, one legend — and"),
            ),
            _of(
                "Heron Tutorials",
                Story(
                    "A command line tool from the first line to the release",
                    "12:00",
                    "In this tutorial you write a program that renames photos",
                    "Edda Heron",
                ),
            ),
            _of(
                "Dune Observatory Software",
                # HTML that was escaped twice.
                Story(
                    "One night, forty thousand files",
                    "10:10",
                    "Clear sky from dusk to dawn",
                    "Ilse Dune",
                ),
            ),
            _of(
                "Larch & Larch",
                # One second before midnight, in Los Angeles.
                Story(
                    "Last flight home from the sprint",
                    "07:59",
                    "one café that never closed",
                    "Tom Larch",
                ),
            ),
            _of(
                "Wren's links",
                Story("Sunday reading, number 46", "07:00", "in three layers", "Wren Abara"),
            ),
        ),
    ),
    Day(
        "2025-11-08",
        (
            _of(
                "Brook's notebook",
                Story("TIL that pathlib can walk.", "21:15", "TIL that", "Tamsin Brook"),
            ),
            _of(
                "Juniper Consulting",
                Story(
                    "Moving a web shop to async, one view at a time",
                    "09:00",
                    "After ten weeks a dozen views are async",
                    "Pavel Strom",
                    also_in=("Wren's links",),
                ),
            ),
        ),
    ),
    Day(
        "2025-11-07",
        (
            _of(
                "Osprey Foundation",
                Story("Minutes of the October meeting", "16:00", "Second sprint a year"),
            ),
            _of(
                "Alder Street Engineering",
                # 09:15 in Helsinki.
                Story(
                    "Three ways to cancel a slow query",
                    "07:15",
                    "async with asyncio.timeout(2):",
                    "Jonas Feld",
                ),
            ),
            _of(
                "Dune Observatory Software",
                # HTML that says it were plain text.
                Story(
                    "A dome that opens in tests",
                    "06:00",
                    "or else nothing ever failed",
                    "Ilse Dune",
                ),
            ),
        ),
    ),
    Day(
        "2025-11-06",
        (
            _of(
                "Kestrel on testing",
                # Beside it, a post of 2023 that was edited on the 8th, and stays where it was.
                Story(
                    "The test that only fails on Thursdays",
                    "19:45",
                    "It took three Thursdays",
                    "Bea Kestrel",
                ),
            ),
            _of(
                "Fjord Data Blog",
                Story(
                    "How we cut our notebook bill by a third", "15:00", "We began to count them."
                ),
            ),
            _of(
                "Moss Maps & Data",
                Story("Simplify first, project later", "14:00", "A coast line has more points"),
            ),
            _of(
                "Larch & Larch",
                # Half past midnight of the next day, in Wellington.
                Story("Good morning from Wellington", "11:30", "My cron jobs and I", "Finn Larch"),
            ),
            _of(
                "Grove Packaging Desk",
                Story(
                    "A lock file that a person can read",
                    "11:00",
                    "The diff is the document.",
                    "Noor Grove",
                ),
            ),
            _of(
                "Cobalt Training",
                Story("Dates of the winter courses", "09:00", "Testing with pytest"),
            ),
        ),
    ),
)


def serve(site: Site) -> bytes:
    """Put the feeds of the week on a site; returns the OPML document that names them.

    One of them is not there, and the feed of tutorials gets its long chapters.
    """
    outlines = []
    for path in sorted(FOLDER.iterdir()):
        body = path.read_bytes().replace(b"<!-- chapters -->", _chapters().encode())
        kind = "application/feed+json" if path.suffix == ".json" else "application/xml"
        outlines.append(f'<outline xmlUrl="{site.add(f"/{path.name}", body, content_type=kind)}"/>')
    title = html.escape(GONE)
    outlines.append(f'<outline text="{title}" xmlUrl="{site.url}/nettle.xml"/>')
    return f'<opml version="2.0"><body>{"".join(outlines)}</body></opml>'.encode()


async def make(database: Path) -> None:
    """Write a database that holds the week, and beside it the OPML document it began with.

    The feeds are checked one after the other, so that all ids are the same each time: what is
    stored first is what a story that is told twice begins with.
    """
    opml = database.with_suffix(".opml")
    with running_site() as site:
        opml.write_bytes(serve(site))
        settings = load(
            database=database, feeds=str(opml), allow_networks="127.0.0.0/8", host_delay=0
        )
        async with open_planet(settings, clock=lambda: NOW) as planet:
            for row in (await planet.list_feeds(FeedQuery(limit=100))).result.feeds:
                await planet.refresh_feeds([row.feed_id])


_PARTS = (
    ("arguments", "read what the user typed", "parser.add_argument('folder', type=Path)"),
    (
        "dates",
        "take the date from the picture",
        "taken = read_date(photo) or photo.stat().st_mtime",
    ),
    ("names", "build the new name", "name = f'{taken:%Y-%m-%d}-{number:03}{photo.suffix}'"),
    ("collisions", "never overwrite a file", "while target.exists():\n    number += 1"),
    (
        "dry runs",
        "say what would happen",
        "if not arguments.really:\n    print(photo, '->', target)",
    ),
    (
        "errors",
        "end with one line and a code",
        "except OSError as error:\n    sys.exit(str(error))",
    ),
    ("tests", "try it on three small files", "def test_dates_sort(tmp_path):\n    ..."),
    ("releases", "give it to others", "python -m build && twine upload dist/*"),
)
_VIEWS = ("the first version", "the edge cases", "what users asked for", "a cleaner shape")


def _chapters() -> str:
    """Return the chapters of the long tutorial, as HTML escaped for a feed."""
    chapters: list[str] = []
    while sum(len(chapter) for chapter in chapters) < LONG_CHARS:
        chapters.append(_chapter(len(chapters)))
    return html.escape("".join(chapters), quote=False)


def _chapter(number: int) -> str:
    name, aim, code = _PARTS[number % len(_PARTS)]
    view = _VIEWS[number // len(_PARTS) % len(_VIEWS)]
    sentences = (
        f"Step {number + 1} is about {name}: {view}.",
        f"The program has to {aim}, and it should still do so in a year.",
        f"Write down first what must be true after step {number + 1}, then the code below.",
        f"If {name} surprise you here, print what you have got and compare it with the plan.",
    )
    paragraphs = "".join(f"<p>{sentence} {sentences[-1]}</p>" for sentence in sentences[:-1])
    heading = f"<h2>{number + 1}. {name.capitalize()}: {view}</h2>"
    return f"{heading}{paragraphs}<pre><code>{html.escape(code)}</code></pre>"
