"""Dates of generators, machines and languages, each kind with what only looks like it."""

# ruff: noqa: RUF001 - months and figures are in their own alphabets

from datetime import UTC, datetime, timedelta
from html import escape

import pytest

from planet_mcp.documents.dates import parse_date
from planet_mcp.documents.parse import parse_feed
from planet_mcp.models import ParsedEntry

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = datetime(2026, 11, 17, tzinfo=UTC)


def read(raw: str) -> datetime | None:
    return parse_date(raw)


def entry(dates: str) -> ParsedEntry:
    item = f"<item><title>Post</title><guid>1</guid>{dates}</item>"
    body = f'<rss version="2.0"><channel><title>T</title>{item}</channel></rss>'
    return parse_feed(body.encode(), url="https://feeds.example/feed", now=NOW).entries[0]


@pytest.mark.parametrize(
    ("raw", "hour"),
    [
        # GMT and UTC are counted from, as JavaScript's Date.toString writes
        ("Tue Nov 17 2026 10:00:00 GMT+0100 (CET)", 9),
        ("Tue Nov 17 2026 10:00:00 GMT-0500 (Eastern Standard Time)", 15),
        ("Tue Nov 17 2026 10:00:00 GMT+0530 (India Standard Time)", 4.5),
        ("Tue Nov 17 2026 10:00:00 GMT+0300 (Moscow Standard Time (winter))", 7),
        ("Tue Nov 17 2026 10:00:00 GMT+0100 (Mitteleuropäische Normalzeit)", 9),
        ("Tue Nov 17 2026 10:00:00 GMT+0200 (cut off by a fiel", 8),
        ("Tue Nov 17 10:00:00 UTC+0100 2026", 9),
        ("Nov 17, 2026 10:00 AM UTC+2", 8),
        ("November 17, 2026 at 10:00:00 AM GMT-5", 15),
        ("Tue, 17 Nov 2026 10:00:00 UTC+2", 8),
        ("vendredi 17 novembre 2026, 10:00:00 (UTC+0200)", 8),
        # other zones say their own offset, or count from themselves to Greenwich (POSIX, TZ)
        ("Tue, 17 Nov 2026 10:00:00 CET+0100", 9),
        ("Tue, 17 Nov 2026 10:00:00 EST-0500", 15),
        ("Tue, 17 Nov 2026 10:00:00 CET-1", 9),
        ("Tue, 17 Nov 2026 10:00:00 EST+5", 15),
        ("Tue, 17 Nov 2026 10:00:00 EST5EDT", 15),
        ("Tue, 17 Nov 2026 10:00:00 Etc/GMT-3", 7),
        ("Tue Nov 17 10:00:00 CET 2026", 9),
        ("Tue, 17 Nov 2026 10:00:00 (CET)", 9),
        ("Tue, 17 Nov 2026 10:00:00 +0200 (CET)", 8),
        ("2026-11-17 10:00:00 +0100 CET m=+0.002", 9),
        ("2026-11-17T10:00:00+01:00[Europe/Berlin]", 9),
        ("2026-11-17T10:00:00−05:00", 15),
        # a plus that became a blank; but a day and two times is no offset
        ("2026-11-17T10:00:00 01:00", 9),
        ("Tue, 17 Nov 2026 10:00:00 0100", 9),
        ("Tue, 17 Nov 2026 10:00:00 + 0100", 9),
        # the clocks of an area, unless an offset says more
        ("Tue, 17 Nov 2026 10:00:00 America/New_York", 15),
        ("2026-11-17T10:00:00[Europe/Berlin]", 9),
        ("2026-11-17T10:00:00+02:00[Europe/Berlin]", 8),
        ("2026-11-17T10:00:00Z[Europe/Berlin]", 10),
        ("Nov 17, 2026 10:00 AM ET", 15),
        ("November 17, 2026 at 10:00 a.m. PT", 18),
        ("Tue, 17 Nov 2026 10:00:00 Pacific Standard Time", 18),
        ("Tue, 17 Nov 2026 10:00:00 (Central Time)", 16),
        ("Tue, 17 Nov 2026 10:00:00 Atlantic/Nowhere_Land", 10),
        ("Tue, 17 Nov 2026 10:00:00 US/Eastern", 15),
        # names of zones elsewhere
        ("Tue, 17 Nov 2026 10:00:00 PKT", 5),
        ("Tue, 17 Nov 2026 10:00:00 NPT", 4.25),
        ("Selasa, 17 November 2026 10:00 WIB", 3),
        ("17 Nov 2026 10:00 EAT", 7),
        ("Tue, 17 Nov 2026 10:00:00 CLT", 14),
    ],
)
def test_an_offset_has_the_sign_that_its_writer_meant(raw: str, hour: float) -> None:
    assert read(raw) == DAY + timedelta(hours=hour)


