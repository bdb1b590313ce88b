"""The store: one database with its feeds, entries and search."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from planet_mcp.errors import StaleViewError, StoreError
from planet_mcp.store.browsing import Browsing
from planet_mcp.store.catalogue import Catalogue
from planet_mcp.store.changes import Changes
from planet_mcp.store.copying import UNFINISHED
from planet_mcp.store.db import (
    Database,
    DatabaseLimits,
    Engine,
    Sharing,
    open_server,
)
from planet_mcp.store.entries import Entries
from planet_mcp.store.feeds import Feeds
from planet_mcp.store.health import Health, ServerHealth
from planet_mcp.store.mentions import Mentions
from planet_mcp.store.pictures import Pictures
from planet_mcp.store.readers import Readers
from planet_mcp.store.retention import Retention
from planet_mcp.store.river import River
from planet_mcp.store.search import Search, SearchLimits, Spelling
from planet_mcp.store.statistics import Statistics
from planet_mcp.store.stories import review_joins
from planet_mcp.store.updates import Updates
from planet_mcp.store.vectors import Vectors
from planet_mcp.store.webpages import Webpages
from planet_mcp.urls import ServerAddress


@dataclass(frozen=True, slots=True)
class ChangeToken:
    """What differs after entries arrived, and after the followed feeds changed."""

    newest_entry: int
    feed_change: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the work that questions may cause, and of what one write transaction deletes.

    A hundred stories take some tens of milliseconds. `review_seconds` is how long a start may look
    again at what earlier versions joined, `picture_bytes` what kept pictures may take.
    What a process on a server claims lapses after `claim_seconds` if it does not renew that.
    """

    database: DatabaseLimits = field(default_factory=DatabaseLimits)
    search: SearchLimits = field(default_factory=SearchLimits)
    stories_deleted_at_once: int = 100
    review_seconds: float = 10.0
    picture_bytes: int = 128 * 2**20
    claim_seconds: float = 30.0


class Store:
    """One planet-mcp database.

    With `keep`, what is older than that may be deleted, and is not stored again. `to_repair` opens
    one too that was left unsound by a write that was cut off. A `replica` of a server is read for
    answers. `sharing` is what processes share
    that refresh it together; None of a file, which one process at a time refreshes.

    Raises:
        StoreError: The file cannot be opened; see `planet_mcp.errors` for its kinds.
    """

    def __init__(
        self,
        path: Path | ServerAddress,
        *,
        replica: ServerAddress | None = None,
        keep: timedelta | None = None,
        to_repair: bool = False,
        limits: Limits | None = None,
    ) -> None:
        limits = limits or Limits()
        self.database, self.health, self.sharing = _opened(
            path, replica, to_repair=to_repair, limits=limits
        )
        self.path = self.database.path
        self.feeds = Feeds(self.database)
        self.updates = Updates(
            self.database, keep, claims=self.sharing.claims if self.sharing else None
        )
        self.entries = Entries(self.database)
        self.river = River(self.database)
        self.readers = Readers(self.database)
        self.changes = Changes(self.database)
        self.mentions = Mentions(self.database)
        self.webpages = Webpages(self.database)
        self.vectors = Vectors(self.database)
        self.pictures = Pictures(self.database, space=limits.picture_bytes)
        self.browsing = Browsing(self.database)
        self.catalogue = Catalogue(self.database)
        # Of a server nothing is kept beside it; its processes may be on several machines.
        vectors = None if self.sharing else self.path.with_name(f"{self.path.name}-vectors")
        self.search = Search(self.database, limits.search, vectors=vectors)
        self.spelling = Spelling(self.database)
        self.statistics = Statistics(self.database)
        self.retention = Retention(
            self.database, keep, stories_at_once=limits.stories_deleted_at_once
        )
        if not to_repair:
            self._make_ready(limits)

    def _make_ready(self, limits: Limits) -> None:
        try:
            self._refuse_half_a_copy()
            self.health.refuse_unsound()
            if not self.read_only:
                review_joins(self.database, seconds=limits.review_seconds)
        except BaseException:
            self.close()
            raise

    def _refuse_half_a_copy(self) -> None:
        with self.database.reading() as connection:
            row = connection.execute("SELECT 1 FROM meta WHERE key = ?", (UNFINISHED,)).fetchone()
        if row:
            where = "schema planet_mcp" if self.sharing else "file"
            raise StoreError(
                f"{self.path} has half of a planet: `planet-mcp copy` was broken off. Remove the "
                f"{where}, and copy again."
            )

    @property
    def read_only(self) -> str | None:
        """Return in words why this process cannot write the database; None if it can."""
        return self.database.read_only

    def why_not_writable(self) -> str | None:
        """Return in words why nothing can be written now; None if it can."""
        return self.database.why_not_writable()

    def require_writable(self) -> None:
        """Refuse what would end in a write, before any work is done for it.

        Raises:
            StoreError: The database cannot be written by this process.
        """
        if self.read_only:
            raise StoreError(self.read_only)

    def preallocate(self) -> None:
        """Make sure that the disk has space for the next writes.

        Raises:
            StoreError: It has not, or the database cannot be written for another reason.
        """
        self.database.preallocate()

    def view(self, *, fresh: bool = False) -> AbstractContextManager[object]:
        """Return a block within which all reading of this thread sees one state of the database.

        It may be a replica's unless it is to be `fresh`. A StaleViewError says that it is to be.
        """
        return self.database.viewing(fresh=fresh)

    def refuse_stale(self, newest: int, *, known: int) -> None:
        """Refuse a view that has less than what a reader was told of before.

        Raises:
            StaleViewError: It has, and a fresh view may have more.
        """
        if newest < known and self.database.may_lag:
            raise StaleViewError(f"The replica has {newest}, and {known} is known. Try again.")

    def identity(self) -> str:
        """Return the short random name of this database, which its watermarks carry."""
        with self.database.reading() as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = 'identity'").fetchone()
        return str(row[0])

    def change_token(self) -> ChangeToken:
        """Return what differs when readers have something new to see, in microseconds."""
        with self.database.reading() as connection:
            # Pages that belong to no feed are no news.
            newest = connection.execute(
                "SELECT id FROM entries WHERE feed_id IS NOT NULL ORDER BY id DESC LIMIT 1"
            ).fetchone()
        return ChangeToken(newest[0] if newest else 0, self.changes.newest_id())

    def give_back(self) -> None:
        """Forget what is held of the file in memory, until it is read again."""
        self.database.give_back()

    def close(self) -> None:
        """Close the database."""
        if self.sharing:
            self.sharing.claims.close()
        self.database.close()


def _opened(
    path: Path | ServerAddress,
    replica: ServerAddress | None,
    *,
    to_repair: bool,
    limits: Limits,
) -> tuple[Engine, Health | ServerHealth, Sharing | None]:
    if isinstance(path, ServerAddress):
        server, sharing = open_server(
            path,
            replica=replica,
            limits=limits.database,
            claim_seconds=limits.claim_seconds,
        )
        return server, ServerHealth(server), sharing
    file = Database(path, to_repair=to_repair, limits=limits.database)
    return file, Health(file), None
