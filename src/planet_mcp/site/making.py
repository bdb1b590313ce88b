"""Pages as files: each is made of one state of the store, and written if it is another one."""

import os
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from planet_mcp.site.paths import file_of
from planet_mcp.site.site import Site
from planet_mcp.site.values import Options, PageRequest
from planet_mcp.store import Store

_OK = 200


class Maker:
    """Makes pages of one store in one folder."""

    def __init__(
        self, store: Store, folder: Path, options: Options, *, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._folder = folder
        self.site = Site(store, options, clock=clock)

    def make(self, paths: Iterable[str], base: str) -> int:
        """Make some pages; return how many differ from what was there, and were written."""
        return sum(self._make(path, base) for path in paths)

    def _make(self, path: str, base: str) -> bool:
        # Of one short view each, as served pages are: nobody who writes waits for a whole build.
        with self._store.view(fresh=True):
            page = self.site.page(PageRequest(path, base))
        # An entry that was deleted since the paths were read has no page any more.
        return page.status == _OK and written(self._folder / file_of(path), page.body)


def written(path: Path, body: bytes) -> bool:
    """Write a file as a whole, unless it is the same already; return whether it was written."""
    try:
        if path.read_bytes() == body:
            return False
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    new.write_bytes(body)
    new.replace(path)
    return True
