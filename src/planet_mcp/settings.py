"""Settings: flags, `PLANET_MCP_*` variables and defaults, validated once at the edge."""

import ipaddress
import os
import re
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from platformdirs import user_data_path
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
)

from planet_mcp.errors import SettingsError
from planet_mcp.models import ImageMode
from planet_mcp.periods import parse_age
from planet_mcp.urls import SERVER_SCHEMES, IPNetwork, ServerAddress, literal_address

ENV_PREFIX = "PLANET_MCP_"
DEFAULT_FEEDS = "planet-python"

MAX_PORT = 65_535

# A variable that nobody filled in: anywhere, and the bare ones that make up a folder's name.
_VARIABLE = re.compile(r"\$\{[^{}]*\}|\{\{[^{}]*\}\}")
_VARIABLE_IN_PATH = re.compile(r"(?:^|[/\\])(\$(?:env:)?[A-Za-z_]\w*|%[A-Za-z_]\w*%)(?=[/\\]|$)")
_QUOTES = ("'", '"', "`", "\u2018", "\u2019", "\u201c", "\u201d")

# How near a variable's name has to be to that of a setting, from 0 to 1.
_LIKENESS = 0.8

LEAST_KEPT, MOST_KEPT = timedelta(days=7), timedelta(days=36_525)

_SECRETS = frozenset({"database_replica", "proxy", "token"})
_PROXY = re.compile(
    r"https?://([^\s/@:?#]+(:[^\s/@?#]*)?@)?"
    r"(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:(?P<port>[0-9]{1,5}))?/?",
    re.IGNORECASE,
)
_SITE_URL = re.compile(
    r"https?://(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?(?:/[a-z0-9._~%/-]*)?", re.IGNORECASE
)


def _items(value: object) -> object:
    """Split what a variable lists; anything else is left to validation."""
    if not isinstance(value, str):
        return value
    return tuple(item.strip() for item in value.split(",") if item.strip())


def _networks(value: object) -> object:
    items = _items(value)
    return tuple(map(ipaddress.ip_network, items)) if isinstance(items, tuple) else items


def _proxy(value: SecretStr | None) -> SecretStr | None:
    if value is not None and not _is_proxy(value.get_secret_value()):
        raise ValueError("give http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT")
    return value


def _site_url(value: str | None) -> str | None:
    """Return the address with a slash at its end, as relative links are resolved against it."""
    if value is None:
        return None
    if not _SITE_URL.fullmatch(value):
        raise ValueError("give an http(s) address without a query, https://planet.example.org/")
    return f"{value.rstrip('/')}/"


def _is_proxy(url: str) -> bool:
    match = _PROXY.fullmatch(url)
    if match is None or not 0 < int(match["port"] or 80) <= MAX_PORT:
        return False
    return not match["host"].startswith("[") or literal_address(match["host"]) is not None


def _kept(value: object) -> object:
    """Read an age: not so short that something is deleted before anyone has seen it."""
    if not isinstance(value, str) or not value.strip():
        return value
    wrong = "give an age from 7d to 100y, such as 400d or 2y"
    try:
        age = parse_age(value)
    except ValueError:
        raise ValueError(wrong) from None
    if not LEAST_KEPT <= age <= MOST_KEPT:
        raise ValueError(wrong)
    return age


def _path(value: object) -> object:
    """Refuse a path that a shell or host was to make of another text, and did not."""
    text = "" if value is None else str(value)
    if text[:1] in _QUOTES or text[-1:] in _QUOTES:
        raise ValueError("the quotes are part of the path: leave them out")
    left = _VARIABLE_IN_PATH.search(text)
    if left:
        raise ValueError(f"{left[1]} was not filled in: write the path out")
    return value


def _database(value: object) -> object:
    """Read where the database is: a file, or what begins as an address of a server."""
    if isinstance(value, str) and value.startswith(SERVER_SCHEMES):
        return ServerAddress(value)
    return value if isinstance(value, ServerAddress) else Path(str(_path(value))).expanduser()


