"""What the engine gets for one request, and what it requires of a target's clock.

Units: the sender's own clock is read in seconds since 1970 (``float``), the provider's in nanoseconds since 1970
(``int``).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

from whop_contracts.exchange import Response, Window


@dataclass(frozen=True, slots=True)
class Reply:
    """The result of one request: a response, or the trouble that prevented it, as one short phrase.

    Exactly one of ``response`` and ``trouble`` is None. ``sent`` and ``received`` are the target's ``time()``.
    """

    response: Response | None
    trouble: str | None
    sent: float
    received: float


class OffTargetError(Exception):
    """A request does not lead to the target. It was not sent; the code that made its URL has a bug."""


class Clock(ABC):
    """The provider's clock, as far as it can be known. Nothing here raises for what a provider does.

    ``kind`` says whether it is in this process, the provider's test clock, or the provider's own time. ``trouble``
    is why it is unusable, so that clauses about time are not tested; None while it is usable. ``waited_s`` are the
    real seconds slept so far.
    """

    kind: Literal["virtual", "test", "wall"]
    trouble: str | None = None
    waited_s: float = 0.0

    @property
    @abstractmethod
    def moved(self) -> tuple[int, int] | None:
        """The clock's first and latest reading in this run, in nanoseconds; None if they are not known."""

    @abstractmethod
    def window(self, sent: float, received: float) -> Window | None:
        """The provider's earliest reading at ``sent`` and its latest at ``received``; None if unknown."""

    @abstractmethod
    def reach(self, ns: int) -> bool:
        """Wait, or move the clock, until it certainly shows ``ns`` or later; False if impossible."""

    @abstractmethod
    def lag(self, seconds: float) -> None:
        """Let at least so much time pass for the sender and for the provider."""

    def learn(self, reply: Reply) -> None:  # noqa: B027 - a default: most clocks need nothing
        """Use the ``Date`` header of a response; only an estimated clock needs it."""

    def learn_instant(self, ns: int, sent: float, received: float) -> None:  # noqa: B027 - the same
        """Use an instant that the provider read from its clock between ``sent`` and ``received``.

        ``ns`` is cut to milliseconds, like the ``updated_at`` of an accepted pause; for responses without a
        ``Date``. Only an estimated clock needs it.
        """

    def doubt(self, reason: str) -> None:  # noqa: B027 - the same
        """Stop using an estimate: it is not the time that campaigns follow."""
