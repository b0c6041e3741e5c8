"""The requests of a run: each is built, journalled, sent, and its response followed by the oracle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from whop_contracts.engine.guards import (
    PREFLIGHT,
    ClockCheck,
    CredentialCheck,
    Doubt,
    ForeignCampaign,
    Outbox,
    Watch,
    check_responses,
)
from whop_contracts.engine.journal import Journal, JournalError
from whop_contracts.engine.request_builder import BuiltRequest, RequestBuilder
from whop_contracts.exchange import Exchange, Window
from whop_contracts.instants import NANO
from whop_contracts.pause.evidence import Evidence, Possible
from whop_contracts.signals import describe_internal_error, shielded
from whop_contracts.steps import Case, read
from whop_contracts.target.responses import Reply
from whop_contracts.target.sender import Sender

SETTLE_S: Final = (0.25, 0.5, 1.0, 0.5)
"""Seconds between reads of a campaign that may lag; together a little more than the lag that is allowed."""
_SETTLES: Final = 6
"""How often in a run a late read is waited for: each time costs seconds and requests, and shows the same."""
_INTERRUPTED: Final = "interrupted"
_DAY: Final = 86_400 * NANO


@dataclass(slots=True)
class RunState:
    """What there is to report besides evidence.

    ``inconclusive`` is why nothing can be concluded, ``untouched`` whether no request was ever accepted,
    ``untimed`` why the provider's clock could not be used, ``unanswered`` what requests got instead of a
    response of the provider, retries included, ``cut`` how many sequences the budget left unsent,
    ``unjournalled`` why the journal could not be kept, ``unsound`` whether later evidence must not be
    checked, ``restored`` the campaigns that are as they were (each with what was done), ``failed`` those that
    are not (each with what is wrong), ``left`` whether restoring was interrupted.
    """

    notes: list[str] = field(default_factory=list)
    inconclusive: str | None = None
    untouched: bool = False
    untimed: str | None = None
    unanswered: Counter[str] = field(default_factory=Counter)
    cut: int = 0
    unjournalled: str | None = None
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
    the oracle are kept in ``state``, and what was to be sent is sent.
    """

    def __init__(
        self,
        sender: Sender,
        builder: RequestBuilder,
        *,
        tolerance: float,
        watch: Watch,
        journal: Journal | None = None,
        tell: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self.sender, self.target = sender, sender.target
        self.actors, self.contract = builder.actors, builder.contract
        self.journal = journal
        self.tolerance = tolerance
        self.oracle = self.contract.oracle(tolerance=tolerance)
        self.state = RunState()
        self.foreign = ForeignCampaign(self.actors.foreign or "")
        self.in_teardown = False
        self.unanswered: int | None = 0
        self._builder = builder
        self.outbox = Outbox(watch)
        self.tell = tell
        self.credential = CredentialCheck()
        self.clock_check = ClockCheck()
        self._number = 0
        self._settles = 0

    def begin_teardown(self) -> None:
        """From now on nothing may keep requests from being sent."""
        self.in_teardown = True
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

    def set_waiting(self, symbols: Iterable[str]) -> None:
        """The campaigns whose sequences wait while others are sent: what changes there is due to time."""
        own = (symbol.partition(":")[2] for symbol in symbols if symbol.startswith("own:"))
        self.oracle.waiting = {self.actors.campaigns[int(number)] for number in own}

    def now(self) -> Window | None:
        """The provider's clock now, as far as it is known."""
        time = self.target.time()
        return self._window(time, time)

    def write_journal(self, write: Callable[[Journal], None]) -> None:
        """Write to the journal, if one is kept. ``JournalError`` if that fails, except in teardown."""
        if self.journal is None:
            return
        try:
            write(self.journal)
        except JournalError as error:
            if not self.in_teardown:
                raise
            self.state.unjournalled = str(error)

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
        built = self._build(case, {} if marks is None else marks)
        self._journal_intent(built)
        began = self.target.time()
        try:
            replies = self.sender.deliver(built.request)
        except KeyboardInterrupt:
            # It may have taken effect: what it left has to be restored.
            self._record(built, case, sequence, Reply(None, _INTERRUPTED, began, self.target.time()))
            raise
        return self._take_in(built, case, sequence, replies)

    def send_together(self, cases: Iterable[Case], sequence: str, marks: dict[str, int]) -> None:
        """Send cases that must be rejected over several connections at once; taken in in their order.

        If one was accepted all the same, it is not known which of them was carried out last.
        """
        built = [(self._build(case, marks), case) for case in cases]
        for one, _ in built:
            self._journal_intent(one)
        came, ended = self.sender.deliver_together([one.request for one, _ in built])
        left: list[tuple[str, Possible]] = []
        with shielded():
            for (one, case), replies in zip(built, came, strict=False):
                if self._take_in(one, case, sequence, replies).accepted and one.scope == "named":
                    left.append((one.request.campaign, self.possible(one.request.campaign)))
            for campaign, states in left if len(left) > 1 else ():
                self.oracle.widen(campaign, states)
        if ended:
            raise ended

    def _take_in(self, built: BuiltRequest, case: Case, sequence: str, replies: Iterable[Reply]) -> Evidence:
        """Record the replies to a request, and do what they make necessary; the evidence of the last one."""
        recorded = [self._record(built, case, sequence, reply) for reply in replies]
        evidence = recorded[-1][0]
        for doubt in {doubt for _, doubt in recorded if doubt}:
            self.credential.recheck(self, doubt, sequence)
        if not (evidence.answered or evidence.from_gateway or self.in_teardown):
            self.state.unanswered[evidence.exchange.trouble or str(evidence.status)] += 1
        self._note_cause(evidence, sequence)
        check_responses(self, evidence)
        self.foreign.check(self, evidence, case, sequence)
        return evidence

    def _note_cause(self, evidence: Evidence, sequence: str) -> None:
        """Note what an odd response suggests; of a first read that ends the run, its reason says so."""
        cause = self.contract.likely_cause(evidence) if evidence.accepted or sequence != PREFLIGHT else None
        if cause and not self.in_teardown and (note := f"likely cause: {cause}") not in self.state.notes:
            self.state.notes.append(note)

    # -- the steps of a request ------------------------------------------------------------------------------

    def _build(self, case: Case, marks: dict[str, int]) -> BuiltRequest:
        built = self._builder.bind(case, self.now() or _guess(self.target.time()), marks)
        if case.mark and built.until:
            now = self.now()
            marks[case.mark] = max(built.until, now.end if now else 0)
        return built

    def _journal_intent(self, built: BuiltRequest) -> None:
        """Journal what a request could leave of a campaign, before it is sent."""
        contract, operation, dates = self.contract, built.request.operation, [built.until]
        if contract.left_by(operation, built.until) is None:
            return
        asked = built.request.campaign.lower()
        named = next((name for name in self.actors.campaigns if name.lower() == asked), None)
        if built.scope == "foreign":
            named = self.foreign.journalled(built, contract)
        if built.until is None and (date := contract.literal_date(built.request.content)) is not None:
            dates.append(date)
        for state in (contract.left_by(operation, date) for date in dates):
            if named is not None and state is not None:
                self.write_journal(partial(Journal.intend, campaign=named, state=state))

    def _record(
        self, built: BuiltRequest, case: Case, sequence: str, reply: Reply
    ) -> tuple[Evidence, Doubt | None]:
        """Have the oracle follow a reply, and pass it on; also the doubt that it raises."""
        self._number += 1
        self.target.clock.learn(reply)
        exchange = Exchange(
            number=self._number,
            request=built.request,
            response=reply.response,
            sent=reply.sent,
            received=reply.received,
            now=self._window(reply.sent, reply.received),
            role=built.role,
            scope=built.scope,
            case=case.name,
            sequence=sequence,
            trouble=reply.trouble,
            credential=case.credential,
        )
        doubt = self.credential.begin(self, exchange, sequence)
        try:
            evidence = self.oracle.follow(exchange)
            self.clock_check.check(self, evidence)
            self.outbox.put(evidence, sequence)
        except Exception as error:
            if not self.in_teardown:
                self.state.unsound = True
                raise
            self._note_error(error)
            return self.plain(Evidence(exchange)), doubt
        return evidence, doubt

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
