"""The models that can be fetched are listed; none is fetched by a list."""

import json
from pathlib import Path

import pytest

from tests.support.commands import command
from tests.support.toy_model import with_model, write_toy_model


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))


def test_the_list_says_what_there_is_and_why_none_is_used() -> None:
    done = command("model")
    assert done.code == 0
    assert "bge-small-en-v1.5      English      35 MB  MIT         not fetched" in done.stdout
    assert "None is used. No model was fetched: `planet-mcp model fetch`" in done.stdout


def test_as_json_it_has_addresses_of_revisions_and_checksums() -> None:
    listed = json.loads(command("model", "--json").stdout)
    files = [file for model in listed["models"] for file in model["files"]]
    assert listed["used"] is None
    assert all("/resolve/main/" not in file["url"] for file in files)
    assert {len(file["sha256"]) for file in files} == {64}


@with_model
def test_a_folder_that_is_named_is_used(tmp_path: Path) -> None:
    toy = write_toy_model(tmp_path / "toy")
    assert f"Used: {toy}" in command("model", model=str(toy)).stdout


def test_an_unknown_name_is_wrong_usage() -> None:
    done = command("model", "fetch", "word2vec")
    assert done.code == 2
    assert "'word2vec' is none of the models: bge-small-en-v1.5, all-MiniLM-L6-v2" in done.stderr
