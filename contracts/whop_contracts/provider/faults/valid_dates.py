"""Valid dates that are taken for another instant, moved, rejected, or crash."""

from __future__ import annotations

from calendar import isleap, monthcalendar, monthrange
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Final

from whop_contracts.provider import dates
from whop_contracts.provider.core import Provider
from whop_contracts.provider.dates import DAY, MINUTE, SECOND, Parts
from whop_contracts.provider.faults import Go, Table, always, around, by_pattern, failing, matches, rows
from whop_contracts.provider.state import Campaign

_HOUR = 60 * MINUTE
_MS = 1_000_000


# -- taken for another instant --


def _misread(how: Callable[[Parts], int | None]) -> type[Provider]:
    """Take a date for another instant, from its parts."""
    return around(Provider.compose)(lambda _go, _provider, parts: how(parts))


def _at(parts: Parts, **changes: Any) -> int:
    """The instant of a date with other parts."""
    return replace(parts, **changes).instant()


def _hours(parts: Parts, minutes: int) -> int:
    """The instant if the offset were its whole hours and so many minutes."""
    hours = abs(parts.offset) // 60 * 60
    return _at(parts, offset=(-hours if parts.offset < 0 else hours) + minutes)


def _decimal_minutes(parts: Parts) -> int:
    minutes = abs(parts.offset) % 60 * 60 // 100
    return _hours(parts, -minutes if parts.offset < 0 else minutes)


def _day_month(parts: Parts) -> int:
    return parts.instant() if parts.day > 12 else _at(parts, month=parts.day, day=parts.month)


def _week_year(parts: Parts) -> int:
    """With the year that owns the week; weeks begin on Sunday, and the first one holds 1 January."""
    if parts.month == 12 and parts.day > 25 and parts.year < 9999:
        into_week = (date(parts.year + 1, 1, 1).weekday() + 1) % 7
        if 31 - parts.day < into_week:
            return _at(parts, year=parts.year + 1)
    return parts.instant()


def _carry_lost(parts: Parts) -> int:
    """The offset changes the time, and the day stays as it is written."""
    return _day(parts) * DAY + parts.instant() % DAY


def _day(parts: Parts) -> int:
    """The day as it is written, whatever the offset."""
    return dates.days_before(parts.year, parts.month, parts.day)


def _later_month(parts: Parts) -> int:
    if parts.month != 12 or parts.year == 9999:
        return parts.instant()
    return _at(parts, year=parts.year + 1, month=1)


def _shifted(by: int, pattern: str, wanted: Callable[[Parts], bool] = always) -> Callable[[Parts], int]:
    """Shift the instant by so many nanoseconds if the text has the pattern, and the parts are wanted."""
    return lambda parts: parts.instant() + (by if matches(pattern)(parts.text) and wanted(parts) else 0)


def _fraction_of(parts: Parts, unit: int) -> int:
    """The instant if the digits of the fraction were a number of units."""
    return _at(parts, fraction="") + int((parts.fraction or "0")[:6]) * unit


def _short_fraction_lost(parts: Parts) -> int:
    return _at(parts, fraction="" if len(parts.fraction) < 3 else parts.fraction)


def _crosses_days(parts: Parts) -> bool:
    return parts.offset != 0 and _day(parts) != parts.instant() // DAY


def _is_last_day(parts: Parts) -> bool:
    return parts.day == monthrange(parts.year, parts.month)[1]


def _infinite(parts: Parts) -> int | None:
    return None if parts.text.startswith("9999-12-31T23:59:59") else parts.instant()


def _in_leap_year(parts: Parts) -> bool:
    return isleap(parts.year)


def _is_after_february_2100(parts: Parts) -> bool:
    return parts.instant() >= dates.days_before(2100, 3, 1) * DAY


