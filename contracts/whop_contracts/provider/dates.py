"""RFC 3339 as the provider reads and writes it.

An instant is an ``int``: nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND
_EPOCH = date(1970, 1, 1).toordinal()
_FIRST, _LAST = ((one.toordinal() - _EPOCH) * DAY for one in (date.min, date.max))

_DAY, _TIME, _TWO = r"([0-9]{4})-([0-9]{2})-([0-9]{2})", r"([0-9]{2}):([0-9]{2})", r"[0-9]{2}"
_STRICT = re.compile(rf"{_DAY}[Tt]{_TIME}:({_TWO})(?:\.([0-9]+))?([Zz]|[+-]{_TWO}:{_TWO})")
_LOOSE = re.compile(
    rf"\A\s*{_DAY}(?:[Tt ]{_TIME}(?::({_TWO})(?:\.([0-9]+))?)?([Zz]|[+-]{_TWO}:?{_TWO})?)?\s*"
)


class NotAnInstant(ValueError):  # noqa: N818 - it is about the text that was sent
    """The text denotes no instant; the message says why."""


@dataclass(frozen=True, slots=True)
class Parts:
    """A written date-time: ``fraction`` is its digits, ``offset`` minutes east of UTC, ``text`` all of it."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int
    fraction: str
    offset: int
    text: str

    def __str__(self) -> str:
        return self.text

    def instant(self) -> int:
        """Nanoseconds since 1970, from nine digits at most; a second of 60 is the next minute's first."""
        seconds = days_before(self.year, self.month, self.day) * 86_400
        seconds += self.hour * 3600 + self.minute * 60 + self.second - self.offset * 60
        return seconds * SECOND + int((self.fraction + "000000000")[:9])


def days_before(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01 to a date of the proleptic Gregorian calendar, negative before it."""
    return date(year, month, day).toordinal() - _EPOCH


def split(text: str, *, loosely: bool = False) -> Parts:
    """A strict RFC 3339 date-time, taken apart. Raises `NotAnInstant`.

    ``loosely``: also white space around it, a space for the T, no seconds, ``+0100``, no time, no zone.
    """
    found = (_LOOSE if loosely else _STRICT).fullmatch(text)
    if found is None:
        raise NotAnInstant("must be an RFC 3339 date-time")
    year, month, day, hour, minute, second = (int(found[index] or 0) for index in range(1, 7))
    zone = found[8] or "Z"
    offset = 0
    if zone not in {"Z", "z"}:
        hours, minutes = int(zone[1:3]), int(zone[-2:])
        if hours > 23 or minutes > 59:
            raise NotAnInstant("has an offset that no clock can have")
        offset = (hours * 60 + minutes) * (-1 if zone[0] == "-" else 1)
    if not (1 <= month <= 12 and 1 <= day <= monthrange(year or 4, month)[1]):
        raise NotAnInstant("names a day that does not exist")
    if hour > 23 or minute > 59 or second > 60:
        raise NotAnInstant("names a time that does not exist")
    parts = Parts(year, month, day, hour, minute, second, found[7] or "", offset, text)
    if not year or not _FIRST <= parts.instant() < _LAST + DAY:
        raise NotAnInstant("lies outside the years 1 to 9999")
    return parts


@lru_cache(maxsize=1024)
def write(instant: int, *, digits: int = 3, offset: int | None = None) -> str:
    """An instant as text: UTC with a Z, or with an offset in minutes; surplus digits are cut off.

    RFC 3339 has no year 10000: an instant that is in it east of Greenwich is written in UTC, one that a fault
    has moved there with the last day of 9999.
    """
    local = instant + (offset or 0) * MINUTE
    if offset and local >= _LAST + DAY:
        return write(instant, digits=digits)
    days, rest = divmod(local, DAY)
    seconds, fraction = divmod(rest, SECOND)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if digits:
        clock += "." + f"{fraction:09}"[:digits]
    sign = "-" if offset and offset < 0 else "+"
    zone = "Z" if offset is None else f"{sign}{abs(offset) // 60:02}:{abs(offset) % 60:02}"
    return f"{date.fromordinal(min(days + _EPOCH, date.max.toordinal()))}T{clock}{zone}"
