"""The HTTP server for a team: MCP at `/mcp`, `/health`, and pages for people elsewhere.

In: a planet with its MCP server and pages, a listening socket and who has access. Out: answers,
until a signal.
Only this room knows starlette and uvicorn.
"""

from planet_mcp.serving.http.access import EVERY_ADDRESS, Access, access_for
from planet_mcp.serving.http.guard import Limits
from planet_mcp.serving.http.pages import Pages
from planet_mcp.serving.http.run import listen, listen_shared, serve
from planet_mcp.serving.http.workers import Ended, Worker, in_workers

__all__ = [
    "EVERY_ADDRESS",
    "Access",
    "Ended",
    "Limits",
    "Pages",
    "Worker",
    "access_for",
    "in_workers",
    "listen",
    "listen_shared",
    "serve",
]
