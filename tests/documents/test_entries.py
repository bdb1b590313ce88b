"""What an entry says: its text, address and files, each kind with what only looks like it."""

from datetime import UTC, datetime
from html import escape

import pytest

from planet_mcp.documents.parse import parse_feed
from planet_mcp.models import ParsedEntry, ParsedFeed

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
URL = "https://blog.example/feed.xml"
PREFIXES = (
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:psc="http://podlove.org/simple-chapters" '
    'xmlns:podcast="https://podcastindex.org/namespace/1.0" xmlns:app="http://www.w3.org/2007/app" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
    'xmlns:yandex="http://news.yandex.ru"'
)
LONG = "A crane of the harbour company lifts a red container in the rain, seen from the pier"


def rss(*items: str, site: str = "https://blog.example/") -> ParsedFeed:
    entries = "".join(f"<item><title>T</title>{item}</item>" for item in items)
    channel = f"<channel><title>F</title><link>{site}</link>{entries}</channel>"
    return parse(f'<rss version="2.0" {PREFIXES}>{channel}</rss>')


def atom(*items: str) -> ParsedFeed:
    entries = "".join(f"<entry><title>T</title>{item}</entry>" for item in items)
    return parse(f'<feed xmlns="http://www.w3.org/2005/Atom" {PREFIXES}>{entries}</feed>')


def parse(document: str) -> ParsedFeed:
    return parse_feed(document.encode(), url=URL, now=NOW)


def only(feed: ParsedFeed) -> ParsedEntry:
    (entry,) = feed.entries
    return entry


def markdown_of(text: str) -> str:
    """Return what is made of a text that is escaped as often as its format asks."""
    as_html = only(rss(f"<description>{escape(text)}</description>")).content.markdown
    as_text = only(atom(f'<id>1</id><content type="text">{escape(text)}</content>'))
    assert as_text.content.markdown == as_html
    return as_html


# --------------------------------------------------------------------------- captions and media


CAPTION = f"<media:description>{LONG}</media:description>"


@pytest.mark.parametrize(
    "media",
    [
        f'<media:content url="/i.jpg" medium="image">{CAPTION}</media:content>',
        f'<media:content url="/i.jpg"/>{CAPTION}',
        f'<media:group><media:content url="/i.jpg" type="image/jpeg"/>{CAPTION}</media:group>',
        f'<media:thumbnail url="/i.jpg"/>{CAPTION}',
    ],
)
@pytest.mark.parametrize("place", ["{media}{text}", "{text}{media}"])
def test_a_caption_stands_beside_the_text_of_its_entry(media: str, place: str) -> None:
    text = "<description>The harbour opened.</description>"
    entry = only(rss(place.format(media=media, text=text)))
    image = f"[image: {LONG}](https://blog.example/i.jpg)"
    assert entry.content.markdown == f"The harbour opened.\n\n{image}"
    assert entry.content.text == f"The harbour opened.\n{LONG}"
    assert entry.content.excerpt == "The harbour opened."


def test_a_post_of_pictures_is_their_captions() -> None:
    entry = parse(
        f'<rss version="2.0" {PREFIXES}><channel><item><description></description>'
        '<media:content url="https://m.example/a.jpg" medium="image">'
        '<media:description type="plain">A pier in fog</media:description></media:content>'
        '<media:content url="https://m.example/b.jpg" medium="image"/></item></channel></rss>'
    ).entries[0]
    first = "[image: A pier in fog](https://m.example/a.jpg)"
    assert entry.content.markdown == f"{first}\n\n[image](https://m.example/b.jpg)"
    assert entry.title == "A pier in fog"


def test_a_picture_without_a_caption_is_shown_where_an_entry_says_nothing_else() -> None:
    picture = '<media:content url="/p.jpg" type="image/jpeg"/><media:thumbnail url="/t.jpg"/>'
    drawn = "[image](https://blog.example/p.jpg)"
    assert only(rss(f"<title>Fog</title>{picture}")).content.markdown == drawn
    assert only(rss(f"<description>Fog.</description>{picture}")).content.markdown == "Fog."
    avatar = '<media:content url="https://0.gravatar.com/avatar/1" medium="image"/>'
    assert only(rss(f"<title>Fog</title>{avatar}{picture}")).content.markdown == drawn
    assert only(rss('<title>Fog</title><media:thumbnail url="/t.jpg"/>')).content.markdown == ""


def test_the_media_text_of_a_picture_is_its_caption_and_of_a_recording_its_transcript() -> None:
    text = "<media:text>A pier</media:text></media:content>"
    picture = f'<media:content url="/p.jpg" medium="image">{text}'
    film = f'<media:content url="/f.mp4" type="video/mp4">{text}'
    drawn = "[image: A pier](https://blog.example/p.jpg)"
    assert only(rss(f"<description>Fog.</description>{picture}")).content.markdown == (
        f"Fog.\n\n{drawn}"
    )
    assert only(rss(f"<description>Fog.</description>{film}")).content.markdown == "Fog."


