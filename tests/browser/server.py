"""Serves a database as it was on the morning after the week of tests/planet_week.

`python -m tests.browser.server PORT` is `planet-mcp serve --http --port PORT` with another clock.
By the real one the week would be long ago: its feeds dormant, its figures empty.
"""

import sys
from functools import partial

import planet_mcp.planet
from planet_mcp.cli import commands
from tests.support.planet_week import NOW

if __name__ == "__main__":
    at_that_time = partial(planet_mcp.planet.open_planet, clock=lambda: NOW)
    planet_mcp.planet.open_planet = at_that_time
    commands(["serve", "--http", "--port", sys.argv[1]])
