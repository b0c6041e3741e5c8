"""Sends a plan: its sequences in their order, step by step. The clauses check the responses."""

from __future__ import annotations

from typing import Final

from whop_contracts.engine.guards import PREFLIGHT
from whop_contracts.engine.journal import JournalError
from whop_contracts.engine.plan import Plan
from whop_contracts.engine.run_state import Stopped
from whop_contracts.engine.session import Session
from whop_contracts.instants import NANO
from whop_contracts.pause.evidence import Evidence, State
from whop_contracts.steps import AwaitResume, Case, Send, Sequence, Step, read
from whop_contracts.target.sender import BudgetSpent

_AFTER_S: Final = 1.0
_CONFLICT: Final = 409
_WAYS_OUT: Final = {
    "test": "check --test-clock, or run without it",
    "wall": "give --test-clock, or have responses carry the provider's time as Date",
    "virtual": "please report it",
}
"""What helps if a clock of a kind cannot be used."""
_WALL_LOOKS_S: Final = (3.0, 16.0, 32.0)
"""On a wall clock a late resume is also looked for at these seconds after it is due."""


class Executor:
    """Sends a plan in a session. Every exchange is given to the session's ``watch``."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._clock = session.target.clock
        self._waited_out = 0
        self._conflicts = False

    def preflight(self, *, foreign: bool) -> tuple[dict[str, Evidence], dict[str, State]]:
        """Read every named campaign once, and another company's if one was given.

        Returns the evidence and the state by campaign, for those named. States are journalled before anything
        is changed.
        """
        session = self._session
        evidence, first = {}, {}
        for index, campaign in enumerate(session.actors.campaigns):
            evidence[campaign] = session.send(read(f"own:{index}"), PREFLIGHT)
            if (shown := evidence[campaign].shown) is not None:
                first[campaign] = shown
                self._journal_first(campaign, shown)
        if foreign:
            theirs = session.plain(session.send(read("foreign"), PREFLIGHT)).shown
            if theirs is not None and theirs.whole:
                session.foreign.first = theirs
                self._journal_first(session.foreign.name, theirs)
        return evidence, first

    def _journal_first(self, campaign: str, first: State) -> None:
        if first.whole:
            self._session.write_journal(lambda journal: journal.first(campaign, first))

    def run(self, plan: Plan, label: str = "") -> None:
        """Send every sequence of the plan, as far as the budget goes and the journal can be kept."""
        state = self._session.state
        for index, sequence in enumerate(plan.sequences):
            try:
                self._run_sequence(sequence)
            except BudgetSpent as spent:
                state.cut = len(plan.sequences) - index
                unsent = f"{state.cut} of {len(plan.sequences)} sequences{label}"
                state.notes.append(f"{spent}: {unsent} were not finished")
                return
            except Stopped as stopped:
                state.inconclusive = str(stopped)
                return
            except JournalError as error:
                state.inconclusive = state.unjournalled = str(error)
                return

    # -- one sequence ----------------------------------------------------------------------------------------

    def _run_sequence(self, sequence: Sequence) -> None:
        self._session.marks.clear()
        if sequence.start == "active":
            self._bring_to_baseline(sequence.campaign, sequence.name)
        for step in sequence.steps:
            if not self._take(step, sequence.name):
                return

    def _take(self, step: Step, sequence: str) -> bool:
        """Take one step; False if the clock cannot reach the rest of the sequence."""
        if isinstance(step, Send):
            if step.case.operation == "retrieve":
                self._session.read(step.case.campaign, sequence)
            else:
                self._send(step.case, sequence)
            return True
        if isinstance(step, AwaitResume):
            return self._await_resume(step, sequence)
        return self._reach(self._session.marks.get(step.mark, 0) + step.plus_ms * 1_000_000)

    def _send(self, case: Case, sequence: str) -> None:
        """Send a case; from the first conflict with an earlier request on, the campaign is at its baseline
        before.
        """
        session = self._session
        acts = session.contract.takes_effect(case)
        if acts and self._conflicts:
            self._bring_to_baseline(case.campaign, sequence)
        evidence = session.send(case, sequence)
        if acts and evidence.status == _CONFLICT and not self._conflicts:
            self._conflicts = True
            self._bring_to_baseline(case.campaign, sequence)
            session.send(case, sequence)

    def _bring_to_baseline(self, campaign: str, sequence: str) -> None:
        session = self._session
        if self._is_at_baseline(campaign):
            return
        for case in session.contract.requests_to_restore(None, session.contract.baseline, campaign):
            session.send(case, sequence)
        if not self._is_at_baseline(campaign):
            session.read(campaign, sequence)

    def _is_at_baseline(self, symbol: str) -> bool:
        campaign = self._session.actors.campaigns[int(symbol.partition(":")[2])]
        return self._session.possible(campaign) == frozenset({self._session.contract.baseline})

    def _await_resume(self, step: AwaitResume, sequence: str) -> bool:
        """Read after a due resume until it is seen or the tolerance is over; two long waits at most."""
        session = self._session
        if self._is_at_baseline(step.campaign):
            return True
        due = session.marks.get(step.mark, 0)
        prompt, over = session.contract.looks_after_due(session.tolerance)
        looks = {_AFTER_S, prompt, over}
        if self._clock.kind == "wall":
            looks = {_AFTER_S} if self._waited_out > 1 else {*looks, *_WALL_LOOKS_S}
        for seconds in sorted(look for look in looks if look <= over):
            if not self._reach(due + int(seconds * NANO)):
                return False
            if not session.contract.is_awaiting(session.read(step.campaign, sequence)):
                break
        else:
            self._waited_out += 1
        return True

    def _reach(self, ns: int) -> bool:
        if ns and self._clock.reach(ns):
            self._session.clock_check.moved(self._session)
            return True
        unknown = self._clock.kind == "wall" and self._clock.moved is None
        trouble = self._clock.trouble or ("no response shows the provider's time" if unknown else None)
        if trouble:
            self._session.state.untimed = f"{trouble}; {_WAYS_OUT[self._clock.kind]}"
        return False
