"""The templates of the pages, and what all of them know."""

import hashlib
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from planet_mcp import __version__
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


class Templates:
    """Makes pages of what is to be seen on them."""

    def __init__(self, options: Options) -> None:
        self._options = options

    @property
    def style(self) -> bytes:
        """Return the style sheet of all pages."""
        return _style()

    @cached_property
    def look(self) -> str:
        """Return what differs with every change of how pages look, other than their content."""
        source = hashlib.sha256(self.style)
        source.update(f"{__version__} {self._options}".encode())
        for name in sorted(_environment().list_templates()):
            path = files("planet_mcp.site").joinpath("templates", name)
            source.update(path.read_bytes())
        return source.hexdigest()[:_CHECKSUM_CHARS]

    def page(
        self, template: str, request: PageRequest, links: Links, *, status: int = 200, **seen: Any
    ) -> Page:
        """Make the page that was asked for."""
        style = f"{links.to('style.css')}?{_checksum(self.style)}"
        html = (
            _environment()
            .get_template(f"{template}.html")
            .render(
                options=self._options,
                link=links.to,
                absolute=links.absolute,
                path=request.path,
                style=style,
                **seen,
            )
        )
        return Page(html.encode("utf-8", "replace"), status=status)


# Templates are compiled once in a process: what differs between planets is handed to each page.
@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("planet_mcp.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
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


@cache
def _style() -> bytes:
    own = files("planet_mcp.site").joinpath("templates", "style.css").read_text("utf-8")
    return f"{own}\n{code_css()}".encode()


@lru_cache(maxsize=4)
def _checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_CHECKSUM_CHARS]
