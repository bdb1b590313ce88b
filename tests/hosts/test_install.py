"""`planet-mcp install`: an entry gets into a host's configuration and out, and all else stays."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from planet_mcp.cli import main
from planet_mcp.cli.install import HOST_NAMES
from planet_mcp.errors import HostFileError
from planet_mcp.hosts import COMMAND_HOSTS, HOSTS, Machine, installed_from, start_command
from planet_mcp.hosts.entries import added, local_entry, removed
from planet_mcp.hosts.files import HostFile
from planet_mcp.hosts.jsonc import read, rewrite
from planet_mcp.hosts.known import Scope, config_path
from tests.support.programs import COMMAND, environment

PROGRAM = "/opt/planet/.venv/bin/planet-mcp"
LOCAL = {"command": PROGRAM, "args": [], "env": {}}
STDIO = {"type": "stdio", **LOCAL}
TOKEN = "PLANET_MCP_TOKEN"


@dataclass
class Done:
    """What a command said."""

    out: str
    err: str


class Desk:
    """A person's machine: a home, a project, and the command."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home = folder / "home"
        self.project = folder / "project"
        self._capsys = capsys
        self.program = PROGRAM

    def install(self, *arguments: str, code: int = 0) -> Done:
        argv, sys.argv = sys.argv, [self.program, "install", *arguments]
        try:
            assert main() == code, self._capsys.readouterr()
        finally:
            sys.argv = argv
        captured = self._capsys.readouterr()
        return Done(captured.out, captured.err)

    def file(self, path: str, text: str | None = None) -> Path:
        """Return a file in the home folder, with this text if there is one."""
        file = self.home / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if text is not None:
            file.write_bytes(text.encode())
        return file

    def everything(self) -> dict[str, bytes]:
        """Return all files."""
        files = [file for file in self.home.parent.rglob("*") if file.is_file()]
        return {str(file): file.read_bytes() for file in files}


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    desk = Desk(tmp_path, capsys)
    desk.home.mkdir()
    desk.project.mkdir()
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(desk.home))
    for name in ("XDG_CONFIG_HOME", "CLAUDE_CONFIG_DIR", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(desk.project)
    return desk


def loaded(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def backups(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}.backup-*"))


def test_the_command_knows_all_hosts() -> None:
    assert (*HOSTS, *COMMAND_HOSTS) == HOST_NAMES


@pytest.mark.parametrize(
    ("host", "scope", "path", "document"),
    [
        ("claude-code", "user", ".claude.json", {"mcpServers": {"planet": STDIO}}),
        ("claude-code", "project", "../project/.mcp.json", {"mcpServers": {"planet": STDIO}}),
        ("vscode", "project", "../project/.vscode/mcp.json", {"servers": {"planet": STDIO}}),
        ("cursor", "user", ".cursor/mcp.json", {"mcpServers": {"planet": STDIO}}),
        ("cursor", "project", "../project/.cursor/mcp.json", {"mcpServers": {"planet": STDIO}}),
    ],
)
def test_a_file_that_does_not_exist_is_begun(
    host: str, scope: str, path: str, document: dict[str, Any], desk: Desk
) -> None:
    done = desk.install(host, "--scope", scope)

    file = (desk.home / path).resolve()
    assert loaded(file) == document
    assert f"Written: {file}\nAdded.\n" in done.out
    assert "before" not in done.out
    assert backups(file) == []
    assert f"To undo: planet-mcp install {host}" in done.out
    assert "9 tools" in done.err
    if os.name == "posix":
        assert (file.stat().st_mode & 0o077 == 0) == (scope == "user")


@pytest.mark.skipif(sys.platform != "linux", reason="the paths of Linux; all are tested below")
@pytest.mark.parametrize(
    ("host", "path", "key", "entry"),
    [
        ("vscode", ".config/Code/User/mcp.json", "servers", STDIO),
        ("claude-desktop", ".config/Claude/claude_desktop_config.json", "mcpServers", LOCAL),
    ],
)
def test_desktop_programs_have_their_own_folders(
    host: str, path: str, key: str, entry: dict[str, Any], desk: Desk
) -> None:
    desk.install(host)
    assert loaded(desk.home / path) == {key: {"planet": entry}}


def test_without_an_option_it_is_for_all_projects(desk: Desk) -> None:
    desk.install("cursor")
    assert list(desk.everything()) == [str(desk.home / ".cursor/mcp.json")]


def test_a_second_time_nothing_is_written(desk: Desk) -> None:
    desk.install("claude-code")
    before = desk.everything()

    done = desk.install("claude-code")

    assert "has this server already. Nothing was written." in done.out
    assert desk.everything() == before


# Everything else stays

SETTINGS = """\
{
  "numStartups": 12,
  "big": 12345678901234567890, "real": 1.0, "escaped": "\\u00e9\\/",
  "projects": {"/home/ada": {"mcpServers": {"planet": {"command": "other"}}}},
  "mcpServers": {
    "other": {
      "command": "other"
    }
  },
  "last": [1, 2]
}"""


def test_only_the_entry_is_inserted(desk: Desk) -> None:
    file = desk.file(".claude.json", SETTINGS)

    done = desk.install("claude-code")

    inserted = f"""\
    }},
    "planet": {{
      "type": "stdio",
      "command": "{PROGRAM}",
      "args": [],
      "env": {{}}
    }}
  }},
  "last": [1, 2]
"""
    assert file.read_text() == SETTINGS.replace('    }\n  },\n  "last": [1, 2]\n', inserted)
    [backup] = backups(file)
    assert backup.read_text() == SETTINGS
    assert f"As it was before: {backup}" in done.out
    assert re.fullmatch(r"\.claude\.json\.backup-\d{8}T\d{6}", backup.name)


def test_undoing_leaves_what_was_there(desk: Desk) -> None:
    file = desk.file(".claude.json", SETTINGS)
    desk.install("claude-code")

    done = desk.install("claude-code", "--undo")

    assert file.read_text() == SETTINGS
    assert backups(file) == []
    assert "starts 'planet' no more" in done.out
    assert "has no server 'planet'" in desk.install("claude-code", "--undo").out


VSCODE = """\
// Servers of this project
{
\t"servers": {
\t\t"other": { "command": "other" }, // keep this
\t\t/* and
\t\t   this */
\t},
\t"inputs": [], // none yet
}
"""
WITH_PLANET = """\
// Servers of this project
{
\t"servers": {
\t\t"other": { "command": "other" }, // keep this
\t\t/* and
\t\t   this */
\t\t"planet": {
\t\t\t"type": "stdio",
\t\t\t"command": "/opt/planet/.venv/bin/planet-mcp",
\t\t\t"args": [],
\t\t\t"env": {}
\t\t}
\t},
\t"inputs": [], // none yet
}
"""


@pytest.mark.parametrize("begin", ["", "\ufeff"], ids=["plain", "byte order mark"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_comments_tabs_and_line_ends_stay(begin: str, newline: str, desk: Desk) -> None:
    file = desk.file("../project/.vscode/mcp.json", begin + VSCODE.replace("\n", newline))

    desk.install("vscode", "--scope", "project")

    assert file.read_bytes().decode() == begin + WITH_PLANET.replace("\n", newline)
    desk.install("vscode", "--scope", "project", "--undo")
    assert read(file.read_bytes().decode().removeprefix(begin)) == read(VSCODE)
    assert "// keep this" in file.read_text()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{}", '{\n  "servers": {\n    "a": 1\n  }\n}'),
        ("", '{\n  "servers": {\n    "a": 1\n  }\n}\n'),
        (" \n", '{\n  "servers": {\n    "a": 1\n  }\n}\n'),
        ("// none", '// none\n{\n  "servers": {\n    "a": 1\n  }\n}\n'),
        ('{"x": 1}', '{"x": 1, "servers": {"a": 1}}'),
        ('{"servers":{}}', '{"servers":{"a": 1}}'),
        ('{"servers":{"b":2,}}', '{"servers":{"b":2, "a": 1}}'),
        ('{"servers":{"b":2}, /* c */}', '{"servers":{"b":2, "a": 1}, /* c */}'),
        ('{\n "servers": {\n }\n}', '{\n "servers": {\n  "a": 1\n }\n}'),
        ('{\n "servers": {"b": 2} // c\n}', '{\n "servers": {"b": 2, "a": 1} // c\n}'),
        ('{"servers": { // c\n}}', '{"servers": { // c\n  "a": 1\n}}'),
        ('{ "x": 1,\n  "y": 2 }', '{ "x": 1,\n  "y": 2,\n  "servers": {\n    "a": 1\n  }\n}'),
        (
            '{"servers": {"a": 0}, "servers": {"a": 2}}',
            '{"servers": {"a": 0}, "servers": {"a": 1}}',
        ),
    ],
)
def test_what_is_added_looks_like_the_rest(before: str, after: str) -> None:
    servers = read(before).get("servers", {})
    assert rewrite(before, {**read(before), "servers": {**servers, "a": 1}}) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"a": 1}', "{}"),
        ('{\n  "a": 1,\n}', "{}"),
        ('{"a": 1, "b": 2}', '{"b": 2}'),
        ('{"b": 2, "a": 1}', '{"b": 2}'),
        ('{"b": 2, "a": 1, "c": 3}', '{"b": 2, "c": 3}'),
        ('{\n  "b": 2,\n  "a": 1\n}', '{\n  "b": 2\n}'),
        ('{\n  "a": 1,\n  "b": 2\n}', '{\n  "b": 2\n}'),
        (
            '{\n  "b": 2, // b\n  // of a\n  "a": 1 // a\n}',
            '{\n  "b": 2 // b\n  // of a\n  // a\n}',
        ),
        ('{"a": 1 /* a */, "b": 2}', '{/* a */ "b": 2}'),
        ('{"a": 1, "b": 2, "a": 3}', '{"b": 2}'),
    ],
)
def test_what_is_taken_away_leaves_comments_and_no_spare_comma(before: str, after: str) -> None:
    wanted = {key: value for key, value in read(before).items() if key != "a"}
    assert rewrite(before, wanted) == after


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
ENTRY = local_entry(HOSTS["vscode"], [PROGRAM], {"PLANET_MCP_READ_ONLY": "1"})


