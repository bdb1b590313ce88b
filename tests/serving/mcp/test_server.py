"""The tools as an MCP client sees them: surface, results, errors, in both protocol eras."""

import json
import re
import sys
import threading
from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CacheableResult,
    CallToolResult,
    PromptReference,
    ResourceTemplateReference,
    TextContent,
    TextResourceContents,
)

from planet_mcp.models import FeedStatus
from planet_mcp.planet import Planet, open_planet
from planet_mcp.requests import MOST_CHARS
from planet_mcp.serving.mcp import create_server
from planet_mcp.settings import load
from tests.support.documents import Post, rss, whole
from tests.support.paths import SURFACE
from tests.support.site import Site

pytestmark = pytest.mark.anyio

ERAS = ["legacy", "auto"]


@pytest.fixture(params=ERAS)
async def client(planet: Planet, request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    async with Client(create_server(planet, refresh=False), mode=request.param) as connected:
        yield connected


def text_of(result: CallToolResult) -> str:
    (block,) = result.content
    assert isinstance(block, TextContent)
    return block.text


async def call(client: Client, tool: str, **arguments: Any) -> CallToolResult:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, text_of(result)
    return result


async def structured(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    content: dict[str, Any] | None = (await call(client, tool, **arguments)).structured_content
    assert content is not None
    return content


async def refusal(client: Client, tool: str, **arguments: Any) -> str:
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    return text_of(result)


async def published(client: Client) -> list[dict[str, Any]]:
    return [
        tool.model_dump(mode="json", exclude_none=True, by_alias=True)
        for tool in (await client.list_tools()).tools
    ]


async def test_the_published_surface_is_the_one_in_the_repository(client: Client) -> None:
    tools = {tool["name"]: tool for tool in await published(client)}
    here = {path.stem: json.loads(path.read_text("utf-8")) for path in SURFACE.glob("*.json")}
    assert tools == here, "run python -m tests.support.surface after a deliberate change"


async def test_every_tool_states_all_hints(client: Client) -> None:
    for tool in (await client.list_tools()).tools:
        assert tool.annotations is not None
        hints = tool.annotations.model_dump()
        assert None not in {
            hints[name]
            for name in ("read_only_hint", "destructive_hint", "idempotent_hint", "open_world_hint")
        }
        assert tool.title
        assert "\n" not in (tool.description or "\n")


async def test_descriptions_and_instructions_fit_the_hosts_limits(client: Client) -> None:
    assert 200 < len(client.instructions or "") <= 1500
    listed = json.dumps(await published(client), ensure_ascii=False, separators=(",", ":"))
    assert len(listed) <= 13_000
    for tool in (await client.list_tools()).tools:
        assert len(tool.description or "") <= 2000


async def test_hosts_are_told_how_to_find_each_tool_and_which_are_always_there(
    client: Client,
) -> None:
    meta = {tool["name"]: tool["_meta"] for tool in await published(client)}

    assert all(each["anthropic/searchHint"] for each in meta.values())
    always = {name for name, each in meta.items() if each.get("anthropic/alwaysLoad")}
    assert always == {"search_entries", "latest_entries"}
    for name in ("search_entries", "latest_entries", "catch_up", "list_feeds", "fetch_article"):
        assert meta[name]["anthropic/maxResultSizeChars"] > MOST_CHARS


async def test_results_have_the_names_that_are_published(client: Client, site: Site) -> None:
    posts = [Post(f"Post {number}", author="Ada") for number in range(3)]
    await call(client, "add_feeds", urls=[site.add("/feed", rss(posts, title="Blog"))])
    schemas = {tool["name"]: tool.get("outputSchema") for tool in await published(client)}

    for tool in ("search_entries", "latest_entries", "catch_up", "trending", "list_feeds"):
        named = names_of(await structured(client, tool))
        assert named <= names_of_schema(schemas[tool])
        assert {"about", *named} == named


def names_of(value: Any) -> set[str]:
    """Return the names of fields, wherever they are."""
    if isinstance(value, dict):
        return {*value, *(name for item in value.values() for name in names_of(item))}
    return {name for item in value for name in names_of(item)} if isinstance(value, list) else set()


def names_of_schema(schema: Any) -> set[str]:
    fields = schema.get("properties", {})
    nested = [*fields.values(), *([schema["items"]] if "items" in schema else [])]
    return {*fields, *(name for item in nested for name in names_of_schema(item)), *FeedStatus}


async def test_the_path_from_search_to_article(client: Client, site: Site) -> None:
    url = site.add("/feed", rss([Post("On TaskGroup", whole("A TaskGroup waits."))], title="Blog"))
    added = await structured(client, "add_feeds", urls=[url])
    assert added["results"][0]["outcome"] == "added"

    found = await structured(client, "search_entries", query="taskgroup")
    (hit,) = found["hits"]
    assert hit["feed_id"] == added["results"][0]["feed_id"]
    article = await call(client, "fetch_article", article=hit["entry_id"])

    assert "A TaskGroup waits." in text_of(article)
    assert article.structured_content is None


async def test_text_and_structure_say_the_same(client: Client, site: Site) -> None:
    posts = [Post(f"Post {number}", author="Ada") for number in range(3)]
    await call(client, "add_feeds", urls=[site.add("/feed", rss(posts, title="Blog"))])

    for tool, arguments in (
        ("search_entries", {"query": "post", "limit": 2}),
        ("latest_entries", {}),
        ("list_feeds", {}),
        ("refresh_feeds", {}),
        ("remove_feeds", {"feeds": [1]}),
    ):
        result = await call(client, tool, **arguments)
        text = text_of(result)
        for fact in facts(result.structured_content):
            assert str(fact) in text, (tool, fact, text)


def facts(value: Any) -> list[Any]:
    """Return the numbers and texts of a result."""
    if isinstance(value, dict):
        return [fact for item in value.values() for fact in facts(item)]
    if isinstance(value, list):
        return [fact for item in value for fact in facts(item)]
    return [] if value in ("kept", "deleted") else [value]


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("search_entries", {"limit": 99}, "limit: should be less than or equal to 50 (got 99)"),
        ("search_entries", {"limit": 0}, "greater than or equal to 1"),
        ("search_entries", {"words": "x"}, "unknown argument 'words'; known are query, feed"),
        ("search_entries", {"sort": "best"}, "'relevance' or 'newest'"),
        ("search_entries", {"since": "recently"}, "7d"),
        ("search_entries", {"feed": "nowhere"}, "no feeds yet"),
        ("search_entries", {"author": "?!"}, "author"),
        ("latest_entries", {"max_chars": 10}, "1000"),
        ("latest_entries", {"watermark": "x"}, "not a watermark"),
        ("list_feeds", {"status": "bad"}, "'failing'"),
        ("fetch_article", {}, "article is required"),
        ("fetch_article", {"article": 7}, "no entry 7"),
        ("fetch_article", {"article": 7, "offset": -1}, "offset"),
        ("add_feeds", {"urls": []}, "urls is required"),
        ("remove_feeds", {"feeds": [1]}, "No feed fits '1'"),
        ("refresh_feeds", {"feeds": ["x"]}, "No feed fits 'x'"),
    ],
)
async def test_bad_arguments_are_answered_with_what_is_allowed(
    client: Client, tool: str, arguments: dict[str, Any], words: str
) -> None:
    text = await refusal(client, tool, **arguments)
    assert words in text
    assert "Error executing" not in text
    assert "pydantic" not in text


