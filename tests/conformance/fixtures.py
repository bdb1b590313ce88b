"""The tools, resources, templates and prompts that the conformance suite asks every server for.

They go on top of planet-mcp's own server object, so that what the suite checks beside them
(lists, errors, headers, streams, completion, caching) is ours.
"""

import base64
import json
from typing import Annotated, Any

import anyio
from mcp.server.context import ServerRequestContext
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.prompts.base import UserMessage
from mcp.shared.exceptions import MCPError
from mcp_types import (
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    AudioContent,
    ContentBlock,
    EmbeddedResource,
    EmptyResult,
    ImageContent,
    RequestParams,
    SetLevelRequestParams,
    SubscribeRequestParams,
    TextContent,
    TextResourceContents,
    UnsubscribeRequestParams,
)
from pydantic import Field

from planet_mcp.serving.mcp.server import PlanetServer

# A red pixel as PNG, and a WAV file without a sound.
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5"
    "ErkJggg=="
)
WAV = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA="
PAUSE_SECONDS = 0.05

SCHEMA_2020_12 = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}


def add_fixtures(server: PlanetServer) -> None:
    """Add what all protocol versions have."""
    _add_contents(server)
    _add_notifying_tools(server)
    _add_changing_tools(server)
    _add_refusing_tools(server)
    _add_schema_tools(server)
    _add_resources(server)
    _add_prompts(server)
    _add_old_requests(server)


def _embedded(uri: str, mime_type: str, text: str) -> EmbeddedResource:
    return EmbeddedResource(resource=TextResourceContents(uri=uri, mime_type=mime_type, text=text))


def _add_contents(server: PlanetServer) -> None:
    image = ImageContent(data=PNG, mime_type="image/png")
    mixed = _embedded("test://mixed-content-resource", "application/json", '{"test": "data"}')

    @server.tool(structured_output=False)
    async def test_simple_text() -> str:
        """Answer with text."""
        return "This is a simple text response for testing."

    @server.tool()
    async def test_image_content() -> ImageContent:
        """Answer with an image."""
        return image

    @server.tool()
    async def test_audio_content() -> AudioContent:
        """Answer with a sound."""
        return AudioContent(data=WAV, mime_type="audio/wav")

    @server.tool()
    async def test_embedded_resource() -> EmbeddedResource:
        """Answer with a resource."""
        return _embedded("test://embedded-resource", "text/plain", "An embedded resource.")

    @server.tool()
    async def test_multiple_content_types() -> list[ContentBlock]:
        """Answer with text, an image and a resource."""
        return [TextContent(text="Multiple content types test:"), image, mixed]


def _add_notifying_tools(server: PlanetServer) -> None:
    @server.tool(structured_output=False)
    async def test_tool_with_progress(ctx: Context[Any, Any]) -> str:
        """Report progress three times."""
        for done in (0, 50, 100):
            await ctx.report_progress(done, 100)
            await anyio.sleep(PAUSE_SECONDS)
        return "done"

    async def log(ctx: Context[Any, Any]) -> str:
        for text in ("started", "processing data", "completed"):
            await ctx.info(f"Tool {text}")
            await anyio.sleep(PAUSE_SECONDS)
        return "done"

    for name in ("test_tool_with_logging", "test_logging_tool"):
        server.add_tool(log, name, description="Log three times.", structured_output=False)

    @server.tool(structured_output=False)
    async def test_reconnection(ctx: Context[Any, Any]) -> str:
        """Close the stream where clients can resume it, then answer."""
        await ctx.close_sse_stream()
        return "done"


def _add_changing_tools(server: PlanetServer) -> None:
    @server.tool(structured_output=False)
    async def test_trigger_tool_change(ctx: Context[Any, Any]) -> str:
        """Say that the list of tools changed."""
        await ctx.notify_tools_changed()
        return "said"

    @server.tool(structured_output=False)
    async def test_trigger_prompt_change(ctx: Context[Any, Any]) -> str:
        """Say that the list of prompts changed."""
        await ctx.notify_prompts_changed()
        return "said"


