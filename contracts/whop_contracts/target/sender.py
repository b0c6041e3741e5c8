"""Sends requests at a steady rate, waits as a 429 asks, retries, and keeps a run within its budgets."""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import KW_ONLY, dataclass, field
from typing import Final

from whop_contracts.exchange import INFRASTRUCTURE, Operation, Request, Response
from whop_contracts.signals import shielded
from whop_contracts.target import Target
from whop_contracts.target.clocks import read_http_date
from whop_contracts.target.responses import TRANSIENT, Reply

_MINUTE_S: Final = 60.0
_TOO_MANY: Final = 429
_WAIT_ASKED: Final = re.compile(rb"try again in\s+(\d{1,6}(?:\.\d{1,6})?)\s*s", re.IGNORECASE)
_SECONDS: Final = re.compile(r"\d{1,6}")
_BYTES_READ_OF_A_429: Final = 10_000
_FIRST_BACKOFF_S: Final = 0.2
_RETRIES: Final = 3
_WAITS: Final = 5


class BudgetSpent(Exception):  # noqa: N818 - no error: the end that was asked for
    """The requests or the time of a run are spent. Nothing was sent."""


@dataclass(slots=True, eq=False)
class Sender:
    """Delivers requests to a target, those of one operation at least 60/``rate`` seconds apart (None: any).

    After a 429 it waits as long as the response asks, at most a minute and at most five times, each wait at
    least twice the one before. Any other status of ``INFRASTRUCTURE``, a reset or a time-out is retried at
    most three times, after a pause drawn from ``rng``.

    ``max_requests`` and ``max_time`` (seconds of ``clock``, else of the target's ``time()``, from the first
    request on) are never exceeded. Of the requests, ``reserve`` are kept back until ``restore_within``, which
    also replaces the limit of time.
    """

    target: Target
    _: KW_ONLY
    rng: random.Random
    rate: int | None = None
    max_requests: int | None = None
    max_time: float | None = None
    clock: Callable[[], float] | None = None
    reserve: int = 0
    jobs: int = 1
    sent: int = field(default=0, init=False)
    _until: float | None = field(default=None, init=False)
    _retrying: Callable[[str], None] | None = field(default=None, init=False)
    _due: dict[Operation | None, float] = field(default_factory=dict, init=False)
    _met: Counter[str] = field(default_factory=Counter, init=False)
    _paced_s: float = field(default=0.0, init=False)
    _asked_s: float = field(default=0.0, init=False)

    def elapsed(self) -> float:
        """The seconds on the clock by which time is limited."""
        return (self.clock or self.target.time)()

    @property
    def allowance(self) -> int | None:
        """How many requests may still be sent; None for any number."""
        return None if self.max_requests is None else max(self.max_requests - self.reserve - self.sent, 0)

    @property
    def waited_s(self) -> float:
        """Seconds waited to keep to the rate, and because a 429 asked for it."""
        return self._paced_s + self._asked_s

    @property
    def notes(self) -> list[str]:
        """What the infrastructure did, one sentence each; empty if nothing happened."""
        notes = []
        for what, count in sorted(self._met.items()):
            if what.isdigit():
                waited = f"; waited {self._asked_s:.0f} s" if what == str(_TOO_MANY) else ""
                notes.append(f"{count} {'response was' if count == 1 else 'responses were'} {what}{waited}")
            else:
                notes.append(f"{count} request{'s' * (count > 1)} got no response: {what}")
        if self._paced_s >= 1:
            notes.append(f"waited {self._paced_s:.0f} s to keep to {self.rate} requests a minute")
        return notes

    def restore_within(self, seconds: float, retrying: Callable[[str], None]) -> None:
        """Allow the requests that were kept back, for so many seconds from now: a campaign is being restored.

        A 429 is then waited out for at most half of the time that is left, a response may take no longer than
        that time (or one second), and ``retrying`` is called for each retry.
        """
        self.reserve = 0
        self._until = self.elapsed() + seconds
        self._retrying = retrying

    def deliver(self, request: Request) -> list[Reply]:
        """Send a request, and retry it if need be; every reply in order. ``BudgetSpent`` if none is sent."""
        self._begin(request)
        return self._retry(request, [self._send(request)])

    def deliver_together(self, requests: Sequence[Request]) -> tuple[list[list[Reply]], BaseException | None]:
        """Send requests, up to ``jobs`` at once; what ``deliver`` returns for each of those that were sent.

        They begin in their order, at the rate; what has to be retried is retried after all have a response.
        If the budget is spent or the run is interrupted, nothing more is sent, and the exception is returned.
        """
        sent: list[Future[Reply]] = []
        ended: BaseException | None = None
        pool = ThreadPoolExecutor(self.jobs)
        try:
            for request in requests:
                with shielded():
                    under_way = [one for one in sent if not one.done()]
                    if len(under_way) >= self.jobs:
                        wait(under_way, return_when=FIRST_COMPLETED)
                self._begin(request)
                self.sent += 1
                sent.append(pool.submit(self.target.send, request))
            with shielded():
                wait(sent)
        except (BudgetSpent, KeyboardInterrupt) as error:
            ended = error
        with shielded():
            pool.shutdown()
        done = [[self._count(one.result())] for one in sent]
        try:
            for request, replies in zip(requests, done if ended is None else (), strict=False):
                self._retry(request, replies)
        except KeyboardInterrupt as error:
            ended = error
        return done, ended

    def _begin(self, request: Request) -> None:
        """Wait until a request may be sent; raises ``BudgetSpent`` if it may not be."""
        if self._until is None:
            self._until = math.inf if self.max_time is None else self.elapsed() + self.max_time
        if self.allowance == 0:
            raise BudgetSpent(f"the budget of {self.max_requests} requests is spent")
        if not self._wait(request.operation):
            spent = "restoring takes longer than --restore-time allows"
            raise BudgetSpent(spent if self._retrying else f"the budget of {self.max_time:g} s is spent")

    def _retry(self, request: Request, replies: list[Reply]) -> list[Reply]:
        """Retry a request if its last reply asks for it; the new replies are added to ``replies``."""
        retries = waits = 0
        while True:
            response, trouble = replies[-1].response, replies[-1].trouble
            status = response.status if response else 0
            if response and status == _TOO_MANY and waits < _WAITS:
                asked = max(_asked_s(response, self.target.time()), float(2**waits))
                pause, waits = min(asked, _MINUTE_S), waits + 1
                if self._retrying and (pause := min(pause, self._left_s / 2)) < 1:
                    return replies
            elif (status in INFRASTRUCTURE - {_TOO_MANY} or trouble in TRANSIENT) and retries < _RETRIES:
                pause, retries = _FIRST_BACKOFF_S * 2**retries * (0.5 + self.rng.random()), retries + 1
            else:
                return replies
            if self._retrying:
                got = f"{request.method} {request.campaign}: {trouble or status}"
                self._retrying(f"{got}; sent again in {pause:.0f} s, for at most {self._left_s:.0f} s more")
            if self.allowance == 0 or not self._wait(request.operation, pause):
                return replies
            self._asked_s += pause if status == _TOO_MANY else 0.0
            replies.append(self._send(request))

    @property
    def _left_s(self) -> float:
        """The seconds that are left to send requests."""
        return (self._until or math.inf) - self.elapsed()

    def _wait(self, operation: Operation | None, pause: float = 0.0) -> bool:
        """Wait ``pause`` seconds and until the operation's next request is due; False if that is too late."""
        now = self.target.time()
        whole = max(pause, self._due.get(operation, now) - now)
        if whole >= self._left_s:
            return False
        if whole > 0:
            self.target.sleep(whole)
            self._paced_s += whole - pause
        if self.rate:
            self._due[operation] = self.target.time() + _MINUTE_S / self.rate
        return True

    def _send(self, request: Request) -> Reply:
        self.sent += 1
        limit = {"timeout": max(self._left_s, 1.0)} if self._retrying else {}
        with shielded():
            reply = self.target.send(request, **limit)
        return self._count(reply)

    def _count(self, reply: Reply) -> Reply:
        """Count what the infrastructure did."""
        status = reply.response.status if reply.response else None
        if reply.trouble or status in INFRASTRUCTURE:
            self._met[reply.trouble or str(status)] += 1
        return reply


def _asked_s(response: Response, now: float) -> float:
    """The seconds that a 429 asks to wait, by its message or ``Retry-After``: the longer of the two, or 0.

    Source: Whop's errors page (the message); RFC 9110, section 10.2.3 (the header, in both its forms).
    """
    found = _WAIT_ASKED.search(response.content[:_BYTES_READ_OF_A_429])
    asked = float(found[1]) if found else 0.0
    header = (response.header("retry-after") or "").strip()
    if _SECONDS.fullmatch(header):
        return max(asked, float(header))
    if (at := read_http_date(header)) is None:
        return asked
    base = read_http_date(response.header("date"))
    return max(asked, at - (now if base is None else base))
