"""A release names its version everywhere, and is made of what is committed."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.paths import ROOT

FILES = (
    ".ci/release.py",
    "CHANGELOG.md",
    "Makefile",
    "manifest.json",
    "pyproject.toml",
    "server.json",
    "src/planet_mcp/__init__.py",
)
CHANGES = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A thing.\n"


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    command = ["git", *identity, "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with the files that have a version."""
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "ada@example.org")
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "CHANGELOG.md").write_text(CHANGES, "utf-8")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "Begin")
    return tmp_path


def release(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(project / ".ci" / "release.py"), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_a_release_has_its_version_and_date_everywhere_and_is_tagged(project: Path) -> None:
    for step in ("prepare", "tag"):
        done = release(project, step, "7.8.9")
        assert done.returncode == 0, done.stderr
    texts = {name: git(project, "show", f"v7.8.9:{name}") for name in FILES}
    server = json.loads(texts["server.json"])
    assert tomllib.loads(texts["pyproject.toml"])["project"]["version"] == "7.8.9"
    assert json.loads(texts["manifest.json"])["version"] == "7.8.9"
    assert [server["version"], server["packages"][0]["version"]] == ["7.8.9", "7.8.9"]
    assert '__version__ = "7.8.9"\n' in texts["src/planet_mcp/__init__.py"]
    heading = r"## \[Unreleased\]\n\n## \[7\.8\.9\] - \d{4}-\d\d-\d\d\n\n### Added\n\n- A thing\.\n"
    assert re.search(heading, texts["CHANGELOG.md"])
    assert git(project, "status", "--porcelain") == ""


def test_what_is_not_committed_is_not_released(project: Path) -> None:
    (project / "new.txt").write_text("", "utf-8")
    refused = release(project, "prepare", "7.8.9")
    assert refused.returncode == 1
    assert "new.txt" in refused.stderr
    assert git(project, "diff") == ""


def test_a_version_is_released_once(project: Path) -> None:
    git(project, "tag", "v7.8.9")
    refused = release(project, "prepare", "7.8.9")
    assert refused.returncode == 1
    assert "v7.8.9 is a tag already" in refused.stderr
    assert git(project, "diff") == ""


def test_a_release_without_changes_is_refused(project: Path) -> None:
    (project / "CHANGELOG.md").write_text("## [Unreleased]\n\n## [0.1.0]\n\n- Old.\n", "utf-8")
    git(project, "commit", "--quiet", "--all", "--message", "Say nothing new")
    refused = release(project, "prepare", "7.8.9")
    assert refused.returncode == 1
    assert "CHANGELOG.md" in refused.stderr
    assert git(project, "diff") == ""


@pytest.mark.parametrize("arguments", [(), ("prepare",), ("prepare", "v1.2"), ("push", "1.2.3")])
def test_wrong_usage_is_answered_with_the_right_one(
    project: Path, arguments: tuple[str, ...]
) -> None:
    refused = release(project, *arguments)
    assert refused.returncode == 1
    assert "make release VERSION=1.2.3" in refused.stderr


def test_make_tries_the_wheel_and_builds_all_before_it_tags() -> None:
    command = ["make", "--dry-run", "release", "VERSION=7.8.9"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    steps = [
        ".ci/release.py prepare 7.8.9",
        ".ci/wheel dist",
        "plugin/build.py dist/plugin dist",
        "mcpb@2.1.2 pack . dist/planet-mcp.mcpb",
        ".ci/release.py tag 7.8.9",
    ]
    assert re.search(".*".join(map(re.escape, steps)), listed, re.DOTALL)


def test_make_help_explains_each_target() -> None:
    command = ["make", "--silent", "help"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    [names] = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert {line.partition(":")[0] for line in listed.splitlines()} == set(names.split())
