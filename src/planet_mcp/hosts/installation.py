"""Add this server to a host's configuration file, or take it away, and report what was done."""

import json
import os
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path, PurePath
from typing import Any

from planet_mcp.errors import ArgumentError, HostFileError
from planet_mcp.hosts import jsonc
from planet_mcp.hosts.entries import added, removed, starts_planet_mcp
from planet_mcp.hosts.files import HostFile
from planet_mcp.hosts.known import Entry, Host, Machine, Scope, config_path

USUAL_NAME = "planet"


def this_machine() -> Machine:
    """Return what the paths of this user's configuration files depend on."""
    return Machine(sys.platform, Path.home(), Path.cwd(), os.environ)


class Installation:
    """The entry of one name in a host's configuration: `add` writes it, `undo` removes it."""

    def __init__(
        self, host: Host, machine: Machine, *, scope: Scope, name: str, force: bool = False
    ) -> None:
        """Find the file.

        Raises:
            ArgumentError: The host has none of that scope.
        """
        self._host, self._name, self._scope, self._force = host, name, scope, force
        self.path = Path(config_path(host, scope, machine, _exists))

    def block(self, entry: Entry) -> str:
        """Return what to add by hand for an entry."""
        return json.dumps(added(self._host, {}, self._name, entry), ensure_ascii=False, indent=2)

    def add(self, entry: Entry) -> list[str]:
        """Write an entry; returns what was done and what comes next.

        Raises:
            HostFileError: The file cannot be read, understood or written.
            ArgumentError: Another program's entry has that name, and it is not forced.
        """
        file, before = self._read()
        text, now = before.with_entry(entry, force=self._force)
        if text == file.text:
            return [f"{self.path} has this server already. Nothing was written."]
        lines = self._replace(file, text, had=before.entry)
        lines += [_changes(before.entry, now), self._host.afterwards]
        if self._scope == "project" and self._host.in_project:
            lines.append(self._host.in_project)
        return [*lines, f"To undo: {self._undoing()}"]

    def undo(self) -> list[str]:
        """Take the entry away; returns what was done.

        Raises:
            HostFileError: The file cannot be read, understood or written.
            ArgumentError: It is another program's, and it is not forced.
        """
        file, before = self._read()
        if before.entry is None:
            return [f"{self.path} has no server {self._name!r}. Nothing was written."]
        text = before.without_entry(force=self._force)
        no_more = f"{self._host.title} starts {self._name!r} no more."
        former = self._former(file, before.entry)
        if former:
            file.restore(former)
            return [f"As it was before: {self.path}", no_more]
        if not file.backups() and jsonc.read(text, strict=False) == {self._host.servers: {}}:
            file.remove()
            return [f"Removed, as nothing else is in it: {self.path}", no_more]
        return [*self._replace(file, text, had=before.entry), no_more]

    def _former(self, file: HostFile, entry: Entry) -> Path | None:
        """Return the copy from before the entry was added, if nothing else was changed since."""
        for copy in reversed(file.backups()):
            with suppress(HostFileError, ArgumentError):
                before = Configuration(self._host, HostFile(copy), self._name)
                if before.entry is None and before.with_entry(entry, force=False)[0] == file.text:
                    return copy
        return None

    def _read(self) -> "tuple[HostFile, Configuration]":
        file = HostFile(self.path)
        return file, Configuration(self._host, file, self._name)

    def _replace(self, file: HostFile, text: str, *, had: Entry | None) -> list[str]:
        # Only one copy is kept, of the file before it had an entry of ours.
        keep = not file.backups() or had is None or not starts_planet_mcp(had)
        now = datetime.now().astimezone()
        backup = file.replace(text, private=self._scope == "user", now=now, keep=keep)
        kept = [f"As it was before: {backup}"] if backup else []
        return [f"Written: {self.path}", *kept]

    def _undoing(self) -> str:
        scope = "" if self._scope == "user" else f" --scope {self._scope}"
        name = "" if self._name == USUAL_NAME else f" --name {self._name}"
        return f"planet-mcp install {self._host.name}{scope}{name} --undo"