@pytest.mark.parametrize(
    ("raw", "hour"),
    [
        ("Tue, 17 Nov 2026 10:00 PM", 22),
        ("Tue, 17 Nov 2026 10:00 PM EST", 27),
        ("Tue, 17 Nov 2026 12:00 AM", 0),
        ("Tue, 17 Nov 2026 12:00 PM", 12),
        ("Tue, 17 Nov 2026 22:00 PM", 22),
        ("2026-11-17 10:00 PM", 22),
        ("17 de nov. de 2026 10:00 p. m.", 22),
        ("2026-11-17 오후 3:20", 15 + 1 / 3),
        ("2026年11月17日 下午3:20", 15 + 1 / 3),
        ("2026年11月17日(火) 10時30分", 10.5),
        ("mardi 17 novembre 2026 à 10h30", 10.5),
        ("ti 17.11.2026 klo 10.30", 10.5),
        ("Tue, 17 Nov 2026 10.30.00 GMT", 10.5),
        ("2026-11-17T10:30:00,123+00:00", 10.5),
        ("Tue, 17 Nov 2026 10:30:00.25 GMT", 10.5),
        ("Tue,17Nov2026 10:30:00GMT", 10.5),
        ("Tue, 17 Nov 202610:30:00 GMT", 10.5),
        ("2026-W47-2T10:30:00Z", 10.5),
        ("2026W472T113000+0100", 10.5),
        ("2026-321T10:30:00Z", 10.5),
        ("/Date(1794911400000+0100)/", 10.5),
        ("1794911400123456", 10.5),
        ("2569-11-17T17:30:00+07:00", 10.5),
        ("2026:11:17 10:30:00", 10.5),
        ("17 Nov 2026 · 10:30", 10.5),
        # as Drupal writes it, behind a weekday that begins like a month
        ("martes, 17 de noviembre de 2026 - 10:30", 10.5),
        ("mar., 17/11/2026 - 10:30", 10.5),
        ("Mardi, 17 Novembre, 2026 - 10:30", 10.5),
        ("17 نوفمبر 2026 10:30 ص", 10.5),
        ("17 نوفمبر 2026 3:20 م", 15 + 1 / 3),
        ("17 Νοεμβρίου 2026, 3:20 μ.μ.", 15 + 1 / 3),
        ("17/11/2026 3:20 CH", 15 + 1 / 3),
        ("17 Kasım 2026 3:20 ÖS", 15 + 1 / 3),
        ("2026年11月17日 晚上8:00", 20),
        ("2026年11月17日 凌晨1:30", 1.5),
        ("Am 17. November 2026 um 10:30 Uhr", 10.5),
    ],
)
def test_a_clock_is_read_as_its_country_or_machine_writes_it(raw: str, hour: float) -> None:
    assert read(raw) == DAY + timedelta(hours=hour)


@pytest.mark.parametrize(
    "raw",
    [
        *(
            "17 νοεμβρίου 2026",
            "17 Νοε 2026",
            "17 בנובמבר 2026",
            "١٧ نوفمبر ٢٠٢٦",
            "17 พฤศจิกายน 2569",
        ),
        *("17 ноември 2026", "17 новембар 2026", "17 studenoga 2026", "17 noiembrie 2026"),
        *("2026 m. lapkričio 17 d.", "2026. gada 17. novembris", "17 azaroa 2026", "17 Kasım 2026"),
        *("17. marraskuuta 2026", "2026. november 17.", "17 tháng 11 2026"),
        *("17 تشرين الثاني 2026", "17 نوفمبر/ تشرين الثاني 2026", "17 พ.ย. 2569", "17 พ.ย. 69"),
        *("17 พฤศจิกายน 69", "ngày 17 tháng 11 năm 2026", "17 Thg 11, 2026", "17 Nopember 2026"),
        *("17 noyabr 2026", "17 ნოემბერი 2026", "17 նոյեմբերի 2026", "17 қараша 2026"),
        *("7 جمادى الثانية 1448هـ - 17 نوفمبر 2026م", "17 نوفمبر 2026 الموافق 7 جمادى الآخرة 1448"),
        *("17 نوامبر 2026", "17 नवंबर 2026", "17 नवम्बर 2026", "১৭ নভেম্বর ২০২৬"),
        *(
            "令和8年11月17日",
            "民國115年11月17日",
            "17 de novembre de 2026",
            "Published on: 17 Nov 2026",
            "Veröffentlicht am 17.11.2026",
        ),
    ],
)
def test_a_month_has_the_name_that_its_language_gives_it(raw: str) -> None:
    assert read(raw) == DAY


