"""planet-mcp gives AI agents a community's feed corpus over the Model Context Protocol."""

__version__ = "0.1.0"
