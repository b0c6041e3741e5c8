"""The provider's clock: passed in, read in seconds since 1970, and only moved forwards."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """A source of time."""

    def now(self) -> float:
        """Seconds since 1970."""
        ...


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: float = 1_790_000_000.0) -> None:
        self._now = float(start)

    def now(self) -> float:
        """Seconds since 1970."""
        return self._now

    def set(self, instant: float) -> None:
        """Move to an instant, in seconds since 1970; an earlier one raises ``ValueError``."""
        if instant < self._now:
            raise ValueError("a clock does not run backwards")
        self._now = float(instant)

    def advance(self, seconds: float) -> None:
        """Move forward by so many seconds."""
        self.set(self._now + seconds)


class RunningClock:
    """The machine's clock plus ``ahead`` seconds. It can be moved further ahead."""

    def __init__(self, ahead: float = 0.0) -> None:
        self._ahead = ahead

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time() + self._ahead

    def set(self, instant: float) -> None:
        """Move to an instant and run on from there; an earlier one raises ``ValueError``."""
        step = instant - self.now()
        if step < 0:
            raise ValueError("a clock does not run backwards")
        self._ahead += step

    def advance(self, seconds: float) -> None:
        """Move forward by so many seconds."""
        self._ahead += seconds


class WallClock:
    """The machine's clock, which cannot be moved."""

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()


class SkewedClock:
    """Another clock, so many seconds fast (or, negative, slow). It can be moved if the other one can."""

    def __init__(self, inner: Clock, skew: float) -> None:
        self._inner = inner
        self._skew = skew

    def now(self) -> float:
        """Seconds since 1970."""
        return self._inner.now() + self._skew

    def set(self, instant: float) -> None:
        """Move the inner clock so that this one shows the instant."""
        mover = getattr(self._inner, "set", None)
        if mover is None:
            raise TypeError("this clock cannot be moved")
        mover(instant - self._skew)

    def advance(self, seconds: float) -> None:
        """Move forward by so many seconds."""
        self.set(self.now() + seconds)