def _add_refusing_tools(server: PlanetServer) -> None:
    @server.tool(structured_output=False)
    async def test_error_handling() -> str:
        """Fail."""
        raise ToolError("This tool intentionally returns an error for testing")

    @server.tool(structured_output=False)
    async def test_missing_capability(ctx: Context[Any, Any]) -> str:
        """Need a client that samples."""
        if ctx.client_capabilities is None or ctx.client_capabilities.sampling is None:
            raise MCPError(
                code=MISSING_REQUIRED_CLIENT_CAPABILITY,
                message="This tool needs the client's sampling",
                data={"requiredCapabilities": {"sampling": {}}},
            )
        return "the client samples"


def _add_schema_tools(server: PlanetServer) -> None:
    @server.tool(structured_output=False)
    async def test_x_mcp_header(
        region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})],
    ) -> str:
        """Take an argument that HTTP clients repeat in a header."""
        return region

    @server.tool(structured_output=False)
    async def json_schema_2020_12_tool() -> str:
        """Publish a schema with all that JSON Schema 2020-12 has."""
        return "never called"

    # The SDK offers no other way to a schema that is not made of a signature.
    published = server._tool_manager.get_tool("json_schema_2020_12_tool")
    assert published is not None
    published.parameters = SCHEMA_2020_12


def _add_resources(server: PlanetServer) -> None:
    @server.resource("test://static-text", mime_type="text/plain")
    async def static_text() -> str:
        """A text."""
        return "This is the content of the static text resource."

    @server.resource("test://static-binary", mime_type="image/png")
    async def static_binary() -> bytes:
        """An image."""
        return base64.b64decode(PNG)

    @server.resource("test://watched-resource", mime_type="text/plain")
    async def watched_resource() -> str:
        """A resource that clients subscribe to."""
        return "Watched resource content"

    @server.resource("test://template/{id}/data", mime_type="application/json")
    async def template_data(id: str) -> str:  # noqa: A002 - the suite names it
        """A resource that is made of its address."""
        return json.dumps({"id": id, "templateTest": True, "data": f"Data for ID: {id}"})


def _add_prompts(server: PlanetServer) -> None:
    @server.prompt()
    async def test_simple_prompt() -> str:
        """A prompt without arguments."""
        return "This is a simple prompt for testing."

    @server.prompt()
    async def test_prompt_with_arguments(arg1: str, arg2: str) -> str:
        """A prompt with two arguments."""
        return f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"

    @server.prompt()
    async def test_prompt_with_embedded_resource(
        resourceUri: str,  # noqa: N803 - the suite names it
    ) -> list[UserMessage]:
        """A prompt that embeds a resource."""
        resource = _embedded(resourceUri, "text/plain", "Embedded resource content for testing.")
        return [UserMessage(resource), UserMessage("Please process the embedded resource above.")]

    @server.prompt()
    async def test_prompt_with_image() -> list[UserMessage]:
        """A prompt that shows an image."""
        image = ImageContent(data=PNG, mime_type="image/png")
        return [UserMessage(image), UserMessage("Please analyze the image above.")]


def _add_old_requests(server: PlanetServer) -> None:
    """Accept the requests of 2025-11-25 and before that planet-mcp does not offer by itself."""

    async def accept(_: ServerRequestContext[Any, Any], __: RequestParams) -> EmptyResult:
        return EmptyResult()

    low_level = server._lowlevel_server
    for method, params in (
        ("logging/setLevel", SetLevelRequestParams),
        ("resources/subscribe", SubscribeRequestParams),
        ("resources/unsubscribe", UnsubscribeRequestParams),
    ):
        if low_level.get_request_handler(method) is None:
            low_level.add_request_handler(method, params, accept)
