"""What the console of a server shows: the first pass over the feeds, then a line an hour."""

from collections.abc import Callable
from dataclasses import dataclass

import anyio

from planet_mcp.planet import Planet, StatusResult

# A line is written whenever this part of all feeds was read: a tenth.
_STEPS = 10


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between two looks at a first pass, and between the lines after it."""

    first_pass: float = 5.0
    later: float = 3600.0


async def report(planet: Planet, say: Callable[[str], object], pace: Pace = Pace()) -> None:
    """Say how the planet is doing until cancelled."""
    status, reported = (await planet.status()).result, -1
    while status.never_checked:
        read = status.feeds - status.never_checked
        if read * _STEPS // status.feeds != reported:
            reported = read * _STEPS // status.feeds
            say(f"{read:,} of {status.feeds:,} feeds read for the first time")
        await anyio.sleep(pace.first_pass)
        status = (await planet.status()).result
    if reported >= 0:
        say(_line(status, new=status.entries))
    while True:
        await anyio.sleep(pace.later)
        before, status = status, (await planet.status()).result
        say(_line(status, new=status.entries - before.entries))


def _line(status: StatusResult, *, new: int) -> str:
    return (
        f"{status.feeds:,} feeds, {status.failing:,} of them failing; "
        f"{status.entries:,} entries, {max(new, 0):,} of them new"
    )
