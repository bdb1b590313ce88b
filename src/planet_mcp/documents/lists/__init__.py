"""Files that list feeds: OPML, and the `config.ini` of a Planet or Planet Venus (pure).

In: the bytes of a file. Out: its subscriptions, and what it names besides; subscriptions as OPML.
Only this package knows how programs write such lists, and how they are broken.
"""

import re

from planet_mcp.documents.encoding import decode, undo_double_encoding
from planet_mcp.documents.lists import planetini
from planet_mcp.documents.lists.opml import read as read_opml
from planet_mcp.documents.lists.opml import write as write_opml
from planet_mcp.models import SubscriptionList

__all__ = ["read_list", "read_opml", "write_opml"]

# A tag that only OPML has; it may stand behind much of something else.
_OPML = re.compile(r"<(?:[\w.-]{1,40}:)?(?:opml|outline)[\s>]", re.IGNORECASE)
_BLANKS = " \t\r\n\f\v\0\ufeff"


def read_list(document: bytes) -> SubscriptionList:
    """Read an OPML document or the `config.ini` of a Planet, whichever it is.

    Raises:
        ListError: It names no feed; `line` is set where it is malformed.
    """
    decoded = undo_double_encoding(decode(document))
    is_xml = decoded.text.lstrip(_BLANKS).startswith("<") or _OPML.search(decoded.text)
    return read_opml(decoded) if is_xml else planetini.read(decoded)
