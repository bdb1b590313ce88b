"""Events by poll and by stream (SEP-3415), for clients that act on what happens.

Names and fields are those of the SEP as of October 2026. Its webhooks are not here: they post to
addresses that callers give. Its own error codes are not settled, so what a client did wrong is
invalid parameters, and too many streams are an error of ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

import anyio
from mcp.server.context import ServerRequestContext
from mcp.server.extension import Extension, MethodBinding
from mcp.server.subscriptions import SUBSCRIPTION_ID_META_KEY
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    Notification,
    PaginatedRequestParams,
    RequestParams,
)
from pydantic import Field

from planet_mcp.errors import ArgumentError, PlanetError
from planet_mcp.planet import Occurrence, OccurrenceQuery, Occurrences, Planet
from planet_mcp.serving.mcp.event_types import EventType, event_types
from planet_mcp.serving.mcp.events import Events
from planet_mcp.serving.mcp.protocol import MODERN

# The code of an error of ours, in the range that the protocol leaves to implementations.
TOO_MANY = -32000
LONGEST_AGE_MS = 366 * 24 * 3_600_000

Context = ServerRequestContext[Any, Any]


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """Bounds of what events may cost; a heartbeat comes at least every 30 s, as clients expect."""

    streams: int = 100
    events_at_once: int = 100
    poll_seconds: float = 30.0
    heartbeat_seconds: float = 25.0


class StreamParams(RequestParams):
    """The parameters of `events/stream`."""

    name: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    cursor: str | None = None
    max_age_ms: int | None = Field(None, ge=0, le=LONGEST_AGE_MS)


class PollParams(StreamParams):
    """The parameters of `events/poll`."""

    max_events: int | None = Field(None, ge=1)


class StreamNotification(Notification[dict[str, Any], str]):
    """A notification of a stream."""


class EventStreams(Extension):
    """Answers and streams what happened, within limits of events at once and of streams."""

    identifier = "io.modelcontextprotocol/events"

    def __init__(self, planet: Planet, watch: Events, limits: StreamLimits | None = None) -> None:
        self._types = event_types(planet)
        self._watch = watch
        self._limits = limits or StreamLimits()
        self._open = 0
        self._closing = anyio.Event()

    def methods(self) -> Sequence[MethodBinding]:
        """Return how events are asked for."""
        return [
            MethodBinding("events/list", PaginatedRequestParams, self._list, MODERN),
            MethodBinding("events/poll", PollParams, self._poll, MODERN),
            MethodBinding("events/stream", StreamParams, self._stream, MODERN),
        ]

    def close(self) -> None:
        """End all streams in good order."""
        self._closing.set()
        self._watch.wake()

    async def _list(self, _: Context, params: PaginatedRequestParams | None) -> dict[str, Any]:
        if params and params.cursor:
            raise MCPError(INVALID_PARAMS, "All events are on one page: leave the cursor out")
        return {"events": [each.described() for each in self._types.values()]}

    async def _poll(self, _: Context, params: PollParams) -> dict[str, Any]:
        kind = self._type(params.name)
        most = min(params.max_events or self._limits.events_at_once, self._limits.events_at_once)
        found = await _find(kind, params, params.cursor, most)
        return {
            "events": [_event(kind, each) for each in found.occurrences],
            "cursor": found.cursor,
            "truncated": found.truncated,
            "hasMore": found.more,
            "nextPollMs": int(self._limits.poll_seconds * 1000),
        }

    async def _stream(self, ctx: Context, params: StreamParams) -> dict[str, Any]:
        kind = self._type(params.name)
        if self._open >= self._limits.streams:
            most = {"limit": "streams", "max": self._limits.streams}
            raise MCPError(TOO_MANY, "Too many streams are open: end one, or poll", data=most)
        self._open += 1
        try:
            await self._send_all(ctx, kind, params)
        finally:
            self._open -= 1
        return {"_meta": _stamp(ctx)}

    async def _send_all(self, ctx: Context, kind: EventType, params: StreamParams) -> None:
        """Send what happens until the server ends, or the client, which cancels this."""
        pause, change = self._limits.heartbeat_seconds, self._watch.next_change
        found = await _find(kind, params, params.cursor, self._limits.events_at_once)
        await _send(ctx, "active", cursor=found.start, truncated=found.truncated)
        heartbeat_at = anyio.current_time() + pause
        while True:
            for each in found.occurrences:
                await _send(ctx, "event", **_event(kind, each), cursor=each.cursor)
                heartbeat_at = anyio.current_time() + pause
            if anyio.current_time() >= heartbeat_at:
                await _send(ctx, "heartbeat", cursor=found.cursor)
                heartbeat_at = anyio.current_time() + pause
            if not found.more:
                with anyio.CancelScope(deadline=heartbeat_at):
                    await change.wait()
            change = self._watch.next_change
            more = await self._more(ctx, kind, params, found.cursor)
            if more is None:
                return
            if more.truncated:
                await _send(ctx, "active", cursor=more.start, truncated=True)
            found = more

    async def _more(
        self, ctx: Context, kind: EventType, params: StreamParams, cursor: str
    ) -> Occurrences | None:
        """Return what happened since, as soon as it can be read; None when the stream ends."""
        while not self._closing.is_set():
            try:
                return await _find(kind, params, cursor, self._limits.events_at_once)
            except MCPError as problem:
                # Invalid now, the arguments name something that is gone; any other error may pass.
                is_final = problem.error.code == INVALID_PARAMS
                error = {"code": problem.error.code, "message": problem.error.message}
                await _send(ctx, "terminated" if is_final else "error", error=error)
                if is_final:
                    return None
                with anyio.move_on_after(self._limits.heartbeat_seconds):
                    await self._closing.wait()
        return None

    def _type(self, name: str) -> EventType:
        if name not in self._types:
            known = ", ".join(self._types)
            raise MCPError(
                INVALID_PARAMS,
                f"There is no event {name[:100]!r}; there are {known}",
                data={"kind": "event"},
            )
        return self._types[name]


async def _find(
    kind: EventType, params: StreamParams, cursor: str | None, limit: int
) -> Occurrences:
    age = None if params.max_age_ms is None else timedelta(milliseconds=params.max_age_ms)
    try:
        request = kind.read(params.arguments)
        return await kind.find(OccurrenceQuery(request, cursor, limit, age))
    except ArgumentError as error:
        raise MCPError(INVALID_PARAMS, str(error)) from error
    except PlanetError as error:
        raise MCPError(INTERNAL_ERROR, str(error)) from error


def _event(kind: EventType, occurrence: Occurrence) -> dict[str, Any]:
    return {
        "eventId": occurrence.id,
        "name": kind.name,
        "timestamp": occurrence.at.isoformat(),
        "data": occurrence.data,
    }


def _stamp(ctx: Context) -> dict[str, Any]:
    return {SUBSCRIPTION_ID_META_KEY: ctx.request_id}


async def _send(ctx: Context, what: str, **params: Any) -> None:
    method = f"notifications/events/{what}"
    notification = StreamNotification(method=method, params={**params, "_meta": _stamp(ctx)})
    # The cast: the SDK sends any notification, though its types only allow its own.
    await ctx.session.send_notification(
        cast("Any", notification), related_request_id=ctx.request_id
    )
