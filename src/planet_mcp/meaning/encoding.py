"""Entries → vectors, a few entries at a time, in the background."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import anyio

from planet_mcp.embedding import ModelFolder, parts_of
from planet_mcp.errors import ModelError, ParserDiedError, PlanetError
from planet_mcp.sandbox import Worker
from planet_mcp.store import Store, Unencoded

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EncodingLimits:
    """How entries are encoded: `batch` of them at a time, with `pause_seconds` after each batch.

    New ones are looked for every `tick_seconds`; after a failure of the model, not for
    `failed_seconds`.
    """

    batch: int = 8
    pause_seconds: float = 0.02
    tick_seconds: float = 2.0
    failed_seconds: float = 600.0


class Encoder:
    """Makes vectors of the entries of one store, while this process is the one that refreshes.

    `problem` is why the model failed the last time, if it did.
    """

    def __init__(
        self,
        store: Store,
        *,
        worker: Worker,
        model: ModelFolder,
        is_leader: Callable[[], bool],
        limits: EncodingLimits | None = None,
    ) -> None:
        self._store = store
        self._worker = worker
        self._model = model
        self._is_leader = is_leader
        self._limits = limits or EncodingLimits()
        self.problem: str | None = None

    async def run(self) -> None:
        """Encode in the background until cancelled; nothing that happens ends it."""
        while True:
            # The pause comes first, so that at a start the feeds are refreshed before.
            await anyio.sleep(self._limits.tick_seconds)
            try:
                await self._encode_what_waits()
            except PlanetError as error:
                self.problem = str(error)
                logger.warning("Entries are not encoded for a while: %s", error)
                await anyio.sleep(self._limits.failed_seconds)
            except Exception:
                logger.exception("Entries could not be encoded; it goes on in a while.")
                await anyio.sleep(self._limits.failed_seconds)

    async def _encode_what_waits(self) -> None:
        more = True
        while more and self._is_leader():
            more = await self.round()
            await anyio.sleep(self._limits.pause_seconds)

    async def round(self) -> bool:
        """Encode some entries that have no vectors yet; False when there are none.

        Raises:
            ModelError: The model cannot be loaded, or fails.
            StoreError: The vectors cannot be stored.
        """
        vectors, limit = self._store.vectors, self._limits.batch
        model = self._model.id
        entries = await anyio.to_thread.run_sync(lambda: vectors.waiting(model, limit=limit))
        if not entries:
            return False
        encoded = await self._encoded(entries)
        await anyio.to_thread.run_sync(lambda: vectors.save(model, entries, encoded))
        self.problem = None
        return True

    async def _encoded(self, entries: Sequence[Unencoded]) -> dict[int, list[bytes]]:
        """Return the vectors of entries; of one that costs the process its life, none."""
        try:
            return await self._vectors(entries)
        except ParserDiedError as error:
            found: dict[int, list[bytes]] = {}
            for entry in entries if len(entries) > 1 else ():
                found |= await self._encoded([entry])
            if not any(found.values()):
                raise ModelError(f"The model's process died of all texts: {error}") from None
            return found

    async def _vectors(self, entries: Sequence[Unencoded]) -> dict[int, list[bytes]]:
        texts = {entry.id: parts_of(entry.title, entry.text) for entry in entries}
        read = [part.text for parts in texts.values() for part in parts]
        vectors = iter(await self._worker.encode(read, self._model))
        return {entry_id: [next(vectors) for _ in parts] for entry_id, parts in texts.items()}
