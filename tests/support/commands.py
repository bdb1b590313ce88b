"""Commands of planet-mcp, run in the test's process."""

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass

import pytest

from planet_mcp.cli import main
from tests.support.programs import environment


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it wrote."""

    code: int
    written: bytes
    stderr: str

    @property
    def stdout(self) -> str:
        """Return what it wrote to stdout, which must be UTF-8."""
        return self.written.decode()


def command(*arguments: str, stdin: str = "", encoding: str = "utf-8", **settings: str) -> Done:
    """Run a command of planet-mcp in this process, in a tenth of the time of one of its own.

    It logs to pytest, and not to stderr. The encoding is that of stdout and stderr.
    """
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding, write_through=True) for _ in range(2))
    source = io.BytesIO(stdin.encode())
    source.name = "<stdin>"
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for name, value in environment(**settings).items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["planet-mcp", *arguments])
        patch.setattr(sys, "stdin", io.TextIOWrapper(source, "utf-8"))
        code = main()
    return Done(code, out.buffer.getvalue(), err.buffer.getvalue().decode(encoding))
