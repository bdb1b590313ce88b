"""The planet as an MCP server: tools, resources, prompts and events.

In: a `Planet`. Out: a `PlanetServer`, which the transports in `serving` run. Only this room knows
the names, schemas and error texts that MCP clients see, and how they are notified.
"""

from planet_mcp.serving.mcp.events import Events
from planet_mcp.serving.mcp.server import PlanetServer, create_server

__all__ = ["Events", "PlanetServer", "create_server"]
