"""Whether a database is sound, and what can be mended: pages, references, stories, index, clocks.

In: a database. Out: what is wrong with it in words, and what became of it.
Only this package knows how damage is found and repaired, and how much space that takes.
"""

from planet_mcp.store.health.clock import newest_published
from planet_mcp.store.health.health import Health, Repair
from planet_mcp.store.health.server import ServerHealth

__all__ = ["Health", "Repair", "ServerHealth", "newest_published"]
