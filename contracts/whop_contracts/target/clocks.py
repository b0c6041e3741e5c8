"""The provider's clock if it is in this process (virtual), and if it can only be observed (wall).

Units: readings of the sender's clock are seconds since 1970, those of the provider's nanoseconds since 1970.
"""

from __future__ import annotations

import email.utils
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Final, Literal

from whop_contracts.exchange import INFRASTRUCTURE, Response, Window
from whop_contracts.instants import NANO
from whop_contracts.target.responses import Reply

_DATE_CACHED_S: Final = 2.5
"""How much later than its ``Date`` a response may be: it has whole seconds, and servers cache it."""
_STAMP_CUT_S: Final = 0.001
"""How much later than an instant cut to milliseconds the provider's clock may have been."""
_SLACK_S: Final = 1.0
"""By how much responses may contradict each other: several machines may respond."""


@dataclass(kw_only=True, eq=False)
class Clock:
    """What all clocks share. ``time`` and ``sleep`` are the sender's; ``trouble`` is why it is unusable.

    Nothing here raises for what a provider does. Each kind has ``window``, the provider's earliest reading
    at one time of the sender and its latest at another; ``moved``, its first and latest reading; ``reach``,
    which waits, or moves the clock, until it certainly shows an instant (False: impossible); and ``lag``,
    which lets time pass on both sides.
    """

    kind: ClassVar[Literal["virtual", "test", "wall"]]
    time: Callable[[], float]
    sleep: Callable[[float], None]
    trouble: str | None = field(default=None, init=False)
    waited_s: float = field(default=0.0, init=False)

    def learn(self, reply: Reply) -> None:
        """Use the ``Date`` header of a response; only an estimated clock needs it."""

    def learn_instant(self, ns: int, sent: float, received: float) -> None:
        """Use an instant, cut to milliseconds, that a response without a ``Date`` shows."""

    def doubt(self, reason: str) -> None:
        """Stop using it, for the first reason given: it is not the time that campaigns follow."""
        self.trouble = self.trouble or reason

    def _rest(self, seconds: float) -> None:
        self.sleep(seconds)
        self.waited_s += seconds


@dataclass(kw_only=True, eq=False)
class VirtualClock(Clock):
    """The clock of a provider in this process: known exactly, and moved by ``sleep`` instead of waiting."""

    kind = "virtual"

    def __post_init__(self) -> None:
        self._began = to_ns(self.time())

    @property
    def moved(self) -> tuple[int, int]:
        """Its first and its present reading."""
        return self._began, to_ns(self.time())

    def window(self, sent: float, received: float) -> Window:
        """The two readings themselves."""
        return Window(to_ns(sent), to_ns(received))

    def reach(self, ns: int) -> bool:
        """Move to ``ns``, rounded up to the microsecond, unless the clock is past it."""
        while (missing := ns - to_ns(self.time())) > 0:
            self.sleep(max(missing, 1_000) / NANO)
        return True

    def lag(self, seconds: float) -> None:
        """Move forward."""
        self.sleep(max(seconds, 0.0))


@dataclass(kw_only=True, eq=False)
class WallClock(Clock):
    """The provider's own clock, estimated from its responses, with the uncertainty that remains.

    A ``Date`` of D means that at some moment of the exchange the provider's clock was between D and D + 2.5
    s; an instant with milliseconds means the same, within 1 ms. All exchanges together limit how far the
    provider's clock is ahead of the sender's. ``reach`` waits at most ``max_wait_s`` seconds from now on.
    """

    kind = "wall"

    max_wait_s: float = 120.0
    _bounds: tuple[float, float] | None = field(default=None, init=False)
    _seen: tuple[float, float] | None = field(default=None, init=False)

    @property
    def moved(self) -> tuple[int, int] | None:
        """The middle of the provider's time at the first and at the last response that showed it."""
        if self._bounds is None or self._seen is None:
            return None
        middle = sum(self._bounds) / 2
        return to_ns(self._seen[0] + middle), to_ns(self._seen[1] + middle)

    def learn(self, reply: Reply) -> None:
        """Narrow the estimate by the ``Date`` of a response that the provider itself has just made."""
        date = date_of(reply.response) if reply.response else None
        if date is not None:
            self._narrow(date, date + _DATE_CACHED_S, reply.sent, reply.received, "Date headers")

    def learn_instant(self, ns: int, sent: float, received: float) -> None:
        """Narrow the estimate by an instant that the provider read from its clock during an exchange."""
        self._narrow(ns / NANO, ns / NANO + _STAMP_CUT_S, sent, received, "responses")

    def _narrow(self, earliest: float, latest: float, sent: float, received: float, source: str) -> None:
        """Use that the provider's clock was within these readings at some moment of an exchange."""
        if self.trouble:
            return
        low, high = earliest - received, latest - sent
        if self._bounds is not None:
            low, high = max(low, self._bounds[0]), min(high, self._bounds[1])
        if low - high > _SLACK_S:
            self.trouble = f"the provider's clock jumped or stalled, as its {source} show"
            return
        # Stored as they are, the two perhaps swapped, so that small contradictions add up to a large one.
        self._bounds = low, high
        self._seen = (self._seen[0] if self._seen else sent), received

    def window(self, sent: float, received: float) -> Window | None:
        """The earliest reading at ``sent`` and the latest at ``received``; None if unknown."""
        if self._bounds is None or self.trouble:
            return None
        return Window(to_ns(sent + min(self._bounds)), to_ns(received + max(self._bounds)))

    def reach(self, ns: int) -> bool:
        """Sleep until the provider's clock is certainly past ``ns``; False if unknown or too far ahead."""
        now = self.time()
        window = self.window(now, now)
        if window is None or (missing := (ns - window.start) / NANO) > self.max_wait_s:
            return False
        self.lag(missing)
        self.max_wait_s -= max(missing, 0.0)
        return True

    def lag(self, seconds: float) -> None:
        """Sleep, and again if a sleep was short; this does not count against the longest wait."""
        wanted = self.time() + seconds
        while (missing := wanted - self.time()) > 0:
            self._rest(max(missing, 0.001))


def to_ns(seconds: float) -> int:
    """Seconds as nanoseconds, rounded to the microsecond: a ``float`` of today's time has no more digits."""
    return round(seconds * 1_000_000) * 1_000


def date_of(response: Response) -> float | None:
    """The ``Date`` of a response; None if it is absent or unreadable, or perhaps of a gateway or a cache.

    Source: RFC 9110, sections 5.6.7 and 6.6.1; RFC 9111, section 5.1.
    """
    if response.status in INFRASTRUCTURE or response.header("age") not in {None, "0"}:
        return None
    dates = [read_http_date(value) for name, value in response.headers if name.lower() == "date"]
    read = [date for date in dates if date is not None]
    # If two machines each add a Date and disagree, it is unknown which one the provider follows.
    return read[0] if read and max(read) - min(read) <= _DATE_CACHED_S else None


def read_http_date(text: str | None) -> float | None:
    """An HTTP date as seconds since 1970; None for anything else."""
    try:
        parts = email.utils.parsedate_tz(text or "")
        return None if parts is None else float(email.utils.mktime_tz(parts))
    except (ValueError, OverflowError, TypeError):
        return None
