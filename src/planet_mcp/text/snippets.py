"""The part of a text that says best why it was found, with its matches marked (pure).

The index compares word stems; here a word counts as matched when it begins with what is left of
a searched word without its ending, which is the same often enough for a reader.
"""

import re
from collections.abc import Iterator, Sequence

from planet_mcp.text.asking import STOP_WORDS
from planet_mcp.text.indexing import UNSPACED, compared, compiled, has_unspaced

SNIPPET_CHARS = 240
# Characters of text around the matches; the asterisks and ellipses are added to them.
_WINDOW = 200
_ENDING = re.compile(r"(?:ations?|ments?|ings?|ness|ers?|ies|ed|ly|es|s|y|e)$")
_EARLY = 3_000
_SHORTEST_STEM = 3
_SHORT_WORD = 4
_MOST_MATCHES = 20
_Span = tuple[int, int, str]
# A word ends where a script without spaces begins.
_LETTER = rf"(?![{UNSPACED}])\w"
_PLURAL, _REST = rf"(?:e?s)?(?!{_LETTER})", rf"(?:{_LETTER})*"
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|(?<=[\u3002\uff01\uff1f])|\n+")


def snippet(text: str, words: Sequence[str]) -> str:
    """Return at most `SNIPPET_CHARS` characters of a text, its matches marked `**so**`.

    Empty when none of the words is in the text, in whatever case and with whatever accents.
    """
    words = [word for word in dict.fromkeys(compared(word)[0] for word in words) if word]
    # The whole text is searched only where its beginning lacks a word: most are found early.
    selective = [word for word in words if word not in STOP_WORDS] or words
    spans = _spans(text[:_EARLY], selective)
    if len({word for _, _, word in spans}) < len(set(selective)):
        spans = _spans(text, selective)
    if not spans:
        return ""
    return _marked(text, _begin(text, _best(spans)), spans)


def beginning(text: str) -> str:
    """Return the first `SNIPPET_CHARS` characters of a text, to the end of a word."""
    if len(text) <= SNIPPET_CHARS:
        return text
    return text[: _word_end(text, 0, SNIPPET_CHARS - 1)] + "…"


def _spans(text: str, words: Sequence[str]) -> list[_Span]:
    """Return where the words are, in order.

    Plain `str.find` on the lowered text: many times faster than a pattern of all words.
    """
    same, places = compared(text)
    found = sorted(span for word in words for span in _occurrences(same, word))
    # An accent or vowel after the last letter is a part of that.
    return [
        (places[start], max(*places[end : end + 1], places[end - 1] + 1), word)
        if end < len(places)
        else (places[start], len(text), word)
        for start, end, word in found
    ]


def _occurrences(same: str, word: str) -> Iterator[_Span]:
    stem = _ENDING.sub("", word)
    short = len(word) <= _SHORT_WORD or len(stem) < _SHORTEST_STEM
    needle, rest = (word, _PLURAL) if short else (stem, _REST)
    if has_unspaced(word):
        needle, rest = word, ""
    position = same.find(needle)
    for _ in range(_MOST_MATCHES):
        if position < 0:
            return
        after = compiled(rest).match(same, position + len(needle))
        if after and (not rest or _begins_word(same, position)):
            yield position, after.end(), word
        position = same.find(needle, position + len(needle))


def _begins_word(text: str, position: int) -> bool:
    before = text[position - 1 : position]
    return not before.isalnum() or has_unspaced(before)


def _best(spans: Sequence[_Span]) -> int:
    """Return where the window with the most different words begins; the first of equals."""
    best, most = spans[0][0], 1
    if len({word for _, _, word in spans}) == 1:
        return best
    for number, (start, _, _) in enumerate(spans):
        near = spans[number : number + 20]
        inside = len({word for _, end, word in near if end <= start + _WINDOW})
        if inside > most:
            best, most = start, inside
    return best


def _begin(text: str, match: int) -> int:
    """Return the beginning of the sentence of a match, or of a word shortly before it."""
    earliest = max(match - _WINDOW // 2, 0)
    ends = list(_SENTENCE_END.finditer(text, earliest, match))
    if ends:
        return ends[-1].end()
    if earliest == 0:
        return 0
    space = text.find(" ", earliest, match)
    return space + 1 if space >= 0 else match


def _marked(text: str, begin: int, spans: Sequence[_Span]) -> str:
    while begin < len(text) and text[begin].isspace():
        begin += 1
    pieces, position = ["…" if begin else ""], begin
    space = SNIPPET_CHARS - 2
    for start, end in _joined(spans):
        if start < position:
            continue
        needed = end - position + len("****")
        if needed > space:
            break
        pieces.append(f"{text[position:start]}**{text[start:end]}**")
        position, space = end, space - needed
    rest = text[position : _word_end(text, position, position + space)]
    cut = "…" if position + len(rest) < len(text.rstrip()) else ""
    return " ".join("".join([*pieces, rest]).split()) + cut


def _joined(spans: Sequence[_Span]) -> Iterator[tuple[int, int]]:
    """Yield where marked letters begin and end; pairs of characters that overlap become one."""
    begin, until = spans[0][:2]
    for start, end, _ in spans:
        if start >= until:
            yield begin, until
            begin = start
        until = max(until, end)
    yield begin, until


def _word_end(text: str, begin: int, limit: int) -> int:
    if limit >= len(text):
        return len(text)
    for end in range(limit, begin, -1):
        if text[end].isspace() or has_unspaced(text[end]):
            return end
    return limit
