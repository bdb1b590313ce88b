"""The browser sees what the other tests here rely on it to see."""

from pathlib import Path

import pytest

from tests.browser import pictures
from tests.browser.axe import Violations
from tests.browser.servers import planet
from tests.browser.visit import SCHEMES, WIDTHS, PageAt, Scheme
from tests.support.site import Site

STRICT = {"Content-Security-Policy": "default-src 'none'; img-src 'self'"}
KEPT_BY_NOBODY = {"Cache-Control": "no-store"}
HEAD = "<!doctype html><html lang='en'><meta name='viewport' content='width=device-width'>"


def html(site: Site, body: str, **headers: str) -> str:
    """Put a page on a site that has a title and this body; returns its URL."""
    text = f"{HEAD}<title>A page</title><body>{body}</body></html>"
    return site.add(
        "/", text, content_type="text/html; charset=utf-8", headers=KEPT_BY_NOBODY | headers
    )


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_pages_have_the_width_and_the_scheme_that_were_asked_for(
    page_at: PageAt, site: Site, width: int, scheme: Scheme
) -> None:
    visit = page_at(width, scheme)
    assert visit.open(html(site, "<h1>Hello</h1>")) == 200
    assert visit.page.evaluate("innerWidth") == width
    assert visit.page.evaluate(f"matchMedia('(prefers-color-scheme: {scheme})').matches")


def test_a_request_to_another_host_is_noted(page_at: PageAt, site: Site) -> None:
    visit = page_at(390, "light")
    visit.open(
        html(site, "<img src='https://elsewhere.example/a.png' alt=''><img src='/b' alt=''>")
    )
    assert visit.requests_beside(site.url) == ["https://elsewhere.example/a.png"]
    assert f"{site.url}/b" in visit.requests


@pytest.mark.parametrize(
    "body",
    [
        "<script>window.hacked = 1</script>",
        "<p style='color: red'>Red</p>",
        "<img src='https://elsewhere.example/a.png' alt=''>",
        "<img src='/missing' alt=''>",
    ],
)
def test_what_the_policy_or_the_server_refuses_is_a_complaint(
    page_at: PageAt, site: Site, body: str
) -> None:
    visit = page_at(390, "light")
    visit.open(html(site, body, **STRICT))
    assert len(visit.complaints) == 1
    assert visit.page.evaluate("window.hacked") is None


def test_an_exception_of_a_script_is_a_complaint(page_at: PageAt, site: Site) -> None:
    visit = page_at(390, "light")
    visit.open(html(site, "<script>throw new Error('broken')</script>"))
    assert ["broken" in text for text in visit.complaints] == [True]


def test_what_is_wider_than_the_window_is_named(page_at: PageAt, site: Site) -> None:
    visit = page_at(390, "light")
    visit.open(html(site, f"<p class='long'>{'x' * 500}</p>"))
    assert any("P.long" in text or "the page to" in text for text in visit.too_wide())
    visit.open(html(site, f"<pre style='overflow: auto'>{'x' * 500}</pre>"))
    assert visit.too_wide() == []


def test_headings_frame_and_focus_are_read(page_at: PageAt, site: Site) -> None:
    visit = page_at(390, "light")
    visit.open(
        html(
            site,
            "<a href='#main'>Skip</a><main id='main'><h1>One</h1><article class='entry'>"
            "<h2>Two</h2><div class='content'><p>Text</p></div></article></main>",
        )
    )
    assert visit.headings() == [(1, "One"), (2, "Two")]
    assert [line.strip() for line in visit.frame()] == [
        *("body", "a", "main", "h1", "article.entry", "h2", "div.content"),
    ]
    assert visit.press("Tab") == {"href": "#main", "text": "Skip", "visible": True}


def test_axe_finds_what_is_serious_whatever_the_policy_is(
    page_at: PageAt, site: Site, violations: Violations
) -> None:
    visit = page_at(390, "light", bypass_csp=True)
    visit.open(html(site, "<main><h1>Hello</h1><p>Text</p></main>", **STRICT))
    assert violations(visit.page) == []
    visit.open(html(site, "<main><h1>Hello</h1><img src='/a.png'></main>", **STRICT))
    assert [text.split(":")[0] for text in violations(visit.page)] == ["image-alt"]


def test_a_picture_with_a_palette_shows_the_same(page_at: PageAt, site: Site) -> None:
    visit = page_at(390, "light")
    rainbow = "background: linear-gradient(90deg, red, yellow, blue); height: 200px"
    visit.open(html(site, f"<h1>Hello</h1><p style='{rainbow}'>Colours</p>"))
    shot = visit.page.screenshot()
    before = pictures.read(visit.page, shot)
    after = pictures.read(visit.page, pictures.with_palette(before))

    assert (after.width, after.height) == (390, 844)
    assert len(set(before.pixels)) > len(set(after.pixels)) > 100
    changes = (zip(*pair, strict=True) for pair in zip(before.pixels, after.pixels, strict=True))
    assert max(abs(one - other) for change in changes for one, other in change) <= 20


def test_a_server_of_its_own_process_is_reached(page_at: PageAt, tmp_path: Path) -> None:
    visit = page_at(390, "light")
    with planet(tmp_path / "planet.sqlite") as origin:
        assert visit.open(f"{origin}/health") == 200
        assert '"status":"ok"' in visit.page.inner_text("body")
        assert visit.requests == [f"{origin}/health"]
    assert visit.complaints == []
