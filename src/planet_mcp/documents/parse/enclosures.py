"""The files that come with an entry (pure)."""

import re
from collections.abc import Iterable
from dataclasses import replace

from planet_mcp.documents.parse.raw import RawEnclosure
from planet_mcp.models import Enclosure
from planet_mcp.urls import page_url

_MOST = 20
_MEDIA_TYPE = re.compile(r"[a-z]{1,20}/[a-z0-9][a-z0-9.+_-]{0,60}")
_COUNT = re.compile(r"(\d{1,15})(?:\.\d*)?")
_DURATION = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,3}):)?(\d{1,7})(?:\.\d*)?")
_PLAYED = ("audio", "video")
_MINUTE = 60
_RECORDING_NAME = re.compile(
    r"\.(?:aac|m4[abv]|mp[34]|og[ga]|opus|wav|webm)(?:[?#]|$)", re.IGNORECASE
)
_PICTURE_NAME = re.compile(r"\.(?:avif|gif|jpe?g|png|svg|webp)(?:[?#]|$)", re.IGNORECASE)


def enclosures_of(
    files: Iterable[RawEnclosure], *, duration: str, url: str
) -> tuple[Enclosure, ...]:
    """Collect an entry's files, each address once; `duration` is that of its recording."""
    resolved = [(page_url(file.url, url), file) for file in files if file.url]
    addressed = [(address, file) for address, file in resolved if address]
    found: dict[str, Enclosure] = {}
    for address, file in addressed:
        found[address] = _merged(found.get(address), _enclosure(file, address))
    recording = _recording(addressed)
    if recording:
        played = found[recording]
        found[recording] = replace(played, seconds=played.seconds or _seconds(duration))
    return tuple(found.values())[:_MOST]


def _recording(addressed: list[tuple[str, RawEnclosure]]) -> str | None:
    """Return the address of the first file that plays, else of the first without a type."""
    playing = [address for address, file in addressed if plays(file)]
    unknown = [address for address, file in addressed if not file.type]
    return next(iter(playing + unknown), None)


def plays(file: RawEnclosure) -> bool:
    """Return whether a file is a recording: its medium or its media type is audio or video."""
    return file.medium.lower() in _PLAYED or file.type.lower().startswith(_PLAYED)


def names_a_recording(address: str) -> bool:
    """Return whether an address ends like a recording's, which is no page."""
    return bool(_RECORDING_NAME.search(address))


def is_picture(file: RawEnclosure) -> bool:
    """Return whether a file is a picture: by its medium, its media type, or else its name."""
    if file.medium or file.type:
        return file.medium.lower() == "image" or file.type.lower().startswith("image/")
    return bool(_PICTURE_NAME.search(file.url))


def _enclosure(file: RawEnclosure, address: str) -> Enclosure:
    kind = file.type.partition(";")[0].strip().lower()
    return Enclosure(
        url=address,
        type=kind if _MEDIA_TYPE.fullmatch(kind) else None,
        length=_length(file.length),
        seconds=_seconds(file.duration),
    )


def _merged(known: Enclosure | None, other: Enclosure) -> Enclosure:
    """Complete a file that is named twice, as `<enclosure>` and as `<media:content>`."""
    if known is None:
        return other
    return Enclosure(
        url=known.url,
        type=known.type or other.type,
        length=known.length or other.length,
        seconds=known.seconds or other.seconds,
    )


def _length(text: str) -> int | None:
    found = _COUNT.fullmatch(text)
    return (int(found[1]) if found else 0) or None


def _seconds(text: str) -> int | None:
    """Read `HH:MM:SS`, `MM:SS` or seconds; zero is how generators say that they do not know."""
    found = _DURATION.fullmatch(text)
    if not found:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    if (found[2] and seconds >= _MINUTE) or (found[1] and minutes >= _MINUTE):
        return None
    return (hours * _MINUTE + minutes) * _MINUTE + seconds or None
