"""Watermarks say up to where was read, and are worth nothing elsewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planet_mcp.errors import ArgumentError
from planet_mcp.planet.watermarks import decode, encode
from planet_mcp.planet.watermarks import scope as of

_IDS = st.integers(0, 10**15)
_SCOPES = st.builds(
    of, st.none() | st.sets(st.integers(1, 10**9), min_size=1), st.none() | st.text()
)
_IDENTITIES = st.text("0123456789abcdef", min_size=4, max_size=16)


@given(_IDS, _IDENTITIES, _SCOPES)
def test_a_watermark_gives_back_its_entry(entry_id: int, identity: str, scope: str | None) -> None:
    watermark = encode(entry_id, identity=identity, scope=scope)

    for text in (watermark, f" {watermark}\n"):
        given_back = decode(text, identity=identity, scope=scope, newest=entry_id)
        assert given_back == entry_id


@given(_IDS, _IDENTITIES, _IDENTITIES)
def test_a_watermark_of_another_database_is_refused(
    entry_id: int, identity: str, other: str
) -> None:
    watermark = encode(entry_id, identity=identity, scope=None)

    if identity != other:
        with pytest.raises(ArgumentError, match=r"another database.* Use since"):
            decode(watermark, identity=other, scope=None, newest=entry_id)


def test_a_watermark_ahead_of_the_database_is_refused() -> None:
    watermark = encode(11, identity="abcd", scope=None)

    with pytest.raises(ArgumentError, match="another database"):
        decode(watermark, identity="abcd", scope=None, newest=10)


@pytest.mark.parametrize("scope", [None, "8", "70", "x123abc"])
def test_a_watermark_of_one_feed_is_refused_for_others_and_names_its_feed(
    scope: str | None,
) -> None:
    watermark = encode(5, identity="abcd", scope="7")

    with pytest.raises(ArgumentError, match=r"of feed 7 alone. Name that feed"):
        decode(watermark, identity="abcd", scope=scope, newest=10)


def test_a_watermark_of_all_feeds_serves_for_one() -> None:
    watermark = encode(5, identity="abcd", scope=None)

    assert decode(watermark, identity="abcd", scope="7", newest=10) == 5


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abcd",
        "abcd-",
        "abcd-x",
        "abcd--5",
        "abcd-5-",
        "abcd-5-7-9",
        "abcd-5.0",
        "abcd-\u0665",
        "abcd-²",
        "abcd-1_0",
        f"abcd-{'9' * 19}",
        f"abcd-{'9' * 5_000}",
        "2026-11-22T09:00Z",
        "7d",
    ],
)
def test_what_is_no_watermark_is_refused_with_the_way_out(text: str) -> None:
    with pytest.raises(ArgumentError, match=r"is not a watermark\. .* or use since instead"):
        decode(text, identity="abcd", scope=None, newest=10**20)


@given(st.text())
def test_any_other_text_is_refused_and_not_repeated_at_length(text: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        decode(text * 50, identity="abcd", scope=None, newest=10**20)

    assert len(str(caught.value)) < 1_200


def test_a_watermark_of_several_feeds_or_of_a_group_is_of_these_alone() -> None:
    feeds, group = of({8, 7}, None), of({7, 8}, "Friends")
    assert feeds == of([7, 8], None)
    assert group == of([1], " friends")
    for scope in (feeds, group):
        watermark = encode(5, identity="abcd", scope=scope)

        assert decode(watermark, identity="abcd", scope=scope, newest=10) == 5
        for other in {None, "7", of({7, 9}, None), of({7}, "Foes"), feeds, group} - {scope}:
            with pytest.raises(ArgumentError, match=r"of other feeds, or of a group.*the same"):
                decode(watermark, identity="abcd", scope=other, newest=10)
