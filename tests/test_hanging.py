"""A test that hangs ends its worker, and with it what it started; the other tests go on."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.programs import MORTAL, is_alive, until

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not MORTAL, reason="only Linux lets a program end with its parent"),
]

# The program is started before the clock of the test that hangs runs.
HANGING = """
import subprocess, time
from pathlib import Path
from tests.support.programs import MORTAL

program = subprocess.Popen([*MORTAL, "sleep", "9999"])
with Path(__file__).with_name("pids").open("a") as pids:
    pids.write(f"{program.pid} ")

def test_that_hangs():
    time.sleep(9_999)

def test_that_passes():
    pass
"""


async def test_a_test_that_hangs_leaves_no_process_behind(tmp_path: Path) -> None:
    test = tmp_path / "test_hanging.py"
    test.write_text(HANGING)
    # Not as a part of this session, which may measure coverage.
    own = ("PYTEST_", "SLIPCOVER_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    done = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "-n", "1"),
        *("-p", "no:cacheprovider", "-p", "no:randomly", "-o", "faulthandler_timeout=1", str(test)),
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, _ = await done.communicate()
    assert b"1 failed, 1 passed" in out
    assert b"crashed while running" in out
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert pids
    await until(lambda: not any(map(is_alive, pids)))
