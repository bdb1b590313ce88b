"""Screenshots as PNG files with a palette: a third of the size."""

import base64
import struct
import zlib
from collections import Counter
from dataclasses import dataclass

from playwright.sync_api import Page

# Backgrounds and the like, on which any change would be seen.
KEPT_COLOURS = 64
MOST_COLOURS = 256

Colour = tuple[int, int, int]

# The browser knows how to read what it wrote.
_PIXELS = """async (png) => {
    const bytes = Uint8Array.from(atob(png), (character) => character.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], {type: "image/png"}));
    const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
    context.drawImage(image, 0, 0);
    const {data} = context.getImageData(0, 0, image.width, image.height);
    const url = await new Promise((resolve) => {
        const reader = new FileReader();
        reader.onload = () => resolve(reader.result);
        reader.readAsDataURL(new Blob([data]));
    });
    return [image.width, image.height, url.split(",")[1]];
}"""


@dataclass(frozen=True, slots=True)
class Picture:
    """Pixels as (red, green, blue), row by row."""

    width: int
    height: int
    pixels: list[Colour]


def read(page: Page, png: bytes) -> Picture:
    """Read a PNG file with the help of a page, whichever it is."""
    width, height, encoded = page.evaluate(_PIXELS, base64.b64encode(png).decode())
    data = base64.b64decode(encoded)
    return Picture(width, height, list(zip(data[::4], data[1::4], data[2::4], strict=True)))


def with_palette(picture: Picture) -> bytes:
    """Write a PNG file, rare colours rounded until all are few enough (PNG, section 11.2.2)."""
    rounded = _rounded(picture)
    palette = {colour: number for number, colour in enumerate(sorted(set(rounded.values())))}
    codes = {colour: palette[near] for colour, near in rounded.items()}
    indices = bytes(codes[colour] for colour in picture.pixels)
    # Each row begins with its filter: 0, none.
    starts = range(0, len(indices), picture.width)
    rows = (b"\0" + indices[at : at + picture.width] for at in starts)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">IIBBBBB", picture.width, picture.height, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", b"".join(map(bytes, palette))),
            _chunk(b"IDAT", zlib.compress(b"".join(rows), 9)),
            _chunk(b"IEND", b""),
        )
    )


def _rounded(picture: Picture) -> dict[Colour, Colour]:
    """Return what each colour becomes: itself if it is frequent, else a neighbour of fewer bits."""
    frequent = [colour for colour, _ in Counter(picture.pixels).most_common()]
    exact, others = frequent[:KEPT_COLOURS], frequent[KEPT_COLOURS:]
    for bits in range(8, 2, -1):
        steps = 2**bits - 1
        nearest = [round(round(value / 255 * steps) * 255 / steps) for value in range(256)]
        found = {(r, g, b): (nearest[r], nearest[g], nearest[b]) for r, g, b in others}
        found |= {colour: colour for colour in exact}
        if len(set(found.values())) <= MOST_COLOURS:
            break
    return found


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
