"""The part of a text that says best why it was found, with its matches marked (pure).

The index compares word stems; here a word counts as matched when it begins with what is left of
a searched word without its ending, which is the same often enough for a reader.
"""

import re
from collections.abc import Iterator, Sequence

SNIPPET_CHARS = 240
# Characters of text around the matches; the asterisks and ellipses are added to them.
_WINDOW = 200
_ENDING = re.compile(r"(?:ations?|ments?|ings?|ness|ers?|ies|ed|ly|es|s|y|e)$")
_EARLY = 3_000
_SHORTEST_STEM = 3
_SHORT_WORD = 4
_MOST_MATCHES = 20
# What questions are made of, but not what they are about.
STOP_WORDS = frozenset(
    "a an and are as at be by can could did do does for from had has have how i if in is it its"
    " me my not of on or our s should so t than that the their them then there these they this"
    " to was we were what when where which who why will with would you your".split()
)
_Span = tuple[int, int, str]
_PLURAL = re.compile(r"(?:e?s)?(?!\w)")
_REST = re.compile(r"\w*")
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")


def snippet(text: str, words: Sequence[str]) -> str:
    """Return at most `SNIPPET_CHARS` characters of a text, its matches marked `**so**`.

    Empty when none of the words, given in lower case, is in the text.
    """
    # Most words are found early; only otherwise is the whole text worth its time.
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
    lowered = text.lower()
    if len(lowered) != len(text):  # a few letters, such as İ, are longer in lower case
        return []
    return sorted(span for word in words for span in _occurrences(lowered, word))


def _occurrences(lowered: str, word: str) -> Iterator[_Span]:
    stem = _ENDING.sub("", word)
    short = len(word) <= _SHORT_WORD or len(stem) < _SHORTEST_STEM
    needle, rest = (word, _PLURAL) if short else (stem, _REST)
    position = lowered.find(needle)
    for _ in range(_MOST_MATCHES):
        if position < 0:
            return
        after = rest.match(lowered, position + len(needle))
        if after and not (position and lowered[position - 1].isalnum()):
            yield position, after.end(), word
        position = lowered.find(needle, position + len(needle))


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
    for start, end, _ in spans:
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


def _word_end(text: str, begin: int, limit: int) -> int:
    if limit >= len(text):
        return len(text)
    for end in range(limit, begin, -1):
        if text[end].isspace():
            return end
    return limit
