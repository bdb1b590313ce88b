"""The HTTP server as a team uses it: both eras, health, who may ask, how it ends."""

import asyncio
import json
import signal
import socket
import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from planet_mcp.planet import Planet
from planet_mcp.serving.http import listen
from tests.support.documents import Post, rss
from tests.support.programs import COMMAND, PATIENCE_SECONDS, environment, until
from tests.support.serving import LIMITS, browser, serving, serving_here
from tests.support.site import Site

pytestmark = pytest.mark.anyio

TOKEN = "a-token-that-nobody-guesses-0123456789"


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_a_client_of_either_era_reaches_the_tools(
    planet: Planet, site: Site, mode: str
) -> None:
    feed = site.add("/feed", rss([Post("Found over HTTP")]))
    async with serving_here(planet) as url, Client(f"{url}/mcp", mode=mode) as client:
        await client.call_tool("add_feeds", {"urls": [feed]})
        found = await client.call_tool("search_entries", {"query": "http"})
    assert found.structured_content is not None
    assert found.structured_content["hits"][0]["title"] == "Found over HTTP"


async def test_health_says_how_the_planet_is_doing(planet: Planet, site: Site) -> None:
    feed = site.add("/feed", rss([Post("One")]))
    async with serving_here(planet) as url:
        async with Client(f"{url}/mcp") as client:
            await client.call_tool("add_feeds", {"urls": [feed]})
        async with browser() as web:
            answer = await web.get(f"{url}/health")
    health = answer.json()
    assert (answer.status_code, health["status"]) == (200, "ok")
    assert (health["feeds"], health["entries"], health["writable"]) == (1, 1, True)
    assert health["last_refresh_at"]
    assert health["version"]
    assert health["refresher"] in {"running", "stopped"}


async def test_the_feeds_are_refreshed_without_any_client(site: Site, tmp_path: Path) -> None:
    url = site.add("/feed", rss([Post("Arrived")]))
    opml = tmp_path / "feeds.opml"
    opml.write_text(f'<opml version="2.0"><body><outline xmlUrl="{url}"/></body></opml>')
    async with (
        serving("--feeds", str(opml)) as (address, _),
        browser() as web,
    ):
        health = f"{address}/health"
        await until(lambda: _count(web, health, "entries"))
        assert (await web.get(health)).json()["refresher"] == "running"


async def _count(web: httpx.AsyncClient, health: str, name: str) -> int:
    return int((await web.get(health)).json()[name])


async def test_other_host_names_are_refused(planet: Planet) -> None:
    async with serving_here(planet) as url, browser() as web:
        for path in ("/mcp", "/health", "/nothing"):
            answer = await web.get(f"{url}{path}", headers={"Host": "evil.example"})
            assert answer.status_code == 421


async def test_every_answer_tells_browsers_to_do_nothing_with_it(planet: Planet) -> None:
    shared = {"x-content-type-options", "x-frame-options", "referrer-policy"}
    shared |= {"cross-origin-opener-policy", "content-security-policy"}
    seen: dict[int, set[str]] = {}
    async with browser() as web:
        async with serving_here(planet) as url:
            for asked in ("GET /", "GET /mcp", "POST /", "GET /none", "POST /mcp", "GET /health"):
                method, path = asked.split()
                answer = await web.request(method, f"{url}{path}")
                seen[answer.status_code] = shared - answer.headers.keys()
            answer = await web.get(url, headers={"Host": "evil.example"})
            seen[answer.status_code] = shared - answer.headers.keys()
        async with serving_here(planet, token=TOKEN) as url:
            answer = await web.get(url)
            seen[answer.status_code] = shared - answer.headers.keys()
    assert {200, 401, 404, 405, 421} <= seen.keys()
    assert not any(seen.values())


