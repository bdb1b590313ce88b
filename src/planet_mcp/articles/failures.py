"""The pages that failed lately, so that not every call asks for them again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from planet_mcp.errors import DeadlineError, DocumentError, FetchError, UnreachableError
from planet_mcp.times import stamp
from planet_mcp.urls import canonical

# How long a page that failed is not asked again: not so long if its site did not answer, which may
# pass soon.
REMEMBERED_FOR = timedelta(days=1)
SILENCE_REMEMBERED_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Failure:
    problem: str
    at: datetime
    until: datetime


class Failures:
    """Remembers by their canonical address the pages that could not be read."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._failures: dict[str, _Failure] = {}

    def refuse(self, url: str) -> None:
        """Refuse a page that failed lately.

        Raises:
            FetchError: It did; its first problem is named again.
        """
        failure = self._failures.get(canonical(url))
        if failure and failure.until > self._clock():
            raise FetchError(
                f"{failure.problem} It was tried at {stamp(failure.at)}; a refresh of the page "
                "tries again."
            )

    @contextmanager
    def noting(self, url: str) -> Iterator[None]:
        """Note whether the page is read in this context, or fails."""
        now, address = self._clock(), canonical(url)
        self._failures = {key: each for key, each in self._failures.items() if each.until > now}
        try:
            yield
        except (FetchError, DocumentError) as error:
            silent = isinstance(error, UnreachableError | DeadlineError)
            pause = SILENCE_REMEMBERED_FOR if silent else REMEMBERED_FOR
            self._failures[address] = _Failure(str(error), now, now + pause)
            raise
        self._failures.pop(address, None)
