"""What documents name exists: files, links, settings, targets of make, names in the code, tests."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from planet_mcp.settings import Settings
from tests.support.paths import ROOT, TESTS

PAGES = (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md"))
# These are for people who read the code; the others name files of users too.
FOR_DEVELOPERS = ("CONTRIBUTING.md", "docs/design.md", "docs/threats.md", "benchmarks/README.md")
# What paths in documents may begin at.
ROOTS = (ROOT, ROOT / "src" / "planet_mcp", TESTS)
BLOCK = re.compile(r"^(`{3,}).*?^\1$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"[\w.*-]+(?:/[\w.*-]+)+/?|[\w-]+\.(?:py|md|toml|json|opml|lock)")
DRAWN = re.compile(r"\b[a-z_]+/[a-z_/]*(?:\.py)?")
# Methods of the protocol.
METHOD = re.compile(r"(?:tools|resources|prompts|subscriptions|server|events|skills)/\w+")
NAME = re.compile(r"(?:\w+\.)*(?P<last>[A-Za-z]\w*_\w+|[A-Z][a-z]+[A-Z]\w*|\w+(?=\(\)$))(?:\(\))?")


def pages() -> list[str]:
    return sorted(str(path.relative_to(ROOT)) for path in PAGES)


def prose(page: str) -> str:
    return BLOCK.sub("", (ROOT / page).read_text("utf-8"))


def quoted(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", text)


def is_there(path: str) -> bool:
    path = path.rstrip("/")
    return any(any(root.glob(name)) for root in ROOTS for name in (path, f"{path}.py"))


@cache
def code() -> str:
    """All that is written in the project's own programs."""
    files = [ROOT / "pyproject.toml", ROOT / "Makefile", *ROOT.glob(".ci/*")]
    for folder in ("src", "tests", "benchmarks"):
        files += (ROOT / folder).rglob("*.py")
    return "\n".join(path.read_text("utf-8") for path in files if path.is_file())


@cache
def names_of_tests() -> set[str]:
    names = set()
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                names.add(node.name)
    return names


def is_test(name: str) -> bool:
    if name.endswith("…"):
        return any(test.startswith(f"test_{name[:-1]}") for test in names_of_tests())
    return f"test_{name}" in names_of_tests()


@pytest.mark.parametrize("page", pages())
def test_links_lead_to_files(page: str) -> None:
    folder = (ROOT / page).parent
    text = re.sub(r"`[^`\n]*`", "", prose(page))
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)|(?:src|srcset)=\"([^\"]+)\"", text)
    targets = [link or picture for link, picture in links]
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (folder / target).exists()] == []


@pytest.mark.parametrize("page", pages())
def test_settings_and_targets_of_make_exist(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    settings = {name.lower() for name in re.findall(r"\bPLANET_MCP_([A-Z_]+[A-Z])\b", text)}
    assert settings <= set(Settings.model_fields)
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"(?:`|\$ )make ([a-z-]+)", text):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("page", FOR_DEVELOPERS)
def test_files_exist(page: str) -> None:
    named = [name for name in quoted(prose(page)) if FILE.fullmatch(name)]
    files = [name for name in named if not METHOD.fullmatch(name)]
    assert [name for name in files if not is_there(name)] == []


def test_files_in_drawings_exist() -> None:
    drawings = BLOCK.finditer((ROOT / "docs" / "design.md").read_text("utf-8"))
    drawn = [path for block in drawings for path in DRAWN.findall(block[0])]
    assert len(drawn) > 10
    assert [path for path in drawn if not is_there(path)] == []


@pytest.mark.parametrize("page", [page for page in FOR_DEVELOPERS if page != "docs/threats.md"])
def test_names_are_those_of_the_code(page: str) -> None:
    matches = [NAME.fullmatch(name) for name in quoted(prose(page))]
    names = [match for match in matches if match and not match[0].startswith("PLANET_MCP_")]
    assert [name[0] for name in names if not re.search(rf"\b{name['last']}\b", code())] == []


@pytest.mark.parametrize("page", pages())
def test_programs_that_are_run_as_modules_exist(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    modules = re.findall(r"python -m ((?:benchmarks|tests|planet_mcp)[\w.]*)", text)
    missing = [name for name in modules if not is_there(name.replace(".", "/"))]
    assert missing == []


def test_each_test_that_shows_what_a_threat_comes_to_exists() -> None:
    rows = [line for line in prose("docs/threats.md").splitlines() if line.startswith("| ")]
    named = [name for row in rows for name in quoted(row.strip(" |").split(" | ")[-1])]
    tests = [name for name in named if not FILE.fullmatch(name) and not is_there(name)]
    assert len(tests) > len(rows) / 3
    assert [name for name in tests if not is_test(name)] == []


def test_a_name_that_does_not_exist_is_noticed() -> None:
    assert is_there("docs/threats.md")
    assert is_there("urls.py")
    assert not is_there("dial.py")
    assert is_test("a_name_that_does_not_exist_…")
    assert not is_test("a_name_that_does_not_exist")
    assert NAME.fullmatch("feeds.update.nobody_wrote_it()")


def test_pages_are_found() -> None:
    assert {"README.md", "SECURITY.md", *FOR_DEVELOPERS} <= set(pages())
    assert all(Path(ROOT, page).is_file() for page in FOR_DEVELOPERS)
