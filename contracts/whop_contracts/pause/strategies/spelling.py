"""RFC 3339 timestamps as texts, by the grammar: any instant, in any spelling that the RFC allows for it."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from whop_contracts.instants import NANO
from whop_contracts.pause.strategies import samples
from whop_contracts.pause.strategies.samples import SAMPLES, sample

FIRST: Final = datetime(1, 1, 1, tzinfo=UTC)
LAST: Final = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_MILLENNIUM: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MINUTE_S: Final = 60
_DAY_S: Final = 86_400


def rfc3339_instants(*, earliest: datetime = FIRST, latest: datetime = LAST) -> SearchStrategy[str]:
    """Texts that RFC 3339 reads as an instant from ``earliest`` to ``latest``, both aware, both included.

    Days, months and years end, 29 February and the landmarks of counters come often; so do none to nine digits of fraction,
    offsets of odd minutes up to ``±23:59``, ``-00:00``, lower-case letters and, on whole minutes, a second of 60.

    Shrinks towards the midnight that begins 2000 in UTC, or the bound next to it, with ``Z`` and without a fraction.
    Source: RFC 3339, sections 5.6 and 5.7.
    """
    if earliest.tzinfo is None or latest.tzinfo is None or earliest > latest:
        message = f"earliest={earliest} and latest={latest} must be aware and in this order"
        raise ValueError(message)
    return _texts(_nanoseconds(earliest), _nanoseconds(latest))


def _texts(low: int, high: int) -> SearchStrategy[str]:
    """Every spelling takes the same number of choices, or the shortest one, and not the plainest, would be shrunk to."""

    def spelt(  # noqa: PLR0917 - drawn
        moment: tuple[int, bool],
        fraction: str,
        offset: str,
        leap: bool,  # noqa: FBT001
        letter: str,
        utc: str,
    ) -> str:
        minutes = _minutes(offset)
        second, local = moment
        second -= minutes * _MINUTE_S if local else 0
        ns = second * NANO + int(fraction.ljust(9, "0"))
        if not low <= ns <= high:
            ns = low if ns < low else high
            second, fraction = ns // NANO, f"{ns % NANO:09d}".rstrip("0")
        if not _writable(second, minutes):
            offset, minutes = "Z", 0
        leap = leap and second % _MINUTE_S == 0 and _writable(second - 1, minutes)
        day, clock = _written(second - leap, minutes)
        if leap:
            clock = clock[:-2] + "60"
        zone = utc if offset == "Z" else offset
        return f"{day}{letter}{clock}{'.' if fraction else ''}{fraction}{zone}"

    return st.builds(
        spelt,
        _seconds(low // NANO, high // NANO) | _edges(_year(low), _year(high)),
        samples.fractions() | samples.fine_fractions() | samples.digits(0, 9),
        samples.zones() | samples.wide_zones(),
        st.booleans(),
        st.sampled_from("Tt"),
        st.sampled_from(["Z", "z", "-00:00"]),
    )


def _seconds(first: int, last: int) -> SearchStrategy[tuple[int, bool]]:
    """Any second, of UTC."""
    middle = min(max((_MILLENNIUM - _EPOCH) // timedelta(seconds=1), first), last)
    return st.integers(first - middle, last - middle).map(lambda second: (middle + second, False))


def _edges(first: int, last: int) -> SearchStrategy[tuple[int, bool]]:
    """Seconds at the edges of years, months and counters, of the zone that they will be written in."""
    days = st.builds(
        _day_of, st.integers(first, last), st.sampled_from((*SAMPLES["days"], *[samples.LEAP_DAY] * 4))
    )
    moments = st.sampled_from(samples.LANDMARKS) | st.tuples(days, sample("times"))
    return moments.map(lambda moment: (_second(*moment), True))


def _second(day: str, time: str) -> int:
    hour, minute, second = (int(part) for part in time.split(":"))
    days = date.fromisoformat(day).toordinal() - _EPOCH_DAY
    return days * _DAY_S + hour * 3_600 + minute * _MINUTE_S + second


def _day_of(year: int, day: str) -> str:
    """A day of a year; for 29 February, of the last leap year until then (or of the first, the year 4)."""
    while day == samples.LEAP_DAY and not calendar.isleap(year):
        year = year - 1 or 4
    return f"{year:04d}-{day}"


def _nanoseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1_000


def _year(ns: int) -> int:
    return date.fromordinal(ns // NANO // _DAY_S + _EPOCH_DAY).year


def _written(second: int, minutes: int) -> tuple[str, str]:
    """The date and the time of the day of a second since 1970, in a zone."""
    days, rest = divmod(second + minutes * _MINUTE_S, _DAY_S)
    hours, rest = divmod(rest, 3_600)
    day = date.fromordinal(days + _EPOCH_DAY).isoformat()
    return day, f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"


def _writable(second: int, minutes: int) -> bool:
    """Whether a second falls into the years 1 to 9999 as it is written in a zone."""
    return 1 <= (second + minutes * _MINUTE_S) // _DAY_S + _EPOCH_DAY <= date.max.toordinal()


def _minutes(offset: str) -> int:
    if offset == "Z":
        return 0
    minutes = int(offset[1:3]) * 60 + int(offset[4:])
    return -minutes if offset[0] == "-" else minutes
