"""OPML outlines are read as subscriptions, and written so that they read the same again."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planet_mcp.documents.lists import read_list
from planet_mcp.documents.lists import write_opml as write
from planet_mcp.errors import ListError, OpmlError
from planet_mcp.models import Subscription
from planet_mcp.text.labels import label
from tests.support.paths import ROOT

FEEDS = ROOT / "feeds.opml"


def read(document: bytes) -> tuple[Subscription, ...]:
    return read_list(document).subscriptions


def document(body: str) -> bytes:
    return f'<opml version="2.0"><head/><body>{body}</body></opml>'.encode()


# XML 1.0 has no control characters but tab and line ends, no surrogates and no U+FFFE, U+FFFF.
_CHARACTERS = st.characters(
    exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff", include_characters="\n\t"
)
_TITLES = st.none() | st.text(_CHARACTERS).map(label)
_URLS = st.from_regex(r"https?://[a-z]{1,9}\.example/[a-z0-9/?&=%'+;#~-]{0,20}", fullmatch=True)
_SUBSCRIPTIONS = st.lists(
    st.builds(
        Subscription,
        url=_URLS,
        title=_TITLES,
        site_url=st.none() | _URLS,
        group=st.none() | st.sampled_from(["Python", "python", "Zoë & co <3"]),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda item: item.url,
)


def written_again(items: Iterable[Subscription]) -> tuple[Subscription, ...]:
    """Name and order subscriptions as `write` does: those without a group first."""
    named = [replace(item, title=item.title or item.url) for item in items]
    return tuple(sorted(named, key=lambda item: ((item.group or "").casefold(), item.group or "")))


@given(_SUBSCRIPTIONS, st.text(_CHARACTERS))
def test_what_is_written_reads_the_same_again(items: list[Subscription], title: str) -> None:
    assert read(write(items, title=title).encode()) == written_again(items)


def test_a_feed_without_a_title_is_written_under_its_url() -> None:
    written = write([Subscription("https://a.example/feed")], title="Mine")

    assert 'text="https://a.example/feed"' in written
    assert "<title>Mine</title>" in written
    assert 'type="rss"' in written
    assert "htmlUrl" not in written


def test_the_feeds_that_come_with_the_package_are_567() -> None:
    subscriptions = read(FEEDS.read_bytes())

    assert len(subscriptions) == 567
    assert all(item.title for item in subscriptions)


def test_nested_outlines_are_flattened_in_order() -> None:
    body = """
      <outline text="Python">
        <outline text="A" xmlUrl="https://a.example/"/>
        <outline text="Deeper"><outline text="B" xmlUrl="https://b.example/"/></outline>
      </outline>
      <outline text="C" xmlUrl="https://c.example/"/>"""

    assert [item.title for item in read(document(body))] == ["A", "B", "C"]


def test_outlines_nested_a_hundred_thousand_deep_are_read() -> None:
    depth = 100_000
    body = "<outline>" * depth + '<outline xmlUrl="https://a.example/"/>' + "</outline>" * depth

    assert read(document(body)) == (Subscription("https://a.example/"),)


def test_a_feed_that_is_listed_twice_is_one_subscription_under_its_first_title() -> None:
    body = """<outline text="First" xmlUrl="https://a.example/"/>
      <outline text="Second" xmlUrl=" https://a.example/ "/>"""

    assert read(document(body)) == (Subscription("https://a.example/", "First"),)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ('text="T" title="U"', Subscription("https://a.example/", "T")),
        ('title="U"', Subscription("https://a.example/", "U")),
        ('text=" " title=" U "', Subscription("https://a.example/", "U")),
        ('text=""', Subscription("https://a.example/")),
        ('TEXT="T" HTMLURL="https://s.example/"', Subscription("https://a.example/", "T", "https://s.example/")),
        ('htmlUrl="javascript:alert(1)"', Subscription("https://a.example/")),
        ('htmlUrl="s.example"', Subscription("https://a.example/", None, "https://s.example")),
        ('text="&lt;b&gt; &amp; &#233;"', Subscription("https://a.example/", "<b> & é")),
    ],
)  # fmt: skip
def test_attributes_are_taken_as_they_come(attributes: str, expected: Subscription) -> None:
    body = f'<outline xmlUrl="https://a.example/" {attributes}/>'

    assert read(document(body)) == (expected,)


@pytest.mark.parametrize(
    "outline",
    [
        '<outline text="A folder"/>',
        '<outline text="A link" type="link" url="https://a.example/"/>',
        '<outline xmlUrl=""/>',
        '<outline xmlUrl="file:///etc/passwd"/>',
        '<outline xmlUrl="javascript:alert(1)"/>',
        '<outline xmlUrl="feed.xml"/>',
        '<outline xmlUrl="http://[::1"/>',
    ],
)
def test_an_outline_that_is_no_feed_is_passed_over(outline: str) -> None:
    feed = '<outline xmlUrl="https://b.example/"/>'

    assert read(document(outline + feed)) == (Subscription("https://b.example/"),)
    with pytest.raises(OpmlError, match="no feeds in it"):
        read(document(outline))


@pytest.mark.parametrize(
    ("broken", "line", "reason"),
    [
        (b"<opml>\n<body>\n<outline>\n</body>\n</opml>", 4, "mismatched tag"),
        (b"<opml>\n<body>\n\n<outline text=a/>", 4, "not well-formed"),
        (b"<opml>\n<body>", 2, "no element found"),
        (b"<opml>\n&unknown;</opml>", 2, "undefined entity"),
        (b"<opml>\n<body>\x00</body></opml>", 2, "not well-formed"),
        (b"<opml/>\n<opml/>", 2, "junk after document element"),
    ],
)
def test_a_malformed_document_names_the_line(broken: bytes, line: int, reason: str) -> None:
    with pytest.raises(OpmlError, match=f"line {line}, .*{reason}") as caught:
        read(broken)

    assert caught.value.line == line


@pytest.mark.parametrize(
    ("other", "root"),
    [(b"<rss version='2.0'><channel/></rss>", "rss"), (b"<html><body/></html>", "html")],
)
def test_another_kind_of_document_is_named_by_its_root(other: bytes, root: str) -> None:
    with pytest.raises(OpmlError, match=f"<{root}>, expected <opml>") as caught:
        read(other)

    assert caught.value.line == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "gb18030"])
def test_the_declared_encoding_is_understood(encoding: str) -> None:
    declared = encoding.removesuffix("-sig")
    outline = '<outline text="Grüße" xmlUrl="https://a.example/"/>'
    text = f'<?xml version="1.0" encoding="{declared}"?><opml><body>{outline}</body></opml>'

    assert read(text.encode(encoding)) == (Subscription("https://a.example/", "Grüße"),)


def test_a_billion_laughs_bring_no_feeds() -> None:
    entities = ['<!ENTITY e0 "lol">']
    entities += [f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10)]
    bomb = f"<!DOCTYPE opml [{''.join(entities)}]><opml><body>&e9;</body></opml>"

    with pytest.raises(OpmlError, match="amplification"):
        read(bomb.encode())


def test_a_billion_laughs_in_an_attribute_are_not_expanded() -> None:
    entities = ['<!ENTITY e0 "lol">']
    entities += [f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10)]
    outline = '<outline text="&e9; &e0;" xmlUrl="https://a.example/"/>'
    bomb = f"<!DOCTYPE opml [{''.join(entities)}]><opml><body>{outline}</body></opml>"

    assert read(bomb.encode()) == (Subscription("https://a.example/", "&e9; lol"),)


def test_an_external_entity_is_not_loaded(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("https://secret.example/")
    bomb = f"""<!DOCTYPE opml [<!ENTITY x SYSTEM "{secret.as_uri()}">]>
      <opml><body>&x;<outline text="&x;" xmlUrl="https://a.example/"/></body></opml>"""

    assert read(bomb.encode()) == (Subscription("https://a.example/", "&x;"),)


@given(st.binary() | st.text().map(document))
def test_no_document_is_an_error_of_another_kind(data: bytes) -> None:
    with pytest.raises(ListError):
        read(data)


def test_opml_in_capitals_is_read() -> None:
    document = b"<OPML><BODY><OUTLINE XMLURL='http://a.example/'/></BODY></OPML>"
    assert [item.url for item in read(document)] == ["http://a.example/"]


# ------------------------------------------------------------------------- documents of strangers


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("A\u200b\u202eB\u2066C\ufeff", "ABC"),
        ("A\u0085\u009b31mB", "A 31mB"),
        ("A\u200dB\u200cC\ufe0fD\ufe0eE", "ABCDE"),
        ("e\u0301", "é"),
        ("\U000e0049\U000e0067nore", "nore"),
        ("A\ufe01\U000e0101B", "AB"),
        ("A\u00ad\u3164B", "AB"),
        ("👩\u200d💻 ❤\ufe0f नमस्ते می\u200cخواهم", "👩\u200d💻 ❤\ufe0f नमस्ते می\u200cخواهم"),  # noqa: RUF001
        ("\u200b\u2060", None),
        ("x" * 1_000_000, "x" * 300),
        ("\u202e" * 1_000_000, None),
    ],
)
def test_a_title_has_nothing_that_nobody_sees_and_an_end(written: str, title: str | None) -> None:
    outline = f'<outline xmlUrl="https://a.example/" text="{written}"/>'

    assert read(document(outline)) == (Subscription("https://a.example/", title),)


PIECES = (
    *(
        b"<outline ",
        b"<outline xmlUrl='https://a.example/'/>",
        b"xmlUrl='",
        b"'",
        b'"',
        b"/>",
        b">",
    ),
    *(b"<", b"</outline>", b"</body>", b"</opml>", b"<opml>", b"<body>", b"&amp;", b"&", b"&#0;"),
    *(
        b"&#xD800;",
        b"&#x202E;",
        b"\0",
        b"\xff",
        b"\xfe\xff",
        b"\xef\xbb\xbf",
        b"<!--",
        b"-->",
        b"&a;",
    ),
    *(b"<![CDATA[", b"]]>", b"<!DOCTYPE opml [<!ENTITY a 'b'>]>", b"xmlns:a='b'", b"a:outline"),
    *(b"<?xml version='1.0' encoding='utf-7'?>", b"https://[", b"http://a.example:99999/"),
    *(b"javascript:", b"\xc2\x85"),
)
WHOLE = document(
    """<outline text="One" xmlUrl="https://a.example/1" htmlUrl="https://a.example/"/>
    <outline text="Folder"><outline title="Zwei" xmlUrl="https://b.example/ü?a=1&amp;b=2"/></outline>"""
)


@st.composite
def broken_documents(draw: st.DrawFn) -> bytes:
    body = draw(st.sampled_from([WHOLE, b""]))
    for _ in range(draw(st.integers(1, 10))):
        start = draw(st.integers(0, len(body)))
        end = min(len(body), start + draw(st.sampled_from([0, 1, 9, 200])))
        body = body[:start] + draw(st.sampled_from(PIECES)) + body[end:]
    return body


@settings(deadline=None, max_examples=400)
@given(broken_documents() | st.binary(max_size=60).map(lambda data: WHOLE[:90] + data + WHOLE[90:]))
def test_a_broken_document_is_read_or_refused(data: bytes) -> None:
    try:
        found = read(data)
    except ListError:
        return
    assert found
    assert all(item.url.startswith(("http://", "https://")) for item in found)
    assert read(write(found, title="Again").encode()) == written_again(found)
