"""One spelling in the index for all that people write, and pairs of signs where no spaces are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planet_mcp.text import indexed, pieces, sought, words_in

SIGNS = st.text("使用编程全文搜索日本語かなカナー한국어ไทยที่ภาษา", min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Straße", "Strasse"),
        ("œuvre", "oeuvre"),
        ("Ærø", "aero"),
        ("Łódź", "lódź"),
        ("ısı", "isi"),
        ("ёлка", "елка"),
        ("Đặng", "dặng"),
        ("μῆνις", "μηνις"),
        ("ﬁle", "file"),
        ("Ｐｙｔｈｏｎ３", "python3"),
        ("𝗯𝗼𝗹𝗱", "bold"),
        ("السَّلَامُ", "السلام"),
        ("أحمد", "احمد"),
        ("مـــحمد", "محمد"),
        ("کتابی", "كتابي"),
        ("٢٠٢٦", "2026"),
        ("שָׁלוֹם", "שלום"),
        ("ﾌﾟﾛｸﾞﾗﾑ", "プログラム"),
        ("かﾞ", "が"),
        ("e\u0301", "é"),
    ],
)
def test_spellings_of_one_word_are_one_in_the_index(one: str, other: str) -> None:
    assert indexed(one).casefold() == indexed(other).casefold()


@pytest.mark.parametrize(
    "text",
    ["plain", "C++ — “quoted”…", "café, naïve Ångström", "русский йогурт", "हिन्दी किताब", "🎉 ™ µ"],
)
def test_what_the_index_folds_itself_is_kept_as_it_is(text: str) -> None:
    assert indexed(text) == text


def test_signs_are_told_from_letters_beside_them() -> None:
    assert indexed("使用Python编程").split() == ["使用", "用", "Python", "编程", "程"]
    assert words_in("我们用FastAPI写，café") == ["我们用", "FastAPI", "写", "café"]


def test_marks_stay_with_their_sign() -> None:
    assert indexed("ที่นี่").split() == ["ที่นี่", "นี่"]
    assert words_in("हिन्दी e\u0301a") == ["हिन्दी", "e\u0301a"]


def test_one_sign_is_the_beginning_of_a_pair() -> None:
    assert sought("字") == (" 字", True)
    assert sought("字 in") == (indexed("字 in"), False)


def test_a_question_in_japanese_is_looked_for_without_its_grammar() -> None:
    assert pieces("非同期処理について") == ["非同", "同期", "期処", "処理", "理に"]
    assert pieces("について") == ["につ", "つい", "いて"]


@given(before=SIGNS, run=SIGNS, after=SIGNS, word=st.sampled_from(["", "Python", " ", "3.14"]))
def test_a_run_of_signs_is_a_phrase_of_the_text_around_it(
    before: str, run: str, after: str, word: str
) -> None:
    text = indexed(f"{before}{word}{run}{after}").split()
    words, is_open = sought(run)
    wanted = words.split()
    if not run[0].isalpha() or not after[0].isalpha():  # a mark belongs to the sign before it
        return

    places = [text[place : place + len(wanted)] for place in range(len(text))]

    assert any(
        place[:-1] == wanted[:-1]
        and (place[-1].startswith(wanted[-1]) if is_open else place == wanted)
        for place in places
        if len(place) == len(wanted)
    )