@pytest.mark.parametrize(
    "raw",
    [
        # stand-ins of generators
        *("0001-01-01T00:00:00Z", "Mon, 01 Jan 0001 00:00:00 +0000", "01 Jan 01 00:00 UTC"),
        *("0000-00-00T00:00:00Z", "-0001-11-30T00:00:00+00:00", "-001-11-30T00:00:00+0000"),
        *("Wed, 30 Nov -0001 00:00:00 +0000", "Tue, 30 Nov 1999 00:00:00 +0100", "1/1/0001"),
        *("1999-11-30T00:00:00+00:00", "Invalid Date", "NaN", "null", "-", "0", "TBD"),
        # periods are when something takes place
        *("17-19 November 2026", "Nov 17-19, 2026", "2026-11-17 - 2026-11-19"),
        *("2026-11-17 10:00 - 11:00", "17 Nov 2026 - 19 Nov 2026"),
        *("17/18 November 2026", "2026-11-17/2026-11-18", "Q4 2026", "2. H2 2026"),
        # numbers of other things beside a year or a month
        *("Vol. 12, No. 3, 2026", "Vol 12 No 3 November 2026", "Published in 2026, No. 11"),
        *("5 min read · Nov 17, 2026", "2026-11-17, updated 2026-11-20"),
        # the third of April, or the fourth of March
        *("03/04/2026", "3/4/26 10:00", "03-04-2026", "Tue, 3/4/2026 10:00 PM"),
        # days that do not exist
        *("2026-366", "2027-W53-1", "2026-W47-8", "2026-02-29T10:00:00Z", "Mon, 00 Jan 2026"),
    ],
)
def test_what_is_written_for_want_of_a_date_is_none(raw: str) -> None:
    assert read(raw) is None
    said = entry(f"<pubDate>{raw}</pubDate>")
    assert (said.published, said.updated) == (None, None)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("1999-11-30", datetime(1999, 11, 30, tzinfo=UTC)),
        ("Tue, 30 Nov 1999 08:30:00 GMT", datetime(1999, 11, 30, 8, 30, tzinfo=UTC)),
        ("01 Jan 01 08:15 UTC", datetime(2001, 1, 1, 8, 15, tzinfo=UTC)),
        ("Mon, 01 Jan 2001 00:00:00 GMT", datetime(2001, 1, 1, tzinfo=UTC)),
        ("2024-366", datetime(2024, 12, 31, tzinfo=UTC)),
        ("11/11/2026 10:00", datetime(2026, 11, 11, 10, tzinfo=UTC)),
        ("11/17/2026 10:00 AM", DAY + timedelta(hours=10)),
        ("2026/11/10", datetime(2026, 11, 10, tzinfo=UTC)),
        ("3.4.2026", datetime(2026, 4, 3, tzinfo=UTC)),
        ("17 d’agost de 2026", datetime(2026, 8, 17, tzinfo=UTC)),
        ("Sa, 21 Mrz 2026", datetime(2026, 3, 21, tzinfo=UTC)),
        ("26-11-2026", datetime(2026, 11, 26, tzinfo=UTC)),
        ("17-Nov-2026 10:00", DAY + timedelta(hours=10)),
        ("Tuesday 17th November 2026 10:00", DAY + timedelta(hours=10)),
        ("2026 11 17", DAY),
        ("1 Jan 2027 00:30 +0200", datetime(2026, 12, 31, 22, 30, tzinfo=UTC)),
        # a month at the beginning, and months of Thailand that differ in their vowels alone
        ("Mar 17, 2026", datetime(2026, 3, 17, tzinfo=UTC)),
        ("Mar 17 10:00:00 2026", datetime(2026, 3, 17, 10, tzinfo=UTC)),
        ("17 มี.ค. 2026", datetime(2026, 3, 17, tzinfo=UTC)),
        ("17 ม.ค. 2026", datetime(2026, 1, 17, tzinfo=UTC)),
        ("17 มิ.ย. 2569", datetime(2026, 6, 17, tzinfo=UTC)),
        ("17 พ.ย. 26", DAY),
        ("5 am, 17 Nov 2026", DAY + timedelta(hours=5)),
    ],
)
def test_a_date_that_only_resembles_a_stand_in_or_period_is_one(
    raw: str, expected: datetime
) -> None:
    assert read(raw) == expected


