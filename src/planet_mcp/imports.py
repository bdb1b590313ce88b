"""Imports of large modules that another module would use if they were there, and does without."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def doing_without(*modules: str) -> Iterator[None]:
    """Let imports of modules fail in a block, but for those that are loaded already."""
    absent = [name for name in modules if name not in sys.modules]
    for name in absent:
        # None makes the import of a module fail.
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]
