"""Programs that tests start, planet-mcp before all: how to start, await and watch them."""

import asyncio
import os
import re
import shutil
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path

COMMAND = (sys.executable, "-m", "planet_mcp")
# What precedes a command that would outlive a test process that is killed (Linux). A server over
# stdio needs none: it ends with its stdin.
MORTAL = ("setpriv", "--pdeathsig", "KILL") if shutil.which("setpriv") else ()
# How long a test waits for what happens by itself: only one that hangs waits so long, however busy
# the machine is.
PATIENCE_SECONDS = 300


async def until(holds: Callable[[], object]) -> None:
    """Wait until something holds that no event tells of; it may be looked up asynchronously."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = holds()
            if await found if isinstance(found, Awaitable) else found:
                return
            await asyncio.sleep(0.02)


def environment(**settings: str) -> dict[str, str]:
    """Return the test's environment with these settings."""
    return {**os.environ, **{f"PLANET_MCP_{k.upper()}": v for k, v in settings.items()}}


def settings_in(env: Mapping[str, str]) -> dict[str, str]:
    """Return the settings alone, for hosts that pass on nothing else."""
    return {name: value for name, value in env.items() if name.startswith("PLANET_MCP_")}


def children_of(pid: int) -> list[int]:
    """Return the parsing child processes of a process (Linux)."""
    found: list[int] = []
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (thread / "children").read_text().split())
    return [child for child in found if _parses(child)]


def _parses(pid: int) -> bool:
    with suppress(OSError):
        return b"planet_mcp.sandbox.child" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has had (Linux)."""
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def peak_mb(pid: int) -> float:
    """Return the most resident memory that a process ever had, in MB (Linux; else 0)."""
    with suppress(OSError):
        found = re.search(r"VmHWM:\s*(\d+)", Path(f"/proc/{pid}/status").read_text())
        return int(found[1]) / 1024 if found else 0.0
    return 0.0


def is_alive(pid: int) -> bool:
    """Return whether a process still runs (Linux): a zombie does not."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False
