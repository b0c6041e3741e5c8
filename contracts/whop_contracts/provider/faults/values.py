"""Dates: valid ones that are misread, moved, rejected or crash, and invalid values that do not get a 422."""

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
from whop_contracts.provider.faults import (
    HOUR,
    Go,
    Row,
    Table,
    around,
    both,
    condition,
    crashing,
    failing,
    moved,
    stored,
    storing,
    storing_moved,
    timer,
)
from whop_contracts.provider.state import Campaign, Rejection, crash

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


def _with_day_not_carried(parts: Parts) -> int:
    return dates.days_before(parts.year, parts.month, parts.day) * DAY + parts.instant() % DAY


def _with_month_from_zero(parts: Parts) -> int:
    rolls_over = parts.month == 12 and parts.year < 9999
    return _at(parts, year=parts.year + 1, month=1) if rolls_over else parts.instant()


def _in_units(parts: Parts, unit: int) -> int:
    """The instant if the digits of the fraction were a number of units."""
    return _at(parts, fraction="") + int((parts.fraction or "0")[:6]) * unit


def _shifted(by: int, wanted: Callable[[Parts], bool]) -> Callable[[Parts], int]:
    return lambda parts: parts.instant() + (by if wanted(parts) else 0)


_MARCH_2100: Final = dates.days_before(2100, 3, 1) * DAY
_MISREAD: Final[Mapping[str, Callable[[Parts], int | None]]] = {
    "offset flipped": lambda p: _at(p, offset=-p.offset),
    "offset twice": lambda p: _at(p, offset=2 * p.offset),
    "decimal minutes": _with_decimal_minutes,
    "minutes without a sign": lambda p: _with_minutes(p, abs(p.offset) % 60),
    "whole quarters": _in_whole_quarters,
    "day not carried": _with_day_not_carried,
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


def _misread(row: Row) -> type[Provider]:
    """Take a date for another instant: the row says what it ``reads``, or has the ``replacement`` of a
    ``pattern``, or the ``seconds`` by which dates with it are off, in ``leap_years`` only or always.
    """

    def compose(_go: Go, _provider: Provider, parts: Parts) -> int | None:
        if "reads" in row:
            return _MISREAD[row["reads"]](parts)
        if "replacement" in row:
            text = re.sub(row["pattern"], row["replacement"], parts.text, flags=re.IGNORECASE)
            return dates.split_loosely(text).instant()
        off = condition(row)(parts.text) and (isleap(parts.year) or "leap_years" not in row)
        return parts.instant() + (row["seconds"] * SECOND if off else 0)

    return around(Provider.compose)(compose)


def _wrapped(until: int) -> int:
    seconds, rest = divmod(until, SECOND)
    return ((seconds + 2**31) % 2**32 - 2**31) * SECOND + rest


def _first_of_two(until: int) -> int:
    """In the hour of an October night that comes twice in Berlin, an hour earlier."""
    if not 0 <= until < _MARCH_2100:
        return until
    moment = datetime.fromtimestamp(until // SECOND, UTC)
    last_sunday = max(week[6] for week in monthcalendar(moment.year, moment.month))
    twice = (moment.month, moment.day, moment.hour) == (10, last_sunday, 1)
    return until - HOUR if twice else until


def _stored_as(how: Callable[[int], int]) -> type[Provider]:
    return storing(lambda _, _campaign, until: None if until is None else how(until))


# -- rejected, or crashing --


def _invalid(provider: Provider) -> Rejection:
    return provider.invalid("paused_until must be another date.")


def _failing_if_never(error: Callable[[Provider], Rejection]) -> Callable[[Row], type[Provider]]:
    """Reject an instant, or crash, where ``how`` and ``seconds`` of a row make it *never*."""

    def make(row: Row) -> type[Provider]:
        def check(go: Go, provider: Provider, until: int | None, campaign: Campaign) -> Any:
            if until is not None and moved(row, until, provider.now()) is None:
                raise error(provider)
            return go(until, campaign)

        return around(Provider.check_until)(check)

    return make


def _end(campaign: Campaign) -> int:
    return (campaign.rest["config"] or {}).get("end_time") or 0


def _text(parts: Parts) -> str:
    return parts.text


# -- invalid, and accepted --


def _rolled_over(text: str) -> int | None:
    """The instant of a date, an impossible one rolled over into the next unit; None for other text."""
    form = r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|[+-]\d\d:\d\d)"
    found = re.fullmatch(form, text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(found[index]) for index in range(1, 7))
    if not year or not month or not day or year > 9000:
        return None
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    days = dates.days_before(year, month, 1) + day - 1
    return days * DAY + (hour * 60 + minute) * MINUTE + second * SECOND


def _later_or_tomorrow(provider: Provider, until: int | None) -> int:
    return until if until is not None and until > provider.now() else provider.now() + DAY


def _is_loose(text: str) -> bool:
    """Whether a lenient reader finds an instant in it."""
    try:
        dates.split_loosely(text)
    except dates.NotAnInstant:
        return False
    return True


_READS: Final[Mapping[str, Callable[[str], object]]] = {
    "loose": _is_loose,
    "no zone": lambda text: _is_loose(text) and not re.search(r"(Z|[+-]\d\d:?\d\d)\s*$", text[10:]),
}
_STORED: Final[Mapping[str, Callable[[Provider, Any], int | None]]] = {
    "for ever": lambda *_: None,
    "tomorrow": lambda provider, _: provider.now() + DAY,
    "five years later": lambda _, until: until + 1830 * DAY,
    "as it is": lambda _, until: until,
    "epoch": lambda p, v: _later_or_tomorrow(p, int(abs(v) % 10**10) * SECOND if abs(v) < 10**300 else None),
    "rolled over": lambda provider, text: _later_or_tomorrow(provider, _rolled_over(text)),
    "five hours west": lambda _, text: dates.split_loosely(text).instant() + 300 * MINUTE,
}


def _accepting(step: Callable[..., int | None]) -> Callable[[Row], type[Provider]]:
    """For a step that rejects a value: accept the value that a row describes, as what is ``stored``."""

    def make(row: Row) -> type[Provider]:
        def accept(go: Go, provider: Provider, value: Any, *more: Any) -> Any:
            wanted = condition(row)(value) and ("reads" not in row or _READS[row["reads"]](value))
            return _STORED[row["stored"]](provider, value) if wanted else go(value, *more)

        return around(step)(accept)

    return make


def _accepting_past(row: Row) -> type[Provider]:
    """Accept an instant in the past of an age ``over`` and ``under`` so many seconds, as what is ``stored``.

    With the instant *as it is* the pause never ends.
    """
    over, under = row.get("over", -1) * SECOND, row.get("under", 10**12) * SECOND
    how = _STORED[row["stored"]]
    past = around(Provider.past)(
        lambda go, p, until: how(p, until) if over < p.now() - until < under else go(until)
    )
    never = timer(lambda _, campaign, due: due if due > campaign.updated_at else None)
    return both(past, never) if row["stored"] == "as it is" else past


def _lenient(row: Row) -> type[Provider]:
    """Read a string after replacing the row's pattern, if that makes it a valid date."""

    def no_instant(go: Go, provider: Provider, text: str, reason: str) -> Any:
        try:
            return provider.compose(dates.split(re.sub(row["pattern"], row["replacement"], text)))
        except dates.NotAnInstant:
            return go(text, reason)

    return around(Provider.no_instant)(no_instant)


FAULTS: Final = (
    *stored(_misread, "misread dates", "misread dates, not in vectors"),
    *stored(storing_moved, "moved dates"),
    *Table("dates", _stored_as)(
        ("2038-wraps", "seconds are kept in 32 bits", _wrapped),
        ("a-thousand-times-too-early", "seconds are taken for milliseconds", lambda until: until // 1000),
        ("second-october-hour", "dates are kept in Berlin's time, where an hour comes twice", _first_of_two),
    ),
    *stored(crashing(Provider.compose, _text, _invalid), "rejected valid dates"),
    *Table("dates", failing(Provider.compose, _invalid))(
        (
            "refuses-crossing-days",
            "the day in UTC must be the written day",
            lambda parts: parts.instant() != _with_day_not_carried(parts),
        ),
    ),
    *stored(_failing_if_never(_invalid), "rejected instants"),
    *Table("dates", failing(Provider.check_until, _invalid))(
        ("refuses-dates-with-an-end", "the campaign has an end already", lambda v, c: bool(v and _end(c))),
        ("refuses-dates-before-the-end", "a comparison is reversed", lambda v, c: bool(v and v < _end(c))),
    ),
    *stored(
        crashing(Provider.compose, _text), "crashing valid dates", "crashing valid dates, not in vectors"
    ),
    *stored(_failing_if_never(lambda _: crash()), "crashing instants"),
    *stored(_accepting(Provider.wrong_type), "accepted types"),
    *stored(crashing(Provider.wrong_type), "crashing types"),
    *stored(_accepting(Provider.no_object), "accepted bodies", "accepted bodies, not in vectors"),
    *stored(crashing(Provider.no_object), "crashing bodies"),
    *stored(_accepting(Provider.no_instant), "accepted texts"),
    *stored(crashing(Provider.no_instant), "crashing texts"),
    *stored(crashing(Provider.read_until), "crashing dates"),
    *stored(_lenient, "lenient dates"),
    *stored(_accepting_past, "accepted past"),
    *stored(crashing(Provider.past), "crashing past"),
)
