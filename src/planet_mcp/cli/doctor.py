"""What could be wrong with a planet, and what to do about it."""

import os
import platform
import shutil
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import anyio

from planet_mcp import __version__
from planet_mcp.cli.running import BEGINNING, is_begun
from planet_mcp.embedding import NoModel, chosen_model
from planet_mcp.errors import (
    BlockedAddressError,
    BlockedUrlError,
    DeadlineError,
    FetchError,
    HostFileError,
    SettingsError,
    StoreError,
    UnreachableError,
)
from planet_mcp.feeds import lease_of
from planet_mcp.hosts import HOSTS, Host, Machine, Scope, servers_in
from planet_mcp.models import Feed, FeedStatus
from planet_mcp.planet import STALE_AFTER, web_of
from planet_mcp.settings import DEFAULT_FEEDS, Settings, unknown_variables
from planet_mcp.store import Store
from planet_mcp.times import stamp
from planet_mcp.urls import ServerAddress, host_of, registrable_domain

LEAST_FREE = 200 * 2**20
HOSTS_TRIED = 3
SCOPES: tuple[Scope, ...] = ("user", "project")
REASONS_SHOWN = 3
_GIGABYTE, _MEGABYTE = 1e9, 1e6

_NO_ANSWER = (BlockedAddressError, BlockedUrlError, DeadlineError, UnreachableError)

