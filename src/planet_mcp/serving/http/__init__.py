"""The HTTP server for a team: who may ask, how much, and the run of it."""

from planet_mcp.serving.http.access import EVERY_ADDRESS, Access, access_for
from planet_mcp.serving.http.app import create_app
from planet_mcp.serving.http.run import listen, serve

__all__ = ["EVERY_ADDRESS", "Access", "access_for", "create_app", "listen", "serve"]
