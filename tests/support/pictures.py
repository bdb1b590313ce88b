"""Pictures as strangers have them: sound ones, and those that are made to hurt."""

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from PIL import Image

MARK = b"a place and a name"


def picture(
    width: int = 60, height: int = 40, *, kind: str = "PNG", mode: str = "RGB", **more: Any
) -> bytes:
    """Return a picture of one colour."""
    file = BytesIO()
    Image.new(mode, (width, height), 7).save(file, kind, **more)
    return file.getvalue()


def with_metadata() -> bytes:
    """Return a JPEG that lies on its side, and says where it was taken and by whom."""
    exif = Image.Exif()
    exif[0x0112], exif[0x013B] = 6, MARK.decode()
    return picture(60, 40, kind="JPEG", exif=exif, comment=MARK, icc_profile=MARK, xmp=MARK)


def animation(frames: int = 3, **more: Any) -> bytes:
    """Return a GIF that moves."""
    file = BytesIO()
    first, *others = [Image.new("P", (20, 20), n) for n in range(frames)]
    first.save(file, "GIF", save_all=True, append_images=others, **more)
    return file.getvalue()


def claiming(width: int, height: int, *, rows: int = 0, channels: int = 1) -> bytes:
    """Return a PNG that says it is so large, with so many rows of nothing but zeros."""
    colour = {1: 0, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    packer, row = zlib.compressobj(9), bytes(width * channels + 1)
    packed = b"".join(packer.compress(row) for _ in range(rows)) + packer.flush()
    parts = [(b"IHDR", header), (b"IDAT", packed), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


def hostile() -> Iterator[tuple[str, bytes]]:
    """Return bytes that claim to be pictures, and what each of them is."""
    sound = picture(200, 200, kind="JPEG")
    yield "nothing", b""
    yield "words", b"<html>not here</html>"
    yield "vectors", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    yield "cut off", picture(200, 200)[:-60]
    yield "a head alone", sound[:30]
    yield "damaged", sound[:80] + b"\xff" * 40 + sound[120:]
    yield "20,000 pixels wide and high", claiming(20_000, 20_000)
    yield "as many pixels as can be said", claiming(2**31 - 1, 2**31 - 1)
    yield "no pixels", claiming(0, 10)
    yield "another format", picture(kind="TIFF")
    yield "a page of PostScript", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"
