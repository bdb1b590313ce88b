"""When a page was published: what it says of itself, and not of other times that it names."""

import pytest

from planet_mcp.documents.extract import extract_article

URL = "https://example.org/posts/harbour"
PROSE = (
    "<p>Once in a while a zebra comes to the harbour, and then all of the town talk about it for a "
    "week or two, because nobody has ever found out where it sleeps, or what it came here for.</p>"
) * 3
RECENT = "<h3>Recent</h3><ul><li><a href=/x>Other</a> <time datetime=2020-09-20>20</time></li></ul>"


def published(
    *, head: str = "", top: str = "", below: str = "", url: str = URL, lang: str = "en"
) -> str | None:
    """Return when a page says that it was published, to the minute."""
    article = f"<article><h1>Harbour</h1>{top}{PROSE}</article>{below}"
    page = f"<html lang={lang}><head><title>A</title>{head}</head><body>{article}</body></html>"
    moment = extract_article(page.encode(), url=url, content_type="text/html").published
    return moment.isoformat()[:16] if moment else None


def meta(content: str, name: str = "date") -> str:
    return f'<meta name="{name}" content="{content}">'


@pytest.mark.parametrize(
    "top",
    [
        "<pre>2020-10-05 08:00:00 INFO start</pre>",
        "<table><tr><td>3.8.1<td>2020-10-05<tr><td>3.8.2<td>2020-11-05</table>",
        "<h2>1.2.0 (2020-11-05)</h2><p>More.</p><h2>1.1.0 (2020-10-05)</h2>",
        "<ul><li>2020-11-05: tea<li>2020-10-05: rum<li>2020-09-05: ice</ul>",
        '<p class="date">03/04/2020</p>',
        "<p>Come on <time datetime=2999-02-01>1 February</time>.</p>",
    ],
)
def test_a_date_of_something_else_is_not_that_of_the_page(top: str) -> None:
    assert published(top=top) is None


@pytest.mark.parametrize(
    "below",
    [
        "<div id=comments><p class=comment><time datetime=2020-11-20>20</time>Nice.</p></div>",
        f"<aside>{RECENT}</aside>",
        f"<div class='widget recent-posts'>{RECENT}</div>",
    ],
)
def test_what_stands_beside_an_article_does_not_date_it(below: str) -> None:
    assert published(below=below) is None
    own = "<p><time datetime=2020-10-05>5 October 2020</time></p>"
    assert published(top=own, below=below) == "2020-10-05T00:00"


@pytest.mark.parametrize("stated", ["2020", "03/04/2020", "2999-01-02T10:00:00Z", "soon"])
def test_what_the_head_of_a_page_cannot_mean_is_no_date(stated: str) -> None:
    assert published(head=meta(stated)) is None


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ({"head": meta("2020-11-17T22:00:00 EST")}, "2020-11-18T03:00"),
        ({"head": meta("17 novembre 2020", "pubdate"), "lang": "fr"}, "2020-11-17T00:00"),
        ({"head": meta("03/04/2020"), "lang": "en-GB"}, "2020-04-03T00:00"),
        ({"top": '<p class="date">03/04/2020</p>', "lang": "en-US"}, "2020-03-04T00:00"),
        ({"top": '<p class="date">2020年10月5日</p>', "lang": "ja"}, "2020-10-05T00:00"),
        ({"top": '<p class="post-date">5 октября 2020</p>', "lang": "ru"}, "2020-10-05T00:00"),
        ({"top": "<aside class=meta><time>5 October 2020</time></aside>"}, "2020-10-05T00:00"),
        # the first of what is said of the article, whatever stands before it
        (
            {
                "top": "<p><span class=updated>Updated <time datetime=2020-11-17>17</time></span>"
                "<span class=published>Published <time datetime=2020-10-05>5</time></span></p>"
            },
            "2020-10-05T00:00",
        ),
        # a site that was moved
        (
            {"head": meta("2024-01-01T10:00:00Z"), "url": "https://example.org/2020/10/05/a"},
            "2020-10-05T00:00",
        ),
        (
            {"head": meta("2020-10-05T10:00:00Z"), "url": "https://example.org/2020/10/05/a"},
            "2020-10-05T10:00",
        ),
    ],
)
def test_a_date_that_a_page_gives_is_read_in_its_language(
    page: dict[str, str], expected: str
) -> None:
    assert published(**page) == expected