@pytest.mark.parametrize(
    ("language", "other", "month"),
    [
        ("", "17/11/2026", 4),
        ("zh-cn", "2026/4/3", 4),
        ("", "11/17/2026", 3),
        ("de", "11/17/2026", 3),
        ("de", "", 4),
        ("pt-BR", "", 4),
        ("en-gb", "", 4),
        ("en-us", "", 3),
        # neither the document nor its language can tell
        ("", "", None),
        ("en", "", None),
        ("", "17/11/2026 and 11/17/2026", None),
    ],
)
def test_what_comes_first_in_a_date_is_told_by_its_document(
    language: str, other: str, month: int | None
) -> None:
    dates = ("03/04/2026", *filter(None, other.split(" and ")))
    items = (f"<item><guid>{n}</guid><pubDate>{d}</pubDate></item>" for n, d in enumerate(dates))
    named = f"<language>{language}</language>" if language else ""
    body = f'<rss version="2.0"><channel><title>T</title>{named}{"".join(items)}</channel></rss>'
    first = parse_feed(body.encode(), url="https://feeds.example/feed", now=NOW).entries[0]
    day = None if month is None else datetime(2026, month, 7 - month, tzinfo=UTC)
    assert first.published == day


@pytest.mark.parametrize(
    "field",
    [
        '<time datetime="2026-11-17T10:00:00+01:00" class="d">Tue, 11/17/2026 - 10:00</time>',
        '<span property="dc:date" content="2026-11-17T10:00:00+01:00">Tuesday, 17 Nov</span>',
        "<p>Tue, 17 Nov 2026 09:00:00 GMT</p>",
    ],
)
def test_a_date_that_was_drawn_as_html_is_the_one_in_it(field: str) -> None:
    assert entry(f"<pubDate>\n{escape(field)}\n</pubDate>").published == DAY + timedelta(hours=9)


SPACES = {
    "prism": "http://prismstandard.org/namespaces/basic/2.0/",
    "dcterms": "http://purl.org/dc/terms/",
    "media": "http://search.yahoo.com/mrss/",
}


@pytest.mark.parametrize(
    "name", ["prism:publicationDate", "dcterms:available", "dcterms:date", "media:pubDate"]
)
def test_a_rare_name_of_a_date_counts_where_there_is_no_other(name: str) -> None:
    prefix = name.partition(":")[0]
    rare = f'<{name} xmlns:{prefix}="{SPACES[prefix]}">2026-11-17</{name}>'
    assert entry(rare).published == DAY
    assert entry(f"<pubDate>16 Nov 2026</pubDate>{rare}").published == DAY - timedelta(days=1)


def test_a_stand_in_leaves_the_other_date_of_its_entry() -> None:
    dates = "<pubDate>Mon, 01 Jan 0001 00:00:00 +0000</pubDate>{}"
    dublin = '<dc:date xmlns:dc="http://purl.org/dc/elements/1.1/">2026-11-17</dc:date>'
    assert entry(dates.format(dublin)).published == DAY
    assert entry(dates.format("")).published is None


@pytest.mark.parametrize(
    ("dates", "kept"),
    [
        # the time of a build, or of the files of a fresh copy
        (["Tue, 17 Nov 2026 10:07:31 GMT"] * 3, False),
        (["2026-11-17T10:07:31Z", "2026-11-17T10:07:33Z", "2026-11-17T10:07:32Z"], False),
        # a day without a time, wherever it begins, or a fixed hour
        (["Tue, 17 Nov 2026 00:00:00 -0500"] * 3, True),
        (["Tue, 17 Nov 2026 00:00:00 +0530"] * 3, True),
        (["2026-11-17T06:00:00Z"] * 3, True),
        # a blog that begins, commits that were written anew, and one entry that says more
        (["Tue, 17 Nov 2026 10:07:31 GMT"] * 2, True),
        (["2026-11-17T10:07:31Z", "2026-11-17T10:07:31Z", "2026-11-17T10:07:48Z"], True),
        (["2026-11-17T10:07:31Z", "2026-11-17T10:07:31Z", ""], True),
    ],
)
def test_a_time_that_all_entries_share_is_that_of_the_build(dates: list[str], kept: bool) -> None:
    items = (f"<item><guid>{n}</guid><pubDate>{d}</pubDate></item>" for n, d in enumerate(dates))
    body = f'<rss version="2.0"><channel><title>T</title>{"".join(items)}</channel></rss>'
    feed = parse_feed(body.encode(), url="https://feeds.example/feed", now=NOW)
    assert [bool(entry.published) for entry in feed.entries] == [kept and bool(d) for d in dates]