async def test_pages_of_other_origins_are_refused(planet: Planet) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    headers = {
        "Origin": "https://evil.example",
        "Accept": "application/json, text/event-stream",
        "Content-Type": "application/json",
    }
    async with serving_here(planet) as url, browser() as web:
        answer = await web.post(f"{url}/mcp", content=json.dumps(message), headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_the_server_while_a_client_listens(number: signal.Signals) -> None:
    async with (
        serving() as (url, process),
        Client(f"{url}/mcp") as client,
        client.listen(resource_subscriptions=["planet://latest"]),
    ):
        process.send_signal(number)
        assert await asyncio.wait_for(process.wait(), PATIENCE_SECONDS) == 0


async def test_a_call_of_an_older_client_is_answered_before_the_end(
    planet: Planet, site: Site
) -> None:
    hold = threading.Event()
    arguments = {"urls": [site.add("/feed", rss([Post("One")]), hold=hold)]}
    call = {"name": "add_feeds", "arguments": arguments}
    async with browser() as web:
        async with serving_here(planet) as url:
            answer = asyncio.ensure_future(
                web.post(
                    f"{url}/mcp",
                    json={"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call},
                    headers={"Accept": "application/json, text/event-stream"},
                )
            )
            await asyncio.to_thread(site.wait_for, "/feed")
            asyncio.get_running_loop().call_soon(hold.set)
        # The server got its signal while the call was under way.
        assert "added" in (await answer).text


async def test_the_endpoint_may_end_in_a_slash(planet: Planet) -> None:
    async with serving_here(planet) as url, Client(f"{url}/mcp/", mode="auto") as client:
        assert (await client.list_tools()).tools


async def test_too_long_headers_are_refused(planet: Planet) -> None:
    async with serving_here(planet) as url, browser() as web:
        refused = await web.get(f"{url}/health", headers={"X-Long": "x" * 2**15})
    assert refused.status_code in {400, 431}


async def test_a_port_in_use_is_one_line_and_exit_code_2() -> None:
    async with serving() as (url, _):
        port = url.rsplit(":", 1)[1]
        second = await asyncio.create_subprocess_exec(
            *COMMAND, "serve", "--http", "--port", port, stderr=subprocess.PIPE, env=environment()
        )
        _, err = await asyncio.wait_for(second.communicate(), PATIENCE_SECONDS)
    assert second.returncode == 2
    assert err.decode().count("\n") == 1
    assert "--port" in err.decode()


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_pages_that_cannot_be_as_they_are_to_be_are_said_at_the_start(
    tmp_path: Path, workers: str
) -> None:
    (tmp_path / "config.ini").write_text("[Planet]\nname = Of nobody\n")
    start = ("serve", "--http", "--port", "0", "--workers", workers, "--theme", str(tmp_path))
    process = await asyncio.create_subprocess_exec(
        *COMMAND, *start, stderr=subprocess.PIPE, env=environment()
    )
    _, err = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    assert process.returncode == 2
    assert "Traceback" not in err.decode()
    assert f"{tmp_path / 'config.ini'}: No feeds" in err.decode()


async def test_other_machines_are_not_served_without_a_token() -> None:
    process = await asyncio.create_subprocess_exec(
        *COMMAND, "serve", "--http", "--host", "0.0.0.0", stderr=subprocess.PIPE, env=environment()
    )
    _, err = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    assert process.returncode == 2
    assert "PLANET_MCP_TOKEN" in err.decode()


async def test_flags_of_http_need_http(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *COMMAND, "serve", "--token-file", str(tmp_path), stderr=subprocess.PIPE, env=environment()
    )
    _, err = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    assert process.returncode == 2
    assert "--http" in err.decode()


async def test_with_a_token_nothing_but_health_is_answered_without_it(planet: Planet) -> None:
    wrong = {"Authorization": "Bearer wrong"}
    async with (
        serving_here(planet, token=TOKEN) as url,
        browser() as web,
    ):
        for path in ("/mcp", "/", "/nothing", "/health/"):
            nobody = await web.get(f"{url}{path}")
            somebody = await web.get(f"{url}{path}", headers=wrong)
            assert (nobody.status_code, somebody.status_code) == (401, 401)
            assert nobody.headers["www-authenticate"].startswith('Bearer realm="planet-mcp"')
            assert 'error="invalid_token"' in somebody.headers["www-authenticate"]


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_the_token_opens_the_server(planet: Planet, mode: str) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        serving_here(planet, token=TOKEN) as url,
        httpx2.AsyncClient(headers=headers) as web,
        Client(streamable_http_client(f"{url}/mcp", http_client=web), mode=mode) as client,
    ):
        listed = await client.list_tools()
        health = (await web.get(f"{url}/health")).json()
        await client.call_tool("list_feeds", {})
    assert listed.tools
    assert health["database"]


async def test_health_tells_strangers_only_that_all_is_well(planet: Planet) -> None:
    async with (
        serving_here(planet, token=TOKEN) as url,
        browser() as web,
    ):
        answer = await web.get(f"{url}/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_the_token_of_a_file_is_never_written_anywhere(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(TOKEN)
    flags = ("--token-file", str(file), "--log-level", "debug")
    async with (
        serving(*flags) as (url, process),
        browser() as web,
    ):
        headers = {"Authorization": f"Bearer {TOKEN}"}
        assert (await web.get(f"{url}/nothing", headers=headers)).status_code == 404
        process.terminate()
        _, err = await process.communicate()
    assert TOKEN not in err.decode()


async def test_allowed_hosts_are_names_of_the_server() -> None:
    headers = {"Host": "planet.example.org", "Origin": "https://planet.example.org"}
    async with (
        serving("--allowed-host", "planet.example.org") as (url, _),
        browser() as web,
    ):
        assert (await web.get(f"{url}/health", headers=headers)).status_code == 200
        refused = await web.get(f"{url}/health", headers={"Host": "evil.example"})
    assert refused.status_code == 421
    assert "--allowed-host" in refused.text


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_read_only_servers_offer_only_what_reads(mode: str) -> None:
    async with serving("--read-only") as (url, _), Client(f"{url}/mcp", mode=mode) as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        refused = await client.call_tool("add_feeds", {"urls": ["https://example.org/"]})
        instructions = client.instructions
    assert names == {"search_entries", "latest_entries", "trending", "list_feeds", "fetch_article"}
    assert refused.is_error
    assert instructions
    assert "add_feeds" not in instructions


async def talk(url: str, *parts: bytes) -> bytes:
    """Send parts, each but the first after an answer; return what comes until the end."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    said = b""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            for position, part in enumerate(parts):
                said += await reader.readuntil(b"}") if position else b""
                writer.write(part)
            return said + await reader.read()
    finally:
        writer.close()


@pytest.mark.parametrize(
    "head",
    [b"", b"GET /health HT", b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: "],
)
async def test_headers_that_do_not_come_end_the_connection(planet: Planet, head: bytes) -> None:
    async with serving_here(planet, limits=replace(LIMITS, header_seconds=0.3)) as url:
        assert await talk(url, head) == b""


async def test_a_second_request_that_does_not_come_ends_the_connection(planet: Planet) -> None:
    async with serving_here(planet, limits=replace(LIMITS, header_seconds=0.3)) as url:
        said = await talk(url, b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET /hea")
    assert said.count(b"HTTP/1.1 200") == 1


async def test_idle_connections_are_ended(planet: Planet) -> None:
    async with serving_here(planet, limits=replace(LIMITS, keep_alive_seconds=1)) as url:
        said = await talk(url, b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert said.count(b"HTTP/1.1 200") == 1


async def test_a_body_that_does_not_come_is_answered(planet: Planet) -> None:
    limits = replace(LIMITS, body_seconds=0.3)
    head = b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"
    async with serving_here(planet, limits=limits) as url:
        assert (await talk(url, head)).startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize("length", [b"Content-Length: 1048577", b"Transfer-Encoding: chunked"])
async def test_bodies_over_the_limit_are_refused(planet: Planet, length: bytes) -> None:
    body = b"100001\r\n" + bytes(2**20 + 1) + b"\r\n0\r\n\r\n" if b"chunk" in length else b""
    head = b"POST /mcp HTTP/1.1\r\nHost: localhost\r\n" + length + b"\r\n\r\n"
    async with serving_here(planet) as url:
        assert (await talk(url, head + body)).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize("end", [b"zz\r\n", b""])
async def test_a_call_whose_body_breaks_off_is_not_carried_out(
    site: Site, planet: Planet, end: bytes
) -> None:
    """All of the message is there, but not the end of the body that it came in."""
    url = site.add("/feed", rss([Post("One")]))
    await planet.add_feeds([url])
    params = {"name": "remove_feeds", "arguments": {"feeds": [url]}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    body = json.dumps(message).encode()
    head = (
        b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Accept: application/json, text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    async with serving_here(planet) as url:
        host, port = url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(head + b"%x\r\n" % len(body) + body + b"\r\n" + end)
        if not end:
            writer.write_eof()
        said = await reader.read()
        writer.close()
        async with Client(f"{url}/mcp", mode="legacy") as client:
            await client.call_tool("search_entries", {"query": "one"})
    assert b" 200 " not in said
    assert len((await planet.list_feeds()).result.feeds) == 1


async def test_a_request_that_is_refused_and_broken_gets_one_answer(
    planet: Planet, caplog: pytest.LogCaptureFixture
) -> None:
    head = b"POST /mcp HTTP/1.1\r\nHost: other.example\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
    async with serving_here(planet) as url:
        said = await talk(url, head)
    assert said.count(b"HTTP/1.1") == 1
    assert [each for each in caplog.records if each.levelname == "ERROR"] == []


async def test_too_many_requests_at_once_are_told_when_to_come_again(planet: Planet) -> None:
    async with (
        serving_here(planet, limits=replace(LIMITS, requests=1)) as url,
        Client(f"{url}/mcp", mode="auto") as client,
        client.listen(resource_subscriptions=["planet://latest"]),
        browser() as web,
    ):
        busy = await web.get(f"{url}/health")
    assert busy.status_code == 503
    assert busy.headers["retry-after"] == "1"


async def test_no_stream_is_kept_open_on_which_nothing_comes(planet: Planet) -> None:
    headers = {"Accept": "text/event-stream"}
    async with serving_here(planet) as url, browser() as web:
        refused = await web.get(f"{url}/mcp", headers=headers, timeout=PATIENCE_SECONDS)
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")


async def test_too_many_connections_are_turned_away(planet: Planet) -> None:
    async with serving_here(planet, limits=replace(LIMITS, connections=1)) as url:
        host, port = url.removeprefix("http://").split(":")
        _, first = await asyncio.open_connection(host, int(port))
        said = await talk(url, b"")
        first.close()
    assert said.startswith(b"HTTP/1.1 503")
    assert b"Retry-After: 1" in said


async def test_progress_is_streamed_over_http(planet: Planet, site: Site) -> None:
    urls = [site.add(f"/{n}", rss([Post(f"P{n}")])) for n in range(3)]
    seen: list[tuple[float, float | None]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        assert message
        seen.append((progress, total))

    async with serving_here(planet) as url, Client(f"{url}/mcp", mode="auto") as client:
        await client.call_tool("add_feeds", {"urls": urls}, progress_callback=note)
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_each_part_of_an_answer_is_sent_at_once() -> None:
    # asyncio sets TCP_NODELAY where a socket names its protocol; an answer took 40 ms without it.
    with listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
