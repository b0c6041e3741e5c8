"""Dates that must be rejected and are accepted, and strings that crash."""

from __future__ import annotations

import re
from collections.abc import Callable
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

Store = Callable[[Provider, Any], int | None]
"""From the provider and a value that must be rejected to what is stored for it."""
Accepted = tuple[Callable[[Any], bool], Store]
"""Which values are accepted, and what is stored for them."""


def for_ever(_provider: Provider, _value: Any) -> None:
    """No date."""


def tomorrow(provider: Provider, _value: Any) -> int:
    """The same time tomorrow."""
    return provider.now() + DAY


def accepting(step: Callable[..., int | None]) -> Callable[[Accepted], type[Provider]]:
    """For a step that rejects a value: accept some of the values."""

    def make(accepted: Accepted) -> type[Provider]:
        wanted, store = accepted

        def instead(go: Callable[..., int | None], provider: Provider, *args: Any) -> int | None:
            return store(provider, args[0]) if wanted(args[0]) else go(*args)

        return around(step)(instead)

    return make


def is_of(*types: type) -> Callable[[Any], bool]:
    """Whether a value has exactly one of the types."""
    return lambda value: type(value) in types


# -- other types --


def _epoch(provider: Provider, value: Any) -> int:
    instant = int(abs(value) % 10**10) * SECOND if abs(value) < 10**300 else 0
    return instant if instant > provider.now() else provider.now() + DAY


_TYPES = (
    *Table("accepting", accepting(Provider.wrong_type), 102)(
        ("accepts-integers", "a number is read as an epoch", (is_of(int), _epoch)),
        ("accepts-integers-for-ever", "a number is no date, so there is none", (is_of(int), for_ever)),
        ("accepts-fractions", "a number is read as an epoch", (is_of(float), _epoch)),
        ("accepts-true", "true is 1", (lambda v: v is True, tomorrow)),
        ("accepts-false", "a falsy value counts as omitted", (lambda v: v is False, for_ever)),
        ("accepts-zero", "a falsy value counts as omitted", (lambda v: v == 0, for_ever)),
        ("accepts-lists", "a list is no date, so there is none", (is_of(list), for_ever)),
        ("accepts-empty-list", "a falsy value counts as omitted", (lambda v: v == [], for_ever)),
        ("accepts-objects", "an object is no date, so there is none", (is_of(dict), for_ever)),
        ("accepts-any-type", "anything but a string is ignored", (always, for_ever)),
    ),
    *Table("accepting", failing(Provider.wrong_type), 100)(
        ("crashes-on-numbers", "a string's method is called on a number", is_of(int, float)),
        ("crashes-on-flags", "a string's method is called on a boolean", is_of(bool)),
        ("crashes-on-containers", "a string's method is called on a list", is_of(list, dict)),
    ),
)

# -- strings --


def _is_blank(text: str, *_: str) -> bool:
    return not text.strip()


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text.strip()) is not None


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


def _roll_over(provider: Provider, text: str) -> int:
    until = _rolled_over(text)
    return until if until is not None and until > provider.now() else provider.now() + DAY


def _is_impossible(text: str, *_: str) -> bool:
    return _rolled_over(text) is not None


def _is_loose(text: str) -> bool:
    """Whether a lenient reader finds an instant in it."""
    try:
        dates.split_loosely(text)
    except dates.NotAnInstant:
        return False
    return True


def _has_no_zone(text: str) -> bool:
    return _is_loose(text) and not matches(r"(Z|[+-]\d\d:?\d\d)\s*$")(text[10:])


def _five_hours_west(_provider: Provider, text: str) -> int:
    return dates.split_loosely(text).instant() + 300 * MINUTE


def _year_one(go: Callable[..., int | None], _: Provider, body: Any, campaign: Campaign) -> int | None:
    text = body.get("paused_until") if isinstance(body, dict) else None
    zero = isinstance(text, str) and text.startswith("0001-01-01")
    return None if zero else go(body, campaign)


def _foreign_digits(go: Callable[[str], int | None], _: Provider, text: str) -> int | None:
    folded = "".join(str(int(one)) if one.isdecimal() else one for one in text)
    return None if folded != text and re.match(r"\d{4}-\d\d-\d\dT", folded) else go(text)


