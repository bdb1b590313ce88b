"""The events that there are (SEP-3415): their names, arguments and payloads, as published."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import TypeAdapter, ValidationError

from planet_mcp.errors import ArgumentError
from planet_mcp.planet import OccurrenceQuery, Occurrences, Planet
from planet_mcp.requests import ArrivalsRequest, FeedChangesRequest
from planet_mcp.serving.mcp.arguments import as_meant, explain
from planet_mcp.serving.mcp.schemas import slim

TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
TIME = {"type": "string", "description": "ISO 8601, to the minute."}
FEED_CHANGES = {"enum": ["followed", "unfollowed", "moved", "gone"]}


@dataclass(frozen=True)
class EventType:
    """A kind of event, and the function that finds its occurrences."""

    name: str
    description: str
    request: type
    find: Callable[[OccurrenceQuery[Any]], Awaitable[Occurrences]]
    payload: Mapping[str, Any]
    required: tuple[str, ...]

    @cached_property
    def input_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the arguments."""
        published = slim(self._adapter.json_schema())
        return {**published, "additionalProperties": False}

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        # Made when somebody asks for events: few do, and every start would wait for it.
        return TypeAdapter(self.request)

    def described(self) -> dict[str, Any]:
        """Describe it as `events/list` does."""
        return {
            "name": self.name,
            "description": self.description,
            "delivery": ["poll", "push"],
            "inputSchema": self.input_schema,
            "payloadSchema": {
                "type": "object",
                "properties": dict(self.payload),
                "required": [*self.required],
            },
        }

    def read(self, arguments: Mapping[str, Any]) -> Any:
        """Return the request that these arguments make.

        Raises:
            ArgumentError: One of them is not known or not allowed.
        """
        known = self.input_schema["properties"]
        unknown = [name for name in arguments if name not in known]
        if unknown:
            raise ArgumentError(
                f"{self.name} has no argument {', '.join(map(repr, unknown))}; "
                f"known are {', '.join(known) or 'none'}"
            )
        try:
            return self._adapter.validate_python(as_meant(arguments, self.input_schema))
        except ValidationError as error:
            raise ArgumentError(explain(f"{self.name} was not asked for", error)) from None


def event_types(planet: Planet) -> dict[str, EventType]:
    """Return the events of a planet by their names."""
    arrived = EventType(
        "entry.published",
        "An entry arrived that is news: the story is told once, of the feed that had it first.",
        ArrivalsRequest,
        planet.arrivals,
        {
            "entry_id": NUMBER,
            "title": TEXT,
            "feed": TEXT,
            "url": TEXT,
            "published": TIME,
            "first_seen": TIME,
        },
        ("entry_id", "title", "feed"),
    )
    changed = EventType(
        "feed.changed",
        "A feed is followed or no longer, moved to another URL, or is gone.",
        FeedChangesRequest,
        planet.feed_changes,
        {"feed_id": NUMBER, "feed": TEXT, "url": TEXT, "change": {**TEXT, **FEED_CHANGES}},
        ("feed_id", "feed", "url", "change"),
    )
    return {each.name: each for each in (arrived, changed)}
