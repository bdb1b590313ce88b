"""The encodings of feeds and pages: the same rules for both, whatever a document claims."""

from collections.abc import Callable
from datetime import UTC, datetime
from encodings.aliases import aliases

import pytest

from planet_mcp.documents.encoding import decode
from planet_mcp.documents.extract import extract_article
from planet_mcp.documents.parse import parse_feed

NOW = datetime(2025, 11, 12, 12, tzinfo=UTC)
URL = "https://a.example/"
PROSE = "A garden is more than the bees in it, and less than what they make of it. " * 4

Read = Callable[[str, str, str, str], str]


def title_of_feed(title: str, declared: str, encoding: str, content_type: str) -> str:
    document = (
        f'<?xml version="1.0" encoding="{declared}"?>'
        f"<rss version='2.0'><channel><title>{title}</title></channel></rss>"
    )
    body = document.encode(encoding, "surrogateescape")
    return parse_feed(body, url=URL, content_type=content_type, now=NOW).title or ""


def title_of_page(title: str, declared: str, encoding: str, content_type: str) -> str:
    document = (
        f"<!DOCTYPE html><html><head><meta charset='{declared}'><title>{title}</title></head>"
        f"<body><article><h1>{title}</h1><p>{PROSE}</p></article></body></html>"
    )
    body = document.encode(encoding, "surrogateescape")
    return extract_article(body, url=URL, content_type=content_type or "text/html").title


both = pytest.mark.parametrize("read", [title_of_feed, title_of_page])


@both
@pytest.mark.parametrize(
    ("encoding", "declared", "content_type"),
    [
        ("utf-8", "utf-8", ""),
        ("utf-8", "utf-8", "text/html"),
        ("utf-8", "utf-8", "text/html; charset=us-ascii"),
        ("utf-8", "utf-8", "text/html; charset=iso-8859-1"),
        ("utf-8", "iso-8859-1", ""),
        ("utf-8", "no-such-encoding", "text/html; charset=neither"),
        ("utf-8", "hz-gb-2312", ""),
        ("utf-8-sig", "utf-8", ""),
        ("utf-8-sig", "iso-8859-1", "text/html; charset=iso-8859-1"),
        ("cp1252", "iso-8859-1", ""),
        ("cp1252", "ISO_8859-1:1987", ""),
        ("cp1252", "latin-1", ""),
        ("cp1252", "x-user-defined", ""),
        ("cp1252", "windows-1252", "text/html; charset=utf-8"),
        ("cp1252", "utf-8", ""),
        ("cp1252", "utf-16", ""),
        ("cp1252", "utf-8", "text/html; charset=windows-1252"),
        ("cp1252", "hex", ""),
        ("cp1252", "unicode_escape", ""),
        ("utf-16", "utf-16", ""),
        ("utf-16-le", "utf-16", "text/html; charset=utf-8"),
        ("utf-16-be", "utf-16", ""),
        ("utf-32", "utf-32", ""),
    ],
)
def test_accents_survive_whatever_the_encoding_is_said_to_be(
    read: Read, encoding: str, declared: str, content_type: str
) -> None:
    assert read("Café à 2 €", declared, encoding, content_type) == "Café à 2 €"


