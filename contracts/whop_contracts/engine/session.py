"""The requests of a run: each is built, journalled, sent, and its response followed by the oracle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from whop_contracts.engine import guards
from whop_contracts.engine.journal import Journal
from whop_contracts.engine.request_builder import RequestBuilder
from whop_contracts.exchange import Exchange, Window
from whop_contracts.instants import NANO
from whop_contracts.pause.contract import Contract
from whop_contracts.pause.evidence import Evidence, Possible
from whop_contracts.signals import describe_internal_error, shielded
from whop_contracts.steps import Actors, Case, read
from whop_contracts.target.responses import Reply
from whop_contracts.target.sender import Sender

SETTLE_S: Final = (0.25, 0.5, 1.0, 0.5)
"""Seconds between reads of a campaign that may lag; together a little more than the lag that is allowed."""
_SETTLES: Final = 6
"""How often in a run a late read is waited for: each time costs seconds and requests, and shows the same."""
_UNANSWERED: Final = 8
"""After so many requests of the operation without a response, and none accepted, a run ends."""
_DAY: Final = 86_400 * NANO


@dataclass(slots=True)
class RunState:
    """What there is to report besides evidence.

    ``inconclusive`` is why nothing can be concluded, ``untouched`` whether no request was ever accepted,
    ``untimed`` why the provider's clock could not be used, ``unanswered`` what requests got instead of a
    response of the provider, retries included, ``cut`` how many sequences the budget left unsent, ``unsound``
    whether later evidence must not be checked, ``restored`` the campaigns that are as they were (each with
    what was done), ``failed`` those that are not (each with what is wrong), ``left`` whether restoring was
    interrupted.
    """

    notes: list[str] = field(default_factory=list)
    inconclusive: str | None = None
    untouched: bool = False
    untimed: str | None = None
    unanswered: Counter[str] = field(default_factory=Counter)
    cut: int = 0
    unsound: bool = False
    restored: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    left: bool = False

    @property
    def prevented(self) -> str | None:
        """What should have worked and did not, and the way out; None if nothing did."""
        if self.untimed or not self.unanswered:
            return self.untimed
        count, what = self.unanswered.total(), ", ".join(self.unanswered)
        got = f"{count} request{'s' * (count > 1)} got no response of the provider, retries included"
        return f"{got} ({what}); run again once it responds"


class Session:
    """Sends cases; every exchange is given to ``watch`` as evidence, in the order of the responses. ``tell``
    gets lines for the user about what is being restored.

    After ``begin_teardown`` restoring comes before everything else: errors of the journal, of a check or of
    the oracle are kept, and what was to be sent is sent.
    """

    def __init__(
        self,
        sender: Sender,
        actors: Actors,
        contract: Contract,
        *,
        tolerance: float,
        watch: guards.Watch,
        agent: str = "whop-contracts",
        tell: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self.sender, self.target = sender, sender.target
        self.actors, self.contract = actors, contract
        self.journal = Journal()
        self.tolerance = tolerance
        self.oracle = self.contract.oracle(tolerance=tolerance)
        self.state = RunState()
        self.tell = tell
        self.outbox = guards.Outbox(watch)
        self.foreign = guards.ForeignCampaign(actors.foreign or "")
        self.credential = guards.CredentialCheck()
        self.clock_check = guards.ClockCheck()
        self.in_teardown = False
        self._builder = RequestBuilder(sender.target.base_url, actors, contract, agent=agent, rng=sender.rng)
        self._number = 0
        self._settles = 0
        self._accepted = False
        self._lost = 0

    def begin_teardown(self) -> None:
        """From now on nothing may keep requests from being sent."""
        self.in_teardown = self.journal.lenient = True
        try:
            self.clock_check.finish(self)
        except Exception as error:  # noqa: BLE001 - an error of a check; restoring comes first
            self._note_error(error)

    def _note_error(self, error: Exception) -> None:
        self.state.unsound = True
        self.state.inconclusive = self.state.inconclusive or describe_internal_error(error)

    def possible(self, campaign: str) -> Possible:
        """The states in which a campaign may be now."""
        return self.oracle.possible(campaign, self.now())

    def now(self) -> Window | None:
        """The provider's clock now, as far as it is known."""
        time = self.target.time()
        return self._window(time, time)

    def read(self, symbol: str, sequence: str, *, patient: bool = False) -> Evidence:
        """Read a campaign; if the response may lag, read again until it cannot (``patient``: each time)."""
        evidence = self.send(read(symbol), sequence)
        while evidence.lagging and self.oracle.went_back(evidence.exchange.request.campaign):
            evidence = self.send(read(symbol), sequence)
        if not evidence.lagging or (self._settles >= _SETTLES and not patient):
            return evidence
        self._settles += 1
        # In teardown requests are counted: one read after the whole wait has to do.
        for seconds in (sum(SETTLE_S),) if patient else SETTLE_S:
            if evidence.lagging:
                self.target.clock.lag(seconds)
                evidence = self.send(read(symbol), sequence)
        return evidence

    def send(self, case: Case, sequence: str, marks: dict[str, int] | None = None) -> Evidence:
        """Send one case, with retries for infrastructure; the evidence of the last response.

        Its date may be counted from the instants of ``marks``; that of its own mark is added to them.
        """
        unsent = self._build(case, sequence, {} if marks is None else marks)
        self._journal_intent(unsent)
        began = self.target.time()
        try:
            replies = self.sender.deliver(unsent.request)
        except KeyboardInterrupt:
            # It may have taken effect: what it left has to be restored.
            self._record(unsent, Reply(None, "interrupted", began, self.target.time()))
            raise
        return self._take_in(unsent, replies)

    def send_together(self, cases: Iterable[Case], sequence: str, marks: dict[str, int]) -> None:
        """Send cases that must be rejected over several connections at once; taken in in their order.

        If one was accepted all the same, it is not known which of them was carried out last.
        """
        unsent = [self._build(case, sequence, marks) for case in cases]
        for one in unsent:
            self._journal_intent(one)
        came, ended = self.sender.deliver_together([one.request for one in unsent])
        left: list[tuple[str, Possible]] = []
        with shielded():
            for one, replies in zip(unsent, came, strict=False):
                if self._take_in(one, replies).accepted and one.scope == "named":
                    left.append((one.request.campaign, self.possible(one.request.campaign)))
            for campaign, states in left if len(left) > 1 else ():
                self.oracle.widen(campaign, states)
        if ended:
            raise ended

    # -- the steps of a request ------------------------------------------------------------------------------

    def _build(self, case: Case, sequence: str, marks: dict[str, int]) -> Exchange:
        unsent = self._builder.bind(case, self.now() or _guess(self.target.time()), marks, sequence)
        if case.mark and unsent.until:
            now = self.now()
            marks[case.mark] = max(unsent.until, now.end if now else 0)
        return unsent

    def _journal_intent(self, unsent: Exchange) -> None:
        """Journal what a request could leave of a campaign, before it is sent."""
        contract, request, dates = self.contract, unsent.request, [unsent.until]
        if request.operation == "retrieve":
            return
        asked = request.campaign.lower()
        named = next((name for name in self.actors.campaigns if name.lower() == asked), None)
        if unsent.scope == "foreign":
            pauses = request.operation == contract.operation
            self.foreign.sent |= pauses
            # It should be rejected, and what it leaves cannot be seen if the campaign cannot be read.
            named = None if pauses and self.foreign.first is None else self.foreign.name
        if unsent.until is None and (date := contract.literal_date(request.content)) is not None:
            dates.append(date)
        for state in (contract.left_by(request.operation, date) for date in dates):
            if named and state:
                self.journal.intend(named, state)

    def _take_in(self, unsent: Exchange, replies: Iterable[Reply]) -> Evidence:
        """Record the replies to a request, and do what they make necessary; the evidence of the last one."""
        evidence = [self._record(unsent, reply) for reply in replies][-1]
        self.credential.recheck(self, unsent.sequence)
        # Of a first read that ends the run, its reason gives the likely cause.
        cause = self.contract.likely_cause(evidence)
        if cause and not self.in_teardown and (evidence.accepted or unsent.sequence != guards.PREFLIGHT):
            note = f"likely cause: {cause}"
            self.state.notes += [note] if note not in self.state.notes else []
        self._count_lost(evidence)
        self.foreign.check(self, evidence)
        return evidence

    def _record(self, unsent: Exchange, reply: Reply) -> Evidence:
        """Have the oracle follow a reply, and pass it on."""
        self._number += 1
        self.target.clock.learn(reply)
        exchange = replace(
            unsent,
            number=self._number,
            response=reply.response,
            sent=reply.sent,
            received=reply.received,
            now=self._window(reply.sent, reply.received),
            trouble=reply.trouble,
        )
        self.credential.check(self, exchange)
        try:
            evidence = self.oracle.follow(exchange)
            self.clock_check.check(self, evidence)
            self.outbox.put(evidence)
        except Exception as error:
            if not self.in_teardown:
                self.state.unsound = True
                raise
            self._note_error(error)
            return self.plain(Evidence(exchange))
        return evidence

    def _count_lost(self, evidence: Evidence) -> None:
        """Count what got no response; ``Stopped`` if the operation never gets one."""
        if self.in_teardown:
            return
        if not (evidence.answered or evidence.from_gateway):
            self.state.unanswered[evidence.exchange.trouble or str(evidence.status)] += 1
        if evidence.operation == self.contract.operation:
            self._accepted |= evidence.accepted
            self._lost += not evidence.answered
        if self._lost >= _UNANSWERED and not self._accepted:
            what = evidence.exchange.trouble or f"{evidence.status} each time"
            lost = f"{_UNANSWERED} got no response at all: {what}"
            raise guards.Stopped(f"{self.contract.unproven}, and {lost}")

    def plain(self, evidence: Evidence) -> Evidence:
        """Evidence with the state that its response shows by itself, whatever was expected."""
        document = self.contract.read_document(evidence)
        return evidence if document is None else replace(evidence, shown=self.contract.read_state(document))

    def _window(self, sent: float, received: float) -> Window | None:
        known = self.target.clock.window(sent, received)
        return _guess(sent) if known is None and self.target.clock.kind == "wall" else known


def _guess(time: float) -> Window:
    """A clock that is not known: within a day of ours; dates keep clear of that day."""
    now = int(time * NANO)
    return Window(now - _DAY, now + _DAY)
