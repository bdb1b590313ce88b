"""Pages that only send their readers on, and those that do not although they seem to."""

import pytest

from planet_mcp.documents.page_redirects import page_redirect
from planet_mcp.models import PageRedirect
from tests.support.documents import page, whole

URL = "https://a.example/blog/old"
NEW = "https://a.example/blog/new"


def refreshing(content: str, *, head: str = "", body: str = "<p>One moment</p>") -> str:
    return page(body, head=f'{head}<meta http-equiv="Refresh" content="{content}">')


@pytest.mark.parametrize(
    "content",
    [
        "0;url=new",
        "0; URL='new'",
        "1,url = new",
        "5 ;url=&quot;new&quot; ignored",
        "0.5; new",
        "10 https://a.example/blog/new",
        "0;url=https://a.example/blog/new",
    ],
)
def test_a_page_that_refreshes_elsewhere_soon_is_a_redirect(content: str) -> None:
    assert page_redirect(refreshing(content), url=URL) == PageRedirect(NEW)


def test_the_frame_of_a_site_is_no_text_of_a_page() -> None:
    menu = "".join(f"<li><a href='/{n}'>Part {n} of the site</a></li>" for n in range(100))
    frame = (
        f"<nav>{menu}</nav><ul>{menu}</ul>{{}}<footer>{'All that is here is ours. ' * 60}</footer>"
    )

    document = refreshing("3;url=new", body=frame.format("<p>This page has moved.</p>"))

    assert page_redirect(document, url=URL) == PageRedirect(NEW)


@pytest.mark.parametrize(
    "content",
    [
        *("300;url=new", "11;url=new", "-1;url=new", "x;url=new", "0;url=javascript:go()"),
        *("0", "5;", "0;url=", "0;url=old", "0;url=#top"),
    ],
)
def test_what_loads_anew_or_late_is_read_where_it_is(content: str) -> None:
    assert page_redirect(refreshing(content), url=URL) is None


@pytest.mark.parametrize(
    "document",
    [
        refreshing("0;url=new", body=whole("A whole article, with a refresh. " * 40)),
        page(f"<noscript>{refreshing('0;url=/without-scripts')}</noscript><p>Few words.</p>"),
        page("<!-- <meta http-equiv=refresh content='0;url=new'> --><p>Few words.</p>"),
        page("<pre>&lt;meta http-equiv='refresh' content='0;url=new'&gt;</pre>"),
        refreshing("600", head="<meta http-equiv=refresh content='0;url=old#end'>"),
    ],
)
def test_what_people_read_is_no_redirect(document: str) -> None:
    assert page_redirect(document, url=URL) is None


def test_a_refresh_leads_from_the_base_that_the_page_declares() -> None:
    found = page_redirect(refreshing("0;url=b", head='<base href="//b.example/x/">'), url=URL)

    assert found == PageRedirect("https://b.example/x/b")


@pytest.mark.parametrize("text", ["", "  ", "One moment", page("<p>One moment</p>")])
def test_the_header_field_counts_as_the_element_does(text: str) -> None:
    assert page_redirect(text, url=URL, refresh="0; url=/blog/new") == PageRedirect(NEW)


def test_a_header_field_on_a_page_with_a_text_is_no_redirect() -> None:
    text = page(whole("A whole article, with a refresh. " * 40))

    assert page_redirect(text, url=URL, refresh="0; url=/blog/new") is None


MOVED = '<p>This page has moved to <a href="/blog/new/">its new home</a>.</p>'
CANONICAL = '<link rel="canonical" href="/blog/new">'


def test_a_page_that_says_that_it_moved_is_a_redirect_to_its_canonical_address() -> None:
    assert page_redirect(page(MOVED, head=CANONICAL), url=URL) == PageRedirect(NEW)


@pytest.mark.parametrize(
    "document",
    [
        # A copy of the canonical page, or a short post that is about moving.
        page(f"{MOVED}{'<p>What else there is to tell of it.</p>' * 30}", head=CANONICAL),
        page("<p>We moved to Berlin.</p>", head=CANONICAL),
        page("<p>A short note. <a href='/blog/new'>#</a></p>", head=CANONICAL),
        page(MOVED, head='<link rel="canonical" href="https://a.example/blog/old/">'),
        page(MOVED),
    ],
)
def test_a_page_with_another_canonical_address_is_read_where_it_is(document: str) -> None:
    assert page_redirect(document, url=URL) is None
