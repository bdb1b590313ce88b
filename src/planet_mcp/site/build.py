"""A planet as files for any web host: only what changed is made anew, only our own is removed.

A file beside them, `.planet-mcp.json`, has what each page was made of. Pages whose entries are the
same are not even made; those that come out the same are not written.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field

from planet_mcp.errors import PublishError
from planet_mcp.site.inventory import ALWAYS, Inventory
from planet_mcp.site.making import Maker, written
from planet_mcp.site.paths import file_of
from planet_mcp.site.second import Share, beside
from planet_mcp.site.values import Options
from planet_mcp.store import Store
from planet_mcp.threads import cores

MANIFEST = ".planet-mcp.json"
# NO_ADDRESS is the planet's address in feeds as long as it was not given.
NO_ADDRESS = "http://localhost/"
MOST_NAMED = 5
# So many pages take some seconds, and a second process is there after one. It gets every other run
# of SHARED_AT_ONCE.
SHARED_FROM, SHARED_AT_ONCE = 2_000, 100
# `_PATH` keeps a manifest from naming a file outside of the folder, which would be removed.
# The files of tags and groups have names of our own (`paths.file_of`).
_PATH = r"(?s)^(?:(?:tags|groups)/.+|faces/[^/.][^/]*|(?:[a-z0-9-]+[./])*[a-z0-9-]*)$"


@dataclass(frozen=True, slots=True)
class Published:
    """How many files were written, left as they were, and removed; `base` is the site's address."""

    written: int
    unchanged: int
    removed: int
    base: str


class _Manifest(BaseModel):
    """What the pages of a folder were made of: a checksum of each, and of how they look."""

    look: str
    base: str
    pages: dict[Annotated[str, Field(pattern=_PATH)], str]


class Publisher:
    """Writes the pages of one store into one folder.

    From `shared_from` pages on, two processes make them; by default where there are two cores.
    """

    def __init__(
        self,
        store: Store,
        folder: Path,
        *,
        options: Options,
        base: str | None,
        clock: Callable[[], datetime],
        shared_from: int | None = None,
    ) -> None:
        self._store = store
        self._folder = folder
        self._options = options
        self._given_base = base
        self._clock = clock
        self._maker = Maker(store, folder, options, clock=clock)
        default = SHARED_FROM if cores() > 1 else sys.maxsize
        self._shared_from = default if shared_from is None else shared_from
        self._inventory = Inventory(store, self._maker.site, options, clock=clock)

    def publish(self) -> Published:
        """Bring the folder up to date.

        Raises:
            PublishError: It cannot be written, or has pages that planet-mcp did not make.
        """
        with _translated(self._folder):
            manifest = self._read_manifest()
            base = self._given_base or (manifest.base if manifest and manifest.base else NO_ADDRESS)
            # Checksums are read before pages are made: what changes meanwhile differs next time.
            paths, there = dict(self._inventory.pages()), _files(self._folder)
            before = self._known(manifest, base, paths, there)
            changed = [
                path
                for path, checksum in paths.items()
                if checksum == ALWAYS or checksum != before.get(path) or file_of(path) not in there
            ]
            if not before.keys() >= paths.keys():
                # The manifest is written first, so that after a build that is cut off the next one
                # knows its files.
                self._write_manifest(base, {**dict.fromkeys(paths, ALWAYS), **before})
            count = self._make(changed, base)
            gone = before.keys() - paths.keys()
            for path in gone:
                (self._folder / file_of(path)).unlink(missing_ok=True)
            self._write_manifest(base, paths)
        return Published(count, len(paths) - count, len(gone), base)

    def _read_manifest(self) -> _Manifest | None:
        """Return what the pages in the folder were made of; None where no build began."""
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            return _Manifest.model_validate_json((self._folder / MANIFEST).read_bytes())
        except FileNotFoundError:
            return None
        except ValueError:
            # A damaged manifest is one of ours all the same: all pages are made anew.
            return _Manifest(
                look="", base="", pages=dict.fromkeys(dict(self._inventory.pages()), ALWAYS)
            )

    def _known(
        self, manifest: _Manifest | None, base: str, paths: dict[str, str], there: set[str]
    ) -> dict[str, str]:
        """Return the pages that are ours, with their checksums if pages would still look like that.

        Raises:
            PublishError: A file that is not ours is where a page is to go.
        """
        known = manifest.pages if manifest else {}
        foreign = sorted(there & {file_of(path) for path in paths.keys() - known.keys()})
        if foreign:
            named = ", ".join(foreign[:MOST_NAMED]) + (", …" if len(foreign) > MOST_NAMED else "")
            raise PublishError(
                f"{self._folder} has files that planet-mcp did not make and would overwrite: "
                f"{named}. Name another folder, or move them away. Nothing was written."
            )
        same = manifest is not None and (manifest.look, manifest.base) == (
            self._maker.site.look,
            base,
        )
        return known if same else dict.fromkeys(known, ALWAYS)

    def _make(self, paths: list[str], base: str) -> int:
        """Make pages, many of them in two processes; return how many were written."""
        database = self._store.path
        if len(paths) < self._shared_from or not isinstance(database, Path):
            return self._maker.make(paths, base)
        own, other = _shares(paths)
        share = Share(
            database=database,
            folder=self._folder,
            options=self._options,
            base=base,
            now=self._clock(),
            paths=other,
        )
        with beside(share) as wait:
            count = self._maker.make(own, base)
            written_there = wait()
        return count + (self._maker.make(other, base) if written_there is None else written_there)

    def _write_manifest(self, base: str, paths: dict[str, str]) -> None:
        noted = _Manifest(look=self._maker.site.look, base=base, pages=paths)
        written(self._folder / MANIFEST, noted.model_dump_json().encode())


def _files(folder: Path) -> set[str]:
    """Return the names of all files in a folder and below; asking for each one takes far longer."""
    found: set[str] = set()
    for parent, _, names in os.walk(folder):
        within = os.path.relpath(parent, folder).replace(os.sep, "/")
        prefix = "" if within == "." else f"{within}/"
        found.update(f"{prefix}{name}" for name in names)
    return found


def _shares(paths: list[str]) -> tuple[list[str], list[str]]:
    """Share paths in two; those beside each other, which show the same texts, stay together."""
    runs = [paths[at : at + SHARED_AT_ONCE] for at in range(0, len(paths), SHARED_AT_ONCE)]
    return [*chain.from_iterable(runs[::2])], [*chain.from_iterable(runs[1::2])]


@contextmanager
def _translated(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PublishError(
            f"The pages cannot be written to {folder}: {error.strerror} ({error.filename}). What "
            "was written before is whole; the next build goes on from there."
        ) from error
