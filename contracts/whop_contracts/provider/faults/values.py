"""Dates: valid ones that are misread, moved, rejected or crash, and invalid values that do not get a 422."""

from __future__ import annotations

import math
import re
from calendar import isleap, monthcalendar, monthrange
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Final

from whop_contracts.provider import dates
from whop_contracts.provider.core import Provider
from whop_contracts.provider.dates import DAY, MINUTE, SECOND, Parts
from whop_contracts.provider.faults import HOUR, Faulty, Make, Row, coded, condition, moved, stored
from whop_contracts.provider.faults.steps import Go, around, both, by_row, failing, moving, timer
from whop_contracts.provider.messages import MISSING
from whop_contracts.provider.state import Campaign, Rejection, crash

_MS = 1_000_000


def _at(parts: Parts, **changes: Any) -> int:
    """The instant of a date with other parts."""
    return replace(parts, **changes).instant()


def _in_year_of_week(parts: Parts) -> int:
    """With the year that owns the week; weeks begin on Sunday, and the first one holds 1 January."""
    if parts.month == 12 and parts.day > 25 and parts.year < 9999:
        into_week = (date(parts.year + 1, 1, 1).weekday() + 1) % 7
        if 31 - parts.day < into_week:
            return _at(parts, year=parts.year + 1)
    return parts.instant()


def _in_units(parts: Parts, unit: int) -> int:
    """The instant if the digits of the fraction were a number of units."""
    return _at(parts, fraction="") + int((parts.fraction or "0")[:6]) * unit