def stopped_clock() -> datetime:
    raise RuntimeError("The clock has stopped.")


async def test_an_unexpected_error_tells_the_log_and_not_the_model(
    planet: Planet, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        open_planet(load(), clock=stopped_clock) as broken,
        Client(create_server(broken, refresh=False)) as client,
    ):
        text = await refusal(client, "list_feeds")

    assert text == "Error executing tool list_feeds"
    assert "The clock has stopped." in caplog.text


async def text_at(client: Client, uri: str) -> str:
    (content,) = (await client.read_resource(uri)).contents
    assert isinstance(content, TextResourceContents)
    return content.text


async def test_resources_show_the_planet(client: Client, site: Site) -> None:
    url = site.add("/feed", rss([Post("On TaskGroup", whole("It waits."))], title="Ada's blog"))
    await call(client, "add_feeds", urls=[url])

    listed = {str(item.uri) for item in (await client.list_resources()).resources}
    templates = {
        item.uri_template for item in (await client.list_resource_templates()).resource_templates
    }
    shown = {"planet://latest", "planet://feeds", "planet://feeds.opml", "planet://tags"}
    assert {uri for uri in listed if uri.startswith("planet:")} == shown
    assert templates == {"planet://entries/{entry_id}", "planet://feeds/{feed_id}"}
    assert "On TaskGroup" in await text_at(client, "planet://latest")
    assert json.loads(await text_at(client, "planet://feeds"))["feeds"][0]["feed_url"] == url
    assert url in await text_at(client, "planet://feeds.opml")
    assert "It waits." in await text_at(client, "planet://entries/1")
    assert "On TaskGroup" in await text_at(client, "planet://feeds/1")


