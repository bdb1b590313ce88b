"""Names as they are written, of which the index has but the words: Go, R; `is_open`, `os::path`."""

import json
import re
from collections.abc import Sequence

from planet_mcp.store.search.names import at_the_beginning
from planet_mcp.store.search.plan import SearchPlan
from planet_mcp.store.sql import ids_of

CHARS = 8_000
LONGEST_NAME = 2
# What the score is multiplied with of an entry that writes the name so throughout, of one that has
# it in the title, and of one that has but the word.
_WRITTEN, _TITLED, _NOT_SO = 1.6, 1.4, 0.4
# The same of an entry that writes a name with its signs.
_SIGNED = 1.6
_SIGNED_NAME = re.compile(r"\w(?:_|::|\.|@)\w|\A@\w")
# The same of an entry whose title begins with a name.
_BEGUN = 2.5
# A sentence may begin with any word.
_BEGINS = re.compile(r"(?:[.!?:]\s+|\n\s*)\Z")


def is_capital_name(word: str) -> bool:
    """Return whether a word is one by its capital alone."""
    return len(word) <= LONGEST_NAME and word.isalpha() and word[0].isupper()


def is_signed_name(word: str) -> bool:
    """Return whether signs make a name of one word or several."""
    return bool(_SIGNED_NAME.search(word))


def signed(
    plan: SearchPlan, names: Sequence[str], entries: Sequence[int], *, is_short: bool
) -> dict[int, float]:
    """Return what the scores of entries are multiplied with that write names with their signs.

    SELECT entry_id, title || ' ' || text FROM contents
    WHERE entry_id IN (SELECT CAST(value AS BIGINT) FROM json_each('[42, 17]'))
    AND instr(title || ' ' || text, 'is_open') > 0
    """
    gained: dict[int, float] = {}
    for name in names:
        rows = plan.rows(
            "SELECT entry_id, title || ' ' || text FROM contents "
            f"WHERE entry_id IN {ids_of(':ids')} "
            "AND instr(title || ' ' || text, :name) > 0",
            {"ids": json.dumps(entries), "name": name},
        )
        having = [entry for entry, text in rows if _has_whole(text, name)]
        gained |= {entry: gained.get(entry, 1.0) * _SIGNED for entry in having}
    # In a query of a few words, the name is what is asked for: entries without it count less, if
    # any has it.
    return {**dict.fromkeys(entries, _NOT_SO), **gained} if gained and is_short else gained


def _has_whole(text: str, name: str) -> bool:
    """Return whether a text has a name that is no part of a longer one."""
    begin = text.find(name)
    while begin >= 0:
        around = text[max(begin - 1, 0) : begin] + text[(end := begin + len(name)) : end + 1]
        if not any(sign.isalnum() or sign == "_" for sign in around):
            return True
        begin = text.find(name, begin + 1)
    return False


def begun(plan: SearchPlan, names: Sequence[str], entries: Sequence[int]) -> dict[int, float]:
    """Return what the scores of entries are multiplied with whose titles begin with a name.

    SELECT entry_id, title FROM contents
    WHERE entry_id IN (SELECT CAST(value AS BIGINT) FROM json_each('[42, 17]'))
    """
    rows = plan.rows(
        f"SELECT entry_id, title FROM contents WHERE entry_id IN {ids_of(':ids')}",
        {"ids": json.dumps(entries)},
    )
    patterns = [at_the_beginning(name) for name in names]
    return {entry: _BEGUN for entry, title in rows if any(each.match(title) for each in patterns)}


def gains(plan: SearchPlan, names: Sequence[str], entries: Sequence[int]) -> dict[int, float]:
    """Return what the scores of entries are multiplied with that write names with their capitals.

    SELECT entry_id, title, substr(text, 1, 8000) FROM contents
    WHERE entry_id IN (SELECT CAST(value AS BIGINT) FROM json_each('[42, 17]'))
    """
    rows = plan.rows(
        "SELECT entry_id, title, substr(text, 1, :chars) FROM contents "
        f"WHERE entry_id IN {ids_of(':ids')}",
        {"chars": CHARS, "ids": json.dumps(entries)},
    )
    return {entry: _gain(names, title, text) for entry, title, text in rows}


def _gain(names: Sequence[str], title: str, text: str) -> float:
    gain = 1.0
    for name in names:
        written = re.compile(rf"(?<![\w.'\u2019-]){name}(?![\w'\u2019-])")
        places = (found.start() for found in written.finditer(text))
        times = sum(not _BEGINS.search(text[max(place - 3, 0) : place]) for place in places)
        titled = _TITLED if written.search(title) else 1.0
        gain *= titled * (1 + (_WRITTEN - 1) * times / (times + 1)) if times else _NOT_SO
    return gain
