"""Whether a database is sound: its pages, its references and its full-text index."""

import sqlite3

from planet_mcp.errors import StoreError
from planet_mcp.store.database import Database

MOST_SHOWN = 5


class Health:
    """The checks of one database; they read all of it, which takes seconds a gigabyte."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def problems(self) -> list[str]:
        """Return what is wrong with it, in words; nothing if it is sound."""
        return [*self._damage(), *self._dangling(), *self._drift()]

    def _damage(self) -> list[str]:
        with self._database.reading() as connection:
            rows = connection.execute(f"PRAGMA quick_check({MOST_SHOWN})").fetchall()
        return [f"the file is damaged: {row[0]}" for row in rows if row[0] != "ok"]

    def _dangling(self) -> list[str]:
        with self._database.reading() as connection:
            rows = connection.execute("PRAGMA foreign_key_check").fetchall()
        tables = sorted({str(row[0]) for row in rows})
        return [f"rows of {', '.join(tables)} refer to what is not there"] if tables else []

    def _drift(self) -> list[str]:
        """Compare the index with the texts (sqlite.org/fts5.html, section 6.6)."""
        try:
            with self._database.writing() as connection:
                connection.execute(
                    "INSERT INTO entries_index (entries_index, rank) VALUES ('integrity-check', 1)"
                )
        except StoreError as error:
            if isinstance(error.__cause__, sqlite3.OperationalError):
                raise
            return ["the full-text index does not match the texts"]
        return []
