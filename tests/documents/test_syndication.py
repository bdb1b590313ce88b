"""What is syndicated is valid in its format, and reads the same again, whatever the text."""

import json
import os
import re
import subprocess
import sys
from calendar import timegm
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from planet_mcp.documents.parse import parse_feed
from planet_mcp.documents.syndication import (
    Channel,
    Item,
    Source,
    atom_feed,
    foafroll,
    is_iri,
    item_id,
    json_feed,
    rss10_feed,
    rss20_feed,
)
from planet_mcp.models import Enclosure, ParsedFeed

NS = {
    "a": "http://www.w3.org/2005/Atom",
    "c": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "rss": "http://purl.org/rss/1.0/",
}
RDF = f"{{{NS['rdf']}}}"
DAY = datetime(2025, 11, 12, 9, 30, tzinfo=UTC)
ADA = Source(
    id="https://ada.example.org/feed",
    title="Ada's notes",
    site_url="https://ada.example.org/",
    feed_url="https://ada.example.org/feed",
    updated=DAY,
)
BOB = Source("tag:bob.example.org,2020:blog", "Bob & co", None, "https://bob.example.org/rss?a=1&b")
RECORDING = Enclosure("https://ada.example.org/1.mp3", "audio/mpeg", 1234, 90)
SLIDES = Enclosure("https://ada.example.org/1.bin")
FULL = Item(
    id="https://ada.example.org/1",
    title="Generics <T> & \u201cquotes\u201d",
    url="https://ada.example.org/1",
    page_url="https://planet.example.org/entries/1",
    html='<p>See <a href="https://x.example.org/?a=1&amp;b=2">this</a>: <code>a &lt; b</code></p>',
    summary="See this: a < b",
    authors=("Ada", "Grace \U0001f680"),
    tags=("python", "C++ & co"),
    published=DAY,
    updated=DAY + timedelta(days=1),
    seen_at=DAY + timedelta(days=2),
    source=ADA,
    enclosures=(RECORDING, SLIDES),
)
BARE = Item(
    id="tag:bob.example.org,2025-11-01:2bee10df",
    title="No link, no author",
    url=None,
    page_url=None,
    html="<p>Short.</p>",
    summary="",
    authors=(),
    tags=(),
    published=DAY.astimezone(timezone(timedelta(hours=-8))),
    updated=None,
    seen_at=DAY,
    source=BOB,
)
CHANNEL = Channel(
    title="Planet <Example>",
    description="Feeds & more",
    home_url="https://planet.example.org/",
    self_url="https://planet.example.org/out.xml",
    updated=DAY,
    items=(FULL, BARE),
    generator="planet-mcp 1.0",
)
EMPTY = replace(CHANNEL, items=())

Format = Callable[[Channel], bytes]
XML: dict[str, Format] = {"atom10": atom_feed, "rss20": rss20_feed, "rss10": rss10_feed}
ALL: dict[str, Format] = XML | {"json": json_feed}