def servers_in(host: Host, scope: Scope, machine: Machine) -> tuple[Path, dict[str, Entry]]:
    """Return a host's file and the servers of this program that it names.

    Raises:
        ArgumentError: The host has no file of that scope.
        HostFileError: The file cannot be read or understood.
    """
    path = Path(config_path(host, scope, machine, _exists))
    text = HostFile(path).text
    try:
        document = jsonc.read(text, strict=host.strict) if text.strip() else {}
    except ValueError as error:
        raise HostFileError(f"{path} cannot be understood: {error}") from None
    servers = document.get(host.servers) if isinstance(document, dict) else None
    found = servers.items() if isinstance(servers, dict) else ()
    # Entries with a URL do not count: many servers on the web have one like ours.
    read = {name: host.read(entry) for name, entry in found if isinstance(entry, dict)}
    ours = {name for name, entry in read.items() if "command" in entry and starts_planet_mcp(entry)}
    return path, {name: entry for name, entry in read.items() if name in ours}


def _changes(before: Entry | None, now: Entry) -> str:
    """Return what differs from the entry that was there, without values that may be secret."""
    if before is None:
        return "Added."
    shown = {"type", "command", "args", "url"}
    names = [key for key in {**before, **now} if before.get(key) != now.get(key)]
    replaced = [f"{key} (was {before.get(key)!r})" if key in shown else key for key in names]
    kept = [key for key in before if key not in names]
    return f"Replaced: {', '.join(replaced)}. Kept: {', '.join(kept) or 'nothing'}."


def _exists(path: PurePath) -> bool:
    return Path(path).exists()


class Configuration:
    """A host's configuration as it is, and its text with and without an entry."""

    def __init__(self, host: Host, file: HostFile, name: str) -> None:
        """Parse the file.

        Raises:
            HostFileError: It is malformed, or its servers are no object.
        """
        self._host, self._file, self._name = host, file, name
        try:
            self._document = jsonc.read(file.text, strict=host.strict)
        except ValueError as error:
            raise self._unusable(str(error)) from None
        self.entry = self._entry()

    def with_entry(self, entry: Entry, *, force: bool) -> tuple[str, Entry]:
        """Return the file's text with this entry, and the entry with what it keeps.

        Raises:
            ArgumentError: Another program's entry has that name, and it is not forced.
        """
        document, before = self._document, self.entry or {}
        if "url" not in before or before["url"] != entry.get("url"):
            other = f"Take another name (--name {self._name}-feeds); or --force"
            self._check_owner(other, force=force)
            if before and not starts_planet_mcp(before):
                document = removed(self._host, document, self._name)
        wanted = added(self._host, document, self._name, entry)
        now: Entry = self._host.read(wanted[self._host.servers][self._name])
        return jsonc.rewrite(self._file.text, wanted), now

    def without_entry(self, *, force: bool) -> str:
        """Return the file's text without the entry.

        Raises:
            ArgumentError: It is another program's, and it is not forced.
        """
        self._check_owner("It was left there; with --force it goes", force=force)
        return jsonc.rewrite(self._file.text, removed(self._host, self._document, self._name))

    def _entry(self) -> Entry | None:
        servers: Any = self._document
        if isinstance(servers, dict):
            servers = servers.get(self._host.servers, {})
        if not isinstance(servers, dict):
            raise self._unusable(f"{self._host.servers!r} should be an object in an object")
        entry = servers.get(self._name)
        if self._name in servers and not isinstance(entry, dict):
            raise self._unusable(f"{self._name!r} should be an object")
        return entry and self._host.read(entry)

    def _check_owner(self, advice: str, *, force: bool) -> None:
        if force or self.entry is None or starts_planet_mcp(self.entry):
            return
        raise ArgumentError(
            f"{self._name!r} in {self._file.path} is another server. {advice}, and a copy of the "
            "file is kept."
        )

    def _unusable(self, problem: str) -> HostFileError:
        return HostFileError(
            f"{self._file.path} is not what {self._host.title} reads: {problem}. Nothing was "
            "changed; repair it, or add by hand what --print shows."
        )
