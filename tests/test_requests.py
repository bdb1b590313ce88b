"""A field of a request is written once, and is wherever people and agents can ask."""

import json
from dataclasses import fields, replace
from typing import Any

import click
import pytest

from planet_mcp import cli
from planet_mcp.requests import (
    CatchUpRequest,
    FeedQuery,
    LatestRequest,
    Request,
    SearchRequest,
    TrendingRequest,
    given,
    selection,
)
from tests.support.paths import SURFACE

KINDS: dict[str, tuple[type[Request], str]] = {
    "search_entries": (SearchRequest, "search"),
    "latest_entries": (LatestRequest, "latest"),
    "catch_up": (CatchUpRequest, "catch-up"),
    "trending": (TrendingRequest, "trending"),
    "list_feeds": (FeedQuery, "feeds"),
}


@pytest.mark.parametrize("tool", KINDS)
def test_every_field_is_an_argument_of_the_tool_and_of_the_command(tool: str) -> None:
    kind, command = KINDS[tool]
    names = [field.name for field in fields(kind)]
    schema: dict[str, Any] = json.loads((SURFACE / f"{tool}.json").read_text("utf-8"))

    assert list(schema["inputSchema"]["properties"]) == names
    program = cli.commands.get_command(click.Context(cli.commands), command)
    assert program
    assert set(names) <= {each.name for each in program.params}


def test_only_what_was_asked_for_is_given() -> None:
    assert given(SearchRequest()) == {}
    assert given(SearchRequest("word", limit=3)) == {"query": "word", "limit": 3}
    assert given(LatestRequest(since="7d", detail="full")) == {"detail": "full"}


def test_a_list_is_the_same_however_much_of_it_is_shown_and_from_where() -> None:
    asked = LatestRequest("2d", feed=3)
    assert selection(replace(asked, max_chars=1_000, cursor="x")) == selection(asked)
    assert selection(replace(asked, detail="full")) != selection(asked)
