"""The command line: flags → settings → planet → run; thin over what the tools do."""

import json
import logging
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import click
from click.core import ParameterSource

from planet_mcp import __version__
from planet_mcp.errors import ArgumentError, OpmlError, PlanetError, SettingsError
from planet_mcp.settings import Settings, load

if TYPE_CHECKING:
    from planet_mcp.planet import Answer, Planet
    from planet_mcp.planet.answers import Result

USAGE_ERROR = 2
FAILURE = 1
INTERRUPTED = 130
PREFIX = "setting_"
ALL_PROBLEMS = 1_000_000
WHOLE_ARTICLE = 40_000

_COMMANDS = {
    "add_feeds": "add",
    "fetch_article": "article",
    "latest_entries": "latest",
    "list_feeds": "feeds",
    "refresh_feeds": "refresh",
    "remove_feeds": "remove",
    "search_entries": "search",
}
_TOOL = re.compile("|".join(_COMMANDS))

R = TypeVar("R")
Command = Callable[..., Any]

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


def main() -> int:
    """Run the command line; returns the exit code: 0, 1 for a failure, 2 for wrong usage."""
    try:
        code = commands.main(prog_name="planet-mcp", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except PlanetError as error:
        wrong_usage = isinstance(error, SettingsError | ArgumentError | OpmlError)
        return _complain(str(error), USAGE_ERROR if wrong_usage else FAILURE)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            return 0  # the reader, say `head`, has seen enough
        return _complain(f"The output cannot be written: {error.strerror}.", FAILURE)
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    return code if isinstance(code, int) else 0


def _complain(problem: str, code: int) -> int:
    click.echo(f"planet-mcp: {for_people(problem)}", err=True)
    return code


def for_people(text: str) -> str:
    """Return a text of ours with commands where it names tools."""
    return _TOOL.sub(lambda tool: f"`planet-mcp {_COMMANDS[tool[0]]}`", text)


def _option(name: str, *, env: str, **more: Any) -> Callable[[Command], Command]:
    # The prefix tells settings from a command's own parameters of the same name.
    parameter = PREFIX + name.removeprefix("--").replace("-", "_")
    return click.option(name, parameter, help=f"{more.pop('help')} [{env}]", **more)


DATABASE = _option(
    "--database",
    env="PLANET_MCP_DATABASE",
    type=click.Path(path_type=Path),
    help="The SQLite file with feeds and entries.",
)
LOG_LEVEL = _option(
    "--log-level",
    env="PLANET_MCP_LOG_LEVEL",
    type=click.Choice(["debug", "info", "warning", "error"]),
    help="What goes to stderr.",
)
FEEDS = _option(
    "--feeds",
    env="PLANET_MCP_FEEDS",
    help="OPML file that a new database subscribes to, or `none`.",
)
REFRESH = _option(
    "--refresh",
    env="PLANET_MCP_REFRESH",
    type=click.Choice(["on", "off"]),
    help="Refresh the feeds in the background.",
)
FETCH_ANY = _option(
    "--fetch-any",
    env="PLANET_MCP_FETCH_ANY",
    is_flag=True,
    default=None,
    help="Let fetch_article fetch pages on any public host.",
)
NETWORK = (
    _option(
        "--allow-networks",
        env="PLANET_MCP_ALLOW_NETWORKS",
        help="CIDRs, separated by commas, that may be fetched from although not public.",
    ),
    _option(
        "--host-delay",
        env="PLANET_MCP_HOST_DELAY",
        type=float,
        help="Seconds between two requests to one domain.",
    ),
    _option(
        "--host-concurrency",
        env="PLANET_MCP_HOST_CONCURRENCY",
        type=int,
        help="Requests at a time to one domain.",
    ),
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print the tool's structured result.")
CURSOR = click.option("--cursor", help="next_cursor of the answer before.")
SINCE = click.option("--since", help="A date, a time, or an age such as 7d.")
FEED = click.option("--feed", help="Only this feed: id, URL, title or a unique part.")


def settings_from(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Give a command these settings as flags; it gets them as its first argument, validated."""

    def decorate(command: Command) -> Command:
        @click.pass_context
        def with_settings(ctx: click.Context, /, **given: Any) -> Any:
            outer: dict[str, Any] = ctx.obj if isinstance(ctx.obj, dict) else {}
            flags = {name: given.pop(name) for name in list(given) if name.startswith(PREFIX)}
            chosen = {k.removeprefix(PREFIX): v for k, v in flags.items() if v is not None}
            ctx.obj = {**outer, **chosen}
            if ctx.invoked_subcommand:
                return None
            settings = load(**ctx.obj)
            logging.basicConfig(
                stream=sys.stderr,
                level=settings.log_level.upper(),
                format="%(levelname)s %(name)s: %(message)s",
            )
            return command(settings, **given)

        with_settings.__name__ = command.__name__
        with_settings.__doc__ = command.__doc__
        for option in reversed((DATABASE, LOG_LEVEL, *options)):
            with_settings = option(with_settings)
        return with_settings

    return decorate


@click.group(invoke_without_command=True, epilog=EXAMPLES)
@click.version_option(__version__, prog_name="planet-mcp")
@settings_from(FEEDS, REFRESH, FETCH_ANY, *NETWORK)
def commands(settings: Settings) -> int:
    """Give AI agents a community's feeds: searchable, current, citable.

    Without a command it serves the Model Context Protocol over stdio.
    """
    return serve_stdio(settings)


@commands.command("serve")
@click.option("--http", is_flag=True, help="Serve Streamable HTTP instead of stdio.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Loopback address for --http.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65_535))
@settings_from(FEEDS, REFRESH, FETCH_ANY, *NETWORK)
def serve_command(settings: Settings, *, http: bool, host: str, port: int) -> int:
    """Serve MCP over stdio, or with --http at http://HOST:PORT/mcp."""
    given = click.get_current_context().get_parameter_source
    if not http and any(given(name) == ParameterSource.COMMANDLINE for name in ("host", "port")):
        raise click.UsageError("--host and --port go with --http.")
    return serve_http(settings, host, port) if http else serve_stdio(settings)


def serve_stdio(settings: Settings) -> int:
    """Serve over stdin and stdout until stdin ends or a signal comes."""
    from planet_mcp.stdio import claim_descriptors, serve  # deferred, as below

    source, sink = claim_descriptors()

    async def run() -> int:
        # Deferred: the other commands start twice as fast without the MCP SDK.
        from planet_mcp.planet import open_planet
        from planet_mcp.server import create_server

        async with open_planet(settings) as planet:
            server = create_server(planet, refresh=settings.refresh == "on")
            return await serve(server, source, sink)

    return anyio.run(run)


def serve_http(settings: Settings, host: str, port: int) -> int:
    """Serve over HTTP until a signal comes."""
    from planet_mcp.planet import open_planet  # deferred, as above
    from planet_mcp.server import create_server
    from planet_mcp.web import listen, serve

    async def run() -> None:
        listener = listen(host, port)
        async with open_planet(settings) as planet:
            server = create_server(planet, refresh=settings.refresh == "on")
            shown = f"[{host}]" if ":" in host else host
            address = f"http://{shown}:{listener.getsockname()[1]}"
            click.echo(
                f"planet-mcp serves MCP at {address}/mcp (health: {address}/health)", err=True
            )
            await serve(server, planet, listener)

    anyio.run(run)
    return 0


@asynccontextmanager
async def _planet(settings: Settings) -> "AsyncIterator[Planet]":
    from planet_mcp.planet import open_planet  # deferred: --help needs none of it

    new = not settings.database.exists()
    async with open_planet(settings) as planet:
        if new:
            click.echo(f"planet-mcp: began a new planet in {settings.database}", err=True)
        yield planet


def _run(settings: Settings, work: "Callable[[Planet], Awaitable[R]]") -> R:
    async def run() -> R:
        async with _planet(settings) as planet:
            return await work(planet)

    return anyio.run(run)


def _print(answer: "Answer[Result]", *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(answer.result.structured(), ensure_ascii=False, indent=2))
    else:
        click.echo(_readable(answer))


def _readable(answer: "Answer[Result]") -> str:
    """Return an answer's text with options where it speaks of a tool's arguments."""
    text, _, _ = answer.text.partition("\n\nMore: ")
    first, rest = text.partition("\n")[0], text.partition("\n")[2]
    if first.startswith("Note: "):
        text = f"{for_people(first)}\n{rest}"
    cursor = getattr(answer.result, "next_cursor", None)
    return f"{text}\n\nMore: the same command with --cursor {cursor}" if cursor else text


@commands.command("search")
@click.argument("query", nargs=-1)
@FEED
@click.option("--author", help="Only by this author.")
@click.option("--tag", help="Only with this tag.")
@SINCE
@click.option("--until", help="Like --since; a date includes that day.")
@click.option(
    "--sort", type=click.Choice(["relevance", "newest"]), default="relevance", show_default=True
)
@click.option("--limit", type=click.IntRange(1, 50))
@CURSOR
@JSON
@settings_from()
def search_command(
    settings: Settings, *, query: tuple[str, ...], as_json: bool, **given: Any
) -> None:
    """Search all entries; without a QUERY, list the newest."""
    text = " ".join(query)
    _print(_run(settings, lambda planet: planet.search_entries(text, **given)), as_json=as_json)


@commands.command("latest")
@click.option("--since", default="7d", show_default=True, help="A date, a time, or an age.")
@FEED
@click.option("--watermark", help="Only what was stored since this earlier answer.")
@click.option(
    "--detail",
    type=click.Choice(["titles", "excerpts", "full"]),
    default="excerpts",
    show_default=True,
)
@click.option("--max-chars", type=click.IntRange(1_000, 40_000), default=8_000, show_default=True)
@CURSOR
@JSON
@settings_from()
def latest_command(settings: Settings, *, since: str, as_json: bool, **given: Any) -> None:
    """Show what is new, by day and feed."""
    _print(_run(settings, lambda planet: planet.latest_entries(since, **given)), as_json=as_json)


@commands.command("article")
@click.argument("entry_or_url")
@click.option("--offset", type=click.IntRange(0), default=0, help="Character to start at.")
@click.option(
    "--max-chars", type=click.IntRange(500, 40_000), default=WHOLE_ARTICLE, show_default=True
)
@click.option("--again", "refresh", is_flag=True, help="Fetch the page even if it is stored.")
@settings_from(FETCH_ANY, *NETWORK)
def article_command(settings: Settings, *, entry_or_url: str, **given: Any) -> None:
    """Print the full text of an entry, by its id, or of a page, by its URL."""
    click.echo(_run(settings, lambda planet: planet.fetch_article(entry_or_url, **given)))


@commands.command("feeds")
@click.argument("query", default="")
@click.option("--status", type=click.Choice(["ok", "failing", "dormant", "gone"]))
@click.option(
    "--sort",
    type=click.Choice(["title", "newest_entry", "entries"]),
    default="title",
    show_default=True,
)
@click.option("--limit", type=click.IntRange(1, 200))
@CURSOR
@JSON
@settings_from()
def feeds_command(
    settings: Settings, *, query: str, status: str | None, as_json: bool, **given: Any
) -> None:
    """List the feeds that the planet follows."""
    from planet_mcp.models import FeedStatus  # deferred with the rest

    wanted = FeedStatus(status) if status else None
    _print(
        _run(settings, lambda planet: planet.list_feeds(query, status=wanted, **given)),
        as_json=as_json,
    )


@commands.command("add")
@click.argument("urls", nargs=-1, required=True)
@JSON
@settings_from(*NETWORK)
def add_command(settings: Settings, *, urls: tuple[str, ...], as_json: bool) -> int:
    """Follow feeds: each URL is a feed, a page that links one, or an OPML document."""
    answer = _run(settings, lambda planet: planet.add_feeds(urls))
    _print(answer, as_json=as_json)
    good = {"added", "already subscribed"}
    return 0 if all(item.outcome in good for item in answer.result.results) else FAILURE


@commands.command("remove")
@click.argument("feeds", nargs=-1, required=True)
@click.option("--delete-entries", is_flag=True, help="Delete their entries too, for good.")
@JSON
@settings_from()
def remove_command(
    settings: Settings, *, feeds: tuple[str, ...], delete_entries: bool, as_json: bool
) -> None:
    """Stop following feeds, by id, URL, title or a unique part of these."""
    answer = _run(
        settings, lambda planet: planet.remove_feeds(feeds, delete_entries=delete_entries)
    )
    _print(answer, as_json=as_json)


@commands.command("import")
@click.argument("file", type=click.File("rb"))
@JSON
@settings_from()
def import_command(settings: Settings, *, file: Any, as_json: bool) -> None:
    """Follow all feeds of an OPML FILE (`-` for stdin); they are fetched by the next refresh."""
    document: bytes = file.read()
    answer = _run(settings, lambda planet: planet.import_opml(document, name=file.name))
    _print(answer, as_json=as_json)


@commands.command("export")
@settings_from()
def export_command(settings: Settings) -> None:
    """Print the followed feeds as OPML."""
    click.echo(_run(settings, lambda planet: planet.export_opml()), nl=False)


@commands.command("status")
@JSON
@settings_from()
def status_command(settings: Settings, *, as_json: bool) -> None:
    """Say how many feeds and entries there are, and when they were last refreshed."""
    _print(_run(settings, lambda planet: planet.status()), as_json=as_json)


@commands.command("refresh")
@click.argument("feeds", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Check all feeds, due or not.")
@JSON
@settings_from(FEEDS, *NETWORK)
def refresh_command(
    settings: Settings, *, feeds: tuple[str, ...], everything: bool, as_json: bool
) -> int:
    """Check the feeds that are due, or the named FEEDS, now."""
    refresh = partial(_refresh, feeds=feeds or None, everything=everything)
    answer = _run(settings, refresh)
    _print(answer, as_json=as_json)
    result = answer.result
    return FAILURE if result.checked and not result.ok else 0


async def _refresh(
    planet: "Planet", *, feeds: tuple[str, ...] | None, everything: bool
) -> "Answer[Any]":
    from rich.console import Console  # deferred: 15 ms that only this command needs
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(stderr=True)
    columns = (TextColumn("Checking feeds"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("feeds", total=None)

        async def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        return await planet.refresh_feeds(
            feeds, everything=everything, most_problems=ALL_PROBLEMS, progress=show
        )
