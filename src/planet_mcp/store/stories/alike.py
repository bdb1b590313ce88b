"""Which stored entries may be duplicates of those that were written: they have something in common.

Each question is asked for all written entries at once.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain

from planet_mcp.store.db import Connection
from planet_mcp.store.sql import ids_of
from planet_mcp.store.stories.comparison import EMPTY_WORDS, ComparedEntry
from planet_mcp.urls import names_a_page

COUNTERPART_WITHIN = timedelta(days=2)
# MOST_ALIKE entries that have a title, text or address in common are compared.
MOST_ALIKE = 20
# Among how many entries around one time a counterpart is looked for: no blog posts more.
MOST_AT_ONE_TIME = 500
ANY = (1 << 63) - 1

_COLUMNS = """
    e.id, e.feed_id, e.ordered_at, e.published, e.canonical_url,
    e.words, e.title_derived, e.title_key, e.minhash_a, e.minhash_b, e.url, c.title,
    c.authors
"""
# The newest entries that have one of these columns in common; a title of hundreds says little.
_ALIKE_IN_ONE = " UNION ".join(
    f"SELECT * FROM (SELECT id FROM entries WHERE {column} = :{column} AND id <> :id "
    f"AND id <= :upto ORDER BY id DESC LIMIT {MOST_ALIKE})"
    for column in ("canonical_url", "title_key", "minhash_a", "minhash_b")
)
_AT_ONE_TIME = """
    SELECT e.id FROM entries AS e
    WHERE e.id IN (
        SELECT id FROM entries
        WHERE feed_id = :feed AND ordered_at BETWEEN :from AND :to AND id <= :upto
        ORDER BY ordered_at DESC, id DESC LIMIT :most
    )
    AND e.id <> :id AND e.title_derived <> :derived AND (e.words <= :empty) = :derived
"""


@dataclass(frozen=True, slots=True)
class Written:
    """An entry that was written, and is compared with those up to an id.

    What was not stored before is given with its text.
    """

    id: int
    upto: int = ANY
    new: ComparedEntry | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Alike:
    """An entry that was written, with others that have an address, title or text in common.

    One of `counterparts` may be the text to its title, or the title to its text.
    """

    written: Written
    new: ComparedEntry
    others: Sequence[ComparedEntry]
    counterparts: Sequence[ComparedEntry]

    @property
    def is_new(self) -> bool:
        """Return whether it was not stored before, and so is the only one of its story."""
        return self.written.new is not None

    @property
    def is_like_any(self) -> bool:
        """Return whether there is anything to compare it with."""
        return bool(self.others or self.counterparts)


def alike(connection: Connection, written: Sequence[Written]) -> list[Alike]:
    """Return for each entry that was written what is like it."""
    new = {each.id: each.new for each in written if each.new}
    new |= _select(connection, [each.id for each in written if not each.new])
    others = _ids(connection, _ALIKE_IN_ONE, (_in_common(new[each.id], each) for each in written))
    counterparts = _ids(
        connection,
        _AT_ONE_TIME,
        (_around(new[each.id], each) for each in written if _lacks_one(new[each.id])),
    )
    found = _select(connection, {*chain(*others.values(), *counterparts.values())})
    return [
        Alike(
            each,
            new[each.id],
            *(
                [found[one] for one in ids.get(each.id, ()) if one in found]
                for ids in (others, counterparts)
            ),
        )
        for each in written
    ]


def _select(connection: Connection, ids: Collection[int]) -> dict[int, ComparedEntry]:
    if not ids:
        return {}
    rows = connection.tuples(
        f"""
        SELECT {_COLUMNS} FROM entries AS e JOIN contents AS c ON c.entry_id = e.id
        WHERE e.id IN {ids_of(":ids")}
        AND e.feed_id IS NOT NULL
        """,
        {"ids": json.dumps([*ids])},
    )
    return {row[0]: ComparedEntry(*row) for row in rows}


def _ids(
    connection: Connection, sql: str, values: Iterable[dict[str, object]]
) -> dict[object, list[int]]:
    """Return the ids that a statement finds for each entry, by the entry's own."""
    asked = [*values]
    answers = connection.each(sql, asked)
    return {
        each["id"]: sorted(entry_id for (entry_id,) in rows)
        for each, rows in zip(asked, answers, strict=True)
    }


def _in_common(new: ComparedEntry, written: Written) -> dict[str, object]:
    return {
        "id": new.id,
        "upto": written.upto,
        "canonical_url": new.canonical_url if names_a_page(new.canonical_url or "") else None,
        "title_key": new.title_key,
        "minhash_a": new.minhash_a,
        "minhash_b": new.minhash_b,
    }


def _lacks_one(new: ComparedEntry) -> bool:
    """Return whether an entry is a title without a text, or a text without a title."""
    return bool(new.title_derived) != (new.words <= EMPTY_WORDS)


def _around(new: ComparedEntry, written: Written) -> dict[str, object]:
    within = int(COUNTERPART_WITHIN.total_seconds())
    return {
        "id": new.id,
        "upto": written.upto,
        "feed": new.feed_id,
        "from": new.ordered_at - within,
        "to": new.ordered_at + within,
        "most": MOST_AT_ONE_TIME,
        "derived": new.title_derived,
        "empty": EMPTY_WORDS,
    }
