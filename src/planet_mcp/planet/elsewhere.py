"""What there is instead where nothing was found: without filters, or before a period."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from planet_mcp.planet.language import Language
from planet_mcp.planet.markdown import counted, up_to
from planet_mcp.planet.reading import Reading
from planet_mcp.requests import LatestRequest, SearchRequest, given
from planet_mcp.store import Filters, Found, compile_query
from planet_mcp.times import day_of

# Filters that say one thing together; first those whose reach a caller knows least.
_FILTERS = (("since", "until"), ("feed", "group"), ("author",), ("tag",))


def found_without(
    request: SearchRequest, find: Callable[[SearchRequest], Found], language: Language
) -> str | None:
    """Say what there is without one kind of filter, or else without all, and how to get it.

    None where nothing was filtered, or where that is not why nothing was found.
    """
    used = [[name for name in names if getattr(request, name)] for names in _FILTERS]
    used = [names for names in used if names]
    everything = [name for names in used for name in names]
    for names in [*used, everything] if len(used) > 1 else used:
        left_out: dict[str, Any] = dict.fromkeys(names)
        wider = replace(request, **left_out, limit=None, cursor=None)
        found = find(replace(wider, sort="newest"))
        if found.total:
            return _sentence(names, found, language.call("search_entries", given(wider)))
    return None


def newest_instead(reading: Reading, request: LatestRequest, feeds: tuple[int, ...] | None) -> str:
    """Say when the newest entry of feeds is from, and how to see it; "" if there is none."""
    filters = Filters(snapshot=reading.store.entries.newest_id(), feeds=feeds)
    found = reading.store.search.newest(compile_query(""), filters, before=None, limit=1)
    if not found.hits:
        return ""
    published = found.hits[0].published
    newest = (
        f"The newest entry is of {day_of(published)}"
        if published
        else "There are only older entries"
    )
    only = {name: value for name, value in given(request).items() if name in {"feed", "group"}}
    return f"{newest}: {reading.language.call('search_entries', only)}."


def _sentence(names: list[str], found: Found, call: str) -> str:
    entries = counted(up_to(found.total), "entry", "entries")
    published = found.hits[0].published
    newest = f", the newest of {day_of(published)}" if published else ""
    there = "there is" if found.total == 1 else "there are"
    return f"Without {' and '.join(names)} {there} {entries}{newest}: {call}."
