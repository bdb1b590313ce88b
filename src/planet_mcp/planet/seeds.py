"""The feeds that a new database subscribes to."""

import logging
from pathlib import Path

from planet_mcp.errors import ListError, SettingsError
from planet_mcp.models import Subscription, SubscriptionList
from planet_mcp.settings import DEFAULT_FEEDS

logger = logging.getLogger(__name__)


def first_feeds(source: str) -> tuple[Subscription, ...]:
    """Return the feeds of an OPML file or a Planet's config.ini; `none` has none.

    Raises:
        SettingsError: The file cannot be read.
    """
    if source == "none":
        return ()
    from planet_mcp.documents.lists import read_list  # deferred: few starts need an XML parser

    try:
        listed = read_list(_document(source))
    except OSError as error:
        raise SettingsError(
            f"PLANET_MCP_FEEDS: cannot read {source}: {error.strerror}. "
            "Name an OPML file, or `none`."
        ) from error
    except ListError as error:
        raise SettingsError(f"PLANET_MCP_FEEDS: {source}: {error}") from error
    _warn(source, listed)
    return listed.subscriptions


def _warn(source: str, listed: SubscriptionList) -> None:
    """Log what of a list is not followed: nobody waits for an answer that could tell."""
    if listed.warning:
        logger.warning("PLANET_MCP_FEEDS: %s: %s", source, listed.warning)
    for item in listed.not_taken:
        logger.warning("PLANET_MCP_FEEDS: %s: not taken: %s: %s", source, item.name, item.reason)
    unnamed = listed.not_taken_total - len(listed.not_taken)
    if unnamed:
        logger.warning("PLANET_MCP_FEEDS: %s: %d more not taken", source, unnamed)


def _document(source: str) -> bytes:
    if source != DEFAULT_FEEDS:
        return Path(source).expanduser().read_bytes()
    package = Path(__file__).parents[1]
    # In a checkout the file is at the top; the wheel carries it inside the package.
    packaged, checkout = package / "feeds.opml", package.parents[1] / "feeds.opml"
    return (packaged if packaged.is_file() else checkout).read_bytes()
