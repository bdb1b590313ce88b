"""Dates that say when a document was made, and not when its entries were published (pure)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from planet_mcp.documents.parse.raw import RawEntry

# How few entries with one date are suspicious: a blog that has just begun may have two.
_FEWEST = 3
_QUARTER = 15
_MADE_WITHIN = timedelta(seconds=2)


def without_build_dates(entries: tuple[RawEntry, ...]) -> tuple[RawEntry, ...]:
    """Take the dates away that all entries of a document share.

    A generator that knows no dates writes the time of the build or of the files. A round time
    stays: a feed that knows days but no times (arXiv) gives all entries of a day the same one.
    """
    if _are_of_build([entry.published for entry in entries]):
        entries = tuple(replace(entry, published=None) for entry in entries)
    if _are_of_build([entry.updated for entry in entries]):
        entries = tuple(replace(entry, updated=None) for entry in entries)
    return entries


def _are_of_build(dates: Sequence[datetime | None]) -> bool:
    given = [date for date in dates if date]
    if len(given) < max(_FEWEST, len(dates)) or max(given) - min(given) > _MADE_WITHIN:
        return False
    return bool(given[0].second or given[0].minute % _QUARTER)
