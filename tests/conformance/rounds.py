"""The suite's fixtures for 2026-07-28's results that ask the client for input first."""

from collections.abc import Mapping
from typing import Any

from mcp.server.mcpserver import Context
from mcp_types import (
    CreateMessageRequest,
    CreateMessageRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    InputRequest,
    InputRequiredResult,
    ListRootsRequest,
    SamplingMessage,
    TextContent,
)

from planet_mcp.serving.mcp.server import PlanetServer

Asked = str | InputRequiredResult


def _form(message: str, field: str, kind: str = "string") -> ElicitRequest:
    schema = {"type": "object", "properties": {field: {"type": kind}}, "required": [field]}
    return ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))


def _sample(text: str) -> CreateMessageRequest:
    message = SamplingMessage(role="user", content=TextContent(text=text))
    return CreateMessageRequest(
        params=CreateMessageRequestParams(messages=[message], max_tokens=100)
    )


NAME = {"user_name": _form("What is your name?", "name")}
CONFIRM = {"confirm": _form("Please confirm", "ok", "boolean")}
CAPITAL = {"capital_question": _sample("What is the capital of France?")}
ROOTS = {"client_roots": ListRootsRequest()}
STEPS = (
    {"step1": _form("Step 1: What is your name?", "name")},
    {"step2": _form("Step 2: What is your favorite color?", "color")},
)

# What each tool asks for, and the state that the client must bring back with its answers.
TOOLS: dict[str, tuple[Mapping[str, InputRequest], str | None]] = {
    "test_input_required_result_elicitation": (NAME, None),
    "test_input_required_result_sampling": (CAPITAL, None),
    "test_input_required_result_list_roots": (ROOTS, None),
    "test_input_required_result_request_state": (CONFIRM, "asked"),
    "test_input_required_result_tampered_state": (CONFIRM, "asked"),
    "test_input_required_result_multiple_inputs": ({**NAME, **CAPITAL, **ROOTS}, "asked"),
    "test_streaming_elicitation": (NAME, None),
}


def add_rounds(server: PlanetServer) -> None:
    """Add the tools and the prompt that answer in rounds."""
    for name, (requests, state) in TOOLS.items():
        _add_asking(server, name, requests, state)
    _add_steps(server)
    _add_capabilities(server)
    _add_prompt(server)


def _ask(requests: Mapping[str, InputRequest], state: str | None = None) -> InputRequiredResult:
    return InputRequiredResult(input_requests=dict(requests), request_state=state)


def _is_answered(ctx: Context[Any, Any], requests: Mapping[str, InputRequest]) -> bool:
    return requests.keys() <= (ctx.input_responses or {}).keys()


def _add_asking(
    server: PlanetServer, name: str, requests: Mapping[str, InputRequest], state: str | None
) -> None:
    async def ask(ctx: Context[Any, Any]) -> Asked:
        if _is_answered(ctx, requests) and ctx.request_state == state:
            return "answered, state-ok"
        return _ask(requests, state)

    server.add_tool(ask, name, description="Ask, then answer.", structured_output=False)


def _add_steps(server: PlanetServer) -> None:
    @server.tool(structured_output=False)
    async def test_input_required_result_multi_round(ctx: Context[Any, Any]) -> Asked:
        """Ask twice, then answer."""
        first, second = STEPS
        if ctx.request_state == "2" and _is_answered(ctx, second):
            return "done"
        if ctx.request_state == "1" and _is_answered(ctx, first):
            return _ask(second, "2")
        return _ask(first, "1")


def _add_capabilities(server: PlanetServer) -> None:
    @server.tool(structured_output=False)
    async def test_input_required_result_capabilities(ctx: Context[Any, Any]) -> Asked:
        """Ask only for what the client said it can do."""
        client = ctx.client_capabilities
        asked: dict[str, InputRequest] = {}
        if client and client.sampling:
            asked |= CAPITAL
        if client and client.elicitation:
            asked |= NAME
        return _ask(asked) if asked else "nothing to ask"


def _add_prompt(server: PlanetServer) -> None:
    context = {"user_context": _form("What context should the prompt use?", "context")}

    @server.prompt()
    async def test_input_required_result_prompt(ctx: Context[Any, Any]) -> Asked:
        """Ask, then write the prompt."""
        return "Use this context." if _is_answered(ctx, context) else _ask(context)
