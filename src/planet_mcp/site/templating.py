"""The templates of the pages, and what all of them know."""

import hashlib
import traceback
from base64 import b64encode
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PackageLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
)
from markupsafe import Markup

from planet_mcp import __version__
from planet_mcp.errors import ThemeError
from planet_mcp.site import words
from planet_mcp.site.feeds_list import MOST_SAID, list_path
from planet_mcp.site.figures import HEIGHT, WIDTH
from planet_mcp.site.paths import Links
from planet_mcp.site.river import day_path, feed_day_path
from planet_mcp.site.values import Options, Page, PageRequest
from planet_mcp.text.to_html import code_css

# ICON is drawn here, since pages load nothing from elsewhere and have no scripts.
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
    '<circle cx="8" cy="8" r="5" fill="#38a"/><path d="M1 11 15 5" stroke="#fb3"/></svg>'
)
_CHECKSUM_CHARS = 12
_STYLE = "style.css"


class Templates:
    """Makes pages of what is to be seen on them."""

    def __init__(self, options: Options) -> None:
        self._options = options

    @cached_property
    def style(self) -> bytes:
        """Return the style sheet of all pages: ours, then that of the theme."""
        theme = self._options.theme
        own = theme / _STYLE if theme else None
        return _style() + (own.read_bytes() if own and own.is_file() else b"")

    @cached_property
    def look(self) -> str:
        """Return what differs with every change of how pages look, other than their content."""
        source = hashlib.sha256(self.style)
        source.update(f"{__version__} {self._options}".encode())
        loader = self._environment.loader
        for name in self._environment.list_templates():
            if loader and name.endswith((".html", ".js")):
                source.update(loader.get_source(self._environment, name)[0].encode())
        return source.hexdigest()[:_CHECKSUM_CHARS]

    @property
    def _environment(self) -> Environment:
        return _environment(self._options.theme)

    def page(
        self, template: str, request: PageRequest, links: Links, *, status: int = 200, **seen: Any
    ) -> Page:
        """Make the page that was asked for.

        Raises:
            ThemeError: A template of the theme is wrong.
        """
        style = f"{links.to(_STYLE)}?{_checksum(self.style)}"
        try:
            html = self._environment.get_template(f"{template}.html").render(
                options=self._options,
                link=links.to,
                absolute=links.absolute,
                path=request.path,
                style=style,
                script=Markup(script()) if self._options.script else None,  # noqa: S704 - it is ours
                **seen,
            )
        except (TemplateError, TypeError) as error:
            if self._options.theme is None:
                raise
            said = _said(error, self._options.theme)
            raise ThemeError(f"{said}. Mend it, or leave --theme out.") from error
        return Page(html.encode("utf-8", "replace"), status=status)


# Templates are compiled once in a process: what differs between planets is handed to each page.
@cache
def _environment(theme: Path | None) -> Environment:
    ours = PackageLoader("planet_mcp.site")
    loaders = [FileSystemLoader(theme)] if theme else []
    environment = Environment(
        # A template of the theme extends ours of the same name as `planet/NAME`.
        loader=ChoiceLoader([*loaders, ours, PrefixLoader({"planet": ours})]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        # Ours never change, and to ask their files each time takes longer than a small page.
        auto_reload=theme is not None,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "words": words,
        "day_path": day_path,
        "feed_day_path": feed_day_path,
        "list_path": list_path,
        "most_said": MOST_SAID,
        "version": __version__,
        "drawing": {"width": WIDTH, "height": HEIGHT},
    }
    return environment


def _said(error: Exception, theme: Path) -> str:
    """Return in words what is wrong with a template of a theme, and where."""
    if isinstance(error, TemplateSyntaxError):
        return f"{error.filename} line {error.lineno}: {error.message}"
    # Jinja lets tracebacks name the lines of templates.
    frames = traceback.extract_tb(error.__traceback__)
    where = [each for each in frames if Path(each.filename).is_relative_to(theme)]
    place = f"{where[-1].filename} line {where[-1].lineno}" if where else str(theme)
    missing = "no such template: " if isinstance(error, TemplateNotFound) else ""
    return f"{place}: {missing}{error}"


@cache
def script() -> str:
    """Return the script that pages may have."""
    return _read("planet.js")


def script_source() -> str:
    """Return how a Content-Security-Policy names the script (CSP 3, section 2.3.1)."""
    return f"'sha256-{b64encode(hashlib.sha256(script().encode()).digest()).decode()}'"


@cache
def _style() -> bytes:
    return f"{_read(_STYLE)}\n{code_css()}".encode()


def _read(name: str) -> str:
    return files("planet_mcp.site").joinpath("templates", name).read_text("utf-8")


@lru_cache(maxsize=4)
def _checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_CHECKSUM_CHARS]
