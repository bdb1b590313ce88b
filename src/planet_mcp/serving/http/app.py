"""The ASGI application behind the guard: MCP at `/mcp`, `GET /health`, and pages elsewhere."""

from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from planet_mcp.errors import PlanetError
from planet_mcp.planet import Planet
from planet_mcp.serving.http.access import Access
from planet_mcp.serving.http.guard import HEALTH, MCP, Guard, Limits
from planet_mcp.serving.http.pages import Pages
from planet_mcp.serving.mcp import PlanetServer


def create_app(
    server: PlanetServer, planet: Planet, pages: Pages, *, access: Access, limits: Limits
) -> Starlette:
    """Return the ASGI application for those who have access."""

    async def health(request: Request) -> JSONResponse:
        return await _health(planet, known=access.admits(request.headers))

    app = server.streamable_http_app(
        streamable_http_path=MCP,
        stateless_http=True,
        max_request_body_size=limits.body,
        # `Guard` checks names and origins, on every route.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    app.router.redirect_slashes = False
    app.router.routes.append(Route(HEALTH, health, methods=["GET"]))
    app.router.routes.extend(pages.routes)
    app.add_middleware(Guard, access=access, limits=limits)
    return app


async def _health(planet: Planet, *, known: bool) -> JSONResponse:
    """Answer how the planet is doing; without the token, only whether it is well."""
    try:
        status = (await planet.status()).result
    except PlanetError as error:
        problem = {"problem": str(error)} if known else {}
        return JSONResponse({"status": "failing", **problem}, status_code=503)
    if not known:
        return JSONResponse({"status": "ok"})
    why = await planet.why_not_writable()
    writable = {"writable": why is None, **({"problem": why} if why else {})}
    return JSONResponse({"status": "ok", **writable, **status.structured()})
