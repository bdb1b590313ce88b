"""The MCP server: names, contract and errors of the tools."""

from planet_mcp.serving.mcp.server import create_server

__all__ = ["create_server"]
