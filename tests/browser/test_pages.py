"""The pages in a browser: readable at any width and scheme, for everyone, whatever feeds say."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from tests.browser import strangers
from tests.browser.axe import Violations
from tests.browser.servers import Served, apart, planet, planet_of_week
from tests.browser.visit import HEIGHTS, LOOKS, WIDTHS, PageAt, Visit
from tests.conformance.tools import planet_over_http, variables
from tests.support import planet_week
from tests.support.documents import Post
from tests.support.pictures import picture
from tests.support.planet_week import Day, FeedOfDay, Story
from tests.support.programs import COMMAND
from tests.support.site import running_site

# An entry with headings and code.
ENTRY, FEED = "Counting what the garbage collector skips", "Alder Street Engineering"
PATHS = {
    "river": "/",
    "titles": "/titles",
    "topics": "/topics",
    "tag": "/tags/packaging",
    "since": "/since/2025-11-12T00:00:00Z",
    "search": "/search?q=test",
    "search without hits": "/search?q=zyzzyva",
    "entry": "/entries/{entry}",
    "feeds": "/feeds",
    "feed": "/feeds/{feed}",
    "stats": "/stats",
    "about": "/about",
}


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with planet_of_week(tmp_path_factory.mktemp("week"), entry=ENTRY, feed=FEED) as served:
        yield served


@pytest.mark.parametrize("name", PATHS)
def test_a_page_is_whole_and_asks_nobody_else(page_at: PageAt, week: Served, name: str) -> None:
    visit = page_at(1280, "light")
    for width in HEIGHTS:
        visit.look(width, "light")
        assert visit.open(week.url(PATHS[name])) == 200
        assert visit.too_wide() == []
    assert visit.requests_beside(week.origin) == []
    assert visit.complaints == []


# Words of headings, tables and forms that go over two lines.
_BROKEN_WORDS = """() => {
    const found = [], range = document.createRange();
    const shown = "h1, h2, h3, thead th, .axis span, nav a, label, summary, button";
    for (const element of document.querySelectorAll(shown)) {
        const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
        while (texts.nextNode()) {
            for (const {0: word, index} of texts.currentNode.data.matchAll(/\\p{L}+/gu)) {
                range.setStart(texts.currentNode, index);
                range.setEnd(texts.currentNode, index + word.length);
                const tops = [...range.getClientRects()].map(({top}) => top);
                if (new Set(tops).size > 1) found.push(word);
            }
        }
    }
    return found;
}"""


@pytest.mark.parametrize("name", PATHS)
def test_no_word_is_broken_on_a_phone(page_at: PageAt, week: Served, name: str) -> None:
    visit = page_at(320, "light")
    for width in (320, 390):
        visit.look(width, "light")
        visit.open(week.url(PATHS[name]))
        assert visit.page.evaluate(_BROKEN_WORDS) == []


@pytest.mark.parametrize("name", PATHS)
def test_axe_finds_nothing(
    page_at: PageAt, week: Served, violations: Violations, name: str
) -> None:
    visit = page_at(1280, "light", bypass_csp=True)
    visit.open(week.url(PATHS[name]))
    found = {}
    for width, scheme in LOOKS:
        visit.look(width, scheme)
        found[width, scheme] = violations(visit.page)
    assert found == {look: [] for look in LOOKS}


@pytest.mark.parametrize("name", PATHS)
def test_a_page_has_one_title_and_headings_without_gaps(
    page_at: PageAt, week: Served, name: str
) -> None:
    visit = page_at(1280, "light")
    visit.open(week.url(PATHS[name]))
    levels = [level for level, _ in visit.headings()]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert [(here, there) for here, there in pairwise(levels) if there > here + 1] == []
    assert all(text for _, text in visit.headings())


@pytest.mark.parametrize("name", PATHS)
def test_the_keyboard_comes_to_the_content_first(page_at: PageAt, week: Served, name: str) -> None:
    visit = page_at(390, "light")
    visit.open(week.url(PATHS[name]))
    skip = visit.press("Tab")
    assert (skip["href"], skip["visible"]) == ("#main", True)
    visit.press("Enter")
    visit.press("Tab")
    assert visit.page.evaluate("document.activeElement.closest('main, footer') !== null")


def test_the_river_shows_the_week_as_it_was_each_day_once(page_at: PageAt, week: Served) -> None:
    visit = page_at(1280, "light")
    visit.open(week.url("/"))
    days = river_of(visit)
    while days[-1].date > planet_week.FIRST_DAY:
        visit.page.click("a[rel=next]")
        days += river_of(visit)
    expected = [without_words(day) for day in planet_week.EXPECTED]
    assert days[: len(expected)] == expected
    assert all(day.date < planet_week.FIRST_DAY for day in days[len(expected) :])


def test_what_is_folded_opens_without_scripts(page_at: PageAt, week: Served) -> None:
    visit = page_at(390, "light")
    visit.open(week.url("/"))
    while not (long := visit.page.locator("article.entry", has_text="renames photos")).count():
        visit.page.click("a[rel=next]")
    last = long.locator("details.more pre").last
    assert not last.is_visible()
    long.locator("details.more summary").click()
    assert last.is_visible()
    assert visit.too_wide() == []


def test_the_script_that_may_be_asked_for_marks_what_was_read_and_narrows_the_feeds(
    page_at: PageAt, tmp_path: Path
) -> None:
    with planet_of_week(tmp_path, entry=ENTRY, feed=FEED, PLANET_MCP_SCRIPT="1") as served:
        visit = page_at(1280, "light")
        visit.open(served.url("/"))
        for key in "jjk":
            visit.page.keyboard.press(key)
        entries = visit.page.locator("article.entry")
        assert entries.nth(0).evaluate("entry => entry === document.activeElement")
        read = "entries => entries.map((entry) => entry.classList.contains('read')).slice(0, 3)"
        assert entries.evaluate_all(read) == [True, True, False]
        visit.page.get_by_role("button", name="Keys j, k, o: on").click()
        visit.page.keyboard.press("j")
        visit.open(served.url("/"))
        assert entries.evaluate_all(read) == [True, True, False]
        visit.open(served.url("/feeds"))
        visit.page.locator("#name").fill("street")
        assert visit.page.locator("ul.feeds li:visible").all_inner_texts()[0].startswith(FEED)
        assert visit.page.locator("ul.feeds li:visible").count() == 1
        assert visit.complaints == []
        assert visit.requests_beside(served.origin) == []


def test_the_script_narrows_the_feeds_in_files_too(page_at: PageAt, tmp_path: Path) -> None:
    database, folder = tmp_path / "planet.sqlite", tmp_path / "site"
    apart(planet_week.make, database)
    environment = {**variables(database), "PLANET_MCP_SCRIPT": "1"}
    subprocess.run([*COMMAND, "build", folder], env=environment, check=True, capture_output=True)
    visit = page_at(390, "light")
    visit.page.goto((folder / "feeds.html").as_uri())
    visit.page.get_by_label("Name").fill("street")
    assert visit.page.locator("ul.feeds li:visible").all_inner_texts()[0].startswith(FEED)
    assert visit.page.locator("ul.feeds li:visible").count() == 1
    assert visit.too_wide() == []
    assert visit.complaints == []


def test_pictures_come_from_the_server_and_move_nothing(
    page_at: PageAt, tmp_path: Path, violations: Violations
) -> None:
    database = tmp_path / "planet.sqlite"
    with running_site() as site:
        shown = [
            site.add(f"/{number}.png", picture(300, 200), content_type="image/png")
            for number in range(3)
        ]
        none = site.add("/none.png", b"no picture", content_type="image/png")
        texts = "".join(f"<p>Text <img src='{url}' alt='a graph'> and text.</p>" for url in shown)
        # The one that is none comes first, where its box would be seen to go.
        posts = [Post("One", f"<p><img src='{none}' alt='nothing'></p>{texts}"), Post("Two")]
        apart(partial(strangers.make, posts=posts, title="Blog"), database)
        own = {**variables(database), "PLANET_MCP_IMAGES": "proxy"}
        with planet_over_http({**own, "PLANET_MCP_ALLOW_NETWORKS": "127.0.0.0/8"}) as url:
            origin = url.removesuffix("/mcp")
            visit = page_at(1280, "light")
            visit.page.add_init_script(_SHIFTS)
            for sizes in ({(408, 255)}, {(300, 200)}):
                visit.open(f"{origin}/")
                assert visit.page.evaluate(_COMPLETE) == 3
                assert {tuple(size) for size in visit.page.evaluate(_SIZES)} == sizes
                assert visit.page.evaluate("window.shifted") == 0
            for width in HEIGHTS:
                visit.look(width, "dark")
                assert visit.too_wide() == []
            assert visit.requests_beside(origin) == []
            assert visit.page.get_by_text("image: nothing").count() == 1
            checked = page_at(390, "light", bypass_csp=True)
            checked.open(f"{origin}/")
            assert violations(checked.page) == []
    # What is none is not found once.
    assert [each for each in visit.complaints if "404" not in each] == []


# How much of the window moved by itself, where a picture came or anything else.
_SHIFTS = """
    window.shifted = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) window.shifted += entry.value;
    }).observe({type: "layout-shift", buffered: true});
