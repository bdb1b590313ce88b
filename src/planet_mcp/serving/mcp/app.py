"""The river as an MCP App (`io.modelcontextprotocol/ui`): one view for the tools that list entries.

The view is a page of its own in `river.html`, without a library and without any origin to load
from; it speaks to its host by the protocol 2026-01-26 of ext-apps, whose names stand there alone.
"""

from pathlib import Path

from mcp.server.apps import Apps

VIEW = "ui://river"
PAGE = Path(__file__).with_name("river.html")
# What a tool says in its `_meta` for hosts that can show the view.
SHOWN = {"ui": {"resourceUri": VIEW}}


def river_app() -> Apps:
    """Return the extension with the view."""
    apps = Apps()
    apps.add_html_resource(
        VIEW,
        PAGE.read_text("utf-8"),
        name="river",
        title="River",
        description="The entries of an answer, to look through; for hosts that show apps.",
        prefers_border=True,
    )
    return apps
