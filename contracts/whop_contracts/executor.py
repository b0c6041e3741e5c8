"""The executor: sends a plan once, in its order, and yields the evidence of every exchange.

It decides what to send next by the plan and by what the expectation holds to be possible; whether an answer is right, it
leaves to the clauses. Whatever way it ends, the campaigns are put back by ``put_back``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from whop_contracts.binding import Binder, Bound, Parties
from whop_contracts.campaign import LAG, PROMPT
from whop_contracts.evidence import ACTIVE, Evidence, Possible, State
from whop_contracts.exchange import Case, Exchange, Window
from whop_contracts.expectation import Expectation
from whop_contracts.instants import NANO, read_instant, write_instant
from whop_contracts.journal import Journal
from whop_contracts.plan import Plan
from whop_contracts.sequences import Await, Reach, Send, Sequence, Step, Together, indefinitely, read, unpause
from whop_contracts.targets import BudgetSpent, Courier, Reply, Target

_SETTLE: Final = (0.25, 0.5, 1.0, 0.5)
"""Seconds between the looks at a read that may lag; together a little more than the lag that is allowed."""
_SETTLES: Final = 6
"""How often in a run a late read is waited for: each time costs seconds and requests, and tells the same."""
_AFTER: Final = 1.0
_INTERRUPTED: Final = "interrupted"
_UNAUTHORIZED: Final = 401
_DAY: Final = 86_400 * NANO
_APART: Final = 10 * NANO


class Stopped(Exception):  # noqa: N818 - no error: the run ends early, with this reason
    """The run cannot go on, for a reason that is the environment's."""


@dataclass(slots=True)
class Outcome:
    """What the executor has to say besides evidence. ``untimed`` is why time could not be judged, ``cut`` how many sequences
    the budget left unsent, ``failed`` the campaigns that could not be put back, each with what is wrong.
    """

    notes: list[str] = field(default_factory=list)
    untimed: str | None = None
    cut: int = 0
    stopped: str | None = None
    restored: int = 0
    failed: list[str] = field(default_factory=list)


