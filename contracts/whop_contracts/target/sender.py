"""Manners towards somebody's system: a rate that is kept, refusals for haste that are waited out, failures of the network that
are tried again a few times, and budgets that end a run before they are passed.
"""

from __future__ import annotations

import random
import re
from collections import Counter, deque
from collections.abc import Callable
from typing import Final

from whop_contracts.exchange import Operation, Request, Response
from whop_contracts.signals import shielded
from whop_contracts.target.clocks import read_http_date
from whop_contracts.target.errors import TRANSIENT
from whop_contracts.target.protocol import Reply, Target

_MINUTE_S: Final = 60.0
_TOO_MANY: Final = 429
_UNAVAILABLE: Final = frozenset({502, 503, 504})
_SAID: Final = re.compile(rb"try again in\s+(\d{1,6}(?:\.\d{1,6})?)\s*s", re.IGNORECASE)
_SECONDS: Final = re.compile(r"\d{1,6}")
_READ_OF_A_REFUSAL: Final = 10_000
_FIRST_BACKOFF_S: Final = 0.2
_RETRIES: Final = 3
_WAITS: Final = 5


class BudgetSpent(Exception):  # noqa: N818 - no error: the run was told to end here
    """The requests or the time of a run are spent. Nothing was sent."""


class Sender:
    """Delivers requests to a target with manners.

    ``rate`` is requests a minute for each operation (None: no limit). A 429 is waited out as it says, ``longest_wait`` seconds at most and five
    times at most, each wait at least twice the one before. A 502, 503, 504, a reset or a time-out is tried again three times at most,
    after a pause drawn from ``rng``. ``max_requests`` and ``max_time`` (seconds by ``elapsed``, else by the target's ``time()``, from the first request) are hard;
    of the requests, ``reserve`` are kept back until ``open_reserve``, which also lifts the limit of time.
    """

    def __init__(
        self,
        target: Target,
        *,
        rng: random.Random,
        rate: int | None = None,
        max_requests: int | None = None,
        max_time: float | None = None,
        elapsed: Callable[[], float] | None = None,
        reserve: int = 0,
        longest_wait: float = 60.0,
    ) -> None:
        self._target = target
        self._rng = rng
        self._rate = rate
        self._max_requests = max_requests
        self._max_time = max_time
        self._elapsed = elapsed or target.time
        self._reserve = reserve
        self._longest_wait = longest_wait
        self._began: float | None = None
        self._recent: dict[Operation | None, deque[float]] = {}
        self._met: Counter[str] = Counter()
        self._paced_s = 0.0
        self._refused_s = 0.0
        self.sent = 0

    @property
    def allowance(self) -> int | None:
        """How many requests may still be sent; None for any number."""
        return None if self._max_requests is None else max(self._max_requests - self._reserve - self.sent, 0)

    @property
    def waited_s(self) -> float:
        """Seconds waited for the sake of manners."""
        return self._paced_s + self._refused_s

    @property
    def notes(self) -> list[str]:
        """What the environment did, a sentence each; empty where it did nothing."""
        notes = []
        if refused := self._met["429"]:
            notes.append(
                f"{_count(refused, 'answer was', 'answers were')} 429; waited {self._refused_s:.0f} s"
            )
        notes += [
            f"{_count(met, 'answer was', 'answers were')} {status}"
            for status in ("502", "503", "504")
            if (met := self._met[status])
        ]
        notes += [
            f"{_count(met, 'request was', 'requests were')} not answered: {what}"
            for what, met in sorted(self._met.items())
            if not what.isdigit()
        ]
        if self._paced_s >= 1:
            notes.append(f"waited {self._paced_s:.0f} s to keep to {self._rate} requests a minute")
        return notes

    def open_reserve(self) -> None:
        """Let what was kept back be spent, without a limit of time: campaigns are being put back."""
        self._reserve = 0
        self._max_time = None

    def deliver(self, request: Request) -> list[Reply]:
        """Send a request, and again where the environment asks for it; every reply in order, the last one decisive.

        ``BudgetSpent`` where not even the first may be sent; a retry that is not allowed any more is left out.
        """
        self._admit(1)
        self._pace(request.operation)
        replies = [self._send(request)]
        retries = waits = 0
        while True:
            response, trouble = replies[-1].response, replies[-1].trouble
            if response is not None and response.status == _TOO_MANY and waits < _WAITS:
                pause, is_wait = self._asked(response, waits), True
                waits += 1
            elif _is_passing(response, trouble) and retries < _RETRIES:
                pause, is_wait = _FIRST_BACKOFF_S * 2**retries * (0.5 + self._rng.random()), False
                retries += 1
            else:
                return replies
            if not self._may(1, after=pause):
                return replies
            self._target.sleep(pause)
            if is_wait:
                self._refused_s += pause
            self._pace(request.operation)
            replies.append(self._send(request))

    def deliver_together(self, first: Request, second: Request) -> tuple[Reply, Reply]:
        """Send two requests at once; neither is tried again. ``BudgetSpent`` where both may not be sent."""
        self._admit(2)
        self._pace(first.operation)
        self._pace(second.operation)
        self.sent += 2
        with shielded():
            replies = self._target.send_together(first, second)
        for reply in replies:
            self._note(reply)
        return replies

    # -- what is behind it -----------------------------------------------------------------------------------------

    def _admit(self, count: int) -> None:
        if self._began is None:
            self._began = self._elapsed()
        if self.allowance is not None and self.allowance < count:
            raise BudgetSpent(f"the budget of {self._max_requests} requests is spent")
        if not self._may(count):
            raise BudgetSpent(f"the budget of {self._max_time:g} s is spent")

    def _may(self, count: int, *, after: float = 0.0) -> bool:
        if self.allowance is not None and self.allowance < count:
            return False
        return (
            self._max_time is None
            or self._began is None
            or self._elapsed() + after - self._began < self._max_time
        )

    def _pace(self, operation: Operation | None) -> None:
        """Wait until one more request of an operation stays within the rate of any 60 seconds; then it is counted."""
        if self._rate is None:
            return
        recent = self._recent.setdefault(operation, deque(maxlen=self._rate))
        if len(recent) == self._rate:
            over = recent[0] + _MINUTE_S - self._target.time()
            if over > 0:
                if not self._may(1, after=over):
                    raise BudgetSpent(f"the budget of {self._max_time:g} s is spent")
                self._target.sleep(over)
                self._paced_s += over
        recent.append(self._target.time())

    def _send(self, request: Request) -> Reply:
        self.sent += 1
        with shielded():
            reply = self._target.send(request)
        self._note(reply)
        return reply

    def _note(self, reply: Reply) -> None:
        if reply.trouble is not None:
            self._met[reply.trouble] += 1
        elif reply.response is not None and reply.response.status in {_TOO_MANY, *_UNAVAILABLE}:
            self._met[str(reply.response.status)] += 1

    def _asked(self, response: Response, waits: int) -> float:
        """How long a 429 asks to wait, capped; at least twice as long as before."""
        return min(max(_asked_s(response, self._target.time()), float(2**waits)), self._longest_wait)


def _is_passing(response: Response | None, trouble: str | None) -> bool:
    """Whether the same request may fare better in a moment."""
    return trouble in TRANSIENT if response is None else response.status in _UNAVAILABLE


def _asked_s(response: Response, now: float) -> float:
    """The seconds that a refusal asks for, by its message or by ``Retry-After``; the longer of the two, 0 where neither says.

    Source: Whop's errors page (the message); RFC 9110, section 10.2.3 (the header, in both its forms).
    """
    said = _SAID.search(response.content[:_READ_OF_A_REFUSAL])
    asked = float(said[1]) if said else 0.0
    header = (response.header("retry-after") or "").strip()
    if _SECONDS.fullmatch(header):
        return max(asked, float(header))
    at = read_http_date(header)
    if at is not None:
        base = read_http_date(response.header("date"))
        return max(asked, at - (now if base is None else base))
    return asked


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
