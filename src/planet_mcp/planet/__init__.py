"""What the tools, the command line and the pages offer: questions in, small answers out.

An answer says the same twice: as a model, which programs and hosts read, and as compact
Markdown, which people read. Nothing here knows that MCP exists.
"""

from planet_mcp.planet.answers import Answer
from planet_mcp.planet.planet import Planet, open_planet

__all__ = ["Answer", "Planet", "open_planet"]
