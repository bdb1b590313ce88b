"""Which of an entry's texts is its content, and how titles read (pure)."""

import html
import re
from collections.abc import Sequence
from datetime import datetime

from planet_mcp.documents.parse.raw import RawText
from planet_mcp.models import Content
from planet_mcp.text.from_html import (
    convert_counting,
    count_unseen,
    excerpt_of,
    from_plain_text,
    looks_like_html,
    one_line,
)
from planet_mcp.urls import http_url

_DERIVED_TITLE = 80
_TITLE_MARKUP = 5_000
_NEARLY_AS_LONG = 0.9
_SHORT = 400
_EXCERPT = 1_000
_TAIL = 2_000
_ENDING = 250

_MARKUP_TYPES = frozenset({"text/html", "application/xhtml+xml"})
# What a person does not read; an element or comment without an end takes the rest, which keeps
# the search linear.
_UNREAD = re.compile(
    r"<(style|script)\b.*?(?:</\1\b|\Z)|<!--.*?(?:-->|\Z)|<[^<>]*>|&#?\w{1,10};|\s+",
    re.DOTALL | re.IGNORECASE,
)
# A text about tags has tags of its own around them; a text that was escaped twice has none.
_BLOCK = re.compile(r"<(?:p|div|pre|code|li|td|h[1-6]|blockquote|section|article)\b", re.IGNORECASE)
_ESCAPED_TAG = re.compile(
    r"&lt;/?(?:p|br|a|div|img|ul|ol|li|span|em|strong|h[1-6]|pre|code|blockquote|table|b|i)\b"
)
_ENOUGH_ESCAPED = 2
# Elements that format a title; any other name in angle brackets is what the title is about.
_TITLE_TAG = re.compile(
    r"<(/?)(a|abbr|b|big|br|cite|code|del|div|em|font|h[1-6]|i|iframe|img|ins|kbd|mark|nobr|p|q|s|"
    r"script|small|span|strike|strong|style|sub|sup|svg|tt|u|wbr)\b([^<>]*)>",
    re.IGNORECASE,
)
_NEED_NO_END = frozenset({"br", "img", "p", "wbr"})

_FOOTER = re.compile(
    r"\s*The post .{1,300} (?:appeared first|first appeared) on .{1,200}\Z", re.DOTALL
)
_BREAKS_OFF = re.compile(
    r"(?:\[\s*(?:…|\.\.\.)\s*\]|\(\s*more\s*(?:…|\.\.\.)?\s*\)"
    r"|\b(?:read|see|view) (?:the )?(?:more|on|full|whole|entire|rest|article|original)\b"
    r"(?: (?:of )?(?:the |this )?(?:full |original )?(?:article|entry|post|story|text|version))?"
    r"|\b(?:continue|keep) reading\b.{0,150}"
    r"|\bread (?:this|the) (?:article|entry|post|story) in full\b.{0,50}"
    r"|\b(?:weiterlesen|mehr lesen|lire la suite|leer más|seguir leyendo|leia mais|ler mais"
    r"|leggi tutto|continua a leggere|lees (?:verder|meer)|läs mer|czytaj dalej|читать далее))"
    r"[\W_]*\Z",
    re.IGNORECASE | re.DOTALL,
)
_TRAILS_OFF = re.compile(r"(?:…|\.\.\.)\W*\Z")


def content_of(texts: Sequence[RawText], *, link: str | None, url: str) -> tuple[Content, int]:
    """Convert the longest of an entry's texts, measured by what a person would read of it.

    The number is that of the characters left out because a person would not see them.
    """
    text = _longest(texts)
    if text is None:
        return from_plain_text(""), 0
    markup = _as_markup(text)
    if markup is None:
        return from_plain_text(text.value), count_unseen(text.value)
    base = http_url(text.base, url) if text.base else None
    return convert_counting(markup, base_url=base or link or url)


def _longest(texts: Sequence[RawText]) -> RawText | None:
    sizes = [len(_UNREAD.sub("", text.value)) for text in texts]
    longest = max(sizes, default=0)
    # Of two texts that say the same, the one with more markup says what is code and what a link.
    rivals = [
        text
        for text, size in zip(texts, sizes, strict=True)
        if text.value and size >= longest * _NEARLY_AS_LONG
    ]
    return max(rivals, key=lambda text: len(text.value), default=None)


def _as_markup(text: RawText) -> str | None:
    """Return the text as HTML if it is any, whatever type it claims."""
    value = text.value
    if not _BLOCK.search(value) and len(_ESCAPED_TAG.findall(value)) >= _ENOUGH_ESCAPED:
        return html.unescape(value)
    if text.type in _MARKUP_TYPES:
        return value if "<" in value or "&" in value else None
    return value if looks_like_html(value) else None


def title_of(title: RawText) -> str:
    """Make a title one line; `<main>` in a title about HTML stays, `<em>` goes."""
    text = title.value[:_TITLE_MARKUP]
    ended = {name.lower() for slash, name, _ in _TITLE_TAG.findall(text) if slash}

    def escaped(found: re.Match[str]) -> str:
        tag = _TITLE_TAG.match(text, found.start())
        return "<" if tag and _formats(tag, ended) else "&lt;"

    return one_line(re.sub("<", escaped, text))


def _formats(tag: re.Match[str], ended: set[str]) -> bool:
    """Return whether it is a tag: the mention of one has neither attributes nor an end."""
    slash, name, attributes = tag.groups()
    return bool(slash or attributes.strip(" /")) or name.lower() in _NEED_NO_END | ended


def derived_title(content: Content, published: datetime | None, link: str | None) -> str:
    """Make a title for an entry without one: its first words, else its day, else its address."""
    words = excerpt_of(content.text, limit=_DERIVED_TITLE)
    if words:
        return words
    if published:
        return f"Untitled, {published.date().isoformat()}"
    if link:
        return one_line(link.partition("://")[2], limit=_DERIVED_TITLE)
    return "Untitled"


def is_teaser(text: str) -> bool:
    """Return whether a text is only the beginning of an article that stands elsewhere."""
    body = text[:-_TAIL] + _FOOTER.sub("", text[-_TAIL:])
    body = body.rstrip()
    if len(body) < _SHORT or _BREAKS_OFF.search(body[-_ENDING:]):
        return True
    return len(body) < _EXCERPT and bool(_TRAILS_OFF.search(body[-_ENDING:]))