_TO_THE_SECOND = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
_TEXTS = (
    *Table("accepting", accepting(Provider.no_instant), 102)(
        ("accepts-empty-string", "a falsy value counts as omitted", (lambda text: not text, for_ever)),
        ("accepts-blank-string", "a string without letters counts as omitted", (_is_blank, for_ever)),
        ("accepts-month-13", "months are counted on", (matches(r"^\d{4}-13-"), _roll_over)),
        ("accepts-any-string", "a parser that fails returns nothing", (always, for_ever)),
        ("accepts-any-string-as-tomorrow", "a parser that fails returns a default", (always, tomorrow)),
        ("accepts-words", "words are read", (matches("[a-z]{4}"), tomorrow)),
        ("accepts-digits", "digits are read as an epoch", (_is_number, tomorrow)),
        ("accepts-impossible-dates", "30 February rolls over into March", (_is_impossible, _roll_over)),
        ("accepts-trailing-text", "a prefix that matches is enough", (matches(_TO_THE_SECOND), tomorrow)),
        ("no-zone-is-local", "a date without a zone is local time", (_has_no_zone, _five_hours_west)),
        ("loose-date-for-ever", "a loose date pauses for ever", (_is_loose, for_ever)),
    ),
    *Table("accepting", failing(Provider.no_instant), 100)(
        ("crashes-on-any-string", "a parser's error is not caught", always),
        ("crashes-on-impossible-dates", "the pattern matches, the calendar does not", _is_impossible),
        ("crashes-on-empty-string", "the first character is read", lambda text, _: not text),
        ("crashes-on-blank-string", "the first word is read", _is_blank),
    ),
    *Table("accepting", around(Provider.decide_until), 102)(
        ("year-one-is-for-ever", "the zero value of a time means no time", _year_one),
    ),
    *Table("values", around(Provider.read_until), 102)(
        ("accepts-foreign-digits", "digits of any script match", _foreign_digits),
    ),
    *Table("values", by_pattern(failing(Provider.read_until)), 100)(*rows("crashing dates")),
)

# -- strings that a lenient parser reads --


def _lenient(row: dict[str, Any]) -> type[Provider]:
    """Read a string after replacing the row's pattern, if that makes it a valid date."""

    def no_instant(go: Callable[..., int | None], provider: Provider, text: str, reason: str) -> int | None:
        try:
            return provider.compose(dates.split(re.sub(row["pattern"], row["replacement"], text)))
        except dates.NotAnInstant:
            return go(text, reason)

    return around(Provider.no_instant)(no_instant)


_LENIENT = Table("accepting", _lenient, 102)(*rows("lenient dates"))

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


def _before_rejecting(change: Callable[[Campaign], None]) -> type[Provider]:
    """Change a campaign before an instant in the past is rejected."""

    def check(
        go: Callable[..., int | None], provider: Provider, until: int | None, campaign: Campaign
    ) -> Any:
        if until is not None and until <= provider.now() and campaign.status == "paused":
            change(campaign)
        return go(until, campaign)

    return around(Provider.check_until)(check)


def _clear_date(campaign: Campaign) -> None:
    campaign.paused_until = None


def _resume(campaign: Campaign) -> None:
    campaign.status, campaign.paused_until = "active", None


_PAST = (
    *Table("accepting", accepting(Provider.past), 102)(
        ("past-means-for-ever", "a past date is dropped, so the pause is indefinite", (always, for_ever)),
        ("past-means-tomorrow", "a past date is moved ahead", (always, tomorrow)),
        ("past-means-next-year", "a past date is moved by years", (always, lambda _, v: v + 1830 * DAY)),
    ),
    *Table("accepting", failing(Provider.past), 100)(
        ("crashes-on-past", "a timer with a negative delay throws", always),
    ),
    *Table("accepting", _past_stays, 102)(
        ("past-stays-paused", "the job of a past date has been missed", 0),
        ("past-day-stays-paused", "the job looks back for a day", DAY),
    ),
    *Table("refusing", _before_rejecting, 104)(
        ("past-date-clears-date", "the date is cleared before the new one is checked", _clear_date),
        ("past-date-resumes", "a date in the past ends the pause, and is rejected", _resume),
    ),
    *Table("accepting", _passing, 102)(
        ("past-day-means-for-ever", "only the last day is checked", lambda age: age > DAY),
        ("past-year-means-for-ever", "only the last year is checked", lambda age: age > 365 * DAY),
        ("past-hour-means-for-ever", "a grace of an hour for clocks", lambda age: age < 60 * MINUTE),
        ("past-minute-means-for-ever", "a grace of a minute for clocks", lambda age: age < MINUTE),
    ),
)

FAULTS: Final = (*_TYPES, *_TEXTS, *_LENIENT, *_PAST)
