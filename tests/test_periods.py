"""Dates, times, ages and periods as people and agents write them."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planet_mcp.errors import ArgumentError
from planet_mcp.periods import parse_age, parse_since, parse_until
from planet_mcp.times import day_of
from tests.support.moments import MOMENTS, NOW, utc


# ---------------------------------------------------------------------------------- dates, times
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-20", utc(2026, 11, 20)),
        (" 2026-11-20 ", utc(2026, 11, 20)),
        ("20261120", utc(2026, 11, 20)),
        ("2026-11-20T09:15", utc(2026, 11, 20, 9, 15)),
        ("2026-11-20 09:15", utc(2026, 11, 20, 9, 15)),
        ("2026-11-20T09:15Z", utc(2026, 11, 20, 9, 15)),
        ("2026-11-20T09:15+02:00", utc(2026, 11, 20, 7, 15)),
        ("2026-11-20T23:30-01:00", utc(2026, 11, 21, 0, 30)),
        ("2028-02-29", utc(2028, 2, 29)),
    ],
)
def test_a_date_or_time_is_read_and_a_naive_one_means_utc(text: str, expected: datetime) -> None:
    assert parse_since(text, now=NOW) == expected
    assert parse_since(text, now=NOW).tzinfo == UTC


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("36h", timedelta(hours=36)),
        ("7d", timedelta(days=7)),
        ("7D", timedelta(days=7)),
        (" 7 d ", timedelta(days=7)),
        ("0d", timedelta(0)),
        ("4w", timedelta(weeks=4)),
        ("6mo", timedelta(days=182.625)),
        ("1y", timedelta(days=365.25)),
        ("2000y", timedelta(days=730_500)),
    ],
)
def test_an_age_counts_back_from_now(text: str, age: timedelta) -> None:
    assert parse_age(text) == age
    assert parse_since(text, now=NOW) == NOW - age
    assert parse_until(text, now=NOW) == NOW - age


@pytest.mark.parametrize(
    "text", ["2026-11-20", " 2026-11-20", "2028-02-29", "20261120", "2026-W47-5", "2026W475"]
)
def test_a_date_as_until_includes_that_day(text: str) -> None:
    assert parse_until(text, now=NOW) == parse_since(text, now=NOW) + timedelta(days=1)


@pytest.mark.parametrize("text", ["2026-11-20T00:00", "2026-11-20T00:00Z", "2026-11-20 09:15"])
def test_a_time_as_until_is_that_moment(text: str) -> None:
    assert parse_until(text, now=NOW) == parse_since(text, now=NOW)


@pytest.mark.parametrize(
    ("text", "first", "after"),
    [
        ("2026-10", utc(2026, 10, 1), utc(2026, 11, 1)),
        (" 2026-12 ", utc(2026, 12, 1), utc(2027, 1, 1)),
        ("2026", utc(2026, 1, 1), utc(2027, 1, 1)),
        ("today", utc(2026, 11, 22), utc(2026, 11, 23)),
        ("Yesterday", utc(2026, 11, 21), utc(2026, 11, 22)),
        # 22 November 2026 is a Sunday, and weeks begin on Monday (ISO 8601).
        ("this week", utc(2026, 11, 16), utc(2026, 11, 23)),
        ("last  WEEK", utc(2026, 11, 9), utc(2026, 11, 16)),
        ("this month", utc(2026, 11, 1), utc(2026, 12, 1)),
        ("last month", utc(2026, 10, 1), utc(2026, 11, 1)),
        ("this year", utc(2026, 1, 1), utc(2027, 1, 1)),
        ("last year", utc(2025, 1, 1), utc(2026, 1, 1)),
    ],
)
def test_a_period_is_named_in_plain_words(text: str, first: datetime, after: datetime) -> None:
    assert parse_since(text, now=NOW) == first
    assert parse_until(text, now=NOW) == after


NEW_YEAR, NEW_YEARS_EVE = utc(2027, 1, 1, 0, 5), utc(2026, 12, 31, 23, 58)
LEAP_DAY, A_YEAR_BEFORE = utc(2028, 2, 29, 12), utc(2027, 3, 1, 0, 5)


@pytest.mark.parametrize(
    ("now", "text", "first", "days"),
    [
        # The first of January is a Friday, and of the 53rd week of the year before.
        (NEW_YEAR, "yesterday", utc(2026, 12, 31), 1),
        *((NEW_YEAR, text, utc(2026, 12, 28), 7) for text in ("this week", "week 53", "KW 53")),
        (NEW_YEAR, "last week", utc(2026, 12, 21), 7),
        *((NEW_YEAR, text, utc(2026, 12, 1), 31) for text in ("last month", "last December")),
        *((NEW_YEAR, text, utc(2026, 10, 1), 92) for text in ("last quarter", "Q4")),
        *((NEW_YEAR, text, utc(2027, 1, 1), 90) for text in ("this quarter", "Q1")),
        *((NEW_YEAR, text, utc(2027, 1, 1), 31) for text in ("this month", "January")),
        (NEW_YEAR, "last january", utc(2026, 1, 1), 31),
        (NEW_YEAR, "31. Dezember", utc(2026, 12, 31), 1),
        (NEW_YEARS_EVE, "last december", utc(2025, 12, 1), 31),
        (NEW_YEARS_EVE, "December", utc(2026, 12, 1), 31),
        (NEW_YEARS_EVE, "Jan 1", utc(2026, 1, 1), 1),
        (NEW_YEARS_EVE, "last year", utc(2025, 1, 1), 365),
        (NEW_YEARS_EVE, "week 1", utc(2025, 12, 29), 7),
        # The first week of 2030 begins in 2029.
        (utc(2029, 12, 31, 9), "week 1", utc(2029, 12, 31), 7),
        *((LEAP_DAY, text, utc(2028, 2, 29), 1) for text in ("today", "Feb 29", "29. Februar")),
        (LEAP_DAY, "this month", utc(2028, 2, 1), 29),
        # Not each year has the day, nor the week.
        *((A_YEAR_BEFORE, text, utc(2024, 2, 29), 1) for text in ("Feb 29", "29. Februar")),
        (A_YEAR_BEFORE, "last month", utc(2027, 2, 1), 28),
        (utc(2026, 12, 24), "week 53", utc(2020, 12, 28), 7),
        # Monday and Sunday.
        *((utc(2026, 11, 30), text, utc(2026, 11, 30), 1) for text in ("today", "since Monday")),
        (utc(2026, 11, 30), "last Monday", utc(2026, 11, 23), 1),
        (utc(2026, 11, 30), "last week", utc(2026, 11, 23), 7),
        (utc(2027, 1, 3, 23), "this week", utc(2026, 12, 28), 7),
    ],
)
def test_a_period_is_that_of_the_day_on_which_it_is_said(
    now: datetime, text: str, first: datetime, days: int
) -> None:
    assert parse_since(text, now=now) == first
    assert parse_until(text, now=now) == first + timedelta(days=days)


def test_the_last_date_there_is_means_for_ever() -> None:
    for text in ("9999-12-31", "9999-12", "9999"):
        assert parse_until(text, now=NOW) >= utc(9999, 12, 30)


@given(st.dates(max_value=date(9999, 12, 30)))
def test_a_day_is_within_the_period_from_it_until_it(day: date) -> None:
    text = day.isoformat()
    since, until = parse_since(text, now=NOW), parse_until(text, now=NOW)

    assert until - since == timedelta(days=1)
    assert day_of(since) == text


@given(MOMENTS, st.timedeltas(timedelta(hours=-12), timedelta(hours=12)))
def test_a_moment_reads_the_same_in_any_zone(moment: datetime, offset: timedelta) -> None:
    zone = timezone(timedelta(minutes=offset // timedelta(minutes=1)))

    assert parse_since(moment.astimezone(zone).isoformat(), now=NOW) == moment
    assert parse_until(moment.astimezone(zone).isoformat(), now=NOW) == moment


# ------------------------------------------------------------------------------ as people say it
@pytest.mark.parametrize(
    ("text", "ago"),
    [
        *((text, timedelta(weeks=1)) for text in ("1 week", "7 days ago", "last 7 days", "-7d")),
        *(
            (text, timedelta(weeks=1))
            for text in ("in the past week", "now-7d", "P7D", "A week ago")
        ),
        *(
            (text, timedelta(weeks=1))
            for text in (
                "vor 7 Tagen",
                "il y a 7 jours",
                "hace 7 d\u00edas",
                "les 7 derniers jours",
                "ces 7 derniers jours",
                "vor einer Woche",
                "una settimana fa",
                "tydzie\u0144 temu",
                "неделю назад",
                "week ago",
            )
        ),
        *(
            (text, timedelta(weeks=2))
            for text in ("vor zwei Wochen", "il y a deux semaines", "hace dos semanas")
        ),
        *(
            (text, timedelta(days=1))
            for text in ("the last 24 hours", "past 24hrs", "PT24H", "1day")
        ),
        *(
            (text, timedelta(days=365.25))
            for text in ("12 months", "P1Y", "past year", "twelve mos")
        ),
        *((text, timedelta(hours=36)) for text in ("P1DT12H", "PT36H", "PT36H0M0S")),
        *((text, timedelta(days=547.875)) for text in ("P1Y6M", "P18M")),
        *((text, timedelta(weeks=2)) for text in ("a fortnight ago", "past fortnight", "P2W")),
        *((text, timedelta(minutes=30)) for text in ("30 minutes", "30min ago")),
        *((text, timedelta(0)) for text in ("now", "0 days")),
    ],
)
def test_an_age_may_be_said_in_words(text: str, ago: timedelta) -> None:
    assert parse_since(text, now=NOW) == NOW - ago
    assert parse_until(text, now=NOW) == NOW - ago


@pytest.mark.parametrize(
    ("text", "first", "days"),
    [
        # The named period, in contrast to an age: `past week`.
        *((text, utc(2026, 11, 9), 7) for text in ("the last week", "previous week", "2026-W46")),
        *((text, utc(2017, 1, 1), 31) for text in ("January 2017", "jan. 2017", "in 2017/1")),
        *((text, utc(2017, 1, 1), 31) for text in ("1/2017", "01.2017", "styczeń 2017")),
        *((text, utc(2026, 11, 1), 30) for text in ("November", "this month", "Nov 2026")),
        *((text, utc(2025, 11, 1), 30) for text in ("last november", "2025 November")),
        *(
            (text, utc(2025, 12, 1), 31)
            for text in ("december", "d\u00e9cembre dernier", "em dezembro", "w grudniu")
        ),
        *(
            (text, utc(2017, 1, 5), 1)
            for text in ("Jan 5, 2017", "5th of January 2017", "5-Jan-2017")
        ),
        *(
            (text, utc(2017, 1, 5), 1)
            for text in ("2017/01/05", "2017/1/5", "5.1.2017", "05. 01. 2017")
        ),
        *((text, utc(2017, 4, 1), 91) for text in ("Q2 2017", "2017-Q2", "2017q2")),
        *((text, utc(2026, 7, 1), 92) for text in ("last quarter", "letztes Quartal", "Q3")),
        # 22 November 2026 is a Sunday.
        *((text, utc(2026, 11, 22), 1) for text in ("Sunday", "since sun")),
        *((text, utc(2026, 11, 15), 1) for text in ("last Sunday", "2026-11-15")),
        *((text, utc(2026, 11, 17), 1) for text in ("on tuesday", "last tues")),
        *((text, utc(2026, 9, 28), 7) for text in ("week 40 2026", "KW 40/2026")),
        *((text, utc(2026, 11, 3), 1) for text in ("Nov 3", "3rd of November", "November 3rd")),
        *(
            (text, utc(2025, 12, 24), 1)
            for text in ("Dec 24", "24. Dezember", "am 24.12.", "24.12.", "24 d\u00e9cembre")
        ),
        # One number can only be the day; a month has no day.
        *((text, utc(2017, 1, 31), 1) for text in ("1/31/2017", "31/01/2017", "31-1-2017")),
        *((text, utc(2017, 5, 5), 1) for text in ("5/5/2017", "Friday, 5 May 2017")),
        *((text, utc(2017, 1, 1), 31) for text in ("01/2017", "1-2017")),
        *((text, utc(2026, 11, 23), 1) for text in ("tomorrow", "morgen")),
        *((text, utc(2026, 11, 20), 1) for text in ("avant-hier", "the day before yesterday")),
        # In other languages, with their accents or without.
        *(
            (text, utc(2026, 11, 21), 1)
            for text in ("gestern", "hier", "ayer", "ontem", "ieri", "wczoraj", "вчера", "昨日")
        ),
        *(
            (text, utc(2026, 11, 20), 1)
            for text in ("the day before yesterday", "seit vorgestern", "avant-hier", "anteayer")
        ),
        *(
            (text, utc(2026, 11, 20), 1)
            for text in (
                *("seit Freitag", "vendredi dernier", "el viernes pasado", "sexta-feira"),
                *("dal venerd\u00ec", "vanaf vrijdag", "od pi\u0105tku", "\u0441 пятницы"),
            )
        ),
        *(
            (text, utc(2025, 1, 1), 365)
            for text in ("l'an dernier", "l\u2019ann\u00e9e derni\u00e8re", "dell'anno scorso")
        ),
        *((text, utc(2026, 11, 22), 1) for text in ("aujourd'hui", "Aujourd\u2019hui")),
        ("quest'anno", utc(2026, 1, 1), 365),
        *(
            (text, utc(2026, 11, 9), 7)
            for text in ("letzte Woche", "la semaine derni\u00e8re", "la semana pasada", "先週")
        ),
        *(
            (text, utc(2017, 3, 1), 31)
            for text in ("M\u00e4rz 2017", "mars 2017", "marzo de 2017", "марта 2017", "2017年3月")
        ),
        *((text, utc(2017, 3, 1), 1) for text in ("1. Marz 2017", "1er mars 2017", "2017年3月1日")),
    ],
)
def test_a_day_or_period_may_be_said_in_words(text: str, first: datetime, days: int) -> None:
    assert parse_since(text, now=NOW) == first
    assert parse_until(text, now=NOW) == first + timedelta(days=days)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22 09:00 UTC",
        "Sun, 22 Nov 2026 09:00:00 GMT",
        "22 Nov 2026 10:00:00 +0100",
        "1795338000",
        "1795338000000",
        "1795338000.25",
    ],
)
def test_a_time_may_be_written_as_feeds_and_clocks_do(text: str) -> None:
    assert parse_since(text, now=NOW).replace(microsecond=0) == utc(2026, 11, 22, 9)


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("March to May 2024", "March 2024", "May 2024"),
        ("between March and May 2024", "March 2024", "May 2024"),
        ("2026-01..2026-03", "2026-01", "2026-03"),
        ("2026-01-01/2026-03-31", "2026-01-01", "2026-03-31"),
        ("2024-2025", "2024", "2025"),
        ("von Januar bis M\u00e4rz 2024", "Januar 2024", "M\u00e4rz 2024"),
        # What has no year is next to what has one, and may so be in another.
        ("3 March to 5 April 2024", "3 March 2024", "5 April 2024"),
        ("December to January 2027", "December 2026", "January 2027"),
        ("28. Dezember bis 2. Januar 2020", "28. Dezember 2019", "2. Januar 2020"),
        ("Q4 to Q1 2026", "Q4 2025", "Q1 2026"),
        ("Nov 2024 to January", "Nov 2024", "January 2025"),
        ("November to January", "November", "January 2027"),
        ("March to November", "March", "November 2026"),
        ("March to now", "March", "now"),
    ],
)
def test_two_times_in_one_are_refused_with_how_to_say_them(
    text: str, since: str, until: str
) -> None:
    with pytest.raises(ArgumentError) as caught:
        parse_since(text, now=NOW)

    assert str(caught.value).endswith(f"is two times: give since={since!r}, until={until!r}.")
    assert parse_since(since, now=NOW) < parse_until(until, now=NOW)


@pytest.mark.parametrize("text", ["all", "All time", "since the beginning", "ever", "any"])
def test_all_time_is_a_period_too(text: str) -> None:
    assert parse_since(text, now=NOW) == utc(1970, 1, 1)
    assert parse_until(text, now=NOW) > utc(9000, 1, 1)


@pytest.mark.parametrize("text", ["3/4/2026", "03-04-2026"])
def test_a_day_that_may_be_two_is_refused_with_both(text: str) -> None:
    with pytest.raises(ArgumentError, match="may be 2026-03-04 or 2026-04-03: use"):
        parse_since(text, now=NOW)


# ---------------------------------------------------------------------------------- what is wrong
WRONG = (
    *("", " ", "next week", "last", "20261", "7", "7x", "+7d", "1.5d", "7dd", "7d 3h", "1m"),
    *(
        "0000",
        "2026-13",
        "2026-00",
        "2026-13-01",
        "2026-02-30",
        "13/13/2026",
        "2026-11-22T25:00",
    ),
    # Between strokes, the day may stand before the month or after it.
    *(
        "3/4/2026",
        "the day after tomorrow",
        "P",
        "PT",
        "last d",
        "past",
        "half a year ago",
        "32 May 2026",
        "Feb 30, 2026",
        "30 Feb",
        "30.2.",
        "24.12",
        "13/2026",
        "ago",
        "letzte",
        "week 54",
        "Q5",
        "2027-03 to 2027-01",
        "der",
    ),
    *("99999y", "123456d", "0001-01-01T00:00+14:00", "9999-12-31T23:59-05:00", "null", "\0"),
)


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_time_is_refused_with_what_is_allowed(text: str) -> None:
    for parse, name in ((parse_since, "since"), (parse_until, "until")):
        with pytest.raises(ArgumentError, match=rf"^{name}=.*ISO 8601 .*36h, 7d, 4w, 6mo, 1y") as e:
            parse(text, now=NOW)
        assert repr(text) in str(e.value)


@given(st.text() | st.text("0123456789-:TZ+hdwmoy ."))
def test_every_text_is_a_moment_in_utc_or_refused(text: str) -> None:
    for parse in (parse_since, parse_until):
        try:
            moment = parse(text, now=NOW)
        except ArgumentError:
            continue
        assert moment.tzinfo == UTC


def test_a_text_that_is_longer_than_any_period_is_refused_at_once() -> None:
    for text in ("bis " * 20_000, "2026-11-01 - " * 20_000):
        with pytest.raises(ArgumentError, match="is not a date"):
            parse_since(text, now=NOW)
