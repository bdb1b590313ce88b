"""A question → its vector, where a model and vectors of entries are there."""

import logging
from dataclasses import dataclass

import anyio

from planet_mcp.embedding import ModelFolder, NoModel
from planet_mcp.errors import PlanetError
from planet_mcp.models import QuestionVector
from planet_mcp.sandbox import Worker
from planet_mcp.store import Store

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 10.0
FAILED_SECONDS = 60.0
BY_WORDS = "Searched by words alone, not by meaning: {problem}"


@dataclass(frozen=True, slots=True)
class Understood:
    """What a question means, or why nobody knows, if readers are to know that."""

    vector: QuestionVector | None = None
    notice: str | None = None


NOT_ASKED = Understood()


class Meanings:
    """Finds out what questions mean; `model` is the model, or why there is none."""

    def __init__(self, store: Store, *, worker: Worker, model: ModelFolder | NoModel) -> None:
        self._store = store
        self._worker = worker
        self.model = model
        self._problem: str | None = None
        # After a failure, questions do not wait for another one for a while.
        self._resting_until = 0.0

    async def of(self, question: str) -> Understood:
        """Return what a question means; the model is loaded when entries have vectors of it."""
        if isinstance(self.model, NoModel):
            problem = self.model.reason if self.model.is_asked_for else None
            return Understood(notice=BY_WORDS.format(problem=problem)) if problem else NOT_ASKED
        if anyio.current_time() < self._resting_until:
            return Understood(notice=self._problem)
        model = self.model
        if not await anyio.to_thread.run_sync(lambda: self._store.vectors.are_there(model.id)):
            return NOT_ASKED
        try:
            with anyio.fail_after(PATIENCE_SECONDS):
                (vector,) = await self._worker.encode([question], model, questions=True)
        except (PlanetError, TimeoutError) as error:
            return self._failed(str(error) or "the model takes too long.")
        return Understood(QuestionVector(model.id, vector))

    def _failed(self, reason: str) -> Understood:
        logger.warning("A question could not be encoded: %s", reason)
        self._problem = BY_WORDS.format(problem=reason)
        self._resting_until = anyio.current_time() + FAILED_SECONDS
        return Understood(notice=self._problem)
