"""The river's view in a host: what it shows and asks for, whatever feeds say, for everyone."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any, cast

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.app_host import Hosted, Tools, hosted, tools_of_week
from tests.browser.axe import Violations
from tests.browser.visit import SCHEMES

WEEK = {"since": "8d", "detail": "titles"}
HOSTILE = "<img src=x onerror=parent.postMessage('pwned','*')><script>alert(1)</script>"
ViewOf = Callable[..., Hosted]


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tools]:
    with tools_of_week(tmp_path_factory.mktemp("app")) as opened:
        yield opened


@pytest.fixture
def view(contexts: dict[bool, BrowserContext], tools: Tools) -> Iterator[ViewOf]:
    """Return what opens a view in a host; all are closed in the end."""
    with ExitStack() as opened:

        def at(*, bypass_csp: bool = False, **options: Any) -> Hosted:
            shown = hosted(contexts[bypass_csp], tools, **options)
            opened.callback(shown.visit.page.close)
            return shown

        yield at


def entries_of(structure: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [each for day in structure["days"] for feed in day["feeds"] for each in feed["entries"]]


def test_an_answer_is_shown_by_day_and_feed_and_the_rest_is_loaded(view: ViewOf) -> None:
    shown = view()
    first = shown.show("latest_entries", {**WEEK, "max_chars": 2000})
    titles = [entry["title"] for entry in entries_of(first)]
    assert first["next_cursor"]
    assert shown.titles() == titles
    assert "max_chars" in first["notice"]
    assert not shown.view.locator("#note").is_visible(), "what is for models"
    assert shown.view.locator("h2").count() >= 1
    feeds = [feed["feed"] for day in first["days"] for feed in day["feeds"]]
    assert shown.view.locator("h3").all_text_contents() == feeds
    more = shown.view.get_by_role("button", name="Load more")
    while more.is_visible():
        number = len(shown.titles())
        more.click()
        shown.until("number => document.querySelectorAll('.title').length > number", number)
    assert len(shown.titles()) == first["total"] == len(set(shown.titles()))
    assert shown.view.locator("#state").text_content() == f"{first['total']} entries"
    assert shown.visit.complaints == []
    assert shown.visit.requests_beside("http://127.0.0.1:9") == []


def test_an_entry_is_opened_read_linked_and_sent_to_the_conversation(view: ViewOf) -> None:
    shown = view()
    [hit, *_] = shown.show("search_entries", {"query": "garbage collector"})["hits"]
    assert shown.view.locator("h1").text_content() == "Entries for “garbage collector”"
    title = shown.view.get_by_role("button", name=hit["title"])
    title.press("Enter")
    assert title.get_attribute("aria-expanded") == "true"
    shown.until("() => document.querySelector('.text').textContent.length > 500")
    text = shown.view.locator(".text").text_content() or ""
    assert "third-party" not in text
    assert shown.tools.called[-1][0] == "fetch_article"
    shown.view.get_by_role("button", name="Open ").click()
    shown.wait("ui/open-link")
    assert shown.said("ui/open-link") == [{"url": hit["url"]}]
    shown.view.get_by_role("button", name="Discuss").click()
    shown.wait("ui/message")
    [message] = shown.said("ui/message")
    assert f"fetch_article(article={hit['entry_id']})" in message["content"][0]["text"]
    assert hit["title"] not in message["content"][0]["text"], "a stranger's words in one's name"
    title.press("Enter")
    assert not shown.view.locator(".text").is_visible()


@pytest.mark.parametrize(
    ("name", "arguments", "head"),
    [
        ("catch_up", {"reader": "app", "max_chars": 2000}, "New for app"),
        ("trending", {"since": "30d"}, "What several feeds talk about"),
        ("search_entries", {}, "Newest entries"),
        ("search_entries", {"query": "zyzzyva"}, "Entries for “zyzzyva”"),
    ],
)
def test_each_tool_that_is_linked_is_shown(
    view: ViewOf, name: str, arguments: dict[str, Any], head: str
) -> None:
    shown = view()
    shown.show(name, arguments)
    assert shown.view.locator("h1").text_content() == head
    assert shown.visit.complaints == []


def test_titles_and_feeds_are_filtered_as_one_types(view: ViewOf) -> None:
    shown = view()
    week = shown.show("latest_entries", {**WEEK, "max_chars": 40_000})
    [wanted, *_] = entries_of(week)
    shown.view.get_by_label("Filter titles and feeds").fill(wanted["title"].upper())
    assert wanted["title"] in shown.titles()
    assert len(shown.titles()) < week["total"]
    assert "match" in (shown.view.locator("#state").text_content() or "")
    shown.view.get_by_label("Filter titles and feeds").fill("zyzzyva")
    assert shown.titles() == []
    assert shown.view.locator("h2:visible").count() == 0


def test_the_host_s_theme_and_fonts_are_taken_and_followed(view: ViewOf) -> None:
    variables = {"--font-sans": "Georgia, serif", "--color-text-primary": "rgb(1, 2, 3)"}
    shown = view(about={"theme": "light", "styles": {"variables": variables}})
    style = "name => getComputedStyle(document.body)[name]"
    assert shown.view.evaluate(style, "fontFamily") == "Georgia, serif"
    assert shown.view.evaluate(style, "color") == "rgb(1, 2, 3)"
    light = shown.view.evaluate(style, "backgroundColor")
    shown.give("ui/notifications/host-context-changed", {"theme": "dark"})
    shown.until("light => getComputedStyle(document.body).backgroundColor !== light", light)
    assert shown.view.evaluate(style, "color") == "rgb(1, 2, 3)"


def test_a_hostile_entry_is_text_and_nothing_else(view: ViewOf) -> None:
    shown = view()
    entry = {"entry_id": 1, "title": HOSTILE, "url": "javascript:alert(1)", "excerpt": HOSTILE}
    feed = {"feed": HOSTILE, "feed_id": 1, "entries": [{**entry, "also_in": [HOSTILE]}]}
    days = [{"date": HOSTILE, "feeds": [feed]}]
    result = {"days": days, "total": 1, "notice": HOSTILE, "watermark": "x-1"}
    shown.hand_over({}, {"content": [], "structuredContent": result})
    assert shown.titles() == [HOSTILE]
    shown.view.locator(".title").click()
    shown.view.wait_for_selector(".open")
    assert shown.view.locator("img, a, iframe, main script").count() == 0
    assert shown.view.get_by_role("button", name="Open ").count() == 0
    assert shown.visit.page.evaluate("said.filter(each => each === 'pwned').length") == 0
    assert shown.said("ui/open-link") == []


def test_only_the_host_is_listened_to(view: ViewOf) -> None:
    shown = view()
    shown.view.evaluate(
        """postMessage({jsonrpc: "2.0", method: "ui/notifications/tool-cancelled"}, "*")"""
    )
    shown.show("search_entries", {})
    assert shown.titles()


def test_a_host_that_can_little_is_offered_little(view: ViewOf) -> None:
    shown = view(can={})
    shown.show("latest_entries", {**WEEK, "detail": "excerpts", "max_chars": 2000})
    assert not shown.view.get_by_role("button", name="Load more").is_visible()
    shown.view.locator(".title").first.click()
    assert shown.view.get_by_role("button", name="Open ").count() == 0
    assert shown.said("tools/call") == []


def test_an_end_is_answered_and_an_error_or_a_cancelled_call_is_said(view: ViewOf) -> None:
    shown = view()
    shown.give("ui/notifications/tool-cancelled", {"reason": "no"})
    shown.view.get_by_text("The call was cancelled.").wait_for()
    shown.hand_over({}, {"content": [], "isError": True})
    shown.view.get_by_text("There is nothing to show.").wait_for()
    shown.visit.page.evaluate("give", {"id": 7, "method": "ui/resource-teardown", "params": {}})
    shown.visit.page.wait_for_function("said.some(each => each.id === 7 && each.result)")
    shown.visit.page.evaluate("give", {"id": 8, "method": "ui/unheard-of", "params": {}})
    shown.visit.page.wait_for_function("said.some(each => each.id === 8 && each.error)")


@pytest.mark.parametrize("width", [320, 1280])
def test_the_view_fits_says_its_size_and_is_reached_by_keyboard(view: ViewOf, width: int) -> None:
    shown = view(width=width)
    shown.show("latest_entries", {**WEEK, "max_chars": 3000})
    shown.wait("ui/notifications/size-changed")
    assert shown.view.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    assert shown.said("ui/notifications/size-changed")[-1]["width"] <= width
    shown.view.locator("#filter").focus()
    for _ in range(2):
        shown.visit.page.keyboard.press("Tab")
    focused = "document.activeElement.className"
    assert shown.view.evaluate(focused) == "title"
    shown.visit.page.keyboard.press("Space")
    assert shown.view.locator(".title[aria-expanded=true]").count() == 1


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_serious(view: ViewOf, violations: Violations, scheme: str) -> None:
    shown = view(bypass_csp=True, scheme=scheme, about={"theme": scheme})
    shown.show("latest_entries", {**WEEK, "detail": "excerpts", "max_chars": 3000})
    shown.view.locator(".title").first.click()
    shown.view.wait_for_selector(".acts")
    assert violations(cast(Page, shown.view)) == []
