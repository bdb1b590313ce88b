"""When Python's collector looks for cycles: not through the values of a very long document."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_working = 0


@contextmanager
def uncollected() -> Iterator[None]:
    """Let very many values be made, or held, without a look through all of them.

    A look takes tenths of a second for a document of 100,000 entries, in which no other thread
    does anything. What was made meanwhile is freed when nothing refers to it, as ever; cycles of
    that time stay, which are few.
    """
    global _working  # noqa: PLW0603 - there is one collector
    with _lock:
        _working += 1
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            _working -= 1
            # Frozen, as the first look after it would go through all that was made.
            gc.freeze()
            if not _working:
                gc.enable()
