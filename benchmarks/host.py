"""A host that starts a server and talks to it over pipes, with as little of its own as can be."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

_CLIENT = {"name": "benchmark", "version": "1"}
_HELLO = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": _CLIENT}


class Host:
    """One server as a child process, and the seconds that things took."""

    def __init__(
        self, module: Sequence[str], settings: Mapping[str, str], *, python: str = sys.executable
    ) -> None:
        env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        began = time.perf_counter()
        self.process = subprocess.Popen(
            [python, "-m", *module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**env, **settings},
        )
        self._number = 0
        self._cpu: dict[str, float] = {}
        self.request("initialize", _HELLO)
        self.start_seconds = time.perf_counter() - began
        self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def _send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def request(self, method: str, params: dict[str, Any]) -> Any:
        """Send a request and wait for its result."""
        self._number += 1
        self._send({"jsonrpc": "2.0", "id": self._number, "method": method, "params": params})
        assert self.process.stdout is not None
        while True:
            answer = json.loads(self.process.stdout.readline())
            if answer.get("id") == self._number:
                return answer["result"]

    def call(self, tool: str, **arguments: Any) -> Any:
        """Call a tool."""
        return self.request("tools/call", {"name": tool, "arguments": arguments})

    def timed(self, tool: str, **arguments: Any) -> float:
        """Return the milliseconds that a call of a tool took."""
        began = time.perf_counter()
        result = self.call(tool, **arguments)
        assert not result.get("isError"), result
        return (time.perf_counter() - began) * 1000

    def cpu_seconds(self) -> float:
        """Return the CPU time of the server and of the children that were seen, in s (Linux)."""
        pid = str(self.process.pid)
        self._cpu |= {own: cpu for own, parent, cpu in _processes() if pid in {own, parent}}
        return sum(self._cpu.values())

    def resident_mb(self) -> float:
        """Return the resident memory of the server in MB (Linux)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("utf-8")
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024


def _processes() -> Iterator[tuple[str, str, float]]:
    """Yield the id of each process, that of its parent, and the seconds of CPU time it took."""
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it may end meanwhile
            # The fields after the name, which is in parentheses, begin with the third (proc(5)).
            fields = file.read_text("utf-8").rpartition(")")[2].split()
            seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            yield file.parent.name, fields[1], seconds


@contextmanager
def hosting(*module: str, python: str = sys.executable, **settings: str) -> Iterator[Host]:
    """Start a server, and end it with the block; `python` may be that of another version."""
    env = {f"PLANET_MCP_{k.upper()}": v for k, v in settings.items()}
    host = Host(module, env, python=python)
    try:
        yield host
    finally:
        assert host.process.stdin is not None
        host.process.stdin.close()
        host.process.wait(10)
