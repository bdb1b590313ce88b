"""Skills over MCP (SEP-2640): ways to work with the tools, as resources with digests.

The files in `skills/` are served byte for byte, since hosts refuse what does not fit its digest;
the plugin (`plugin/build.py`) carries the same files.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.server.extension import Extension, MethodBinding, ResourceBinding
from mcp.server.mcpserver.resources import TextResource
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, PaginatedRequestParams, RequestParams

from planet_mcp.serving.mcp.protocol import HOUR, MODERN

FOLDER = Path(__file__).with_name("skills")
FRESH = {"ttlMs": HOUR.ttl_ms, "cacheScope": HOUR.scope}

Context = ServerRequestContext[Any, Any]


class GetSkillParams(RequestParams):
    """The parameters of `skills/get`."""

    uri: str


class Skills(Extension):
    """The skills of this server, each of one file."""

    identifier = "io.modelcontextprotocol/skills"

    def __init__(self) -> None:
        files = [path.read_bytes() for path in sorted(FOLDER.glob("*/SKILL.md"))]
        self._skills = {skill["uri"]: skill for skill in map(_skill, files)}
        self._texts = dict(zip(self._skills, (file.decode() for file in files), strict=True))

    def resources(self) -> Sequence[ResourceBinding]:
        """Return the files, as resources that any client can read."""
        return [ResourceBinding(self._resource(uri)) for uri in self._skills]

    def methods(self) -> Sequence[MethodBinding]:
        """Return how skills are asked for."""
        return [
            MethodBinding("skills/list", PaginatedRequestParams, self._list, MODERN),
            MethodBinding("skills/get", GetSkillParams, self._get, MODERN),
        ]

    def _resource(self, uri: str) -> TextResource:
        about = self._skills[uri]["frontmatter"]
        return TextResource(
            uri=uri,
            name=about["name"],
            description=about["description"],
            mime_type="text/markdown",
            text=self._texts[uri],
        )

    async def _list(self, _: Context, params: PaginatedRequestParams | None) -> dict[str, Any]:
        if params and params.cursor:
            raise MCPError(INVALID_PARAMS, "All skills are on one page: leave the cursor out")
        return {"skills": [*self._skills.values()], **FRESH}

    async def _get(self, _: Context, params: GetSkillParams) -> dict[str, Any]:
        if params.uri not in self._skills:
            known = ", ".join(self._skills)
            raise MCPError(
                INVALID_PARAMS, f"There is no skill {params.uri[:200]!r}; there are {known}"
            )
        return {"skill": self._skills[params.uri], **FRESH}


def _skill(file: bytes) -> dict[str, Any]:
    """Describe a skill by its SKILL.md, as `skills/list` does."""
    # The front matter is `name: text` in each line, which a test holds to what YAML makes of it.
    head = file.decode().removeprefix("---\n").partition("\n---\n")[0]
    about = dict(line.split(": ", 1) for line in head.splitlines())
    uri = f"skill://{about['name']}/SKILL.md"
    digest = f"sha256:{hashlib.sha256(file).hexdigest()}"
    return {
        "uri": uri,
        "frontmatter": about,
        "resources": [{"uri": uri, "digest": digest, "size": len(file)}],
    }
