"""Files that list feeds: OPML, and the `config.ini` of a Planet or Planet Venus (pure).

In: the bytes of a file. Out: its subscriptions; and subscriptions as OPML.
Only this package knows how programs write such lists.
"""

from planet_mcp.documents.lists import planetini
from planet_mcp.documents.lists.opml import read as read_opml
from planet_mcp.documents.lists.opml import write as write_opml
from planet_mcp.models import SubscriptionList

__all__ = ["read_list", "read_opml", "write_opml"]

# A document in one of the wide encodings begins with a mark or has a null in its first character.
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\0")


def read_list(document: bytes) -> SubscriptionList:
    """Read an OPML document or the `config.ini` of a Planet, told apart by how they begin.

    Raises:
        ListError: It is malformed (`line` is set) or names no feed.
    """
    if _is_xml(document):
        return SubscriptionList(read_opml(document))
    return planetini.read(document)


def _is_xml(document: bytes) -> bool:
    beginning = document.removeprefix(b"\xef\xbb\xbf").lstrip()
    return beginning.startswith((b"<", *_WIDE))
