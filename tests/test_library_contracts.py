"""Members of libraries that are not theirs to promise, and that the source relies on.

Each has a test here that fails when a new version has it no more, or has another thing by its name.
"""

import ast
import asyncio
import inspect
from collections.abc import Iterator
from typing import Any

import h11
import pytest
import uvicorn
from feedparser.api import LooseFeedParser, StrictFeedParser
from h11 import _readers
from lxml import etree, html
from mcp.server.lowlevel import Server
from mcp.server.mcpserver import MCPServer
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler
from pygments.token import Token, _TokenType
from sse_starlette.sse import AppStatus
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from tests.support.paths import ROOT

# As `private_members` finds them in the source; the tests below are of these.
KNOWN = {
    *("_lowlevel_server", "_tool_manager", "_readers"),
    *("_Element", "_TokenType"),
    *("_end_guid", "_start_media_content"),
}
# Documented, in spite of their names; the last two are those of named tuples.
PUBLIC = {"_exit", "_make", "_replace"}


def private_members() -> Iterator[str]:
    """Yield what the source uses of other objects and modules by a name with an underscore."""
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Attribute(value=ast.Name(id="self" | "cls")):
                    pass
                case ast.Attribute(attr=name) if _is_private(name):
                    yield name
                case ast.ImportFrom(names=names):
                    yield from (alias.name for alias in names if _is_private(alias.name))


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in PUBLIC


def test_every_private_member_that_is_used_is_known_here() -> None:
    assert set(private_members()) == KNOWN


@pytest.fixture
def server() -> MCPServer[Any]:
    made: MCPServer[Any] = MCPServer("planet", subscriptions=InMemorySubscriptionBus())

    @made.tool()
    async def double(number: int) -> int:
        """Double a number."""
        return 2 * number

    return made


def test_the_mcp_server_has_a_low_level_server(server: MCPServer[Any]) -> None:
    low_level = server._lowlevel_server
    assert isinstance(low_level, Server)
    assert list(inspect.signature(low_level.run).parameters)[:3] == [
        *("read_stream", "write_stream", "initialization_options"),
    ]
    assert low_level.create_initialization_options().server_name == "planet"


def test_streams_of_subscriptions_have_a_handler_that_can_be_closed(
    server: MCPServer[Any],
) -> None:
    entry = server._lowlevel_server.get_request_handler("subscriptions/listen")
    assert entry is not None
    assert isinstance(entry.handler, ListenHandler)
    entry.handler.close()


def test_the_schemas_of_tools_can_be_changed_before_they_are_published(
    server: MCPServer[Any],
) -> None:
    (tool,) = server._tool_manager.list_tools()
    assert tool.parameters["properties"]["number"]["type"] == "integer"
    assert tool.fn_metadata.output_schema is not None
    assert tool.fn_metadata.output_model is not None


def test_sse_starlette_can_be_kept_from_ending_streams_at_a_signal() -> None:
    assert callable(AppStatus.disable_automatic_graceful_drain)


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        (H11Protocol.connection_made, ["self", "transport"]),
        (H11Protocol.data_received, ["self", "data"]),
        (H11Protocol.connection_lost, ["self", "exc"]),
        (H11Protocol.send_400_response, ["self", "msg"]),
        (H11Protocol._unsupported_upgrade_warning, ["self"]),
        (uvicorn.Server.capture_signals, ["self"]),
        (uvicorn.Server.shutdown, ["self", "sockets"]),
    ],
)
def test_uvicorn_has_the_methods_that_are_overridden(method: Any, parameters: list[str]) -> None:
    assert list(inspect.signature(method).parameters) == parameters


def test_uvicorns_protocol_keeps_what_its_subclass_reads() -> None:
    config = uvicorn.Config(lambda: None, log_config=None)
    protocol = H11Protocol(config, ServerState(), {}, asyncio.new_event_loop())
    protocol.loop.close()
    assert len(protocol.connections) == 0
    assert hasattr(protocol, "cycle")
    assert protocol.conn.our_state is h11.IDLE


def test_h11_reads_with_expressions_that_can_be_replaced() -> None:
    for name in ("header_field_re", "chunk_header_re"):
        assert hasattr(getattr(_readers, name), "pattern")


def test_the_types_of_elements_and_tokens_have_these_names() -> None:
    element = html.document_fromstring("<p>Text</p>")
    assert isinstance(element, etree._Element)
    assert isinstance(Token, _TokenType)


@pytest.mark.parametrize("parser", [StrictFeedParser, LooseFeedParser])
def test_feedparser_calls_handlers_by_the_names_of_elements(parser: type[Any]) -> None:
    for handler in ("_end_guid", "_start_media_content", "unknown_starttag", "unknown_endtag"):
        assert callable(getattr(parser, handler))
    assert "http://search.yahoo.com/mrss/" in parser.namespaces
