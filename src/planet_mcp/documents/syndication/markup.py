"""XML elements of the formats, and what may stand in them (XML 1.0; Namespaces in XML 1.0)."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from lxml import etree
from lxml.etree import _Element

from planet_mcp.text import FORBIDDEN_IN_XML, LATIN_CONTROLS

ATOM = "http://www.w3.org/2005/Atom"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
DC = "http://purl.org/dc/elements/1.1/"
FOAF = "http://xmlns.com/foaf/0.1/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
RSS10 = "http://purl.org/rss/1.0/"

# The controls beyond ASCII go too, though XML 1.0 only discourages them (section 2.2).
_FORBIDDEN = re.compile(f"[{FORBIDDEN_IN_XML}{LATIN_CONTROLS}]+")

Namespaces = Mapping[str | None, str]
Attributes = Mapping[str, str | None]


def legal(text: str) -> str:
    """Return a text without the characters that no XML document can hold."""
    return _FORBIDDEN.sub("", text)


def root(name: str, namespaces: Namespaces, attributes: Attributes | None = None) -> _Element:
    """Make the root element of a document; `namespaces` are by prefix, None for names without."""
    element = etree.Element(_resolved(name, namespaces), nsmap=dict(namespaces))
    _set(element, attributes or {})
    return element


def add(
    parent: _Element, name: str, text: str = "", attributes: Attributes | None = None
) -> _Element:
    """Append an element; names are written with the prefixes of the root, None is no attribute."""
    element = etree.SubElement(parent, _resolved(name, parent.nsmap))
    if text:
        element.text = legal(text)
    _set(element, attributes or {})
    return element


def _set(element: _Element, attributes: Attributes) -> None:
    for name, value in attributes.items():
        if value is not None:
            # A name without a prefix stays as it is: such an attribute is in no namespace, not even
            # in the default one.
            resolved = _resolved(name, element.nsmap) if ":" in name else name
            element.set(resolved, legal(value))


def _resolved(name: str, namespaces: Namespaces) -> str:
    prefix, _, local = name.rpartition(":")
    namespace = namespaces[prefix] if prefix else namespaces.get(None)
    return f"{{{namespace}}}{local}" if namespace else local


def document(element: _Element) -> bytes:
    """Write a document in UTF-8, with its declaration."""
    written: bytes = etree.tostring(
        element, encoding="UTF-8", xml_declaration=True, pretty_print=True
    )
    return written


def rfc3339(moment: datetime) -> str:
    """Write a moment in UTC to the second (RFC 3339; a profile of ISO 8601, as W3CDTF is)."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
