"""Dates as people, spreadsheets and documents write them: what is known of them is kept."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.imports.written_dates import WrittenDate, read_birth, read_instant

TODAY = date(2026, 11, 30)
DAYS = st.dates(date(1930, 1, 1), date(2025, 12, 31))
MONTHS = "January February March April May June July August September October November December"
WHOLE = (
    *("{0:%Y-%m-%d}", "{0:%Y/%m/%d}", "{0:%Y.%m.%d}", "{0:%Y%m%d}", "{0:%Y-%m-%dZ}"),
    *("{0:%Y-%m-%d} 00:00:00", "{0:%Y-%m-%d}T00:00:00Z", "{1} {0:%d}, {0:%Y}", "{0:%d}-{1}-{0:%Y}"),
)
"""Ways of writing a day that mean one day, whatever day it is."""


def english(day):
    return MONTHS.split()[day.month - 1]


@settings(max_examples=40)
@given(day=DAYS, way=st.sampled_from(WHOLE))
def test_a_whole_date_is_that_day(day, way):
    written = read_birth(way.format(day, english(day)), TODAY)
    assert written is not None
    assert (written.day, written.year) == (day, day.year)


@pytest.mark.parametrize(
    "text",
    [
        *("2/29/1980 12:00:00 AM", "2/29/1980 12:00 a.m.", "29/02/1980 1:05:00 PM"),
        *("29/02/1980 0.00.00", "29/02/1980 13.05.00"),
    ],
)
def test_a_time_of_day_may_follow_as_spreadsheets_write_it(text):
    assert read_birth(text, TODAY) == WrittenDate(date(1980, 2, 29), 1980)


def test_a_half_of_a_day_is_told_apart():
    assert read_birth("2/3/1980 12:00:00 AM", TODAY) == WrittenDate(None, 1980)
    assert read_instant("2/29/2028 12:00:00 AM", UTC) == date(2028, 2, 29)
    assert read_instant("29/2/2028 12:30 PM", UTC) == datetime(2028, 2, 29, 12, 30, tzinfo=UTC)
    assert read_instant("29/2/2028 13:00 AM", UTC) is None


@settings(max_examples=40)
@given(
    year=st.integers(1930, 2025),
    way=st.sampled_from(
        (
            *("{y}-00-00", "{y}-99-99", "{y}", "{y}-XX-XX", "00/00/{y}", "99.99.{y}", "{y}?"),
            *("ca. {y}", "02/{y}", "{y}-02", "Feb {y}", "{y}0000", "{y}-13-45", "31/02/{y}"),
        )
    ),
)
def test_a_year_that_is_written_is_known(year, way):
    assert read_birth(way.format(y=year), TODAY) == WrittenDate(None, year)


@settings(max_examples=40)
@given(day=DAYS, sex=st.sampled_from("MFX<"))
def test_a_machine_readable_zone_s_date_is_read_with_the_sex_that_follows(day, sex):
    digits = f"{day:%y%m%d}"
    check = sum(int(d) * w for d, w in zip(digits, (7, 3, 1, 7, 3, 1), strict=True)) % 10
    for tail in ("", str(check)):
        assert read_birth(f"{digits}{tail}{sex}", TODAY) == WrittenDate(day, day.year)


@pytest.mark.parametrize(
    "text",
    [
        *("30-02-80", "February-80", "80-Feb", "Feb '80", "1980-99-99", "99-99-80", "30 Feb 80"),
        *("800230", "300280", "8002291F", "8002297F", "unknown/1980", "1980-02-30"),
    ],
)
def test_where_no_day_can_be_the_year_is_kept(text):
    assert read_birth(text, TODAY) == WrittenDate(None, 1980)


@pytest.mark.parametrize("text", ["02-Feb", "12 Feb", "1980-1985", "1980 or 1981", "31", "80"])
def test_what_can_mean_several_years_says_nothing(text):
    assert read_birth(text, TODAY) is None


@settings(max_examples=40)
@given(st.text(max_size=14) | st.from_regex(r"[0-9x<?/. -]{1,12}[mfx]?", fullmatch=True))
def test_any_text_is_read_or_not(text):
    written = read_birth(text, TODAY)
    assert written is None or written.day is None or written.day.year == written.year
