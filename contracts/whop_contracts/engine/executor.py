"""The executor: sends a plan once, in its order, and yields the evidence of every exchange.

It decides what to send next by the plan and by what the expectation holds to be possible; whether an answer is right, it
leaves to the clauses. Whatever way it ends, the campaigns are put back by ``put_back``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from whop_contracts.actors import Actors
from whop_contracts.engine.journal import Journal, JournalError
from whop_contracts.engine.plan import Plan
from whop_contracts.engine.request_builder import RequestBuilder
from whop_contracts.engine.run_state import RunState, Stopped
from whop_contracts.engine.session import PREFLIGHT, Session, plain
from whop_contracts.engine.teardown import put_all_back
from whop_contracts.instants import NANO, write_instant
from whop_contracts.pause.evidence import ACTIVE, Evidence, State
from whop_contracts.pause.oracle import Oracle
from whop_contracts.pause.oracle.campaign import PROMPT
from whop_contracts.pause.oracle.states import LAG
from whop_contracts.pause.sequences import unpause
from whop_contracts.steps import AdvanceClock, AwaitResume, Send, Sequence, Step, read
from whop_contracts.target import BudgetSpent, Sender, Target

_AFTER: Final = 1.0


class Executor:
    """Sends a plan to a target. Every exchange is given to ``watch`` as evidence, in the order of the answers."""

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
        self._talk = Session(
            target, courier, binder, parties, expectation=expectation, journal=journal, watch=watch
        )
        self._clock = target.clock
        self._campaigns = parties.campaigns
        self._tolerance = expectation.tolerance
        self._waited_out = 0
        self._firsts: dict[str, State] = {}

    @property
    def outcome(self) -> RunState:
        """What there is to say besides evidence."""
        return self._talk.outcome

    # -- the phases of a run ---------------------------------------------------------------------------------------

    def preflight(self, *, foreign: bool) -> dict[str, Evidence]:
        """Read every named campaign once, and another company's where one was given; the evidence by named campaign.

        What is shown is journalled, before anything is changed.
        """
        evidence = {}
        for index, campaign in enumerate(self._campaigns):
            evidence[campaign] = self._talk.send(read(f"own:{index}"), PREFLIGHT)
            if (first := evidence[campaign].shown) is not None:
                self._firsts[campaign] = first
                self._keep(campaign, first)
        if foreign:
            theirs = plain(self._talk.send(read("foreign"), PREFLIGHT)).shown
            if theirs is not None and theirs.whole:
                self._talk.foreign.first = theirs
                self._keep(self._talk.parties.foreign or "", theirs)
        return evidence

    def _keep(self, campaign: str, first: State) -> None:
        if first.whole:
            until = None if first.until is None else write_instant(first.until)
            self._talk.noted(lambda journal: journal.first(campaign, str(first.status), until))

    def run(self, plan: Plan, of: str = "") -> None:
        """Send every sequence of the plan, so far as the budget goes and the journal can be kept; ``of`` says which it is."""
        for index, sequence in enumerate(plan.sequences):
            try:
                self._sequence(sequence)
            except BudgetSpent as spent:
                self.outcome.cut = len(plan.sequences) - index
                unsent = f"{self.outcome.cut} of {len(plan.sequences)} sequences{of}"
                self.outcome.notes.append(f"{spent}: {unsent} were not finished")
                return
            except Stopped as stopped:
                self.outcome.stopped = str(stopped)
                return
            except JournalError as error:
                self.outcome.stopped = self.outcome.unjournalled = str(error)
                return

    def put_back(self) -> None:
        """Bring every campaign into the state that its first read showed, and read it again. Never raises for an answer."""
        put_all_back(self._talk, self._firsts)

    # -- one sequence ----------------------------------------------------------------------------------------------

    def _sequence(self, sequence: Sequence) -> None:
        self._talk.marks.clear()
        if sequence.start == "active":
            self._ensure_active(sequence.name)
        for step in sequence.steps:
            if not self._step(step, sequence.name):
                return

    def _step(self, step: Step, sequence: str) -> bool:
        """Take one step; False where the rest of the sequence cannot be taken, since the clock cannot get there."""
        if isinstance(step, Send):
            if step.case.operation == "retrieve":
                self._talk.read(step.case.campaign, sequence)
            else:
                self._talk.send(step.case, sequence)
            return True
        if isinstance(step, AdvanceClock):
            return self._reach(self._talk.marks.get(step.mark, 0) + step.plus_ms * 1_000_000)
        return self._await(step, sequence)

    def _ensure_active(self, sequence: str) -> None:
        if self._is_active(self._campaigns[0]):
            return
        self._talk.send(unpause(), sequence)
        if not self._is_active(self._campaigns[0]):
            self._talk.read("own:0", sequence)

    def _is_active(self, campaign: str) -> bool:
        return self._talk.possible(campaign) == frozenset({ACTIVE})

    def _await(self, step: AwaitResume, sequence: str) -> bool:
        """Look after a due resume until it is seen, or the tolerance is over; the long wait is spent at most twice."""
        if self._is_active(self._campaigns[int(step.campaign.partition(":")[2])]):
            return True
        due = self._talk.marks.get(step.mark, 0)
        over = self._tolerance + LAG + _AFTER
        wall = self._clock.kind == "wall"
        looks = [_AFTER, PROMPT + LAG + _AFTER, over]
        if wall:
            looks = [_AFTER, 3.0, PROMPT + LAG + _AFTER, 16.0, 32.0, over]
        if wall and self._waited_out > 1:
            looks = looks[:1]
        for seconds in (look for look in looks if look <= over):
            if not self._reach(due + int(seconds * NANO)):
                return False
            evidence = self._talk.read(step.campaign, sequence)
            if evidence.shown is None or evidence.shown.status != "paused" or not evidence.possible:
                break
        else:
            self._waited_out += 1
        return True

    def _reach(self, ns: int) -> bool:
        if ns and self._clock.reach(ns):
            return True
        unknown = self._clock.kind == "wall" and self._clock.moved is None
        self.outcome.untimed = self._clock.trouble or (
            "no answer tells the provider's time (no Date header)"
            if unknown
            else "the provider's clock could not be brought to the instant"
        )
        return False
