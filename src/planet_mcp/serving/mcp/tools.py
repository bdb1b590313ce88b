"""The tools: their names, arguments, hints and descriptions, as published."""

import inspect
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Annotated, Any, TypeVar

from mcp.server.mcpserver import Context, MCPServer
from mcp_types import CallToolResult, TextContent, ToolAnnotations
from pydantic import Field

from planet_mcp.feeds import Progress
from planet_mcp.planet import (
    AddResult,
    Answer,
    CatchUpResult,
    FeedsResult,
    LatestResult,
    Planet,
    RefreshResult,
    RemoveResult,
    Result,
    SearchResult,
    TrendingResult,
)
from planet_mcp.requests import (
    MOST_CHARS,
    CatchUpRequest,
    FeedQuery,
    LatestRequest,
    SearchRequest,
    TrendingRequest,
)
from planet_mcp.serving.mcp.app import SHOWN

R = TypeVar("R")
T = TypeVar("T")

FeedNames = Field(
    description="Each by feed_id, URL, site, title or a unique part of one.",
    min_length=1,
    max_length=50,
)


# How long a result may be: an answer of MOST_CHARS with what JSON adds to it.
MOST_RESULT_CHARS = 100_000
# After how many seconds a slow tool answers with what it has. 45 s are promised, since many hosts
# give up after a minute; on a busy machine the start, and storing what is left, need some of them.
ANSWER_SECONDS = 35.0


def _hints(
    *, read_only: bool, destructive: bool, open_world: bool, idempotent: bool = True
) -> ToolAnnotations:
    return ToolAnnotations(
        read_only_hint=read_only,
        destructive_hint=destructive,
        idempotent_hint=idempotent,
        open_world_hint=open_world,
    )


READS = _hints(read_only=True, destructive=False, open_world=False)
READS_WEB = _hints(read_only=True, destructive=False, open_world=True)
WRITES_FROM_WEB = _hints(read_only=False, destructive=False, open_world=True)
CATCHES_UP = _hints(read_only=False, destructive=False, open_world=False, idempotent=False)
REMOVES = _hints(read_only=False, destructive=True, open_world=False)


def _meta(
    hint: str, *, always: bool = False, is_large: bool = False, is_shown: bool = False
) -> dict[str, Any]:
    """Return what hosts use to find a tool, to fit its results and to show them.

    As Claude Code has it: words for its search of tools, whether the tool is there without one, and
    up to how many characters a result is given whole (50,000 by default).
    """
    return {
        "anthropic/searchHint": hint,
        **({"anthropic/alwaysLoad": True} if always else {}),
        **({"anthropic/maxResultSizeChars": MOST_RESULT_CHARS} if is_large else {}),
        **(SHOWN if is_shown else {}),
    }


def _result(answer: Answer[Result]) -> CallToolResult:
    # Some hosts give the model only the text, others only the structure: both say the same.
    return CallToolResult(
        content=[TextContent(type="text", text=answer.text)],
        structured_content=answer.result.structured(),
    )


def _progress(ctx: Context[Any, Any], what: str) -> Progress:
    async def report(done: int, total: int) -> None:
        await ctx.report_progress(done, total, f"{done} of {total} {what}")

    return report


def _takes(kind: Callable[..., R]) -> Callable[[Callable[[R], Awaitable[T]]], Any]:
    """Publish the fields of a request as the arguments of the tool that answers it."""

    def decorate(answer: Callable[[R], Awaitable[T]]) -> Any:
        @wraps(answer)
        async def tool(**arguments: Any) -> T:
            return await answer(kind(**arguments))

        returned = inspect.signature(answer).return_annotation
        published = inspect.signature(kind).replace(return_annotation=returned)
        # `__signature__` is what the SDK makes the published schema of.
        tool.__signature__ = published  # type: ignore[attr-defined]
        return tool

    return decorate


def add_tools(server: MCPServer[Any], planet: Planet, *, read_only: bool) -> None:
    """Register the tools of a planet: all, or only those that read."""
    _add_search_entries(server, planet)
    _add_latest_entries(server, planet)
    if not read_only:
        _add_catch_up(server, planet)
    _add_trending(server, planet)
    _add_list_feeds(server, planet)
    _add_fetch_article(server, planet)
    if read_only:
        return
    _add_add_feeds(server, planet)
    _add_remove_feeds(server, planet)
    _add_refresh_feeds(server, planet)


def _add_search_entries(server: MCPServer[Any], planet: Planet) -> None:
    @server.tool(
        title="Search entries",
        annotations=READS,
        meta=_meta("blog posts feeds search", always=True, is_large=True, is_shown=True),
        description=(
            "Search all entries by title, text, author and tag; a plain question works. Also "
            'understood: "a phrase", word*, -word, one OR other. An empty query lists the newest '
            "entries under the filters."
        ),
    )
    @_takes(SearchRequest)
    async def search_entries(request: SearchRequest) -> Annotated[CallToolResult, SearchResult]:
        return _result(await planet.search_entries(request))


def _add_latest_entries(server: MCPServer[Any], planet: Planet) -> None:
    @server.tool(
        title="Latest entries",
        annotations=READS,
        meta=_meta("news new posts digest", always=True, is_large=True, is_shown=True),
        description=(
            "Show what is new, by day and feed, fitted to max_chars: all titles first, then "
            "excerpts or texts. With the watermark of an earlier answer: exactly what was stored "
            "since then."
        ),
    )
    @_takes(LatestRequest)
    async def latest_entries(request: LatestRequest) -> Annotated[CallToolResult, LatestResult]:
        return _result(await planet.latest_entries(request))