def test_a_picture_and_a_film_keep_what_is_said_of_them() -> None:
    media = (
        '<media:content url="/a.jpg" medium="image"><media:description>A pier</media:description>'
        '</media:content><media:content url="/c.mp4" type="video/mp4" medium="video">'
        f"<media:description>{LONG}</media:description></media:content>"
    )
    entry = only(rss(f"<description>Foggy.</description>{media}"))
    assert entry.content.markdown == (
        f"Foggy.\n\n[image: A pier](https://blog.example/a.jpg)\n\n[{LONG}](https://blog.example/c.mp4)"
    )


@pytest.mark.parametrize("kind", ["application/x-shockwave-flash", "video/mp4"])
def test_what_is_said_of_a_film_as_a_whole_is_the_text_of_its_entry(kind: str) -> None:
    group = (
        f'<media:group><media:content url="https://films.example/1" type="{kind}"/>'
        f'<media:thumbnail url="/t.jpg"/><media:description>{LONG}\n0:00 Start</media:description>'
        "</media:group>"
    )
    for text in ("", "<summary>A film.</summary>"):
        assert only(atom(f"<id>1</id>{text}{group}")).content.markdown == f"{LONG}\n0:00 Start"


def test_a_caption_or_picture_that_the_text_has_is_not_added() -> None:
    media = (
        '<media:content url="{}" medium="image"><media:description>A pier</media:description>'
        "</media:content>"
    )
    html = escape('<p>A pier</p><img src="https://blog.example/i.jpg" alt="Rain">')
    said = "A pier\n\n[image: Rain](https://blog.example/i.jpg)"
    for address in ("/i.jpg", "/other.jpg"):
        entry = only(rss(f"<description>{html}</description>{media.format(address)}"))
        assert entry.content.markdown == said


def test_transcripts_and_chapters_come_with_a_recording() -> None:
    entry = only(
        rss(
            '<description>With Ada.</description><enclosure url="/7.mp3" type="audio/mpeg"/>'
            '<podcast:transcript url="/7.vtt" type="text/vtt"/><podcast:transcript url="/7.txt"/>'
            '<podcast:chapters url="/7.json" type="application/json+chapters"/>'
            '<psc:chapters version="1.2"><psc:chapter start="00:00:00" title="Intro"/>'
            '<psc:chapter start="00:12:30.500" title="Horns" href="https://horns.example/"/>'
            "</psc:chapters>"
        )
    )
    assert [(file.url.rpartition("/")[2], file.type) for file in entry.enclosures] == [
        *(("7.mp3", "audio/mpeg"), ("7.vtt", "text/vtt"), ("7.txt", "text/plain")),
        ("7.json", "application/json+chapters"),
    ]
    chapters = "- 00:00:00 Intro\n- 00:12:30 [Horns](https://horns.example/)"
    assert entry.content.markdown == f"With Ada.\n\n{chapters}"


def test_chapters_that_the_notes_have_are_not_repeated() -> None:
    notes = "(00:00) Intro and (12:30) Horns"
    chapters = (
        '<psc:chapters><psc:chapter start="00:00" title="Intro"/>'
        '<psc:chapter start="12:30" title="Horns"/></psc:chapters>'
    )
    entry = only(rss(f"<description>{notes}</description>{chapters}"))
    assert entry.content.markdown == notes


# ------------------------------------------------------------------------------------ addresses


@pytest.mark.parametrize(
    ("item", "url"),
    [
        ('<link></link><guid isPermaLink="true">https://blog.example/1</guid>', "1"),
        ("<link/><guid>https://blog.example/2</guid>", "2"),
        ("<guid>https://blog.example/3</guid><link> </link>", "3"),
        ("<link>http://</link><guid>https://blog.example/4</guid>", "4"),
        ('<link/><guid isPermaLink="false">https://blog.example/5</guid>', None),
        ("<link>/6</link><guid>https://blog.example/other</guid>", "6"),
        ("<link>https://blog.example/my post/one</link>", "my%20post/one"),
        ("<link> /a b?q=c d </link>", "a%20b?q=c%20d"),
        ("<link>blog.example/one</link>", "one"),
        ("<link>https://blog.example/long/\n      address</link>", "long/address"),
    ],
)
def test_an_entry_has_the_address_that_a_browser_would_open(item: str, url: str | None) -> None:
    assert only(rss(item, site="")).url == (url and f"https://blog.example/{url}")


def test_a_blank_in_a_host_is_no_address() -> None:
    assert only(rss("<link>https://blog example/1</link>")).url is None


