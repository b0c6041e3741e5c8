"""Instants: texts by the grammar of RFC 3339, and symbolic dates of pause requests by request class.

A symbolic instant is written as text when it is sent, so that a plan that is drawn today can be sent in ten
years.
"""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from whop_contracts.instants import BEYOND, NANO, utc, write_instant
from whop_contracts.pause.strategies import values
from whop_contracts.pause.strategies.values import FRACTIONS, SAMPLES, ZONES, sample
from whop_contracts.steps import SymbolicInstant

FIRST: Final = datetime(1, 1, 1, tzinfo=UTC)
LAST: Final = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLENNIUM_S: Final = 946_684_800
_LEAP_DAY: Final = "02-29"
_SECOND: Final = 1_000
_MINUTE: Final = 60 * _SECOND
_DAY: Final = 24 * 60 * _MINUTE
_AN_HOUR: Final = timedelta(hours=1)
_ALMOST_A_YEAR: Final = timedelta(days=364)
_BEYOND_A_YEAR: Final = 367
_NEAR_ENOUGH: Final = 1_000
"""Days after which the next 29 February is found eleven years ahead at the latest, where binding stops to
look.
"""
_CENTURIES: Final = 400 * 365 * _DAY
_symbolic: Final = partial(st.builds, SymbolicInstant)
"""Symbolic instants whose members are drawn from these strategies, in the order in which they are given."""


# -- texts by RFC 3339 ---------------------------------------------------------------------------------------


