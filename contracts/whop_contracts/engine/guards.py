"""What is watched besides the clauses: credential, clocks, another company's campaign.

While one of them is in doubt, evidence is held instead of being checked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Literal

from whop_contracts.exchange import Exchange, Window
from whop_contracts.instants import NANO
from whop_contracts.pause.evidence import Evidence, State
from whop_contracts.steps import read
from whop_contracts.target.clocks import date_of

if TYPE_CHECKING:
    from whop_contracts.engine.session import Session

Watch = Callable[[Evidence, str, bool], None]
"""Gets an exchange, the name of its sequence, and whether it may be checked (else it is only recorded)."""
Doubt = Literal["clock", "credential", "permission", "conflict", "redirect"]
"""Why evidence is held."""
_UNSTAMPED: Final = 3
"""So many responses without a new stamp, and nothing can be learned from stamps."""
_REDIRECTS: Final = range(300, 400)
_APART: Final = 10 * NANO
_CONTRADICTIONS: Final = {
    "wall": "the Date headers and updated_at tell different times",
    "test": "the test clock is not the provider's: updated_at does not follow it",
}
PREFLIGHT: Final = "preflight"


class Stopped(Exception):  # noqa: N818 - no error: the run ends early, with this reason
    """The run cannot go on, for a reason that lies in the environment."""


@dataclass(slots=True)
class Outbox:
    """Passes evidence on in its order; holds it while there are ``doubts``, each with where it begins."""

    watch: Watch
    doubts: dict[Doubt, int] = field(default_factory=dict)
    _held: list[tuple[Evidence, bool]] = field(default_factory=list)

    def put(self, evidence: Evidence) -> None:
        """One more exchange."""
        self._held.append((evidence, True))
        self._flush()

    def hold(self, doubt: Doubt) -> None:
        """Hold what comes from now on, until ``settle`` with the same doubt."""
        self.doubts.setdefault(doubt, len(self._held))

    def settle(self, doubt: Doubt, *, sound: bool) -> None:
        """The doubt is over: what was held for it is checked if it is ``sound``, else only recorded."""
        start = self.doubts.pop(doubt, None)
        if start is not None and not sound:
            self._held[start:] = [(evidence, False) for evidence, _ in self._held[start:]]
        self._flush()

    def _flush(self) -> None:
        if self.doubts:
            return
        held, self._held = self._held, []
        for evidence, sound in held:
            self.watch(evidence, evidence.exchange.sequence, sound)


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
        if evidence.request_class is None or kind == "virtual" or (self.confirmed and kind == "test"):
            return
        if kind == "wall" and not self.confirmed and not session.in_teardown:
            session.outbox.hold("clock")
        if evidence.document is None:
            return
        stamped_at = session.contract.stamped_at
        before, stamp = stamped_at(evidence.documents.last), stamped_at(evidence.document)
        if before is None or stamp is None or stamp == before:
            self.unstamped += 1
            if self.unstamped > _UNSTAMPED:
                self.finish(session)
        elif evidence.exchange.now:
            self._compare(session, evidence, stamp, evidence.exchange.now)

    def _compare(self, session: Session, evidence: Evidence, stamp: int, now: Window) -> None:
        clock, exchange = session.target.clock, evidence.exchange
        learned = clock.kind == "wall" and date_of(evidence.response) is None
        slack = _APART if clock.kind == "wall" else int(session.tolerance * NANO)
        if learned:
            clock.learn_instant(stamp, exchange.sent, exchange.received)
        if now.start - slack <= stamp <= now.end + slack:
            self.finish(session, sound=True)
            return
        session.outbox.hold("clock")
        self.contradicted += 1
        if clock.kind == "wall" or self.contradicted > 1:
            if not learned:
                clock.doubt(_CONTRADICTIONS[clock.kind])
            self.finish(session, sound=False)

    def finish(self, session: Session, *, sound: bool | None = None) -> None:
        """What is held is ``sound``; by default, since the plan is over, if nothing was contradicted."""
        if "clock" in session.outbox.doubts:
            self.confirmed = True
            session.outbox.settle("clock", sound=not self.contradicted if sound is None else sound)


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
    doubt: Doubt | None = None

    def check(self, session: Session, exchange: Exchange) -> None:
        """Take in one exchange before it is recorded; if it raises a doubt, its evidence is held."""
        ours = exchange.role == "full" and exchange.scope == "named" and exchange.sequence != PREFLIGHT
        self.doubt = None
        if self.checking or not ours:
            return
        status = exchange.response.status if exchange.response else 0
        main = exchange.request.operation == session.contract.operation
        first = main and not self.used
        self.used |= main and status != 0
        if status == HTTPStatus.UNAUTHORIZED:
            self.doubt = "credential"
        elif first and (status == HTTPStatus.FORBIDDEN or status in _REDIRECTS):
            self.doubt = "permission" if status == HTTPStatus.FORBIDDEN else "redirect"
        elif main and status == HTTPStatus.CONFLICT and not self.accepted and not session.in_teardown:
            self.doubt = "conflict"
        self.accepted |= main and (self.doubt == "conflict" or 200 <= status < 300)  # noqa: PLR2004
        if self.doubt:
            session.outbox.hold(self.doubt)

    def recheck(self, session: Session, sequence: str) -> None:
        """Send what decides about a doubt, if there is one; ``Stopped`` if the credential is rejected."""
        doubt, contract = self.doubt, session.contract
        if not doubt:
            return
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

    ``sent`` is whether a request of the operation was sent to it, ``taken`` whether one was accepted, which
    is a finding; ``released`` is the response to the one request that resumes the campaign after each.
    """

    name: str
    first: State | None = None
    sent: bool = False
    taken: bool = False
    released: Evidence | None = None

    def check(self, session: Session, evidence: Evidence) -> None:
        """If a request of ours was accepted, resume the campaign once, and note it."""
        contract, exchange = session.contract, evidence.exchange
        if not evidence.accepted or exchange.scope != "foreign" or evidence.operation != contract.operation:
            return
        self.taken = True
        if self.first is not None and not contract.is_ready(self.first):
            became = f"was {self.first} and was changed; it was left alone"
        else:
            (resume,) = contract.requests_to_restore(None, contract.baseline, "foreign")
            self.released = session.send(resume, exchange.sequence)
            became = f"was paused; the request that resumes it got {self.released.status}"
        session.state.notes.append(f"{self.name}, another company's, {became}")
