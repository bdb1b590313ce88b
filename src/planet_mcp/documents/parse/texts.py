"""Which of an entry's texts is its content, and how titles read (pure)."""

import html
import re
from collections.abc import Sequence
from datetime import datetime

from planet_mcp.documents.parse.raw import RawChapter, RawDescribed, RawText
from planet_mcp.models import Content
from planet_mcp.text.from_html import (
    convert_counting,
    count_unseen,
    decoded,
    excerpt_of,
    from_markdown,
    from_plain_text,
    looks_like_html,
    looks_like_markdown,
    one_line,
)
from planet_mcp.urls import page_url

_DERIVED_TITLE = 80
_TITLE_MARKUP = 5_000
_NEARLY_AS_LONG = 0.9
_SHORT = 400
_EXCERPT = 1_000
# The address of a picture that is the author's: WordPress.com gives one with each entry.
_AVATAR = "gravatar.com/avatar/"
_TAIL = 2_000
_ENDING = 250

_MARKUP_TYPES = frozenset({"text/html", "application/xhtml+xml"})
# Parts of a text that a person does not read. An element or comment without an end takes the rest
# of the text, which keeps the search linear.
_UNREAD = re.compile(
    r"<(style|script)\b.*?(?:</\1\b|\Z)|<!--.*?(?:-->|\Z)|<[^<>]*>|&#?\w{1,10};|\s+",
    re.DOTALL | re.IGNORECASE,
)
# Real tags in a text with escaped ones say that it is about tags; without any it was escaped twice.
_BLOCK = re.compile(r"<(?:p|div|pre|code|li|td|h[1-6]|blockquote|section|article)\b", re.IGNORECASE)
# Tags by which old HTML is known, which it does not close. (A `<b>` may be what a text is about.)
_OPEN_BLOCK = re.compile(
    r"<(?:p|br|hr|li|[ou]l|d[ldt]|div|t[rdh]|h[1-6]|pre|table)(?:\s[^<>]*)?/?>", re.IGNORECASE
)
_ESCAPED_TAG = re.compile(
    r"&lt;/?(?:p|br|a|div|img|ul|ol|li|span|em|strong|h[1-6]|pre|code|blockquote|table|b|i)\b"
)
_ENOUGH_ESCAPED = 2
_BARE_SIGN = re.compile(r"<|&(?!#?\w{1,31};)")
# Elements that format a title; any other name in angle brackets is what the title is about.
_TITLE_TAG = re.compile(
    r"<(/?)(a|abbr|b|big|br|cite|code|del|div|em|font|h[1-6]|i|iframe|img|ins|kbd|mark|nobr|p|q|s|"
    r"script|small|span|strike|strong|style|sub|sup|svg|tt|u|wbr)\b([^<>]*)>",
    re.IGNORECASE,
)
_NEED_NO_END = frozenset({"br", "wbr"})

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

    The second value is how many characters were left out because a person would not see them.
    """
    text = _longest(texts)
    if text is None:
        return from_plain_text(""), 0
    markup = _as_markup(text)
    if markup is None:
        return _as_plain(text), count_unseen(text.value)
    base = page_url(text.base, url) if text.base else None
    return convert_counting(markup, base_url=base or link or url)


def with_captions(content: Content, described: Sequence[RawDescribed], *, url: str) -> Content:
    """Add the files of an entry that have a caption, unless its text has them already.

    To an entry without a text, pictures without a caption are added, too.
    """
    if not described:
        return content
    said = " ".join(content.text.split())
    captions_of = ((file, one_line(file.caption)) for file in described)
    missing = [
        (page_url(file.url, url) or "", caption, file.is_picture)
        for file, caption in captions_of
        if (caption not in said if caption else not content.markdown and _AVATAR not in file.url)
    ]
    missing = [each for each in missing if not each[0] or each[0] not in content.markdown]
    drawn = "".join(_drawn(*each) for each in missing)
    captions = "\n".join(caption for _, caption, _ in missing)
    return _appended(content, convert_counting(drawn)[0], captions) if missing else content


def _drawn(url: str, caption: str, is_picture: bool) -> str:
    link, words = html.escape(url), html.escape(caption)
    return (
        f'<p><img src="{link}" alt="{words}"></p>'
        if is_picture
        else f'<p><a href="{link}">{words}</a></p>'
    )


def with_chapters(content: Content, chapters: Sequence[RawChapter], *, url: str) -> Content:
    """Add where the parts of a recording begin, unless its text names them."""
    missing = [each for each in chapters if each.title and each.title not in content.text]
    if not missing or len(missing) < len(chapters) / 2:
        return content
    lines = "".join(
        f"<li>{html.escape(each.start.partition('.')[0])} {_linked(each)}</li>" for each in missing
    )
    listed, _ = convert_counting(f"<ul>{lines}</ul>", base_url=url)
    return _appended(content, listed, listed.text)


def _linked(chapter: RawChapter) -> str:
    title = html.escape(chapter.title)
    return f'<a href="{html.escape(chapter.link)}">{title}</a>' if chapter.link else title


def _appended(content: Content, more: Content, text: str) -> Content:
    whole = "\n".join(filter(None, (content.text, text)))
    return Content(
        markdown="\n\n".join(filter(None, (content.markdown, more.markdown))),
        text=whole,
        excerpt=content.excerpt or excerpt_of(text),
        words=len(whole.split()),
        flaws=content.flaws + more.flaws,
    )


def _longest(texts: Sequence[RawText]) -> RawText | None:
    distinct: dict[str, RawText] = {}
    for text in texts:
        if text.value:
            distinct.setdefault(text.value, text)
    texts = list(distinct.values())
    if len(texts) <= 1:
        return texts[0] if texts else None
    sizes = [len(_UNREAD.sub("", text.value)) for text in texts]
    longest = max(sizes)
    # Among texts of nearly one length, which say the same, the one with more markup is chosen: it
    # has the code and links.
    rivals = [
        text for text, size in zip(texts, sizes, strict=True) if size >= longest * _NEARLY_AS_LONG
    ]
    return max(rivals, key=lambda text: len(text.value))


def _as_markup(text: RawText) -> str | None:
    """Return the text as HTML if it is any, whatever type it claims."""
    value = text.value
    if not _BLOCK.search(value) and len(_ESCAPED_TAG.findall(value)) >= _ENOUGH_ESCAPED:
        return html.unescape(value)
    claims = text.type in _MARKUP_TYPES
    return value if looks_like_html(value) or (claims and _OPEN_BLOCK.search(value)) else None


def _as_plain(text: RawText) -> Content:
    """Convert what is no HTML: a Markdown source as it is, and other text with its lines."""
    # A text with a bare `<` or `&` was not escaped: a `&lt;` in it means these four characters.
    literal = text.type not in _MARKUP_TYPES and _BARE_SIGN.search(text.value)
    value = text.value if literal else decoded(text.value)
    return from_markdown(value) if looks_like_markdown(value) else from_plain_text(value)


def title_of(title: RawText) -> str:
    """Make a title one line; `<main>` in a title about HTML stays, `<em>` goes."""
    text = title.value[:_TITLE_MARKUP]
    ended = {name.lower() for slash, name, _ in _TITLE_TAG.findall(text) if slash}

    def escaped(found: re.Match[str]) -> str:
        tag = _TITLE_TAG.match(text, found.start())
        return "<" if tag and _formats(tag, ended) else "&lt;"

    return one_line(re.sub("<", escaped, text))


def _formats(tag: re.Match[str], ended: set[str]) -> bool:
    """Return whether a tag formats the title; one that is mentioned has no attributes or end."""
    slash, name, attributes = tag.groups()
    if name.lower() == "p" and not tag.start():
        return not tag.string[tag.end() :].startswith(" ")
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
    """Return whether a text is only the beginning of an article on another page."""
    body = text[:-_TAIL] + _FOOTER.sub("", text[-_TAIL:])
    body = body.rstrip()
    if len(body) < _SHORT or _BREAKS_OFF.search(body[-_ENDING:]):
        return True
    return len(body) < _EXCERPT and bool(_TRAILS_OFF.search(body[-_ENDING:]))
