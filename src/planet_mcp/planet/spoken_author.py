"""An author whom a question names, as in "posts by Ada Holm about lamps" (pure)."""

import re
from collections.abc import Callable
from typing import NamedTuple

from planet_mcp.text import STOP_WORDS

MOST_NAMES = 4
_BY = (
    r"(?:(?P<by>by|von|par|por|door|przez|af|av|\u043e\u0442)|de|di|van|from|author:|by:)"
    r"|(?P<did>did)"
)
_SAID = re.compile(rf"(?<!\S)(?:{_BY})[^\S\n]*(?<=[\s:])(?P<name>[^\s\",;:?!]+)", re.IGNORECASE)
# As other searches take it.
_FIELD = re.compile(r"(?<!\S)(?:author|by|from):\s*\"(?P<name>[^\"]+)\"", re.IGNORECASE)
_NAME = re.compile(r"[^\W\d_][\w.'\u2019-]*")
_DOES = re.compile(r"\s+(?:write|say|publish|post|think|blog|talk)\b", re.IGNORECASE)


class SpokenAuthor(NamedTuple):
    """What a query is about without its author, and the author's name as it was said.

    `anyone` is the query that asks for what anyone wrote.
    """

    rest: str
    name: str
    anyone: str


def spoken_author(query: str, is_author: Callable[[str], bool]) -> SpokenAuthor | None:
    """Find whom a question names as the author; None if it has quotes, or nobody is called so.

    One word is a name after `by` alone: `de Luna` may be anything.
    """
    field = _FIELD.search(query)
    if field and is_author(field["name"]):
        rest = " ".join(f"{query[: field.start()]} {query[field.end() :]}".split())
        return SpokenAuthor(rest, field["name"], anyone=rest)
    if '"' in query:
        return None
    for said in _SAID.finditer(query):
        names = [*_following(query, said.start("name"))]
        alone = bool(said["by"]) or said[0].lower().startswith(("author:", "by:"))
        for end in reversed(names if alone else names[1:]):
            name, after = query[said.start("name") : end].rstrip(".'\u2019-"), query[end:]
            does = _DOES.match(after) if said["did"] else None
            if said["did"] and not does:
                continue
            if name.lower() not in STOP_WORDS and is_author(name):
                rest = f"{query[: said.start()].rstrip()} {after[does.end() if does else 0 :]}"
                anyone = query.replace(name, f'"{name}"')
                return SpokenAuthor(" ".join(rest.split()), name, anyone)
    return None


def _following(query: str, begin: int) -> list[int]:
    """Return where the first word of a name ends, the first two, and so on."""
    ends: list[int] = []
    found = _NAME.match(query, begin)
    while found and len(ends) < MOST_NAMES:
        ends.append(found.end())
        found = _NAME.match(query, found.end() + 1) if query[found.end() :][:1] == " " else None
    return ends
