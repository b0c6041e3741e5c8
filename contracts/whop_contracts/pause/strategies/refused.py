"""What ``paused_until`` may not be: texts that name no instant, and JSON values that are no text."""

from __future__ import annotations

import re
from calendar import monthrange
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from whop_contracts.pause.strategies import edges

WORDS: Final = (
    "tomorrow", "now", "never", "today", "soon", "forever", "in 1 hour", "+1 day", "next monday", "null", "undefined",
    "None", "NaN", "Infinity", "true", "false", "paused", "Invalid Date", "<string>", "{}", "[]", "until", "noon",
)  # fmt: skip
NUMBERS: Final = (
    "1924905600", "1924905600000", "0", "-1", "42", "1924905600.5", "1.9249056e9", "1e400", "0x72bc9d00", "-62135596800",
    "99999999999999999999", "2030", "203.0", "1_924_905_600",
)  # fmt: skip
NOTATIONS: Final = (
    "Tue, 01 Jan 2030 00:00:00 GMT", "Tue, 1 Jan 2030 00:00:00 +0000", "Tuesday, 01-Jan-30 00:00:00 GMT",
    "Tue Jan  1 00:00:00 2030", "Tue Jan 01 2030 00:00:00 GMT+0000", "01/02/2030", "2030/01/02", "02.01.2030",
    "1 January 2030", "January 1, 2030", "2030-W01-2", "2027-W10-1", "2027-W10-1T12:00:00Z", "2030-001",
    "2030-045T12:00:00Z", "20300101T000000Z", "2030-01", "--01-01", "30-01-01T00:00:00Z", "12:00:00Z",
    "T12:00:00Z", "12:00", "P1D", "PT1H", "P1DT12H", "R5/2030-01-01T00:00:00Z/P1D",
    "2030-01-01T00:00:00Z/2030-01-02T00:00:00Z", "2030-01-01T00:00:00Z/P1D", "-2030-01-01T00:00:00Z",
    "12030-01-01T00:00:00Z",
)  # fmt: skip
"""Dates of mail, of cookies, of forms, of calendars by week and by day, parts of dates, durations, intervals."""
SHAPES: Final = (
    "{day}T{time}.Z", "{day}T{time}ZZ", "{day}T{time}Z+01:00", "{day}T{time}+01:00Z", "{day}T{time}+01:00+01:00",
    "{day}TT{time}Z", "{day}T", "{day}TZ", "{day}T{time}+", "{day}T{time}-", "{day}T{time}+:00",
    "{day}T{time}+01:0", "{day}T{time}+01:00:00:00", "{day}T{time}Q", "{day}T{time}.5.5Z", "{day}T{time}..5Z", "{day}T::Z",
    "{day}T12:Z", "{day}T{time}:00Z", "{day}-01T{time}Z", "{day}T{time}Z and more", "about {day}T{time}Z",
    "{day}T{time}Z{day}T{time}Z", "{day}T{time}Z,{day}T{time}Z", '"{day}T{time}Z"', "'{day}T{time}Z'", "{day}T{time}Z;",
    "{day}T{time}Z\\", "{day}T{time}Z\0", "\0{day}T{time}Z", "{day}\0T{time}Z", "{day}T{time}\0", "{day}\nT{time}Z",
    "{day}T{time}.\uff15Z", "{day}T{time}.1e3Z", "{day}T{time}.-5Z", "{day}T-{time}Z",
)  # fmt: skip
"""A good instant with one thing too many or too few; NUL is none of the white space that a lenient reader strips."""
TEXTS: Final = (
    "", " ", "   ", "\t", "\n", "\0", "Z", "T", "-", ":", ".", "'", '"', "''", "\\", "\\0", "`", "%00", "%s%n", "${7*7}",
    "{{7*7}}", "'; DROP TABLE ad_campaigns; --", "' OR '1'='1", "1; SELECT 1", "é", "\u202e2030", "\U0001f550", "\u200b",
    "\ufeff", "日本", "令和12年1月1日", "a\nb", "\x1b[31m", "\ufffd",
)  # fmt: skip
ZEROS: Final = (0xFF10, 0x0660, 0x0966, 0x1D7CE)
"""The zero (and the nine signs after it) of full width, of Arabic, of Devanagari, of bold mathematics: a reader that asks
``isdigit`` or matches ``\\d`` takes them for digits."""
_ALPHABET: Final = "0123456789-:TZ+. tz/WP"
_NAMES_A_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")


