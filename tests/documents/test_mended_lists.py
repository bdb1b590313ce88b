"""Lists of feeds that are broken are read as far as they go, and say what is missing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planet_mcp.documents.lists import read_list, write_opml
from planet_mcp.documents.lists.listing import MAX_NAMED
from planet_mcp.errors import OpmlError, PlanetIniError
from planet_mcp.models import NotTaken, Subscription

A, B, C = (f"https://{name}.example/feed" for name in "abc")
ONE = f'<outline type="rss" text="One" xmlUrl="{A}"/>'


def opml(body: str, *, head: str = "<head><title>Mine</title></head>") -> str:
    declaration = '<?xml version="1.0" encoding="UTF-8"?>'
    return f'{declaration}\n<opml version="2.0">{head}<body>{body}</body></opml>'


def two(document: str | bytes) -> list[str | None]:
    """Return the titles of the feeds A and B, that a document is to have."""
    found = read_list(document if isinstance(document, bytes) else document.encode())

    assert [item.url for item in found.subscriptions] == [A, B]
    assert found.not_taken == ()
    assert found.not_taken_total == 0
    return [item.title for item in found.subscriptions]


@pytest.mark.parametrize(
    ("attributes", "title"),
    [
        # a bare ampersand, a reference to nothing
        (f'text="R&D" xmlUrl="{B}"', "R&D"),
        (f'text="a && b &; &nbsp c" xmlUrl="{B}"', "a && b &; &nbsp c"),
        (f'text="&unknown;" xmlUrl="{B}"', "&unknown;"),
        # entities of HTML
        (f'text="Zo&euml; &mdash; &hearts;" xmlUrl="{B}"', "Zoë — ♥"),
        (f'text="&AMP;&nbsp;&#x1F600;" xmlUrl="{B}"', "& 😀"),
        # a prefix that is not declared
        (f'text="Two" rssbandit:category="x" xmlUrl="{B}" gr:id=\'7\'', "Two"),
        (f'frss:text="No" text="Two" xmlUrl="{B}"', "Two"),
        # characters that XML does not have
        (f'text="T\x00w\x08o\x1b" xmlUrl="{B}"', "Two"),
        (f'text="Two&#0;&#x1F;&#xFFFE;\uffff" xmlUrl="{B}\x0c"', "Two"),
        # duplicates: the first that says something
        (f'text="Two" text="2" xmlUrl="{B}" xmlUrl="{C}"', "Two"),
        (f'xmlUrl="" text="" text="Two" title="" xmlUrl="{B}"', "Two"),
        # other cases
        (f'TEXT="Two" XMLURL="{B}" &', "Two"),
        (f'Text="Two" xmlurl="{B}" &', "Two"),
        # quotes
        (f"text='Two' xmlUrl='{B}' &", "Two"),
        (f"text='\"Two\"' xmlUrl=\"{B}\" &", '"Two"'),
        (f'text=Two xmlUrl={B} &', "Two"),
        (f'text="Say "Two" twice" xmlUrl="{B}"', 'Say "Two" twice'),
        (f'text="Two xmlUrl="{B}"', "Two"),
        (f'text="Two"xmlUrl="{B}"', "Two"),
        (f'text=“Two” title="Two" xmlUrl="{B}"', "“Two”"),
        # `<` and `>` in a value
        (f'text="a < b > c" xmlUrl="{B}"', "a < b > c"),
        (f'text="<b>Two</b> <3" xmlUrl="{B}"', "<b>Two</b> <3"),
        (f'text="x -> y" xmlUrl="{B}" &', "x -> y"),
        # blanks and attributes without a value
        (f'\n\ttext = "Two\nfold"\n\txmlUrl\n=\n"{B}" disabled', "Two fold"),
        (f'isOpen text="Two" xmlUrl="{B}"', "Two"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("ending", ["/>", " />", "></outline>", ">"])
def test_an_outline_is_read_as_a_browser_would(attributes: str, title: str, ending: str) -> None:
    assert two(opml(f"{ONE}<outline {attributes}{ending}")) == ["One", title]


TWO = f'<outline text="Two" xmlUrl="{B}"/>'
WHOLE = opml(ONE + TWO)
BODY = f"<body>{ONE}{TWO}</body>"


@pytest.mark.parametrize(
    "document",
    [
        # before the declaration
        f"\n{WHOLE}",
        f" \t\r\n{WHOLE}",
        f"\ufeff\ufeff{WHOLE}",
        f"\ufeff\n\ufeff{WHOLE}",
        f"\x00\x00{WHOLE}",
        f"\x1b[0m{WHOLE}",
        f"<!-- exported --> {WHOLE}",
        f"Warning: Undefined index in <b>export.php</b> on line 3\n{WHOLE}",
        f"HTTP/1.1 200 OK\nContent-Type: text/xml\n\n{WHOLE}",
        # after its end
        f"{WHOLE}\n<script>track()</script>",
        f"{WHOLE}{WHOLE[:40]}",
        f"{WHOLE}\x00\x00\x00",
        # no end
        WHOLE.removesuffix("</opml>"),
        WHOLE.removesuffix("</body></opml>"),
        WHOLE.removesuffix("ody></opml>"),
        # tags that do not match
        opml(f'<outline text="F">{ONE}{TWO}'),
        opml(f"{ONE}</outline></outline>{TWO}"),
        opml(f"{ONE}<br>{TWO}</p>"),
        opml(ONE + TWO, head="<head><title>R&D</head>"),
        # without a head, a body or the root
        f"<opml version='1.0'>{BODY}</opml>",
        f"<opml>{ONE}{TWO}</opml>",
        f"<OPML><HEAD/>{BODY}</OPML>".replace("outline", "OUTLINE"),
        BODY,
        f"{ONE}\n{TWO}\n",
        # namespaces
        f"<opml xmlns='http://opml.org/spec2' version='2.0'>{BODY}</opml>",
        f"<o:opml xmlns:o='urn:x'>{BODY}</o:opml>".replace("outline", "o:outline"),
        f"<o:opml>{BODY}</o:opml>".replace("outline", "o:outline"),
        f"<opml xmlns:x='urn:x' x:y='z' x:y='z'>{BODY}</opml>",
        # a page around it
        f"<!DOCTYPE html><html><title>x</title><body><opml>{BODY}</opml></body></html>",
        f"<html><body><pre>{WHOLE}</pre><p>Bye</body></html>",
        # what is no markup, comments and sections
        opml(f"<![CDATA[ <outline xmlUrl='{C}'/> ]]>{ONE} & <!-- <outline xmlUrl='{C}'/> -->{TWO}"),
        opml(f"{ONE}<!-- a -- b -->{TWO}"),
        opml(f"{ONE}<!-- & {TWO}"),
        opml(f"{ONE} & 1 < 2 {TWO}"),
        # declarations that do not hold
        WHOLE.replace("UTF-8", "utf-16"),
        WHOLE.replace("UTF-8", "x-nothing"),
        WHOLE.replace("UTF-8", "shift_jis"),
        WHOLE.replace("1.0", "2.0", 1),
        WHOLE.replace("?>", ">", 1),
        WHOLE.replace("\n", "\n<!DOCTYPE opml SYSTEM 'http://x.example/opml.dtd'>\n"),
        WHOLE.replace("\n", "\n<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0//EN'>\n&nbsp;"),
    ],
)
def test_a_broken_document_gives_all_its_feeds(document: str) -> None:
    assert two(document) == ["One", "Two"]


@pytest.mark.parametrize(
    ("document", "title"),
    [
        (WHOLE.replace("Two", "Zoë").encode("latin-1"), "Zoë"),
        (WHOLE.replace("Two", "“Zoë”").encode("cp1252"), "“Zoë”"),
        (WHOLE.replace("UTF-8", "ISO-8859-1").replace("Two", "Zoë").encode(), "Zoë"),
        (WHOLE.replace("UTF-8", "us-ascii").replace("Two", "Zoë").encode("latin-1"), "Zoë"),
        (WHOLE.replace("UTF-8", "GBK").replace("Two", "你好").encode("gbk"), "你好"),
        (WHOLE.replace("Two", "Ж").encode("utf-16-le"), "Ж"),
        (WHOLE.replace("Two", "Ж").encode("utf-16-be"), "Ж"),
        (WHOLE.replace("Two", "Ж & Ш").encode("utf-16"), "Ж & Ш"),
        (WHOLE.replace("Two", "Ж").encode("utf-32"), "Ж"),
        (WHOLE.replace("One", "ö").encode().replace(b"Two", b"Zo\xeb"), "Zoë"),
        (WHOLE.replace("Two", "Zoë € Æsir").encode().decode("cp1252").encode(), "Zoë € Æsir"),
    ],
)
def test_a_wrong_encoding_is_seen_through(document: bytes, title: str) -> None:
    assert two(document)[1] == title


@pytest.mark.parametrize(
    ("document", "warning"),
    [
        (WHOLE, None),
        (f"<opml>\n{ONE}\n&{TWO}\n</opml>", "line 3 (not well-formed (invalid token)) and was"),
        (WHOLE.removesuffix("</body></opml>"), "it ends in the middle, and feeds may be missing"),
        (WHOLE.replace("UTF-8", "latin-1").replace("Two", "Zoë"), "but is UTF-8"),
    ],
)  # fmt: skip
def test_what_was_mended_is_said(document: str, warning: str | None) -> None:
    found = read_list(document.encode()).warning

    assert (found is None) if warning is None else (warning in (found or ""))


@pytest.mark.parametrize(
    "document",
    [
        opml("".join(f'<outline xmlUrl="{n}.example/x"/>' for n in "abcdefg")),
        "".join(f"[{n}.example/x]\n" for n in "abcdefg"),
    ],
)
def test_addresses_that_are_guessed_are_said(document: str) -> None:
    warning = read_list(document.encode()).warning or ""

    assert "without a scheme are read as https: a.example/x, b.example/x, " in warning
    assert warning.endswith("e.example/x and 2 more")


@pytest.mark.parametrize(
    ("outline", "url"),
    [
        ('xmlUrl="feed://a.example/x"', "http://a.example/x"),
        ('xmlUrl="feed:https://a.example/x"', "https://a.example/x"),
        ('xmlUrl="a.example/x"', "https://a.example/x"),
        ('xmlUrl="&lt;https://a.example/x&gt;"', "https://a.example/x"),
        ('xmlUrl="https://a.example/?a=1&amp;amp;b=2"', "https://a.example/?a=1&b=2"),
        ('type="rss" url="https://a.example/x"', "https://a.example/x"),
        ('type="atom" xmlUrl="" URL="https://a.example/x"', "https://a.example/x"),
        ('type="link" xmlUrl="https://a.example/x" url="https://b.example"', "https://a.example/x"),
    ],
)
def test_the_address_of_a_feed_is_found(outline: str, url: str) -> None:
    found = read_list(opml(f"<outline {outline}/>").encode())

    assert [item.url for item in found.subscriptions] == [url]
    assert found.not_taken == ()


PAGE = "no xmlUrl; add its page"


@pytest.mark.parametrize(
    ("outline", "name", "reason", "url"),
    [
        ('text="Ada" xmlUrl="ftp://a.example/x"', "Ada", "not one of http", "ftp://a.example/x"),
        ('xmlUrl="feed.xml"', "feed.xml", "not one of http", "feed.xml"),
        ('text="A" xmlUrl="javascript:alert(1)"', "A", "not one of http", "javascript:alert(1)"),
        (f'text="Ada" xmlUrl="https://a.example/{"x" * 2_000}"', "Ada", "longer than", None),
        ('text="Page" type="link" url="https://a.example"', "Page", PAGE, "https://a.example"),
        ('text="Ada" type="rss" htmlUrl="https://a.example"', "Ada", PAGE, "https://a.example"),
        ('text="Empty"', "Empty", "no xmlUrl", None),
        ('title="Empty" xmlUrl=" "', "Empty", "no xmlUrl", None),
        ("", "without a name", "no xmlUrl", None),
        ('created="now" &', "without a name", "no xmlUrl", None),
    ],
)  # fmt: skip
def test_an_outline_that_is_not_taken_is_named_with_the_reason(
    outline: str, name: str, reason: str, url: str | None
) -> None:
    found = read_list(opml(f"{ONE}<outline {outline}/>").encode())

    assert [item.url for item in found.subscriptions] == [A]
    assert found.not_taken_total == 1
    (item,) = found.not_taken
    assert item.name == name
    assert reason in item.reason
    assert item.url == url or (url is None and "longer" in item.reason)


@pytest.mark.parametrize(
    "end",
    [
        f'<outline text="Two" xmlUrl="{B[:-3]}',
        "<outline text='Two' xmlUrl=https://b.ex",
        '<outline text="Two" xml',
        '<outline text="Two"',
        "<outline",
    ],
)
def test_a_feed_in_whose_middle_the_document_ends_is_not_taken(end: str) -> None:
    found = read_list(f"<opml><body>{ONE}{end}".encode())

    assert [item.url for item in found.subscriptions] == [A]
    assert [item.reason for item in found.not_taken] == ["the document ends in the middle of it"]


def test_a_feed_whose_address_is_whole_is_taken_from_a_cut_outline() -> None:
    cut = f'<outline text="Two" xmlUrl="{B}" htmlUrl="https://b'

    assert two(f"<opml><body>{ONE}{cut}") == ["One", "Two"]


def test_all_that_is_not_taken_is_counted_and_the_first_are_named() -> None:
    many = '<outline text="A" xmlUrl="ftp://a.example/"/>' * (MAX_NAMED + 5)

    found = read_list(opml(ONE + many).encode())

    assert found.not_taken_total == MAX_NAMED + 5
    assert len(found.not_taken) == MAX_NAMED


def test_names_of_what_is_not_taken_have_an_end() -> None:
    found = read_list(opml(f'{ONE}<outline text="{"x" * 999}" xmlUrl="ftp:{"y" * 999}"/>').encode())

    (item,) = found.not_taken
    assert len(item.name) <= 100
    assert len(item.url or "") <= 201


def test_a_feed_that_is_there_again_is_counted_as_that() -> None:
    found = read_list(opml(ONE + TWO + ONE.replace("One", "Again")).encode())

    assert [item.title for item in found.subscriptions] == ["One", "Two"]
    assert (found.repeated, found.not_taken_total) == (1, 0)


def test_an_outline_that_includes_another_list_is_a_reading_list() -> None:
    include = '<outline text="More" type="include" url="https://c.example/more.opml"/>'

    found = read_list(opml(ONE + TWO + include).encode())

    assert found.reading_lists == ("https://c.example/more.opml",)
    assert found.not_taken == ()


def test_a_list_without_feeds_names_what_it_has_instead() -> None:
    rows = "".join(f'<outline text="N{n}" xmlUrl="ftp://x"/>' for n in range(7))
    with pytest.raises(OpmlError, match=r"N0 \(its address is not one of http .*and 2 more"):
        read_list(opml(rows).encode())
    with pytest.raises(PlanetIniError, match=r"Ada \(its \[section\] is no http"):
        read_list(b"[ftp://a.example]\nname = Ada\n")


# ---------------------------------------------------------------------------------------- folders


def groups(body: str, *, broken: str = "") -> list[str | None]:
    return [item.group for item in read_list(opml(body + broken).encode()).subscriptions]


@pytest.mark.parametrize("broken", ["", "&", "<br>"])
def test_the_innermost_titled_folder_around_a_feed_is_its_group(broken: str) -> None:
    body = f"""
      <outline text="Outer" title="No">
        {ONE}
        <outline title="Inner">{TWO}</outline>
        <outline><outline text="Three" xmlUrl="{C}"/></outline>
      </outline>
      <outline text="Four" xmlUrl="{C}4"><outline text="Five" xmlUrl="{C}5"/></outline>"""

    assert groups(body, broken=broken) == ["Outer", "Inner", "Outer", None, None]


@pytest.mark.parametrize(
    ("category", "group"),
    [
        ("Python", "Python"),
        ("/Tech/Python", "Python"),
        ("Tech\\Python", "Python"),
        ("/Tech/Python/,/News", "Python"),
        ("News, Tech", "News"),
        (" / ", None),
        ("", None),
    ],
)
def test_a_feed_in_no_folder_is_grouped_by_its_category(category: str, group: str | None) -> None:
    feed = f'<outline xmlUrl="{A}" category="{category}"/>'

    assert groups(feed) == [group]
    assert groups(f'<outline text="Folder">{feed}</outline>') == ["Folder"]


def test_groups_are_written_as_folders() -> None:
    items = [
        Subscription(A, "One", None, "Zoo"),
        Subscription(B, "Two"),
        Subscription(C, "Three", None, "art"),
    ]

    written = write_opml(items, title="Mine")

    assert read_list(written.encode()).subscriptions == (items[1], items[2], items[0])
    assert written.index('<outline text="art" title="art">') > written.index(B)


# ------------------------------------------------------------------------------------- config.ini


@pytest.mark.parametrize(
    "document",
    [
        # a line that is none of an ini file
        f"hello\n[{A}]\nname = One\n[{B}]\nname = Two\n",
        f"name = x\n[{A}]\nname = One\n[{B}]\nname = Two\n",
        f"[{A}]\nname = One\n\nhello\n[{B}]\nname = Two\n",
        f"[{A}]\nname = One\n[]\n[{B}]\nname = Two\n",
    ],
)
def test_a_line_that_is_none_of_an_ini_file_costs_no_feed_and_is_named(document: str) -> None:
    found = read_list(document.encode())

    assert [(item.url, item.title) for item in found.subscriptions] == [(A, "One"), (B, "Two")]
    assert [item.name[:5] for item in found.not_taken] == ["line "]


@pytest.mark.parametrize(
    ("document", "title"),
    [
        # brackets
        (f"[{A}]\nname = One\n[{B}\nname = Two\n", "Two"),
        (f"[{A}]\nname = One\n[{B}]name = Two\n", None),
        (f"[<{A}>]\nname = One\n['{B}']\nname = Two\n", "Two"),
        # characters, blanks and marks
        (f"\ufeff\n\n  \n[{A}]\nname = One\n[{B}]\nname = T\x00w\x0bo\n", "Two"),
        (f"\ufeff\ufeff[{A}]\nname = One\n[{B}\x08]\nname = Two\n", "Two"),
        (f"\n\t[{A}]\n\tname = One\n\t[{B}]\n\tname = Two\n", "Two"),
        # references of HTML
        (f"[{A}]\nname = One\n[{B}]\nname = R&D &eacute;&hearts; & co", "R&D é♥ & co"),
        (f"[{A}]\nname = One\n[{B}]\nname = &lt;3 &unknown;\n", "<3 &unknown;"),
    ],
)
def test_a_broken_ini_file_gives_all_its_feeds(document: str, title: str | None) -> None:
    assert two(document) == ["One", title]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "cp1252", "utf-8-sig"])
@pytest.mark.parametrize("first", ["# mine\n", "", "\n", "; mine\n"])
def test_an_ini_file_is_read_in_its_encoding(encoding: str, first: str) -> None:
    document = f"{first}[{A}]\nname = One\n[{B}]\nname = Zoë\n".encode(encoding)

    assert two(document)[1] == "Zoë"


@pytest.mark.parametrize(
    ("section", "url"),
    [
        ("feed:b.example/feed", "http://b.example/feed"),
        ("b.example/feed", "https://b.example/feed"),
        ("b.example", "https://b.example"),
        ("//b.example/feed", "https://b.example/feed"),
        ("https://b.example/?a=1&amp;b=2", "https://b.example/?a=1&b=2"),
    ],
)
def test_a_section_is_an_address_however_it_is_written(section: str, url: str) -> None:
    found = read_list(f"[{A}]\n[{section}]\nname = Two\n".encode())

    assert [item.url for item in found.subscriptions] == [A, url]


NO_ADDRESS = "its [section] is no http(s) address"
ENDS_INSIDE = "the document ends in the middle of it"


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("[ftp://b.example]\nname = Bob\n", NotTaken("Bob", NO_ADDRESS, "ftp://b.example")),
        (
            "[mailto:b@b.org]\n",
            NotTaken("mailto:b@b.org", NO_ADDRESS, "mailto:b@b.org"),
        ),
        ("[Bob]\nname = Bob\nfeed = x\n", NotTaken("Bob", NO_ADDRESS, "Bob")),
        ("[https://b.exam", NotTaken("line 5", ENDS_INSIDE, "https://b.exam")),
    ],
)
def test_a_section_that_is_meant_for_a_feed_but_is_none_is_named(
    rest: str, expected: NotTaken
) -> None:
    settings = f"[Planet]\nname = P\n[{A}]\nname = Ada\n"

    found = read_list(f"{settings}{rest}".encode())

    assert [item.url for item in found.subscriptions] == [A]
    assert found.not_taken == (expected,)


def test_settings_are_not_named_as_feeds() -> None:
    planet = "[Planet]\nname = P\n[DEFAULT]\nname = X\n"
    templates = "[index.html.tmpl]\nx = 1\n[excerpt.py]\nomit = img\n"

    assert two(f"{planet}{templates}[{A}]\n[{B}]\nname = Two\n") == [None, "Two"]


# ----------------------------------------------------------------------------------- any document

_PIECES = st.sampled_from(
    [
        *(
            "<outline ",
            "</outline>",
            "/>",
            ">",
            "<",
            '"',
            "'",
            "=",
            "&",
            "<!--",
            "-->",
            "<![CDATA[",
        ),
        *(
            "xmlUrl=",
            f'xmlUrl="{A}"',
            "text='",
            ' text="',
            "&amp;",
            "\x00",
            " ",
            "\n",
            "/",
            "<opml>",
        ),
    ]
)


@given(st.lists(_PIECES, max_size=30).map("".join))
@settings(deadline=None, max_examples=300)
def test_each_outline_is_taken_named_or_a_folder(rest: str) -> None:
    document = f"<opml><body>{ONE}{rest}"

    found = read_list(document.encode())

    assert found.subscriptions[0].url == A
    assert len(found.not_taken) == found.not_taken_total


_ENDLESS = (
    *("<outline ", "<outline text='", '<outline xmlUrl="a', "<!--", "<![CDATA[", "<outline/a='"),
    *("\t", "/", "a=", "&", '" ', "a"),
)


@pytest.mark.parametrize("piece", _ENDLESS)
def test_what_never_ends_is_read_in_its_time(piece: str) -> None:
    document = f"<opml><body>{ONE}<outline {piece * (300_000 // len(piece))}"

    assert read_list(document.encode()).subscriptions[0].url == A
