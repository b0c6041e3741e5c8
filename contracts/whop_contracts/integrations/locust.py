"""Load tests with Locust: how a campaign is followed while one user or several work on it.

Requests that overlap take effect in an order that nobody outside can see. The response to a write on a shared
campaign may therefore show what any write shows that was under way at the same time; a read may show what any
write left that no later one has certainly replaced. A write that got its response before another was sent is
replaced once that one has its response and 2 s have passed, because reads may lag. A state that no order
explains is a finding: a pause was lost, or parts of two were mixed.

This module imports neither Locust nor gevent; times are seconds of the sender's clock.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any, Final

from whop_contracts.exchange import INFRASTRUCTURE, Exchange, Finding, Request
from whop_contracts.pause.classify import read_intent
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.evidence import ACTIVE, Evidence, State
from whop_contracts.pause.oracle import Oracle
from whop_contracts.pause.oracle.blame import STORED, clauses_of_write, compare, describe
from whop_contracts.pause.oracle.states import LAG
from whop_contracts.pause.strategies.bodies import pause_bodies
from whop_contracts.pause.strategies.values import draw
from whop_contracts.redaction import Redactor
from whop_contracts.settings import Settings
from whop_contracts.target.clocks import WallClock

_BODIES: Final = 100
_REJECTED: Final = range(400, 500)


class OwnCampaign:
    """A campaign of one user, who sends one request after another: the oracle can check its whole history.

    No test clock moves here, so only the sender's clock decides how long a read may lag.
    """

    def __init__(self, *, tolerance: float) -> None:
        self._oracle = Oracle(tolerance=tolerance)
        self._written = -inf

    def begin(self, number: int, request: Request, sent: float) -> None:
        """Take in that a request is sent; it changes nothing, because no other is under way."""

    def follow(self, exchange: Exchange) -> Evidence:
        """Take in the exchange, and check it against everything that came before."""
        evidence = self._oracle.follow(exchange)
        if exchange.request.operation != "retrieve":
            self._written = exchange.received
        elif evidence.lagging and evidence.shown and exchange.sent - self._written > LAG:
            late = describe(evidence.before or frozenset(), evidence.shown, STORED)
            return replace(evidence, tested=frozenset({STORED}), findings={STORED: late})
        return evidence


@dataclass(slots=True)
class _Write:
    """The states that a write leads to, when it was sent, when its response came (``inf``: not yet)."""

    states: frozenset[State]
    sent: float
    received: float = inf


class SharedCampaign:
    """A campaign of several users; all their requests pass here. No date may be due during the load run."""

    def __init__(self) -> None:
        self._writes: list[_Write] = []
        self._begun: dict[int, tuple[float, _Write | None]] = {}

    def begin(self, number: int, request: Request, sent: float) -> None:
        """Take in that a request is sent: a write may take effect from now on."""
        write = None if request.operation == "retrieve" else _Write(_led_to(request), sent)
        self._begun[number] = sent, write
        if write:
            self._writes.append(write)

    def follow(self, exchange: Exchange) -> Evidence:
        """Check whether any order of the requests explains what the response shows."""
        _, write = self._begun.pop(exchange.number)
        # An oracle without a history reads the exchange; which states are possible is known here alone.
        evidence = replace(Oracle().follow(exchange), tested=frozenset(), findings={})
        if write and evidence.accepted:
            write.received = exchange.received
        elif write and evidence.status in _REJECTED and evidence.status not in INFRASTRUCTURE:
            self._writes.remove(write)
        if evidence.shown:
            evidence = self._check(evidence, evidence.shown, write)
        self._forget(exchange.received)
        return evidence

    def _check(self, evidence: Evidence, shown: State, write: _Write | None) -> Evidence:
        exchange = evidence.exchange
        if not self._writes:
            self._adopt(shown, exchange)
            return evidence
        since = exchange.sent if write else self._replaced(exchange.sent - LAG)
        allowed = frozenset(
            state
            for one in self._writes
            if one.sent <= exchange.received and one.received >= since
            for state in one.states
        )
        tested = clauses_of_write(evidence) if write else frozenset({STORED})
        checked = compare(evidence, tested, shown, allowed)
        if checked.findings:
            self._adopt(shown, exchange)
        return checked

    def _replaced(self, settled: float) -> float:
        """The time before which every finished write is replaced by one that was finished by ``settled``."""
        return max((one.sent for one in self._writes if one.received <= settled), default=-inf)

    def _adopt(self, shown: State, exchange: Exchange) -> None:
        """Take what is shown as true from now on, so that one bug is one failure."""
        if shown.whole and shown.status:
            states = frozenset({State(shown.status, shown.until)})
            self._writes.append(_Write(states, exchange.sent, exchange.received))

    def _forget(self, now: float) -> None:
        """Drop the writes that no later response can show."""
        since = self._replaced(min([now, *(sent for sent, _ in self._begun.values())]) - LAG)
        self._writes = [one for one in self._writes if one.received >= since]


def _led_to(request: Request) -> frozenset[State]:
    """The states that a write leads to once it is carried out."""
    if request.operation == "unpause":
        return frozenset({ACTIVE})
    intent = read_intent(request.content, request.header("content-type"), None, None)
    dated = frozenset(State("paused", until, intent.slack) for until in intent.until)
    return dated or frozenset({State("paused")})


def failures(evidence: Evidence, clauses: Iterable[Clause]) -> Iterator[tuple[Clause, Finding]]:
    """The clauses that an exchange fails, each with its first finding."""
    for clause in clauses:
        if clause.applies(evidence) and (found := next(clause.check(evidence), None)):
            yield clause, found


@dataclass(slots=True)
class Assignment:
    """One campaign of this process: how many users it has, and its document at the start.

    ``follower.begin`` is called before a request is sent, ``follower.follow`` when it is over.
    """

    campaign: str
    follower: OwnCampaign | SharedCampaign
    users: int = 0
    found: dict[str, Any] | None = None


@dataclass(slots=True)
class LoadRun:
    """What the users of one process share. ``counts``, on the master, are those of each worker."""

    settings: Settings = field(default_factory=Settings)
    clauses: tuple[Clause, ...] = ()
    assignments: list[Assignment] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    redactor: Redactor = field(default_factory=Redactor)
    clock: WallClock = field(default_factory=lambda: WallClock(time=time.time, sleep=time.sleep))
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    arrived: int = 0
    finished: int = 0
    paused: int = 0
    reported: set[str] = field(default_factory=set)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)

    def open(self, campaigns: list[str], seed: int) -> None:
        """Start with these campaigns. The bodies are the same for the same seed and day."""
        tolerance = self.settings.resume_tolerance
        own = [Assignment(one, OwnCampaign(tolerance=tolerance)) for one in campaigns[:-1]]
        self.assignments = [*own, *(Assignment(one, SharedCampaign()) for one in campaigns[-1:])]
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        instants = pause_bodies(earliest=today + timedelta(2), latest=today + timedelta(360))
        self.bodies = draw(instants, seed=seed, count=_BODIES)
        self.arrived = self.finished = self.paused = 0
        self.reported, self.counts = set(), {}

    def take(self) -> tuple[int, Assignment]:
        """A number for a user, from 0, and the campaign that it works on."""
        number, self.arrived = self.arrived, self.arrived + 1
        return number, self.assignments[min(number, len(self.assignments) - 1)]
