"""Settings and requests as options of commands."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import click

from planet_mcp.cli.logs import log_to
from planet_mcp.requests import Request, described
from planet_mcp.settings import ENV_PREFIX, load, unknown_variables

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

PREFIX = "setting_"

logger = logging.getLogger(__name__)

Command = Callable[..., Any]


def option(flag: str, *, setting: str | None = None, **more: Any) -> Callable[[Command], Command]:
    """Return a flag of a setting: of the one of that name, unless it is named."""
    name = setting or flag.removeprefix("--").replace("-", "_")
    variable = f"{ENV_PREFIX}{name.upper()}"
    # With the prefix, a setting differs from a command's own parameter of the same name.
    return click.option(flag, PREFIX + name, help=f"{more.pop('help')} [{variable}]", **more)


DATABASE = option(
    "--database",
    type=click.Path(path_type=Path),
    help="The SQLite file with feeds and entries.",
)
LOG_LEVEL = option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    help="What goes to stderr, or to the log file.",
)
LOG_FILE = option(
    "--log-file",
    type=click.Path(path_type=Path),
    help="A file for the log, instead of stderr.",
)
FEEDS = option(
    "--feeds",
    help="What a new database subscribes to: an OPML file, a Planet's config.ini, or `none`.",
)
REFRESH = option(
    "--refresh",
    type=click.Choice(["on", "off"]),
    help="Refresh the feeds in the background.",
)
FETCH_ANY = option(
    "--fetch-any",
    is_flag=True,
    default=None,
    help="Let fetch_article fetch pages on any public host.",
)
READ_ONLY = option(
    "--read-only",
    is_flag=True,
    default=None,
    help="Offer only the tools that read.",
)
HTTP = (
    option(
        "--token-file",
        type=click.Path(path_type=Path),
        help="File with the bearer token that requests must carry.",
    ),
    option(
        "--allowed-host",
        setting="allowed_hosts",
        multiple=True,
        help="Another name that clients reach the server by; may be repeated.",
    ),
)
PAGES = (
    option("--title", help="What the pages are called."),
    option(
        "--site-url",
        help="Where people reach the pages, such as https://planet.example.org/.",
    ),
    option(
        "--images",
        type=click.Choice(["off", "proxy", "direct"]),
        help="Images of entries: as links, by this server, or from where they are.",
    ),
    option(
        "--script",
        is_flag=True,
        default=None,
        help="Let pages have a small script: keys, what you have read, a filter of feeds.",
    ),
    option(
        "--theme",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        help="Folder with blocks of templates, a style sheet and faces of your own.",
    ),
)
NETWORK = (
    option(
        "--allow-networks",
        help="CIDRs, separated by commas, that may be fetched from although not public.",
    ),
    option(
        "--host-delay",
        type=float,
        help="Seconds between two requests to one domain.",
    ),
    option(
        "--host-concurrency",
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
            log_to(settings.log_level, settings.log_file)
            for problem in unknown_variables():
                logger.warning(problem)
            return command(settings, **given)

        with_settings.__name__ = command.__name__
        with_settings.__doc__ = command.__doc__
        for add_flag in reversed((DATABASE, LOG_LEVEL, LOG_FILE, *options)):
            with_settings = add_flag(with_settings)
        return with_settings

    return decorate
