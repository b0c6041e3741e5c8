"""What the executor asks of a target and of its clock, and what it gets for one request.

Units: the sender's own clock is read in seconds since 1970 (``float``), the provider's in nanoseconds since 1970 (``int``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from whop_contracts.exchange import Request, Response, Window

NANO = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of one request: an answer, or the trouble that there was instead, as one short phrase.

    Exactly one of ``response`` and ``trouble`` is None. ``sent`` and ``received`` are read from the target's ``time()``.
    """

    response: Response | None
    trouble: str | None
    sent: float
    received: float


class Clock(Protocol):
    """The provider's clock, as far as it can be known. Nothing here raises for what a provider does."""

    @property
    def kind(self) -> Literal["virtual", "test", "wall"]:
        """What the clock is: our own, the provider's test clock, or whatever the provider goes by."""
        ...

    @property
    def trouble(self) -> str | None:
        """Why time cannot be judged; None while it can."""
        ...

    @property
    def waited_s(self) -> float:
        """Real seconds slept so far."""
        ...

    @property
    def moved(self) -> tuple[int, int] | None:
        """From where to where the clock went during the run, in nanoseconds; None where that is not known."""
        ...

    def learn(self, reply: Reply) -> None:
        """Take from an answer what it says about the provider's time."""
        ...

    def doubt(self, reason: str) -> None:
        """Be told that what it goes by is not the time that campaigns go by; of use to a clock that is only estimated."""
        ...

    def window(self, sent: float, received: float) -> Window | None:
        """The provider's earliest reading at the sending and its latest at the answer; None where it cannot be known."""
        ...

    def reach(self, ns: int) -> bool:
        """Wait, or move the clock, until it surely stands at or past ``ns``; False where that cannot be had."""
        ...

    def lag(self, seconds: float) -> None:
        """Let so much time surely pass, for the sender and for the provider."""
        ...


class Target(Protocol):
    """What is judged: something that answers requests. ``send`` gives a reply whatever happens, and raises nothing for it."""

    @property
    def kind(self) -> Literal["mock", "live"]:
        """Whether the target is in this process or behind a socket."""
        ...

    @property
    def base_url(self) -> str:
        """What stands before ``/ad_campaigns``, without a slash at its end."""
        ...

    @property
    def loopback(self) -> bool:
        """Whether the target is on this machine."""
        ...

    @property
    def clock(self) -> Clock:
        """The provider's clock."""
        ...

    def time(self) -> float:
        """The sender's clock, in seconds since 1970."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait by the sender's clock."""
        ...

    def send(self, request: Request, *, timeout: float | None = None) -> Reply:
        """Send one request, its headers as they are; ``timeout`` bounds the whole exchange, in seconds."""
        ...

    def send_together(self, first: Request, second: Request) -> tuple[Reply, Reply]:
        """Send two requests so that both are under way before either is answered."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


class OffTargetError(Exception):
    """A request does not lead to the target. It was not sent; whoever put its URL together has a bug."""
