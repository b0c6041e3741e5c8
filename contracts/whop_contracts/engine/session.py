"""The conversation with a target: one request after the other, journalled before it is sent, followed when it is answered.

What is asked next, the executor and the putting back decide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from whop_contracts.actors import Actors
from whop_contracts.engine.internal_error import told
from whop_contracts.engine.journal import Journal, JournalError
from whop_contracts.engine.request_builder import BuiltRequest, RequestBuilder
from whop_contracts.engine.run_state import Foreign, RunState, Stopped
from whop_contracts.exchange import Exchange, Window
from whop_contracts.instants import NANO, read_instant, write_instant
from whop_contracts.json_text import read_leniently, read_response
from whop_contracts.pause.evidence import Evidence, Possible, read_state
from whop_contracts.pause.oracle import Oracle
from whop_contracts.pause.sequences import unpause
from whop_contracts.steps import Case, read
from whop_contracts.target import Reply, Sender, Target

_SETTLE: Final = (0.25, 0.5, 1.0, 0.5)
"""Seconds between the looks at a read that may lag; together a little more than the lag that is allowed."""
_SETTLES: Final = 6
"""How often in a run a late read is waited for: each time costs seconds and requests, and tells the same."""
_INTERRUPTED: Final = "interrupted"
_UNAUTHORIZED: Final = 401
_DAY: Final = 86_400 * NANO
_APART: Final = 10 * NANO
_UNANSWERED: Final = 8
PREFLIGHT: Final = "preflight"


class Session:
    """Sends cases. Every exchange is given to ``watch`` as evidence, in the order of the answers.

    From ``part`` on campaigns are being put back, which comes before everything else: what a journal, a judge or the expectation raises is
    kept in the outcome, and what was to be sent is sent.
    """

    def __init__(
        self,
        target: Target,
        courier: Sender,
        binder: RequestBuilder,
        parties: Actors,
        *,
        expectation: Oracle,
        journal: Journal | None,
        watch: Callable[[Evidence, str], None],
    ) -> None:
        self.target = target
        self.parties = parties
        self.journal = journal
        self.expectation = expectation
        self.outcome = RunState()
        self.marks: dict[str, int] = {}
        self.foreign = Foreign()
        self._courier = courier
        self._binder = binder
        self._watch = watch
        self._number = 0
        self._settles = 0
        self._denied = False
        self._held: list[tuple[Evidence, str]] | None = None
        self._parting = False
        self._unanswered: int | None = 0

    def part(self) -> None:
        """Begin to put back."""
        self._parting = True

    def possible(self, campaign: str) -> Possible:
        """The states in which a campaign may be now."""
        return self.expectation.possible(campaign, self.now())

    def now(self) -> Window | None:
        """The provider's clock now, as far as it is known."""
        time = self.target.time()
        return self._window(time, time)

    def noted(self, write: Callable[[Journal], None]) -> None:
        """Write to the journal, if one is kept. ``JournalError`` where that fails, unless campaigns are being put back."""
        if self.journal is None:
            return
        try:
            write(self.journal)
        except JournalError as error:
            if not self._parting:
                raise
            self.outcome.unjournalled = str(error)

    # -- requests --------------------------------------------------------------------------------------------------

    def read(self, symbol: str, sequence: str, *, patient: bool = False) -> Evidence:
        """Read a campaign; where the answer may only be late, look again until it cannot be, ``patient`` however often it happens."""
        evidence = self.send(read(symbol), sequence)
        if not evidence.lagging or (self._settles >= _SETTLES and not patient):
            return evidence
        # Where requests are counted, one look after the whole wait has to do.
        for seconds in (sum(_SETTLE),) if patient else _SETTLE:
            self.target.clock.lag(seconds)
            evidence = self.send(read(symbol), sequence)
            if not evidence.lagging:
                break
        self._settles += 1
        return evidence

    def send(self, case: Case, sequence: str) -> Evidence:
        """Send one case, again where the environment asks for it; the evidence of the last answer."""
        bound = self._bind(case)
        self._intend(bound)
        began = self.target.time()
        try:
            replies = self._courier.deliver(bound.request)
        except KeyboardInterrupt:
            # It may have been carried out: what it left has to be put back, and is no breach.
            self._record(bound, case, sequence, Reply(None, _INTERRUPTED, began, self.target.time()))
            raise
        ours = bound.role == "full" and bound.scope == "named" and sequence != PREFLIGHT
        status = replies[-1].response.status if replies[-1].response else 0
        if ours and status == _UNAUTHORIZED and not self._denied:
            return self._doubted([(bound, case, sequence, reply) for reply in replies])
        evidence = [self._record(bound, case, sequence, reply) for reply in replies][-1]
        if bound.request.operation == "pause":
            self._hear(evidence)
        if bound.scope == "foreign" and bound.request.operation == "pause" and evidence.accepted:
            self._release(case, sequence)
        return evidence

    # -- what is behind them ---------------------------------------------------------------------------------------

    def _hear(self, evidence: Evidence) -> None:
        """End the run where pauses go unanswered and none succeeds: what is cut off is not asked hundreds of times, each with its retries."""
        if evidence.accepted or self._unanswered is None:
            self._unanswered = None
        elif not evidence.answered:
            self._unanswered += 1
            if self._unanswered == _UNANSWERED and not self._parting:
                what = evidence.exchange.trouble or f"{evidence.status} each time"
                raise Stopped(
                    f"no pause was answered 2xx, and {_UNANSWERED} were not answered at all: {what}"
                )

    def _release(self, case: Case, sequence: str) -> None:
        """Another company's campaign was paused, which is a finding: one unpause is tried, and said; none where it was paused before."""
        self.foreign.taken += 1
        name = f"{self.parties.foreign}, another company's,"
        if self.foreign.first is not None and self.foreign.first.status == "paused":
            self.outcome.notes.append(f"{name} was paused again; it was paused before, and was not unpaused")
            return
        answer = self.foreign.released = self.send(unpause(case.campaign), sequence)
        self.outcome.notes.append(f"{name} was paused; an unpause was answered {answer.status}")

    def _doubted(self, answered: list[tuple[BuiltRequest, Case, str, Reply]]) -> Evidence:
        """A 401 to our own credential: where reading is answered so too, the token died, and nothing can be said, of these answers either."""
        self._denied, self._held = True, []
        try:
            evidence = [self._record(*one) for one in answered][-1]
            dead = True
            try:
                dead = self.send(read(), answered[-1][2]).status == _UNAUTHORIZED
            finally:
                self.outcome.unsound |= dead
                held, self._held = self._held, None
                for one, sequence in held:
                    self._tell(one, sequence)
        finally:
            self._denied, self._held = False, None
        if dead:
            raise Stopped("the credential is answered 401 since the run began: it was revoked or has expired")
        return evidence

    def _tell(self, evidence: Evidence, sequence: str) -> None:
        if self._held is None:
            self._watch(evidence, sequence)
        else:
            self._held.append((evidence, sequence))

    def _bind(self, case: Case) -> BuiltRequest:
        bound = self._binder.bind(case, self.now() or _guess(self.target.time()), self.marks)
        if case.mark and bound.until:
            now = self.now()
            self.marks[case.mark] = max(bound.until, now.end if now else 0)
        return bound

    def _intend(self, bound: BuiltRequest) -> None:
        """Journal what a request could do to a campaign before it is sent."""
        asked, operation = bound.request.campaign, bound.request.operation
        if operation == "retrieve":
            return
        named = next((c for c in self.parties.campaigns if c.lower() == asked.lower()), None)
        if bound.scope == "foreign":
            self.foreign.sent += operation == "pause"
            # A pause of a campaign that we may not even read is expected to be refused, and nothing could be put back.
            named = asked if operation == "unpause" or self.foreign.first else None
        if named is not None:
            status = "paused" if operation == "pause" else "active"
            until = write_instant(bound.until) if bound.until and status == "paused" else None
            self.noted(lambda journal: journal.intend(named, status, until))

    def _record(self, bound: BuiltRequest, case: Case, sequence: str, reply: Reply) -> Evidence:
        self._number += 1
        self.target.clock.learn(reply)
        exchange = Exchange(
            number=self._number,
            request=bound.request,
            response=reply.response,
            sent=reply.sent,
            received=reply.received,
            now=self._window(reply.sent, reply.received),
            role=bound.role,
            scope=bound.scope,
            case=case.name,
            sequence=sequence,
            trouble=reply.trouble,
        )
        try:
            evidence = self.expectation.follow(exchange)
            self._compare_clocks(evidence)
            self._tell(evidence, sequence)
        except Exception as error:
            self.outcome.unsound = True
            if not self._parting:
                raise
            self.outcome.stopped = self.outcome.stopped or told(error)
            return plain(Evidence(exchange))
        return evidence

    def _compare_clocks(self, evidence: Evidence) -> None:
        """Doubt an estimated clock where a pause stamps the campaign with quite another time: the Date is then a gateway's."""
        now, before, after = evidence.exchange.now, _updated(evidence.previous), _updated(evidence.document)
        if (
            now is None
            or before is None
            or after is None
            or after == before
            or evidence.request_class is None
        ):
            return
        if not now.start - _APART <= after <= now.end + _APART:
            self.target.clock.doubt("the Date headers and updated_at tell different times")

    def _window(self, sent: float, received: float) -> Window | None:
        known = self.target.clock.window(sent, received)
        return _guess(sent) if known is None and self.target.clock.kind == "wall" else known


def plain(evidence: Evidence) -> Evidence:
    """Evidence with the state that its answer shows by itself, whatever was expected: of a campaign that nothing is expected of."""
    response = evidence.exchange.response
    text = evidence.text or (read_response(response) if evidence.accepted else None)
    value = text.value if text and not text.problem else read_leniently(response)
    shown = read_state(value) if evidence.accepted and isinstance(value, dict) else evidence.shown
    return replace(evidence, shown=shown)


def _updated(document: Mapping[str, Any] | None) -> int | None:
    value = (document or {}).get("updated_at")
    instant = read_instant(value) if isinstance(value, str) else None
    return instant.ns if instant else None


def _guess(time: float) -> Window:
    """Where a provider does not tell its time, it is taken to be within a day of ours, and dates keep clear of that day."""
    now = int(time * NANO)
    return Window(now - _DAY, now + _DAY)
