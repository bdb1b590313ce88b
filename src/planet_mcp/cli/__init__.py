"""The command line: options → settings and a request → planet → text or JSON.

In: arguments and the environment. Out: an exit code, stdout for the answer, stderr for the rest.
Only this room knows click and rich, and how calls are spelled as commands.
"""

import io
import sys

import click

from planet_mcp.cli.running import FAILURE, INTERRUPTED, USAGE_ERROR
from planet_mcp.cli.serve import commands
from planet_mcp.errors import ArgumentError, ListError, PlanetError, SettingsError
from planet_mcp.serving.front import explain

__all__ = ["commands", "main"]


def main() -> int:
    """Run the command line; returns the exit code: 0, 1 for a failure, 2 for wrong usage."""
    _write_what_can_be_encoded()
    try:
        code = commands.main(prog_name="planet-mcp", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        explain(f"planet-mcp: {error.format_message()}")
        return error.exit_code
    except PlanetError as error:
        wrong_usage = isinstance(error, SettingsError | ArgumentError | ListError)
        return _complain(str(error), USAGE_ERROR if wrong_usage else FAILURE)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            return 0  # the reader, say `head`, has seen enough
        return _complain(f"The output cannot be written: {error.strerror}.", FAILURE)
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    return code if isinstance(code, int) else 0


def _write_what_can_be_encoded() -> None:
    """Let a code page or an ASCII pipe get `?` for what it does not have, instead of failing."""
    # Python's stderr escapes such characters by itself.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def _complain(problem: str, code: int) -> int:
    click.echo(f"planet-mcp: {problem}", err=True)
    explain(f"planet-mcp: {problem}")
    return code
