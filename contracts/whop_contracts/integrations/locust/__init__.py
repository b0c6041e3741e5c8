"""Load tests with Locust: how a campaign is followed while one user or several work on it.

Requests that overlap take effect in an order that nobody outside can see. The response to a write on a shared
campaign may therefore show what any write shows that was under way at the same time; a read may show what any
write left that no later one has certainly replaced. A write that got its response before another was sent is
replaced once that one has its response and 2 s have passed, because reads may lag. A state that no order
explains is a finding: a pause was lost, or parts of two were mixed.

This module is pure and imports neither Locust nor gevent; times are seconds of the sender's clock. The Locust
user is in ``user``, the options of a load run and its end in ``load_run``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import inf
from typing import Final

from whop_contracts.exchange import INFRASTRUCTURE, Exchange, Finding, Request
from whop_contracts.pause.classify import read_intent
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.evidence import ACTIVE, Evidence, OracleFinding, State
from whop_contracts.pause.oracle import Oracle
from whop_contracts.pause.oracle.blame import STORED, Difference, clauses_of_write, describe, fail
from whop_contracts.pause.oracle.states import LAG

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
            late = OracleFinding(STORED, describe(evidence.before or frozenset(), evidence.shown, STORED))
            return replace(evidence, tested=frozenset({STORED}), findings=(late,))
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
        evidence = replace(Oracle().follow(exchange), tested=frozenset(), findings=())
        if write:
            self._settle(write, evidence)
        if evidence.shown:
            evidence = self._check(evidence, evidence.shown, write)
        self._forget(exchange.received)
        return evidence

    def _settle(self, write: _Write, evidence: Evidence) -> None:
        if evidence.accepted:
            write.received = evidence.exchange.received
        elif evidence.status in _REJECTED and evidence.status not in INFRASTRUCTURE:
            self._writes = [one for one in self._writes if one is not write]

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
        evidence = replace(evidence, tested=tested)
        if any(shown.matches(state) for state in allowed):
            return evidence
        self._adopt(shown, exchange)
        return fail(evidence, Difference(tested, shown, allowed, evidence.before, evidence.intent))

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


Follower = OwnCampaign | SharedCampaign
"""Follows one campaign: ``begin`` is called before a request is sent, ``follow`` when it is over."""


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
