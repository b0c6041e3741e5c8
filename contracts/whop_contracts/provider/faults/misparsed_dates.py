"""Dates that are taken, and taken for another instant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Final

from whop_contracts.provider import dates
from whop_contracts.provider.core import Provider
from whop_contracts.provider.dates import DAY, MINUTE, SECOND, Parts
from whop_contracts.provider.faults.fault import Fault

_HOUR = 60 * MINUTE
_NOON, _LATE = 12, 23
_MS = 1_000_000

Reading = Callable[[Parts], int | None]
"""From a date taken apart to the instant that it is taken for; raises what it is refused with."""


def _reading(how: Reading) -> type[Provider]:
    class Misreading(Provider):
        def compose(self, parts: Parts) -> int | None:
            return how(parts)

    return Misreading


def _sign(parts: Parts) -> int:
    return -1 if parts.offset < 0 else 1


def _offset(parts: Parts, minutes: int) -> int:
    return replace(parts, offset=minutes).instant()


def _fraction(parts: Parts, digits: str) -> int:
    return replace(parts, fraction=digits).instant()


def _whole(parts: Parts) -> int:
    return _fraction(parts, "")


def _day_month(parts: Parts) -> int:
    if parts.day > 12:  # noqa: PLR2004 - months of a year
        return parts.instant()
    return replace(parts, month=parts.day, day=parts.month).instant()


def _week_year(parts: Parts) -> int:
    """The year to which the week belongs, weeks beginning on Sunday and the first one holding 1 January."""
    last = parts.month == 12 and parts.day > 25  # noqa: PLR2004 - the last week of December
    if last and parts.year < 9999:  # noqa: PLR2004 - the last year
        new_year = date(parts.year + 1, 1, 1)
        into_week = (new_year.weekday() + 1) % 7
        if 31 - parts.day < into_week:
            return replace(parts, year=parts.year + 1).instant()
    return parts.instant()


def _carry_lost(parts: Parts) -> int:
    """The offset turns the clock, and the day is left as it was written."""
    written = dates.days_before(parts.year, parts.month, parts.day) * DAY
    return written + parts.instant() % DAY


def _leap_day(parts: Parts) -> bool:
    return (parts.month, parts.day) == (2, 29)


def _later_month(parts: Parts) -> int:
    if parts.month != 12:  # noqa: PLR2004 - December
        return parts.instant()
    return replace(parts, year=parts.year + 1, month=1).instant() if parts.year < 9999 else parts.instant()  # noqa: PLR2004


_READINGS: Final[tuple[tuple[str, Reading, str], ...]] = (
    ("offset-dropped", lambda p: _offset(p, 0), "the offset is cut off with the fraction"),
    ("offset-sign-flipped", lambda p: _offset(p, -p.offset), "the offset is added, not taken away"),
    ("offset-applied-twice", lambda p: _offset(p, 2 * p.offset), "two layers convert to UTC"),
    (
        "offset-minutes-dropped",
        lambda p: _offset(p, _sign(p) * (abs(p.offset) // 60) * 60),
        "offsets have hours only",
    ),
    (
        "offset-minutes-decimal",
        lambda p: _offset(p, _sign(p) * (abs(p.offset) // 60 * 60 + abs(p.offset) % 60 * 60 // 100)),
        "+05:30 is read as 5.30 hours",
    ),
    (
        "offset-minutes-positive",
        lambda p: _offset(p, _sign(p) * (abs(p.offset) // 60 * 60) + abs(p.offset) % 60),
        "the minutes of a negative offset are added",
    ),
    ("offset-negative-dropped", lambda p: _offset(p, max(0, p.offset)), "only a plus is looked for"),
    (
        "offset-positive-dropped",
        lambda p: _offset(p, min(0, p.offset)),
        "a plus is decoded to a space, and cut off",
    ),
    ("offset-day-not-carried", _carry_lost, "the offset turns the clock and not the calendar"),
    ("milliseconds-dropped", _whole, "the column has whole seconds"),
    ("milliseconds-rounded", lambda p: (p.instant() + SECOND // 2) // SECOND * SECOND, "the column rounds"),
    ("milliseconds-rounded-up", lambda p: -(-p.instant() // SECOND) * SECOND, "fractions are rounded up"),
    ("tenths-kept", lambda p: _fraction(p, p.fraction[:1]), "one digit of the fraction is kept"),
    (
        "fraction-as-milliseconds",
        lambda p: _whole(p) + int((p.fraction or "0")[:6]) * _MS,
        "the digits of the fraction are counted as milliseconds, however many there are",
    ),
    (
        "fraction-zeros-lost",
        lambda p: _fraction(p, p.fraction.lstrip("0")),
        ".045 is parsed to 45 and becomes .45",
    ),
    (
        "fraction-as-microseconds",
        lambda p: _whole(p) + int((p.fraction or "0")[:6]) * 1000,
        ".5 is 5 microseconds",
    ),
    (
        "short-fraction-lost",
        lambda p: _whole(p) if len(p.fraction) < 3 else p.instant(),  # noqa: PLR2004
        "a fraction has three digits, or is none",
    ),
    (
        "twelve-hour-clock",
        lambda p: replace(p, hour=p.hour % 12 or 12).instant(),
        "the hour is parsed as one of twelve",
    ),
    (
        "noon-is-midnight",
        lambda p: replace(p, hour=0 if p.hour == _NOON else p.hour).instant(),
        "12 h is 0 h",
    ),
    ("midnight-is-noon", lambda p: replace(p, hour=p.hour or 12).instant(), "0 h is 12 h"),
    ("midnight-ends-the-day", lambda p: p.instant() + (DAY if p.hour == p.minute == 0 else 0), "0 h is 24 h"),
    (
        "midnight-a-day-early",
        lambda p: p.instant() - (DAY if p.hour == p.minute == 0 else 0),
        "0 h is yesterday's",
    ),
    (
        "late-evening-a-day-on",
        lambda p: p.instant() + (DAY if p.hour == _LATE else 0),
        "23 h rounds to the next day",
    ),
    ("seconds-dropped", lambda p: _whole(replace(p, second=0)), "the scheduler keeps minutes"),
    ("time-dropped", lambda p: dates.days_before(p.year, p.month, p.day) * DAY, "the column keeps a date"),
    ("time-to-end-of-day", lambda p: (p.instant() // DAY + 1) * DAY - _MS, "a date is meant to its end"),
    ("day-and-month-swapped", _day_month, "a parser prefers the day first, where it can"),
    ("last-day-clamped", lambda p: replace(p, day=min(p.day, 30)).instant(), "every month has thirty days"),
    (
        "last-day-before",
        lambda p: p.instant() - (DAY if p.day == dates.month_length(p.year, p.month) else 0),
        "the last day of a month is left out",
    ),
    (
        "first-day-before",
        lambda p: p.instant() - (DAY if p.day == 1 else 0),
        "the first day counts from zero",
    ),
    ("leap-day-to-28", lambda p: p.instant() - (DAY if _leap_day(p) else 0), "29 February is clamped"),
    ("leap-day-to-march", lambda p: p.instant() + (DAY if _leap_day(p) else 0), "29 February rolls over"),
    (
        "week-year",
        _week_year,
        "the year is formatted by its weeks: the last days of December jump a year ahead",
    ),
    ("december-rolls-over", _later_month, "months are counted from zero"),
    ("century-lost", lambda p: replace(p, year=2000 + p.year % 100).instant(), "years have two digits"),
    (
        "leap-second-not-carried",
        lambda p: replace(p, second=p.second % 60).instant(),
        "a second of 60 becomes 0 and the minute stays",
    ),
    (
        "lower-case-is-local",
        lambda p: p.instant() + (5 * _HOUR if "z" in p.text else 0),
        "a lower-case z is no zone, so the server's own is taken",
    ),
    (
        "minus-zero-is-local",
        lambda p: p.instant() + (5 * _HOUR if p.text.endswith("-00:00") else 0),
        "an unknown offset is taken for the server's own zone",
    ),
    (
        "summer-time",
        lambda p: p.instant() - (_HOUR if 4 <= p.month <= 10 else 0),  # noqa: PLR2004
        "dates in the summer are an hour off",
    ),
    (
        "winter-time",
        lambda p: p.instant() + (_HOUR if p.month in {1, 2, 11, 12} else 0),
        "dates in the winter are an hour off",
    ),
    (
        "seventh-digit-carries",
        lambda p: p.instant() + (SECOND if len(p.fraction) > 6 else 0),  # noqa: PLR2004
        "nine digits overflow into the seconds",
    ),
)

FAULTS: Final = tuple(Fault(name, "dates", why, None, _reading(how)) for name, how, why in _READINGS)
