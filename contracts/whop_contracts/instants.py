"""Instants: the reader of RFC 3339 timestamps that the checks use, and their writer.

``datetime.fromisoformat`` accepts what RFC 3339 forbids (dates alone, no offset, commas), cuts fractions at
six digits and rejects a second of 60; other parsers accept even more. So the grammar is matched here, and the
calendar of the standard library decides which days exist. Instants are nanoseconds since 1970-01-01T00:00Z.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

NANO: Final = 1_000_000_000
BEYOND: Final = "an instant outside the years 1 to 9999"
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_PATTERN: Final = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})([Tt])(\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Instant:
    """A timestamp as read: ``ns`` is when it is, the rest is how it was written."""

    ns: int
    digits: int
    offset_minutes: int | None
    """Minutes east of UTC; None for ``-00:00``, which says that the zone is unknown."""
    leap: bool
    lower: bool

    @property
    def edge(self) -> bool:
        """Whether RFC 3339 allows the form but many readers do not: lower case, ``:60``, ``-00:00``."""
        return self.leap or self.lower or self.offset_minutes is None


def read_instant(text: str) -> Instant | None:
    """Read an RFC 3339 ``date-time``; None if ``text`` as a whole is not one.

    A second of 60 in any minute (leap seconds are not announced far ahead) is the second that follows it.
    Source: RFC 3339, sections 5.6 and 5.7.
    """
    return _remembered(text) if len(text) <= _SHORT else _read(text)


def _read(text: str) -> Instant | None:
    match = _PATTERN.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(match[i]) for i in (1, 2, 3, 5, 6, 7))
    fraction, zone = match[8] or "", match[9]
    east_hours, east_minutes = (0, 0) if zone in "Zz" else (int(zone[1:3]), int(zone[4:6]))
    if max(hour, east_hours) > 23 or max(minute, east_minutes) > 59 or second > 60:  # noqa: PLR2004
        return None
    try:
        days = date(year, month, day).toordinal() - _EPOCH_DAY
    except ValueError:
        return None
    offset = (east_hours * 60 + east_minutes) * (-1 if zone[0] == "-" else 1)
    seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset * 60
    return Instant(
        ns=seconds * NANO + int(fraction[:9].ljust(9, "0")),
        digits=len(fraction),
        offset_minutes=None if zone == "-00:00" else offset,
        leap=second == 60,  # noqa: PLR2004
        lower=match[4] == "t" or zone == "z",
    )


_SHORT: Final = 40
_remembered: Final = lru_cache(maxsize=512)(_read)
"""A dozen clauses read the dates of each response; long texts are not kept, so that memory is bounded."""


USUAL_FORM: Final = "YYYY-MM-DDThh:mm:ss.fffZ"
"""The form of every timestamp on the page."""


def form_of(text: str) -> str | None:
    """The form of an RFC 3339 timestamp, its digits before the offset as letters; None for any other text."""
    match = _PATTERN.fullmatch(text) if read_instant(text) else None
    if match is None:
        return None
    fraction = f".{'f' * len(match[8])}" if match[8] else ""
    return f"YYYY-MM-DD{match[4]}hh:mm:ss{fraction}{match[9]}"


def write_instant(ns: int, *, digits: int = 3, offset_minutes: int = 0) -> str:
    """Write an instant of the years 1 to 9999 as RFC 3339, cut (not rounded) to ``digits`` of a second.

    ``offset_minutes`` is the zone east of UTC. An instant outside these years becomes ``BEYOND``.
    """
    seconds, rest = divmod(ns, NANO)
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds, minutes=offset_minutes)
    except OverflowError:
        return BEYOND
    fraction = f".{rest:09d}"[: digits + 1] if digits else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + fraction + zone_name(offset_minutes)


def zone_name(offset_minutes: int) -> str:
    """``Z``, or the offset as ``±hh:mm``."""
    if offset_minutes == 0:
        return "Z"
    hours, minutes = divmod(abs(offset_minutes), 60)
    return f"{'-' if offset_minutes < 0 else '+'}{hours:02d}:{minutes:02d}"


def utc(ns: int) -> datetime:
    """The instant as an aware datetime in UTC, cut to microseconds."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=ns // 1_000)


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
