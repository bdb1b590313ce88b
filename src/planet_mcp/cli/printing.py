"""How answers are printed: for a person, page by page on a terminal, or as JSON."""

import json
import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

import click

from planet_mcp.cli.terminal import as_seen

if TYPE_CHECKING:
    from planet_mcp.planet import Answer, Result


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
