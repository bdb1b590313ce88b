"""Arguments as callers send them → arguments as a tool takes them, by its published schema (pure).

Hosts and models fill in every argument, write numbers and lists as text, and give one value where a
list is asked for. What that can only mean one way is taken so; all else is left to validation.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

Schema = Mapping[str, Any]

# Ids between commas, which are a list; in another text a comma may be part of a title.
_NUMBERS = re.compile(r"[0-9]+(?:\s*,\s*[0-9]+)+")
# What models write for no value, where no text is expected.
_NOTHING = frozenset({"null", "none", "undefined"})
# A number as people write it, where one alone can be meant.
_GROUPED = re.compile(r"\d{1,3}(?:[,_ ]\d{3})+")
# What callers add to a choice, and how long its beginning has to be.
_ADDED, _SHORTEST = re.compile(r"(?:[_ -](?:first|only))\Z"), 4
# A part of an error's location that names the arm of a union, in pydantic's words, and no argument.
_UNION_ARM = re.compile(r"int|str|list\[.*\]")


def as_meant(arguments: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """Return the arguments in the types of a tool's schema, without those that say nothing."""
    fields = schema["properties"]
    meant = {name: _value(value, fields[name]) for name, value in arguments.items()}
    # What has neither to be given nor a default may be nothing: no author is called None.
    absent = {name for name in fields if "default" not in fields[name]}
    absent -= {*schema.get("required", ())}
    return {
        name: value
        for name, value in meant.items()
        if not _says_nothing(value, fields[name], may_be_absent=name in absent)
    }


def explain(what: str, error: ValidationError) -> str:
    """Return a text that begins with `what` failed, and names each wrong argument with a reason."""
    lines = [f"{what}:"]
    for item in error.errors():
        field = ".".join(str(part) for part in item["loc"] if not _UNION_ARM.fullmatch(str(part)))
        if item["type"] == "missing":
            lines.append(f"- {field} is required")
        else:
            text = str(item["msg"]).removeprefix("Input ")
            lines.append(f"- {field}: {text} (got {repr(item['input'])[:100]})")
    return "\n".join(dict.fromkeys(lines))


def _value(value: Any, field: Schema) -> Any:
    types = _types(field)
    if types == {"integer"} and isinstance(value, str) and _GROUPED.fullmatch(value.strip()):
        return re.sub(r"\D", "", value)
    if "array" in types:
        value = _parsed_list(value)
        if not isinstance(value, list) and types == {"array"} and not _says_nothing(value, field):
            value = [value]
        if not isinstance(value, list):
            return _scalar(value, field)
        items = _items(value, field)
        # A list of one becomes that one, where the schema also takes one without a list.
        return items[0] if len(items) == 1 and types != {"array"} else items
    if "integer" in types and isinstance(value, str):
        value = _parsed_list(value)  # an id as answers write it: `[7]`
    if isinstance(value, list) and len(value) == 1:
        (value,) = value
    return _scalar(value, field)


def _types(field: Schema) -> set[str]:
    return {arm["type"] for arm in field.get("anyOf", (field,))}


def _parsed_list(value: Any) -> Any:
    if isinstance(value, str) and _NUMBERS.fullmatch(value.strip()):
        return [number.strip() for number in value.split(",")]
    if isinstance(value, str) and value.strip().startswith("["):
        try:
            parsed = json.loads(value)
        except (ValueError, RecursionError):
            return value
        return parsed if isinstance(parsed, list) else value
    return value


def _items(values: list[Any], field: Schema) -> list[Any]:
    arms = field.get("anyOf", (field,))
    items = next(arm["items"] for arm in arms if arm["type"] == "array")
    return [_scalar(value, items) for value in values if not _says_nothing(value, items)]


def _scalar(value: Any, field: Schema) -> Any:
    types = _types(field)
    # A boolean becomes text: pydantic would take `true` for the feed with id 1.
    if isinstance(value, bool) and "boolean" not in types:
        return str(value).lower()
    if isinstance(value, int | float) and types <= {"string", "array"}:
        return json.dumps(value)
    if not isinstance(value, str):
        return value
    if "enum" in field:
        return _choice(value.strip().casefold(), field["enum"]) or value
    return value if "string" in types else value.strip()


def _choice(text: str, choices: list[str]) -> str | None:
    """Return the one choice that a word means: itself, in the singular, `all` for `any`."""
    said = "any" if text == "all" and "any" in choices else _ADDED.sub("", text)
    if said in choices:
        return said
    begun = [choice for choice in choices if choice.startswith(said)]
    return begun[0] if len(begun) == 1 and len(said) >= _SHORTEST else None


def _says_nothing(value: Any, field: Schema, *, may_be_absent: bool = False) -> bool:
    if value is None or value == []:
        return True
    if not isinstance(value, str):
        return False
    text = value.strip().casefold()
    is_no_text = may_be_absent or "enum" in field or "string" not in _types(field)
    return not text or (is_no_text and text in _NOTHING)