def exactly(value: Any) -> str:
    """Write a value so that 1, 1.0 and true differ."""
    return json.dumps(value, sort_keys=True)


@st.composite
def configurations(draw: st.DrawFn) -> tuple[dict[str, Any], str]:
    """A host's document, and a way to write it with comments and spare commas."""
    keys = st.text(max_size=8).filter(lambda key: key not in {"servers", "inputs"})
    names = st.text(max_size=8).filter(lambda name: name != "planet")
    document: dict[str, Any] = draw(st.dictionaries(keys, JSON, max_size=4))
    if draw(st.booleans()):
        document["servers"] = draw(st.dictionaries(names, JSON, max_size=3))
    indent = draw(st.sampled_from([None, 0, 2, "\t"]))
    text = json.dumps(document, indent=indent, ensure_ascii=draw(st.booleans()))
    if not draw(st.booleans()):
        return document, text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))
    comments = iter(range(1000))
    kinds = iter(draw(st.lists(st.sampled_from(["//", "/*", ","]), min_size=1, max_size=6)) * 200)

    def commented(match: re.Match[str]) -> str:
        if match[0] not in {"{", "}", "[", "]", ","}:
            return match[0]
        kind, comment = next(kinds), f" kept {next(comments)} "
        if kind == ",":
            return match[0]
        return match[0] + (f"//{comment}\n" if kind == "//" else f"/*{comment}*/")

    return document, re.sub(r'"(?:[^"\\]|\\.)*"|.', commented, text, flags=re.DOTALL)


