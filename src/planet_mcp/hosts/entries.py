"""Entries of servers in a host's configuration: made, recognised, added and removed (pure)."""

import ipaddress
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from planet_mcp.errors import ArgumentError
from planet_mcp.hosts.known import ASKED_TOKEN, TOKEN, TOKEN_INPUT, Entry, Host

_LAUNCH = ("type", "command", "args", "url")
_COMMAND = re.compile(r"(?:^|[\\/])planet-mcp(?:\.exe)?$")
_UV_CACHE = re.compile(r"[\\/](?:archive|environments|builds)-v\d+[\\/]")


def start_command(program: str, python: str, source: str | None, uvx: str) -> list[str]:
    """Return the command with which a host starts the program that runs now.

    `source` is what the package was installed from, where it was not an index.
    """
    # A program in uv's cache is not named, as `uv cache clean` removes it: uvx starts it anew.
    if _UV_CACHE.search(program) or _UV_CACHE.search(python):
        return [uvx, *(["--from", source] if source else []), "planet-mcp"]
    return [program] if _COMMAND.search(program) else [python, "-m", "planet_mcp"]


def installed_from(direct_url: str | None) -> str | None:
    """Return what a package was installed from by its direct_url.json (PEP 610), None for an index.

    It is a folder, an archive or a repository, as pip and uv take it.
    """
    if not direct_url:
        return None
    source = json.loads(direct_url)
    url: str = source["url"]
    if vcs := source.get("vcs_info"):
        revision = vcs.get("requested_revision")
        return f"{vcs['vcs']}+{url}{f'@{revision}' if revision else ''}"
    return url


def local_entry(host: Host, command: Sequence[str], env: Mapping[str, str]) -> Entry:
    """Return the entry that starts a server of the host's own over stdio.

    Raises:
        ArgumentError: The command or a setting cannot be written in JSON.
    """
    kind = {"type": "stdio"} if "stdio" in host.typed else {}
    entry = {**kind, "command": command[0], "args": list(command[1:]), "env": dict(env)}
    try:
        json.dumps(entry, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise ArgumentError(
            f"A configuration cannot name {[*command, *env.values()]!a}: it is not UTF-8."
        ) from None
    return entry


def http_entry(host: Host, url: str, *, token: bool) -> Entry:
    """Return the entry for a server that runs elsewhere; the token is referred to, never written.

    Raises:
        ArgumentError: The host takes no such entry.
    """
    if host.token is None:
        raise ArgumentError(
            f"{host.title} reads no HTTP servers from its configuration, or no token from the "
            "environment. Without --http it starts a server of its own, which shares the database "
            f"of others on this machine.{host.without_http}"
        )
    kind = {"type": "http"} if "http" in host.typed else {}
    headers = {"headers": {"Authorization": f"Bearer {host.token}"}} if token else {}
    return {**kind, "url": url, **headers}


def server_url(raw: str) -> str:
    """Return the URL of a server's MCP endpoint: `/mcp` when only the server is named.

    Raises:
        ArgumentError: It is no http(s) URL, or holds a password.
    """
    try:
        parts = urlsplit(raw.strip())
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or re.search(r"[\s\x00-\x1f\x7f]", raw.strip()):
        raise ArgumentError(f"--http: {raw!r} is no address such as http://127.0.0.1:8000/mcp.")
    if "@" in parts.netloc:
        raise ArgumentError(
            f"--http: the address must hold no password; the server's token goes into {TOKEN}."
        )
    path = parts.path.rstrip("/") or "/mcp"
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def is_this_machine(url: str) -> bool:
    """Return whether a URL leads to this machine."""
    name = urlsplit(url).hostname or ""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def starts_planet_mcp(entry: Entry) -> bool:
    """Return whether an entry is of this program.

    `uvx planet-mcp` is not: the package of that name on PyPI is another program. An entry with a
    URL is, if it leads to this machine's `/mcp` or refers to our token: many servers elsewhere
    have a URL like ours.
    """
    args = entry.get("args")
    args = args if isinstance(args, list) else []
    return (
        bool(_COMMAND.search(str(entry.get("command", ""))))
        or "planet_mcp" in args
        or ("planet-mcp" in args and len(args) > 1)
        or _is_our_address(entry)
    )


def _is_our_address(entry: Entry) -> bool:
    url = str(entry.get("url", ""))
    headers = json.dumps(_mapping(entry, "headers"))
    if TOKEN in headers or ASKED_TOKEN in headers:
        return True
    return is_this_machine(url) and urlsplit(url).path.endswith("/mcp")


def added(host: Host, document: Any, name: str, entry: Entry) -> dict[str, Any]:
    """Return a configuration with an entry; it keeps what else the one of that name had.

    That is its variables and headers, and keys that are its host's own.
    """
    servers = {**document.get(host.servers, {})}
    servers[name] = host.written(_merged(host.read(servers.get(name, {})), entry))
    return _with_inputs({**document, host.servers: servers})


def removed(host: Host, document: Any, name: str) -> dict[str, Any]:
    """Return a configuration without the entry of a name."""
    servers = {key: value for key, value in document[host.servers].items() if key != name}
    return _with_inputs({**document, host.servers: servers})


def _merged(old: Entry, new: Entry) -> Entry:
    kept = {key: value for key, value in old.items() if key not in _LAUNCH}
    if "command" in new:
        kept.pop("headers", None)
        return {**kept, **new, "env": {**_mapping(old, "env"), **new["env"]}}
    kept.pop("env", None)
    given, own = _mapping(new, "headers"), _mapping(kept, "headers")
    if urlsplit(str(old.get("url", ""))).netloc != urlsplit(new["url"]).netloc:
        kept.pop("headers", None)  # what was meant for one server is not sent to another
    elif own:
        names = {name.lower() for name in own}
        given = {**own, **{k: v for k, v in given.items() if k.lower() not in names}}
    return {**kept, **new, **({"headers": given} if given else {})}


def _mapping(entry: Entry, key: str) -> dict[str, Any]:
    value = entry.get(key)
    return value if isinstance(value, dict) else {}


def _with_inputs(document: dict[str, Any]) -> dict[str, Any]:
    """Let VS Code ask for the token exactly if an entry refers to it."""
    rest = {key: value for key, value in document.items() if key != "inputs"}
    inputs = document.get("inputs")
    needed = ASKED_TOKEN in json.dumps(rest)
    others = inputs if isinstance(inputs, list) else []
    known = [item for item in others if _id_of(item) == TOKEN_INPUT["id"]]
    if needed == bool(known):
        return document
    if needed:
        return {**document, "inputs": [*others, TOKEN_INPUT]}
    return {**document, "inputs": [item for item in others if item not in known]}


def _id_of(item: Any) -> Any:
    return item.get("id") if isinstance(item, dict) else None
