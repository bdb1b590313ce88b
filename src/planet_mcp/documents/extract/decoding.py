"""Bytes of a web page or text to characters, as browsers do it."""

import codecs
import re

_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_META_CHARSET = re.compile(
    rb"<(?:meta\b[^<>]{0,500}?charset\s*=\s*[\"']?\s*|\?xml\b[^<>]{0,200}?encoding\s*=\s*[\"'])"
    rb"([A-Za-z0-9._:-]{1,40})",
    re.IGNORECASE,
)
_META_REACH = 4096
# The codecs of the Encoding Standard; Python knows others that take minutes on hostile input.
_WEB_CODEC = re.compile(
    r"(?:utf[-_]?(?:8|16|16le|16be|32)|us-ascii|ascii|(?:windows|iso|cp|x-cp|ibm)[-_]?[\d_-]+\w{0,2}|latin[-_]?\d{1,2}"
    r"|koi8[-_]?[ru]|gb_?2312|gbk|gb18030|big5(?:-hkscs)?|shift[-_]?jis|sjis|ms_kanji|euc[-_]?(?:jp|kr)"
    r"|ks_c_5601-1987|macintosh|mac[-_](?:roman|cyrillic)|tis-620)",
    re.IGNORECASE,
)
_LATIN = frozenset(("iso8859-1", "ascii"))
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def decoded(body: bytes, content_type: str) -> str:
    """Decode a body: by its mark, by what it is declared to be, as UTF-8, as windows-1252."""
    for bom, encoding in _BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(encoding, "replace")
    declared = _CHARSET.search(content_type)
    in_page = _META_CHARSET.search(body[:_META_REACH])
    labels = [declared[1] if declared else "", in_page[1].decode("ascii") if in_page else ""]
    for encoding in filter(None, map(_codec, labels)):
        return body.decode(encoding, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("windows-1252", "replace")


def _codec(label: str) -> str | None:
    if not _WEB_CODEC.fullmatch(label):
        return None
    try:
        name = codecs.lookup(label).name
    except LookupError:
        return None
    return "windows-1252" if name in _LATIN else name
