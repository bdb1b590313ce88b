"""What the commands share: settings and requests as options, logs, and how answers are printed."""

import gc
import json
import logging
import os
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast, get_args, get_origin

import anyio
import click

from planet_mcp.cli.language import CommandLanguage
from planet_mcp.cli.terminal import as_seen
from planet_mcp.errors import SettingsError, StoreError, redacted
from planet_mcp.requests import Request, described
from planet_mcp.settings import ENV_PREFIX, Settings, load, unknown_variables
from planet_mcp.urls import ServerAddress

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from planet_mcp.planet import Answer, Planet, Result

USAGE_ERROR = 2
FAILURE = 1
INTERRUPTED = 130
PREFIX = "setting_"
LONGEST_LOG_LINE = 4_000
BEGINNING = (
    "Begin one with `planet-mcp refresh`, `planet-mcp add URL` or `planet-mcp import FILE`, or "
    "name the one that you mean with --database."
)

logger = logging.getLogger(__name__)

R = TypeVar("R")
Command = Callable[..., Any]


def option(name: str, *, env: str, **more: Any) -> Callable[[Command], Command]:
    """Return a flag that sets what an environment variable sets too."""
    # With the prefix, a setting differs from a command's own parameter of the same name.
    parameter = PREFIX + env.removeprefix(ENV_PREFIX).lower()
    return click.option(name, parameter, help=f"{more.pop('help')} [{env}]", **more)


