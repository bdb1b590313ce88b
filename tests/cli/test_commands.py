"""The command line as a person uses it: output, exit codes, and no tracebacks."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from planet_mcp import __version__
from tests.support.commands import Done, command
from tests.support.documents import Post, page, rss, whole
from tests.support.programs import COMMAND, environment
from tests.support.site import Page, Site


def run(*arguments: str, code: int = 0, stdin: str = "", **settings: str) -> Done:
    done = command(*arguments, stdin=stdin, **settings)
    assert done.code == code, (done.stdout, done.stderr)
    return done


def data(*arguments: str, **more: Any) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(run(*arguments, "--json", **more).stdout)
    return result


def test_the_main_job_from_the_command_line(site: Site, tmp_path: Path) -> None:
    url = site.add("/feed", rss([Post("On TaskGroup", whole("It waits."))], title="Ada's blog"))
    opml = tmp_path / "feeds.opml"
    opml.write_text(f'<opml version="2.0"><body><outline xmlUrl="{url}"/></body></opml>')

    assert data("import", str(opml))["results"][0]["feeds_added"] == 1
    assert data("refresh") == {
        "checked": 1,
        "ok": 1,
        "unchanged": 0,
        "failed": 0,
        "queued": 0,
        "new_entries": 1,
    }
    assert "On TaskGroup" in run("search", "taskgroup").stdout
    assert data("search", "taskgroup")["hits"][0]["feed"] == "Ada's blog"
    assert data("latest", "--since", "2d")["total"] == 1
    assert "It waits." in run("article", "1").stdout
    assert data("feeds", "ada")["feeds"][0]["feed_url"] == url
    assert url in run("export").stdout
    status = data("status")
    assert (status["feeds"], status["entries"], status["refresher"]) == (1, 1, "stopped")
    assert status["database"].endswith("planet.sqlite")
    assert status["last_refresh_at"]
    assert data("remove", "ada")["removed"][0]["feed_id"] == 1
    assert data("add", url)["results"][0]["outcome"] == "added"


def test_an_article_is_there_as_json_too(site: Site) -> None:
    run("add", site.add("/feed", rss([Post("One", whole("It waits."))], title="Ada's blog")))

    article = data("article", "1", "--max-chars", "500")

    assert (article["entry_id"], article["title"], article["feed"]) == (1, "One", "Ada's blog")
    assert article["text"].startswith("It waits.")
    rest = data("article", "1", "--offset", str(article["next_offset"]))
    assert len(article["text"] + rest["text"]) == article["total_chars"]
    assert "1 entry, newest first; 1 shown." in run("search").stdout


def test_the_log_may_go_to_a_file(tmp_path: Path) -> None:
    log = tmp_path / "planet.log"
    variables = environment(log_file=str(log), hostdelay="1")
    done = subprocess.run([*COMMAND, "status"], env=variables, capture_output=True, check=False)
    assert re.match(r"\d{4}-\d\d-\d\d .* WARNING .*HOSTDELAY", log.read_text())
    assert b"HOSTDELAY" not in done.stderr
    assert "PLANET_MCP_LOG_FILE" in run("status", code=2, log_file=str(tmp_path)).stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_can_complete_commands(shell: str) -> None:
    assert "_PLANET_MCP_COMPLETE" in run("completion", shell).stdout


def test_lists_go_on_at_their_cursor(site: Site) -> None:
    urls = [site.add(f"/{n}", rss([Post(f"Post {n}")], title=f"Blog {n}")) for n in range(3)]
    run("add", *urls)

    first = data("feeds", "--limit", "2")
    second = data("feeds", "--limit", "2", "--cursor", first["next_cursor"])

    titles = [feed["title"] for feed in first["feeds"] + second["feeds"]]
    assert titles == ["Blog 0", "Blog 1", "Blog 2"]


def test_a_refresh_names_its_problems_and_fails_only_when_nothing_was_checked(
    site: Site,
) -> None:
    good, bad = site.add("/good", rss([Post("One")])), site.add("/bad", rss([Post("Two")]))
    run("add", good, bad)
    site.pages["/bad"] = Page(status=500)

    done = run("refresh", "--all")
    assert f"{site.url}/bad answered 500" in done.stdout
    assert done.stderr == ""

    site.pages["/good"] = Page(status=500)
    run("refresh", "--all", code=1)
    assert data("refresh")["checked"] == 0


def test_a_new_planet_follows_planet_python(tmp_path: Path) -> None:
    env = {k: v for k, v in environment().items() if k != "PLANET_MCP_FEEDS"}
    chosen = ["--database", str(tmp_path / "new" / "planet.sqlite")]
    begun = subprocess.run(
        [*COMMAND, *chosen, "refresh", "no such feed"], capture_output=True, env=env, check=False
    )
    assert begun.returncode == 2
    done = subprocess.run(
        [*COMMAND, *chosen, "status", "--json"], capture_output=True, env=env, check=True
    )
    assert json.loads(done.stdout)["feeds"] == 567


READING = [
    *(["status"], ["search", "x"], ["search"], ["latest"], ["feeds"], ["article", "1"]),
    *(["article", "https://blog.example.org/"], ["check"], ["check", "--repair"], ["vacuum"]),
    *(["export"], ["doctor"], ["remove", "1"], ["status", "--json"], ["doctor", "--json"]),
]


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
@pytest.mark.parametrize("is_there", ["no folder", "no file", "an empty file"])
def test_what_reads_never_creates(tmp_path: Path, arguments: list[str], is_there: str) -> None:
    database = tmp_path / "typo" / "planet.sqlite"
    if is_there != "no folder":
        database.parent.mkdir()
    if is_there == "an empty file":
        database.touch()
    before = sorted(tmp_path.rglob("*"))

    done = run("--database", str(database), *arguments, code=1)

    assert str(database) in done.stdout + done.stderr
    assert "Begin one with `planet-mcp refresh`" in done.stdout + done.stderr
    assert sorted(tmp_path.rglob("*")) == before
    assert not database.exists() or database.stat().st_size == 0


def test_the_status_of_a_new_planet_has_all_its_fields() -> None:
    run("refresh")
    status = data("status")
    assert (status["feeds"], status["entries"], status["last_refresh_at"]) == (0, 0, None)


def test_what_was_removed_is_not_followed_again_at_the_next_start(tmp_path: Path) -> None:
    opml = tmp_path / "feeds.opml"
    opml.write_text('<opml><body><outline xmlUrl="https://blog.example.org/f"/></body></opml>')
    run("refresh", "no such feed", feeds=str(opml), code=2)
    assert data("status", feeds=str(opml))["feeds"] == 1
    run("remove", "1", feeds=str(opml))
    assert data("status", feeds=str(opml))["feeds"] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nonsense"], 2, "nonsense"),
        (["search", "--limit", "0"], 2, "--limit"),
        (["latest", "--since", "recently"], 2, "ISO 8601"),
        (["search", "x", "--feed", "nowhere"], 2, "No feed fits 'nowhere'"),
        (["remove", "nowhere"], 2, "No feed fits 'nowhere'"),
        (["article", "12"], 2, "no entry 12"),
        (["import", "/does/not/exist.opml"], 2, "exist.opml"),
        (["--host-delay", "-1", "status"], 2, "--host-delay"),
        (["--database", "/", "status"], 1, "is a folder"),
        (["serve", "--port", "9000"], 2, "--http"),
        (["search", "x", "--since", "2026-01-02", "--until", "2026-01-01"], 2, "empty period"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_wrong_usage_is_said_in_a_line_or_two(arguments: list[str], code: int, words: str) -> None:
    run("refresh")
    done = run(*arguments, code=code)
    assert words in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("HOST_DELAY", "soon"),
        ("HOST_CONCURRENCY", "0"),
        ("REFRESH", "maybe"),
        ("ALLOW_NETWORKS", "everything"),
        ("FETCH_ANY", "perhaps"),
        ("LOG_LEVEL", "loud"),
        ("FEEDS", "/does/not/exist.opml"),
    ],
)
def test_a_wrong_environment_is_one_line_that_names_the_variable(setting: str, value: str) -> None:
    done = run("refresh", code=2, **{setting: value})
    assert done.stderr.count("\n") == 1
    assert f"PLANET_MCP_{setting}" in done.stderr


def test_a_malformed_opml_file_is_imported_as_far_as_it_can_be_read(tmp_path: Path) -> None:
    opml = tmp_path / "feeds.opml"
    opml.write_text('<opml><body>\n<outline xmlUrl="a.example.org/f"/>\n& oops<outline text="B"/>')

    said = run("import", str(opml)).stdout

    assert "1 added, 0 already subscribed, 1 failed" in said
    assert "line 3" in said
    assert "not taken: B: it has no xmlUrl" in said
    assert [feed["title"] for feed in data("feeds")["feeds"]] == ["https://a.example.org/f"]


def test_an_opml_file_without_feeds_names_its_malformed_line(tmp_path: Path) -> None:
    opml = tmp_path / "feeds.opml"
    opml.write_text("<opml><body>\n& oops")

    assert "line 2" in run("import", str(opml), code=2).stderr
    assert data("status")["feeds"] == 0


def test_a_list_that_goes_on_says_how_on_the_command_line(site: Site) -> None:
    run("add", *[site.add(f"/{n}", rss([Post(f"Post {n}")])) for n in range(3)])

    first = run("search", "post", "--limit", "2").stdout

    assert "search_entries" not in first
    cursor = first.split("--cursor ")[1].strip()
    assert "1 shown" in run("search", "post", "--limit", "2", "--cursor", cursor).stdout


def test_notes_and_errors_name_commands_and_not_tools() -> None:
    run("refresh")
    assert "`planet-mcp add`" in run("search", "x").stdout
    assert "of entries; or give a URL" in run("article", "12", code=2).stderr


def test_a_call_in_an_answer_is_a_command_that_works(site: Site) -> None:
    posts = [Post(f"Post {n}", whole("It waits. " * 20)) for n in range(30)]
    for name in ("Ada's blog", "Bob's blog"):
        run("add", site.add(f"/{name[:3]}", rss(posts, title=name)))

    left_out = run("latest", "--since", "2d", "--max-chars", "1000").stdout
    part = run("article", "1", "--max-chars", "500").stdout

    one_feed = re.search(r"for one feed: planet-mcp (latest --since 2d --feed \d)\.", left_out)
    next_part = re.search(r"Next part: planet-mcp (article 1 --offset \d+ --max-chars 500)", part)
    assert one_feed
    assert next_part
    assert "Left out by --max-chars: " in left_out
    assert "go on with --cursor" in left_out
    assert "30 entries since 2d" in run(*one_feed[1].split()).stdout
    assert "characters 201 to " in run(*next_part[1].split()).stdout


def test_one_is_not_many(site: Site) -> None:
    said = run("add", site.add("/feed", rss([Post("On TaskGroup", "<p>Word</p>")]))).stdout
    said += "".join(run(command).stdout for command in ("refresh", "feeds", "search", "latest"))
    said += run("refresh", "--all").stdout + run("remove", "1").stdout

    assert "1 feed checked: " in said
    assert "1 feed; 1 shown" in said
    assert "1 word" in said
    assert "1 entry kept" in said
    assert not re.search(r"\b1 (feeds|entries|new entries|words)\b", said)


def test_a_new_planet_is_said_so_that_a_wrong_path_shows(tmp_path: Path) -> None:
    path = str(tmp_path / "typo" / "planet.sqlite")
    assert path in run("--database", path, "refresh").stderr
    assert run("--database", path, "refresh").stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_output_that_cannot_be_written_is_one_line() -> None:
    run("refresh")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, "export"],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment(),
            check=False,
        )
    assert done.returncode == 1
    assert b"cannot be written" in done.stderr
    assert b"Traceback" not in done.stderr


ENCODINGS = ["cp1252", "ascii", "utf-8"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_output_in_any_encoding_is_written_and_json_stays_exact(site: Site, encoding: str) -> None:
    title = "Ω 😀 naïve 中文"
    post = Post(title, whole("Emoji 😀 and 中文."), author="Zoë 🎈")
    run("add", site.add("/feed", rss([post], title=title)))

    def written(*arguments: str) -> bytes:
        done = command(*arguments, encoding=encoding)
        assert (done.code, done.stderr) == (0, ""), arguments
        return done.written

    env = environment() | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    apart = subprocess.run([*COMMAND, "search"], capture_output=True, env=env, check=True)
    assert apart.stdout == written("search")

    for arguments in (["search"], ["latest", "--since", "1y"], ["article", "1"], ["feeds"]):
        assert title.encode(encoding, "replace").decode(encoding) in written(*arguments).decode(
            encoding
        )
    for name in ("search", "latest", "feeds", "status"):
        assert json.loads(written(name, "--json").decode(encoding)) is not None
    (hit,) = json.loads(written("search", "--json").decode(encoding))["hits"]
    assert (hit["title"], hit["feed"]) == (title, title)
    assert title in written("export").decode("utf-8")


def test_words_that_are_no_text_can_be_searched_for(site: Site) -> None:
    run("add", site.add("/feed", rss([Post("Post")])))
    done = subprocess.run(
        [*COMMAND, "search", b"\xe9 \xff"], capture_output=True, env=environment(), check=False
    )
    assert b"Traceback" not in done.stderr
    assert done.returncode == 0


def test_a_misspelt_setting_is_named(site: Site) -> None:
    del site
    done = subprocess.run(
        [*COMMAND, "refresh"],
        capture_output=True,
        text=True,
        env=environment(hostdelay="1", kepe="2y") | {"PLANET_MPC_READ_ONLY": "1"},
        check=False,
    )
    assert done.returncode == 0
    assert "PLANET_MCP_HOSTDELAY is not a setting: did you mean PLANET_MCP_HOST_DELAY?" in (
        done.stderr
    )
    assert "did you mean PLANET_MCP_KEEP?" in done.stderr
    assert "did you mean PLANET_MCP_READ_ONLY?" in done.stderr


def test_opml_comes_from_stdin_too() -> None:
    document = '<opml><body><outline xmlUrl="https://a.example.org/f"/></body></opml>'
    run("import", "-", stdin=document)
    assert data("status")["feeds"] == 1


def test_a_config_of_a_planet_is_imported_by_the_same_command(tmp_path: Path) -> None:
    config = tmp_path / "config.ini"
    config.write_text(
        "[Planet]\nname = Planet Example\n\n"
        "[https://a.example.org/f]\nname = Ada\n\n"
        "[https://b.example.org/f]\nname = Bob\n\n"
        "[https://c.example.org/more.opml]\ncontent_type = opml\n"
    )

    said = run("import", str(config)).stdout

    assert "2 added, 0 already subscribed, 0 failed" in said
    assert "1 reading list passed over (https://c.example.org/more.opml)" in said
    assert [feed["title"] for feed in data("feeds")["feeds"]] == ["Ada", "Bob"]
    assert "2 already subscribed" in run("import", "-", stdin=config.read_text()).stdout


def test_a_malformed_line_of_a_config_of_a_planet_costs_no_feed_and_is_named() -> None:
    config = (
        "[https://a.example.org/f]\nname = Ada\nBob\n[https://b.example.org/f\n\n[mailto:x@y]\n"
    )

    said = run("import", "-", stdin=config).stdout

    assert "2 added, 0 already subscribed, 2 failed" in said
    assert "not taken: line 3: it is neither a [section] nor" in said
    assert "not taken: mailto:x@y" in said


def test_all_that_an_import_does_not_take_is_named(tmp_path: Path) -> None:
    rows = "".join(f'<outline text="N{n}" xmlUrl="ftp://a.example/"/>' for n in range(120))
    opml = tmp_path / "feeds.opml"
    opml.write_text(f'<opml><body><outline xmlUrl="https://a.example/"/>{rows}</body></opml>')

    (added,) = data("import", str(opml))["results"]

    assert added["feeds_failed"] == 120
    assert [item["name"] for item in added["not_taken"]] == [f"N{n}" for n in range(120)]


def test_what_the_first_feeds_do_not_take_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    opml = tmp_path / "feeds.opml"
    opml.write_text('<opml><body><outline xmlUrl="https://a.example/"/>&<outline text="B"/>')

    run("import", str(opml), feeds=str(opml), database=str(tmp_path / "new"))

    assert "not taken: B: it has no xmlUrl" in caplog.text
    assert "malformed at line 1" in caplog.text


def test_a_feed_that_cannot_be_added_is_exit_code_1(site: Site) -> None:
    url = site.add("/", page("<p>No feed</p>"), content_type="text/html")
    assert "names no feed" in run("add", url, code=1).stdout


def test_help_and_version_explain_themselves() -> None:
    assert "planet-mcp serve --http" in run("--help").stdout
    assert "--since" in run("search", "--help").stdout
    assert __version__ in run("--version").stdout


def test_a_reader_that_stops_early_is_no_error(site: Site) -> None:
    run("add", site.add("/feed", rss([Post(f"Post {n}") for n in range(50)])))
    command = " ".join(COMMAND)
    done = subprocess.run(
        ["/bin/sh", "-c", f"{command} search | head -1"],
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
    )
    assert "Traceback" not in done.stderr
