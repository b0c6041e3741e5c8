"""Good dates that are moved once they are understood, refused, or crash."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from whop_contracts.provider import dates
from whop_contracts.provider.core import Provider
from whop_contracts.provider.dates import DAY, MINUTE, SECOND, NotAnInstant, Parts
from whop_contracts.provider.faults.fault import Fault
from whop_contracts.provider.messages import crash

if TYPE_CHECKING:
    from whop_contracts.provider.state import Campaign

_HOUR = 60 * MINUTE
_MS = 1_000_000

Mapping = Callable[[int, int], int | None]
"""From an instant and the provider's now to the instant that is stored."""


def _mapping(how: Mapping) -> type[Provider]:
    class Remapping(Provider):
        def check_until(self, until: int | None, campaign: Campaign) -> int | None:
            checked = super().check_until(until, campaign)
            return None if checked is None else how(checked, self.now())

    return Remapping


def _refusing(unwanted: Callable[[Parts], bool]) -> type[Provider]:
    class Refusing(Provider):
        def compose(self, parts: Parts) -> int | None:
            if unwanted(parts):
                raise self.invalid("paused_until must be another date.")
            return super().compose(parts)

    return Refusing


def _crashing(unwanted: Callable[[Parts], bool]) -> type[Provider]:
    class Crashing(Provider):
        def compose(self, parts: Parts) -> int | None:
            if unwanted(parts):
                raise crash()
            return super().compose(parts)

    return Crashing


def _wrapped(until: int) -> int:
    seconds, rest = divmod(until, SECOND)
    return ((seconds + 2**31) % 2**32 - 2**31) * SECOND + rest


def _leap_day(parts: Parts) -> bool:
    return (parts.month, parts.day) == (2, 29)


_MAPPINGS: Final[tuple[tuple[str, Mapping, str], ...]] = (
    *(
        (
            f"capped-at-{days}-days",
            lambda until, now, days=days: min(until, now + days * DAY),
            f"at most {days} days",
        )
        for days in (1, 7, 30, 90, 180)
    ),
    ("at-least-a-day", lambda until, now: max(until, now + DAY), "the interface knows whole days"),
    (
        "capped-at-year-2100",
        lambda until, _: min(until, dates.days_before(2100, 1, 1) * DAY),
        "a sentinel's year",
    ),
    ("2038-wraps", lambda until, _: _wrapped(until), "seconds are kept in 32 bits"),
    ("2038-clamped", lambda until, _: min(until, (2**31 - 1) * SECOND), "the database's largest timestamp"),
    (
        "far-means-for-ever",
        lambda until, now: None if until > now + 1000 * 365 * DAY else until,
        "a date in the far future is taken for none",
    ),
    ("a-thousand-times-too-early", lambda until, _: until // 1000, "seconds are taken for milliseconds"),
    ("instant-in-float", lambda until, _: until // (1 << 33) * (1 << 33), "a float32 keeps the instant"),
    ("two-milliseconds-short", lambda until, _: until - 2 * _MS, "two truncations in a row"),
)

_UNWANTED: Final[tuple[tuple[str, Callable[[Parts], bool], str], ...]] = (
    ("offsets", lambda p: p.text[-1] not in "Zz", "only Z is known"),
    ("positive-offsets", lambda p: p.offset > 0, "a plus is decoded to a space"),
    ("half-hours", lambda p: p.offset % 60 != 0, "offsets are whole hours"),
    ("far-west", lambda p: p.offset == -12 * 60, "offsets lie within -11 and +13"),
    ("far-east", lambda p: p.offset == 14 * 60, "offsets lie within -11 and +13"),
    ("no-fraction", lambda p: not p.fraction, "the format has a fraction"),
    ("fractions", lambda p: bool(p.fraction), "the format has no fraction"),
    (
        "other-than-milliseconds",
        lambda p: len(p.fraction) not in {0, 3},
        "a fraction has three digits, or is none",
    ),
    ("six-digits", lambda p: len(p.fraction) == 6, "microseconds are one digit too many"),  # noqa: PLR2004
    ("midnight", lambda p: p.hour == p.minute == p.second == 0, "a falsy time is no time"),
    ("new-years-eve", lambda p: (p.month, p.day) == (12, 31), "the day of the year is 365 at most"),
)

_CRASHES: Final[tuple[tuple[str, Callable[[Parts], bool], str], ...]] = (
    ("lower-case", lambda p: "z" in p.text or "t" in p.text, "the pattern matches, the parser does not"),
    ("leap-second", lambda p: p.second == 60, "the language's time has no second of 60"),  # noqa: PLR2004
    ("minus-zero", lambda p: p.text.endswith("-00:00"), "an unknown offset is looked up"),
    ("long-fraction", lambda p: len(p.fraction) > 6, "the language's time has microseconds"),  # noqa: PLR2004
    ("microseconds", lambda p: len(p.fraction) > 3, "a fraction is scaled by a table of three"),  # noqa: PLR2004
    ("very-far-offset", lambda p: abs(p.offset) > 14 * 60, "an offset is looked up in a table of zones"),
    ("year-9999", lambda p: p.year == 9999, "a day is added for the time zone"),  # noqa: PLR2004
    ("after-2038", lambda p: p.instant() >= 2**31 * SECOND, "seconds are kept in 32 bits"),
)


class _Horizon(Provider):
    """Refuses a date of the near future: three months are the most that the interface offers."""

    def check_until(self, until: int | None, campaign: Campaign) -> int | None:
        if until is not None and until > self.now() + 90 * DAY:
            raise self.invalid("paused_until must lie within 90 days.")
        return super().check_until(until, campaign)


class _Soonest(Provider):
    """Refuses a date of the near future: an hour is the least that the scheduler offers."""

    def check_until(self, until: int | None, campaign: Campaign) -> int | None:
        if until is not None and self.now() < until < self.now() + _HOUR:
            raise self.invalid("paused_until must be an hour ahead.")
        return super().check_until(until, campaign)


class _FarCrashes(Provider):
    """A date more than 292 years ahead overflows 64 bits of nanoseconds."""

    def check_until(self, until: int | None, campaign: Campaign) -> int | None:
        if until is not None and until > 2**63:
            raise crash()
        return super().check_until(until, campaign)


def _day(parts: Parts) -> int:
    """The day as it is written, whatever the offset."""
    return dates.days_before(parts.year, parts.month, parts.day)


class _GoodButRefused(Provider):
    """A good date is refused wherever its calendar day is not written in UTC."""

    def compose(self, parts: Parts) -> int | None:
        if parts.offset and _day(parts) != parts.instant() // DAY:
            raise self.invalid("paused_until " + str(NotAnInstant("must be a date in UTC.")))
        return super().compose(parts)


FAULTS: Final = (
    *(Fault(name, "dates", why, None, _mapping(how)) for name, how, why in _MAPPINGS),
    *(Fault(f"refuses-{name}", "dates", why, None, _refusing(what)) for name, what, why in _UNWANTED),
    *(Fault(f"crashes-on-{name}", "dates", why, 100, _crashing(what)) for name, what, why in _CRASHES),
    Fault("refuses-beyond-90-days", "dates", "three months are the most that is offered", None, _Horizon),
    Fault("refuses-within-the-hour", "dates", "an hour is the least that is offered", None, _Soonest),
    Fault(
        "refuses-crossing-days",
        "dates",
        "the day in UTC is not the day that is written",
        None,
        _GoodButRefused,
    ),
    Fault("crashes-far-ahead", "dates", "64 bits of nanoseconds end in 2262", 100, _FarCrashes),
)
