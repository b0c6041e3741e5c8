"""The provider's clock where it is ours to move (virtual) and where it can only be watched (wall).

Units: readings of the sender's clock are seconds since 1970, those of the provider's nanoseconds since 1970.
"""

from __future__ import annotations

import calendar
import email.utils
from collections.abc import Callable
from typing import Final, Literal, Protocol, runtime_checkable

from whop_contracts.exchange import Response, Window
from whop_contracts.target.protocol import NANO, Reply

_DATE_CACHED_S: Final = 2.5
"""How much later than its ``Date`` header an answer may have been made: the header has whole seconds, and servers keep it a while."""
_SLACK_S: Final = 1.0
"""By how much answers may contradict each other before a clock is said to jump: several machines answer, none is exact."""
_FROM_A_GATEWAY: Final = frozenset({502, 503, 504})
_LONGEST_DATE: Final = 64
_LEAST_SLEEP_S: Final = 0.001
_TRIES: Final = 64


@runtime_checkable
class Movable(Protocol):
    """A clock in this process that is moved by hand."""

    def now(self) -> float:
        """Seconds since 1970."""
        ...

    def advance(self, seconds: float) -> None:
        """Move it on by so much."""
        ...


class VirtualClock:
    """The clock of a provider in this process: read without doubt, moved without waiting. The sender's clock is the same one."""

    kind: Literal["virtual"] = "virtual"
    trouble = None
    waited_s = 0.0

    def __init__(self, clock: Movable) -> None:
        self._clock = clock
        self._began = self._ns()

    def now(self) -> float:
        """Seconds since 1970."""
        return self._clock.now()

    def _ns(self) -> int:
        return to_ns(self._clock.now())

    @property
    def moved(self) -> tuple[int, int] | None:
        """From where to where it was moved."""
        return self._began, self._ns()

    def learn(self, reply: Reply) -> None:
        """Nothing is left to learn."""

    def doubt(self, reason: str) -> None:
        """It is known for what it is: there is no doubt."""

    def window(self, sent: float, received: float) -> Window | None:
        """The two readings themselves."""
        return Window(to_ns(sent), to_ns(received))

    def reach(self, ns: int) -> bool:
        """Move to ``ns``, to the microsecond and not before it; stay where the clock is past it."""
        short = ns - self._ns()
        for _ in range(_TRIES):
            if short <= 0:
                return True
            self._clock.advance(max(short, 1_000) / NANO)
            short = ns - self._ns()
        return short <= 0

    def lag(self, seconds: float) -> None:
        """Move on by so much."""
        if seconds > 0:
            self._clock.advance(seconds)


class WallClock:
    """Whatever clock the provider goes by, known from the ``Date`` of its answers alone, with the uncertainty that leaves.

    A ``Date`` of D on an exchange means that the provider's clock stood between D and D + 2.5 s at some moment of it. What all exchanges
    say together bounds by how much it is ahead of the sender's. It waits ``max_wait_s`` in all, never more.
    """

    kind: Literal["wall"] = "wall"

    def __init__(
        self, *, time: Callable[[], float], sleep: Callable[[float], None], max_wait_s: float = 120.0
    ) -> None:
        self._time = time
        self._sleep = sleep
        self._left_s = max_wait_s
        self._bounds: tuple[float, float] | None = None
        self._ahead: tuple[float, float] | None = None
        self._seen: tuple[float, float] | None = None
        self.trouble: str | None = None
        self.waited_s = 0.0

    @property
    def moved(self) -> tuple[int, int] | None:
        """The provider's time at the first and at the last answer that told it, each in the middle of what it may be."""
        if self._ahead is None or self._seen is None:
            return None
        middle = sum(self._ahead) / 2
        return to_ns(self._seen[0] + middle), to_ns(self._seen[1] + middle)

    def learn(self, reply: Reply) -> None:
        """Narrow by the ``Date`` of an answer, where the provider itself has made it just now."""
        date = _date(reply.response) if reply.response else None
        if date is None or self.trouble:
            return
        low, high = date - reply.received, date + _DATE_CACHED_S - reply.sent
        if self._bounds is not None:
            low, high = max(low, self._bounds[0]), min(high, self._bounds[1])
        if low - high > _SLACK_S:
            self.trouble = "the provider's clock jumped or stalled, as its Date headers show"
            return
        # Kept as they contradict each other, so that small contradictions add up to a large one.
        self._bounds = low, high
        self._ahead = min(low, high), max(low, high)
        self._seen = (self._seen[0] if self._seen else reply.sent), reply.received

    def doubt(self, reason: str) -> None:
        """Take the ``Date`` headers for somebody else's, from here on."""
        self.trouble = self.trouble or reason

    def window(self, sent: float, received: float) -> Window | None:
        """The earliest reading at ``sent`` and the latest at ``received``; None before the first ``Date``, and in trouble."""
        if self._ahead is None or self.trouble:
            return None
        return Window(to_ns(sent + self._ahead[0]), to_ns(received + self._ahead[1]))

    def reach(self, ns: int) -> bool:
        """Sleep until the provider's clock is surely past ``ns``; False where that is not known, or longer than may be waited."""
        if self._ahead is None or self.trouble:
            return False
        wanted = ns / NANO - self._ahead[0]
        if wanted - self._time() > self._left_s:
            return False
        return self._wait_until(wanted)

    def lag(self, seconds: float) -> None:
        """Sleep; not counted against the longest wait."""
        left = self._left_s
        self._left_s = seconds + 1.0
        self._wait_until(self._time() + seconds)
        self._left_s = left

    def _wait_until(self, wanted: float) -> bool:
        """Sleep until the sender's clock shows ``wanted``, and again where a sleep was short."""
        for _ in range(_TRIES):
            before = self._time()
            if before >= wanted:
                return True
            self._sleep(max(wanted - before, _LEAST_SLEEP_S))
            slept = max(self._time() - before, 0.0)
            self.waited_s += slept
            self._left_s -= slept
        return self._time() >= wanted


def to_ns(seconds: float) -> int:
    """Seconds as nanoseconds, to the microsecond: what a ``float`` can tell of our time."""
    return round(seconds * 1_000_000) * 1_000


def _date(response: Response) -> float | None:
    """The ``Date`` of an answer; None where there is none that can be read, or a gateway or a cache may have made it.

    Source: RFC 9110, sections 5.6.7 and 6.6.1; RFC 9111, section 5.1.
    """
    if response.status in _FROM_A_GATEWAY or response.header("age") not in {None, "0"}:
        return None
    dates = [read_http_date(value) for name, value in response.headers if name.lower() == "date"]
    told = [date for date in dates if date is not None]
    # Two machines that each add a Date and do not agree leave it open whose clock the provider goes by.
    return told[0] if told and max(told) - min(told) <= _DATE_CACHED_S else None


def read_http_date(text: str | None) -> float | None:
    """An HTTP date as seconds since 1970; None for anything else."""
    if not text or len(text) > _LONGEST_DATE:
        return None
    try:
        parts = email.utils.parsedate_tz(text)
        return None if parts is None else float(calendar.timegm((*parts[:6], 0, 0, 0)) - (parts[9] or 0))
    except (ValueError, OverflowError, TypeError):
        return None
