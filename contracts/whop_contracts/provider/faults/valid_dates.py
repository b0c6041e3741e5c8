"""Valid dates that are taken for another instant, moved, rejected, or crash."""

from __future__ import annotations

import re
from calendar import isleap, monthcalendar, monthrange
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Final

from whop_contracts.provider import dates
from whop_contracts.provider.core import Provider
from whop_contracts.provider.dates import DAY, MINUTE, SECOND, Parts
from whop_contracts.provider.faults import Go, Table, around, by_pattern, failing, matches, rows
from whop_contracts.provider.state import Campaign

_HOUR = 60 * MINUTE
_MS = 1_000_000


# -- taken for another instant --


def _at(parts: Parts, **changes: Any) -> int:
    """The instant of a date with other parts."""
    return replace(parts, **changes).instant()


def _with_minutes(parts: Parts, minutes: int) -> int:
    """The instant if the offset were its whole hours and so many minutes."""
    hours = abs(parts.offset) // 60 * 60
    return _at(parts, offset=(-hours if parts.offset < 0 else hours) + minutes)


def _with_decimal_minutes(parts: Parts) -> int:
    minutes = abs(parts.offset) % 60 * 60 // 100
    return _with_minutes(parts, -minutes if parts.offset < 0 else minutes)


def _in_whole_quarters(parts: Parts) -> int:
    surplus = abs(parts.offset) % 15 * MINUTE if abs(parts.offset) <= 14 * 60 else 0
    return parts.instant() + (surplus if parts.offset > 0 else -surplus)


def _in_year_of_week(parts: Parts) -> int:
    """With the year that owns the week; weeks begin on Sunday, and the first one holds 1 January."""
    if parts.month == 12 and parts.day > 25 and parts.year < 9999:
        into_week = (date(parts.year + 1, 1, 1).weekday() + 1) % 7
        if 31 - parts.day < into_week:
            return _at(parts, year=parts.year + 1)
    return parts.instant()


def _day(parts: Parts) -> int:
    """The day as it is written, whatever the offset."""
    return dates.days_before(parts.year, parts.month, parts.day)


def _with_month_from_zero(parts: Parts) -> int:
    rolls_over = parts.month == 12 and parts.year < 9999
    return _at(parts, year=parts.year + 1, month=1) if rolls_over else parts.instant()


def _in_units(parts: Parts, unit: int) -> int:
    """The instant if the digits of the fraction were a number of units."""
    return _at(parts, fraction="") + int((parts.fraction or "0")[:6]) * unit


def _shifted(by: int, wanted: Callable[[Parts], bool]) -> Callable[[Parts], int]:
    return lambda parts: parts.instant() + (by if wanted(parts) else 0)


_MARCH_2100: Final = dates.days_before(2100, 3, 1) * DAY
_READS: Final[Mapping[str, Callable[[Parts], int | None]]] = {
    "offset flipped": lambda p: _at(p, offset=-p.offset),
    "offset twice": lambda p: _at(p, offset=2 * p.offset),
    "decimal minutes": _with_decimal_minutes,
    "minutes without a sign": lambda p: _with_minutes(p, abs(p.offset) % 60),
    "whole quarters": _in_whole_quarters,
    "day not carried": lambda p: _day(p) * DAY + p.instant() % DAY,
    "rounded": lambda p: (p.instant() + SECOND // 2) // SECOND * SECOND,
    "rounded up": lambda p: -(-p.instant() // SECOND) * SECOND,
    "fraction of milliseconds": lambda p: _in_units(p, _MS),
    "fraction of microseconds": lambda p: _in_units(p, 1000),
    "hour of twelve": lambda p: _at(p, hour=p.hour % 12 or 12),
    "end of the day": lambda p: (p.instant() // DAY + 1) * DAY - _MS,
    "last day before": _shifted(-DAY, lambda p: p.day == monthrange(p.year, p.month)[1]),
    "year of the week": _in_year_of_week,
    "month from zero": _with_month_from_zero,
    "infinity": lambda p: None if p.text.startswith("9999-12-31T23:59:59") else p.instant(),
    "leap day of 2100": _shifted(DAY, lambda p: p.instant() >= _MARCH_2100),
    "offset of -12 hours at most": lambda p: _at(p, offset=max(-720, p.offset)),
    "leap day of the century": _shifted(-DAY, lambda p: 2_300 < p.year < 9_990),
}
"""From the parts of a date to the instant that it is taken for; None is none."""


def misread(row: dict[str, Any]) -> type[Provider]:
    """Take a date for another instant, by a row of ``faults.json``.

    The row says what it ``reads``, or has the ``replacement`` of a ``pattern``, or the ``seconds`` by which
    dates with the pattern are off, in ``leap_years`` only or always.
    """

    def compose(_go: Go, _provider: Provider, parts: Parts) -> int | None:
        if "reads" in row:
            return _READS[row["reads"]](parts)
        if "replacement" in row:
            text = re.sub(row["pattern"], row["replacement"], parts.text, flags=re.IGNORECASE)
            return dates.split_loosely(text).instant()
        off = matches(row["pattern"])(parts.text) and (isleap(parts.year) or "leap_years" not in row)
        return parts.instant() + (row["seconds"] * SECOND if off else 0)

    return around(Provider.compose)(compose)


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


def _crosses_days(parts: Parts) -> bool:
    return parts.offset != 0 and _day(parts) != parts.instant() // DAY


def _by_text(make: Callable[..., type[Provider]]) -> Callable[[Callable[[str], bool]], type[Provider]]:
    return lambda wanted: make(lambda parts: wanted(parts.text))


_rejecting = failing(Provider.compose, lambda p: p.invalid(_INVALID))
_crashing = failing(Provider.compose)
crashing_text = _by_text(_crashing)

FAULTS: Final = (
    *Table("dates", misread)(*rows("misread dates")),
    *Table("dates", _moved)(
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
    ),
    *Table("dates", by_pattern(_by_text(_rejecting)))(*rows("rejected valid dates")),
    *Table("dates", _rejecting)(
        ("refuses-crossing-days", "the day in UTC must be the written day", _crosses_days),
    ),
    *Table("dates", _refused)(
        ("refuses-beyond-90-days", "three months at most", lambda until, now, _: until > now + 90 * DAY),
        ("refuses-within-the-hour", "an hour at least", lambda until, now, _: now < until < now + _HOUR),
    ),
    *Table("dates", by_pattern(crashing_text), 100)(*rows("crashing valid dates")),
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
        ("refuses-beyond-360-days", "12 months of 30 days", lambda until, now, _: until > now + 360 * DAY),
    ),
)
