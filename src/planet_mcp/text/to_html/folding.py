"""Markdown to the HTML of an entry: its beginning, and the rest that a page folds away."""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, islice

from planet_mcp.models import ImageMode
from planet_mcp.text.characters import clean_code
from planet_mcp.text.to_html.html import Block, blocks_of, with_headings
from planet_mcp.text.to_html.parser import parse

# Characters at which the parser may try a rule, which costs time. An article of 200,000 characters
# has some thousands of them; 20,000 take half a second at the very worst.
_MARKUP = re.compile(r"[\n|\[\](*_~`<>&\\!]")
_MOST_MARKUP = 20_000
# A rest that is shorter than this part of the beginning is not folded away.
_SMALL_REST = 0.25
# The longest text whose blocks are kept for the next page that shows it.
_MOST_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Rendered:
    """The safe HTML of an entry: its beginning, and the rest that a page folds away.

    `rest` is empty when all is in `beginning`; `cut` says that the Markdown was longer than
    allowed, and its end is missing. Each part is balanced on its own.
    """

    beginning: str
    rest: str
    cut: bool


def render(
    markdown: str,
    *,
    images: ImageMode = "off",
    top_heading: int = 5,
    fold_after: int | None = None,
    max_chars: int = 200_000,
) -> Rendered:
    """Render Markdown, whoever wrote it, as harmless HTML in bounded time.

    With `images` as `proxy`, places are kept for pictures: see `with_pictures`.
    `top_heading` is the level of the first headings. `fold_after` is the number of characters of
    text after which, at the end of a block, the rest begins; None folds nothing. `max_chars` is
    how much of the Markdown is rendered; what has far more markup than an article ends sooner.
    """
    text = _shortened(markdown, max_chars)
    blocks = (_kept if len(text) <= _MOST_KEPT else _blocks)(text, images)
    size = _beginning(blocks, fold_after)
    return Rendered(
        beginning=_joined(blocks[:size], top_heading),
        rest=_joined(blocks[size:], top_heading),
        cut=len(text) < len(markdown),
    )


def _blocks(text: str, images: ImageMode) -> list[Block]:
    return blocks_of(parse(clean_code(text)), images=images)


# The same text is on the page of its entry, on that of its day and in feeds. These are some
# megabytes, since only texts of moderate length are kept.
_kept = lru_cache(maxsize=400)(_blocks)


def _shortened(markdown: str, max_chars: int) -> str:
    """Cut at the end of a paragraph or line; open code ends there too (CommonMark 4.5)."""
    most = _end_of_markup(markdown[:max_chars])
    if len(markdown) <= most:
        return markdown
    ends = (markdown.rfind(end, most // 2, most) for end in ("\n\n", "\n", " "))
    return markdown[: next((end for end in ends if end > 0), most)]


def _end_of_markup(text: str) -> int:
    """Return where there was as much markup as is looked at; the end, if there is less."""
    if len(text) <= _MOST_MARKUP:
        return len(text)
    last = next(islice(_MARKUP.finditer(text), _MOST_MARKUP, None), None)
    return last.start() if last else len(text)


def _beginning(blocks: list[Block], fold_after: int | None) -> int:
    """Count the blocks that are shown at once."""
    if fold_after is None:
        return len(blocks)
    shown = list(accumulate(block.visible for block in blocks))
    size = next((n for n, so_far in enumerate(shown, 1) if so_far >= fold_after), len(blocks))
    rest = shown[-1] - shown[size - 1] if size else 0
    return len(blocks) if rest < fold_after * _SMALL_REST else size


def _joined(blocks: list[Block], top_heading: int) -> str:
    # Unseen characters can still be here: Markdown has none, but its entities may spell some.
    return with_headings(clean_code("".join(block.html for block in blocks)), top=top_heading)
