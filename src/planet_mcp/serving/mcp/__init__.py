"""The MCP server: names, contract and errors of the tools."""

from planet_mcp.serving.mcp.server import PlanetServer, create_server

__all__ = ["PlanetServer", "create_server"]
