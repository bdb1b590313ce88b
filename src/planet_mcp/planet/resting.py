"""What a planet gives back to the machine when nothing is loaded any more."""

import threading
from contextlib import suppress

from planet_mcp.store import Store


def give_back_memory(store: Store) -> None:
    """Let go of pages and blocks that loading has left, in a thread: it may wait for a write."""
    threading.Thread(target=_give_back, args=(store,), name="resting", daemon=True).start()


def _give_back(store: Store) -> None:
    import ctypes  # deferred: 1 MB that few processes need

    store.give_back()
    # Freed blocks stay with the process until glibc is asked; other systems have no such call.
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
