"""Whether a disk has the space that a copy of the database, or its journal, takes for a while."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from planet_mcp.errors import DiskError

# What is to be free beside what a copy or a journal takes.
SPARE_BYTES = 20_000_000
_MEGABYTE = 1e6

FreeSpace = Callable[[Path], int]


def free_bytes(folder: Path) -> int:
    """Return how much may still be written to the disk of a folder."""
    return shutil.disk_usage(folder).free


def require_space_to_rewrite(path: Path, size: int, free_space: FreeSpace) -> None:
    """Refuse to rewrite a database where its new copy or the journal of the old has no space.

    Raises:
        DiskError: There is not enough.
    """
    made_in = _temporary_folder()
    if path.parent.stat().st_dev == made_in.stat().st_dev:
        require_space(path.parent, 2 * size, free_space)
    else:
        require_space(path.parent, size, free_space)
        advice = "SQLITE_TMPDIR names another folder."
        require_space(made_in, size, free_space, advice=advice)


def require_space(
    folder: Path, size: int, free_space: FreeSpace, *, advice: str = "Free some space."
) -> None:
    """Refuse what takes so many bytes in a folder when they are not free.

    Raises:
        DiskError: They are not.
    """
    needed, free = size + SPARE_BYTES, free_space(folder)
    if free < needed:
        raise DiskError(
            f"That takes {needed / _MEGABYTE:.0f} MB in {folder} for a while, and "
            f"{free / _MEGABYTE:.0f} MB are free. {advice}"
        )


def _temporary_folder() -> Path:
    """Return where SQLite puts its temporary files (sqlite.org/tempfiles.html, section 5)."""
    if os.name != "posix":
        return Path(tempfile.gettempdir())
    named = [os.environ.get(name) for name in ("SQLITE_TMPDIR", "TMPDIR")]
    folders = map(Path, [*filter(None, named), "/var/tmp", "/usr/tmp", "/tmp"])  # noqa: S108 - its list
    return next((each for each in folders if each.is_dir() and os.access(each, os.W_OK)), Path())
