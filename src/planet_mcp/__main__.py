"""`python -m planet_mcp` and the `planet-mcp` command."""

import gc
import os
import sys


def run() -> None:
    """Run the command line and end the process with its exit code."""
    # What loading makes stays: looking for garbage in it takes a tenth of a start. A command that
    # has loaded what it needs lets it be looked for again.
    gc.disable()
    # Links into pydantic's documentation are of no use to an agent; pydantic reads this once.
    os.environ.setdefault("PYDANTIC_ERRORS_INCLUDE_URL", "0")
    from planet_mcp.serving.front import begin

    begin(sys.argv[1:], os.environ)
    from planet_mcp.cli import main  # deferred: after the lines above

    code = main()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        pass  # nobody reads any more, or the disk is full: there is nobody left to tell
    # All is closed by now; a thread that hangs in a name look-up must not hold up the end.
    os._exit(code)


if __name__ == "__main__":
    run()