def _add_catch_up(server: MCPServer[Any], planet: Planet) -> None:
    @server.tool(
        title="Catch up",
        annotations=CATCHES_UP,
        meta=_meta("unread since last time", is_large=True, is_shown=True),
        description=(
            "Show what arrived since this reader last caught up, each entry once; the first time, "
            "what is new in 7 days. The server keeps the reader's place, and moves it on when the "
            "whole answer was fetched: follow next_cursor to the end."
        ),
    )
    @_takes(CatchUpRequest)
    async def catch_up(request: CatchUpRequest) -> Annotated[CallToolResult, CatchUpResult]:
        return _result(await planet.catch_up(request))


def _add_trending(server: MCPServer[Any], planet: Planet) -> None:
    @server.tool(
        title="Trending",
        annotations=READS,
        meta=_meta("popular topics links", is_shown=True),
        description=(
            "Show what the community talks about: pages, entries and subjects that several feeds "
            "wrote about or linked to, each with its entries."
        ),
    )
    @_takes(TrendingRequest)
    async def trending(request: TrendingRequest) -> Annotated[CallToolResult, TrendingResult]:
        return _result(await planet.trending(request))


def _add_list_feeds(server: MCPServer[Any], planet: Planet) -> None:
    @server.tool(
        title="List feeds",
        annotations=READS,
        meta=_meta("blogs sources subscriptions", is_large=True),
        description=(
            "List the feeds that the planet follows, with their state and newest entry; and which "
            "groups and readers there are."
        ),
    )
    @_takes(FeedQuery)
    async def list_feeds(request: FeedQuery) -> Annotated[CallToolResult, FeedsResult]:
        return _result(await planet.list_feeds(request))


def _add_fetch_article(server: MCPServer[Any], planet: Planet) -> None:
    @server.tool(
        title="Fetch article",
        annotations=READS_WEB,
        meta=_meta("read full text post page", is_large=True),
        structured_output=False,
        description=(
            "Get the full text of an entry, or of a page that a stored text links to, as Markdown "
            "with exact code blocks, in parts if it is long. May wait for the network when only a "
            "teaser is stored."
        ),
    )
    async def fetch_article(
        article: Annotated[int | str, Field(description="An entry_id, or an http(s) URL.")],
        offset: Annotated[int, Field(ge=0, description="Character to start at.")] = 0,
        max_chars: Annotated[int, Field(ge=500, le=MOST_CHARS, description="Size of the part.")] = (
            12_000
        ),
        refresh: Annotated[bool, Field(description="Fetch the page even if it is stored.")] = False,
    ) -> str:
        return await planet.fetch_article(
            article, offset=offset, max_chars=max_chars, refresh=refresh
        )


def _add_add_feeds(server: MCPServer[Any], planet: Planet) -> None:
    @server.tool(
        title="Add feeds",
        annotations=WRITES_FROM_WEB,
        meta=_meta("subscribe follow blog RSS OPML"),
        description=(
            "Follow feeds. Each URL may be a feed, a page that links its feed, or an OPML "
            "document. Answers within 45 s: what is `queued` then is read in its turn."
        ),
    )
    async def add_feeds(
        urls: Annotated[list[str], Field(description="http(s) URLs.", min_length=1, max_length=50)],
        ctx: Context[Any, Any],
        group: Annotated[
            str | None, Field(description="Put them in this group.", max_length=100)
        ] = None,
    ) -> Annotated[CallToolResult, AddResult]:
        progress = _progress(ctx, "URLs")
        return _result(
            await planet.add_feeds(urls, group=group, progress=progress, seconds=ANSWER_SECONDS)
        )


def _add_remove_feeds(server: MCPServer[Any], planet: Planet) -> None:
    @server.tool(
        title="Remove feeds",
        annotations=REMOVES,
        meta=_meta("unsubscribe unfollow blog"),
        description=(
            "Stop following feeds. Their entries stay searchable unless delete_entries is true. "
            "If one is not known, none is removed."
        ),
    )
    async def remove_feeds(
        feeds: Annotated[list[int | str], FeedNames],
        delete_entries: Annotated[bool, Field(description="Delete their entries, too.")] = False,
    ) -> Annotated[CallToolResult, RemoveResult]:
        return _result(await planet.remove_feeds(feeds, delete_entries=delete_entries))


def _add_refresh_feeds(server: MCPServer[Any], planet: Planet) -> None:
    @server.tool(
        title="Refresh feeds",
        annotations=WRITES_FROM_WEB,
        meta=_meta("check update feeds now"),
        description=(
            "Check the named feeds now, or all that are due. Rarely needed: "
            "feeds are refreshed in the background. Answers within 45 s: what is `queued` then is "
            "checked in its turn."
        ),
    )
    async def refresh_feeds(
        ctx: Context[Any, Any],
        feeds: Annotated[list[int | str] | None, FeedNames] = None,
    ) -> Annotated[CallToolResult, RefreshResult]:
        return _result(
            await planet.refresh_feeds(
                feeds, progress=_progress(ctx, "feeds"), seconds=ANSWER_SECONDS
            )
        )