_OFFSETS: Final[Mapping[str, Callable[[int], int]]] = {
    "offset flipped": lambda offset: -offset,
    "offset twice": lambda offset: 2 * offset,
    "decimal minutes": lambda offset: int(offset / 60) * 60 + int(math.fmod(offset, 60) * 60 / 100),
    "minutes without a sign": lambda offset: int(offset / 60) * 60 + abs(offset) % 60,
    "whole quarters": lambda offset: int(offset / 15) * 15 if abs(offset) <= 14 * 60 else offset,
}
"""From the offset of a date to the one that it is taken for, in minutes."""
_MARCH_2100: Final = dates.days_before(2100, 3, 1) * DAY
_MISREAD: Final[Mapping[str, Callable[[Parts], int]]] = {
    "day not carried": lambda p: dates.days_before(p.year, p.month, p.day) * DAY + p.instant() % DAY,
    "fraction of milliseconds": lambda p: _in_units(p, _MS),
    "fraction of microseconds": lambda p: _in_units(p, 1000),
    "hour of twelve": lambda p: _at(p, hour=p.hour % 12 or 12),
    "end of the day": lambda p: (p.instant() // DAY + 1) * DAY - _MS,
    "last day before": lambda p: p.instant() - DAY * (p.day == monthrange(p.year, p.month)[1]),
    "year of the week": _in_year_of_week,
    "leap day of 2100": lambda p: p.instant() + DAY * (p.instant() >= _MARCH_2100),
}
"""From the parts of a date to the instant that it is taken for."""


@by_row(Provider.compose)
def _misread(row: Row, _go: Go, provider: Provider, parts: Parts) -> int | None:
    """Take a date for another instant: the row says what it ``reads``, or has the ``replacement`` of a
    ``pattern``, or the ``seconds`` by which dates with it are off, in ``leap_years`` only or always.
    """
    match row:
        case {"rejects": True, "reads": how} if _MISREAD[how](parts) != parts.instant():
            raise invalid(provider)
        case {"reads": how}:
            return _MISREAD[how](parts) if how in _MISREAD else _at(parts, offset=_OFFSETS[how](parts.offset))
        case {"replacement": new}:
            text = re.sub(row["pattern"], new, parts.text, flags=re.IGNORECASE)
            return dates.split(text, loosely=True).instant()
    off = condition(row)(parts.text) and (isleap(parts.year) or "leap_years" not in row)
    return parts.instant() + (row["seconds"] * SECOND if off else 0)


def _first_of_two(go: Go, _: Provider, campaign: Campaign, until: int | None) -> None:
    """Store an hour earlier in the hour of an October night that comes twice in Berlin."""
    if until is not None and 0 <= until < _MARCH_2100:
        moment = datetime.fromtimestamp(until // SECOND, UTC)
        last_sunday = max(week[6] for week in monthcalendar(moment.year, moment.month))
        if (moment.month, moment.day, moment.hour) == (10, last_sunday, 1):
            until -= HOUR
    go(campaign, until)


def invalid(provider: Provider) -> Rejection:
    """The 422 of a date."""
    return provider.invalid("paused_until must be another date.")


def _end(campaign: Campaign) -> int:
    return (campaign.rest["config"] or {}).get("end_time") or 0


_BY_END: Final[Mapping[str, Callable[[int | None, Campaign], bool]]] = {
    "refuses-dates-with-an-end": lambda until, campaign: bool(until and _end(campaign)),
    "refuses-dates-before-the-end": lambda until, campaign: bool(until and until < _end(campaign)),
}


def _rolled_over(text: str) -> int | None:
    """The instant of a date, an impossible one rolled over into the next unit; None for other text."""
    form = r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|[+-]\d\d:\d\d)"
    found = re.fullmatch(form, text)
    year, month, day, hour, minute, second = (int(found[at]) if found else 0 for at in range(1, 7))
    if not year or not month or not day or year > 9000:
        return None
    days = dates.days_before(year + (month - 1) // 12, (month - 1) % 12 + 1, 1) + day - 1
    return days * DAY + (hour * 60 + minute) * MINUTE + second * SECOND


def _later_or_tomorrow(provider: Provider, until: int | None) -> int:
    return until if until is not None and until > provider.now() else provider.now() + DAY


def _is_loose(text: str) -> bool:
    """Whether a lenient reader finds an instant in it."""
    try:
        dates.split(text, loosely=True)
    except dates.NotAnInstant:
        return False
    return True


_READS: Final[Mapping[str, Callable[[Any], object]]] = {
    "loose": _is_loose,
    "no zone": lambda text: _is_loose(text) and not re.search(r"(Z|[+-]\d\d:?\d\d)\s*$", text[10:]),
    "no body or null": lambda body: body in (MISSING, None),
    "member null": lambda body: isinstance(body, dict) and body.get("paused_until", "") is None,
    "no member": lambda body: isinstance(body, dict) and "paused_until" not in body,
}
_STORED: Final[Mapping[str, Callable[[Provider, Any], int | None]]] = {
    "for ever": lambda *_: None,
    "tomorrow": lambda provider, _: provider.now() + DAY,
    "next week": lambda provider, _: provider.now() + 7 * DAY,
    "five years later": lambda _, until: until + 1830 * DAY,
    "as it is": lambda _, until: until,
    "epoch": lambda p, v: _later_or_tomorrow(p, int(abs(v) % 10**10) * SECOND if abs(v) < 10**300 else None),
    "rolled over": lambda provider, text: _later_or_tomorrow(provider, _rolled_over(text)),
    "five hours west": lambda _, text: dates.split(text, loosely=True).instant() + 300 * MINUTE,
}


def _describes(row: Row, value: Any, now: int) -> bool:
    """Whether a value fits a row's `condition`, what it ``reads``, how it is moved, or how old it is."""
    return (
        condition(row)(value)
        and ("reads" not in row or bool(_READS[row["reads"]](value)))
        and ("how" not in row or (value is not None and moved(row, value, now) is None))
        and ("over" not in row or now - value > row["over"] * SECOND)
        and ("under" not in row or now - value < row["under"] * SECOND)
    )


def on_value(
    step: Go,
    *kind: str,
    of: Callable[[Any], Any] = lambda value: value,
    error: Callable[[Provider], Rejection] = lambda _: crash(),
) -> Make:
    """In a step that is given (a kind and) a value: take one that a row describes for what is ``stored``.

    Or, if nothing is stored, raise an error. What the row describes is what ``of`` makes of the value.
    """

    def take(row: Row, go: Go, provider: Provider, *args: Any) -> Any:
        value = of(args[len(kind)])
        if args[: len(kind)] != kind or not _describes(row, value, provider.now()):
            return go(*args)
        if "stored" in row:
            return _STORED[row["stored"]](provider, value)
        raise error(provider)

    return by_row(step)(take)


def _past(row: Row) -> Faulty:
    """Accept, or crash on, an instant in the past; if it is stored *as it is*, the pause never ends."""
    never = timer(lambda _, one, due: due if due > one.updated_at else None)
    past = on_value(Provider.refuse, "past")(row)
    return both(past, never) if row.get("stored") == "as it is" else past


@by_row(Provider.split)
def _lenient(row: Row, go: Go, _: Provider, text: str) -> Any:
    """Read a string after replacing the row's pattern, if only that makes it a valid date."""
    try:
        return go(text)
    except dates.NotAnInstant:
        return go(re.sub(row["pattern"], row["replacement"], text))


FAULTS: Final = (
    *stored(_misread, "misread dates", "misread dates, not in vectors"),
    *stored(moving, "moved dates"),
    *stored(lambda _: around(Provider.apply_pause)(_first_of_two), "dates in two zones"),
    *stored(on_value(Provider.compose, error=invalid), "rejected valid dates"),
    *stored(on_value(Provider.check_until, error=invalid), "rejected instants"),
    *stored(on_value(Provider.check_until), "crashing instants"),
    *stored(coded(_BY_END, failing(Provider.check_until, invalid)), "dates that are compared with the end"),
    *stored(on_value(Provider.compose), "crashing valid dates", "crashing valid dates, not in vectors"),
    *stored(on_value(Provider.refuse, "type"), "accepted types", "crashing types"),
    *stored(on_value(Provider.refuse, "body"), "accepted bodies", "accepted bodies, not in vectors"),
    *stored(on_value(Provider.refuse, "body"), "crashing bodies"),
    *stored(on_value(Provider.refuse, "text"), "accepted texts"),
    *stored(on_value(Provider.read_until), "accepted dates"),
    *stored(on_value(Provider.refuse, "text"), "crashing texts"),
    *stored(on_value(Provider.read_until), "crashing dates"),
    *stored(_lenient, "lenient dates"),
    *stored(_past, "accepted past", "crashing past"),
)
