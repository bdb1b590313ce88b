"""Text that is not HTML, or must not be: titles, excerpts, plain-text bodies."""

import html
import re

from planet_mcp.models import Content
from planet_mcp.text.characters import clean_code, clean_text
from planet_mcp.text.escapes import BARE_URL, escaped
from planet_mcp.text.from_html.code import CodeBlock
from planet_mcp.text.from_html.placeholders import fenced

ELLIPSIS = "…"
MOST_CHARACTERS = 1_000_000
_ELEMENTS = (
    "a|abbr|acronym|address|applet|area|article|aside|audio|b|base|bdi|bdo|big|blink|blockquote|body|br"
    "|button|canvas|caption|center|cite|code|col|colgroup|dd|del|details|dfn|dialog|dir|div|dl|dt"
    "|em|embed|fieldset|figcaption|figure|font|footer|form|frame|frameset|h[1-6]|head|header|hr"
    "|html|i|iframe|img|input|ins|kbd|label|legend|li|link|main|mark|marquee|math|meta|nav|nobr"
    "|noscript|object|ol|option|p|param|picture|pre|q|ruby|s|samp|script|section|select|small"
    "|source|span|strike|strong|style|sub|summary|sup|svg|table|tbody|td|textarea|tfoot|th|thead"
    "|time|title|tr|tt|u|ul|var|video|wbr"
)
TAG = re.compile(rf"</?(?:{_ELEMENTS})(?:\s[^<>]*)?/?>", re.IGNORECASE)
# What hides text, each with its end: a beginning without an end hides nothing.
_HIDDEN_TEXT = tuple(
    (re.compile(f"{start}.*?{end}", re.IGNORECASE | re.DOTALL), re.compile(end, re.IGNORECASE))
    for start, end in (
        ("<!--", "-->"),
        (r"<script\b[^<>]*>", r"</script\s*>"),
        (r"<style\b[^<>]*>", r"</style\s*>"),
    )
)
_BREAK = re.compile(r"<(?:br|/p|/div|/li|/h[1-6])\b[^<>]*>", re.IGNORECASE)
# A person types <b> when writing about HTML, but hardly a closing tag or an attribute.
_SURELY_HTML = re.compile(
    rf"</(?:{_ELEMENTS})\s*>|<(?:{_ELEMENTS})\s+[a-z:-]+\s*=\s*[^<>]*>|<(?:p|br|hr)\s*/?>"
    r"|<!--.{0,5000}?-->|<!doctype\s+html",
    re.IGNORECASE | re.DOTALL,
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_LOOSE_ENTITY = re.compile(r"&(?:apos|amp|quot|lt|gt|nbsp)(?![A-Za-z0-9;])|&apos(?!;)")
_LEFT_OVER = re.compile(
    r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|amp|quot|apos|nbsp|[lr][sd]quo|[nm]dash|hellip);"
)
_LINE_MARKUP = re.compile(
    r"^([ \t]*)(?:(#{1,6}(?=\s|$)|[-+](?=\s|$)|>|=+[ \t]*$|-{2,}[ \t]*$)|(\d{1,9})([.)])(?=\s|$))",
    re.MULTILINE,
)
_INDENT = re.compile(r"^[ \t]+|[ \t]+$", re.MULTILINE)
# A block of code is indented so (CommonMark 0.31, section 4.4), but so is a paragraph of a novel.
_CODE_INDENT = " " * 4
_CODE_SIGN = re.compile(r"[{}();=<>\\|]|^ *(?:[$#/%]|(?:def|for|if|import|return)\b)", re.MULTILINE)
_OPENS_A_BLOCK = (":", "{", "(", "[")
_PARAGRAPHS = re.compile(r"\n(?:[ \t]*\n)+")
_HEADING = re.compile(r"^#{1,2}[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
_LOOK_AT = 100_000


def looks_like_html(text: str) -> bool:
    """Return whether a text holds tags that a person would not type."""
    sample = text[:_LOOK_AT]
    return "<" in sample and bool(_SURELY_HTML.search(sample))


def one_line(text: str, *, limit: int = 300) -> str:
    """Make a title: one line without tags, entities, or characters that no person sees."""
    text = text[: limit * 40]
    if "<" in text:
        text = TAG.sub("", _BREAK.sub(" ", without_hidden(text, by=" ")))
    if "&" in text:
        text = decoded(text)
    return _cut(" ".join(clean_text(text).split()), limit)


def without_hidden(text: str, *, by: str = "") -> str:
    """Replace comments, scripts and styles."""
    if "<" not in text:
        return text
    for whole, ending in _HIDDEN_TEXT:
        # Up to the last end every beginning has one, so that the search stays linear.
        last = max((found.end() for found in ending.finditer(text)), default=0)
        text = whole.sub(by, text[:last]) + text[last:]
    return text


def decoded(text: str) -> str:
    """Replace references to characters, also those that were escaped twice."""
    text = _LOOSE_ENTITY.sub(lambda entity: html.unescape(f"{entity[0]};"), text)
    text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    # A reference that is left now was escaped twice on its way here.
    return _LEFT_OVER.sub(lambda entity: html.unescape(entity[0]), text)


def excerpt_of(text: str, *, limit: int = 300) -> str:
    """Cut the beginning of a plain text at a word."""
    return _cut(" ".join(text[: limit * 20].split()), limit)


def _cut(line: str, limit: int) -> str:
    if len(line) <= limit:
        return line
    head = line[:limit]
    words, space, _ = head.rpartition(" ")
    # Without a space nearby (in a URL, in Chinese) the line is cut between any two characters.
    kept = words if space and len(words) >= limit // 2 else head[:-1]
    return kept.rstrip(" ,;:.-\u2013\u2014") + ELLIPSIS


def from_plain_text(text: str) -> Content:
    """Convert text that is not HTML: its paragraphs are kept, its characters mean themselves."""
    written = [
        paragraph.rstrip()
        for paragraph in _PARAGRAPHS.split(_dedented(clean_text(text).expandtabs(4)))
        if paragraph.strip()
    ]
    paragraphs = [_INDENT.sub("", paragraph) for paragraph in written]
    plain = shortened(BARE_URL.sub("", "\n".join(paragraphs)), at="\n")
    return Content(
        markdown=shortened("\n\n".join(_literal(paragraph) for paragraph in written)),
        text=plain,
        excerpt=excerpt_of(plain),
        words=len(plain.split()),
    )


def shortened(text: str, *, at: str = "\n\n") -> str:
    """Cut what is longer than an article can be, at the end of a block."""
    if len(text) <= MOST_CHARACTERS:
        return text
    end = text.rfind(at, MOST_CHARACTERS // 2, MOST_CHARACTERS)
    return text[: end if end > 0 else MOST_CHARACTERS]


def _dedented(text: str) -> str:
    """Take away the indentation of the document that a text stands in: that of its later lines."""
    first, *lines = text.strip().split("\n")
    indents = (len(line) - len(line.lstrip()) for line in lines if line.strip())
    # Below a line that opens a block, indentation is the author's.
    around = 0 if first.rstrip().endswith(_OPENS_A_BLOCK) else min(indents, default=0)
    return "\n".join((first.rstrip(), *(line[around:].rstrip() for line in lines)))


def _literal(paragraph: str) -> str:
    """Write a paragraph so that Markdown shows its characters as they are, and its lines stand."""
    lines = paragraph.split("\n")
    if all(line.startswith(_CODE_INDENT) for line in lines) and _CODE_SIGN.search(paragraph):
        return paragraph
    first = len(paragraph) - len(paragraph.lstrip(" "))
    paragraph = paragraph[first if first >= len(_CODE_INDENT) else 0 :]
    return _LINE_MARKUP.sub(_harmless_start, escaped(paragraph))


def _harmless_start(start: re.Match[str]) -> str:
    return start[1] + (f"\\{start[2]}" if start[2] else f"{start[3]}\\{start[4]}")


def from_code(text: str, language: str = "") -> Content:
    """Take source code or data as it is, in one code block."""
    code = shortened(clean_code(text).strip("\n"), at="\n")
    return Content(
        markdown=fenced(CodeBlock(code, language)),
        text=code,
        excerpt=excerpt_of(code),
        words=len(code.split()),
    )


def first_heading(markdown: str) -> str:
    """Return the first heading of the two upper levels, empty without one."""
    heading = _HEADING.search(markdown)
    return heading[1] if heading else ""
