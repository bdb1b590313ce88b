"""A file that lists feeds → its subscriptions, whatever its kind (pure)."""

from planet_mcp.documents import opml, planetini
from planet_mcp.models import SubscriptionList

# A document in one of the wide encodings begins with a mark or has a null in its first character.
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\0")


def read(document: bytes) -> SubscriptionList:
    """Read an OPML document or the `config.ini` of a Planet, told apart by how they begin.

    Raises:
        ListError: It is malformed (`line` is set) or names no feed.
    """
    if _is_xml(document):
        return SubscriptionList(opml.read(document))
    return planetini.read(document)


def _is_xml(document: bytes) -> bool:
    beginning = document.removeprefix(b"\xef\xbb\xbf").lstrip()
    return beginning.startswith((b"<", *_WIDE))
