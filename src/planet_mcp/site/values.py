"""What pages are made with, and what they are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from planet_mcp.documents.pictures import INSTALL, is_installed
from planet_mcp.errors import SettingsError
from planet_mcp.meaning import NOT_ASKED, Understood
from planet_mcp.models import ImageMode
from planet_mcp.settings import DEFAULT_FEEDS, Settings

HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Options:
    """How the pages of a planet are to be.

    `images` says how they show the images of entries, `token` whether agents need one,
    `script` whether they have a script of ours; `theme` is a folder of the operator's.
    `static` pages are files: their links are relative, nothing can be searched, and no server is
    there. `model` is the id of a model whose vectors say which entries are related.
    """

    title: str
    images: ImageMode = "off"
    token: bool = False
    static: bool = False
    script: bool = False
    theme: Path | None = None
    model: str | None = None


def options_of(settings: Settings, *, token: bool = False, static: bool = False) -> Options:
    """Return how the pages of a planet with these settings are to be.

    Raises:
        SettingsError: They are to show pictures, and the library for it is not there.
    """
    if settings.images == "proxy" and not is_installed():
        raise SettingsError(
            f"--images proxy needs Pillow: {INSTALL} adds it. Or leave images as links: "
            "--images off."
        )
    default = "Planet Python" if settings.feeds == DEFAULT_FEEDS else "Planet"
    return Options(
        settings.title or default,
        settings.images,
        token,
        static,
        script=settings.script,
        theme=settings.theme,
    )


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The page that is wanted: its path, the address of the site, and what a form said.

    A path has no slash at its beginning: `entries/12`, `days/2025-11-12/2`,
    `atom.xml`; that of the river is empty. `base` ends with a slash. `understood` is what the
    question of a form means, `refreshing` whether feeds are read in the background.
    """

    path: str
    base: str
    query: Mapping[str, str] = field(default_factory=dict)
    understood: Understood = NOT_ASKED
    refreshing: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One page or feed document as it is served or written.

    `modified` is when the newest of its entries was stored, where that is all that it shows.
    After `reload_seconds` a browser is to look again by itself.
    """

    body: bytes
    content_type: str = HTML
    status: int = 200
    modified: datetime | None = None
    reload_seconds: int | None = None
