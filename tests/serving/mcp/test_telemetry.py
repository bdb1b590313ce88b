"""What OpenTelemetry gets to know of a call, where someone set up an exporter."""

import pytest
from mcp import Client
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from planet_mcp.planet import Planet
from planet_mcp.serving.mcp import create_server

pytestmark = pytest.mark.anyio

# A process has one provider for ever.
EXPORTER = InMemorySpanExporter()
PROVIDER = TracerProvider()
PROVIDER.add_span_processor(SimpleSpanProcessor(EXPORTER))


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    if trace.get_tracer_provider() is not PROVIDER:
        trace.set_tracer_provider(PROVIDER)
    EXPORTER.clear()
    return EXPORTER


def span_of(exporter: InMemorySpanExporter, name: str) -> ReadableSpan:
    (span,) = [span for span in exporter.get_finished_spans() if span.name == name]
    return span


async def test_a_call_is_a_span_with_the_size_of_its_answer(
    planet: Planet, exporter: InMemorySpanExporter
) -> None:
    async with Client(create_server(planet, refresh=False)) as client:
        answer = await client.call_tool("list_feeds", {"query": "secret words"})

    span = span_of(exporter, "tools/call list_feeds")
    assert span.attributes
    assert span.attributes["gen_ai.tool.name"] == "list_feeds"
    assert span.attributes["planet_mcp.answer.total"] == 0
    (block,) = answer.content
    assert span.attributes["planet_mcp.answer.characters"] == len(getattr(block, "text", ""))
    assert "secret words" not in span.to_json()


async def test_an_article_has_a_size_alone(planet: Planet, exporter: InMemorySpanExporter) -> None:
    async with Client(create_server(planet, refresh=False)) as client:
        await client.call_tool("fetch_article", {"article": 1})

    span = span_of(exporter, "tools/call fetch_article")
    assert span.attributes
    assert span.attributes["error.type"] == "tool_error"
    assert "planet_mcp.answer.total" not in span.attributes
