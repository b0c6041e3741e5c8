"""Instants as values: what is kept of their form, how they are written, and where the calendar ends."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whop_contracts.instants import BEYOND, NANO, Instant, read_instant, utc, write_instant
from whop_contracts.pause.classify import FIRST, LAST


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("1970-01-01T00:00:00Z", Instant(0, 0, 0, edge=False)),
        ("1970-01-01t00:00:00Z", Instant(0, 0, 0, edge=True)),
        ("1970-01-01T00:00:00z", Instant(0, 0, 0, edge=True)),
        ("1970-01-01T00:00:00+00:00", Instant(0, 0, 0, edge=False)),
        ("1970-01-01T00:00:00-00:00", Instant(0, 0, 0, edge=True)),
        ("1969-12-31T23:59:60.0Z", Instant(0, 1, 0, edge=True)),
        ("1970-01-01T14:00:00.000+14:00", Instant(0, 3, 840, edge=False)),
        ("1969-12-31T12:00:00-12:00", Instant(0, 0, -720, edge=False)),
        ("1970-01-01T23:59:00+23:59", Instant(0, 0, 1_439, edge=False)),
        ("1969-12-31T00:01:00-23:59", Instant(0, 0, -1_439, edge=False)),
        ("1969-12-31T23:59:59.5Z", Instant(-NANO // 2, 1, 0, edge=False)),
        ("9999-12-31T23:59:59.999999999Z", Instant(LAST - 1, 9, 0, edge=False)),
        ("0001-01-01T00:00:00Z", Instant(FIRST, 0, 0, edge=False)),
        ("1970-01-01T00:00:00.000000001999Z", Instant(1, 12, 0, edge=False)),
        (f"1970-01-01T00:00:00.5{'0' * 60}Z", Instant(NANO // 2, 61, 0, edge=False)),
    ],
    ids=str,
)
def test_what_is_read_of_a_timestamp(text, instant):
    assert read_instant(text) == instant
    assert read_instant(text) == instant, "reading twice gives the same"


def test_the_calendar_is_gregorian():
    for year in (1900, 1996, 2000, 2004, 2100, 2400):
        leaps = read_instant(f"{year}-02-29T00:00:00Z") is not None
        assert leaps is (year not in {1900, 2100}), year
    for month, last in enumerate((31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), start=1):
        assert read_instant(f"2027-{month:02d}-{last}T00:00:00Z")
        assert read_instant(f"2027-{month:02d}-{last + 1}T00:00:00Z") is None
        assert read_instant(f"2027-{month:02d}-00T00:00:00Z") is None


@pytest.mark.parametrize(
    ("ns", "how", "text"),
    [
        (0, {}, "1970-01-01T00:00:00.000Z"),
        (0, {"digits": 0}, "1970-01-01T00:00:00Z"),
        (1_999_999, {}, "1970-01-01T00:00:00.001Z"),
        (-1, {"digits": 9}, "1969-12-31T23:59:59.999999999Z"),
        (0, {"offset_minutes": 330}, "1970-01-01T05:30:00.000+05:30"),
        (0, {"offset_minutes": -1}, "1969-12-31T23:59:00.000-00:01"),
        (0, {"offset_minutes": 60, "digits": 0}, "1970-01-01T01:00:00+01:00"),
        (0, {"offset_minutes": -839, "digits": 0}, "1969-12-31T10:01:00-13:59"),
        (FIRST, {"digits": 0}, "0001-01-01T00:00:00Z"),
        (LAST - 1, {}, "9999-12-31T23:59:59.999Z"),
        (LAST, {}, BEYOND),
        (FIRST - 1, {}, BEYOND),
    ],
)
def test_an_instant_is_written_cut_to_digits_and_in_a_zone(ns, how, text):
    assert write_instant(ns, **how) == text


@given(st.integers(FIRST, LAST - 1))
def test_utc_is_the_same_instant_cut_to_microseconds(ns):
    moment = utc(ns)
    assert moment.tzinfo is UTC
    assert (moment - datetime(1970, 1, 1, tzinfo=UTC)).days == ns // (86_400 * NANO)
    assert f"{moment:%H:%M:%S.%f}Z" == write_instant(ns, digits=6)[-16:]
    assert utc(1_999) == datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=UTC)