@pytest.mark.parametrize("link", ["https://blog.example", "https://blog.example/news"])
def test_entries_that_all_link_to_their_site_have_the_pages_of_their_guids(link: str) -> None:
    items = [f"<link>{link}</link><guid>https://blog.example/{n}</guid>" for n in (1, 2)]
    assert [e.url for e in rss(*items).entries] == [
        "https://blog.example/1",
        "https://blog.example/2",
    ]


@pytest.mark.parametrize(
    "guid",
    [
        '<guid isPermaLink="false">https://blog.example/{}</guid>',
        "<guid>https://files.example/{}.mp3</guid>",
        "<guid>https://blog.example/same</guid>",
        "<guid>{}</guid>",
    ],
)
def test_a_guid_that_is_no_page_leaves_the_site(guid: str) -> None:
    items = [f"<link>https://blog.example/</link>{guid.format(n)}" for n in (1, 2)]
    assert {entry.url for entry in rss(*items).entries} == {"https://blog.example/"}


def test_posts_about_one_page_of_others_keep_its_address() -> None:
    items = [f"<link>https://news.example/a</link><guid>{URL}/{n}</guid>" for n in (1, 2)]
    assert {entry.url for entry in rss(*items).entries} == {"https://news.example/a"}


def test_a_draft_is_not_shown() -> None:
    old = '<control xmlns="http://purl.org/atom/app#"><draft>YES</draft></control>'
    feed = atom(
        "<id>1</id><app:control><app:draft>yes</app:draft></app:control>",
        f"<id>2</id>{old}",
        "<id>3</id><app:control><app:draft>no</app:draft></app:control>",
        "<id>4</id>",
    )
    assert [entry.key for entry in feed.entries] == ["id:3", "id:4"]


# ----------------------------------------------------------------------------- plain and Markdown


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("Q&A about C\n\nand a line\nbelow", "Q&A about C\n\nand a line\nbelow"),
        ("I <3 you\nand more", "I <3 you\nand more"),
        ("a vector<int> here\nbelow", "a vector&lt;int> here\nbelow"),
        ("see <https://x.example/a_b> now\nbelow", "see &lt;https://x.example/a_b> now\nbelow"),
        ("the <b> element\nbelow", "the &lt;b> element\nbelow"),
        ("x <- 5 && y\n\n\nz", "x <- 5 && y\n\nz"),
        ("if a < b:\n    x()\n    y()", "if a < b:\n    x()\n    y()"),
        ("AT&amp;T\nFish &amp; chips", "AT&T\nFish & chips"),
        ("Un caf&eacute;\nbelow", "Un café\nbelow"),
        # tags that nobody types
        ("One<br>two & three", "One  \ntwo & three"),
        ("<ul><li>a<li>b</ul>", "- a\n- b"),
        ("So <b>bold</b>\nof you", "So **bold** of you"),
    ],
)
def test_a_text_keeps_its_lines_unless_it_is_html(text: str, markdown: str) -> None:
    assert markdown_of(text) == markdown


def test_prose_is_not_indented_as_its_document_is() -> None:
    assert markdown_of("\n    One line\n    and another\n    of prose\n  ") == (
        "One line\nand another\nof prose"
    )


@pytest.mark.parametrize(
    "source",
    [
        "# Steps\n\n    code = 1\n\n- a\n  - b\n\nand R&D",
        "Look:\n\n```py\nif x < 3 & y:\n    pass\n```",
        "- one\n    - two\n    - three",
        "See [this](https://x.example/) and **that**\n\n1. one\n   - deep",
    ],
)
def test_a_markdown_source_keeps_its_indentation(source: str) -> None:
    assert markdown_of(source) == source


def test_one_sign_of_markdown_is_only_text() -> None:
    assert markdown_of("5 * 3 * 2 and my_name\n# 1 of them") == (
        "5 \\* 3 \\* 2 and my_name\n\\# 1 of them"
    )


def test_comments_in_html_are_no_reason_to_warn_and_hidden_text_is() -> None:
    comment, hidden = "<!-- wp:paragraph {} -->" * 40, f"<p hidden>{'x' * 400}</p>"
    for html, warns in ((comment, False), (hidden, True)):
        feed = rss(f"<description>{escape(f'{html}<p>Seen.</p>')}</description>")
        assert (feed.warning is not None) is warns