_MISREAD = Table("dates", _misread)(
    ("offset-dropped", "the offset is cut off with the fraction", lambda p: _at(p, offset=0)),
    ("offset-sign-flipped", "the offset is added, not subtracted", lambda p: _at(p, offset=-p.offset)),
    ("offset-applied-twice", "two layers convert to UTC", lambda p: _at(p, offset=2 * p.offset)),
    ("offset-minutes-dropped", "offsets have hours only", lambda p: _hours(p, 0)),
    ("offset-minutes-decimal", "+05:30 is read as 5.30 hours", _decimal_minutes),
    ("offset-minutes-positive", "the minutes have no sign", lambda p: _hours(p, abs(p.offset) % 60)),
    ("offset-negative-dropped", "only a plus is looked for", lambda p: _at(p, offset=max(0, p.offset))),
    ("offset-positive-dropped", "a plus is decoded to a space", lambda p: _at(p, offset=min(0, p.offset))),
    ("offset-day-not-carried", "the offset changes the time and not the day", _carry_lost),
    ("milliseconds-dropped", "the column has whole seconds", lambda p: _at(p, fraction="")),
    ("milliseconds-rounded", "the column rounds", lambda p: (p.instant() + SECOND // 2) // SECOND * SECOND),
    ("milliseconds-rounded-up", "fractions are rounded up", lambda p: -(-p.instant() // SECOND) * SECOND),
    ("tenths-kept", "one digit of the fraction is kept", lambda p: _at(p, fraction=p.fraction[:1])),
    ("fraction-as-milliseconds", "any digits are milliseconds", lambda p: _fraction_of(p, _MS)),
    ("fraction-zeros-lost", ".045 becomes .45", lambda p: _at(p, fraction=p.fraction.lstrip("0"))),
    ("fraction-as-microseconds", ".5 is 5 microseconds", lambda p: _fraction_of(p, 1000)),
    ("short-fraction-lost", "a fraction of fewer than three digits is dropped", _short_fraction_lost),
    ("twelve-hour-clock", "the hour is parsed as one of twelve", lambda p: _at(p, hour=p.hour % 12 or 12)),
    ("noon-is-midnight", "12 h is 0 h", lambda p: _at(p, hour=0 if p.hour == 12 else p.hour)),
    ("midnight-is-noon", "0 h is 12 h", lambda p: _at(p, hour=p.hour or 12)),
    ("midnight-ends-the-day", "0 h is 24 h", _shifted(DAY, "T00:00")),
    ("midnight-a-day-early", "0 h belongs to the day before", _shifted(-DAY, "T00:00")),
    ("late-evening-a-day-on", "23 h rounds to the next day", _shifted(DAY, "T23")),
    ("seconds-dropped", "the scheduler keeps minutes", lambda p: _at(p, second=0, fraction="")),
    ("time-dropped", "the column keeps a date", lambda p: _day(p) * DAY),
    ("time-to-end-of-day", "a date means its end", lambda p: (p.instant() // DAY + 1) * DAY - _MS),
    ("day-and-month-swapped", "the parser prefers the day first", _day_month),
    ("last-day-clamped", "every month has thirty days", lambda p: _at(p, day=min(p.day, 30))),
    ("last-day-before", "the last day of a month is left out", _shifted(-DAY, "", _is_last_day)),
    ("first-day-before", "the first day counts from zero", _shifted(-DAY, "-01T")),
    ("leap-day-to-28", "29 February is clamped", _shifted(-DAY, "-02-29")),
    ("leap-day-to-march", "29 February rolls over", _shifted(DAY, "-02-29")),
    ("week-year", "the year is formatted as that of the week: late December jumps a year", _week_year),
    ("december-rolls-over", "months are counted from zero", _later_month),
    ("century-lost", "years have two digits", lambda p: _at(p, year=2000 + p.year % 100)),
    ("leap-second-not-carried", "a second of 60 becomes 0", lambda p: _at(p, second=p.second % 60)),
    ("lower-case-is-local", "z is no zone, so it is local", _shifted(5 * _HOUR, "(?-i:z)")),
    ("minus-zero-is-local", "an unknown offset is local time", _shifted(5 * _HOUR, "-00:00$")),
    ("summer-time", "dates in summer are an hour off", _shifted(-_HOUR, "-(0[4-9]|10)-..T")),
    ("winter-time", "dates in winter are an hour off", _shifted(_HOUR, "-(01|02|11|12)-..T")),
    ("seventh-digit-carries", "nine digits overflow", _shifted(SECOND, r"\.\d{7}")),
    ("last-second-of-9999-means-none", "a database's infinity", _infinite),
    ("year-9999-a-day-early", "a local midnight is stored", _shifted(-DAY, "^9999")),
    ("day-366-rolls-over", "a year has 365 days", _shifted(DAY, "-12-31T", _in_leap_year)),
    ("day-366-is-day-365", "the day of the year is clamped", _shifted(-DAY, "-12-31T", _in_leap_year)),
    ("thirty-first-a-day-late", "every month has thirty days", _shifted(DAY, "-31T")),
    ("thirtieth-a-day-early", "a table of months is off by one", _shifted(-DAY, "-30T")),
    ("after-february-2100-a-day-late", "2100 is a leap year", _shifted(DAY, "", _is_after_february_2100)),
    (
        "leap-years-a-day-short",
        "the leap day is not counted",
        _shifted(-DAY, "^....-(?!0[12])", _in_leap_year),
    ),
)

# -- moved after they were read --


def _moved(how: Callable[[int, int], int | None]) -> type[Provider]:
    """Store another instant, from the one that was read and the provider's now."""

    def check(go: Go, provider: Provider, until: int | None, campaign: Campaign) -> Any:
        checked = go(until, campaign)
        return None if checked is None else how(checked, provider.now())

    return around(Provider.check_until)(check)


def _wrapped(until: int) -> int:
    seconds, rest = divmod(until, SECOND)
    return ((seconds + 2**31) % 2**32 - 2**31) * SECOND + rest


def _first_of_two(until: int, _now: int) -> int:
    """In the hour of an October night that comes twice in Berlin, an hour earlier."""
    if not 0 <= until < _YEAR_2100:
        return until
    moment = datetime.fromtimestamp(until // SECOND, UTC)
    last_sunday = max(week[6] for week in monthcalendar(moment.year, moment.month))
    twice = (moment.month, moment.day, moment.hour) == (10, last_sunday, 1)
    return until - _HOUR if twice else until


def _far_is_none(until: int, now: int) -> int | None:
    return None if until > now + 1000 * 365 * DAY else until


_YEAR_2100: Final = dates.days_before(2100, 1, 1) * DAY
_MOVED = Table("dates", _moved)(
    *(
        (f"capped-at-{n}-days", f"at most {n} days", lambda until, now, n=n: min(until, now + n * DAY))
        for n in (1, 7, 30, 90, 180)
    ),
    ("at-least-a-day", "the interface knows whole days", lambda until, now: max(until, now + DAY)),
    ("capped-at-year-2100", "the year of a sentinel", lambda until, _: min(until, _YEAR_2100)),
    ("2038-wraps", "seconds are kept in 32 bits", lambda until, _: _wrapped(until)),
    ("2038-clamped", "the database's last timestamp", lambda until, _: min(until, (2**31 - 1) * SECOND)),
    ("far-means-for-ever", "a date in the far future means none", _far_is_none),
    ("a-thousand-times-too-early", "seconds are taken for milliseconds", lambda until, _: until // 1000),
    ("instant-in-float", "a float32 keeps the instant", lambda until, _: until // (1 << 33) * (1 << 33)),
    ("two-milliseconds-short", "two truncations in a row", lambda until, _: until - 2 * _MS),
    ("second-october-hour", "dates are kept in Berlin's time, where an hour comes twice", _first_of_two),
)

# -- rejected, or crashing --


_INVALID = "paused_until must be another date."


def _refused(unwanted: Callable[[int, int, int], bool]) -> type[Provider]:
    """Reject an instant, from itself, the provider's now, and the campaign's end (0 if it has none)."""

    def check(go: Go, provider: Provider, until: int | None, campaign: Campaign) -> Any:
        end = (campaign.rest["config"] or {}).get("end_time") or 0
        if until is not None and unwanted(until, provider.now(), end):
            raise provider.invalid(_INVALID)
        return go(until, campaign)

    return around(Provider.check_until)(check)


def _by_text(make: Callable[..., type[Provider]]) -> Callable[[Callable[[str], bool]], type[Provider]]:
    return lambda wanted: make(lambda parts: wanted(parts.text))


_rejecting = failing(Provider.compose, lambda p: p.invalid(_INVALID))
_crashing = failing(Provider.compose)
_REJECTED = (
    *Table("dates", by_pattern(_by_text(_rejecting)))(*rows("rejected valid dates")),
    *Table("dates", _rejecting)(
        ("refuses-crossing-days", "the day in UTC must be the written day", _crosses_days),
    ),
    *Table("dates", _refused)(
        ("refuses-beyond-90-days", "three months at most", lambda until, now, _: until > now + 90 * DAY),
        ("refuses-within-the-hour", "an hour at least", lambda until, now, _: now < until < now + _HOUR),
    ),
    *Table("dates", by_pattern(_by_text(_crashing)), 100)(*rows("crashing valid dates")),
    *Table("dates", _crashing, 100)(
        ("crashes-on-very-far-offset", "a table of zones", lambda p: abs(p.offset) > 14 * 60),
        ("crashes-on-year-9999", "a day is added for the time zone", lambda p: p.year == 9999),
        ("crashes-on-after-2038", "seconds are kept in 32 bits", lambda p: p.instant() >= 2**31 * SECOND),
    ),
    *Table("dates", failing(Provider.check_until), 100)(
        ("crashes-far-ahead", "64 bits of nanoseconds end in 2262", lambda until, _: (until or 0) > 2**63),
    ),
    *Table("dates", _rejecting)(
        ("refuses-east-of-13", "offsets end at +13:00", lambda p: p.offset > 13 * 60),
        ("refuses-east-of-12", "offsets lie within 12 hours", lambda p: p.offset > 12 * 60),
        ("refuses-west-of-11", "offsets start at -11:00", lambda p: p.offset < -11 * 60),
        ("refuses-quarter-hours", "offsets are half hours", lambda p: p.offset % 30 != 0),
        ("refuses-trailing-zeros", "the text is compared after formatting", lambda p: p.fraction[-1:] == "0"),
    ),
    *Table("dates", _refused)(
        ("refuses-dates-with-an-end", "the campaign has an end already", lambda until, now, end: end > 0),
        ("refuses-dates-before-the-end", "a comparison is reversed", lambda until, now, end: until < end),
        ("refuses-past-the-next-month", "a plan's limit", lambda until, now, end: until > now + 31 * DAY),
        (
            "refuses-beyond-360-days",
            "twelve months of 30 days",
            lambda until, now, _: until > now + 360 * DAY,
        ),
    ),
)

FAULTS: Final = (*_MISREAD, *_MOVED, *_REJECTED)

# -- what only generated requests find: no vector was written for it --


def _in_whole_quarters(parts: Parts) -> int:
    surplus = abs(parts.offset) % 15 * MINUTE if abs(parts.offset) <= 14 * 60 else 0
    return parts.instant() + (surplus if parts.offset > 0 else -surplus)


DRAWN: Final = Table("dates", _misread)(
    ("offset-in-quarters", "offsets are stored as quarters of an hour", _in_whole_quarters),
    (
        "far-centuries-a-day-early",
        "a century's leap day is left out",
        _shifted(-DAY, "", lambda p: 2_300 < p.year < 9_990),
    ),
    ("offset-from-minus-12-up", "no zone is further west", lambda p: _at(p, offset=max(-720, p.offset))),
)
