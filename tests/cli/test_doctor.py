"""`planet-mcp doctor` finds what is wrong and says what to do."""

import json
import os
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from planet_mcp.feeds.lease import Lease
from tests.support.commands import command
from tests.support.documents import Post, rss
from tests.support.site import Page, Site

MODULE = ["-m", "planet_mcp"]


@pytest.fixture(autouse=True)
def _without_a_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)


def doctor(**settings: str) -> tuple[int, dict[str, tuple[str, str]]]:
    """Return the exit code, and by topic what was found."""
    done = command("doctor", "--json", **settings)
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    return done.code, {each["topic"]: (each["state"], each["text"]) for each in found}


def follow(site: Site, *paths: str) -> None:
    urls = [site.add(path, rss([Post(f"At {path}")])) for path in paths]
    assert command("add", *urls).code == 0


def test_a_sound_planet_is_ok(site: Site) -> None:
    follow(site, "/feed")
    code, found = doctor()
    assert code == 0
    for topic in ("program", "disk", "database", "index", "feeds", "network"):
        assert found[topic][0] == "ok", found
    assert "entries: 1," in found["database"][1]
    # Its feed was asked for once, conditionally.
    assert [(asked.path, asked.status) for asked in site.asked][-1] == ("/feed", 304)


def test_before_the_first_start_it_says_how_to_begin(database: Path) -> None:
    code, found = doctor()
    assert (code, found["database"][0]) == (1, "wrong")
    assert "Begin one with `planet-mcp refresh`" in found["database"][1]
    assert not database.exists()


def test_a_misspelt_setting_is_noted() -> None:
    _, found = doctor(hostdelay="3")
    assert found["settings"] == (
        "note",
        "PLANET_MCP_HOSTDELAY is not a setting: did you mean PLANET_MCP_HOST_DELAY?",
    )


def test_a_start_that_would_fail_is_wrong(tmp_path: Path, database: Path) -> None:
    (tmp_path / "file").write_text("")
    inside = doctor(database=str(tmp_path / "file" / "planet.sqlite"))
    without = doctor(feeds=str(tmp_path / "gone.opml"))
    for code, found in (inside, without):
        assert (code, found["database"][0]) == (1, "wrong")
    assert not database.exists()


def test_a_file_of_another_program_is_wrong_and_left_alone(database: Path) -> None:
    database.write_bytes(b"not a database" * 100)
    code, found = doctor()
    assert (code, found["database"][0]) == (1, "wrong")
    assert database.read_bytes() == b"not a database" * 100


def test_an_index_that_drifted_is_found(site: Site, database: Path) -> None:
    follow(site, "/feed")
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("DELETE FROM entries_index_docsize")
        connection.commit()
    code, found = doctor()
    assert (code, found["index"][0]) == (1, "wrong")
    assert "check --repair" in found["index"][1]


def test_who_refreshes_is_named(site: Site, database: Path) -> None:
    follow(site, "/feed")
    lease = Lease(database)
    assert lease.acquire()
    found = doctor()[1]
    lease.release()
    assert str(os.getpid()) in found["refresher"][1] or sys.platform != "linux"
    assert "nobody" in doctor()[1]["refresher"][1]


def test_without_a_feed_it_says_how_to_follow_one() -> None:
    command("refresh")
    code, found = doctor()
    assert (code, found["feeds"][0], found["network"][0]) == (0, "note", "note")
    assert "planet-mcp add" in found["feeds"][1]


def test_failing_feeds_are_counted_with_their_reasons(site: Site) -> None:
    follow(site, "/a", "/b", "/c")
    for path in ("/a", "/b"):
        site.pages[path] = Page(status=500)
    command("refresh", "--all")
    code, found = doctor()
    assert (code, found["feeds"][0]) == (1, "wrong")
    assert "2 failing" in found["feeds"][1]
    assert "500" in found["feeds"][1]


def test_a_planet_that_stands_still_is_wrong(site: Site, database: Path) -> None:
    follow(site, "/feed")
    long_ago = int((datetime.now(UTC) - timedelta(days=3)).timestamp())
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE feeds SET succeeded_at = ?", (long_ago,))
        connection.commit()
    code, found = doctor()
    assert (code, found["feeds"][0]) == (1, "wrong")
    assert "planet-mcp refresh" in found["feeds"][1]


def test_a_network_that_does_not_answer_is_wrong(site: Site, database: Path) -> None:
    follow(site, "/feed")
    assert doctor(allow_networks="192.0.2.0/24")[1]["network"][0] == "wrong"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE feeds SET url = 'http://127.0.0.1:9/feed'")
        connection.commit()
    code, found = doctor()
    assert (code, found["network"][0]) == (1, "wrong")
    assert "online" in found["network"][1]


def test_hosts_that_start_the_server_are_named(tmp_path: Path) -> None:
    assert doctor()[1]["hosts"][0] == "note"
    configuration = {"mcpServers": {"planet": {"command": sys.executable, "args": MODULE}}}
    (tmp_path / ".claude.json").write_text(json.dumps(configuration))
    state, text = doctor()[1]["hosts"]
    assert state == "ok"
    assert "Claude Code starts 'planet'" in text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"mcpServers": {"planet": {"command": "/gone/planet-mcp"}}}', "install claude-code"),
        ('{"mcpServers": ', ".claude.json"),
    ],
)
def test_a_host_that_cannot_start_the_server_is_wrong(
    tmp_path: Path, content: str, words: str
) -> None:
    (tmp_path / ".claude.json").write_text(content)
    code, found = doctor()
    assert (code, found["hosts"][0]) == (1, "wrong")
    assert words in found["hosts"][1]


def test_people_get_a_line_for_each(site: Site) -> None:
    follow(site, "/feed")
    done = command("doctor")
    assert done.code == 0
    topics = [line.split()[1] for line in done.stdout.splitlines()]
    assert topics[:4] == ["program", "hosts", "disk", "database"]


def test_feeds_that_were_never_read_are_not_fine(tmp_path: Path) -> None:
    opml = tmp_path / "feeds.opml"
    opml.write_text("<opml><body><outline xmlUrl='https://blog.example.org/feed'/></body></opml>")
    assert command("import", str(opml)).code == 0

    assert doctor()[1]["feeds"] == ("note", "1 followed, 1 never checked")
