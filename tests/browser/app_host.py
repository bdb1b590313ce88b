"""A page that plays host to the river's view: a frame, messages as JSON-RPC, and real tools."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client
from playwright.sync_api import BrowserContext, Frame, Route

from planet_mcp.planet import open_planet
from planet_mcp.serving.mcp import create_server
from planet_mcp.serving.mcp.app import PAGE
from planet_mcp.settings import load
from tests.browser.visit import Scheme, Visit, begin
from tests.support import planet_week

ORIGIN = "http://127.0.0.1:9"
# What hosts allow a view that declares no origin (ext-apps 2026-01-26, Content Security Policy).
CSP = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'self'; object-src 'none'"
)
CAPABILITIES: Mapping[str, Any] = {"serverTools": {}, "openLinks": {}}
HOST = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Host</title>
<style>body { margin: 0; background: Canvas; color-scheme: light dark }
iframe { border: 0; width: 100%; height: 100vh }</style>
<iframe title="view" sandbox="allow-scripts" src="/view"></iframe>
<script>
const frame = document.querySelector("iframe"), said = [];
const give = message => frame.contentWindow.postMessage({jsonrpc: "2.0", ...message}, "*");
addEventListener("message", async ({source, data}) => {
  if (source !== frame.contentWindow) return;
  said.push(data);
  if (data.id === undefined || !data.method) return;
  if (data.method === "ui/initialize") give({id: data.id, result: INITIALIZED});
  else if (data.method === "tools/call")
    give({id: data.id, result: JSON.parse(await callTool(JSON.stringify(data.params)))});
  else give({id: data.id, result: {}});
});
</script>"""


@dataclass(frozen=True)
class Tools:
    """The tools of a planet, whose client lives in another thread."""

    client: Client
    portal: BlockingPortal
    called: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def call(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Call one; returns its result as it is on the wire."""
        self.called.append((name, dict(arguments)))
        result = self.portal.call(self.client.call_tool, name, dict(arguments))
        found: dict[str, Any] = result.model_dump(mode="json", by_alias=True, exclude_none=True)
        return found


@contextmanager
def tools_of_week(folder: Path) -> Iterator[Tools]:
    """Open the planet of the week, as of the morning after it, with a database in a folder."""
    database = folder / "planet.sqlite"
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(_client(database)) as client,
    ):
        yield Tools(client, portal)


@asynccontextmanager
async def _client(database: Path) -> AsyncIterator[Client]:
    await planet_week.make(database)
    settings = load(database=database, feeds="none")
    async with (
        open_planet(settings, clock=lambda: planet_week.NOW) as planet,
        Client(create_server(planet, refresh=False)) as client,
    ):
        yield client


@dataclass(frozen=True)
class Hosted:
    """The view in its host."""

    visit: Visit
    tools: Tools

    @property
    def view(self) -> Frame:
        """Return the frame with the view."""
        return self.visit.page.frames[1]

    def said(self, method: str) -> list[dict[str, Any]]:
        """Return the parameters of what the view said so."""
        found: list[dict[str, Any]] = self.visit.page.evaluate(
            "method => said.filter(each => each.method === method).map(each => each.params)", method
        )
        return found

    def wait(self, method: str, number: int = 1) -> None:
        """Wait until the view has said so."""
        self.visit.page.wait_for_function(
            "([method, number]) => said.filter(each => each.method === method).length >= number",
            arg=[method, number],
        )

    def give(self, method: str, params: Mapping[str, Any]) -> None:
        """Notify the view."""
        self.visit.page.evaluate("give", {"method": method, "params": params})

    def show(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Call a tool as the model would, and hand its result to the view."""
        result = self.tools.call(name, arguments)
        self.hand_over(arguments, result)
        structure: dict[str, Any] = result["structuredContent"]
        return structure

    def hand_over(self, arguments: Mapping[str, Any], result: Mapping[str, Any]) -> None:
        """Give the view the arguments and the result of a call, and wait until it shows them."""
        self.give("ui/notifications/tool-input", {"arguments": arguments})
        self.give("ui/notifications/tool-result", result)
        self.until("() => !document.getElementById('state').textContent.startsWith('Waiting')")

    def until(self, condition: str, value: object = None) -> None:
        """Wait until a function of JavaScript says so in the view.

        Playwright's own wait evaluates text in the page again and again, which the page's policy
        allows the first time alone.
        """
        again = "while (!({})(value)) await new Promise(requestAnimationFrame)"
        self.view.evaluate(f"async value => {{ {again.format(condition)} }}", value)

    def titles(self) -> list[str]:
        """Return the titles that can be seen."""
        return self.view.locator(".title:visible").all_text_contents()


def hosted(
    context: BrowserContext,
    tools: Tools,
    *,
    width: int = 1280,
    scheme: Scheme = "light",
    about: Mapping[str, Any] | None = None,
    can: Mapping[str, Any] = CAPABILITIES,
) -> Hosted:
    """Open a host with the view in it; `about` is the host's context."""
    visit = begin(context, 1280, scheme)
    visit.page.set_viewport_size({"width": width, "height": 900})
    initialized = {
        "protocolVersion": "2026-01-26",
        "hostInfo": {"name": "host", "version": "1"},
        "hostCapabilities": can,
        "hostContext": about or {},
    }
    page = HOST.replace("INITIALIZED", json.dumps(initialized))

    def answer(route: Route) -> None:
        is_view = route.request.url.endswith("/view")
        headers = {"content-type": "text/html; charset=utf-8"}
        route.fulfill(
            body=PAGE.read_text("utf-8") if is_view else page,
            headers={**headers, **({"content-security-policy": CSP} if is_view else {})},
        )

    def call(request: str) -> str:
        asked = json.loads(request)
        return json.dumps(tools.call(asked["name"], asked["arguments"]))

    visit.page.route(f"{ORIGIN}/**", answer)
    visit.page.expose_function("callTool", call)
    visit.open(f"{ORIGIN}/")
    shown = Hosted(visit, tools)
    shown.wait("ui/notifications/initialized")
    return shown
