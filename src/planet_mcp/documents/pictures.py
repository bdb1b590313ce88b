"""The picture of a stranger → a small one of ours, with nothing but its pixels (pure).

Only this module knows Pillow, which comes with `planet-mcp[pictures]`.
"""

import base64
import struct
from importlib.util import find_spec
from io import BytesIO
from typing import TYPE_CHECKING

from planet_mcp.errors import DocumentError
from planet_mcp.models import Picture, PictureKind

if TYPE_CHECKING:
    from PIL.Image import Image

INSTALL = "pip install 'planet-mcp[pictures]'"
# The formats that browsers show. SVG is none: it is a document, and may hold scripts and addresses.
_FORMATS = ("GIF", "JPEG", "PNG", "WEBP")
# As many pixels as pictures of the largest telephones have: 200 MB of the child's memory.
MOST_PIXELS = 52_000_000
# The boxes that pictures are reduced to. A page's column is 748 px wide, and denser on many
# screens.
_BOXES: dict[PictureKind, tuple[int, int]] = {"text": (1_200, 2_400), "face": (96, 96)}
# How many times as long as the other one side of a face may be: a banner says nothing in its box.
_LONGEST_FACE = 1.5
# The first quality with which a picture has at most so many bytes, else the last.
_QUALITIES, _MOST_BYTES = (80, 60, 40), 400_000
_ORIENTATION, _TURNED = 0x0112, 5
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, struct.error)


def is_installed() -> bool:
    """Return whether the library is there; does not load it."""
    return find_spec("PIL") is not None


def small_picture(body: bytes, kind: PictureKind) -> Picture:
    """Return a picture no larger than a page needs it, of an animation the first frame.

    Raises:
        DocumentError: It is none that is shown, is broken, or has far too many pixels.
    """
    from PIL import Image  # deferred: not everyone has it

    # Pillow's own bound is off: ours is lower, and raises.
    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(BytesIO(body), formats=_FORMATS) as opened:
            _refuse(opened.width, opened.height, kind)
            image = _reduced(opened, _BOXES[kind])
        return Picture(*image.size, base64.b64encode(_written(image)).decode("ascii"))
    except _BROKEN as error:
        raise DocumentError("It is no picture, or a broken one.") from error


def _refuse(width: int, height: int, kind: PictureKind) -> None:
    if width * height > MOST_PIXELS:
        raise DocumentError(f"It has {width:,} by {height:,} pixels, which is too many.")
    if kind == "face" and max(width, height) > min(width, height) * _LONGEST_FACE:
        raise DocumentError("It is a banner and no face.")


def _reduced(image: "Image", box: tuple[int, int]) -> "Image":
    from PIL import ImageOps  # deferred, as above

    if image.getexif().get(_ORIENTATION, 1) >= _TURNED:
        box = (box[1], box[0])
    # A JPEG is decoded at half, a quarter or an eighth of its size where that is enough: in less
    # memory and time.
    image.draft(None, (2 * box[0], 2 * box[1]))
    plain = image.convert("RGBA" if image.has_transparency_data else "RGB")
    plain.thumbnail(box, reducing_gap=2.0)
    return ImageOps.exif_transpose(plain)


def _written(image: "Image") -> bytes:
    image.info.clear()
    for quality in _QUALITIES:
        file = BytesIO()
        image.save(file, "WEBP", quality=quality, method=4)
        if file.tell() <= _MOST_BYTES:
            break
    return file.getvalue()
