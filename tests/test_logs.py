"""A log line is one record, whatever strangers wrote that it quotes; and secrets stay out of it."""

import logging
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planet_mcp.cli.logs import LONGEST_LOG_LINE, LogFormatter
from planet_mcp.errors import BadResponseError, FetchError, OpmlError, redacted
from tests.support.programs import COMMAND, PATIENCE_SECONDS, environment
from tests.support.site import Site

FORMATTER = LogFormatter("%(levelname)s %(name)s: %(message)s")
FORGED = "ERROR planet_mcp.feeds.refresh: the database is lost"


def written(message: str, error: BaseException | None = None) -> str:
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("planet_mcp", logging.INFO, "", 0, "%s", (message,), info)
    return FORMATTER.format(record)


# ------------------------------------------------------------------------------------------- lines
@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        (f"x\n{FORGED}", rf"x\n{FORGED}"),
        (f"x\r{FORGED}", rf"x\r{FORGED}"),
        (f"x\r\n{FORGED}", rf"x\r\n{FORGED}"),
        (f"x\x0b\x0c\x1c\x85{FORGED}", rf"x\x0b\x0c\x1c\x85{FORGED}"),
        (f"x\u2028\u2029{FORGED}", rf"x\u2028\u2029{FORGED}"),
        ("\x1b[2J\x1b[1;31mred\x07", r"\x1b[2J\x1b[1;31mred\x07"),
        ("\x9b31mred", r"\x9b31mred"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\u202egnp.exe\u2066", r"\u202egnp.exe\u2066"),
        ("a\u200bb\ufeff\u00ad", r"a\u200bb\ufeff\xad"),
        ("\U000e0041\0\ud800", r"\U000e0041\x00\ud800"),
        ("Grüße, 世界 🙂 \\n", "Grüße, 世界 🙂 \\n"),
    ],
)
def test_what_is_not_printable_is_escaped(hostile: str, shown: str) -> None:
    assert written(hostile) == f"INFO planet_mcp: {shown}"


@given(st.text())
def test_a_record_is_one_printable_line(message: str) -> None:
    assert written(message).isprintable()


@given(st.text())
def test_no_line_of_a_traceback_passes_for_a_record(message: str) -> None:
    first, *others = written("It failed.", ValueError(f"{message}\n{FORGED}")).split("\n")
    assert first == "INFO planet_mcp: It failed."
    assert all(line.startswith("    ") and line.isprintable() for line in others)
    assert any("ValueError" in line for line in others)


def test_a_long_record_is_cut() -> None:
    assert len(written("x" * 1_000_000)) == LONGEST_LOG_LINE + 1


# ----------------------------------------------------------------------------------------- secrets
@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/f?token=s3cret", "https://a.example/f?token=…"),
        ("https://a.example/f?x=1&key=s3cret&y=2", "https://a.example/f?x=1&key=…&y=2"),
        ("https://a.example/f?secret=s3cret;auth=s3cret", "https://a.example/f?secret=…;auth=…"),
        ("https://a.example/f?PASSWORD=s3cret#f", "https://a.example/f?PASSWORD=…#f"),
        ("https://a.example/f?sig=s3cret&sign=up", "https://a.example/f?sig=…&sign=up"),
        ("https://a.example/f?access_token=s3cret", "https://a.example/f?access_token=…"),
        ("https://a.example/f?X-Amz-Signature=s3cret", "https://a.example/f?X-Amz-Signature=…"),
        ("https://a.example/f?apiKey=s3cret", "https://a.example/f?apiKey=…"),
        ("https://a.example/f?auth%5Btoken%5D=s3cret", "https://a.example/f?auth%5Btoken%5D=…"),
        ("https://a.example/f#access_token=s3cret", "https://a.example/f#access_token=…"),
        ("https://a.example/f?a=1&amp;token=s3cret", "https://a.example/f?a=1&amp;token=…"),
        ("https://jo:s3cret@a.example/f", "https://…@a.example/f"),
        ("https://s3cret@a.example:8080/f", "https://…@a.example:8080/f"),
        ("https://a.example/@jo/f?author=jo", "https://a.example/@jo/f?author=jo"),
        ("https://a.example/f?token=", "https://a.example/f?token="),
        ("jo@a.example", "jo@a.example"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert redacted(url) == shown
    assert redacted(f"At {url} and '{url}'.").startswith(f"At {shown} and '{shown}'")
    assert written(f"Feed 1 at {url} failed") == f"INFO planet_mcp: Feed 1 at {shown} failed"
    assert "s3cret" not in written("x", ValueError(url))
    for error in (FetchError(url), BadResponseError(url, status=404), OpmlError(url, line=1)):
        assert str(error) == shown


@given(st.text())
def test_any_text_can_be_shown_and_then_does_not_change(text: str) -> None:
    assert redacted(redacted(text)) == redacted(text)


@pytest.mark.parametrize(
    "flood", ["?", "://", "a", "?token", "&token=", "token", "%41", "?a%", "@", "://@", "?a=@"]
)
def test_a_flood_is_read_once(flood: str) -> None:
    redacted(f"?{flood * 100_000}=@")


# --------------------------------------------------------------------------------- the real program
def test_a_refresh_logs_no_secret_and_no_line_of_a_stranger(site: Site, tmp_path: Path) -> None:
    site.add("/moved?token=s3cret", status=302, headers={"Location": "/x%0AERROR%1B?key=s3cret"})
    site.add("/broken?token=s3cret", f"<x\x1b[31m\n{FORGED}>")
    site.add("/cut?token=s3cret", "<rss><channel><item><textInput><name>x")
    urls = [f"{site.url}/{name}?token=s3cret" for name in ("moved", "broken", "cut", "not-here")]
    outlines = "".join(f"<outline text='T{n}' xmlUrl='{url}'/>" for n, url in enumerate(urls))
    feeds = tmp_path / "feeds.opml"
    feeds.write_text(f"<opml><body>{outlines}</body></opml>")
    done = subprocess.run(
        [*COMMAND, "--log-level", "debug", "refresh", "--all"],
        capture_output=True,
        text=True,
        env=environment(feeds=str(feeds)),
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert "token=…" in done.stderr
    assert "s3cret" not in done.stderr
    for line in done.stderr.splitlines():
        assert re.match(r"(DEBUG|INFO|WARNING|ERROR) [\w.]+: |planet-mcp: |    ", line), line
    assert not re.search(rf"(?m)^{FORGED}", done.stderr)
    assert done.stderr.replace("\n", "").isprintable()