@settings(deadline=None)
@given(configurations())
def test_whatever_else_is_there_stays(case: tuple[dict[str, Any], str]) -> None:
    document, text = case
    comments = re.findall(r"kept \d+", text)

    wanted = added(HOSTS["vscode"], read(text), "planet", ENTRY)
    new = rewrite(text, wanted)

    assert read(new)["servers"]["planet"] == ENTRY
    assert re.findall(r"kept \d+", new) == comments
    others = removed(HOSTS["vscode"], read(new), "planet")
    assert exactly(others) == exactly({"servers": {}, **document})
    assert rewrite(new, wanted) == new
    undone = rewrite(new, others)
    assert exactly(read(undone)) == exactly({"servers": {}, **document})
    assert re.findall(r"kept \d+", undone) == comments


@settings(deadline=None)
@given(configurations())
def test_plain_json_stays_plain_json(case: tuple[dict[str, Any], str]) -> None:
    document, text = case
    if " kept " in text:
        return
    new = rewrite(text, added(HOSTS["claude-code"], read(text), "planet", ENTRY))
    servers = json.loads(new).pop("mcpServers")
    assert servers == {"planet": ENTRY}
    undone = json.loads(rewrite(new, removed(HOSTS["claude-code"], read(new), "planet")))
    assert exactly(undone) == exactly({**document, "mcpServers": {}})


# What cannot be understood is left alone

MALFORMED = {
    "cut": ('{"mcpServers": {"a": ', "expected a value, found"),
    "comma": ('{\n\n"a": 1 "b": 2}', "line 3: a comma or } is missing"),
    "quotes": ("{'a': 1}", 'line 1: unexpected "\'"'),
    "name": ("{1: 2}", "expected a name in quotes, found 1"),
    "colon": ('{"a" 1}', "expected :, found 1"),
    "word": ('{"a": NaN}', "NaN is no value"),
    "twice": ("{} {}", "expected the end, found {"),
    "array": ("[]", "should be an object"),
    "servers": ('{"mcpServers": []}', "'mcpServers' should be an object"),
    "entry": ('{"mcpServers": {"planet": "x"}}', "'planet' should be an object"),
    "comment": ('{"a": 1 // b\n}', "line 1: a comment, which"),
    "spare comma": ('{"a": 1,\n}', "line 1: a comma before }, which"),
    "deep": ("[" * 5000, "nested too deeply"),
    "not UTF-8": ('{"a": "é"}'.encode("utf-16"), "not encoded in UTF-8"),
}


@pytest.mark.parametrize(("text", "words"), MALFORMED.values(), ids=MALFORMED)
@pytest.mark.parametrize("option", [[], ["--undo"]], ids=["install", "undo"])
def test_a_malformed_file_is_refused_and_left_alone(
    text: str | bytes, words: str, option: list[str], desk: Desk
) -> None:
    file = desk.file(".claude.json")
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    before = desk.everything()

    done = desk.install("claude-code", *option, code=1)

    assert words in done.err
    assert str(file) in done.err
    assert "Nothing was changed" in done.err
    assert done.out == ""
    assert desk.everything() == before