class Executor:
    """Sends a plan to a target. Every exchange is given to ``watch`` as evidence, in the order of the answers."""

    def __init__(
        self,
        target: Target,
        courier: Courier,
        binder: Binder,
        parties: Parties,
        *,
        expectation: Expectation,
        journal: Journal | None,
        watch: Callable[[Evidence, str], None],
    ) -> None:
        self._target = target
        self._courier = courier
        self._binder = binder
        self._parties = parties
        self._expectation = expectation
        self._journal = journal
        self._watch = watch
        self._number = 0
        self._settles = 0
        self._waited_out = 0
        self._marks: dict[str, int] = {}
        self._first: dict[str, Evidence] = {}
        self._denied = False
        self.outcome = Outcome()

    # -- the phases of a run ---------------------------------------------------------------------------------------

    def preflight(self, *, foreign: bool) -> dict[str, Evidence]:
        """Read every named campaign once, and another company's where one was given; the evidence by campaign."""
        for index, campaign in enumerate(self._parties.campaigns):
            first = self._first[campaign] = self._send(read(f"own:{index}"), "preflight")
            if self._journal and first.shown and first.shown.whole:
                until = first.shown.until
                self._journal.first(
                    campaign, str(first.shown.status), None if until is None else write_instant(until)
                )
        if foreign:
            self._send(read("foreign"), "preflight")
        return self._first

    def run(self, plan: Plan) -> None:
        """Send every sequence of the plan, so far as the budget goes."""
        for index, sequence in enumerate(plan.sequences):
            try:
                self._sequence(sequence)
            except BudgetSpent as spent:
                self.outcome.cut = len(plan.sequences) - index
                self.outcome.notes.append(
                    f"{spent}: {self.outcome.cut} of {len(plan.sequences)} sequences were not finished"
                )
                return
            except Stopped as stopped:
                self.outcome.stopped = str(stopped)
                return

    def put_back(self) -> None:
        """Bring every campaign into the state that its first read showed, and read it again. Never raises for an answer."""
        for index, campaign in enumerate(self._parties.campaigns):
            first = self._first.get(campaign)
            if first is None or first.shown is None or not first.shown.whole:
                continue
            try:
                wrong = self._restore(index, campaign, first)
            except (BudgetSpent, Stopped) as stopped:
                wrong = str(stopped)
            self.outcome.restored += wrong is None
            if wrong:
                self.outcome.failed.append(f"{campaign}: {wrong}")

    def _restore(self, index: int, campaign: str, first: Evidence) -> str | None:
        """Put one campaign back; None, or why it could not be."""
        wanted = State(str(first.shown.status), first.shown.until) if first.shown else ACTIVE
        now = self._now()
        if wanted.until is not None and wanted.status == "paused" and now and wanted.until <= now.start:
            wanted = ACTIVE
        symbol = f"own:{index}"
        seen = None
        for attempt in range(2):
            if attempt or self._possible(campaign) != frozenset({wanted}):
                self._send(_towards(wanted, symbol), "put back")
            seen = self._read(symbol, "put back", patient=True).shown
            if seen is not None and seen.matches(wanted):
                if self._journal:
                    self._journal.put_back(campaign)
                return None
        return f"was {wanted}, is {seen or 'not readable'}"

    # -- one sequence ----------------------------------------------------------------------------------------------

    def _sequence(self, sequence: Sequence) -> None:
        self._marks.clear()
        if sequence.start == "active":
            self._ensure_active(sequence.name)
        for step in sequence.steps:
            if not self._step(step, sequence.name):
                return

    def _step(self, step: Step, sequence: str) -> bool:
        """Take one step; False where the rest of the sequence cannot be taken, since the clock cannot get there."""
        if isinstance(step, Send):
            if step.case.operation == "retrieve":
                self._read(step.case.campaign, sequence)
            else:
                self._send(step.case, sequence)
            return True
        if isinstance(step, Together):
            self._together(step, sequence)
            return True
        if isinstance(step, Reach):
            return self._reach(self._marks.get(step.mark, 0) + step.plus_ms * 1_000_000)
        return self._await(step, sequence)

    def _ensure_active(self, sequence: str) -> None:
        if self._possible(self._parties.campaigns[0]) == frozenset({ACTIVE}):
            return
        self._send(unpause(), sequence)
        if self._possible(self._parties.campaigns[0]) != frozenset({ACTIVE}):
            self._read("own:0", sequence)

    def _await(self, step: Await, sequence: str) -> bool:
        """Look after a due resume until it is seen, or the tolerance is over; the long wait is spent at most twice."""
        campaign = self._parties.campaigns[int(step.campaign.partition(":")[2])]
        if self._possible(campaign) == frozenset({ACTIVE}):
            return True
        due = self._marks.get(step.mark, 0)
        over = self._expectation.tolerance + LAG + _AFTER
        wall = self._target.clock.kind == "wall"
        looks = [_AFTER, PROMPT + LAG + _AFTER, over]
        if wall:
            looks = [_AFTER, 3.0, PROMPT + LAG + _AFTER, 16.0, 32.0, over]
        if wall and self._waited_out > 1:
            looks = looks[:1]
        for seconds in (look for look in looks if look <= over):
            if not self._reach(due + int(seconds * NANO)):
                return False
            evidence = self._read(step.campaign, sequence)
            late = evidence.breach is None or evidence.breach.topic == "prompt"
            if evidence.shown is None or evidence.shown.status != "paused" or not late:
                break
        else:
            self._waited_out += 1
        return True

    def _reach(self, ns: int) -> bool:
        clock = self._target.clock
        if ns and clock.reach(ns):
            return True
        self.outcome.untimed = clock.trouble or "the provider's clock could not be brought to the instant"
        return False

    def _together(self, step: Together, sequence: str) -> None:
        first, second = self._bind(step.first), self._bind(step.second)
        self._intend(first)
        self._intend(second)
        began = self._target.time()
        try:
            replies = self._courier.deliver_together(first.request, second.request)
        except KeyboardInterrupt:
            for bound, case in ((first, step.first), (second, step.second)):
                self._record(bound, case, sequence, Reply(None, _INTERRUPTED, began, self._target.time()))
            raise
        numbers = (self._number + 1, self._number + 2)
        for bound, case, reply, other in zip(
            (first, second), (step.first, step.second), replies, reversed(numbers), strict=True
        ):
            self._record(bound, case, sequence, reply, overlaps=other)

    # -- one request -----------------------------------------------------------------------------------------------

    def _read(self, symbol: str, sequence: str, *, patient: bool = False) -> Evidence:
        """Read a campaign; where the answer may only be late, look again until it cannot be, ``patient`` however often it happens."""
        evidence = self._send(read(symbol), sequence)
        if not evidence.lagging or (self._settles >= _SETTLES and not patient):
            return evidence
        # Where requests are counted, one look after the whole wait has to do.
        for seconds in (sum(_SETTLE),) if patient else _SETTLE:
            self._target.clock.lag(seconds)
            evidence = self._send(read(symbol), sequence)
            if not evidence.lagging:
                break
        self._settles += 1
        return evidence

    def _send(self, case: Case, sequence: str) -> Evidence:
        bound = self._bind(case)
        self._intend(bound)
        began = self._target.time()
        try:
            replies = self._courier.deliver(bound.request)
        except KeyboardInterrupt:
            # It may have been carried out: what it left has to be put back, and is no breach.
            self._record(bound, case, sequence, Reply(None, _INTERRUPTED, began, self._target.time()))
            raise
        evidence = [self._record(bound, case, sequence, reply) for reply in replies][-1]
        if bound.scope == "foreign" and bound.request.operation == "pause" and evidence.accepted:
            self._release(case, sequence)
        if (
            evidence.status == _UNAUTHORIZED
            and bound.role == "full"
            and bound.scope == "named"
            and sequence != "preflight"
        ):
            self._check_credential(sequence)
        return evidence

    def _release(self, case: Case, sequence: str) -> None:
        """Another company's campaign was paused, which is a finding: one unpause is tried, and said."""
        answer = self._send(unpause(case.campaign), sequence)
        self.outcome.notes.append(
            f"{answer.exchange.request.campaign}, another company's, was paused; an unpause was answered {answer.status}"
        )

    def _check_credential(self, sequence: str) -> None:
        """A 401 to our own credential: where reading is answered so too, the token died, and nothing can be said."""
        if self._denied:
            return
        self._denied = True
        try:
            again = self._send(read(), sequence)
        finally:
            self._denied = False
        if again.status == _UNAUTHORIZED:
            raise Stopped("the credential is answered 401 since the run began: it was revoked or has expired")

    def _bind(self, case: Case) -> Bound:
        bound = self._binder.bind(case, self._now() or _guess(self._target.time()))
        if case.mark and bound.until:
            now = self._now()
            self._marks[case.mark] = max(bound.until, now.end if now else 0)
        return bound

    def _intend(self, bound: Bound) -> None:
        """Journal what a request could do to a campaign before it is sent."""
        named = next(
            (c for c in self._parties.campaigns if c.lower() == bound.request.campaign.lower()), None
        )
        if self._journal and named and bound.request.operation != "retrieve":
            until = write_instant(bound.until) if bound.until else None
            paused = bound.request.operation == "pause"
            self._journal.intend(named, "paused" if paused else "active", until if paused else None)

    def _record(
        self, bound: Bound, case: Case, sequence: str, reply: Reply, *, overlaps: int | None = None
    ) -> Evidence:
        self._number += 1
        self._target.clock.learn(reply)
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
            overlaps=overlaps,
        )
        evidence = self._expectation.follow(exchange)
        self._compare_clocks(evidence)
        self._watch(evidence, sequence)
        return evidence

    def _compare_clocks(self, evidence: Evidence) -> None:
        """Doubt an estimated clock where a pause stamps the campaign with quite another time: the Date is then a gateway's."""
        now, before, after = evidence.exchange.now, _updated(evidence.previous), _updated(evidence.document)
        if now is None or before is None or after is None or after == before or evidence.row is None:
            return
        if not now.start - _APART <= after <= now.end + _APART:
            self._target.clock.doubt("the Date headers and updated_at tell different times")

    def _possible(self, campaign: str) -> Possible:
        return self._expectation.possible(campaign, self._now())

    def _now(self) -> Window | None:
        time = self._target.time()
        return self._window(time, time)

    def _window(self, sent: float, received: float) -> Window | None:
        known = self._target.clock.window(sent, received)
        return _guess(sent) if known is None and self._target.clock.kind == "wall" else known


def _updated(document: Mapping[str, Any] | None) -> int | None:
    value = (document or {}).get("updated_at")
    instant = read_instant(value) if isinstance(value, str) else None
    return instant.ns if instant else None


def _guess(time: float) -> Window:
    """Where a provider does not tell its time, it is taken to be within a day of ours, and dates keep clear of that day."""
    now = int(time * NANO)
    return Window(now - _DAY, now + _DAY)


def _towards(state: State, symbol: str) -> Case:
    """The request that brings a campaign into ``state``."""
    if state.status != "paused":
        return unpause(symbol)
    if state.until is None:
        return indefinitely(symbol)
    return Case(
        "until its first date", campaign=symbol, body=f'{{"paused_until": "{write_instant(state.until)}"}}'
    )
