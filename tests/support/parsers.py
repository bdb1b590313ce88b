"""Workers whose child process is ready at once, where a test is not of that process."""

import atexit
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from planet_mcp.sandbox import Worker
from tests.support import warm_parser
from tests.support.programs import MORTAL


def quick_worker() -> Worker:
    """Return a worker whose child is a fork; elsewhere than on Linux, a usual one.

    Not for a thread that ends before the tests: what is forked would end with it.
    """
    return Worker(command=(*warm_parser.PROGRAM, _address())) if MORTAL else Worker()


@cache
def _address() -> str:
    """Start the process that is forked, and return the address of its socket."""
    folder = mkdtemp()
    address = str(Path(folder) / "socket")
    serve = (sys.executable, "-I", warm_parser.__file__, "serve", address)
    server = subprocess.Popen([*MORTAL, *serve], stdout=subprocess.PIPE)
    assert server.stdout
    assert server.stdout.readline()

    def end() -> None:
        server.kill()
        server.communicate()
        shutil.rmtree(folder)

    atexit.register(end)
    return address
