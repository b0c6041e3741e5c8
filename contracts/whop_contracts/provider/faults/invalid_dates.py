"""Dates that must be rejected and are accepted, and strings that crash."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from whop_contracts.provider import dates
from whop_contracts.provider.core import Provider
from whop_contracts.provider.dates import DAY, MINUTE, SECOND
from whop_contracts.provider.faults import (
    Table,
    always,
    around,
    both,
    by_pattern,
    failing,
    matches,
    rows,
    timer,
)
from whop_contracts.provider.state import Campaign

# -- what is accepted, and what is stored for it --


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


_JSON_TYPES: Final = {
    "boolean": bool,
    "integer": int,
    "fraction": float,
    "string": str,
    "array": list,
    "object": dict,
}
_READS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "impossible": lambda text: _rolled_over(text) is not None,
    "loose": _is_loose,
    "no zone": lambda text: _is_loose(text) and not matches(r"(Z|[+-]\d\d:?\d\d)\s*$")(text[10:]),
    "negative": lambda value: isinstance(value, int | float) and value < 0,
}
_STORED: Final[Mapping[str, Callable[[Provider, Any], int | None]]] = {
    "for ever": lambda *_: None,
    "tomorrow": lambda provider, _: provider.now() + DAY,
    "five years later": lambda _, until: until + 1830 * DAY,
    "epoch": lambda p, v: _later_or_tomorrow(p, int(abs(v) % 10**10) * SECOND if abs(v) < 10**300 else None),
    "rolled over": lambda provider, text: _later_or_tomorrow(provider, _rolled_over(text)),
    "five hours west": lambda _, text: dates.split_loosely(text).instant() + 300 * MINUTE,
}


def _wanted(row: dict[str, Any]) -> Callable[..., bool]:
    """Whether a value is what a row describes: by ``types``, ``value``, ``pattern``, or what it ``reads``."""
    types = [_JSON_TYPES[name] for name in row.get("types", ())]

    def wanted(value: Any, *_: Any) -> bool:
        return (
            (not types or type(value) in types)
            and ("value" not in row or value == row["value"])
            and ("pattern" not in row or matches(row["pattern"])(value))
            and ("reads" not in row or _READS[row["reads"]](value))
        )

    return wanted


def crashing(step: Callable[..., int | None]) -> Callable[[dict[str, Any]], type[Provider]]:
    """For a step that rejects a value: crash on the value that a row describes."""
    return lambda row: failing(step)(_wanted(row))


def accepting(step: Callable[..., int | None]) -> Callable[[dict[str, Any]], type[Provider]]:
    """For a step that rejects a value: accept the value that a row describes, as what is ``stored``."""

    def make(row: dict[str, Any]) -> type[Provider]:
        wanted, stored = _wanted(row), _STORED[row["stored"]]
        return around(step)(
            lambda go, p, value, *more: stored(p, value) if wanted(value) else go(value, *more)
        )

    return make


def _year_one(go: Callable[..., int | None], _: Provider, body: Any, campaign: Campaign) -> int | None:
    text = body.get("paused_until") if isinstance(body, dict) else None
    zero = isinstance(text, str) and text.startswith("0001-01-01")
    return None if zero else go(body, campaign)


def _foreign_digits(go: Callable[[str], int | None], _: Provider, text: str) -> int | None:
    folded = "".join(str(int(one)) if one.isdecimal() else one for one in text)
    return None if folded != text and re.match(r"\d{4}-\d\d-\d\dT", folded) else go(text)


# -- strings that a lenient parser reads --


def _lenient(row: dict[str, Any]) -> type[Provider]:
    """Read a string after replacing the row's pattern, if that makes it a valid date."""

    def no_instant(go: Callable[..., int | None], provider: Provider, text: str, reason: str) -> int | None:
        try:
            return provider.compose(dates.split(re.sub(row["pattern"], row["replacement"], text)))
        except dates.NotAnInstant:
            return go(text, reason)

    return around(Provider.no_instant)(no_instant)


# -- instants in the past --


def _passing(wanted: Callable[[int], bool]) -> type[Provider]:
    """Pause for ever until an instant in the past, if its age in nanoseconds is wanted."""

    def past(go: Callable[[int], int | None], provider: Provider, until: int) -> int | None:
        return None if wanted(provider.now() - until) else go(until)

    return around(Provider.past)(past)


def _past_stays(oldest: int) -> type[Provider]:
    """Accept an instant in the past and never resume, if it is older than so many nanoseconds."""
    return both(
        around(Provider.past)(lambda go, p, until: until if p.now() - until > oldest else go(until)),
        timer(lambda _, campaign, due: due if due > campaign.updated_at else None),
    )


def _before_rejecting(changes: dict[str, Any]) -> type[Provider]:
    """Change members of a paused campaign before an instant in the past is rejected."""

    def check(
        go: Callable[..., int | None], provider: Provider, until: int | None, campaign: Campaign
    ) -> Any:
        if until is not None and until <= provider.now() and campaign.status == "paused":
            for name, value in changes.items():
                setattr(campaign, name, value)
        return go(until, campaign)

    return around(Provider.check_until)(check)


FAULTS: Final = (
    *Table("accepting", accepting(Provider.wrong_type), 102)(*rows("accepted types")),
    *Table("accepting", crashing(Provider.wrong_type), 100)(*rows("crashing types")),
    *Table("accepting", accepting(Provider.no_instant), 102)(*rows("accepted texts")),
    *Table("accepting", crashing(Provider.no_instant), 100)(*rows("crashing texts")),
    *Table("accepting", around(Provider.decide_until), 102)(
        ("year-one-is-for-ever", "the zero value of a time means no time", _year_one),
    ),
    *Table("values", around(Provider.read_until), 102)(
        ("accepts-foreign-digits", "digits of any script match", _foreign_digits),
    ),
    *Table("values", by_pattern(failing(Provider.read_until)), 100)(*rows("crashing dates")),
    *Table("accepting", _lenient, 102)(*rows("lenient dates")),
    *Table("accepting", accepting(Provider.past), 102)(*rows("accepted past")),
    *Table("accepting", failing(Provider.past), 100)(
        ("crashes-on-past", "a timer with a negative delay throws", always),
    ),
    *Table("accepting", _past_stays, 102)(
        ("past-stays-paused", "the job of a past date has been missed", 0),
        ("past-day-stays-paused", "the job looks back for a day", DAY),
    ),
    *Table("refusing", _before_rejecting, 104)(
        ("past-date-clears-date", "the date is cleared first", {"paused_until": None}),
        ("past-date-resumes", "the pause is over first", {"status": "active", "paused_until": None}),
    ),
    *Table("accepting", _passing, 102)(
        ("past-day-means-for-ever", "only the last day is checked", lambda age: age > DAY),
        ("past-year-means-for-ever", "only the last year is checked", lambda age: age > 365 * DAY),
        ("past-hour-means-for-ever", "a grace of an hour for clocks", lambda age: age < 60 * MINUTE),
        ("past-minute-means-for-ever", "a grace of a minute for clocks", lambda age: age < MINUTE),
    ),
)