def not_instants() -> SearchStrategy[str]:
    """Texts that name no instant: impossible days, times and zones, words, numbers, other notations of dates, good ones with
    one thing too many or too few, digits of other scripts, NUL and quotes, a few thousand characters.

    Never a text that still names one instant to a lenient reader (:func:`~whop_contracts.pause.strategies.loose_stamps` has those).
    Shrinks towards ``tomorrow``.
    """
    return st.one_of(
        st.sampled_from(WORDS),
        _impossible_days(),
        _impossible_times(),
        _impossible_zones(),
        st.builds(_shaped, st.sampled_from(SHAPES), edges.days(), st.sampled_from(edges.TIMES)),
        st.sampled_from(NUMBERS) | st.integers(-(10**14), 10**14).map(str),
        st.sampled_from(NOTATIONS),
        st.sampled_from(TEXTS),
        st.builds(
            _in_script, st.sampled_from(ZEROS), edges.days(), st.sampled_from(edges.TIMES), st.booleans()
        ),
        _long_texts(),
        st.lists(st.sampled_from(_ALPHABET), min_size=1, max_size=30)
        .map("".join)
        .filter(lambda text: not _NAMES_A_DAY.search(text)),
    )


def wrong_types() -> SearchStrategy[Any]:
    """JSON values that are neither text nor null: numbers (epochs in seconds and milliseconds among them), true and false,
    arrays, objects. Shrinks towards 0.
    """
    numbers: SearchStrategy[Any] = st.one_of(
        st.integers(-100, 100),
        st.sampled_from([1924905600, 1924905600000, 1924905600.5, 1.5, -0.0, 2**31, 2**53 + 1, 2**63, 10**30, 1e300]),
        st.integers(1_924_905_600, 4_102_444_800),
        st.integers(1_924_905_600_000, 4_102_444_800_000),
    )  # fmt: skip
    scalars = numbers | st.booleans()
    leaves = scalars | st.none() | st.sampled_from(["", "tomorrow"]) | edges.plain_instants()
    members = st.sampled_from(["date", "paused_until", "$date", "$gt", "iso", "seconds", "until", "0", ""])
    arrays = st.lists(leaves, max_size=3)
    objects = st.dictionaries(members, leaves | arrays, max_size=3)
    return st.one_of(scalars, arrays, st.lists(arrays | objects, min_size=1, max_size=2), objects)


@st.composite
def _impossible_days(draw: DrawFn) -> str:
    """Days that no calendar has, alone or with a time: 29 February of a common year, the 31st of a short month, month 13."""
    year = draw(st.sampled_from([2100, 2023, 1900]) | edges.years())
    month = draw(st.sampled_from([2, 4, 6, 9, 11]) | st.sampled_from([1, 3, 5, 7, 8, 10, 12]))
    length = monthrange(year, month)[1]
    kind = draw(st.sampled_from(["next", "late", "zero", "month"]))
    day = {"next": length + 1, "late": draw(st.integers(length + 1, 99)), "zero": 0, "month": 28}[kind]
    if kind == "month":
        month = draw(st.sampled_from([13, 0]) | st.integers(13, 99))
    tail = draw(st.sampled_from(["T12:00:00Z", "", "T00:00:00.000Z", "T12:00:00+05:30"]))
    return f"{year:04d}-{month:02d}-{day:02d}{tail}"


def _impossible_times() -> SearchStrategy[str]:
    """Good days at times that no clock shows: hour 24 or later, minute 60, second 61."""
    hours, sixties = st.sampled_from([24, 25]) | st.integers(24, 99), st.integers(60, 99)
    times = st.one_of(
        st.builds("{:02d}:00:00".format, hours),
        st.builds("{:02d}:{:02d}:{:02d}".format, hours, st.integers(0, 59), st.integers(0, 59)),
        st.builds("12:{:02d}:00".format, sixties),
        st.builds("12:30:{:02d}".format, st.integers(61, 99)),
    )
    return st.builds("{}T{}{}".format, edges.days(), times, st.sampled_from(["Z", ".000Z", "+02:00"]))


def _impossible_zones() -> SearchStrategy[str]:
    """Good days and times in zones that are 25 hours or more from UTC, or whose minutes are 60 or more."""
    zones = st.one_of(
        st.builds("{}{:02d}:00".format, st.sampled_from("+-"), st.integers(25, 99)),
        st.builds("{}05:{:02d}".format, st.sampled_from("+-"), st.integers(60, 99)),
    )
    return st.builds("{}T{}{}".format, edges.days(), st.sampled_from(edges.TIMES), zones)


def _shaped(shape: str, day: str, time: str) -> str:
    return shape.format(day=day, time=time)


def _in_script(zero: int, day: str, time: str, whole: bool) -> str:  # noqa: FBT001 - drawn
    """A good instant in the digits of another script, or its year alone."""
    table = {ord("0") + digit: zero + digit for digit in range(10)}
    text = f"{day}T{time}Z"
    return text.translate(table) if whole else text[:4].translate(table) + text[4:]


def _long_texts() -> SearchStrategy[str]:
    pieces = ("9", "A", "tomorrow ", "2030-01-01T00:00:00Z", "-", "0", "é", "'")
    return st.builds(
        lambda piece, size: piece * (size // len(piece)),
        st.sampled_from(pieces),
        st.sampled_from([300, 3_000, 9_000]),
    )