def test_what_to_add_by_hand_is_shown_for_a_malformed_file_too(desk: Desk) -> None:
    desk.file(".cursor/mcp.json", "{oops")
    before = desk.everything()

    done = desk.install("cursor", "--print")

    assert json.loads(done.out) == {"mcpServers": {"planet": STDIO}}
    assert str(desk.home / ".cursor/mcp.json") in done.err
    assert "Nothing was written" in done.err
    assert desk.everything() == before


def test_a_link_stays_a_link(desk: Desk) -> None:
    real = desk.file("dotfiles/claude.json", "{}")
    link = desk.home / ".claude.json"
    link.symlink_to(real)

    desk.install("claude-code")

    assert link.is_symlink()
    assert "planet" in loaded(real)["mcpServers"]
    assert [backup.read_text() for backup in backups(link)] == ["{}"]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no folder that takes no files")
def test_a_folder_that_takes_no_files_is_said(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", "/proc/planet")
    done = desk.install("claude-code", code=1)
    assert "/proc/planet/.claude.json cannot be written" in done.err
    assert "--print" in done.err


@pytest.mark.skipif(os.name != "posix", reason="modes as POSIX has them")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_who_may_read_the_file_stays_and_holds_for_the_copy(mode: int, desk: Desk) -> None:
    file = desk.file(".claude.json", "{}")
    file.chmod(mode)

    desk.install("claude-code")

    assert [path.stat().st_mode & 0o777 for path in (file, *backups(file))] == [mode, mode]


def test_a_file_that_cannot_be_read_or_written_is_said(desk: Desk) -> None:
    (desk.home / ".claude.json").mkdir()
    assert "cannot be read" in desk.install("claude-code", code=1).err
    (desk.home / ".cursor").write_text("in the way")
    done = desk.install("cursor", code=1)
    assert f"{desk.home / '.cursor/mcp.json'} cannot be" in done.err


def test_what_another_program_wrote_meanwhile_is_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_text("{}")
    file = HostFile(path)
    path.write_text('{"new": 1}')
    now = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)

    with pytest.raises(HostFileError, match="changed by another program"):
        file.replace('{"mine": 1}', private=True, now=now)

    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("mcp.json", '{"new": 1}')]


def test_copies_of_one_second_do_not_replace_each_other(desk: Desk) -> None:
    file = desk.file(".claude.json", "{}")
    for name in ("a", "b", "c"):
        desk.install("claude-code", "--name", name)
    assert len(backups(file)) == 3


# An entry that is there already

OLD = {
    "type": "stdio",
    "command": "/old/clone/.venv/bin/planet-mcp",
    "args": ["serve"],
    "env": {"PLANET_MCP_CONTACT": "mailto:ada@example.org", "PLANET_MCP_READ_ONLY": "1"},
    "timeout": 60_000,
}


def test_after_a_move_the_command_is_replaced_and_the_rest_kept(desk: Desk) -> None:
    file = desk.file(".claude.json", json.dumps({"mcpServers": {"planet": OLD}}))

    done = desk.install("claude-code", "--database", "/srv/planet.sqlite")

    assert loaded(file)["mcpServers"]["planet"] == {
        **OLD,
        "command": PROGRAM,
        "args": [],
        "env": {**OLD["env"], "PLANET_MCP_DATABASE": "/srv/planet.sqlite"},  # type: ignore[dict-item]
    }
    assert (
        "Replaced: command (was '/old/clone/.venv/bin/planet-mcp'), args (was ['serve']), env. "
        "Kept: type, timeout." in done.out
    )
    assert "ada@example.org" not in done.out


@pytest.mark.parametrize(
    "entry",
    [
        {"command": "uvx", "args": ["planet-mcp"]},
        {"command": "npx", "args": ["-y", "planets"], "env": {"KEY": "secret"}},
        {"type": "http", "url": "https://planets.example.org/sse"},
        {"type": "http", "url": "https://planet.example.com/mcp", "headers": {"X-Key": "s"}},
    ],
)
def test_another_server_of_that_name_is_not_touched_unless_forced(
    entry: dict[str, Any], desk: Desk
) -> None:
    file = desk.file(".claude.json", json.dumps({"mcpServers": {"planet": entry}}))
    before = desk.everything()

    for option, advice in ([], "--name planet-feeds"), (["--undo"], "--force"):
        done = desk.install("claude-code", *option, code=2)
        assert "is another server" in done.err
        assert advice in done.err
    assert desk.everything() == before

    desk.install("claude-code", "--name", "planet-feeds")
    assert loaded(file)["mcpServers"] == {"planet": entry, "planet-feeds": STDIO}
    desk.install("claude-code", "--force")
    assert loaded(file)["mcpServers"] == {"planet": STDIO, "planet-feeds": STDIO}
    done = desk.install("claude-code", "--undo", "--name", "planet-feeds")
    assert loaded(file)["mcpServers"] == {"planet": STDIO}


