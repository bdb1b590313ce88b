"""The root of the commands, and those that serve."""

from typing import TYPE_CHECKING

import anyio
import click
from click.core import ParameterSource

from planet_mcp import __version__
from planet_mcp.cli.options import (
    FEEDS,
    FETCH_ANY,
    HTTP,
    NETWORK,
    PAGES,
    PREFIX,
    READ_ONLY,
    REFRESH,
    settings_from,
)
from planet_mcp.cli.running import collect_from_now_on
from planet_mcp.settings import Settings

if TYPE_CHECKING:
    from planet_mcp.serving.http import Access, Worker

EXAMPLES = """\b
Examples:
  planet-mcp                       serve over stdio (what an MCP host starts)
  planet-mcp serve --http          serve a team at http://127.0.0.1:8000/mcp
  planet-mcp refresh               check the feeds that are due
  planet-mcp search "free threading" --since 6mo
  planet-mcp latest --since 2d
  planet-mcp article 1234
  planet-mcp add https://blog.example.org/
"""


MOST_WORKERS = 64
_OF_HTTP = (
    "host",
    "port",
    "workers",
    *(f"{PREFIX}{name}" for name in ("token_file", "allowed_hosts", "title", "site_url")),
    *(f"{PREFIX}{name}" for name in ("images", "script", "theme")),
)


class _Commands(click.Group):
    """The commands; to serve, as most starts do, takes none of the others' modules."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        self._load()
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name."""
        if cmd_name not in self.commands:
            self._load()
        return super().get_command(ctx, cmd_name)

    def _load(self) -> None:
        # The modules add their commands when they are imported.
        from planet_mcp.cli import (  # noqa: F401
            ask,
            build,
            completion,
            copying,
            follow,
            install,
            maintain,
            model,
        )


@click.group(cls=_Commands, invoke_without_command=True, epilog=EXAMPLES)
@click.version_option(__version__, prog_name="planet-mcp")
@settings_from(FEEDS, REFRESH, FETCH_ANY, READ_ONLY, *NETWORK)
def commands(settings: Settings) -> int:
    """Give AI agents a community's feeds: searchable, current, citable.

    Without a command it serves the Model Context Protocol over stdio.
    """
    return serve_stdio(settings)


@commands.command("serve")
@click.option("--http", is_flag=True, help="Serve Streamable HTTP instead of stdio.")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address for --http; other than loopback needs a token.",
)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65_535))
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, MOST_WORKERS),
    help="Processes for --http, about one for each core (Linux).",
)
@settings_from(FEEDS, REFRESH, FETCH_ANY, READ_ONLY, *HTTP, *PAGES, *NETWORK)
def serve_command(settings: Settings, *, http: bool, host: str, port: int, workers: int) -> int:
    """Serve MCP over stdio, or with --http at http://HOST:PORT/mcp."""
    given = click.get_current_context().get_parameter_source
    if not http and any(given(name) == ParameterSource.COMMANDLINE for name in _OF_HTTP):
        raise click.UsageError(
            "--host, --port, --workers, --token-file, --allowed-host, --title, --site-url, "
            "--images, --script and --theme go with --http."
        )
    return serve_http(settings, host, port, workers) if http else serve_stdio(settings)


def serve_stdio(settings: Settings) -> int:
    """Serve over stdin and stdout until stdin ends or a signal comes."""
    from planet_mcp.serving.front import claim_descriptors, has_begun, take_over
    from planet_mcp.serving.stdio import serve  # deferred, as below

    claimed = None if has_begun() else claim_descriptors()

    async def run() -> int:
        # Deferred: the other commands start twice as fast without the MCP SDK.
        from planet_mcp.planet import open_planet
        from planet_mcp.serving.mcp import create_server

        async with open_planet(settings) as planet:
            server = create_server(
                planet,
                refresh=settings.refresh == "on",
                read_only=settings.read_only,
                keeps_connection=True,
            )
            collect_from_now_on()
            return await serve(server, *(claimed or take_over()))

    return anyio.run(run)


def serve_http(settings: Settings, host: str, port: int, workers: int) -> int:
    """Serve over HTTP until a signal comes, in so many processes."""
    # Deferred, as above; before the workers are forked, so that they share what is loaded.
    from planet_mcp.serving.http import (
        Ended,
        Worker,
        access_for,
        in_workers,
        listen,
        listen_shared,
    )

    access = access_for(settings, host)
    if workers == 1:
        found: Worker | Ended = Worker(listen(host, port), speaks=True)
    else:
        collect_from_now_on()
        found = in_workers(listen_shared(host, port, count=workers))
    if isinstance(found, Ended):
        return found.code
    anyio.run(_serve_at, settings, host, access, found)
    return 0


async def _serve_at(settings: Settings, host: str, access: "Access", worker: "Worker") -> None:
    from planet_mcp.cli.progress import report
    from planet_mcp.planet import open_planet
    from planet_mcp.serving.http import Pages, serve
    from planet_mcp.serving.mcp import create_server

    async with open_planet(settings) as planet:
        server = create_server(
            planet, refresh=settings.refresh == "on", read_only=settings.read_only
        )
        pages = Pages(planet, settings, token=access.token is not None)
        collect_from_now_on()
        async with anyio.create_task_group() as tasks:
            if worker.speaks:
                _announce(host, worker.listener.getsockname()[1], settings, access)
                tasks.start_soon(report, planet, _say)
            await serve(server, planet, worker.listener, pages=pages, access=access)
            tasks.cancel_scope.cancel()


def _announce(host: str, port: int, settings: Settings, access: "Access") -> None:
    from planet_mcp.serving.http import EVERY_ADDRESS

    shown = "localhost" if host in EVERY_ADDRESS else host
    shown = f"[{shown}]" if ":" in shown else shown
    address = f"http://{shown}:{port}"
    asks = "; it asks for the token" if access.token else ""
    if access.any_address and not settings.allowed_hosts:
        asks += "; by another name than an address only with --allowed-host NAME"
    click.echo(
        f"planet-mcp serves MCP at {address}/mcp and pages at {address}/ "
        f"(health: {address}/health){asks}",
        err=True,
    )


def _say(line: str) -> None:
    click.echo(f"planet-mcp: {line}", err=True)