"""
# The pictures of texts that are there, once all are.
_COMPLETE = """async () => {
    const images = [...document.querySelectorAll(".content img")];
    await Promise.all(images.map(async (image) => {
        image.loading = "eager";
        await image.decode().catch(() => null);
    }));
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    return images.filter((image) => image.naturalWidth).length;
}"""
_SIZES = """() => [...document.querySelectorAll(".content img")]
    .filter((image) => image.naturalWidth).map((image) => [image.width, image.height])"""


def test_on_paper_all_of_the_text_is_there_and_nothing_to_click(
    page_at: PageAt, week: Served
) -> None:
    visit = page_at(1280, "dark")
    visit.open(week.url("/entries/{entry}"))
    visit.page.emulate_media(media="print", color_scheme="dark")
    hidden = visit.page.locator("header.site nav, form, .ways, footer.site, .skip")
    assert not any(each.is_visible() for each in hidden.all())
    assert visit.page.locator("h1").is_visible()
    black_on_white = """() => {
        const {color, backgroundColor} = getComputedStyle(document.body);
        return [color, backgroundColor];
    }"""
    assert visit.page.evaluate(black_on_white) == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
    visit.open(week.url("/"))
    after = "last => getComputedStyle(last.previousElementSibling, '::after').content"
    assert visit.page.locator(".byline .permalink").first.evaluate(after) == "none"
    folded = visit.page.locator("details.more").first
    assert folded.locator(":scope > :not(summary)").first.is_visible()
    assert visit.page.locator("details.more > summary").first.is_hidden()


def without_words(day: Day) -> Day:
    return Day(
        day.date,
        tuple(
            FeedOfDay(feed.title, tuple(replace(story, words="") for story in feed.stories))
            for feed in day.feeds
        ),
    )


def river_of(visit: Visit) -> list[Day]:
    """Read the river from the page."""
    return [
        Day(date, tuple(FeedOfDay(title, tuple(map(_story, told))) for title, told in feeds))
        for date, feeds in visit.page.evaluate(_RIVER)
    ]


def _story(shown: tuple[str, str, str | None, str | None]) -> Story:
    title, moment, author, also = shown
    others = also.removeprefix("also in ").split(", ") if also else ()
    return Story(title, moment[11:16], "", author, tuple(others))


_RIVER = """() => {
    const text = (root, selector) => root.querySelector(selector)?.textContent.trim() ?? null;
    const time = (root) => root.querySelector("time").getAttribute("datetime");
    const entry = (article) => [
        text(article, "h4"), time(article.querySelector(".byline")),
        text(article, ".byline .author"), text(article, ".byline .also"),
    ];
    const feed = (section) => [
        text(section, "h3"), [...section.querySelectorAll("article.entry")].map(entry),
    ];
    const day = (section) => [
        time(section.querySelector("h2")), [...section.querySelectorAll("section.feed")].map(feed),
    ];
    return [...document.querySelectorAll("section.day")].map(day);
}"""


# ------------------------------------------------------------------------- what strangers write

OF_STRANGERS = (
    "/",
    "/titles",
    f"/search?q={strangers.WORD}",
    "/feeds",
    "/feeds/2",
    *(
        # The feed between the others has the entries after the first one.
        f"/entries/{number}"
        for number in range(2, 2 + strangers.ENTRIES)
    ),
)
# What only a stranger could have brought into a page; the pages' own search form is allowed.
_FOREIGN = """() => {
    const found = [...document.querySelectorAll(
        "script, body style, iframe, object, embed, base, form:not([action^='/']), marquee, " +
        "font, meta[http-equiv=refresh], textarea, noscript, plaintext, [style], [tabindex='1'], " +
        "link[rel~=stylesheet][href^=http]"
    )].map((element) => element.outerHTML.slice(0, 100));
    const ids = new Set();
    for (const element of document.querySelectorAll("*")) {
        for (const {name, value} of element.attributes) {
            if (name.startsWith("on")) found.push(`${name}=${value.slice(0, 80)}`);
        }
        if (element.id && ids.has(element.id)) found.push(`a second #${element.id}`);
        ids.add(element.id);
    }
    for (const link of document.links) {
        if (!["http:", "https:"].includes(link.protocol)) found.push(link.href.slice(0, 80));
    }
    const text = document.documentElement.textContent;
    return found.concat(text.match(/[\u202a-\u202e\u2066-\u2069]/g) ?? []);
}"""


@pytest.fixture(scope="module")
def planets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The origins of a planet with a hostile feed, and of one with a harmless feed of its shape."""
    folder = tmp_path_factory.mktemp("strangers")
    mean, kind = folder / "mean.sqlite", folder / "kind.sqlite"
    title = f"Blog {strangers.MARKS}{strangers.BIDI}"
    apart(partial(strangers.make, posts=strangers.hostile(), title=title), mean)
    apart(partial(strangers.make, posts=strangers.harmless(), title="Blog"), kind)
    with planet(mean) as hostile, planet(kind) as harmless:
        yield hostile, harmless


