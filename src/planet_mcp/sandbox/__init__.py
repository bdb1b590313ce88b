"""Work on strangers' bytes in a process that can be killed.

In: the bytes of a document. Out: a feed, an article, or an error that says what is wrong with it.
Only this room starts processes and limits what they may use.

parent (Worker) ─▶ seat ─▶ process (ask, kill) ─▶ child, a program of its own: documents → JSON
       └─▶ quarantine └─▶ answers: JSON → values
"""

from typing import TYPE_CHECKING

from planet_mcp.sandbox.limits import ChildLimits, Limits

if TYPE_CHECKING:
    from planet_mcp.sandbox.parent import Worker

__all__ = ["ChildLimits", "Limits", "Worker"]


def __getattr__(name: str) -> object:
    """Load `Worker` when it is wanted: a child, that imports this package too, never wants it."""
    if name != "Worker":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from planet_mcp.sandbox.parent import Worker  # deferred, as said

    return Worker
