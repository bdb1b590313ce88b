"""The configuration of a Planet or Planet Venus is read as subscriptions, however it is written."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planet_mcp.documents.lists import read_list
from planet_mcp.errors import ListError, OpmlError, PlanetIniError
from planet_mcp.models import Subscription, SubscriptionList

ADA = Subscription("https://ada.example.org/feed", "Ada")

CONFIG = """\
# The planet of some people
; that nobody knows.
[Planet]
name = Planet Example
link = https://planet.example.org/
owner_email = ada@example.org
date_format = %B %d, %Y %I:%M %p
cache_directory = cache
template_files = examples/index.html.tmpl
    examples/rss20.xml.tmpl
    examples/opml.xml.tmpl
items_per_page = 25
log_level: DEBUG

[DEFAULT]
facewidth = 64
name = Somebody

[examples/index.html.tmpl]
days_per_page = 7

[http://ada.example.org/feed]
name = Ada
face = ada.png
facewidth = 80

#[http://gone.example.org/feed]
#name = Gone

[http://bob.example.org/?feed=rss&cat[]=1#x]
name: Bob = "the: builder" 100%

[feed://eve.example.org/atom.xml]

[feed:https://fay.example.org/rss]
name = Fay
"""


def read(document: bytes) -> SubscriptionList:
    return read_list(document)


def feeds(text: str) -> list[tuple[str, str | None]]:
    return [(item.url, item.title) for item in read(text.encode()).subscriptions]


def test_the_feeds_of_a_planet_are_read_in_order_with_their_names() -> None:
    found = read(CONFIG.encode())

    assert [(item.url, item.title, item.site_url) for item in found.subscriptions] == [
        ("http://ada.example.org/feed", "Ada", None),
        ("http://bob.example.org/?feed=rss&cat%5B%5D=1#x", 'Bob = "the: builder" 100%', None),
        ("http://eve.example.org/atom.xml", None, None),
        ("https://fay.example.org/rss", "Fay", None),
    ]
    assert found.reading_lists == ()


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("name = Ada", "Ada"),
        ("name=Ada", "Ada"),
        ("Name: Ada", "Ada"),
        ("  name = Ada", "Ada"),
        ("name = Ada\n    Lovelace", "Ada Lovelace"),
        ("name = Ada\n\n  face = ada.png", "Ada"),
        ("name = Ada ; who else", "Ada"),
        ("name = Ada # 1", "Ada # 1"),
        ("name = C# & F#", "C# & F#"),
        ("name = Ada; Bob", "Ada; Bob"),
        ("name = %(nobody)s %", "%(nobody)s %"),
        ("name = Zo\u00eb \U0001f680", "Zo\u00eb \U0001f680"),
        ("name = Zo&euml; &amp; co", "Zo\u00eb & co"),
        ("name = Bob\nname = Ada", "Ada"),
        ("name = \u202eAda\u200b", "Ada"),
        ("name =", None),
        ("face = ada.png", None),
        ("link = https://ada.example.org/\nfilter = python", None),
    ],
)
def test_a_name_is_read_as_a_planet_reads_it(written: str, name: str | None) -> None:
    assert feeds(f"[{ADA.url}]\n{written}\n") == [(ADA.url, name)]


@pytest.mark.parametrize(
    "section",
    [
        "[https://ada.example.org/feed]",
        "[https://ada.example.org/feed] ; her blog",
        "[https://ada.example.org/feed]  # [her] blog",
        "[ https://ada.example.org/feed ]",
        "[HTTPS://ada.example.org/feed]",
        "[feed:https://ada.example.org/feed]",
        "[feed://https://ada.example.org/feed]",
    ],
)
def test_a_feed_is_known_by_its_address_however_that_is_written(section: str) -> None:
    assert feeds(f"{section}\nname = Ada\n") == [(ADA.url, "Ada")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252"])
def test_line_ends_and_encodings_make_no_difference(encoding: str, end: str) -> None:
    text = f"# \u00e9t\u00e9\n[{ADA.url}]\nname = Zo\u00eb\n\n[Planet]\nname = P\n".replace(
        "\n", end
    )

    assert read(text.encode(encoding)).subscriptions == (Subscription(ADA.url, "Zo\u00eb"),)


def test_a_feed_that_is_there_twice_is_one_under_its_last_name() -> None:
    twice = (
        "[http://a.example.org/f]\nname = Ada\n[http://b.example.org/f]\nname = Bob\n"
        "[feed://a.example.org/f]\nname = Ada L.\n[http://b.example.org/f]\nface = b.png\n"
    )
    assert feeds(twice) == [("http://a.example.org/f", "Ada L."), ("http://b.example.org/f", "Bob")]


@pytest.mark.parametrize("kind", ["opml", "application/opml+xml", "foaf", "csv", "config", "my.py"])
def test_a_reading_list_is_no_feed_and_is_named(kind: str) -> None:
    config = (
        f"[https://ada.example.org/feed]\nname = Ada\n\n"
        f"[https://bob.example.org/list]\nname = Friends\ncontent_type = {kind}\n\n"
        f"[my/\u202eown.opml]\ncontent_type = {kind}\n"
    )
    found = read(config.encode())

    assert found.subscriptions == (ADA,)
    assert found.reading_lists == ("https://bob.example.org/list", "my/own.opml")


def test_the_content_type_of_a_feed_makes_it_no_list() -> None:
    config = f"[{ADA.url}]\nname = Ada\ncontent_type = application/rss+xml\n"
    assert read(config.encode()).subscriptions == (ADA,)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\n\nhello\n", 3),
        ("[Planet]\nname = P\n\nhello\n", 4),
        ("[Planet]\r\nname = P\r\n[https://ada.example.org/feed", 3),
        ("[]\nname = Ada\n", 1),
        ('{"feeds": ["https://ada.example.org/feed"]}', 1),
    ],
)
def test_a_file_without_feeds_names_its_malformed_line(text: str, line: int) -> None:
    with pytest.raises(PlanetIniError, match=f"line {line}:") as caught:
        read(text.encode())
    assert caught.value.line == line


@pytest.mark.parametrize(
    "text", ["", "\n", "# nothing\n", "[Planet]\nname = P\n", "[a.tmpl]\nx = 1"]
)
def test_a_file_without_feeds_says_so(text: str) -> None:
    with pytest.raises(PlanetIniError, match="No feeds in it") as caught:
        read(text.encode())
    assert caught.value.line is None


def test_a_file_of_reading_lists_alone_names_them() -> None:
    with pytest.raises(PlanetIniError, match=r"https://bob\.example\.org/list"):
        read(b"[https://bob.example.org/list]\ncontent_type = opml\n")


_OPML = '<opml version="2.0"><body><outline text="Ada" xmlUrl="https://ada.example.org/feed"/>'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("before", ["", "<?xml version='1.0'?>\n", "<!-- mine -->\n"])
def test_opml_is_told_by_its_beginning(before: str, encoding: str) -> None:
    document = f"{before}{_OPML}</body></opml>".encode(encoding)
    assert read_list(document).subscriptions == (ADA,)


def test_space_before_opml_makes_no_ini_of_it() -> None:
    assert read_list(f"\n  {_OPML}</body></opml>".encode()).subscriptions == (ADA,)


def test_each_kind_has_its_own_error() -> None:
    with pytest.raises(OpmlError, match="line 2"):
        read_list(b"<opml>\n<")
    with pytest.raises(PlanetIniError, match="line 1"):
        read_list(b"hello")


_LINES = st.lists(
    st.sampled_from(
        [
            "[https://a.example.org/f]",
            "[x]",
            "[",
            "]",
            "name = a",
            "=",
            ":",
            "  b",
            "; c",
            "#",
            "\x00",
        ]
    )
    | st.text(max_size=12),
    max_size=12,
).map("\n".join)


@given(_LINES.map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary(max_size=60))
@settings(deadline=None)
def test_whatever_is_read_is_feeds_or_an_error_of_lists(document: bytes) -> None:
    try:
        found = read_list(document)
    except ListError:
        return
    assert found.subscriptions
    assert all(item.url.startswith(("http://", "https://")) for item in found.subscriptions)
