"""h11 reads what it read before, and long runs of blanks take linear time."""

import asyncio
import importlib.util
import os
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planet_mcp.network.h11_guard import SLOW, mend
from tests.support.serving import browser, serving

BYTES = st.text("aF0:; \t\r\n\x00é", max_size=12).map(lambda text: text.encode("latin-1"))


def own_readers() -> Any:
    """Return the module of h11 as it is before anybody has mended it."""
    spec = importlib.util.find_spec("h11._readers")
    assert spec is not None
    assert spec.loader is not None
    fresh = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fresh)
    return fresh


def test_h11_has_the_expressions_that_are_known() -> None:
    """When this fails, h11 has changed: see whether it is slow still, and mend what it has now."""
    readers = own_readers()

    assert {name: getattr(readers, name).pattern for name in SLOW} == {
        name: slow for name, (slow, _) in SLOW.items()
    }


def test_the_expressions_are_mended_once(caplog: pytest.LogCaptureFixture) -> None:
    readers = own_readers()

    for _ in range(2):
        mend(readers)
        assert {name: getattr(readers, name).pattern for name in SLOW} == {
            name: linear for name, (_, linear) in SLOW.items()
        }
    assert caplog.records == []


def test_other_expressions_stay_and_are_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    other = SimpleNamespace(header_field_re=re.compile(b"another"))

    mend(other)

    assert other == SimpleNamespace(header_field_re=re.compile(b"another"))
    assert [each.levelname for each in caplog.records] == ["WARNING", "WARNING"]
    assert "header_field_re" in caplog.text
    assert "chunk_header_re" in caplog.text


@given(BYTES)
def test_the_mended_expressions_match_what_h11s_own_do(rest: bytes) -> None:
    for name, line in (
        ("header_field_re", b"a:" + rest),
        ("chunk_header_re", b"0" + rest + b"\r\n"),
    ):
        own, mended = (re.fullmatch(pattern, line) for pattern in SLOW[name])
        assert (mended and mended.groupdict()) == (own and own.groupdict())


def cpu_seconds(process_id: int) -> float:
    """Return the processor time that a process has used, which is not that of a busy machine."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.anyio
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux tells it like this")
async def test_blanks_in_a_request_cost_the_http_server_little() -> None:
    async with serving() as (url, process), browser() as web:
        before = cpu_seconds(process.pid)
        port = int(url.rpartition(":")[2])
        answer, hostile = await asyncio.open_connection("127.0.0.1", port)
        hostile.write(b"GET / HTTP/1.1\r\nHost: x\r\na:" + b" " * 60_000 + b"\0\r\n\r\n")
        assert b" 400 " in await answer.readline()
        assert (await web.get(f"{url}/health")).status_code == 200
        hostile.close()
        used = cpu_seconds(process.pid) - before

    # It would be ten.
    assert used < 3