@pytest.mark.parametrize(
    ("tag", "markdown"),
    [("div", "A.\n\n$$t = \\frac{a}{b}$$"), ("span", "A.\n\n$t = \\frac{a}{b}$")],
)
def test_formulas_that_a_script_would_draw_are_read_from_their_attribute(
    tag: str, markdown: str
) -> None:
    data = escape('{"persistentExpression": "t = \\\\frac{a}{b}", "id": "A"}')
    html = f'<p>A.</p><{tag} class="latex-rendered" data-attrs="{data}"></{tag}>'
    assert only(rss(f"<description>{escape(html)}</description>")).content.markdown == markdown
    broken = html.replace("{&quot;", "[")
    assert only(rss(f"<description>{escape(broken)}</description>")).content.markdown == "A."


def test_the_exponent_of_an_exponent_is_written_with_it() -> None:
    for power, written in (
        ("3<sup></sup>", "x^3"),
        ("<sup>2</sup>", "x^2"),
        ("10<sup>6</sup>", "x10^6"),
    ):
        html = escape(f"<p>x<sup>{power}</sup></p>")
        assert only(rss(f"<description>{html}</description>")).content.text == written


@pytest.mark.parametrize("order", [1, -1])
def test_a_later_revision_is_no_time_of_publication(order: int) -> None:
    dates = [
        "<dc:date>2026-11-20T10:00:00Z</dc:date>",
        "<dcterms:modified>2026-11-21T10:00:00Z</dcterms:modified>",
    ]
    entry = only(rss("".join(dates[::order])))

    assert entry.published == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert entry.updated == datetime(2026, 11, 21, 10, tzinfo=UTC)
    assert only(rss(dates[1])).published == datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.mark.parametrize("name", ["yandex:full-text", "fulltext"])
def test_a_whole_text_beside_a_description_is_the_text(name: str) -> None:
    whole = f"<{name}>{LONG}, and the rain goes on.</{name}>"
    assert only(rss(f"<description>A crane</description>{whole}")).content.text.startswith(LONG)
    assert (
        only(rss(f"<{name}>A crane</{name}><description>{LONG}</description>")).content.text == LONG
    )


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("&quot;Kim Lund&quot; &lt;kim@b.example&gt;", "Kim Lund"),
        ("Kim &quot;Bo&quot; Lund", 'Kim "Bo" Lund'),
        ("Kim &quot;Bo&quot;", 'Kim "Bo"'),
    ],
)
def test_the_quotes_of_a_mailbox_are_no_part_of_a_name(written: str, name: str) -> None:
    assert only(rss(f"<author>{written}</author>")).authors == (name,)


@pytest.mark.parametrize(
    ("written", "names"),
    [
        # as Drupal draws a name, and others link it
        ("<span lang='' about='/user/1' typeof='schema:Person'>kim</span>", ("kim",)),
        ("<a href='https://b.example/kim'>Kim Lund</a>", ("Kim Lund",)),
        ("Kim Lund <kim at b dot example>", ("Kim Lund",)),
        ("Posted by Kim Lund", ("Kim Lund",)),
        ("Kim Lund; Bo Lund", ("Kim Lund", "Bo Lund")),
        ("@kim@b.example", ("@kim@b.example",)),
        ("[email protected]", ()),
        ("Администратор", ()),
        # names that only look like these
        ("Lund, Kim", ("Lund, Kim",)),
        ("Byron & Co", ("Byron & Co",)),
        ("Bygone Times", ("Bygone Times",)),
        ("Kim&#39;s Team", ("Kim's Team",)),
        ("Kim at Large (Norrby)", ("Kim at Large (Norrby)",)),
    ],
)
def test_an_author_is_a_name_however_it_is_drawn(written: str, names: tuple[str, ...]) -> None:
    assert only(rss(f"<dc:creator>{escape(written)}</dc:creator>")).authors == names


# ------------------------------------------------------------------------ what feedparser fails at

POST = "<item><title>Post</title><guid>1</guid><description>words</description></item>"
LICENCES = 'xmlns:c="http://backend.userland.com/creativeCommonsRssModule"'
IMAGE = "<image><title>F</title>{}<url>/i.png</url></image>"


@pytest.mark.parametrize(
    "damage",
    [
        "<textInput><title>Search</title>{}</textInput><name>q</name></textInput>",
        IMAGE.format("<width>88"),
        IMAGE.format("<height><width>31</width></height>"),
        IMAGE.format("<title></image><width>88</width>"),
        f"<c:license {LICENCES}><c:license>by</c:license></c:license>",
        "<category></title></category><media:rating></media:rating></media:credit>",
        "<itunes:keywords xmlns:itunes='http://www.itunes.com/DTDs/PodCast-1.0.dtd'></itunes:keywords>",
    ],
)
def test_an_element_that_feedparser_fails_at_costs_no_entry(damage: str) -> None:
    for channel in (f"{damage}{POST}", f"{POST}{damage}"):
        feed = parse(f'<rss version="2.0" {PREFIXES}><channel>{channel}</channel></rss>')
        assert [entry.content.text for entry in feed.entries] == ["words"]
