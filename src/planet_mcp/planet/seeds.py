"""The feeds that a new database subscribes to."""

from pathlib import Path

from planet_mcp.errors import ListError, SettingsError
from planet_mcp.models import Subscription
from planet_mcp.settings import DEFAULT_FEEDS


def first_feeds(source: str) -> tuple[Subscription, ...]:
    """Return the feeds of an OPML file or a Planet's config.ini; `none` has none.

    Raises:
        SettingsError: The file cannot be read.
    """
    from planet_mcp.documents.lists import read_list  # deferred: few starts need an XML parser

    if source == "none":
        return ()
    try:
        return read_list(_document(source)).subscriptions
    except OSError as error:
        raise SettingsError(
            f"PLANET_MCP_FEEDS: cannot read {source}: {error.strerror}. "
            "Name an OPML file, or `none`."
        ) from error
    except ListError as error:
        raise SettingsError(f"PLANET_MCP_FEEDS: {source}: {error}") from error


def _document(source: str) -> bytes:
    if source != DEFAULT_FEEDS:
        return Path(source).expanduser().read_bytes()
    package = Path(__file__).parents[1]
    # In a checkout the file is at the top; the wheel carries it inside the package.
    packaged, checkout = package / "feeds.opml", package.parents[1] / "feeds.opml"
    return (packaged if packaged.is_file() else checkout).read_bytes()
