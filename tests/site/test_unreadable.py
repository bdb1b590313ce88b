"""Pages of a database that cannot be read."""

from pathlib import Path

import pytest

from planet_mcp.planet import Planet
from tests.support.serving import pages_of

pytestmark = pytest.mark.anyio


def damage(database: Path) -> None:
    database.write_bytes(b"damaged" * 9_999)


async def test_a_store_that_cannot_be_read_is_said_without_its_path(
    planet: Planet, database: Path
) -> None:
    async with pages_of(planet) as pages:
        planet.store.close()
        damage(database)
        refused = (await pages.see("/", status=503)).answer
    assert "cannot be read" in refused.text
    assert database.name not in refused.text
