"""Lines of an article that repeat what is known of it: title, authors, time of the last change."""

import re
from collections.abc import Sequence
from dataclasses import replace

from planet_mcp.models import Content
from planet_mcp.text.from_html import excerpt_of

_WORD = re.compile(r"\w+")
_TARGET = re.compile(r"\]\([^()\s]*\)")
_HEADING = re.compile(r"#{1,6} (?=.)")
_BYLINE = re.compile(
    r"(?:(?:written|posted|published) )?(?:by|von|par|por|di|door) ", re.IGNORECASE
)
_UPDATED = re.compile(
    r"(?:last )?(?:updated|modified)(?: on| at)?:? (?P<when>[\w ,./:+-]{4,40}?)[.)]?", re.IGNORECASE
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
# Words that dates and bylines have beside names; a line with any other word says more.
_USUAL = re.compile(
    r"\d{1,4}|\d{1,2}(?:st|nd|rd|th)|[ap]m|utc|gmt|and|on|at|of|min|minutes?|read|und|et|y|e|"
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,7}|(?:mon|tues?|wed|thu|fri|sat|sun)"
    r"[a-z]{0,6}",
    re.IGNORECASE,
)
_MOST_LINES = 3
_LONGEST_LINE = 200


def without_head(content: Content, *, title: str, authors: Sequence[str]) -> Content:
    """Take away the lines around a text that only repeat its title, authors or last change."""
    markdown, text = content.markdown, content.text
    for _ in range(_MOST_LINES):
        line, _, rest = markdown.partition("\n\n")
        if not rest or not _repeats(line, title=title, authors=authors):
            break
        first, _, others = text.partition("\n")
        if _words(first) != _words(line):
            break
        markdown, text = rest, others
    above, _, last = markdown.rpartition("\n\n")
    if above and _is_change(last) and text.rpartition("\n")[2].split() == last.strip("*_").split():
        markdown, text = above, text.rpartition("\n")[0]
    if markdown == content.markdown:
        return content
    return replace(
        content, markdown=markdown, text=text, excerpt=excerpt_of(text), words=len(text.split())
    )


def _words(line: str) -> list[str]:
    return _WORD.findall(_TARGET.sub("]", line).casefold())


def _repeats(line: str, *, title: str, authors: Sequence[str]) -> bool:
    if len(line) > _LONGEST_LINE or "\n" in line:
        return False
    if _HEADING.match(line):
        return _words(line) == _words(title)
    return _is_change(line) or _names(line, authors)


def _is_change(line: str) -> bool:
    """Return whether a line says when the text was updated, and nothing of what changed."""
    found = _UPDATED.fullmatch(line.strip("*_ "))
    if found is None or not _YEAR.search(found["when"]):
        return False
    return all(_USUAL.fullmatch(word) for word in _words(found["when"]))


def _names(line: str, authors: Sequence[str]) -> bool:
    """Return whether a line names the authors, perhaps with a day, and nothing else."""
    names = {word for author in authors for word in _words(author)}
    start = _BYLINE.match(line.strip("*_ "))
    if start is None or not names:
        return False
    words = _words(line)[len(_words(start[0])) :]
    left = [word for word in words if word not in names]
    return len(left) < len(words) and all(map(_USUAL.fullmatch, left))