@pytest.mark.parametrize("path", OF_STRANGERS)
def test_nothing_that_a_feed_brings_runs_or_acts(
    page_at: PageAt, planets: tuple[str, str], path: str
) -> None:
    origin, _ = planets
    # Without the policy too: nothing should be there that it has to stop.
    for bypass_csp in (False, True):
        visit = page_at(1280, "light", bypass_csp=bypass_csp)
        assert visit.open(f"{origin}{path}") == 200
        assert visit.page.evaluate("window.hacked") is None
        assert visit.page.evaluate(_FOREIGN) == []
        assert visit.requests_beside(origin) == []
        assert visit.complaints == []
        assert visit.page.url == f"{origin}{path}"


@pytest.mark.parametrize("path", OF_STRANGERS)
def test_a_hostile_feed_changes_nothing_around_its_text(
    page_at: PageAt, planets: tuple[str, str], path: str
) -> None:
    hostile, harmless = visits = page_at(1280, "light"), page_at(1280, "light")
    for visit, origin in zip(visits, planets, strict=True):
        assert visit.open(f"{origin}{path}") == 200
    assert hostile.frame() == harmless.frame()
    for width in WIDTHS:
        for visit in visits:
            visit.look(width, "light")
            assert visit.too_wide() == []
        assert hostile.boxes() == harmless.boxes()
