"""Small pictures of strangers' pictures: what stays of them, and what they may be."""

import base64
from io import BytesIO

import pytest
from PIL import Image

from planet_mcp.documents.pictures import MOST_PIXELS, small_picture
from planet_mcp.errors import DocumentError
from planet_mcp.models import PictureKind
from tests.support.pictures import MARK, animation, claiming, hostile, picture, with_metadata


def shown(body: bytes, kind: PictureKind = "text") -> Image.Image:
    """Return what a page is given, which must be as large as is said."""
    made = small_picture(body, kind)
    image = Image.open(BytesIO(made.body))
    image.load()
    assert (image.format, image.size) == ("WEBP", (made.width, made.height))
    return image


def test_nothing_stays_but_pixels() -> None:
    original = with_metadata()
    assert original.count(MARK) > 3
    made = base64.b64decode(small_picture(original, "text").code)
    assert MARK not in made
    assert not any(name in made for name in (b"EXIF", b"XMP ", b"ICCP"))
    # It was on its side, which only its metadata said.
    assert shown(original).size == (40, 60)


@pytest.mark.parametrize(
    ("size", "kind", "expected"),
    [
        ((60, 40), "text", (60, 40)),
        ((2_400, 1_200), "text", (1_200, 600)),
        ((20_000, 100), "text", (1_200, 6)),
        ((500, 6_000), "text", (200, 2_400)),
        ((512, 512), "face", (96, 96)),
        ((32, 32), "face", (32, 32)),
    ],
)
def test_a_picture_is_no_larger_than_a_page_needs_it(
    size: tuple[int, int], kind: PictureKind, expected: tuple[int, int]
) -> None:
    assert shown(picture(*size, kind="JPEG"), kind).size == expected


def test_a_banner_is_no_face() -> None:
    with pytest.raises(DocumentError, match="banner"):
        small_picture(picture(300, 100), "face")
    assert shown(picture(120, 100), "face").size == (96, 80)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_all_that_a_png_may_be_is_shown(mode: str) -> None:
    assert shown(picture(mode=mode)).mode == ("RGBA" if mode in {"LA", "RGBA"} else "RGB")


def test_what_is_seen_through_stays_so() -> None:
    for clear in (picture(mode="RGBA"), picture(mode="L", transparency=7)):
        assert shown(clear).getchannel("A").getextrema() == (0, 0)


def test_colours_of_printers_are_shown() -> None:
    assert shown(picture(mode="CMYK", kind="JPEG")).mode == "RGB"


def test_of_an_animation_there_is_the_first_picture() -> None:
    assert getattr(shown(animation()), "n_frames", 1) == 1


@pytest.mark.parametrize(("name", "body"), list(hostile()), ids=lambda each: str(each)[:20])
def test_what_is_no_picture_is_refused(name: str, body: bytes) -> None:
    with pytest.raises(DocumentError, match=r"no picture|pixels"):
        small_picture(body, "text")


def test_the_pixels_that_are_too_many_are_not_even_read() -> None:
    side = int(MOST_PIXELS**0.5)
    with pytest.raises(DocumentError, match="too many"):
        small_picture(claiming(side + 1, side + 2), "text")
    # One fewer is read, and found to be missing.
    with pytest.raises(DocumentError, match="broken"):
        small_picture(claiming(side, side), "text")
