"""The MCP server: names, contract and errors of the tools."""

from planet_mcp.server.app import create_server

__all__ = ["create_server"]