def rfc3339_instants(*, earliest: datetime = FIRST, latest: datetime = LAST) -> SearchStrategy[str]:
    """Texts that RFC 3339 reads as an instant from ``earliest`` to ``latest``, both aware, both included.

    Days, months and years end, 29 February and the landmarks of counters come often; so do none to nine
    digits of fraction, offsets of odd minutes up to ``±23:59``, ``-00:00``, lower-case letters and, on whole
    minutes, a second of 60.

    Shrinks towards the midnight that begins 2000 in UTC, or the bound next to it, with ``Z`` and without a
    fraction. Source: RFC 3339, sections 5.6 and 5.7.
    """
    if earliest.tzinfo is None or latest.tzinfo is None or earliest > latest:
        message = f"earliest={earliest} and latest={latest} must be aware and in this order"
        raise ValueError(message)
    low, high = ((bound - _EPOCH) // timedelta(microseconds=1) * 1_000 for bound in (earliest, latest))
    first, last = low // NANO, high // NANO
    middle = min(max(_MILLENNIUM_S, first), last)
    # Any second of UTC, or one at the edge of a year, a month or a counter in the zone that it is written in.
    seconds = st.integers(first - middle, last - middle).map(lambda second: (middle + second, False))
    days = st.builds(_day_of, st.integers(utc(low).year, utc(high).year), _ENDS)
    edges = (_LANDMARKS | st.builds("{}T{}".format, days, sample("times"))).map(_local_second)
    return _texts(low, high, seconds | edges)


_ENDS: Final = st.sampled_from((*SAMPLES["days"], *[_LEAP_DAY] * 4))
_LANDMARKS: Final = st.sampled_from(SAMPLES["far_landmarks"] + SAMPLES["other_landmarks"])
_ANY_FRACTION: Final = FRACTIONS | values.FINE_FRACTIONS | values.digits(0, 9)
_ANY_ZONE: Final = ZONES | values.WIDE_ZONES
_UTC: Final = st.sampled_from(["Z", "z", "-00:00"])


@st.composite
def _texts(draw: DrawFn, low: int, high: int, moments: SearchStrategy[tuple[int, bool]]) -> str:
    """An instant in any form. Every form takes the same number of choices, or the shortest one, and not the
    plainest, would be shrunk to.
    """
    second, local = draw(moments)
    fraction, offset = draw(_ANY_FRACTION), draw(_ANY_ZONE)
    leap, letter, utc_ = draw(st.booleans()), draw(st.sampled_from("Tt")), draw(_UTC)
    minutes = 0 if offset == "Z" else int(f"{offset[0]}1") * (int(offset[1:3]) * 60 + int(offset[4:]))
    ns = (second - 60 * minutes * local) * NANO + int(fraction.ljust(9, "0"))
    if not low <= ns <= high:
        ns = low if ns < low else high
        fraction = f"{ns % NANO:09d}".rstrip("0")
    if write_instant(ns, offset_minutes=minutes) == BEYOND:
        offset, minutes = "Z", 0
    text, before = (write_instant(at, digits=0, offset_minutes=minutes) for at in (ns, ns - NANO))
    if leap and ns // NANO % 60 == 0 and before != BEYOND:
        text = before[:17] + "60"
    zone = utc_ if offset == "Z" else offset
    return f"{text[:10]}{letter}{text[11:19]}{'.' if fraction else ''}{fraction}{zone}"


def _local_second(moment: str) -> tuple[int, bool]:
    return (datetime.fromisoformat(f"{moment}Z") - _EPOCH) // timedelta(seconds=1), True


def _day_of(year: int, day: str) -> str:
    """A day of a year; for 29 February, of the last leap year until then, or of the first, the year 4."""
    while day == _LEAP_DAY and not calendar.isleap(year):
        year = year - 1 or 4
    return f"{year:04d}-{day}"


# -- symbolic instants ---------------------------------------------------------------------------------------


def stamps(
    *, earliest: timedelta = _AN_HOUR, latest: timedelta = _ALMOST_A_YEAR
) -> SearchStrategy[SymbolicInstant]:
    """Instants that a provider must accept and keep to the millisecond: from ``earliest`` to ``latest`` ahead
    of the target's now, both to one second; any whole minute of offset from ``-12:00`` to ``+14:00``; up to
    six digits of fraction.

    Shrinks towards ``earliest`` (an hour) ahead, written with ``Z`` and three digits.
    """
    return _symbolic(plus_ms=_spans(earliest, latest), offset=ZONES, fraction=st.none() | FRACTIONS)


def calendar_stamps() -> SearchStrategy[SymbolicInstant]:
    """The next 1 July, the next end of a month or of the year, at telling times of the day: from an hour to a
    year, a day and an hour ahead, since the day may just have passed. Otherwise as :func:`stamps`.

    Shrinks towards noon of the next 1 July, written with ``Z`` and no fraction.
    """
    return _symbolic(base=sample("days"), time=sample("times"), offset=ZONES, fraction=FRACTIONS)


def sunday_stamps() -> SearchStrategy[SymbolicInstant]:
    """Instants in the nights in which clocks are changed, in hours that are skipped or come twice somewhere:
    by their digits, or if the instant is converted to the zone there.
    """
    return st.builds(
        lambda night, fraction: SymbolicInstant(night[0], time=night[1], offset=night[2], fraction=fraction),
        sample("nights"),
        FRACTIONS,
    )


def far_stamps() -> SearchStrategy[SymbolicInstant]:
    """Instants that a provider may refuse but not change: more than a year ahead, to the end of the year 9999
    in UTC; or as :func:`stamps`, with seven to nine digits of fraction or an offset that no country has.
    Never two of these at once.

    2038-01-19, the one fixed day before 2100, is of this kind for as long as it is more than a year ahead.
    Shrinks towards 2038-01-19T03:14:07Z, the last second that 32 bits hold.
    """
    landmarks = [SymbolicInstant(base=one[:10], time=one[11:]) for one in SAMPLES["far_landmarks"]]
    ahead, near = _milliseconds(_BEYOND_A_YEAR * _DAY, _CENTURIES), _spans(_AN_HOUR, _ALMOST_A_YEAR)
    # No later than 30 December, so that no offset carries the instant out of the year 9999.
    days = st.dates(date(2100, 1, 1), date(9999, 12, 30)).map(date.isoformat)
    later = st.integers(_BEYOND_A_YEAR, _NEAR_ENOUGH)
    return st.one_of(
        st.sampled_from(landmarks),
        _symbolic(plus_ms=ahead, offset=ZONES, fraction=st.none() | FRACTIONS),
        _symbolic(plus_ms=near, fraction=values.FINE_FRACTIONS),
        _symbolic(plus_ms=near, offset=values.WIDE_ZONES),
        _symbolic(base=st.just(_LEAP_DAY), time=sample("times"), offset=ZONES, after_days=later),
        _symbolic(base=days, time=sample("times"), offset=ZONES, fraction=FRACTIONS),
    )


def edge_stamps() -> SearchStrategy[SymbolicInstant]:
    """Forms that RFC 3339 allows and many readers do not know, from an hour to a year, a day and an hour
    ahead: a lower-case ``t`` or ``z``, the offset ``-00:00``, a second of 60. One of them at a time.

    Shrinks towards an hour ahead with a lower-case ``z`` and three digits.
    """
    spans = _spans(_AN_HOUR, _ALMOST_A_YEAR)
    days = st.sampled_from(("06-30", "12-31", *SAMPLES["days"]))
    minutes = st.builds("{:02d}:{:02d}:60".format, st.integers(0, 23), st.integers(0, 59))
    return st.one_of(
        _symbolic(plus_ms=spans, offset=st.sampled_from(["z", "-00:00"]), fraction=st.none() | FRACTIONS),
        _symbolic(plus_ms=spans, offset=ZONES, form=st.just("{date}t{time}{fraction}{offset}")),
        _symbolic(base=days, time=st.sampled_from(["23:59:60", "12:00:60"]) | minutes, offset=ZONES),
    )


def past_stamps(
    *, earliest: timedelta = timedelta(days=-36_524), latest: timedelta = -_AN_HOUR
) -> SearchStrategy[SymbolicInstant]:
    """Instants that have passed: from ``earliest`` to ``latest`` (both below zero) of the target's now, to
    one second.

    Shrinks towards ``latest`` (an hour ago), written with ``Z`` and three digits.
    """
    spans = _spans(-latest, -earliest).map(int.__neg__)
    return _symbolic(plus_ms=spans, offset=ZONES, fraction=st.none() | FRACTIONS)


def loose_stamps(
    *, earliest: timedelta = timedelta(days=2), latest: timedelta = _ALMOST_A_YEAR
) -> SearchStrategy[SymbolicInstant]:
    """Texts that are no RFC 3339 and still name one instant, from ``earliest`` to ``latest`` ahead: a bare
    date, no zone, a space for the T, no seconds, a decimal point without digits, an offset without its colon,
    white space around it. One of them at a time.

    A bare date names the start of its day in UTC, up to a day before ``earliest``. A line end is written as
    JSON's escape, since the form goes into a JSON text as it stands. Shrinks towards a date and time without
    a zone, two days ahead.
    """
    spans = _spans(earliest, latest)
    tight = ZONES.filter(lambda zone: zone != "Z").map(lambda zone: zone.replace(":", ""))
    spaced = st.sampled_from([" {}", "{} ", "{}\\n", " {} ", "   {}", "{}  \\n", "\\n{}"]).map(
        lambda form: form.replace("{}", SymbolicInstant().form)
    )
    return st.one_of(
        _symbolic(plus_ms=spans, offset=st.just("")),
        _symbolic(plus_ms=spans, offset=ZONES, form=st.just("{date} {time}{fraction}{offset}")),
        _symbolic(plus_ms=spans, offset=tight),
        _symbolic(plus_ms=spans, offset=ZONES, form=st.just("{date}T{time:.5}{offset}")),
        _symbolic(plus_ms=spans, offset=ZONES, form=spaced),
        _symbolic(plus_ms=spans, form=st.just("{date}")),
        _symbolic(plus_ms=spans, offset=ZONES, form=st.just("{date}T{time}.{offset}")),
    )


def _spans(earliest: timedelta, latest: timedelta) -> SearchStrategy[int]:
    """Milliseconds from ``earliest`` to ``latest``, both above zero."""
    low, high = earliest // timedelta(milliseconds=1), latest // timedelta(milliseconds=1)
    if not 0 < low <= high:
        message = (
            f"earliest={earliest} and latest={latest} must be in this order and on the asked side of now"
        )
        raise ValueError(message)
    return _milliseconds(low, high)


def _milliseconds(low: int, high: int) -> SearchStrategy[int]:
    """Milliseconds from ``low`` to ``high``, telling ones often. Shrinks towards ``low``."""
    any_, first_minute, last_minute = st.integers(low, high), -(-low // _MINUTE), high // _MINUTE
    if first_minute > last_minute:
        return any_
    whole = st.integers(first_minute, last_minute).map(_MINUTE.__mul__)
    spans = [span * _SECOND for span in SAMPLES["spans_s"] if low <= span * _SECOND <= high]
    return st.one_of(any_, whole, st.sampled_from(spans)) if spans else any_ | whole
