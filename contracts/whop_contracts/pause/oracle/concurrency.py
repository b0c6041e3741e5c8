"""Campaigns under load, judged: one that a single user works on, by its whole history, and one on which several work at once.

Requests that overlap take effect in an order that nobody outside can see. So of a shared campaign an answer to a write may show what any write
shows that was under way beside it, and a read what any write left that no later one has surely replaced: a write that was answered before
another was sent is replaced once that one is answered, and 2 s have passed for readers that lag. What no order explains breaks a promise:
a pause that was lost, or parts of two.

Pure: times are handed in, in seconds of the sender's clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import inf
from typing import Final, Protocol

from whop_contracts.exchange import INFRASTRUCTURE, Exchange, Finding, Request
from whop_contracts.pause.classify import read_intent
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.evidence import ACTIVE, Evidence, OracleFinding, State
from whop_contracts.pause.oracle import Oracle
from whop_contracts.pause.oracle.blame import STORED, Difference, clauses_of_write, describe, fail
from whop_contracts.pause.oracle.states import LAG

_REFUSED: Final = range(400, 500)


class Follower(Protocol):
    """One campaign, as whoever works on it follows it: every request is begun before it is sent, and followed when it is over."""

    def begin(self, number: int, request: Request, sent: float) -> None:
        """A request is sent now."""
        ...

    def follow(self, exchange: Exchange) -> Evidence:
        """It is over; what it shows."""
        ...


class OwnCampaign:
    """A campaign that one user works on, one request after another: every clause about its history can be decided.

    No test clock moves here, so how long a read may lag goes by the sender's clock alone.
    """

    def __init__(self, *, tolerance: float) -> None:
        self._expectation = Oracle(tolerance=tolerance)
        self._written = -inf

    def begin(self, number: int, request: Request, sent: float) -> None:
        """Nothing else is under way."""

    def follow(self, exchange: Exchange) -> Evidence:
        """Held against all that came before."""
        evidence = self._expectation.follow(exchange)
        if exchange.request.operation != "retrieve":
            self._written = exchange.received
        elif evidence.lagging and evidence.shown and exchange.sent - self._written > LAG:
            late = OracleFinding(STORED, describe(evidence.before or frozenset(), evidence.shown))
            return replace(evidence, tested=frozenset({STORED}), findings=(late,))
        return evidence


@dataclass(slots=True)
class _Write:
    """What a write leads to, when it was sent, and when it was answered: never, while it is under way and where no answer tells."""

    states: frozenset[State]
    sent: float
    received: float = inf


class SharedCampaign:
    """A campaign that several users work on at once, all of whose requests pass here. Dates have to lie beyond the run: none falls due."""

    def __init__(self) -> None:
        self._writes: list[_Write] = []
        self._begun: dict[int, tuple[float, _Write | None]] = {}

    def begin(self, number: int, request: Request, sent: float) -> None:
        """A write may take effect from here on."""
        write = None if request.operation == "retrieve" else _Write(_led_to(request), sent)
        self._begun[number] = sent, write
        if write:
            self._writes.append(write)

    def follow(self, exchange: Exchange) -> Evidence:
        """What one answer shows, and whether any order of the requests explains it."""
        _, write = self._begun.pop(exchange.number)
        # What may be shown is known here, not to an oracle that sees one request at a time.
        evidence = replace(Oracle().follow(exchange), tested=frozenset(), findings=())
        if write:
            self._settle(write, evidence)
        if evidence.shown:
            evidence = self._judged(evidence, evidence.shown, write)
        self._forget(exchange.received)
        return evidence

    def _settle(self, write: _Write, evidence: Evidence) -> None:
        if evidence.accepted:
            write.received = evidence.exchange.received
        elif evidence.status in _REFUSED and evidence.status not in INFRASTRUCTURE:
            self._writes = [one for one in self._writes if one is not write]

    def _judged(self, evidence: Evidence, seen: State, write: _Write | None) -> Evidence:
        exchange = evidence.exchange
        if not self._writes:
            self._adopt(seen, exchange)
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
        if any(seen.matches(state) for state in allowed):
            return evidence
        self._adopt(seen, exchange)
        return fail(evidence, Difference(tested, seen, allowed, evidence.before, evidence.intent))

    def _replaced(self, settled: float) -> float:
        """The instant before which every write that was answered has been replaced by one that was answered up to ``settled``."""
        return max((one.sent for one in self._writes if one.received <= settled), default=-inf)

    def _adopt(self, seen: State, exchange: Exchange) -> None:
        """Take what is shown for true from here on: one bug is one failure."""
        if seen.whole and seen.status:
            shown = frozenset({State(seen.status, seen.until)})
            self._writes.append(_Write(shown, exchange.sent, exchange.received))

    def _forget(self, now: float) -> None:
        """Drop what no answer to come can show."""
        since = self._replaced(min([now, *(sent for sent, _ in self._begun.values())]) - LAG)
        self._writes = [one for one in self._writes if one.received >= since]


def _led_to(request: Request) -> frozenset[State]:
    """The states that a write leads to once it is carried out."""
    if request.operation == "unpause":
        return frozenset({ACTIVE})
    asked = read_intent(request.content, request.header("content-type"), None, None)
    dated = frozenset(State("paused", until, asked.slack) for until in asked.until)
    return dated or frozenset({State("paused")})


def failures(evidence: Evidence, clauses: Iterable[Clause]) -> Iterator[tuple[Clause, Finding]]:
    """The clauses that an exchange breaks, each with the first thing found."""
    for clause in clauses:
        if clause.applies(evidence) and (found := next(clause.check(evidence), None)):
            yield clause, found
