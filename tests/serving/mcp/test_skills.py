"""Skills are listed, described and read as SEP-2640 has it, and only in sessions that know it."""

import hashlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError

from planet_mcp.planet import Planet
from planet_mcp.serving.mcp import create_server
from tests.support.asking import ask
from tests.test_plugin import plain_front_matter

pytestmark = pytest.mark.anyio

NAMES = ["planet-digest", "planet-research", "planet-watch"]


@pytest.fixture
async def client(planet: Planet) -> AsyncIterator[Client]:
    async with Client(create_server(planet, refresh=False)) as opened:
        yield opened


async def test_a_listed_skill_is_whole_and_what_is_read_fits_it(client: Client) -> None:
    listed = await ask(client, "skills/list")
    assert [skill["frontmatter"]["name"] for skill in listed["skills"]] == NAMES
    assert (listed["resultType"], listed["cacheScope"]) == ("complete", "public")
    assert listed["ttlMs"] > 0
    for skill in listed["skills"]:
        assert skill["uri"] == f"skill://{skill['frontmatter']['name']}/SKILL.md"
        [file] = skill["resources"]
        [content] = (await client.read_resource(file["uri"])).contents
        raw = content.text.encode()  # type: ignore[union-attr]
        assert content.mime_type == "text/markdown"
        assert file["uri"] == skill["uri"]
        assert file["size"] == len(raw)
        assert file["digest"] == f"sha256:{hashlib.sha256(raw).hexdigest()}"
        assert skill["frontmatter"] == plain_front_matter(raw.decode())[0]


async def test_a_skill_is_got_by_its_address(client: Client) -> None:
    listed = await ask(client, "skills/list")
    for skill in listed["skills"]:
        got = await ask(client, "skills/get", {"uri": skill["uri"]})
        assert got["skill"] == skill
        assert {"ttlMs", "cacheScope", "resultType"} <= set(got)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("skills/get", {"uri": "skill://planet-unheard-of/SKILL.md"}),
        ("skills/get", {}),
        ("skills/list", {"cursor": "x"}),
    ],
)
async def test_what_is_no_skill_is_refused_as_a_parameter(
    client: Client, method: str, params: dict[str, Any]
) -> None:
    with pytest.raises(MCPError) as refused:
        await ask(client, method, params)
    assert refused.value.error.code == -32602


async def test_skills_are_resources_with_names_and_descriptions(client: Client) -> None:
    resources = {str(each.uri): each for each in (await client.list_resources()).resources}
    for skill in (await ask(client, "skills/list"))["skills"]:
        resource = resources[skill["uri"]]
        assert resource.name == skill["frontmatter"]["name"]
        assert resource.description == skill["frontmatter"]["description"]
        assert skill["uri"] in (client.instructions or "")


async def test_older_sessions_read_the_files_and_know_no_method(planet: Planet) -> None:
    async with Client(create_server(planet, refresh=False), mode="legacy") as client:
        with pytest.raises(MCPError) as refused:
            await ask(client, "skills/list")
        assert refused.value.error.code == -32601
        assert (await client.read_resource(f"skill://{NAMES[0]}/SKILL.md")).contents