@pytest.mark.parametrize(
    ("command", "args"),
    [
        (r"C:\planet\.venv\Scripts\planet-mcp.exe", []),
        ("python", ["-m", "planet_mcp"]),
        ("uvx", ["--from", "/clone", "planet-mcp"]),
        ("uv", ["run", "--directory", "/clone", "planet-mcp"]),
    ],
)
def test_own_entries_are_known_however_they_start(
    command: str, args: list[str], desk: Desk
) -> None:
    entry = {"command": command, "args": args}
    file = desk.file(".cursor/mcp.json", json.dumps({"mcpServers": {"planet": entry}}))
    desk.install("cursor")
    assert loaded(file)["mcpServers"]["planet"] == STDIO


def test_arguments_are_replaced_as_a_whole(desk: Desk) -> None:
    entry = {"command": "uvx", "args": ["--from", "/clone", "planet-mcp"]}
    file = desk.file(".cursor/mcp.json", json.dumps({"mcpServers": {"planet": entry}}))
    desk.program = "/clone/src/planet_mcp/__main__.py"
    desk.install("cursor")
    assert loaded(file)["mcpServers"]["planet"]["args"] == ["-m", "planet_mcp"]


# Over HTTP

TEAM = "https://planet.example.org/mcp"


def bearer(reference: str) -> dict[str, Any]:
    return {"headers": {"Authorization": f"Bearer {reference}"}}


