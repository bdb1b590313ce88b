"""Makes the published schemas strict, and leaves out what no reader needs."""

from typing import Any, cast

from mcp.server.mcpserver import MCPServer

_NOT_OUTLINED = {
    "$defs",
    "additionalProperties",
    "default",
    "description",
    "propertyNames",
    "required",
}


def tighten(server: MCPServer[Any]) -> None:
    """Let the schemas of all tools refuse unknown arguments, and shorten them.

    The SDK publishes pydantic's titles and allows any argument; it offers no public way to change
    either, so this reaches for its tool manager (`tests/serving/mcp/test_server.py` would notice).
    """
    for tool in server._tool_manager.list_tools():  # noqa: SLF001 - see above
        tool.parameters = slim({**tool.parameters, "additionalProperties": False})
        if tool.fn_metadata.output_schema is not None:
            tool.fn_metadata.output_schema = outline(tool.fn_metadata.output_schema)
            # The model is taken away, or the SDK would validate each result that was just made of
            # it.
            tool.fn_metadata.output_model = None


def slim(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a JSON Schema without titles, and without null where a field is left out instead."""
    slimmed: dict[str, Any] = {}
    for name, value in schema.items():
        if name in {"properties", "$defs"}:
            slimmed[name] = {key: slim(item) for key, item in value.items()}
        elif name == "title" or (name == "default" and value is None):
            continue
        else:
            slimmed[name] = _slim_value(value)
    return _without_null(slimmed)


def outline(schema: dict[str, Any]) -> dict[str, Any]:
    """Return what a result consists of: lists, objects and the names in them.

    Types and descriptions of values go: all tools are read at the start of each session, and a
    value speaks for itself once it is there. Definitions are written out where they are used.
    """
    return cast("dict[str, Any]", _outlined(slim(schema), schema.get("$defs", {})))


def _outlined(value: Any, defs: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_outlined(item, defs) for item in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        return _outlined(slim(defs[value["$ref"].rpartition("/")[2]]), defs)
    if value.get("type") not in {"array", "object"}:
        return {}
    return {
        name: {key: _outlined(field, defs) for key, field in item.items()}
        if name == "properties"
        else _outlined(item, defs)
        for name, item in value.items()
        if name not in _NOT_OUTLINED
    }


def _slim_value(value: Any) -> Any:
    if isinstance(value, dict):
        return slim(value)
    if isinstance(value, list):
        return [slim(item) if isinstance(item, dict) else item for item in value]
    return value


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    arms = [arm for arm in schema.get("anyOf", []) if arm != {"type": "null"}]
    if not arms:
        return schema
    rest = {name: value for name, value in schema.items() if name != "anyOf"}
    return {**arms[0], **rest} if len(arms) == 1 else {**rest, "anyOf": arms}
