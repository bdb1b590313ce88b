"""A bare server with one trivial tool: what the SDK itself costs.

`python -m benchmarks.bare` uses the SDK's stdio runner, `--native` ours.
"""

import sys

from mcp.server.mcpserver import MCPServer

server: MCPServer[None] = MCPServer("bare", log_level="WARNING")


@server.tool()
async def echo(text: str) -> str:
    """Say the same."""
    return text


if __name__ == "__main__":
    if "--native" in sys.argv:
        import asyncio

        from planet_mcp.serving.stdio import claim_descriptors, serve

        asyncio.run(serve(server, *claim_descriptors()))
    else:
        server.run("stdio")