@pytest.mark.parametrize(
    ("host", "path", "servers"),
    [
        ("claude-code", ".mcp.json", {"type": "http", "url": TEAM, **bearer(f"${{{TOKEN}}}")}),
        ("cursor", ".cursor/mcp.json", {"url": TEAM, **bearer(f"${{env:{TOKEN}}}")}),
        (
            "vscode",
            ".vscode/mcp.json",
            {"type": "http", "url": TEAM, **bearer("${input:planet-mcp-token}")},
        ),
    ],
)
def test_the_token_of_another_machine_is_referred_to_and_never_written(
    host: str,
    path: str,
    servers: dict[str, Any],
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(TOKEN, "a-secret")

    done = desk.install(host, "--scope", "project", "--http", "https://planet.example.org")

    document = loaded(desk.project / path)
    assert document.get("mcpServers", document.get("servers")) == {"planet": servers}
    assert "the token is not written" in done.err
    assert not any(b"a-secret" in content for content in desk.everything().values())
    assert "a-secret" not in done.out + done.err
    [shown] = (desk.install(host, "--http", TEAM, "--print").out,)
    assert json.loads(shown) == document


def test_vscode_asks_for_the_token_exactly_as_long_as_it_is_needed(desk: Desk) -> None:
    other = {"type": "promptString", "id": "key"}
    text = json.dumps({"inputs": [other], "servers": {}}, indent=2)
    file = desk.file("../project/.vscode/mcp.json", text)

    desk.install("vscode", "--scope", "project", "--http", TEAM)
    asked = loaded(file)["inputs"]
    assert asked[0] == other
    assert (asked[1]["id"], asked[1]["password"]) == ("planet-mcp-token", True)
    desk.install("vscode", "--scope", "project", "--http", TEAM, "--name", "second")
    desk.install("vscode", "--scope", "project", "--undo")
    assert loaded(file)["inputs"] == asked
    desk.install("vscode", "--scope", "project", "--name", "second", "--undo")
    assert loaded(file)["inputs"] == [other]


def test_this_machine_needs_no_token_unless_one_is_set(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "http://127.0.0.1:8000/mcp"
    block = json.loads(desk.install("claude-code", "--http", url, "--print").out)
    assert block == {"mcpServers": {"planet": {"type": "http", "url": url}}}
    monkeypatch.setenv(TOKEN, "a-secret")
    block = json.loads(desk.install("claude-code", "--http", url, "--print").out)
    assert block["mcpServers"]["planet"]["headers"] == bearer(f"${{{TOKEN}}}")["headers"]


def test_a_token_over_http_is_warned_of(desk: Desk) -> None:
    assert "can read the token" in desk.install("cursor", "--http", "http://192.0.2.7:8000").err
    assert "can read" not in desk.install("cursor", "--http", TEAM).err


def test_headers_of_ones_own_stay_for_their_server_alone(desk: Desk) -> None:
    own = {"type": "http", "url": TEAM, "headers": {"authorization": "Bearer x", "X-Team": "1"}}
    file = desk.file(".claude.json", json.dumps({"mcpServers": {"planet": own}}))

    assert "already" in desk.install("claude-code", "--http", TEAM).out
    desk.install("claude-code", "--http", "https://other.example.org/mcp", code=2)
    desk.install("claude-code", "--http", "https://other.example.org/mcp", "--force")

    entry = loaded(file)["mcpServers"]["planet"]
    assert entry["headers"] == {"Authorization": f"Bearer ${{{TOKEN}}}"}


@pytest.mark.parametrize("url", ["https://team.example.org/planet/mcp", "http://localhost:1/mcp/"])
def test_what_was_added_can_be_added_again_and_taken_away(desk: Desk, url: str) -> None:
    desk.install("claude-code", "--http", url)
    assert "already" in desk.install("claude-code", "--http", url).out
    desk.install("claude-code", "--undo")
    assert not (desk.home / ".claude.json").exists()


def test_all_steps_together_leave_one_copy_and_other_changes_stay(desk: Desk) -> None:
    file = desk.file(".claude.json", SETTINGS)
    for option in ("--read-only", "--fetch-any"):
        desk.install("claude-code", option)
    [copy] = backups(file)
    assert copy.read_text() == SETTINGS
    file.write_text(file.read_text().replace('"last": [1, 2]', '"last": [1, 2, 3]'))

    desk.install("claude-code", "--undo")

    assert file.read_text() == SETTINGS.replace('"last": [1, 2]', '"last": [1, 2, 3]')
    assert backups(file) == [copy]


@pytest.mark.parametrize(
    ("host", "path", "key", "local", "remote"),
    [
        ("vscode-insiders", ".config/Code - Insiders/User/mcp.json", "servers", STDIO, "url"),
        ("copilot-cli", ".copilot/mcp-config.json", "mcpServers", {"tools": ["*"], **STDIO}, "url"),
        ("gemini-cli", ".gemini/settings.json", "mcpServers", LOCAL, "httpUrl"),
        ("windsurf", ".codeium/windsurf/mcp_config.json", "mcpServers", LOCAL, "serverUrl"),
        ("zed", ".config/zed/settings.json", "context_servers", LOCAL, "url"),
        ("junie", ".junie/mcp/mcp.json", "mcpServers", LOCAL, "url"),
        (
            "opencode",
            ".config/opencode/opencode.json",
            "mcp",
            {"type": "local", "enabled": True, "command": [PROGRAM], "environment": {}},
            "url",
        ),
    ],
)
def test_each_host_has_its_own_file_and_words(
    host: str, path: str, key: str, local: dict[str, Any], remote: str, desk: Desk
) -> None:
    desk.install(host)
    file = desk.home / path
    assert loaded(file) == {key: {"planet": local}}
    assert host in desk.install().out
    assert "starts it as 'planet'" in desk.install().out
    assert "already" in desk.install(host).out
    desk.install(host, "--undo")
    assert not file.exists()

    if HOSTS[host].token:
        desk.install(host, "--http", "http://localhost:8000")
        assert loaded(file)[key]["planet"][remote] == "http://localhost:8000/mcp"


def test_a_host_with_a_command_of_its_own_is_asked_by_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = desk.install("codex", "--read-only")
    assert '[mcp_servers.planet]\ncommand = "/opt/' in shown.out
    assert 'PLANET_MCP_READ_ONLY = "1"' in shown.out
    assert "Nothing was written" in shown.err

    said = desk.home / "said"
    codex = desk.file("bin/codex", f'#!/bin/sh\necho "$@" >> {said}\n')
    codex.chmod(0o755)
    monkeypatch.setenv("PATH", f"{codex.parent}{os.pathsep}{os.environ['PATH']}")
    desk.install("codex", "--read-only")
    desk.install("codex", "--undo")
    assert said.read_text().splitlines() == [
        f"mcp add planet --env PLANET_MCP_READ_ONLY=1 -- {PROGRAM}",
        "mcp remove planet",
    ]


def test_a_host_that_takes_no_file_of_ours_is_shown_what_to_add(desk: Desk) -> None:
    shown = desk.install("goose")
    assert "extensions:\n  planet:\n" in shown.out
    assert "goose/config.yaml" in shown.err


def test_where_no_host_is_found_those_that_are_known_are_named(desk: Desk) -> None:
    assert "Known are: claude-code, vscode" in desk.install().out


def test_one_can_change_between_http_and_a_server_of_ones_own(desk: Desk) -> None:
    desk.install("claude-code", "--database", "/srv/planet.sqlite")
    desk.install("claude-code", "--http", "http://localhost:8000")
    file = desk.home / ".claude.json"
    url = "http://localhost:8000/mcp"
    assert loaded(file) == {"mcpServers": {"planet": {"type": "http", "url": url}}}
    desk.install("claude-code")
    assert loaded(file) == {"mcpServers": {"planet": STDIO}}


@pytest.mark.parametrize(
    ("given_url", "url"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/mcp"),
        ("http://[::1]:8000/", "http://[::1]:8000/mcp"),
        ("https://planet.example.org/team/mcp", "https://planet.example.org/team/mcp"),
        (" https://planet.example.org/mcp#x ", "https://planet.example.org/mcp"),
        ("https://planet.example.org?a=b", "https://planet.example.org/mcp?a=b"),
    ],
)
def test_the_path_of_an_address_may_be_left_out(given_url: str, url: str, desk: Desk) -> None:
    block = json.loads(desk.install("cursor", "--http", given_url, "--print").out)
    assert block["mcpServers"]["planet"]["url"] == url


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["claude-code", "--http", "planet.example.org"], "no address such as"),
        (["claude-code", "--http", "ftp://planet.example.org/mcp"], "no address such as"),
        (["claude-code", "--http", "http://planet.example.org:80000"], "no address such as"),
        (["claude-code", "--http", "https:///mcp"], "no address such as"),
        (["claude-code", "--http", "https://a b.example.org/"], "no address such as"),
        (["claude-code", "--http", "https://u:p@planet.example.org/"], TOKEN),
        (["claude-desktop", "--http", "https://planet.example.org"], "Settings > Connectors"),
        (["claude-desktop", "--scope", "project"], "no configuration for a project"),
        (["emacs"], "claude-code"),
        (["cursor", "--name", "a b"], "--name"),
        (["cursor", "--feeds", "/does/not/exist.opml"], "/does/not/exist.opml"),
        (["cursor", "--host-delay", "-1"], "--host-delay"),
        (["cursor", "--http", TEAM, "--database", "x"], "--database"),
        (["cursor", "--undo", "--print"], "--undo"),
        (["cursor", "--undo", "--http", TEAM], "--undo"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_wrong_usage_is_said_and_nothing_is_written(
    arguments: list[str], words: str, desk: Desk
) -> None:
    done = desk.install(*arguments, code=2)
    assert words in done.err
    assert done.out == ""
    assert desk.everything() == {}


# What the host starts


def test_settings_given_as_flags_are_written_and_variables_are_named(desk: Desk) -> None:
    (desk.project / "my.opml").write_text("<opml/>")
    done = desk.install(
        *("cursor", "--print", "--database", "db/planet.sqlite", "--feeds", "my.opml"),
        *("--read-only", "--host-delay", "2.5", "--refresh", "off"),
    )
    assert json.loads(done.out)["mcpServers"]["planet"]["env"] == {
        "PLANET_MCP_DATABASE": str(desk.project / "db/planet.sqlite"),
        "PLANET_MCP_FEEDS": str(desk.project / "my.opml"),
        "PLANET_MCP_READ_ONLY": "1",
        "PLANET_MCP_HOST_DELAY": "2.5",
        "PLANET_MCP_REFRESH": "off",
    }
    assert "5 tools" in done.err
    note = next(line for line in done.err.splitlines() if "not written" in line)
    assert "PLANET_MCP_ALLOW_NETWORKS" in note
    assert "PLANET_MCP_DATABASE" not in note


def test_feeds_need_not_be_a_file(desk: Desk) -> None:
    done = desk.install("cursor", "--print", "--feeds", "none")
    assert json.loads(done.out)["mcpServers"]["planet"]["env"] == {"PLANET_MCP_FEEDS": "none"}


def test_a_path_of_this_machine_in_a_shared_file_is_said(desk: Desk) -> None:
    assert "a path on this machine" in desk.install("vscode", "--scope", "project").err


@pytest.mark.parametrize(
    ("direct_url", "source"),
    [
        (None, None),
        ('{"url": "file:///clone", "dir_info": {"editable": true}}', "file:///clone"),
        (
            '{"url": "https://a.example.org/p.whl", "archive_info": {}}',
            "https://a.example.org/p.whl",
        ),
        (
            '{"url": "https://a.example.org/p", "vcs_info": {"vcs": "git", "commit_id": "1f"}}',
            "git+https://a.example.org/p",
        ),
        (
            '{"url": "ssh://a/p", "vcs_info": {"vcs": "git", "requested_revision": "v1"}}',
            "git+ssh://a/p@v1",
        ),
    ],
)
def test_what_it_was_installed_from_is_known(direct_url: str | None, source: str | None) -> None:
    assert installed_from(direct_url) == source


def test_a_path_that_is_no_text_is_refused(desk: Desk) -> None:
    done = desk.install("cursor", "--database", "/srv/\udcff.sqlite", code=2)
    assert "/srv/\\udcff.sqlite" in done.err
    assert desk.everything() == {}


@pytest.mark.parametrize(
    ("program", "python", "source", "command"),
    [
        ("/c/.venv/bin/planet-mcp", "/c/.venv/bin/python", None, ["/c/.venv/bin/planet-mcp"]),
        (
            r"C:\c\Scripts\planet-mcp.exe",
            r"C:\c\python.exe",
            None,
            [r"C:\c\Scripts\planet-mcp.exe"],
        ),
        ("/c/src/planet_mcp/__main__.py", "/py", "/c", ["/py", "-m", "planet_mcp"]),
        (
            "/h/.cache/uv/archive-v0/x/bin/planet-mcp",
            "/h/.cache/uv/archive-v0/x/bin/python",
            "git+https://git.example.org/planet-mcp",
            ["/b/uvx", "--from", "git+https://git.example.org/planet-mcp", "planet-mcp"],
        ),
        ("/h/.cache/uv/archive-v0/x/bin/planet-mcp", "/py", None, ["/b/uvx", "planet-mcp"]),
    ],
)
def test_the_command_is_what_runs_now_or_lasts_longer(
    program: str, python: str, source: str | None, command: list[str]
) -> None:
    assert start_command(program, python, source, "/b/uvx") == command


def installed(folder: Path, program: Sequence[str], *arguments: str) -> Done:
    """Run the real program, from a folder that is its home too."""
    done = subprocess.run(
        [*program, "install", *arguments],
        env={**environment(), "HOME": str(folder), "USERPROFILE": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return Done(done.stdout, done.stderr)


@pytest.mark.anyio
async def test_a_host_can_start_what_was_written(tmp_path: Path) -> None:
    flags = ("--database", str(tmp_path / "planet.sqlite"), "--feeds", "none", "--refresh", "off")
    done = installed(tmp_path, COMMAND, "claude-code", *flags)
    tools = re.search(r"(\d) tools", done.err)
    entry = loaded(tmp_path / ".claude.json")["mcpServers"]["planet"]
    assert entry.pop("type") == "stdio"
    async with Client(stdio_client(StdioServerParameters(**entry)), mode="legacy") as client:
        listed = (await client.list_tools()).tools
    assert tools
    assert int(tools[1]) == len(listed)


def test_the_installed_program_names_itself(tmp_path: Path) -> None:
    program = shutil.which("planet-mcp", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("planet-mcp is not installed as a program here")
    done = installed(tmp_path, [os.path.relpath(program, tmp_path)], "cursor", "--print")
    command = json.loads(done.out)["mcpServers"]["planet"]["command"]
    assert Path(command).is_absolute()
    assert Path(command).samefile(program)


# Where the files are

LINUX = Machine("linux", PurePosixPath("/home/ada"), PurePosixPath("/p"), {})
MAC = Machine("darwin", PurePosixPath("/Users/ada"), PurePosixPath("/p"), {})
WINDOWS = Machine("win32", PureWindowsPath("C:/Users/ada"), PureWindowsPath("D:/p"), {})
SUPPORT = "/Users/ada/Library/Application Support"
ROAMING = r"C:\Users\ada\AppData\Roaming"
PACKAGE = r"C:\Users\ada\AppData\Local\Packages\Claude_pzs8sxrjxfjjc\LocalCache\Roaming\Claude"


@pytest.mark.parametrize(
    ("host", "machine", "path"),
    [
        ("claude-code", LINUX, "/home/ada/.claude.json"),
        ("claude-code", MAC, "/Users/ada/.claude.json"),
        ("claude-code", WINDOWS, r"C:\Users\ada\.claude.json"),
        ("cursor", LINUX, "/home/ada/.cursor/mcp.json"),
        ("cursor", MAC, "/Users/ada/.cursor/mcp.json"),
        ("cursor", WINDOWS, r"C:\Users\ada\.cursor\mcp.json"),
        ("vscode", LINUX, "/home/ada/.config/Code/User/mcp.json"),
        ("vscode", MAC, f"{SUPPORT}/Code/User/mcp.json"),
        ("vscode", WINDOWS, rf"{ROAMING}\Code\User\mcp.json"),
        ("claude-desktop", LINUX, "/home/ada/.config/Claude/claude_desktop_config.json"),
        ("claude-desktop", MAC, f"{SUPPORT}/Claude/claude_desktop_config.json"),
        ("claude-desktop", WINDOWS, rf"{ROAMING}\Claude\claude_desktop_config.json"),
    ],
)
def test_the_usual_paths(host: str, machine: Machine, path: str) -> None:
    assert str(config_path(HOSTS[host], "user", machine, lambda _: False)) == path


@pytest.mark.parametrize(
    ("host", "machine", "environ", "there", "path"),
    [
        ("claude-code", LINUX, {"CLAUDE_CONFIG_DIR": "/work"}, "", "/work/.claude.json"),
        (
            "claude-code",
            LINUX,
            {},
            "/home/ada/.claude/.config.json",
            "/home/ada/.claude/.config.json",
        ),
        ("vscode", LINUX, {"XDG_CONFIG_HOME": "/cfg"}, "", "/cfg/Code/User/mcp.json"),
        (
            "vscode",
            MAC,
            {},
            f"{SUPPORT}/Code - Insiders",
            f"{SUPPORT}/Code - Insiders/User/mcp.json",
        ),
        ("vscode", WINDOWS, {"APPDATA": r"E:\roam"}, "", r"E:\roam\Code\User\mcp.json"),
        ("claude-desktop", WINDOWS, {}, PACKAGE, rf"{PACKAGE}\claude_desktop_config.json"),
    ],
)
def test_other_paths_that_hosts_use(
    host: str, machine: Machine, environ: dict[str, str], there: str, path: str
) -> None:
    there_are: Callable[[Any], bool] = lambda place: str(place) == there  # noqa: E731
    machine = Machine(machine.platform, machine.home, machine.project, environ)
    assert str(config_path(HOSTS[host], "user", machine, there_are)) == path


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("claude-code", r"D:\p\.mcp.json"),
        ("vscode", r"D:\p\.vscode\mcp.json"),
        ("cursor", r"D:\p\.cursor\mcp.json"),
    ],
)
def test_a_project_has_files_of_its_own(host: str, path: str) -> None:
    scope: Scope = "project"
    assert str(config_path(HOSTS[host], scope, WINDOWS, lambda _: True)) == path
