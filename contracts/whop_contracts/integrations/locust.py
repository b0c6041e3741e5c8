"""Load tests with Locust: how a campaign is followed while one user or several work on it.

Requests that overlap take effect in an order that nobody outside can see. The response to a write on a shared
campaign may therefore show what any write shows that was under way at the same time; a read may show what any
write left that no later one has certainly replaced. A write that got its response before another was sent is
replaced once that one has its response and 2 s have passed, because reads may lag. A state that no order
explains is a finding: a pause was lost, or parts of two were mixed. Times are seconds of the sender's clock.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any, Final

from whop_contracts.exchange import INFRASTRUCTURE, Exchange, Request
from whop_contracts.pause.classify import read_intent
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.evidence import ACTIVE, Evidence, State
from whop_contracts.pause.oracle import Oracle
from whop_contracts.pause.oracle.blame import STORED, clauses_of_write, compare, describe
from whop_contracts.pause.oracle.states import LAG
from whop_contracts.pause.strategies.bodies import pause_bodies
from whop_contracts.pause.strategies.values import draw
from whop_contracts.settings import Settings
from whop_contracts.target.clocks import WallClock

_REJECTED: Final = frozenset(range(400, 500)) - INFRASTRUCTURE


class OwnCampaign(Oracle):
    """A campaign of one user, who sends one request after another: the oracle can check its whole history.

    No test clock moves here, so only the sender's clock decides how long a read may lag.
    """

    _written = -inf

    def begin(self, request: Request, sent: float) -> None:
        """Take in that a request is sent; it changes nothing, because no other is under way."""

    def follow(self, exchange: Exchange) -> Evidence:
        """Take in the exchange, and check it against everything that came before."""
        evidence = super().follow(exchange)
        if exchange.request.operation != "retrieve":
            self._written = exchange.received
        elif evidence.lagging and evidence.shown and exchange.sent - self._written > LAG:
            late = describe(evidence.before or frozenset(), evidence.shown, STORED)
            return replace(evidence, tested=frozenset({STORED}), findings={STORED: late})
        return evidence


@dataclass(slots=True)
class _Begun:
    """The states that a request leads to (a read: none), when it was sent, when its response came."""

    states: frozenset[State]
    sent: float
    received: float = inf


class SharedCampaign:
    """A campaign of several users; all their requests pass here. No date may be due during the load run."""

    def __init__(self) -> None:
        self._writes: list[_Begun] = []
        self._begun: dict[int, _Begun] = {}  # by the identity of the request: two may be equal

    def begin(self, request: Request, sent: float) -> None:
        """Take in that a request is sent: a write may take effect from now on."""
        states: frozenset[State] = frozenset()
        if request.operation == "unpause":
            states = frozenset({ACTIVE})
        elif request.operation == "pause":
            intent = read_intent(request.content, request.header("content-type"), None, None)
            dated = frozenset(State("paused", until, intent.slack) for until in intent.until)
            states = dated or frozenset({State("paused")})
        self._begun[id(request)] = begun = _Begun(states, sent)
        if states:
            self._writes.append(begun)

    def follow(self, exchange: Exchange) -> Evidence:
        """Check whether any order of the requests explains what the response shows."""
        own = self._begun.pop(id(exchange.request))
        # An oracle without a history reads the exchange; which states are possible is known here alone.
        evidence = replace(Oracle().follow(exchange), tested=frozenset(), findings={})
        if own.states and evidence.accepted:
            own.received = exchange.received
        elif own.states and evidence.status in _REJECTED:
            self._writes.remove(own)
        shown = evidence.shown
        if shown and self._writes:
            since = exchange.sent if own.states else self._replaced(exchange.sent - LAG)
            allowed = frozenset(
                state
                for one in self._writes
                if one.sent <= exchange.received and one.received >= since
                for state in one.states
            )
            tested = clauses_of_write(evidence) if own.states else frozenset({STORED})
            evidence = compare(evidence, tested, shown, allowed)
        if shown and shown.whole and (evidence.findings or not self._writes):
            # It is taken as true from now on, so that one bug is one failure.
            self._writes.append(_Begun(frozenset({shown}), exchange.sent, exchange.received))
        # What no later response can show is dropped.
        oldest = min([exchange.received, *(one.sent for one in self._begun.values())])
        since = self._replaced(oldest - LAG)
        self._writes = [one for one in self._writes if one.received >= since]
        return evidence

    def _replaced(self, settled: float) -> float:
        """The time before which every finished write is replaced by one that was finished by ``settled``."""
        return max((one.sent for one in self._writes if one.received <= settled), default=-inf)


@dataclass(slots=True)
class LoadRun:
    """What the users of one process share. ``users``, how many work on it, and ``found``, its state at the
    start, are by campaign. ``counts`` (users ``finished``, pauses ``paused``, campaigns that are ``left`` not
    restored) are those of all workers on the master, on a worker those since its last report.
    """

    settings: Settings = field(default_factory=Settings)
    clauses: tuple[Clause, ...] = ()
    clock: WallClock = field(default_factory=lambda: WallClock(time=time.time, sleep=time.sleep))
    followers: dict[str, OwnCampaign | SharedCampaign] = field(default_factory=dict)
    users: Counter[str] = field(default_factory=Counter)
    found: dict[str, State] = field(default_factory=dict)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    arrived: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    reported: set[str] = field(default_factory=set)

    def open(self, campaigns: list[str], seed: int) -> None:
        """Start with these campaigns. The bodies are the same for the same seed and day."""
        self.followers = {one: OwnCampaign(tolerance=self.settings.resume_tolerance) for one in campaigns}
        self.followers[campaigns[-1]] = SharedCampaign()
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        instants = pause_bodies(earliest=today + timedelta(2), latest=today + timedelta(360))
        self.bodies = draw(instants, seed=seed, count=100)
        self.arrived, self.users, self.counts, self.found, self.reported = 0, Counter(), Counter(), {}, set()
