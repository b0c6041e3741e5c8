"""What is watched besides the clauses: missing responses, credential, clocks, another company's campaign.

While one of them is in doubt, evidence is held instead of being checked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Literal

from whop_contracts.exchange import Exchange
from whop_contracts.instants import NANO
from whop_contracts.pause.contract import Contract
from whop_contracts.pause.evidence import Evidence, State
from whop_contracts.steps import Case, read

if TYPE_CHECKING:
    from whop_contracts.engine.request_builder import BuiltRequest
    from whop_contracts.engine.session import Session

Watch = Callable[[Evidence, str, bool], None]
"""Gets an exchange, the name of its sequence, and whether it may be checked (else it is only recorded)."""
Doubt = Literal["clock", "credential", "permission", "conflict", "redirect"]
"""Why evidence is held."""
_UNANSWERED: Final = 8
_UNSTAMPED: Final = 3
"""So many responses without a new stamp, and nothing can be learned from stamps."""
_REDIRECTS: Final = range(300, 400)
_APART: Final = 10 * NANO
PREFLIGHT: Final = "preflight"


class Stopped(Exception):  # noqa: N818 - no error: the run ends early, with this reason
    """The run cannot go on, for a reason that lies in the environment."""


def check_responses(session: Session, evidence: Evidence) -> None:
    """End the run if the operation never gets a response: hundreds of retries show the same."""
    if evidence.operation != session.contract.operation:
        return
    if evidence.accepted or session.unanswered is None:
        session.unanswered = None
    elif not evidence.answered:
        session.unanswered += 1
        if session.unanswered == _UNANSWERED and not session.in_teardown:
            what = evidence.exchange.trouble or f"{evidence.status} each time"
            raise Stopped(f"{session.contract.unproven}, and {_UNANSWERED} got no response at all: {what}")


@dataclass(slots=True)
class Outbox:
    """Passes evidence on in its order; holds it while something is in doubt."""

    watch: Watch
    _held: list[tuple[Evidence, str, bool]] = field(default_factory=list)
    _doubts: dict[Doubt, int] = field(default_factory=dict)

    def put(self, evidence: Evidence, sequence: str) -> None:
        """One more exchange."""
        self._held.append((evidence, sequence, True))
        self._flush()

    def hold(self, doubt: Doubt) -> None:
        """Hold what comes from now on, until ``settle`` with the same doubt."""
        self._doubts.setdefault(doubt, len(self._held))

    def holds(self, doubt: Doubt) -> bool:
        """Whether evidence is held for that doubt."""
        return doubt in self._doubts

    def settle(self, doubt: Doubt, *, sound: bool) -> None:
        """The doubt is over: what was held for it is checked if it is ``sound``, else only recorded."""
        start = self._doubts.pop(doubt, None)
        if start is not None and not sound:
            self._held[start:] = [(evidence, sequence, False) for evidence, sequence, _ in self._held[start:]]
        self._flush()

    def _flush(self) -> None:
        if self._doubts:
            return
        held, self._held = self._held, []
        for evidence, sequence, sound in held:
            self.watch(evidence, sequence, sound)


@dataclass(slots=True)
class ClockCheck:
    """Compares the provider's clock, as the run knows it, with the instants that documents are stamped with.

    Only responses to the operation that carry a new stamp count. With an estimated clock evidence is held
    from the first request of the operation on until a stamp agrees; one contradiction means that its Date is
    a gateway's. Of a test clock evidence is held after the first contradiction, or the first move, until a
    stamp agrees; two contradictions and no agreement mean that it is not the provider's clock.
    """

    contradicted: int = 0
    unstamped: int = 0
    confirmed: bool = False

    def moved(self, session: Session) -> None:
        """The test clock was moved: what follows depends on it."""
        if session.target.clock.kind == "test" and not self.confirmed:
            session.outbox.hold("clock")

    def check(self, session: Session, evidence: Evidence) -> None:
        """Take in one exchange; it is held, if it has to be, before it is passed on."""
        kind = session.target.clock.kind
        if evidence.request_class is None or (self.confirmed and kind == "test"):
            return
        if kind == "wall" and not self.confirmed and not session.in_teardown:
            session.outbox.hold("clock")
        if evidence.document is None:
            return
        shown = (evidence.documents.last, evidence.document)
        before, after = (session.contract.stamped_at(one) for one in shown)
        if before is None or after is None or after == before:
            self.unstamped += 1
            if self.unstamped > _UNSTAMPED:
                self.finish(session)
        elif kind == "wall":
            self._check_estimate(session, evidence.exchange, after)
        elif kind == "test":
            self._check_test_clock(session, evidence.exchange, after)

    def _check_estimate(self, session: Session, exchange: Exchange, stamp: int) -> None:
        clock, now = session.target.clock, exchange.now
        agrees = now is not None and now.start - _APART <= stamp <= now.end + _APART
        if exchange.response is not None and exchange.response.header("date") is None:
            clock.learn_instant(stamp, exchange.sent, exchange.received)
        elif not agrees:
            clock.doubt("the Date headers and updated_at tell different times")
        self.settle(session, sound=agrees)

    def _check_test_clock(self, session: Session, exchange: Exchange, stamp: int) -> None:
        now, slack = exchange.now, int(session.tolerance * NANO)
        if now is None:
            return
        if now.start - slack <= stamp <= now.end + slack:
            if session.outbox.holds("clock"):
                self.settle(session, sound=True)
            return
        session.outbox.hold("clock")
        self.contradicted += 1
        if self.contradicted > 1:
            session.target.clock.doubt("the test clock is not the provider's: updated_at does not follow it")
            self.settle(session, sound=False)

    def finish(self, session: Session) -> None:
        """The plan is over: what was not contradicted may be checked."""
        if session.outbox.holds("clock"):
            self.settle(session, sound=not self.contradicted)

    def settle(self, session: Session, *, sound: bool) -> None:
        """Decide about what is held."""
        self.confirmed = True
        session.outbox.settle("clock", sound=sound)


@dataclass(slots=True)
class CredentialCheck:
    """Whether our own credential is rejected for what it is: then nothing can be concluded about the API.

    A 401 in the middle of a run is rechecked by a read, a 403 to the first request of the operation by the
    simplest one and the one that undoes it, a redirect by the simplest one. A 409, while no request of the
    operation was accepted, is rechecked by the simplest one after the one that undoes it; if it was not
    carried out either, nothing can be concluded.
    """

    used: bool = False
    accepted: bool = False
    checking: bool = False

    def begin(self, session: Session, exchange: Exchange, sequence: str) -> Doubt | None:
        """The doubt that an exchange raises before it is recorded; its evidence is held from here on."""
        if self.checking or exchange.role != "full" or exchange.scope != "named" or sequence == PREFLIGHT:
            return None
        status = exchange.response.status if exchange.response else 0
        main = exchange.request.operation == session.contract.operation
        first = main and not self.used
        self.used |= main and status != 0
        doubt: Doubt | None = "credential" if status == HTTPStatus.UNAUTHORIZED else None
        if first and (status == HTTPStatus.FORBIDDEN or status in _REDIRECTS):
            doubt = "permission" if status == HTTPStatus.FORBIDDEN else "redirect"
        if main and status == HTTPStatus.CONFLICT and not self.accepted and not session.in_teardown:
            doubt = "conflict"
        self.accepted |= main and (doubt == "conflict" or 200 <= status < 300)  # noqa: PLR2004
        if doubt:
            session.outbox.hold(doubt)
        return doubt

    def recheck(self, session: Session, doubt: Doubt, sequence: str) -> None:
        """Send what decides about a doubt; ``Stopped`` if the credential is rejected again."""
        contract = session.contract
        simplest, undo = contract.simplest_requests
        self.checking, rejected, why = True, True, contract.conflicting
        try:
            if doubt == "conflict":
                session.send(undo, sequence)
                rejected = session.send(simplest, sequence).status == HTTPStatus.CONFLICT
                # A 409 to a request that was carried out is a finding.
                rejected &= session.plain(session.send(read(), sequence)).shown == contract.baseline
                session.send(undo, sequence)
            elif doubt == "redirect":
                # The first one is a finding; that every other one is redirected too is the same.
                session.outbox.settle(doubt, sound=True)
                session.outbox.hold(doubt)
                evidence = session.send(simplest, sequence)
                rejected = evidence.status in _REDIRECTS
                why = f"every {contract.operation} gets a {contract.describe_status(evidence)}"
            elif doubt == "permission":
                tried = (session.send(case, sequence) for case in (simplest, undo))
                rejected = all(one.status == HTTPStatus.FORBIDDEN for one in tried)
                expected = f"expected one with {contract.permission}"
                why = f"the credential may not pause a campaign (403); {expected}"
            else:
                rejected = session.send(read(), sequence).status == HTTPStatus.UNAUTHORIZED
                why = (
                    "every request gets a 401 since the run began: the credential was revoked or has expired"
                )
        finally:
            self.checking = False
            if doubt == "redirect" and rejected:
                # The first one may be held for the clock, too, which it does not depend on.
                session.outbox.settle(doubt, sound=False)
                session.clock_check.finish(session)
            session.state.unsound |= rejected
            session.outbox.settle(doubt, sound=not rejected)
        session.state.untouched |= rejected and doubt in ("permission", "redirect")
        if rejected:
            raise Stopped(why)


@dataclass(slots=True)
class ForeignCampaign:
    """Another company's campaign: its state at the first read, if we may read it; our requests that it got.

    ``taken`` counts the requests that were accepted, which is a finding; ``released`` is the response to the
    one request that resumes the campaign after each.
    """

    name: str
    first: State | None = None
    sent: int = 0
    taken: int = 0
    released: Evidence | None = None

    def journalled(self, built: BuiltRequest, contract: Contract) -> str | None:
        """The name to journal a request under; None if it should be rejected and cannot be read."""
        main = built.request.operation == contract.operation
        self.sent += main
        return self.name if not main or self.first else None

    def check(self, session: Session, evidence: Evidence, case: Case, sequence: str) -> None:
        """If a request of ours was accepted, resume the campaign once, and note it."""
        contract, theirs = session.contract, evidence.exchange.scope == "foreign"
        if not (theirs and evidence.operation == contract.operation and evidence.accepted):
            return
        self.taken += 1
        if self.first is not None and not contract.is_ready(self.first):
            became = f"was {self.first} and was changed; it was left alone"
        else:
            (resume,) = contract.requests_to_restore(None, contract.baseline, case.campaign)
            self.released = session.send(resume, sequence)
            became = f"was paused; the request that resumes it got {self.released.status}"
        session.state.notes.append(f"{self.name}, another company's, {became}")
