"""What a letter begins and ends with, around the question that it brings (pure).

Hello, could you … Many thanks in advance!
"""

import re
from collections.abc import Callable, Sequence

from planet_mcp.store.search.typed import Term
from planet_mcp.text import is_greeting, is_thanks, precedes_thanks, wording_of

# What may follow a word of thanks: so much in advance, for your kind help.
MOST_AFTER_THANKS = 6
_PUNCTUATED = re.compile(r"[,.;:!?\u2013\u2014\n\u3002\uff01\uff0c\uff1f\u060c]")

Groups = Sequence[list[Term]]


def without_courtesy(typed: str, groups: Groups) -> Groups:
    """Leave out a greeting and thanks, if anything else remains.

    A greeting ends with punctuation, or words of asking follow it, which `hello world` has not.
    Thanks are a clause of their own, or the end.
    """
    begin, end = _end_of_greeting(typed, groups), _begin_of_thanks(typed, groups)
    return groups[begin:end] if begin < end else groups


def _end_of_greeting(typed: str, groups: Groups) -> int:
    count = 0
    while count < len(groups) and _is(is_greeting, groups[count]):
        count += 1
    # Of `Hello, world` it is the name.
    if not 0 < count < len(groups) or (groups[count][0].plain or "").lower() == "world":
        return 0
    if _is_punctuated(typed, groups, count):
        return count
    plain = [group[0].plain or "" for group in groups[count:]]
    wording = wording_of(plain)
    return count if groups[count][0].is_one_of(wording.sentences | wording.asking) else 0


def _begin_of_thanks(typed: str, groups: Groups) -> int:
    thanking = [at for at, group in enumerate(groups) if _is(is_thanks, group)]
    at = next((at for at in thanking if at >= len(groups) - MOST_AFTER_THANKS), 0)
    begin = at
    while begin and _is(precedes_thanks, groups[begin - 1]):
        begin -= 1
    is_apart = begin > 0 and _is_punctuated(typed, groups, begin)
    return begin if begin > 0 and (is_apart or at == len(groups) - 1) else len(groups)


def _is(kind: Callable[[str], bool], group: Sequence[Term]) -> bool:
    return len(group) == 1 and kind(group[0].plain or "")


def _is_punctuated(typed: str, groups: Groups, at: int) -> bool:
    """Return whether a sign stands between a group and the one before it."""
    before = groups[at - 1][-1]
    return bool(_PUNCTUATED.search(typed[before.begin + len(before.text) : groups[at][0].begin]))