@pytest.mark.parametrize("uri", ["planet://entries/77", "planet://feeds/77", "planet://nowhere"])
async def test_a_resource_that_is_not_there_is_said(client: Client, uri: str) -> None:
    with pytest.raises(MCPError) as failure:
        await client.read_resource(uri)
    assert failure.value.error.code == INVALID_PARAMS


async def test_ids_are_completed(client: Client, site: Site) -> None:
    posts = [Post(f"Post {number}") for number in range(12)]
    await call(client, "add_feeds", urls=[site.add("/feed", rss(posts))])

    async def completed(template: str, name: str, value: str) -> list[str]:
        ref = ResourceTemplateReference(uri=template)
        return (await client.complete(ref, {"name": name, "value": value})).completion.values

    assert await completed("planet://entries/{entry_id}", "entry_id", "1") == [
        "12",
        "11",
        "10",
        "1",
    ]
    assert await completed("planet://feeds/{feed_id}", "feed_id", "") == ["1"]
    assert await completed("planet://feeds/{feed_id}", "feed_id", "x") == []


async def test_tags_and_groups_are_listed_and_completed(client: Client, site: Site) -> None:
    posts = [
        Post("A", tags=("Django", "web")),
        Post("B", tags=("django",)),
        Post("C", tags=("Django", "data")),
    ]
    url = site.add("/feed", rss(posts, title="Blog"))
    await call(client, "add_feeds", urls=[url], group="Kin")
    await call(client, "catch_up", reader="daily")

    listed = json.loads(await text_at(client, "planet://tags"))
    assert listed["tags"][0] == {"tag": "Django", "entries": 3}
    assert [*listed] == ["about", "tags"]
    for argument, beginning, value in (
        ("tag", "DJ", ["Django"]),
        ("group", "", ["Kin"]),
        ("reader", "d", ["daily"]),
        ("days", "", []),
    ):
        ref = PromptReference(name="news_digest")
        found = await client.complete(ref, {"name": argument, "value": beginning})
        assert found.completion.values == value
    missed = await structured(client, "search_entries", tag="djngo")
    assert missed["notice"] == 'No entry has the tag "djngo"; near it are "Django" (3).'
    assert "notice" not in await structured(client, "search_entries", tag="data", query="nothing")


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("news_digest", {}, 'latest_entries(since="7d"'),
        ("news_digest", {"days": "3", "topic": "packaging"}, 'query="packaging", since="3d"'),
        ("news_digest", {"days": "7d"}, 'since="7d"'),
        (
            "news_digest",
            {"days": "last week"},
            'wrote since last week. Call latest_entries(since="',
        ),
        ("catch_up", {"reader": "mine"}, 'catch_up(reader="mine")'),
        ("explain_article", {"article": "12"}, 'fetch_article(article="12")'),
    ],
)
async def test_prompts_name_the_calls(
    client: Client, name: str, arguments: dict[str, str], words: str
) -> None:
    names = {prompt.name for prompt in (await client.list_prompts()).prompts}
    assert names == {"news_digest", "catch_up", "explain_article"}
    (message,) = (await client.get_prompt(name, arguments)).messages
    assert isinstance(message.content, TextContent)
    assert words in message.content.text


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("nothing", {}, "news_digest, catch_up, explain_article"),
        ("explain_article", {}, "article is required"),
        ("catch_up", {"mark": "x"}, "unknown argument 'mark'"),
    ],
)
async def test_wrong_prompts_are_the_callers_mistake(
    client: Client, name: str, arguments: dict[str, str], words: str
) -> None:
    with pytest.raises(MCPError, match=words) as refusal:
        await client.get_prompt(name, arguments)
    assert refusal.value.error.code == INVALID_PARAMS


