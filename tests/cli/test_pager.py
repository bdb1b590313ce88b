"""Long answers on a real terminal, of which a pager shows the beginning and then ends."""

import os
import pty
import subprocess
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from planet_mcp.planet import Planet
from tests.support.documents import Post, rss
from tests.support.programs import COMMAND, MORTAL, environment
from tests.support.site import Site

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such terminals"),
]


def on_a_terminal(*arguments: str, **variables: str) -> tuple[int, str]:
    """Run the program on a terminal; returns its exit code and what was to be seen."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*MORTAL, *COMMAND, *arguments],
        env={**environment(), "TERM": "xterm", **variables},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as program:
        os.close(theirs)
        seen = b""
        # At the end of the program, a terminal is an error to read.
        with suppress(OSError):
            while part := os.read(ours, 65_536):
                seen += part
    os.close(ours)
    return program.returncode, seen.decode()


async def test_a_pager_that_was_left_early_ends_the_command_without_a_word(
    planet: Planet, site: Site
) -> None:
    posts = [Post(f"Post {n}", age=timedelta(hours=n)) for n in range(60)]
    await planet.add_feeds([site.add("/feed", rss(posts, title="Long"))])
    database = {"PLANET_MCP_DATABASE": str(Path(planet.store.path))}

    for pager in ("head -n 1", "true", "no-such-pager"):
        code, seen = on_a_terminal("latest", **database, PAGER=pager)
        assert code == 0, seen
        assert "Traceback" not in seen
        assert "rror" not in seen
        assert seen.count("Post ") == (60 if pager == "no-such-pager" else 0)
