"""Pages and feed documents over HTTP: conditional, compressed, and with nothing from elsewhere."""

import hashlib
import logging
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from planet_mcp.errors import StoreError, ThemeError
from planet_mcp.planet import Planet
from planet_mcp.settings import Settings
from planet_mcp.site import (
    HTML,
    LONGEST_VALUE,
    Page,
    PageRequest,
    Site,
    options_of,
    picture_key,
    script_source,
)

logger = logging.getLogger(__name__)

SMALLEST_COMPRESSED = 500
FEED_SECONDS = 600
ASSET_SECONDS = 86_400
_SOON = {"Retry-After": "5"}

# The policy of pages: no script but ours where it is wanted, no frame, nothing of another server.
# `form-action` allows the search.
_POLICY = (
    "default-src 'none'; {script}style-src 'self'; img-src 'self'{images}; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


class Pages:
    """The pages of a planet; `routes` take every path, so they go behind all others.

    Raises:
        SettingsError: They are to show pictures, and cannot.
        ListError: The theme's `config.ini` names no feed.
    """

    def __init__(self, planet: Planet, settings: Settings, *, token: bool) -> None:
        self._planet = planet
        self._site_url = settings.site_url
        # Said before it has begun, too: who opens a browser at once waits as well.
        self._refreshes = settings.refresh == "on" and not planet.store.read_only
        options = replace(options_of(settings, token=token), model=planet.model)
        self._site = Site(planet.store, options, clock=planet.clock)
        self._policy = _POLICY.format(
            script=f"script-src {script_source()}; " if settings.script else "",
            images=" https: http:" if settings.images == "direct" else "",
        )
        compress = Middleware(GZipMiddleware, minimum_size=SMALLEST_COMPRESSED, compresslevel=6)
        self._proxies = settings.images == "proxy"
        self.routes = [
            # Pictures are small already.
            Route("/pictures/{name}", self._picture, methods=["GET"]),
            Route("/{path:path}", self._answer, methods=["GET"], middleware=[compress]),
        ]

    async def warm_up(self) -> None:
        """Make the first page before anyone asks: templates and lexers load once."""
        with suppress(StoreError, ThemeError):
            await self._planet.browse(lambda: self._site.page(PageRequest("", "/")))

    async def _answer(self, request: Request) -> Response:
        asked = _asked(request, self._site_url)
        if asked.path == "search" and asked.query.get("sort") != "newest":
            query = asked.query.get("q", "")[:LONGEST_VALUE]
            asked = replace(asked, understood=await self._planet.understood(query))
        try:
            page = await self._planet.browse(lambda: self._page(asked))
        except (StoreError, ThemeError) as error:
            # The error is only logged, since it names files of this machine.
            logger.warning("A page cannot be made: %s", error)
            return PlainTextResponse("The planet cannot be read just now.\n", status_code=503)
        return _respond(request, page, self._policy)

    async def _picture(self, request: Request) -> Response:
        path = f"pictures/{request.path_params['name']}"
        key = picture_key(path) if self._proxies else None
        try:
            if key and not await self._planet.pictures.fetch(key):
                return PlainTextResponse("Too many pictures are waited for.\n", 503, _SOON)
            page = await self._planet.browse(lambda: self._site.page(PageRequest(path, "/")))
        except StoreError as error:
            logger.warning("A picture cannot be had: %s", error)
            return PlainTextResponse("There are no pictures just now.\n", 503, _SOON)
        if page.status != HTTPStatus.OK:
            return PlainTextResponse("There is no such picture.\n", page.status)
        return _respond(request, page, self._policy)

    def _page(self, asked: PageRequest) -> Page:
        # Only the river shows it, and only while feeds are read for the first time.
        refreshing = not asked.path and (self._refreshes or self._planet.refresher.is_running())
        return self._site.page(replace(asked, refreshing=refreshing))


def _asked(request: Request, site_url: str | None) -> PageRequest:
    # `Guard` has checked the Host header.
    base = site_url or f"http://{request.headers['host']}/"
    path = request.path_params["path"]
    return PageRequest(path.removesuffix("/"), base, dict(request.query_params))


def _respond(request: Request, page: Page, policy: str) -> Response:
    # Weak: it is the same for the compressed body (RFC 9110, section 8.8.1).
    etag = f'W/"{hashlib.sha256(page.body).hexdigest()[:20]}"'
    headers = {
        "Content-Security-Policy": policy,
        "ETag": etag,
        "Cache-Control": _freshness(page),
    }
    if page.reload_seconds:
        headers["Refresh"] = str(page.reload_seconds)
    if page.modified:
        headers["Last-Modified"] = format_datetime(page.modified, usegmt=True)
    if page.status == HTTPStatus.OK and _is_known(request, etag, page.modified):
        return Response(status_code=304, headers={**headers, "Vary": "Accept-Encoding"})
    return Response(page.body, page.status, headers, page.content_type)


def _freshness(page: Page) -> str:
    if page.content_type == HTML:
        return "no-cache"
    is_asset = page.content_type.startswith(("text/css", "image/"))
    return f"max-age={ASSET_SECONDS if is_asset else FEED_SECONDS}"


def _is_known(request: Request, etag: str, modified: datetime | None) -> bool:
    """Return whether the client has this already (RFC 9110, section 13.2.2)."""
    known = request.headers.get("if-none-match")
    if known is not None:
        tags = {tag.strip() for tag in known.split(",")}
        return "*" in tags or bool({etag, etag.removeprefix("W/")} & tags)
    since = request.headers.get("if-modified-since")
    if since is None or modified is None:
        return False
    try:
        return modified <= parsedate_to_datetime(since)
    except (TypeError, ValueError):
        return False
