"""What is watched besides the clauses: responses that never come, clocks that disagree, another company's campaign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from whop_contracts.engine.run_state import Stopped
from whop_contracts.instants import NANO
from whop_contracts.pause.clause import Contract
from whop_contracts.pause.evidence import Evidence, State
from whop_contracts.steps import Case

if TYPE_CHECKING:
    from whop_contracts.engine.request_builder import BuiltRequest
    from whop_contracts.engine.session import Session

_UNANSWERED: Final = 8
_APART: Final = 10 * NANO


def check_responses(session: Session, evidence: Evidence) -> None:
    """End the run if the operation never gets a response: retries of hundreds of requests would show the same."""
    if evidence.exchange.request.operation != session.contract.operation:
        return
    if evidence.accepted or session.unanswered is None:
        session.unanswered = None
    elif not evidence.answered:
        session.unanswered += 1
        if session.unanswered == _UNANSWERED and not session.in_teardown:
            what = evidence.exchange.trouble or f"{evidence.status} each time"
            raise Stopped(f"{session.contract.unproven}, and {_UNANSWERED} got no response at all: {what}")


def check_clock(session: Session, evidence: Evidence) -> None:
    """Doubt an estimated clock if a document is stamped with quite another time: the Date is then a gateway's."""
    now = evidence.exchange.now
    before, after = (session.contract.stamped_at(one) for one in (evidence.previous, evidence.document))
    if now is None or before is None or after is None or after == before:
        return
    if evidence.request_class is not None and not now.start - _APART <= after <= now.end + _APART:
        session.target.clock.doubt("the Date headers and updated_at tell different times")


@dataclass(slots=True)
class ForeignCampaign:
    """Another company's campaign: its state at the first read, if we may read it; our requests that it got.

    ``taken`` counts the requests that were accepted, which is a finding; ``released`` is the response to the one
    request that resumes the campaign after each.
    """

    name: str
    first: State | None = None
    sent: int = 0
    taken: int = 0
    released: Evidence | None = None

    def journalled(self, built: BuiltRequest, contract: Contract) -> str | None:
        """The name under which a request is journalled: none if it is expected to be rejected and not readable."""
        main = built.request.operation == contract.operation
        self.sent += main
        return self.name if not main or self.first else None

    def check(self, session: Session, evidence: Evidence, case: Case, sequence: str) -> None:
        """If a request of ours was accepted, resume the campaign once, and note it."""
        exchange = evidence.exchange
        if exchange.scope != "foreign" or exchange.request.operation != session.contract.operation:
            return
        if not evidence.accepted:
            return
        self.taken += 1
        notes = session.state.notes
        if self.first is not None and not session.contract.is_ready(self.first):
            notes.append(
                f"{self.name}, another company's, was {self.first} and was changed; it was left alone"
            )
            return
        (resume,) = session.contract.requests_to_restore(None, session.contract.baseline, case.campaign)
        self.released = session.send(resume, sequence)
        notes.append(
            f"{self.name}, another company's, was paused; the request that resumes it got {self.released.status}"
        )
