"""The texts of entries on a page: rendered once, folded where they are long, within a budget."""

from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup, escape

from planet_mcp.models import ImageMode
from planet_mcp.store import Post
from planet_mcp.text.to_html import Rendered, render

# TEXT_CHARS of an entry are read for a page of several; the rest is on the entry's own page, which
# has up to WHOLE_CHARS. On a page of several, what follows FOLD_AFTER characters is folded away.
TEXT_CHARS, WHOLE_CHARS, FOLD_AFTER = 20_000, 200_000, 700
# PAGE_BYTES is for the texts of a page, which stays below 150 kB with all else that it has.
PAGE_BYTES = 95_000
# Where the first block of a text is longer than MOST_OF_BEGINNING, the excerpt is shown instead.
MOST_OF_BEGINNING = 12_000
# The levels of a text's first headings, which are below those of the page around it.
_IN_RIVER, _ALONE = 5, 2


@dataclass(frozen=True, slots=True)
class Shown:
    """A post with its text as a page shows it; `more` says that its own page has more of it."""

    post: Post
    beginning: Markup
    rest: Markup
    more: bool


class Budget:
    """Shares the bytes of one page among its posts, first come, first served."""

    def __init__(self, *, images: ImageMode, space: int = PAGE_BYTES) -> None:
        self._images = images
        self._space = space

    def show(self, post: Post) -> Shown:
        """Return a post with as much of its text as there is space for."""
        rendered = _folded(post.markdown, images=self._images)
        beginning, rest = rendered.beginning, rendered.rest
        size = len(beginning.encode())
        if size > min(MOST_OF_BEGINNING, self._space):
            short = Markup("<p>{}</p>").format(post.excerpt) if post.excerpt else Markup()
            return Shown(post, self._taken(short), Markup(), more=True)
        self._space -= size
        fits = len(rest.encode()) <= self._space
        shown_rest = self._taken(Markup(rest)) if fits else Markup()  # noqa: S704 - it is rendered
        more = post.cut or rendered.cut or not fits
        return Shown(post, Markup(beginning), shown_rest, more=more)  # noqa: S704

    def _taken(self, html: Markup) -> Markup:
        self._space = max(self._space - len(html.encode()), 0)
        return html


def whole(markdown: str, *, images: ImageMode) -> tuple[Markup, bool]:
    """Return a whole text for a page of its own, and whether its end is missing."""
    rendered = render(markdown, images=images, top_heading=_ALONE, max_chars=WHOLE_CHARS)
    return Markup(rendered.beginning), rendered.cut  # noqa: S704


def for_feed(markdown: str) -> str:
    """Return a text as HTML for a feed document; images are links, as everywhere else."""
    return _unfolded(markdown).beginning


def marked(snippet: str) -> Markup:
    """Return a search's snippet with its matches, `**so**`, as `<mark>`."""
    parts = snippet.split("**")
    if len(parts) % 2 == 0:
        return escape(snippet)
    return Markup().join(
        Markup("<mark>{}</mark>").format(part) if number % 2 else escape(part)
        for number, part in enumerate(parts)
    )


# The cache: a text of TEXT_CHARS makes about twice as many of HTML, so 400 are some megabytes.
@lru_cache(maxsize=400)
def _folded(markdown: str, *, images: ImageMode) -> Rendered:
    return render(markdown, images=images, top_heading=_IN_RIVER, fold_after=FOLD_AFTER)


@lru_cache(maxsize=200)
def _unfolded(markdown: str) -> Rendered:
    return render(markdown, top_heading=_ALONE)