@both
@pytest.mark.parametrize(
    ("label", "encoding", "title"),
    [
        ("ibm866", "cp866", "Привет, мир"),
        ("cp866", "cp866", "Привет, мир"),
        ("iso-8859-2", "iso8859-2", "Zażółć gęślą jaźń"),
        ("iso-8859-3", "iso8859-3", "Ĝis la reviĝo ĉiuj"),
        ("iso-8859-4", "iso8859-4", "Ģimenes ēka"),
        ("iso-8859-5", "iso8859-5", "Привет, мир"),
        ("iso-8859-6", "iso8859-6", "مرحبا بالعالم"),
        ("iso-8859-7", "iso8859-7", "Γειά κόσμε"),
        ("iso-8859-8", "iso8859-8", "שלום עולם"),
        ("logical", "iso8859-8", "שלום עולם"),
        ("iso-8859-9", "cp1254", "Günler “İstanbul” ğş"),
        ("latin5", "cp1254", "Günler “İstanbul” ğş"),
        ("iso-8859-10", "iso8859-10", "Þetta er íslenska ŋ"),
        ("iso-8859-13", "iso8859-13", "Ąžuolų šlamesys"),
        ("iso-8859-14", "iso8859-14", "Ŵyn ŷd ẁ"),
        ("iso-8859-15", "iso8859-15", "Cœur à 2 €"),
        ("iso-8859-16", "iso8859-16", "Știință și țară"),
        ("koi8-r", "koi8-r", "Привет, мир"),
        ("koi8-u", "koi8-u", "Привіт, їжак"),
        ("macintosh", "mac-roman", "Café “à” 2"),
        ("x-mac-cyrillic", "mac-cyrillic", "Привет, мир"),
        ("tis-620", "cp874", "สวัสดีชาวโลก"),
        ("windows-874", "cp874", "สวัสดีชาวโลก"),
        ("windows-1250", "cp1250", "Zażółć “gęślą” jaźń"),
        ("windows-1251", "cp1251", "Привет, мир"),
        ("windows-1253", "cp1253", "Γειά κόσμε"),
        ("windows-1254", "cp1254", "Günler ğş"),
        ("windows-1255", "cp1255", "שלום עולם"),
        ("windows-1256", "cp1256", "مرحبا بالعالم"),
        ("windows-1257", "cp1257", "Ąžuolų šlamesys"),
        ("windows-1258", "cp1258", "Đường cũ"),
        ("gb2312", "gb18030", "你好世界"),
        ("gb_2312-80", "gb18030", "你好世界"),
        ("gb2312", "gb18030", "朱镕基的書"),
        ("gbk", "gb18030", "朱镕基的書"),
        ("gb18030", "gb18030", "你好世界 𠀀"),
        ("big5", "big5hkscs", "你好世界 嘅"),
        ("big5-hkscs", "big5hkscs", "你好世界 嘅"),
        ("euc-jp", "euc_jp", "こんにちは世界"),
        ("iso-2022-jp", "iso2022_jp", "こんにちは世界"),
        ("shift_jis", "cp932", "こんにちは世界 ①髙﨑"),
        ("windows-31j", "cp932", "こんにちは世界 ①髙﨑"),
        ("euc-kr", "cp949", "안녕 세계 똠방각하"),
        ("ks_c_5601-1987", "cp949", "안녕 세계 똠방각하"),
    ],
)
def test_every_encoding_of_the_web_keeps_its_characters(
    read: Read, label: str, encoding: str, title: str
) -> None:
    title = title.encode(encoding, "ignore").decode(encoding)
    assert read(title, label, encoding, "") == title
    assert read(title, label.upper(), encoding, "text/html; charset=iso-8859-1") == title
    assert read(title, "", encoding, f"text/html; charset={label}") == title


@both
@pytest.mark.parametrize("content_type", ["", "text/html; charset=utf-8"])
def test_a_stray_byte_does_not_spoil_the_rest_of_a_utf8_document(
    read: Read, content_type: str
) -> None:
    title = b"na\xc3\xafve caf\xe9".decode("utf-8", "surrogateescape")
    assert read(title, "utf-8", "utf-8", content_type) == "naïve café"


@pytest.mark.parametrize("form", ["<?xml version='1.0' encoding='{}'?>", "<meta charset='{}'>"])
def test_no_declared_encoding_is_an_error(form: str) -> None:
    odd = ("x" * 40, "utf-7", "mbcs", "rot13", "idna", "punycode", "undefined", "unicode_escape")
    for name in sorted({*aliases, *aliases.values(), *odd}):
        for encoding in ("utf-8", "latin-1", "utf-16"):
            body = f"{form.format(name)}<p>ü+AGEAYg-".encode(encoding)
            for content_type in ("", f"text/html; charset={name}"):
                assert "<p>" in decode(body, content_type=content_type).text