async def test_progress_is_reported(client: Client, site: Site) -> None:
    urls = [site.add(f"/{number}", rss([Post(f"P {number}")])) for number in range(3)]
    seen: list[tuple[float, float | None]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        seen.append((progress, total))

    await client.call_tool("add_feeds", {"urls": urls}, progress_callback=note)

    assert seen[-1] == (3, 3)


async def test_lists_may_be_kept_an_hour_and_what_is_read_a_minute(planet: Planet) -> None:
    async with Client(create_server(planet, refresh=False), mode="auto") as client:
        lists: list[CacheableResult] = [
            await client.list_tools(),
            await client.list_prompts(),
            await client.list_resources(),
            await client.list_resource_templates(),
        ]
        read = await client.read_resource("planet://latest")
    assert {(listed.ttl_ms, listed.cache_scope) for listed in lists} == {(3_600_000, "public")}
    assert (read.ttl_ms, read.cache_scope) == (60_000, "private")


async def test_what_every_result_carries_is_small(planet: Planet) -> None:
    async with Client(create_server(planet, refresh=False), mode="auto") as client:
        info = client.server_info
    assert info
    assert info.icons
    # RFC 3986, section 2: no blanks, quotes or angle brackets.
    assert re.fullmatch(r"data:[\w/+;,%.:=&?#@!$'()*~-]+", info.icons[0].src)
    assert len(info.model_dump_json(exclude_none=True)) < 500


@pytest.mark.parametrize("tool", ["add_feeds", "refresh_feeds"])
async def test_a_cancelled_call_leaves_the_store_whole(
    client: Client, planet: Planet, site: Site, tool: str
) -> None:
    hold = threading.Event()
    quick = site.add("/quick", rss([Post("Quick", link="https://a.example.org/1")]))
    slow = site.add("/slow", rss([Post("Slow", link="https://a.example.org/2")]))
    if tool == "refresh_feeds":
        await planet.import_list(opml(quick, slow), name="x")
    site.pages["/slow"].hold = hold
    arguments = {"urls": [quick, slow]} if tool == "add_feeds" else {}

    stored = anyio.Event()

    async def note(progress: float, total: float | None, message: str | None) -> None:
        stored.set()

    async with anyio.create_task_group() as calls:
        calls.start_soon(partial(client.call_tool, tool, arguments, progress_callback=note))
        await stored.wait()
        calls.cancel_scope.cancel()
    hold.set()

    assert (await structured(client, "search_entries", query="quick"))["total"] == 1
    assert (await structured(client, "search_entries", query="slow"))["total"] == 0
    again = await structured(client, tool, **arguments)
    assert "problem" not in json.dumps(again)
    assert (await structured(client, "search_entries", query="slow"))["total"] == 1


def opml(*urls: str) -> bytes:
    outlines = "".join(f'<outline xmlUrl="{url}"/>' for url in urls)
    return f'<opml version="2.0"><body>{outlines}</body></opml>'.encode()


async def test_a_server_is_made_without_what_draws_logs(
    planet: Planet, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [each for each in sys.modules if each.split(".")[0] == "rich"]:
        monkeypatch.delitem(sys.modules, name)

    create_server(planet, refresh=False)

    assert "rich.console" not in sys.modules
