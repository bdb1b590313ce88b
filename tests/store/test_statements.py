"""The text of the statements: what SQLite and PostgreSQL both take."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from planet_mcp import store

ROOM = Path(store.__file__).parent
# Health and the steps of the schema are each engine's own.
MODULES = sorted(
    each for each in ROOM.rglob("*.py") if each.relative_to(ROOM).parts[0] not in {"db", "health"}
)
WORDS = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|FROM|WHERE|AND|CASE)\b")
# What only SQLite takes, and what both do.
OF_SQLITE_ALONE = {
    r"\bPRAGMA\b": "what `store.db.engine` has for it",
    r"entries_index MATCH": "entries_index(:match)",
    r"INSERT OR ": "ON CONFLICT (…) DO UPDATE",
    r"ON CONFLICT DO UPDATE": "the columns of the conflict",
    r"sqlite_sequence": "last_ids",
    r"LIMIT -1": "a bound",
    r"\bIS NOT (?!NULL\b)": "coalesce(a = b, FALSE)",
    r"CROSS JOIN \w+ AS \w+ ON\b": "the condition in WHERE",
    r"\btotal\(": "coalesce(sum(…), 0)",
    r"\bchar\(": "the character",
    r"\b(subscribed|archived|undated|teaser|title_derived) = [01]\b": "TRUE or FALSE",
    r"\binstr\([^()]*(\([^()]*(\([^()]*\)[^()]*)*\)[^()]*)*\)(?! > 0| - 1)": "instr(…) > 0",
    r"\b(min|max)\([^()]*,": "CASE",
    r"\b(\w*id|value) IN \(SELECT value FROM json_each": "CAST(value AS BIGINT)",
}


@cache
def texts() -> list[tuple[str, str]]:
    """Return the texts that have words of SQL, each after its module; `{}` is what is put in."""
    found = []
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            text = str(node.value) if isinstance(node, ast.Constant) else ""
            if isinstance(node, ast.JoinedStr):
                text = "".join(
                    str(part.value) if isinstance(part, ast.Constant) else "{}"
                    for part in node.values
                )
            if WORDS.search(text):
                found.append((str(module.relative_to(ROOM)), text))
    return found


@pytest.mark.parametrize("pattern", OF_SQLITE_ALONE)
def test_no_statement_has_what_only_sqlite_takes(pattern: str) -> None:
    found = [
        f"{module}: {each.group()}"
        for module, text in texts()
        for each in re.finditer(pattern, text)
    ]
    assert found == [], f"Both engines take {OF_SQLITE_ALONE[pattern]}."
