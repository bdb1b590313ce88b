"""What a person or an agent types → words, prefixes and phrases, each with its place (pure).

The one place that takes a query apart: what is searched and what is proposed in place of a word
read the same. Understood are words, `"a phrase"`, `word*`, `-word`, `a OR b`, `a AND b` and `a NOT
b`; every other character is literal, and no string is an error.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from planet_mcp.store.search.words import WORD
from planet_mcp.text import STOP_WORDS, UNSPACED, compiled, folded

MAX_TERMS = 48
# FTS5 merges all words of a prefix within one step, which no limit of time can interrupt.
MOST_PREFIXES, SHORTEST_PREFIX = 4, 3

# Quotes of other languages become ASCII's, each one character, so that positions stay the same.
_QUOTES = str.maketrans(
    dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a\uff02", '"')
    | dict.fromkeys("\u300c\u300d\u300e\u300f\u300a\u300b", '"')
    | dict.fromkeys("\u2018\u2019\u201a\u201b\uff07", "'")
    | {"\0": " "}
)
# Single quotes around several words, and not an apostrophe.
_SINGLE_QUOTED = re.compile(r"(?<!\w)'(\w[^']*\s[^']*[^\s'])'(?!\w)")
_TYPED = r'(?P<minus>-?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"](?:{}[^\s"])*))'
# Where a name and a script without spaces are written together: `3.13の`, `用Python`.
_SEAM = rf"(?!(?<=[\w+#.()](?<![{UNSPACED}]))(?=[{UNSPACED}])|(?<=[{UNSPACED}])(?=[A-Za-z0-9]))"
# What other searches take for a field: the words after it say as much here.
_FIELD = re.compile(r"\A(?:site|inurl|title|intitle):(?=\w)")
_FIELD_NAME = re.compile(r"(?:site|inurl|title|intitle|text|intext):")
# Between phrases in quotes these can only mean that either will do.
_OR, _BARS = frozenset("or oder ou o of lub или".split()), frozenset(("|", "||"))
_SETS = re.compile(r"\w=\S|\w,-")
# An asterisk at the end of a word, whatever sentence ends there; `count(*)` is none.
_OPEN = re.compile(r"\*+\Z|(?<=\w)\*+[,.;:!?\u037e)\]]+\Z")
# So many words in capitals alone are no names.
_SHOUTED, _LEAST_SHOUTED = re.compile(r"\b(?!OR\b)\w+"), 3
_POSSESSIVE = re.compile(r"(?<=\w)'s?\Z")
# What belongs to a name before its first letter and after its last: `__slots__`, `.env`, `@cache`,
# `--jobs`, `#42`, `C++`. All else is punctuation or a picture.
_BEFORE = re.compile(r"(?:(?<!\.)\.|--?|@|_+|#(?=\d))(?=.\Z)")
_AFTER = re.compile(r"\+\+|#|_+")
_PICTURES = "\ufe0e\ufe0f\u20e3"


@dataclass(frozen=True, slots=True)
class Term:
    """One word, prefix or phrase, `at` a place among the terms; its text begins at `begin`."""

    text: str
    at: int
    begin: int
    is_quoted: bool = False
    is_prefix: bool = False

    @property
    def plain(self) -> str | None:
        """Return the text of a bare word; None for anything else."""
        return None if self.is_quoted or self.is_prefix else self.text

    def is_one_of(self, words: frozenset[str]) -> bool:
        """Return whether it is one of these folded words, and no name: IT, WHO, NEWS are."""
        text = self.plain or ""
        return folded(text) in words and (len(text) == 1 or not text.isupper())


@dataclass(slots=True)
class Typed:
    """The terms of a query: groups of which any member will do, and what must not appear."""

    groups: list[list[Term]] = field(default_factory=list)
    excluded: list[Term] = field(default_factory=list)
    is_blank: bool = False


def read_typed(typed: str) -> Typed:
    """Take apart what was typed; the places of terms are places in it."""
    text = _unshouted(_SINGLE_QUOTED.sub(r'"\1"', typed.translate(_QUOTES)))
    read, joining, prefixes = Typed(is_blank=not text.replace('"', " ").strip()), False, 0
    tokens = [*_tokens(text)]
    inner = range(1, len(tokens) - 1)
    negated = {at + 1 for at in inner if _negates(*tokens[at - 1 : at + 2])}
    signs = {at - 1 for at in negated} | {at for at in inner if _joins(*tokens[at - 1 : at + 2])}
    alternatives = {at for at in inner if _is_or(*tokens[at - 1 : at + 2])}
    for at, token in enumerate(tokens):
        if at in signs:
            continue
        if at in alternatives or (token["word"] == "OR" and not token["minus"]):
            joining = bool(read.groups)
            continue
        term = _term(token, at, may_be_prefix=prefixes < MOST_PREFIXES)
        if term is None:
            continue
        prefixes += term.is_prefix
        if at in negated or _is_excluded(token, term):
            read.excluded.append(term)
        elif joining:
            read.groups[-1].append(term)
        else:
            read.groups.append([term])
        joining = False
    del read.excluded[MAX_TERMS:]
    return read


def _unshouted(text: str) -> str:
    """Return a question that is all in capitals in small letters: they mark no names there."""
    if not text.isupper() or len(text.split()) < _LEAST_SHOUTED:
        return text
    small = _SHOUTED.sub(lambda found: found[0].lower(), text)
    return small if len(small) == len(text) else text


def bare_words(typed: str) -> Iterator[tuple[str, int]]:
    """Yield the words that are to be found and stand in no quotes, with the places they begin."""
    for group in read_typed(typed).groups:
        yield from ((term.plain, term.begin) for term in group if term.plain)


def _tokens(text: str) -> Iterator[re.Match[str]]:
    return compiled(_TYPED.format("" if text.isascii() else _SEAM)).finditer(text)


def _term(token: re.Match[str], at: int, *, may_be_prefix: bool) -> Term | None:
    phrase, word = token["phrase"], token["word"]
    if phrase is not None:
        begin = token.start("phrase")
        return Term(phrase, at, begin, is_quoted=True) if WORD.search(phrase) else None
    if _FIELD_NAME.fullmatch(word) and token.string[token.end() :].startswith('"'):
        return None
    named = _FIELD.match(word)
    skipped = named.end() if named else 0
    start, word = token.start("word") + skipped, word[skipped:]
    words = WORD.findall(word)
    if not words:
        return None
    # Asterisks on both sides are emphasis in Markdown.
    if _OPEN.search(word) and not word.startswith("*"):
        is_prefix = may_be_prefix and len(words[-1]) >= SHORTEST_PREFIX
        return Term(_OPEN.sub("", word), at, start, is_prefix=is_prefix)
    begin, text = _named(word)
    if token["minus"] and text.startswith("-"):
        return Term(f"-{text}", at, token.start())
    # The end of `it's` is no possessive.
    text = text if text.lower() in STOP_WORDS else _POSSESSIVE.sub("", text)
    return Term(text, at, start + begin)


def _named(word: str) -> tuple[int, str]:
    """Return what is left of a word without the signs around it, and where that begins."""
    letters = [at for at, sign in enumerate(word) if _is_letter(sign)]
    first, last = letters[0], letters[-1] + 1
    before = _BEFORE.search(word, 0, first + 1)
    after = _AFTER.match(word, last)
    begin = before.start() if before else first
    return begin, word[begin : after.end() if after else last]


def _is_letter(sign: str) -> bool:
    """Return whether a sign is a letter, a digit, or a mark on one, as vowels of India are."""
    return sign.isalnum() or (unicodedata.category(sign)[0] == "M" and sign not in _PICTURES)


def _is_or(before: re.Match[str], token: re.Match[str], after: re.Match[str]) -> bool:
    """Return whether a word or sign beside phrases in quotes is an OR: `"a b" or "c d"`."""
    quoted = [each["phrase"] is not None for each in (before, after)]
    word = (token["word"] or "").lower()
    return (word in _OR and all(quoted)) or (word in _BARS and any(quoted))


def _joins(before: re.Match[str], token: re.Match[str], after: re.Match[str]) -> bool:
    """Return whether an AND is an operator, which says nothing here: no name (`R AND D`)."""
    return token["word"] == "AND" and not all((t["word"] or "").isupper() for t in (before, after))


def _negates(before: re.Match[str], token: re.Match[str], after: re.Match[str]) -> bool:
    """Return whether a NOT is an operator: no emphasis (`does NOT work`), no SQL (`NOT NULL`)."""
    if token["word"] != "NOT" or token["minus"]:
        return False
    said = (before["word"] or "").lower() in STOP_WORDS and before["word"] not in {"AND", "OR"}
    return not said and not (after["word"] or "").isupper()


def _is_excluded(token: re.Match[str], term: Term) -> bool:
    # `-R`, `--jobs`, `-DNAME=1` and `-Wl,-z` are options of a program, and no words to leave out.
    is_option = len(term.text) <= 1 or term.text.startswith("-") or bool(_SETS.search(term.text))
    return bool(token["minus"]) and (term.is_quoted or not is_option)
