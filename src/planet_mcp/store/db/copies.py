"""Copies of the database beside it, made before its tables are changed or repaired."""

import os
import re
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from planet_mcp.errors import DamagedDatabaseError
from planet_mcp.store.db.connections import beside, open_file
from planet_mcp.store.db.schema import APPLICATION_ID

COPIES_KEPT = 3


def back_up(path: Path, connection: sqlite3.Connection, *, reason: str) -> Path:
    """Keep a verified copy beside the database, and of our earlier ones the newest."""
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")[:-3]
    copy = beside(path, f".{reason}-{moment}.backup")
    making = beside(copy, ".part")
    try:
        making.touch()
        # A copy is as private as the database: only its owner may read it.
        making.chmod(stat.S_IMODE(path.stat().st_mode))
        connection.execute("VACUUM INTO ?", (str(making),))
        _verify(making)
        making.replace(copy)
    finally:
        making.unlink(missing_ok=True)
    _remove_old_copies(path)
    return copy


def _verify(copy: Path) -> None:
    """Make sure that a copy is sound and on disk."""
    with closing(open_file(copy, mode="ro")) as made:
        verdicts = [row[0] for row in made.execute("PRAGMA integrity_check")]
        (application,) = made.execute("PRAGMA application_id").fetchone()
    # integrity_check of newer SQLite reads the full-text index too, which may be what is to be
    # repaired.
    verdicts = [verdict for verdict in verdicts if "entries_index" not in verdict]
    if application != APPLICATION_ID or set(verdicts) - {"ok"}:
        raise DamagedDatabaseError(f"A copy of the database is not sound: {verdicts[0]}.")
    with copy.open("r+b") as file:
        os.fsync(file.fileno())


def _remove_old_copies(path: Path) -> None:
    ours = re.compile(
        rf"{re.escape(path.name)}\.(?:tables\d+|repair)-(\d{{8}}T\d{{6,9}})\.backup(?:\.part)?"
    )
    named = ((ours.fullmatch(each.name), each) for each in path.parent.iterdir())
    found = sorted(((name[1], each) for name, each in named if name), reverse=True)
    whole = [each for _, each in found if each.suffix != ".part"]
    for _, each in found:
        # A .part file was left by a process that ended while it made the copy.
        if each not in whole[:COPIES_KEPT]:
            each.unlink(missing_ok=True)