DATABASE = option(
    "--database",
    env="PLANET_MCP_DATABASE",
    type=click.Path(path_type=Path),
    help="The SQLite file with feeds and entries.",
)
LOG_LEVEL = option(
    "--log-level",
    env="PLANET_MCP_LOG_LEVEL",
    type=click.Choice(["debug", "info", "warning", "error"]),
    help="What goes to stderr, or to the log file.",
)
LOG_FILE = option(
    "--log-file",
    env="PLANET_MCP_LOG_FILE",
    type=click.Path(path_type=Path),
    help="A file for the log, instead of stderr.",
)
FEEDS = option(
    "--feeds",
    env="PLANET_MCP_FEEDS",
    help="What a new database subscribes to: an OPML file, a Planet's config.ini, or `none`.",
)
REFRESH = option(
    "--refresh",
    env="PLANET_MCP_REFRESH",
    type=click.Choice(["on", "off"]),
    help="Refresh the feeds in the background.",
)
FETCH_ANY = option(
    "--fetch-any",
    env="PLANET_MCP_FETCH_ANY",
    is_flag=True,
    default=None,
    help="Let fetch_article fetch pages on any public host.",
)
READ_ONLY = option(
    "--read-only",
    env="PLANET_MCP_READ_ONLY",
    is_flag=True,
    default=None,
    help="Offer only the tools that read.",
)
HTTP = (
    option(
        "--token-file",
        env="PLANET_MCP_TOKEN_FILE",
        type=click.Path(path_type=Path),
        help="File with the bearer token that requests must carry.",
    ),
    option(
        "--allowed-host",
        env="PLANET_MCP_ALLOWED_HOSTS",
        multiple=True,
        help="Another name that clients reach the server by; may be repeated.",
    ),
)
PAGES = (
    option("--title", env="PLANET_MCP_TITLE", help="What the pages are called."),
    option(
        "--site-url",
        env="PLANET_MCP_SITE_URL",
        help="Where people reach the pages, such as https://planet.example.org/.",
    ),
    option(
        "--images",
        env="PLANET_MCP_IMAGES",
        type=click.Choice(["off", "proxy", "direct"]),
        help="Images of entries: as links, by this server, or from where they are.",
    ),
    option(
        "--script",
        env="PLANET_MCP_SCRIPT",
        is_flag=True,
        default=None,
        help="Let pages have a small script: keys, what you have read, a filter of feeds.",
    ),
    option(
        "--theme",
        env="PLANET_MCP_THEME",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        help="Folder with blocks of templates, a style sheet and faces of your own.",
    ),
)
NETWORK = (
    option(
        "--allow-networks",
        env="PLANET_MCP_ALLOW_NETWORKS",
        help="CIDRs, separated by commas, that may be fetched from although not public.",
    ),
    option(
        "--host-delay",
        env="PLANET_MCP_HOST_DELAY",
        type=float,
        help="Seconds between two requests to one domain.",
    ),
    option(
        "--host-concurrency",
        env="PLANET_MCP_HOST_CONCURRENCY",
        type=int,
        help="Requests at a time to one domain.",
    ),
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print the tool's structured result.")


def request_options(kind: type[Request], **defaults: object) -> Callable[[Command], Command]:
    """Give a command the fields of a request as options, but for the query, which is an argument.

    Their help texts, bounds and default values are those of the tool, but for `defaults`: people
    need not save characters as models do.
    """

    def decorate(command: Command) -> Command:
        for name, field in reversed(described(kind).items()):
            if name != "query":
                default = defaults.get(name, field.default)
                command = _request_option(name, field, default)(command)
        return command

    return decorate


def _request_option(name: str, field: "FieldInfo", default: object) -> Callable[[Command], Command]:
    several = any(_is_list(arm) for arm in get_args(field.annotation))
    return click.option(
        f"--{name.replace('_', '-')}",
        type=_type_of(field),
        default=default,
        show_default=default is not None,
        multiple=several,
        callback=_one_or_list if several else None,
        help=f"{field.description}{' May be repeated.' if several else ''}",
    )


def _is_list(arm: Any) -> bool:
    return get_origin(get_args(arm)[0] if hasattr(arm, "__metadata__") else arm) is list


def _one_or_list(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> Any:
    return list(values) if len(values) > 1 else next(iter(values), None)


def _type_of(field: "FieldInfo") -> "click.ParamType[Any]":
    """Return the type of an option, with the bounds that its field has."""
    if get_origin(field.annotation) is Literal:
        return click.Choice(get_args(field.annotation))
    if str in {field.annotation, *get_args(field.annotation)}:
        return click.STRING
    bounds = {
        name: getattr(bound, short)
        for name, short in (("min", "ge"), ("max", "le"))
        for bound in field.metadata
        if hasattr(bound, short)
    }
    return click.IntRange(**bounds)


class LogFormatter(logging.Formatter):
    """Writes each record so that nothing in it can pass for another one, or steer a terminal.

    A record may quote strangers: titles, addresses, texts of errors. It is one line, in which
    what is not printable is escaped; the lines of a traceback are set off. Secrets in addresses
    are left out.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        """Return the line of a record."""
        return _harmless(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802
        """Return a traceback, its lines set off."""
        lines = super().formatException(ei).split("\n")
        return "\n".join(f"    {_harmless(line)}" for line in lines)


def _harmless(line: str) -> str:
    text = redacted(line)
    if len(text) > LONGEST_LOG_LINE:
        text = f"{text[:LONGEST_LOG_LINE]}…"
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii")
        for each in text
    )


def _log(level: str, file: Path | None) -> None:
    """Log to stderr, or append to a file, which may be moved away meanwhile.

    Raises:
        SettingsError: The file cannot be written.
    """
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    if file is not None:
        path = file.expanduser()
        try:
            handler = WatchedFileHandler(path, encoding="utf-8")
        except OSError as error:
            raise SettingsError(f"PLANET_MCP_LOG_FILE: {path}: {error.strerror}.") from error
    when = "%(asctime)s " if file else ""
    handler.setFormatter(LogFormatter(f"{when}%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler])


def settings_from(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Give a command these settings as flags; it gets them as its first argument, validated."""

    def decorate(command: Command) -> Command:
        @click.pass_context
        def with_settings(ctx: click.Context, /, **given: Any) -> Any:
            outer: dict[str, Any] = ctx.obj if isinstance(ctx.obj, dict) else {}
            flags = {name: given.pop(name) for name in list(given) if name.startswith(PREFIX)}
            chosen = {k.removeprefix(PREFIX): v for k, v in flags.items() if v not in (None, ())}
            ctx.obj = {**outer, **chosen}
            if ctx.invoked_subcommand:
                return None
            settings = load(**ctx.obj)
            _log(settings.log_level, settings.log_file)
            for problem in unknown_variables():
                logger.warning(problem)
            return command(settings, **given)

        with_settings.__name__ = command.__name__
        with_settings.__doc__ = command.__doc__
        for add_flag in reversed((DATABASE, LOG_LEVEL, LOG_FILE, *options)):
            with_settings = add_flag(with_settings)
        return with_settings

    return decorate


@asynccontextmanager
async def _planet(settings: Settings) -> "AsyncIterator[Planet]":
    from planet_mcp.planet import open_planet  # deferred: --help needs none of it

    new = isinstance(settings.database, Path) and not settings.database.exists()
    root = cast("click.Group", click.get_current_context().find_root().command)
    collect_from_now_on()
    async with open_planet(settings, language=CommandLanguage(root)) as planet:
        if new:
            click.echo(f"planet-mcp: began a new planet in {settings.database}", err=True)
        yield planet


def require_database(settings: Settings) -> None:
    """Refuse to go on without a database: a path with a typing error is no new planet.

    Raises:
        StoreError: There is none, with the ways to begin one.
    """
    if not is_begun(settings.database):
        raise StoreError(f"There is no database at {settings.database}. {BEGINNING}")


def is_begun(database: Path | ServerAddress) -> bool:
    """Return whether there is a database to read; a server says that itself."""
    if isinstance(database, ServerAddress):
        return True
    return database.exists() and (not database.is_file() or database.stat().st_size > 0)


def collect_from_now_on() -> None:
    """Turn garbage collection on, but never among what loading has made, which stays."""
    gc.freeze()
    gc.enable()


def run_with(
    settings: Settings, work: "Callable[[Planet], Awaitable[R]]", *, begins: bool = False
) -> R:
    """Open the planet, do the work and return its result; `begins` makes a new one if need be.

    Raises:
        StoreError: There is no database, and this is no command that begins one.
    """
    if not begins:
        require_database(settings)

    async def run() -> R:
        async with _planet(settings) as planet:
            return await work(planet)

    return anyio.run(run)


def show(answer: "Answer[Result]", *, as_json: bool) -> None:
    """Print an answer: its text for a person, or the structured result."""
    if as_json:
        write(as_printable_json(answer.result.structured()))
    else:
        present(answer.text)


def present(text: str) -> None:
    """Print a text as people like it on a terminal, page by page if it is long; else as it is."""
    if not sys.stdout.isatty():
        write(text)
        return
    screen = shutil.get_terminal_size()
    styled = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    seen = as_seen(text, width=screen.columns, styled=styled)
    if seen.count("\n") < screen.lines - 1:
        click.echo(seen, file=sys.stdout, color=styled)
        return
    # For less: quit at once if the text fits, show bold print, leave the text on the screen.
    os.environ.setdefault("LESS", "FRX")
    click.echo_via_pager(seen, color=styled)


def write(text: str) -> None:
    """Print a text that may quote feeds, in the encoding of stdout.

    By itself, click would write UTF-8 where that is ASCII.
    """
    click.echo(text, file=sys.stdout)


def as_printable_json(value: Any) -> str:
    """Return JSON in which what the output cannot encode is escaped."""
    encoding = (sys.stdout.encoding or "").lower()
    return json.dumps(value, ensure_ascii=not encoding.startswith("utf"), indent=2)
