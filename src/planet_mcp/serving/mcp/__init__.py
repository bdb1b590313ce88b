"""The MCP server: names, contract and errors of the tools."""

from planet_mcp.serving.mcp.events import Events
from planet_mcp.serving.mcp.server import PlanetServer, create_server

__all__ = ["Events", "PlanetServer", "create_server"]