def _replica(value: object, others: ValidationInfo) -> object:
    if isinstance(value, str):
        if not value.startswith(SERVER_SCHEMES):
            raise ValueError("give the address of a server, postgresql://user@host/name")
        follows = isinstance(others.data.get("database"), ServerAddress)
        if not follows:
            raise ValueError("there is no server that it follows: PLANET_MCP_DATABASE is a file")
        return ServerAddress(value)
    return value


def _default_database() -> Path:
    return user_data_path("planet-mcp", appauthor=False) / "planet.sqlite"


class Settings(BaseModel):
    """Everything that a user can set; each field is also the variable `PLANET_MCP_<FIELD>`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    database: Annotated[Path | ServerAddress, BeforeValidator(_database)] = Field(
        default_factory=_default_database,
        description=(
            "The SQLite file that holds feeds and entries, or a PostgreSQL database: "
            "postgresql://user@host/name."
        ),
    )
    database_replica: Annotated[ServerAddress | None, BeforeValidator(_replica)] = Field(
        None,
        description=(
            "A copy of a PostgreSQL database that follows it, from which answers are read: "
            "postgresql://user@host/name."
        ),
    )
    feeds: Annotated[str, BeforeValidator(_path)] = Field(
        DEFAULT_FEEDS,
        description=(
            "What a new database subscribes to: an OPML file, a Planet's config.ini, or `none`. "
            "Without it, Planet Python's 567 feeds."
        ),
    )
    refresh: Literal["on", "off"] = Field(
        "on", description="Whether the server checks the feeds in the background."
    )
    allow_networks: Annotated[tuple[IPNetwork, ...], BeforeValidator(_networks)] = Field(
        (),
        description=(
            "Networks in CIDR notation, separated by commas, that may be fetched from although "
            "they are not public, on any port (for tests and intranets)."
        ),
    )
    proxy: Annotated[SecretStr | None, AfterValidator(_proxy)] = Field(
        None,
        description=(
            "An HTTP proxy that everything is fetched through, as http://HOST:PORT or "
            "http://USER:PASSWORD@HOST:PORT. It is trusted: it looks the names up, so here only "
            "the spelling of URLs and literal addresses are judged. Never a flag, since other "
            "users see those."
        ),
    )
    fetch_any: bool = Field(
        False,
        description="Let `fetch_article` fetch pages whose addresses stand in no stored entry.",
    )
    full_text: Literal["off", "teasers"] = Field(
        "off",
        description=(
            "With `teasers`, the pages of new entries that are only excerpts are fetched in the "
            "background, slowly and as robots.txt allows, so that search finds their whole text."
        ),
    )
    model: Annotated[str | None, BeforeValidator(_path)] = Field(
        None,
        min_length=1,
        description=(
            "The model for search by meaning: a folder with `model.onnx` and `tokenizer.json`, a "
            "name that `planet-mcp model` lists, or `off`. Without it, the model that "
            "`planet-mcp model fetch` has fetched, if any."
        ),
    )
    keep: Annotated[timedelta | None, BeforeValidator(_kept)] = Field(
        None,
        description=(
            "How long entries are kept, such as `2y` or `400d`: once a day, stories are deleted "
            "that are older, and were all stored longer ago. Without it, all are kept."
        ),
    )
    contact: str | None = Field(
        None,
        pattern=r"^(https?://|mailto:)[!-'*-~]{1,200}$",
        description=(
            "An http(s): or mailto: address, sent to publishers with each request, at which they "
            "reach whoever runs this server."
        ),
    )
    host_delay: float = Field(
        2.0,
        ge=0,
        le=3600,
        description="Seconds between two requests to one registrable domain or literal address.",
    )
    host_concurrency: int = Field(
        1,
        ge=1,
        le=64,
        description="Requests at a time to one registrable domain or literal address.",
    )
    token: SecretStr | None = Field(
        None,
        description=(
            "The bearer token that every HTTP request must carry; required to serve other "
            "machines. Never a flag, since other users see those."
        ),
    )
    token_file: Annotated[Path | None, BeforeValidator(_path)] = Field(
        None, description="A file with that token, instead of `PLANET_MCP_TOKEN`."
    )
    allowed_hosts: Annotated[tuple[str, ...], BeforeValidator(_items)] = Field(
        (),
        description=(
            "Names, separated by commas, that clients reach the HTTP server by, besides "
            "`localhost` and its address."
        ),
    )
    read_only: bool = Field(
        False,
        description="Offer only the tools that read: no `add_feeds`, `remove_feeds`, "
        "`refresh_feeds`.",
    )
    title: str | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="What the pages and feeds for people are called, for example `Planet Python`.",
    )
    site_url: Annotated[str | None, AfterValidator(_site_url)] = Field(
        None,
        description=(
            "Where people reach the pages, for example https://planet.example.org/. Without it, a "
            "server takes the name that it was asked by."
        ),
    )
    images: ImageMode = Field(
        "off",
        description=(
            "How pages show the images of entries: `off`, as links; `proxy`, from this server, "
            "which fetches each when it is first asked for and makes a small one of it without "
            "metadata, and the images of feeds as their faces (needs Pillow: `pip install "
            "'planet-mcp[pictures]'`); `direct`, from the sites that they are on, which then see "
            "who reads."
        ),
    )
    script: bool = Field(
        False,
        description=(
            "Let pages have a small script of their own: keys j, k and o, what you have read (kept "
            "in your browser alone), and a filter of the feeds. All works without it."
        ),
    )
    theme: Annotated[Path | None, BeforeValidator(_path)] = Field(
        None,
        description=(
            "A folder with what pages are to have instead: blocks of templates, `style.css`, "
            "`faces`. See docs/from-planet.md."
        ),
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "warning", description="What the server writes to stderr, or to its log file."
    )
    log_file: Annotated[Path | None, BeforeValidator(_path)] = Field(
        None, description="A file to which the log is appended, with times, instead of stderr."
    )


def load(**flags: Any) -> Settings:
    """Combine flags (None means not given), environment and defaults.

    Raises:
        SettingsError: A value is not allowed; the text names the variable and says what is.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    variables = {
        name: os.environ.get(f"{ENV_PREFIX}{name.upper()}") for name in Settings.model_fields
    }
    # An empty variable is how many tools unset one.
    environment = {name: value for name, value in variables.items() if value}
    _refuse_variables({**environment, **given}, given)
    try:
        return Settings.model_validate({**environment, **given})
    except ValidationError as error:
        raise SettingsError("; ".join(_explain(item, given) for item in error.errors())) from None


