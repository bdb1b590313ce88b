"""Ids that hold for good, and everywhere (RFC 3987; RFC 4151)."""

import hashlib
import re
from datetime import date

# RFC 3987, section 2.2, without the square brackets of literal IPv6 addresses: those are in no id
# that anyone else could resolve.
_CHARACTER = (
    r"(?:[!$&'()*+,\-./0-9:;=?@A-Z_a-z~\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef"
    r"\U00010000-\U000dffff]|%[0-9A-Fa-f]{2})"
)
_IRI = re.compile(f"[A-Za-z][A-Za-z0-9+.-]*:{_CHARACTER}+(?:#{_CHARACTER}*)?")
# RFC 3987, section 4.1: no marks that turn the text around.
_TURNING = re.compile("[\u200e\u200f\u202a-\u202e]")
_OWN = ("id", "link")
_DIGITS = 32


def is_iri(text: str) -> bool:
    """Return whether a text is an absolute IRI, as Atom and RDF want of every id."""
    return bool(_IRI.fullmatch(text)) and not _TURNING.search(text)


def item_id(key: str, *, host: str, since: date) -> str:
    """Return an entry's own id where it is an IRI, else a tag: URI (RFC 4151) that stands for it.

    `key` is the entry's within its feed (`parse.keys`); `host` is that of the feed, and `since`
    a day on which the feed was there, such as that on which the entry was first seen. All three
    must stay as they are, for an entry with another id is another entry to those who read it.
    """
    kind, _, own = key.partition(":")
    if kind in _OWN and is_iri(own):
        return own
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    return f"tag:{host},{since.isoformat()}:{digest[:_DIGITS]}"
