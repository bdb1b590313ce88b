"""How clients reach the planet: `mcp` is the server itself, `stdio` and `http` its ways in.

In: messages of MCP clients, requests of browsers and feed readers. Out: the planet's answers.
Only this room knows the MCP SDK (`mcp`, `stdio`), starlette and uvicorn (`http`).
"""
