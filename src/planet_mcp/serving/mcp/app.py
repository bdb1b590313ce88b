"""The river as an MCP App (`io.modelcontextprotocol/ui`): one view for the tools that list entries.

The view is a page of its own in `river.html`, without a library and without any origin to load
from; it speaks to its host by the protocol 2026-01-26 of ext-apps, whose names stand there alone.
"""

from collections.abc import Sequence
from pathlib import Path

from mcp.server.extension import Extension, ResourceBinding
from mcp.server.mcpserver.resources import FileResource

VIEW = "ui://river"
PAGE = Path(__file__).with_name("river.html")
# The `_meta` of tools whose answers hosts can show in the view.
SHOWN = {"ui": {"resourceUri": VIEW}}


class RiverApp(Extension):
    """The view, as a resource; the SDK's `Apps` does no more, and costs each start its models."""

    identifier = "io.modelcontextprotocol/ui"

    def resources(self) -> Sequence[ResourceBinding]:
        """Return the view, which is read when a host asks for it."""
        view = FileResource(
            uri=VIEW,
            name="river",
            title="River",
            description="The entries of an answer, to look through; for hosts that show apps.",
            mime_type="text/html;profile=mcp-app",
            meta={"ui": {"prefersBorder": True}},
            path=PAGE.resolve(),
            encoding="utf-8",
        )
        return [ResourceBinding(view)]
