"""A folder with a model makes vectors of texts; what is no such folder says what is wrong."""

from pathlib import Path

import pytest

from planet_mcp.embedding import MOST_CHARACTERS, ModelFolder, NoModel, chosen_model, parts_of
from planet_mcp.errors import ModelError
from tests.support.toy_model import with_model, write_toy_model


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    return write_toy_model(tmp_path / "toy")


def likeness(one: bytes, other: bytes) -> float:
    from planet_mcp.embedding import Nearest

    nearest = Nearest()
    nearest.add([(1, other)])
    return nearest.compared(one, read_whole=lambda _: []).nearest(most=1)[0].likeness


@with_model
def test_synonyms_are_near_and_others_are_not(toy: Path) -> None:
    from planet_mcp.embedding import Model

    model = Model(toy)
    texts = ["a cheap CAR", "the inexpensive automobile", "bread"]
    car, automobile, bread = model.passages(texts)
    assert likeness(car, automobile) > 0.99
    assert likeness(car, bread) < 0.1


@with_model
def test_many_texts_keep_their_order_whatever_their_lengths(toy: Path) -> None:
    from planet_mcp.embedding import Model

    texts = ["car " * (40 - number) if number % 2 else "film" for number in range(40)]
    model = Model(toy)
    alone = [model.passages([text])[0] for text in texts]
    together = model.passages(texts)
    assert [likeness(*pair) > 0.999 for pair in zip(alone, together, strict=True)] == [True] * 40


@with_model
def test_a_recipe_puts_words_before_questions_and_texts(toy: Path) -> None:
    from planet_mcp.embedding import Model

    (toy / "recipe.json").write_text('{"question": "film ", "pooling": "cls"}')
    asked, said = Model(toy).questions(["car"])[0], Model(toy).passages(["film car"])[0]
    assert likeness(asked, said) > 0.999  # of both, the first token counts


@with_model
@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "recipe.json"])
@pytest.mark.parametrize("content", [b"", b"{}", b"\x80\x04not data"])
def test_a_damaged_file_is_said(toy: Path, name: str, content: bytes) -> None:
    from planet_mcp.embedding import Model

    if (name, content) == ("recipe.json", b"{}"):
        return  # says nothing, which is no damage
    (toy / name).write_bytes(content)
    with pytest.raises(ModelError, match=r"cannot be loaded|is no recipe"):
        Model(toy)


@with_model
def test_the_setting_chooses_a_folder_a_name_or_none(
    toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    nothing = chosen_model(None)
    assert isinstance(nothing, NoModel)
    assert not nothing.is_asked_for
    assert "model fetch" in nothing.reason
    assert isinstance(chosen_model("off"), NoModel)
    there = chosen_model(str(toy))
    assert isinstance(there, ModelFolder)
    assert (there.path, there.name) == (toy, "toy")
    missing = chosen_model("all-MiniLM-L6-v2")
    assert isinstance(missing, NoModel)
    assert missing.is_asked_for
    assert "planet-mcp model fetch all-MiniLM-L6-v2" in missing.reason


@with_model
def test_other_bytes_are_another_model(toy: Path) -> None:
    before = chosen_model(str(toy))
    words = toy / "tokenizer.json"
    words.write_text(words.read_text().replace('"film"', '"flim"'))
    after = chosen_model(str(toy))
    assert isinstance(before, ModelFolder)
    assert isinstance(after, ModelFolder)
    assert before.id != after.id


def test_a_text_has_up_to_four_parts_that_follow_each_other() -> None:
    assert [part.text for part in parts_of("Title", "")] == ["Title"]
    assert [part.text for part in parts_of("", "short")] == ["short"]
    text = " ".join(f"word{number}" for number in range(1_000))
    parts = parts_of("Title", text)
    assert len(parts) == 4
    assert all(part.text.startswith("Title\nword") for part in parts)
    assert all(text[part.begin :].startswith("word") for part in parts)
    assert parts == parts_of("Title", text[:MOST_CHARACTERS])
    unspaced = parts_of("", "文" * 5_000)
    assert [part.begin for part in unspaced] == [0, 480, 960, 1440]
