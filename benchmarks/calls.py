"""Compares our stdio transport with the SDK's own runner: how long a call of a tool takes.

`python -m benchmarks.calls`: the same server object, with a trivial tool beside its own, in two
processes that are called in turn; made-up feeds, no network, half a minute.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.corpus import made_up
from benchmarks.host import Host, hosting
from benchmarks.passes import WORDS, prepare, refresh, settings_for
from tests.support.site import running_site

FEEDS, ENTRIES = 200, 20
TURNS, WARM_UP = 40, 5
QUANTILES = (0.5, 0.95, 0.99)
OURS, SDK = "planet-mcp", "the SDK's runner"


def main() -> None:
    """Measure, or be one of the servers that are measured."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--server", choices=(OURS, SDK), help=argparse.SUPPRESS)
    if runner := options.parse_args().server:
        asyncio.run(serve(runner))
        return
    prepare()
    with tempfile.TemporaryDirectory() as temporary:
        settings = filled(Path(temporary))
        with (
            hosting("benchmarks.calls", "--server", OURS, **settings) as ours,
            hosting("benchmarks.calls", "--server", SDK, **settings) as sdk,
        ):
            report(ours, sdk)


def filled(folder: Path) -> dict[str, str]:
    """Return settings for a database with some thousand entries of made-up feeds."""
    with running_site() as site:
        settings = settings_for(folder, made_up(site, feeds=FEEDS, entries=ENTRIES))
        result = refresh(settings).result
    print(f"database: {result['ok']} feeds, {result['new_entries']} entries")
    return {**settings, "refresh": "off"}


async def serve(runner: str) -> None:
    """Serve the planet's tools, and one more, over stdio."""
    from planet_mcp.planet import open_planet  # deferred: the measuring process needs none of it
    from planet_mcp.serving.mcp import create_server
    from planet_mcp.serving.stdio import claim_descriptors
    from planet_mcp.serving.stdio import serve as serve_by_us
    from planet_mcp.settings import load

    async with open_planet(load()) as planet:
        server = create_server(planet, refresh=False)

        @server.tool()
        async def echo(text: str) -> str:
            """Say the same."""
            return text

        if runner == OURS:
            await serve_by_us(server, *claim_descriptors())
        else:
            await server.run_stdio_async()


def report(ours: Host, sdk: Host) -> None:
    """Call both servers and print how long that took."""
    print(f"\n| {TURNS * len(WORDS)} calls each, ms | " + " | ".join(_NAMES) + " |")
    print("|---" * (len(_NAMES) + 1) + "|")
    for tool, argument in (("echo", "text"), ("search_entries", "query")):
        times: dict[str, list[float]] = {OURS: [], SDK: []}
        # In blocks, as a host calls one server at a time; in turn, as the machine's speed drifts.
        for turn in range(-WARM_UP, TURNS):
            for name, host in ((OURS, ours), (SDK, sdk)):
                found = [host.timed(tool, **{argument: word}) for word in WORDS]
                times[name] += found if turn >= 0 else []
        for name, found in times.items():
            print(f"| `{tool}`, {name} | " + " | ".join(f"{t:.2f}" for t in spread(found)) + " |")
        ratios = [
            our / its for our, its in zip(spread(times[OURS]), spread(times[SDK]), strict=True)
        ]
        print("| ratio | " + " | ".join(f"**{ratio:.2f}**" for ratio in ratios) + " |", flush=True)


_NAMES = [f"p{100 * share:.0f}" for share in QUANTILES]


def spread(times: Sequence[float]) -> list[float]:
    """Return the quantiles of what was measured."""
    ordered = sorted(times)
    return [ordered[int(len(ordered) * share)] for share in QUANTILES]


if __name__ == "__main__":
    main()
