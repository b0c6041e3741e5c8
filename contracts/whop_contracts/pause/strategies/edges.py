"""The edges that instants break at, as tables: days, times of the day, fractions, zones, spans."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from whop_contracts.instants import zone_name

SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

YEARLY: Final = (
    "07-01", "01-01", "12-31", "03-01", "02-28", "01-31", "03-31", "04-30", "05-31", "06-30", "08-31", "09-30",
    "10-31", "11-30", "01-02", "12-30", "09-09", "12-01", "10-12",
)  # fmt: skip
"""Days of every year: the ends of years and months, and days that tell a swapped month and day."""
LEAP_DAY: Final = "02-29"
LANDMARKS: Final = (
    ("2038-01-19", "03:14:07"), ("2038-01-19", "03:14:08"), ("2106-02-07", "06:28:15"), ("2106-02-07", "06:28:16"),
    ("2100-02-28", "23:59:59"), ("2100-03-01", "00:00:00"), ("2262-04-11", "23:47:16"), ("2262-04-12", "00:00:00"),
    ("2400-02-29", "12:00:00"), ("3000-01-01", "00:00:00"), ("9999-01-01", "00:00:00"), ("9999-12-31", "23:59:59"),
    ("1970-01-01", "00:00:00"), ("1969-12-31", "23:59:59"), ("1999-12-31", "23:59:59"), ("2000-02-29", "12:00:00"),
    ("2028-02-29", "00:00:00"), ("1900-02-28", "23:59:59"), ("1582-10-15", "00:00:00"), ("0001-01-01", "00:00:00"),
)  # fmt: skip
"""Seconds (in UTC, once they are written with ``Z``) at which counters run out and calendars differ."""
AHEAD: Final = 12
"""How many of the landmarks lie far ahead of any run: the table's first."""
TIMES: Final = (
    "12:00:00", "00:00:00", "23:59:59", "00:00:01", "12:30:45", "09:05:07", "02:30:00", "11:59:59", "13:00:00",
)  # fmt: skip
SPANS: Final = (
    HOUR, 2 * HOUR, 12 * HOUR, DAY, DAY + SECOND, 2 * DAY, 7 * DAY, 28 * DAY, 30 * DAY, 31 * DAY, 61 * DAY, 90 * DAY,
    181 * DAY, 182 * DAY, 300 * DAY, 364 * DAY,
)  # fmt: skip
"""Milliseconds ahead: a day and the lengths of months, quarters and halves of a year."""
FRACTIONS: Final = (
    "", "000", "001", "999", "5", "05", "050", "500", "999999", "000001", "123456", "9995", "0", "000000",
)  # fmt: skip
FINE: Final = (
    "0000001",
    "9999999",
    "123456789",
    "999999999",
    "000000001",
    "000000000",
    "12345678",
    "99999999",
)
"""Fractions finer than a microsecond."""
ZONES: Final = (
    "Z", "+00:00", "+05:30", "-05:00", "+14:00", "-12:00", "+05:45", "-03:30", "-09:30", "+12:45", "-00:30", "+00:01",
    "-00:01", "+13:59", "-11:59", "+08:45", "+01:00",
)  # fmt: skip
WIDE_ZONES: Final = ("+14:01", "-12:01", "+23:59", "-23:59", "+15:00", "-13:00", "+18:00", "-18:00")
"""Offsets that RFC 3339 allows and no country has."""


def zones() -> SearchStrategy[str]:
    """Offsets from ``-12:00`` to ``+14:00`` to the minute, ``Z`` and ``+00:00``. Shrinks towards ``Z``."""
    return st.sampled_from(ZONES) | st.integers(-12 * 60, 14 * 60).map(zone_name)


def wide_zones() -> SearchStrategy[str]:
    """Offsets that are further from UTC than any in use. Shrinks towards ``+14:01``."""
    return (
        st.sampled_from(WIDE_ZONES)
        | st.integers(14 * 60 + 1, 24 * 60 - 1).map(zone_name)
        | st.integers(12 * 60 + 1, 24 * 60 - 1).map(lambda minutes: zone_name(-minutes))
    )


def digits(least: int, most: int) -> SearchStrategy[str]:
    """From ``least`` to ``most`` decimal digits. Shrinks towards the fewest, and those towards zeros."""
    digit = st.sampled_from("0123456789")
    return st.lists(digit, min_size=least, max_size=most).map("".join)


def fractions() -> SearchStrategy[str]:
    """The digits of a fraction of a second, none to six. Shrinks towards none."""
    return st.sampled_from(FRACTIONS) | digits(0, 6)


def fine_fractions() -> SearchStrategy[str]:
    """Seven to nine digits of a fraction of a second. Shrinks towards ``0000001``."""
    return st.sampled_from(FINE) | digits(7, 9)


def years() -> SearchStrategy[int]:
    """Years far enough ahead of any run. Shrinks towards 2030."""
    return st.integers(2030, 2099)


def days() -> SearchStrategy[str]:
    """Telling days of those years. Shrinks towards 1 July 2030."""
    return st.builds("{:04d}-{}".format, years(), st.sampled_from(YEARLY))


def plain_instants() -> SearchStrategy[str]:
    """Good instants, spelt so that nobody refuses them for it: whole seconds, in UTC. Shrinks towards noon of 1 July 2030."""
    return st.builds("{}T{}Z".format, days(), st.sampled_from(TIMES))
