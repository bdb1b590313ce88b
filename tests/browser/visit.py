"""One look at pages: what they asked for, how they are built, what the browser complained of."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from typing import Literal

from playwright.sync_api import BrowserContext, ConsoleMessage, Page

from tests.support.programs import PATIENCE_SECONDS

Scheme = Literal["light", "dark"]
WIDTHS = (1280, 390)
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
LOOKS = tuple(product(WIDTHS, SCHEMES))
HEIGHTS = {1280: 800, 768: 1024, 390: 844, 320: 640}

# What sticks out to the right, the most first; what scrolls by itself may.
_TOO_WIDE = """() => {
    const root = document.scrollingElement;
    if (root.scrollWidth <= innerWidth) return [];
    const right = (element) => element.getBoundingClientRect().right;
    return [...document.body.querySelectorAll("*")]
        .filter((element) => right(element) > innerWidth)
        .sort((one, other) => right(other) - right(one))
        .slice(0, 5)
        .map((element) => `${element.tagName}.${element.className} to ${right(element)}`)
        .concat(`the page to ${root.scrollWidth}`);
}"""
_HEADINGS = """() => [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
    .map((heading) => [Number(heading.tagName[1]), heading.textContent.trim()])"""
_FOCUSED = """() => {
    const {left, top, right, bottom} = document.activeElement.getBoundingClientRect();
    return {
        href: document.activeElement.getAttribute("href"),
        text: document.activeElement.textContent.trim(),
        visible: left >= 0 && top >= 0 && right > left && bottom > top && right <= innerWidth,
    };
}"""
# All elements but those that show what an entry says, and which others are like it.
_FRAME = """() => {
    const lines = [];
    const walk = (element, depth) => {
        const names = [element.tagName.toLowerCase(), ...element.classList];
        lines.push(" ".repeat(depth) + names.join("."));
        if (element.matches(".content, .ways")) return;
        for (const child of element.children) walk(child, depth + 1);
    };
    walk(document.body, 0);
    return lines;
}"""
_BOXES = """() => [
    ...document.querySelectorAll("header, nav, main, main section, article, .content, footer")
].map((element) => {
    const {left, width} = element.getBoundingClientRect();
    return [element.tagName.toLowerCase(), ...element.classList, left, width].join(" ");
})"""


@dataclass(frozen=True)
class Visit:
    """A page in a browser, the addresses that it asked for, and what the browser complained of.

    Complaints are errors in the console, among them all breaches of the page's own
    Content-Security-Policy, and exceptions of scripts.
    """

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, url: str) -> int:
        """Go to a page and wait for all that it brings; returns the status of the answer."""
        answer = self.page.goto(url, wait_until="load")
        assert answer is not None
        return answer.status

    def look(self, width: int, scheme: Scheme) -> None:
        """Give the window another width and the person another preference."""
        self.page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
        self.page.emulate_media(color_scheme=scheme)

    def requests_beside(self, origin: str) -> list[str]:
        """Return the requests that went elsewhere than to this origin."""
        return [url for url in self.requests if not url.startswith(f"{origin}/")]

    def too_wide(self) -> list[str]:
        """Say what makes the page wider than the window; nothing when it fits."""
        found: list[str] = self.page.evaluate(_TOO_WIDE)
        return found

    def headings(self) -> list[tuple[int, str]]:
        """Return level and text of all headings, in the page's order."""
        return [(level, text) for level, text in self.page.evaluate(_HEADINGS)]

    def frame(self) -> list[str]:
        """Return the elements of the page as an indented list, without those of entries' texts."""
        found: list[str] = self.page.evaluate(_FRAME)
        return found

    def boxes(self) -> list[str]:
        """Return where the parts of the page begin and how wide they are."""
        found: list[str] = self.page.evaluate(_BOXES)
        return found

    def press(self, key: str) -> dict[str, object]:
        """Press a key; returns `href`, `text` and `visible` of what has the focus then."""
        self.page.keyboard.press(key)
        found: dict[str, object] = self.page.evaluate(_FOCUSED)
        return found


PageAt = Callable[..., Visit]


def begin(context: BrowserContext, width: int, scheme: Scheme) -> Visit:
    """Open a page that shows nothing yet."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE_SECONDS * 1000)
    visit = Visit(page)
    visit.look(width, scheme)

    def note(message: ConsoleMessage) -> None:
        # The browser's own idea, of which it tells sooner, later or not at all.
        is_icon = message.location["url"].endswith("/favicon.ico")
        if message.type == "error" and not is_icon:
            visit.complaints.append(message.text)

    page.on("request", lambda request: visit.requests.append(request.url))
    page.on("console", note)
    page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    return visit
