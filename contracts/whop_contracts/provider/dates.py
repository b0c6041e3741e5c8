"""RFC 3339 as the provider reads and writes it, by its own arithmetic.

An instant is an ``int``: nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted. Nothing here is
shared with the checks, so that neither side inherits the other's mistakes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND
_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

_DAY, _TIME, _TWO = r"([0-9]{4})-([0-9]{2})-([0-9]{2})", r"([0-9]{2}):([0-9]{2})", r"[0-9]{2}"
_STRICT = re.compile(rf"{_DAY}[Tt]{_TIME}:({_TWO})(?:\.([0-9]+))?([Zz]|[+-]{_TWO}:{_TWO})")
_LOOSE = re.compile(rf"\s*{_DAY}(?:[Tt ]{_TIME}(?::({_TWO})(?:\.([0-9]+))?)?([Zz]|[+-]{_TWO}:?{_TWO})?)?\s*")


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

    def instant(self) -> int:
        """Nanoseconds since 1970, from nine digits at most; a second of 60 is the next minute's first."""
        seconds = days_before(self.year, self.month, self.day) * 86_400
        seconds += self.hour * 3600 + self.minute * 60 + self.second - self.offset * 60
        return seconds * SECOND + int((self.fraction + "000000000")[:9])


def is_leap(year: int) -> bool:
    """Whether February has 29 days."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def month_length(year: int, month: int) -> int:
    """Days of a month."""
    return 29 if month == 2 and is_leap(year) else _LENGTHS[month - 1]


def days_before(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01 to a date of the proleptic Gregorian calendar, negative before it."""
    before = year - 1
    days = before * 365 + before // 4 - before // 100 + before // 400
    days += sum(month_length(year, earlier) for earlier in range(1, month)) + day - 1
    return days - 719_162  # the same count for 1970-01-01


@lru_cache(maxsize=1024)
def civil(days: int) -> tuple[int, int, int]:
    """The year, month and day that lie so many days after 1970-01-01."""
    year = 1970 + days * 400 // 146_097  # right, or one off
    if days_before(year, 1, 1) > days:
        year -= 1
    elif days_before(year + 1, 1, 1) <= days:
        year += 1
    rest = days - days_before(year, 1, 1)
    month = 1
    while rest >= month_length(year, month):
        rest -= month_length(year, month)
        month += 1
    return year, month, rest + 1


def split(text: str) -> Parts:
    """A strict RFC 3339 date-time, taken apart. Raises `NotAnInstant`."""
    found = _STRICT.fullmatch(text)
    if found is None:
        raise NotAnInstant("must be an RFC 3339 date-time")
    return _checked(found, text)


def split_loosely(text: str) -> Parts:
    """As `split`; also white space around it, a space for the T, no seconds, ``+0100``, no time, no zone."""
    found = _LOOSE.fullmatch(text)
    if found is None:
        raise NotAnInstant("must be a date-time")
    return _checked(found, text)


def _checked(found: re.Match[str], text: str) -> Parts:
    year, month, day, hour, minute, second = (int(found[index] or 0) for index in range(1, 7))
    zone = found[8] or "Z"
    offset = 0
    if zone not in {"Z", "z"}:
        hours, minutes = int(zone[1:3]), int(zone[-2:])
        if hours > 23 or minutes > 59:
            raise NotAnInstant("has an offset that no clock can have")
        offset = (hours * 60 + minutes) * (-1 if zone[0] == "-" else 1)
    if not (1 <= month <= 12 and 1 <= day <= month_length(year, month)):
        raise NotAnInstant("names a day that does not exist")
    if hour > 23 or minute > 59 or second > 60:
        raise NotAnInstant("names a time that does not exist")
    parts = Parts(year, month, day, hour, minute, second, found[7] or "", offset, text)
    if not days_before(1, 1, 1) * DAY <= parts.instant() < days_before(10_000, 1, 1) * DAY:
        raise NotAnInstant("lies outside the years 1 to 9999")
    return parts


def write(instant: int, *, digits: int = 3, offset: int | None = None) -> str:
    """An instant as text: UTC with a Z, or with an offset in minutes; surplus digits are cut off.

    RFC 3339 has no year 10000: an instant that is in it east of Greenwich is written in UTC.
    """
    days, rest = divmod(instant + (offset or 0) * MINUTE, DAY)
    year, month, day = civil(days)
    if year > 9999:
        return write(instant, digits=digits)
    seconds, fraction = divmod(rest, SECOND)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if digits:
        clock += "." + f"{fraction:09}"[:digits]
    zone = "Z"
    if offset is not None:
        zone = f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02}:{abs(offset) % 60:02}"
    return f"{year:04}-{month:02}-{day:02}T{clock}{zone}"


def http_date(instant: int) -> str:
    """An instant as the ``Date`` header spells it (RFC 9110, 5.6.7)."""
    return formatdate(instant // SECOND, usegmt=True)
