"""planet-mcp's own server over HTTP, with the fixtures that the conformance suite asks for.

`python -m tests.conformance.app PORT`, on loopback, over a temporary database with few entries.
"""

import argparse
import tempfile
import warnings
from pathlib import Path

import anyio
from mcp.shared.exceptions import MCPDeprecationWarning

from planet_mcp.planet import open_planet
from planet_mcp.serving.http import Pages, access_for, listen, serve
from planet_mcp.serving.mcp import create_server
from planet_mcp.settings import load
from tests.conformance.fixtures import add_fixtures
from tests.conformance.rounds import add_rounds
from tests.conformance.tools import LOOPBACK, fill


def main() -> None:
    """Serve until a signal comes."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("port", type=int)
    port = options.parse_args().port
    # The suite for 2025-11-25 wants log messages, which 2026-07-28 deprecates.
    warnings.simplefilter("ignore", MCPDeprecationWarning)
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "planet.sqlite"
        anyio.run(fill, database)
        anyio.run(_serve, database, port)


async def _serve(database: Path, port: int) -> None:
    settings = load(database=database, feeds="none")
    async with open_planet(settings) as planet:
        server = create_server(planet, refresh=False)
        add_fixtures(server)
        add_rounds(server)
        access = access_for(settings, LOOPBACK)
        pages = Pages(planet, settings, token=False)
        await serve(server, planet, listen(LOOPBACK, port), pages=pages, access=access)


if __name__ == "__main__":
    main()
