"""Bytes to text, whatever encoding the document claims (pure)."""

import codecs
import re
from dataclasses import dataclass

_XML_DECLARED = re.compile(
    rb"""<\?xml[^>]{0,200}?\sencoding\s*=\s*["']\s*([\w.:-]{1,40})""", re.IGNORECASE
)
_HTML_DECLARED = re.compile(
    rb"""<meta[^>]{0,300}?charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE
)
_HTTP_DECLARED = re.compile(r"""charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
_HEAD = 4_096

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF8, "utf-8"),
)
# The first characters of a document without a mark (XML 1.0, appendix F).
_PATTERNS = (
    (re.compile(rb"[\t\n\r <]\0\0\0"), "utf-32-le"),
    (re.compile(rb"\0\0\0[\t\n\r <]"), "utf-32-be"),
    (re.compile(rb"[\t\n\r <{]\0[^\0]\0"), "utf-16-le"),
    (re.compile(rb"\0[\t\n\r <{]\0[^\0]"), "utf-16-be"),
)
# Browsers read these as their supersets (WHATWG Encoding, section 4.2), and so do feeds' authors.
_SUPERSETS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
_MULTIBYTE = re.compile(r"gb|hz|big5|cp9[345]|euc|iso2022|shift|johab")
# Servers send these when nobody told them the encoding.
_SERVER_DEFAULTS = frozenset({"cp1252"})
# Python's own codecs that are no character encoding of a document.
_NO_DOCUMENT = re.compile(r"idna|punycode|unicode_escape|raw_unicode|undefined|utf-7|mbcs|oem")
_MIXED = "planet-mcp-cp1252"
_ENOUGH_TO_BE_SURE = 3


def _as_cp1252(error: UnicodeError) -> tuple[str | bytes, int]:
    """Read stray bytes as cp1252; write the five that it leaves undefined as they are."""
    if isinstance(error, UnicodeDecodeError):
        stray = error.object[error.start : error.end]
        return stray.decode("cp1252", "replace"), error.end
    if isinstance(error, UnicodeEncodeError):
        return error.object[error.start : error.end].encode("latin-1"), error.end
    raise error


codecs.register_error(_MIXED, _as_cp1252)


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a document, and what was wrong with its encoding."""

    text: str
    problem: str | None = None


def decode(body: bytes, *, content_type: str = "") -> Decoded:
    """Decode a document: its mark, else what is evident, else what is declared, else UTF-8.

    RFC 7303, section 3 ranks mark, charset parameter, XML declaration. Against it, valid UTF-8
    beats a declared single-byte encoding, and a charset that servers send by default (ISO 8859-1,
    ASCII) ranks below the XML declaration.
    """
    for mark, name in _MARKS:
        if body.startswith(mark):
            return Decoded(body[len(mark) :].decode(name, _on_error(name)))
    for pattern, name in _PATTERNS:
        if pattern.match(body):
            return Decoded(body.decode(name, "replace"))
    inside = _codec(_declared_inside(body))
    declared = _ranked(_codec(_declared_by_http(content_type)), inside)
    return _encoded_once(_evident(body, declared, inside) or _as_declared(body, declared))


def _encoded_once(document: Decoded) -> Decoded:
    """Undo UTF-8 that was taken for cp1252 and encoded again, if that explains every character."""
    if document.text.isascii():
        return document
    try:
        once = document.text.encode("cp1252", _MIXED).decode("utf-8")
    except UnicodeError:
        return document
    if len(document.text) - len(once) < _ENOUGH_TO_BE_SURE:
        return document
    return Decoded(once, "its UTF-8 was encoded twice")


def _on_error(name: str) -> str:
    return _MIXED if name == "utf-8" else "replace"


def _declared_inside(body: bytes) -> str:
    head = body[:_HEAD]
    found = _XML_DECLARED.search(head) or _HTML_DECLARED.search(head)
    return found[1].decode("ascii", "replace") if found else ""


def _declared_by_http(content_type: str) -> str:
    found = _HTTP_DECLARED.search(content_type)
    return found[1] if found else ""


def _codec(name: str) -> str:
    try:
        canonical = codecs.lookup(name).name
        b"x".decode(canonical)  # refuses what is a codec, but none of text
    except (LookupError, ValueError):
        return ""
    if _NO_DOCUMENT.match(canonical) or canonical.startswith(("utf-16", "utf-32")):
        return (
            ""  # a document whose declaration can be read as bytes is in neither of the wide ones
        )
    return _SUPERSETS.get(canonical, canonical)


def _ranked(http: str, inside: str) -> tuple[str, ...]:
    pair = (inside, http) if http in _SERVER_DEFAULTS else (http, inside)
    return tuple(dict.fromkeys(name for name in pair if name))


def _evident(body: bytes, declared: tuple[str, ...], inside: str) -> Decoded | None:
    if any(_MULTIBYTE.match(name) for name in declared):
        return None
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    wrong = inside not in ("", "utf-8") and not body.isascii()
    return Decoded(text, "it declares another encoding, but is UTF-8" if wrong else None)


def _as_declared(body: bytes, declared: tuple[str, ...]) -> Decoded:
    for name in (*declared, "utf-8"):
        try:
            return Decoded(body.decode(name))
        except UnicodeDecodeError:
            continue
    name = next((each for each in declared if each != "utf-8"), "utf-8")
    if name == "utf-8":
        return Decoded(body.decode(name, _MIXED), "not all of it is UTF-8; read the rest as cp1252")
    return Decoded(body.decode(name, "replace"), f"not all of it is {name}, as declared")