def of(formats: dict[str, Format]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("write", formats.values(), ids=formats.keys())


def read(document: bytes) -> Any:
    parsed = feedparser.parse(document)
    assert not parsed.bozo, parsed.get("bozo_exception")
    return parsed


def ours(document: bytes) -> ParsedFeed:
    parsed = parse_feed(document, url=CHANNEL.self_url, now=DAY)
    assert parsed.warning is None
    return parsed


def tree(document: bytes) -> Any:
    assert document.startswith(b"<?xml version='1.0' encoding='UTF-8'?>")
    return etree.fromstring(document, etree.XMLParser(huge_tree=True))


def only(element: Any, path: str) -> Any:
    """Return the one thing at a path; that there is exactly one is a rule of the format."""
    found = element.xpath(path, namespaces=NS)
    assert len(found) == 1, (path, found)
    return found[0]


def texts(element: Any, path: str) -> list[str]:
    return [str(found) for found in element.xpath(path, namespaces=NS)]


def moment(parsed: Any) -> datetime:
    return datetime.fromtimestamp(timegm(parsed), UTC)


@pytest.mark.parametrize(("version", "write"), XML.items(), ids=XML.keys())
def test_a_reader_finds_again_what_was_written(version: str, write: Format) -> None:
    parsed = read(write(CHANNEL))

    assert parsed.version == version
    assert parsed.feed.title == "Planet <Example>"
    assert parsed.feed.link == "https://planet.example.org/"
    full, bare = parsed.entries
    assert (full.id, full.link) == (FULL.id, FULL.url)
    assert full.title == FULL.title
    assert [author.name for author in full.authors] == list(FULL.authors)
    assert moment(full.get("published_parsed") or full.updated_parsed) == DAY
    assert full.content[0].value == FULL.html
    assert [tag.term for tag in full.tags] == list(FULL.tags)
    assert (bare.id, bare.content[0].value) == (BARE.id, BARE.html)
    assert moment(bare.get("published_parsed") or bare.updated_parsed) == DAY


@of(ALL)
def test_our_own_parser_finds_again_what_was_written(write: Format) -> None:
    parsed = ours(write(CHANNEL))

    assert parsed.title == "Planet <Example>"
    full, bare = parsed.entries
    assert (full.key, full.url) == (f"id:{FULL.id}", FULL.url)
    assert full.title == FULL.title
    assert full.authors == FULL.authors
    assert full.tags == FULL.tags
    assert DAY in (full.published, full.updated)
    assert "[this](https://x.example.org/?a=1&b=2)" in full.content.markdown
    assert "`a < b`" in full.content.markdown
    assert (bare.key, bare.title) == (f"id:{BARE.id}", BARE.title)


@of(ALL)
def test_files_come_with_their_entry_as_far_as_the_format_has_them(write: Format) -> None:
    full, _ = ours(write(CHANNEL)).entries
    found = {file.url: (file.type, file.length) for file in full.enclosures}
    recording = {RECORDING.url: ("audio/mpeg", 1234)}
    expected: dict[Format, dict[str, Any]] = {
        atom_feed: recording | {SLIDES.url: (None, None)},
        json_feed: recording | {SLIDES.url: ("application/octet-stream", None)},
        rss20_feed: recording,
        rss10_feed: {},
    }
    assert found == expected[write]


@of(ALL)
def test_an_empty_channel_is_a_document_too(write: Format) -> None:
    parsed = ours(write(EMPTY))
    assert (parsed.title, parsed.entries) == ("Planet <Example>", ())


@of(XML)
def test_an_empty_channel_is_no_error_to_a_reader(write: Format) -> None:
    parsed = read(write(EMPTY))
    assert (parsed.feed.link, parsed.entries) == (EMPTY.home_url, [])


@of(ALL)
def test_entries_with_one_id_are_written_once(write: Format) -> None:
    retold = replace(BARE, id=FULL.id, title="Retold")
    document = write(replace(CHANNEL, items=(FULL, retold, BARE)))
    assert document == write(CHANNEL)


def test_the_bytes_depend_on_nothing_but_the_channel() -> None:
    script = (
        "from tests.documents.test_syndication import *\n"
        "for write in ALL.values(): sys.stdout.buffer.write(write(CHANNEL))\n"
        "sys.stdout.buffer.write(foafroll('Planet', 'https://planet.example.org/', [ADA, BOB]))"
    )
    written = {
        subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }
    assert len(written) == 1
    assert len(written.pop()) > 5_000


def test_atom_has_what_rfc_4287_requires() -> None:
    feed = tree(atom_feed(CHANNEL))

    for parent in (feed, *feed.xpath("a:entry | a:entry/a:source", namespaces=NS)):
        for name in ("id", "title"):
            only(parent, f"a:{name}")
    for parent in (feed, *feed.xpath("a:entry", namespaces=NS)):
        only(parent, "a:updated")
    assert only(feed, "a:author/a:name/text()") == CHANNEL.title
    assert only(feed, "a:link[@rel='self']/@href") == CHANNEL.self_url
    assert only(feed, "a:link[@rel='alternate']/@href") == CHANNEL.home_url
    for stamp in texts(feed, "//a:updated/text() | //a:published/text()"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", stamp)
    ids = texts(feed, "//a:entry/a:id/text()")
    assert len(set(ids)) == len(ids) == 2
    for iri in texts(feed, "//a:id/text() | //@href"):
        assert is_iri(iri)


def test_an_atom_entry_keeps_its_authors_dates_and_source() -> None:
    full, bare = tree(atom_feed(CHANNEL)).xpath("a:entry", namespaces=NS)

    assert texts(full, "a:author/a:name/text()") == list(FULL.authors)
    assert only(full, "a:published/text()") == "2025-11-12T09:30:00Z"
    assert only(full, "a:updated/text()") == "2025-11-13T09:30:00Z"
    source = only(full, "a:source")
    assert only(source, "a:id/text()") == ADA.id
    assert only(source, "a:title/text()") == ADA.title
    assert only(source, "a:updated/text()") == "2025-11-12T09:30:00Z"
    assert only(source, "a:link[@rel='self']/@href") == ADA.feed_url
    assert only(source, "a:link[@rel='alternate']/@href") == ADA.site_url
    assert texts(source, "a:author") == []
    assert only(full, "a:content/@type") == "html"
    # Who wrote it is not known, but where (RFC 4287, 4.1.2).
    assert texts(bare, "a:author") == []
    assert only(bare, "a:source/a:author/a:name/text()") == BOB.title
    assert only(bare, "a:updated/text()") == "2025-11-12T09:30:00Z"


def test_rss_2_has_what_its_specification_requires() -> None:
    rss = tree(rss20_feed(CHANNEL))

    assert (rss.tag, rss.get("version")) == ("rss", "2.0")
    channel = only(rss, "channel")
    for name in ("title", "link", "description", "lastBuildDate", "generator"):
        assert only(channel, f"{name}/text()")
    assert only(channel, "a:link[@rel='self']/@href") == CHANNEL.self_url
    for item in channel.xpath("item"):
        for name in ("title", "guid", "pubDate", "description", "source"):
            only(item, name)
        assert len(item.xpath("enclosure")) <= 1
    guids = texts(channel, "item/guid/text()")
    assert len(set(guids)) == len(guids) == 2
    assert texts(channel, "item/guid/@isPermaLink") == ["true", "false"]
    assert texts(channel, "item/source/@url") == [ADA.feed_url, BOB.feed_url]
    assert texts(channel, "item/source/text()") == [ADA.title, BOB.title]
    assert texts(channel, "item/dc:creator/text()") == [*FULL.authors, BOB.title]
    assert texts(channel, "item/author") == []
    assert only(channel, "item/enclosure").attrib == {
        "url": RECORDING.url,
        "length": "1234",
        "type": "audio/mpeg",
    }


def test_rss_2_dates_are_those_of_rfc_822_in_english() -> None:
    stamps = texts(tree(rss20_feed(CHANNEL)), "//pubDate/text() | //lastBuildDate/text()")
    assert stamps == ["Wed, 12 Nov 2025 09:30:00 GMT"] * 3
    assert parsedate_to_datetime(stamps[0]) == DAY


def test_an_rss_enclosure_of_unknown_size_and_type_has_all_three_attributes() -> None:
    item = replace(BARE, enclosures=(SLIDES,))
    enclosure = only(tree(rss20_feed(replace(CHANNEL, items=(item,)))), "//enclosure")
    assert dict(enclosure.attrib) == {
        "url": SLIDES.url,
        "length": "0",
        "type": "application/octet-stream",
    }


def test_a_summary_is_text_where_html_is_expected() -> None:
    assert "<description>See this: a &amp;lt; b</description>" in rss20_feed(CHANNEL).decode()
    assert "<description>See this: a &amp;lt; b</description>" in rss10_feed(CHANNEL).decode()
    assert "<summary>See this: a &lt; b</summary>" in atom_feed(CHANNEL).decode()


def test_rss_1_is_a_graph_whose_items_the_channel_lists() -> None:
    rdf = tree(rss10_feed(CHANNEL))

    assert rdf.tag == f"{RDF}RDF"
    channel = only(rdf, "rss:channel")
    for name in ("title", "link", "description"):
        assert only(channel, f"rss:{name}/text()")
    listed = texts(channel, "rss:items/rdf:Seq/rdf:li/@rdf:resource")
    about = texts(rdf, "rss:item/@rdf:about")
    assert listed == about == [FULL.id, BARE.id]
    assert len(set(texts(rdf, "//@rdf:about"))) == 3
    for item in rdf.xpath("rss:item", namespaces=NS):
        for name in ("rss:title", "rss:link", "dc:date", "dc:source"):
            assert only(item, f"{name}/text()")
    assert texts(rdf, "rss:item/dc:creator/text()") == [*FULL.authors, BOB.title]
    assert texts(rdf, "//dc:date/text()") == ["2025-11-12T09:30:00Z"] * 3
    # An entry without a link leads to its site, or to the feed of which no site is known.
    assert texts(rdf, "rss:item/rss:link/text()") == [FULL.url, BOB.feed_url]
    only(tree(rss10_feed(EMPTY)), "rss:channel/rss:items/rdf:Seq")


def test_json_feed_has_what_version_1_1_requires() -> None:
    feed = json.loads(json_feed(CHANNEL))

    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert (feed["title"], feed["feed_url"]) == (CHANNEL.title, CHANNEL.self_url)
    full, bare = feed["items"]
    assert full == {
        "id": FULL.id,
        "url": FULL.url,
        "title": FULL.title,
        "content_html": FULL.html,
        "summary": FULL.summary,
        "date_published": "2025-11-12T09:30:00Z",
        "date_modified": "2025-11-13T09:30:00Z",
        "authors": [{"name": "Ada"}, {"name": "Grace \U0001f680"}],
        "tags": ["python", "C++ & co"],
        "attachments": [
            {
                "url": RECORDING.url,
                "mime_type": "audio/mpeg",
                "size_in_bytes": 1234,
                "duration_in_seconds": 90,
            },
            {"url": SLIDES.url, "mime_type": "application/octet-stream"},
        ],
        "_source": {
            "id": ADA.id,
            "title": ADA.title,
            "home_page_url": ADA.site_url,
            "feed_url": ADA.feed_url,
        },
    }
    assert set(bare) == {"id", "title", "content_html", "date_published", "_source"}
    assert json.loads(json_feed(EMPTY))["items"] == []


def test_an_entry_without_a_page_of_its_own_leads_to_ours() -> None:
    item = replace(BARE, page_url="https://planet.example.org/entries/2")
    channel = replace(CHANNEL, items=(item,))
    for write in XML.values():
        assert read(write(channel)).entries[0].link == item.page_url
    assert json.loads(json_feed(channel))["items"][0]["url"] == item.page_url


def test_a_foafroll_is_a_group_of_agents_with_their_weblogs() -> None:
    rdf = tree(foafroll("Planet & co", "https://planet.example.org/", [ADA, BOB]))

    group = only(rdf, "foaf:Group")
    assert only(group, "foaf:name/text()") == "Planet & co"
    assert only(group, "foaf:homepage/@rdf:resource") == "https://planet.example.org/"
    agents = group.xpath("foaf:member/foaf:Agent", namespaces=NS)
    assert [only(agent, "foaf:name/text()") for agent in agents] == [ADA.title, BOB.title]
    sites = [only(agent, "foaf:weblog/foaf:Document") for agent in agents]
    assert [site.get(f"{RDF}about") for site in sites] == [ADA.site_url, None]
    feeds = [only(site, "rdfs:seeAlso/rss:channel/@rdf:about") for site in sites]
    assert feeds == [ADA.feed_url, BOB.feed_url]


def test_a_foafroll_of_nobody_is_a_group_too() -> None:
    assert (
        only(tree(foafroll("Planet", "https://planet.example.org/", [])), "foaf:Group") is not None
    )


# Lone surrogates among them, which Python's text can hold and no document can.
_HOSTILE = st.text(st.characters(), max_size=60) | st.sampled_from(
    [
        "]]>",
        "<![CDATA[ x ]]>",
        "<!-- -- -->",
        "&amp;amp; &#0; &nbsp;",
        "</title><script>alert(1)</script>",
        "a\x00b\x0bc\x1b[31md\x7fe\x9ff",
        "\ud800 \udfff \ufffe \uffff",
        "\U0001f469\u200d\U0001f4bb \u202eover\u202c \u05e9\u05dc\u05d5\u05dd",
        "\r\n\t \u2028\u0085",
        "%s %(x)s {0} $x",
        "x" * 100_000,
    ]
)
_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\x7f-\x84\x86-\x9f]")


def legal(text: str) -> str:
    return _FORBIDDEN.sub("", text)


_HOSTILE_CHANNELS = st.builds(
    lambda title, name, tag, html, summary, feed: replace(
        CHANNEL,
        title=title,
        items=(
            replace(
                FULL,
                title=title,
                authors=(name,),
                tags=(tag,),
                html=html,
                summary=summary,
                source=replace(ADA, title=feed),
            ),
        ),
    ),
    *([_HOSTILE] * 6),
)


@given(_HOSTILE_CHANNELS)
@settings(deadline=None)
def test_no_text_breaks_a_document_or_leaves_its_place(channel: Channel) -> None:
    (item,) = channel.items
    written = {name: tree(write(channel)) for name, write in XML.items()}
    paths = {
        "atom10": {
            "a:title": channel.title,
            "a:entry/a:title": item.title,
            "a:entry/a:author/a:name": item.authors[0],
            "a:entry/a:content": item.html,
            "a:entry/a:source/a:title": item.source.title,
        },
        "rss20": {
            "channel/title": channel.title,
            "channel/item/title": item.title,
            "channel/item/dc:creator": item.authors[0],
            "channel/item/category": item.tags[0],
            "channel/item/source": item.source.title,
        },
        "rss10": {
            "rss:channel/rss:title": channel.title,
            "rss:item/rss:title": item.title,
            "rss:item/dc:creator": item.authors[0],
            "rss:item/dc:subject": item.tags[0],
        },
    }
    for name, places in paths.items():
        for path, text in places.items():
            assert (only(written[name], path).text or "") == legal(text), (name, path)
    assert only(written["atom10"], "a:entry/a:category/@term") == legal(item.tags[0])


@of(XML)
@pytest.mark.parametrize("text", ["]]>" * 9, "\ud800\x00\ufffe", "\u202eover", "x" * 100_000])
def test_a_reader_takes_a_hostile_title_for_one(text: str, write: Format) -> None:
    item = replace(FULL, title=f"A {text} title")
    (entry,) = read(write(replace(CHANNEL, items=(item,)))).entries
    assert (entry.id, entry.title) == (item.id, legal(item.title))


@given(_HOSTILE_CHANNELS)
@settings(deadline=None)
def test_no_text_breaks_the_json(channel: Channel) -> None:
    (item,) = channel.items
    (found,) = json.loads(json_feed(channel).decode())["items"]
    assert found["title"] == legal(item.title)
    assert found["content_html"] == legal(item.html)
    assert found["tags"] == [legal(item.tags[0])]


@given(_HOSTILE)
@settings(deadline=None)
def test_no_text_breaks_a_foafroll(text: str) -> None:
    roll = tree(foafroll(text, "https://planet.example.org/", [replace(ADA, title=text)]))
    assert (only(roll, "foaf:Group/foaf:name").text or "") == legal(text)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("id:https://a.example.org/?p=1", "https://a.example.org/?p=1"),
        ("id:tag:a.example.org,2020:post-1", "tag:a.example.org,2020:post-1"),
        ("id:urn:uuid:0a1b", "urn:uuid:0a1b"),
        ("id:https://a.example.org/\u00e9t\u00e9", "https://a.example.org/\u00e9t\u00e9"),
        ("link:https://a.example.org/1#x", "https://a.example.org/1#x"),
    ],
)
def test_an_id_that_is_an_iri_is_kept(key: str, expected: str) -> None:
    assert item_id(key, host="a.example.org", since=date(2025, 11, 1)) == expected


@pytest.mark.parametrize(
    "key",
    [
        "id:1234 at https://a.example.org",
        "id:/2020/post",
        "id:100% sure",
        "id:https://a.example.org/100%",
        "id:https://a.example.org/\ud800",
        "id:https://a.example.org/\u202egro",
        "id:https://a.example.org/<b>",
        "id:mailto:",
        "id+link#0a1b",
        "hash:0a1b",
    ],
)
def test_an_id_that_is_none_gets_a_tag_that_stays(key: str) -> None:
    minted = item_id(key, host="a.example.org", since=date(2025, 11, 1))

    assert re.fullmatch(r"tag:a\.example\.org,2025-11-01:[0-9a-f]{32}", minted)
    assert is_iri(minted)
    assert minted == item_id(key, host="a.example.org", since=date(2025, 11, 1))
    assert minted != item_id(f"{key}x", host="a.example.org", since=date(2025, 11, 1))
