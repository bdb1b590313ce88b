"""Documents made to take long: what a child process is killed for is too slow, nothing else."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

from planet_mcp.errors import DocumentError, ParserDiedError
from planet_mcp.models import Document, Validators
from planet_mcp.sandbox import Limits, Worker
from tests.support.programs import PATIENCE_SECONDS

URL = "https://a.example/"


@asynccontextmanager
async def patient_worker() -> AsyncIterator[Worker]:
    """Open a worker whose children are killed for the CPU time that they take alone."""
    async with Worker(limits=Limits(wall_seconds=PATIENCE_SECONDS)) as worker:
        yield worker


async def too_slow(
    work: Callable[[Document], Awaitable[object]],
    documents: Iterable[tuple[str, bytes]],
    content_type: str,
) -> list[str]:
    """Return the names of the documents that cost a child its life."""
    slow = []
    for name, body in documents:
        try:
            await work(Document(URL, body, content_type, Validators(URL)))
        except ParserDiedError:
            slow.append(name)
        except DocumentError:
            pass
    return slow
