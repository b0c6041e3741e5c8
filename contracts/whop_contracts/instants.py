"""Instants: the reader of RFC 3339 timestamps that the checks use, and their writer.

``datetime.fromisoformat`` accepts what RFC 3339 forbids (dates alone, no offset, commas), cuts fractions at
six digits and rejects a second of 60; other parsers accept even more. So the grammar is matched here, and the
calendar of the standard library decides which days exist. Instants are nanoseconds since 1970-01-01T00:00Z.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

NANO: Final = 1_000_000_000
BEYOND: Final = "an instant outside the years 1 to 9999"
_SHORT: Final = 40
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PATTERN: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)([Tt])([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(?:\.(\d+))?"
    r"([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Instant:
    """A timestamp as read: ``ns`` is when it is, the rest is how it was written."""

    ns: int
    digits: int
    offset_minutes: int
    edge: bool
    """Whether RFC 3339 allows the form but many readers do not: lower case, ``:60``, ``-00:00``."""


def read_instant(text: str) -> Instant | None:
    """Read an RFC 3339 ``date-time``; None if ``text`` as a whole is not one.

    A second of 60 in any minute (leap seconds are not announced far ahead) is the second that follows it.
    Source: RFC 3339, sections 5.6 and 5.7. Long texts are not remembered, so that memory is bounded.
    """
    return _remembered(text) if len(text) <= _SHORT else _read(text)


def _read(text: str) -> Instant | None:
    match = _PATTERN.fullmatch(text)
    if match is None:
        return None
    day, letter, hour, minute, second, fraction, zone = match.groups(default="")
    try:
        days = date.fromisoformat(day).toordinal() - _EPOCH.toordinal()
    except ValueError:
        return None
    offset = 0 if zone in "Zz" else int(f"{zone[0]}1") * (int(zone[1:3]) * 60 + int(zone[4:]))
    seconds = days * 86_400 + int(hour) * 3_600 + int(minute) * 60 + int(second) - offset * 60
    return Instant(
        ns=seconds * NANO + int(fraction[:9].ljust(9, "0")),
        digits=len(fraction),
        offset_minutes=offset,
        edge=second == "60" or letter == "t" or zone in {"z", "-00:00"},
    )


_remembered: Final = lru_cache(maxsize=512)(_read)
"""A dozen clauses read the dates of each response."""
USUAL_FORM: Final = "YYYY-MM-DDThh:mm:ss.fffZ"
"""The form of every timestamp on the page."""


def form_of(text: str) -> str | None:
    """The form of an RFC 3339 timestamp, its digits before the offset as letters; None for any other text."""
    match = _PATTERN.fullmatch(text) if read_instant(text) else None
    if match is None:
        return None
    fraction = f".{'f' * len(match[6])}" if match[6] else ""
    return f"YYYY-MM-DD{match[2]}hh:mm:ss{fraction}{match[7]}"


def write_instant(ns: int, *, digits: int = 3, offset_minutes: int = 0) -> str:
    """Write an instant of the years 1 to 9999 as RFC 3339, cut (not rounded) to ``digits`` of a second.

    ``offset_minutes`` is the zone east of UTC. An instant outside these years becomes ``BEYOND``.
    """
    seconds, rest = divmod(ns, NANO)
    try:
        moment = _EPOCH + timedelta(seconds=seconds, minutes=offset_minutes)
    except OverflowError:
        return BEYOND
    fraction = f".{rest:09d}"[: digits + 1] if digits else ""
    return moment.isoformat()[:19] + fraction + zone_name(offset_minutes)


def zone_name(offset_minutes: int) -> str:
    """``Z``, or the offset as ``±hh:mm``."""
    return str(timezone(timedelta(minutes=offset_minutes))).removeprefix("UTC") or "Z"


def utc(ns: int) -> datetime:
    """The instant as an aware datetime in UTC, cut to microseconds."""
    return _EPOCH + timedelta(microseconds=ns // 1_000)


_LOOSE: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(:\d\d(?:\.\d*)?)?\s?(?:([Zz])|([+-]\d\d):?(\d\d)?)?)?", re.ASCII
)


def loose_instants(value: str) -> tuple[int, ...]:
    """The instant that a lenient reader finds in a string, as a tuple of one; empty if it finds none.

    Lenient are: white space around it, a space for the T, no seconds, a decimal point without digits,
    ``+0100`` or ``+01``, a space before the offset, a bare date, no zone (the last two are read as UTC).
    """
    match = _LOOSE.fullmatch(value.strip())
    if match is None:
        return ()
    day, clock, seconds, zulu, hours, minutes = match.groups()
    zone = "Z" if zulu or not hours else f"{hours}:{minutes or '00'}"
    instant = read_instant(f"{day}T{clock or '00:00'}{(seconds or ':00').rstrip('.')}{zone}")
    return () if instant is None else (instant.ns,)