def _refuse_variables(values: dict[str, Any], flags: dict[str, Any]) -> None:
    """Refuse `${NAME}` in a value: whoever starts the server was to fill it in.

    As a path it would become a folder of that name, as a token one that everybody can guess.
    """
    for field, value in values.items():
        left = _VARIABLE.search(str(value))
        if left:
            raise SettingsError(
                f"{_spelled(field, flags)}: {left[0]} was not filled in: write its value out, or "
                "leave the setting out."
            )


def unknown_variables() -> list[str]:
    """Return what to say of variables that look like settings and are none, with the nearest one.

    They are no error: scripts around the server may have variables of that name.
    """
    known = [f"{ENV_PREFIX}{name.upper()}" for name in Settings.model_fields]
    found = []
    for variable in sorted(set(os.environ) - set(known)):
        nearest = get_close_matches(variable.upper(), known, n=1, cutoff=_LIKENESS)
        if variable.upper().startswith(ENV_PREFIX):
            hint = f"did you mean {nearest[0]}?" if nearest else "docs/settings.md lists them all."
            found.append(f"{variable} is not a setting: {hint}")
        elif nearest and variable.upper().startswith("PLANET"):
            found.append(f"{variable} is not a setting: did you mean {nearest[0]}?")
    return found


def _spelled(field: str, flags: dict[str, Any]) -> str:
    return f"--{field.replace('_', '-')}" if field in flags else f"{ENV_PREFIX}{field.upper()}"


def _explain(item: Any, flags: dict[str, Any]) -> str:
    field = str(item["loc"][0])
    reason = str(item["msg"]).removeprefix("Value error, ")
    shown = "" if field in _SECRETS else f" (got {item['input']!r})"
    return f"{_spelled(field, flags)}: {reason[:1].lower()}{reason[1:]}{shown}"
