"""From the cleaned tree to Markdown and plain text."""

import re
import unicodedata

from lxml import etree
from lxml.etree import _Element

from planet_mcp.models import Content
from planet_mcp.text.characters import count_unseen, strip_unseen
from planet_mcp.text.from_html.finishing import finish, without_layout
from planet_mcp.text.from_html.links import declared_base
from planet_mcp.text.from_html.parsing import count_controls, parse
from planet_mcp.text.from_html.placeholders import INLINE
from planet_mcp.text.from_html.plain import excerpt_of, shortened
from planet_mcp.text.from_html.steps import STEPS, Steps, Work
from planet_mcp.text.from_html.tree import all_text

NOTHING = Content(markdown="", text="", excerpt="", words=0)

# White space other than a single space, which stays: a match at each word would take half the time.
_SPACE = re.compile(r"[\t\r\n\f][ \t\r\n\f]*| [ \t\r\n\f]+")
_BLOCKS = frozenset(
    """
    p div section article header footer main aside nav figure figcaption ul ol li dl dt dd
    table caption thead tbody tfoot tr blockquote h1 h2 h3 h4 h5 h6 hr br address details
    summary center body hgroup menu
    """.split()
)
_CELL_ENDS = frozenset(("/td", "/th"))
_BARE_URL = re.compile(r"https?://[^\s<>]+")
_FENCES = re.compile(r"^([ >]*)(`{3,80}|~{3,80})(?![`~])([^`\n]*)$", re.MULTILINE)

# Text that Markdown or a browser would take for markup though an author typed it: how it begins,
# its pattern, its placeholder, and how Markdown writes it.
_TYPED: tuple[tuple[str, re.Pattern[str] | None, str, str], ...] = (
    ("\\", re.compile(rf"\\(?=[!-/:-@\[-`{{-~{INLINE}])"), "\ue010", "\\\\"),
    ("*", None, "\ue011", "\\*"),
    ("`", None, "\ue012", "\\`"),
    ("_", re.compile(r"_(?:(?<![^\W_]_)|(?![^\W_]))"), "\ue013", "\\_"),
    ("~~", None, "\ue014", "\\~\\~"),
    ("]", re.compile(r"\](?=[(\[:<])"), "\ue015", "\\]"),
    ("&lt;", re.compile(r"&lt;(?![\s=\d-])"), "\ue017", "&lt;"),
    ("&amp;", re.compile(r"&amp;(?=#?\w{1,31};)"), "\ue018", "\\&"),
)


def convert(html: str, *, base_url: str | None = None) -> Content:
    """Convert HTML into Markdown, plain text and an excerpt."""
    return convert_counting(html, base_url=base_url)[0]


def convert_counting(
    html: str, *, base_url: str | None = None, steps: Steps = STEPS
) -> tuple[Content, int]:
    """Convert HTML, and count the characters that a person would not have seen.

    Counted are hidden elements and invisible characters, but no scripts, styles or comments.
    """
    root = parse(html)
    if root is None:
        return NOTHING, 0
    work = Work(base_url=declared_base(root, base_url))
    work.clear(root, steps)
    invisible = count_controls(html) + count_unseen(all_text(root))
    work.stash_listings(root, steps)
    return render(root, work, steps=steps), work.unseen.characters + invisible


def render(root: _Element, work: Work, *, steps: Steps = STEPS) -> Content:
    """Convert a tree without unseen elements, its code blocks in the stash."""
    work.take(steps.adapting, root)
    stash = work.stash
    html = strip_unseen(etree.tostring(root, encoding="unicode", method="html"))
    html = unicodedata.normalize("NFC", _SPACE.sub(" ", html))
    prose = _plain(without_layout(html))
    text = shortened(stash.fill_text(prose).strip(), at="\n")
    return Content(
        markdown=_capped(_markdown(html, work, steps)),
        text=text,
        excerpt=excerpt_of(stash.fill_prose(prose)),
        words=len(text.split()),
        flaws=work.flaws,
    )


def _plain(html: str) -> str:
    pieces = html.split("<")
    lines = [pieces[0]]
    for piece in pieces[1:]:
        tag, _, text = piece.partition(">")
        name = tag.partition(" ")[0].removeprefix("/")
        lines.append("\n" if name in _BLOCKS else " " if tag in _CELL_ENDS else "")
        lines.append(text)
    text = "".join(lines)
    if "http" in text:
        text = _BARE_URL.sub("", text)
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return "\n".join(stripped for line in text.split("\n") if (stripped := line.strip()))


def _markdown(html: str, work: Work, steps: Steps) -> str:
    for sign, typed, placeholder, _ in _TYPED:
        if sign in html:
            html = typed.sub(placeholder, html) if typed else html.replace(sign, placeholder)
    try:
        markdown = steps.write(html)
    except Exception:  # noqa: BLE001 - a library fails at this text: its words are left
        work.flaws += 1
        markdown = _plain(html).replace("\n", "\n\n")
    markdown = work.stash.fill_markdown(finish(markdown))
    for _, _, placeholder, escaped in _TYPED:
        markdown = markdown.replace(placeholder, escaped)
    return markdown


def _capped(markdown: str) -> str:
    """Cut a Markdown text that is too long at the end of a block."""
    head = shortened(markdown)
    if len(head) == len(markdown):
        return markdown
    fence = ""
    for line in _FENCES.finditer(head):
        if not fence:
            fence = line[1] + line[2]
        elif fence == line[1] + line[2] and not line[3]:
            fence = ""
    return f"{head}\n{fence}" if fence else head