State = Literal["ok", "note", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at and how it is; `text` says what to do where something is wrong."""

    topic: str
    state: State
    text: str


async def examine(
    settings: Settings, machine: Machine, *, clock: Callable[[], datetime]
) -> AsyncIterator[Finding]:
    """Look at everything that a planet needs; each finding comes as soon as it is known."""
    yield _program()
    for problem in unknown_variables():
        yield Finding("settings", "note", problem)
    for finding in _hosts(machine):
        yield finding
    unusable = _unusable(settings)
    if unusable:
        yield Finding("database", "wrong", unusable)
        return
    if isinstance(settings.database, Path):
        yield _disk(settings.database)
    if not is_begun(settings.database):
        yield Finding(
            "database",
            "wrong",
            f"{settings.database} is not there. {BEGINNING}",
        )
        return
    try:
        store = await anyio.to_thread.run_sync(lambda: Store(settings.database))
    except StoreError as error:
        yield Finding("database", "wrong", str(error))
        return
    try:
        async for finding in _planet(store, settings, clock()):
            yield finding
    finally:
        store.close()


async def _planet(store: Store, settings: Settings, now: datetime) -> AsyncIterator[Finding]:
    yield _database(store)
    yield await anyio.to_thread.run_sync(lambda: _index(store))
    yield _refresher(store, settings)
    yield await anyio.to_thread.run_sync(lambda: _meaning(store, settings))
    feeds = await anyio.to_thread.run_sync(lambda: store.feeds.subscribed(now=now))
    for finding in _feeds(store, feeds, now):
        yield finding
    yield await _network(settings, store, feeds)


def _unusable(settings: Settings) -> str | None:
    """Return why a first start would fail; None if it would not."""
    if isinstance(settings.database, ServerAddress) or is_begun(settings.database):
        return None
    folder = _folder(settings.database)
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        return f"{settings.database} cannot be made: nothing may be written in {folder}."
    if settings.feeds not in {"none", DEFAULT_FEEDS}:
        feeds = Path(settings.feeds).expanduser()
        if not os.access(feeds, os.R_OK):
            return f"PLANET_MCP_FEEDS: {feeds} cannot be read. Name an OPML file, or `none`."
    return None


def _folder(path: Path) -> Path:
    """Return the nearest folder above that exists."""
    return next(folder for folder in path.absolute().parents if folder.exists())


def _program() -> Finding:
    return Finding(
        "program",
        "ok",
        f"planet-mcp {__version__}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, {platform.system()} {platform.machine()}",
    )


def _hosts(machine: Machine) -> Iterator[Finding]:
    """Find which MCP hosts start this program, and whether what they start is there."""
    findings = [
        finding
        for host in HOSTS.values()
        for scope in SCOPES
        if scope == "user" or host.project_file
        for finding in _host(host, scope, machine)
    ]
    yield from findings or [
        Finding("hosts", "note", "none starts planet-mcp: `planet-mcp install claude-code`, say.")
    ]


def _host(host: Host, scope: Scope, machine: Machine) -> Iterator[Finding]:
    try:
        path, servers = servers_in(host, scope, machine)
    except HostFileError as error:
        yield Finding("hosts", "wrong", f"{host.title}: {error}. Repair that file.")
        return
    for name, entry in servers.items():
        command = str(entry["command"])
        where = "" if scope == "user" else f" --scope {scope}"
        where += "" if name == "planet" else f" --name {name}"
        if shutil.which(command):
            yield Finding("hosts", "ok", f"{host.title} starts {name!r} ({path})")
        else:
            yield Finding(
                "hosts",
                "wrong",
                f"{host.title} is to start {command}, which is not there ({path}): "
                f"`planet-mcp install {host.name}{where}` writes another path.",
            )


def _disk(database: Path) -> Finding:
    free = shutil.disk_usage(_folder(database)).free
    text = f"{free / _GIGABYTE:.1f} GB free for {database}"
    if free < LEAST_FREE:
        return Finding("disk", "wrong", f"{text}: free some space, or nothing new can be stored.")
    return Finding("disk", "ok", text)


def _database(store: Store) -> Finding:
    summary, size = store.feeds.summary(), store.health.size()
    text = f"{store.path}: entries: {summary.entries}, {size / _MEGABYTE:.1f} MB"
    if store.read_only:
        return Finding("database", "note", f"{text}. {store.read_only}")
    problem = store.why_not_writable()
    if problem:
        return Finding("database", "wrong", f"{text}. {problem}")
    return Finding("database", "ok", text)


def _index(store: Store) -> Finding:
    try:
        problems = store.health.problems()
    except StoreError as error:
        return Finding("index", "wrong", str(error))
    if problems:
        return Finding(
            "index",
            "wrong",
            f"{'; '.join(problems)}. `planet-mcp check --repair` mends what can be mended.",
        )
    if store.read_only:
        return Finding("index", "note", "the index can be checked by who may write the database")
    return Finding("index", "ok", "the database and its full-text index are sound")


def _refresher(store: Store, settings: Settings) -> Finding:
    if settings.refresh == "off":
        return Finding("refresher", "note", "PLANET_MCP_REFRESH is off: this user refreshes none.")
    lease = lease_of(store)
    if not (lease.holder() if store.read_only else lease.is_taken()):
        return Finding(
            "refresher", "note", "nobody refreshes now: feeds are checked while a server runs."
        )
    holder = lease.holder()
    return Finding("refresher", "ok", f"process {holder or '?'} checks the feeds")


def _meaning(store: Store, settings: Settings) -> Finding:
    """Find which model there is, and how many entries have vectors of it."""
    model = chosen_model(settings.model)
    if isinstance(model, NoModel):
        state: State = "wrong" if model.is_asked_for else "note"
        return Finding("meaning", state, f"search is by words alone. {model.reason}")
    encoded = store.vectors.encoded(model.id)
    text = f"{encoded.entries} of {encoded.of} entries have vectors of {model.name}"
    if encoded.is_complete:
        return Finding("meaning", "ok", text)
    return Finding("meaning", "note", f"{text}; whoever checks the feeds makes the others")


def _feeds(store: Store, feeds: list[Feed], now: datetime) -> Iterator[Finding]:
    if not feeds:
        yield Finding("feeds", "note", "none is followed: `planet-mcp add URL` follows one.")
        return
    failing = [feed for feed in feeds if feed.status is FeedStatus.FAILING]
    checked = [feed for feed in feeds if feed.checked_at]
    text = f"{len(feeds)} followed, {len(feeds) - len(checked)} never checked"
    if failing:
        text += (
            f", {len(failing)} failing ({_reasons(failing)}); `planet-mcp feeds --status failing`"
        )
    most_fail = len(failing) * 2 > len(checked)
    fine: State = "ok" if checked else "note"
    yield Finding("feeds", "wrong" if most_fail and len(failing) > 1 else fine, text)
    success = store.feeds.summary().last_success_at
    if checked and (success is None or now - success > STALE_AFTER):
        since = f"since {stamp(success)}" if success else "ever"
        yield Finding(
            "feeds",
            "wrong",
            f"no feed could be checked {since}. Keep a server running, or run "
            "`planet-mcp refresh`, and see what it says.",
        )


def _reasons(failing: list[Feed]) -> str:
    reasons = Counter((feed.problem or "?").replace(feed.url, "it").rstrip(".") for feed in failing)
    return "; ".join(f"{count} x {reason}" for reason, count in reasons.most_common(REASONS_SHOWN))


async def _network(settings: Settings, store: Store, feeds: list[Feed]) -> Finding:
    """Ask for one feed, conditionally; any answer of its server is good."""
    tried: dict[str, Feed] = {}
    for feed in sorted(feeds, key=lambda feed: (feed.errors, not feed.validators)):
        tried.setdefault(registrable_domain(host_of(feed.url)), feed)
    if not tried:
        return Finding("network", "note", "not tried: there is no feed to ask for")
    asked = list(tried.values())[:HOSTS_TRIED]
    problem = ""
    async with web_of(settings, store) as web:
        for feed in asked:
            try:
                await web.get_if_changed(feed.url, feed.validators)
            except _NO_ANSWER as error:
                problem = str(error)
                continue
            except SettingsError as error:
                return Finding("network", "wrong", str(error))
            except FetchError:
                pass  # it did answer
            return Finding("network", "ok", f"{host_of(feed.url)} answers")
    return Finding(
        "network",
        "wrong",
        f"none of {len(asked)} hosts can be reached ({problem})"
        f"{'' if 'SSL_CERT_FILE' in problem else ': is this machine online?'}",
    )
