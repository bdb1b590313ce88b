"""Bytes of feeds and pages to text, whatever encoding they claim (pure)."""

import codecs
import re
from dataclasses import dataclass

_XML_DECLARED = re.compile(
    rb"""<\?xml[^>]{0,200}?\sencoding\s*=\s*["']\s*([\w.:-]{1,40})""", re.IGNORECASE
)
_HTML_DECLARED = re.compile(
    rb"""<meta[^>]{0,500}?charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE
)
_HTTP_DECLARED = re.compile(r"""charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
_HEAD = 4_096

# UTF-32 first: its little-endian byte order mark begins with that of UTF-16.
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF8, "utf-8"),
)
# The first characters of a document without a byte order mark (XML 1.0, appendix F).
_PATTERNS = (
    (re.compile(rb"[\t\n\r <]\0\0\0"), "utf-32-le"),
    (re.compile(rb"\0\0\0[\t\n\r <]"), "utf-32-be"),
    (re.compile(rb"[\t\n\r <{]\0[^\0]\0"), "utf-16-le"),
    (re.compile(rb"\0[\t\n\r <{]\0[^\0]"), "utf-16-be"),
)
# Python's codec for each encoding of documents, and that encoding's labels without punctuation
# (WHATWG Encoding, section 4.2). A label that is not here is ignored: the standard reads nothing
# in such encodings (hz-gb-2312, iso-2022-kr), and Python's other codecs are none of documents
# (idna, unicode_escape) or fail on hostile bytes.
_LABELS = {
    "utf-8": "utf8 unicode11utf8 unicode20utf8 xunicode20utf8",
    "utf-16-le": "utf16 utf16le csunicode iso10646ucs2 ucs2 unicode unicodefeff",
    "utf-16-be": "utf16be unicodefffe",
    "cp1252": "windows1252 cp1252 xcp1252 iso88591 iso885911987 latin1 l1 csisolatin1 isoir100"
    " ascii usascii ansix341968 cp819 ibm819 xuserdefined",
    "cp1250": "windows1250 cp1250 xcp1250",
    "cp1251": "windows1251 cp1251 xcp1251",
    "cp1253": "windows1253 cp1253 xcp1253",
    "cp1254": "windows1254 cp1254 xcp1254 iso88599 iso885991989 latin5 l5 csisolatin5 isoir148",
    "cp1255": "windows1255 cp1255 xcp1255",
    "cp1256": "windows1256 cp1256 xcp1256",
    "cp1257": "windows1257 cp1257 xcp1257",
    "cp1258": "windows1258 cp1258 xcp1258",
    "cp866": "ibm866 cp866 866 csibm866",
    "cp874": "windows874 dos874 iso885911 tis620",
    "iso8859-2": "iso88592 iso885921987 latin2 l2 csisolatin2 isoir101",
    "iso8859-3": "iso88593 iso885931988 latin3 l3 csisolatin3 isoir109",
    "iso8859-4": "iso88594 iso885941988 latin4 l4 csisolatin4 isoir110",
    "iso8859-5": "iso88595 iso885951988 cyrillic csisolatincyrillic isoir144",
    "iso8859-6": "iso88596 iso885961987 iso88596e iso88596i csiso88596e csiso88596i arabic"
    " csisolatinarabic asmo708 ecma114 isoir127",
    "iso8859-7": "iso88597 iso885971987 greek greek8 csisolatingreek ecma118 elot928 isoir126"
    " suneugreek",
    "iso8859-8": "iso88598 iso885981988 iso88598e iso88598i csiso88598e csiso88598i hebrew"
    " csisolatinhebrew visual logical isoir138",
    "iso8859-10": "iso885910 latin6 l6 csisolatin6 isoir157",
    "iso8859-13": "iso885913",
    "iso8859-14": "iso885914",
    "iso8859-15": "iso885915 l9 csisolatin9",
    "iso8859-16": "iso885916",
    "koi8-r": "koi8r koi koi8 cskoi8r",
    "koi8-u": "koi8u koi8ru",
    "mac-roman": "macintosh mac xmacroman csmacintosh",
    "mac-cyrillic": "xmaccyrillic xmacukrainian",
    "gb18030": "gb18030 gbk xgbk gb2312 gb231280 csgb2312 csiso58gb231280 chinese isoir58",
    "big5hkscs": "big5 big5hkscs cnbig5 csbig5 xxbig5",
    "euc_jp": "eucjp xeucjp cseucpkdfmtjapanese",
    "iso2022_jp": "iso2022jp csiso2022jp",
    "cp932": "shiftjis sjis xsjis csshiftjis mskanji ms932 windows31j",
    "cp949": "euckr cseuckr korean ksc5601 ksc56011987 ksc56011989 csksc56011987 isoir149"
    " windows949",
}
_CODECS = {label: codec for codec, labels in _LABELS.items() for label in labels.split()}
_PUNCTUATION = re.compile(r"[^a-z0-9]+")
_WIDE = frozenset({"utf-16-le", "utf-16-be"})
_MULTIBYTE = frozenset({"gb18030", "big5hkscs", "euc_jp", "iso2022_jp", "cp932", "cp949"})
# Encodings that servers name when none was configured, so that the name says little.
_SERVER_DEFAULTS = frozenset({"cp1252"})
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
    """Decode a document: by its byte order mark, else what is evident, else declared, else UTF-8.

    RFC 7303, section 3 ranks byte order mark, charset parameter, XML declaration; a page's
    `<meta charset>` counts as an XML declaration. Unlike there, valid UTF-8 beats a declared
    single-byte encoding, and a charset that servers send by default (ISO 8859-1, ASCII) ranks below
    what the document declares.
    """
    for bom, name in _BOMS:
        if body.startswith(bom):
            return Decoded(body[len(bom) :].decode(name, _on_error(name)))
    for pattern, name in _PATTERNS:
        if pattern.match(body):
            return Decoded(body.decode(name, "replace"))
    inside, http = _declared_inside(body), _declared_by_http(body, content_type)
    declared = _ranked(http, inside)
    return _evident(body, declared, inside) or _as_declared(body, declared)


def undo_double_encoding(document: Decoded) -> Decoded:
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
    codec = _codec(found[1].decode("ascii", "replace")) if found else ""
    # A document whose declaration was found byte by byte is not in UTF-16, whatever it says.
    return "" if codec in _WIDE else codec


def _declared_by_http(body: bytes, content_type: str) -> str:
    found = _HTTP_DECLARED.search(content_type)
    codec = _codec(found[1]) if found else ""
    return "" if codec in _WIDE and b"\0" not in body[:_HEAD] else codec


def _codec(label: str) -> str:
    return _CODECS.get(_PUNCTUATION.sub("", label.lower()), "")


def _ranked(http: str, inside: str) -> tuple[str, ...]:
    pair = (inside, http) if http in _SERVER_DEFAULTS else (http, inside)
    return tuple(dict.fromkeys(name for name in pair if name))


def _evident(body: bytes, declared: tuple[str, ...], inside: str) -> Decoded | None:
    if not (_MULTIBYTE | _WIDE).isdisjoint(declared):
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
