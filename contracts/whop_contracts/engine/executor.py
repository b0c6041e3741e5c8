"""Sends a plan: its sequences in their order, step by step. The clauses check the responses."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Final

from whop_contracts.engine.guards import PREFLIGHT
from whop_contracts.engine.journal import JournalError
from whop_contracts.engine.plan import Plan
from whop_contracts.engine.run_state import Stopped
from whop_contracts.engine.schedule import Course, Running, Schedule, Steps
from whop_contracts.engine.session import Session
from whop_contracts.instants import NANO
from whop_contracts.pause.evidence import Evidence, State
from whop_contracts.steps import AdvanceClock, AwaitResume, Case, Send, Sequence, Step, read
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
                # What is active has no date, so that it can be restored even if dates cannot be read.
                undated = not shown.whole and session.contract.is_ready(shown)
                first[campaign] = session.contract.baseline if undated else shown
                self._journal_first(campaign, first[campaign])
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
        """Send every sequence of the plan, as far as the budget goes and the journal can be kept.

        While a sequence waits on a wall clock, those for other campaigns are sent.
        """
        state = self._session.state
        schedule = Schedule(plan.sequences, overlap=self._clock.kind == "wall")
        schedule.known = self._is_known()
        try:
            while one := schedule.next(self._has_passed, self._send_sequence):
                self._go_on(schedule, one)
        except BudgetSpent as spent:
            state.cut = len(plan.sequences) - schedule.finished
            unsent = f"{state.cut} of {len(plan.sequences)} sequences{label}"
            state.notes.append(f"{spent}: {unsent} were not finished")
        except Stopped as stopped:
            state.inconclusive = str(stopped)
        except JournalError as error:
            state.inconclusive = state.unjournalled = str(error)

    def _go_on(self, schedule: Schedule, one: Running) -> None:
        """Let a sequence take its next step, after the instant that it waits for."""
        reached = not one.due or self._reach(one.due)
        try:
            one.due = (one.steps.send(reached) if one.begun else next(one.steps)) or 0
            one.begun = True
        except StopIteration:
            schedule.finish(one)
        schedule.known = self._is_known()
        if schedule.overlap:
            self._session.set_waiting({symbol for other in schedule.waiting for symbol in other.campaigns})

    def _is_known(self) -> bool:
        return self._clock.kind != "wall" or self._clock.moved is not None

    def _has_passed(self, ns: int) -> bool:
        """Whether there is no need to wait for an instant, as it is over or cannot be waited for."""
        now = self._session.target.time()
        window = self._clock.window(now, now)
        return window is None or window.start >= ns

    # -- one sequence ----------------------------------------------------------------------------------------

    def _send_sequence(self, sequence: Sequence) -> Steps:
        """Send a sequence. If it is the first in which a read showed an older state, send it again if a read
        just before an instant was excused by that: from now on the lag is over before such a read.
        """
        oracle = self._session.oracle
        lagged = oracle.lags
        done = yield from self._send_once(sequence)
        if done and oracle.lags and not lagged and any(map(self._is_just_before, sequence.steps)):
            return (yield from self._send_once(sequence))
        return done

    def _is_just_before(self, step: Step) -> bool:
        """Whether a test clock is moved to just before an instant. Reads lag by the time of the sender."""
        return isinstance(step, AdvanceClock) and step.plus_ms < 0 and self._clock.kind == "test"

    def _send_once(self, sequence: Sequence) -> Steps:
        course = Course(sequence.name)
        if sequence.start == "active":
            self._bring_to_baseline(sequence.campaign, course)
        for group in self._grouped(sequence.steps):
            if group[1:]:
                cases = [step.case for step in group if isinstance(step, Send)]
                self._session.send_together(cases, course.name, course.marks)
            elif not (yield from self.take(group[0], course)):
                return False
            yield None
        return True

    def _grouped(self, steps: Iterable[Step]) -> Iterator[tuple[Step, ...]]:
        """The steps one by one, or with several jobs the requests in a row that must be rejected together."""
        if self._session.sender.jobs == 1:
            yield from ((step,) for step in steps)
            return
        for together, some in itertools.groupby(steps, self._must_be_rejected):
            group = tuple(some)
            yield from [group] if together else ((step,) for step in group)

    def _must_be_rejected(self, step: Step) -> bool:
        classes = self._session.contract.plan_parts.classes
        one = classes.get(step.case.request_class or "") if isinstance(step, Send) else None
        return one is not None and one.effect == "none"

    def take(self, step: Step, course: Course) -> Steps:
        """Take one step of a sequence."""
        if isinstance(step, Send):
            if step.case.operation == "retrieve":
                self._session.read(step.case.campaign, course.name)
            else:
                self._send(step.case, course)
            return True
        if isinstance(step, AwaitResume):
            return (yield from self._await_resume(step, course))
        if self._session.oracle.lags and self._is_just_before(step):
            self._session.outlast_lag()
        return bool((yield course.marks.get(step.mark, 0) + step.plus_ms * 1_000_000))

    def _send(self, case: Case, course: Course) -> None:
        """Send a case; from the first 409 on, the campaign is at its baseline before."""
        session = self._session
        acts = session.contract.takes_effect(case)
        if acts and self._conflicts:
            self._bring_to_baseline(case.campaign, course)
        evidence = session.send(case, course.name, course.marks)
        if acts and evidence.status == _CONFLICT and not self._conflicts:
            self._conflicts = True
            self._bring_to_baseline(case.campaign, course)
            evidence = session.send(case, course.name, course.marks)
        if case.mark and evidence.status == _CONFLICT and self._clock.kind == "wall":
            course.conflicting.add(case.mark)

    def _bring_to_baseline(self, campaign: str, course: Course) -> None:
        session = self._session
        if self._is_at_baseline(campaign):
            return
        for case in session.contract.requests_to_restore(None, session.contract.baseline, campaign):
            session.send(case, course.name)
        if not self._is_at_baseline(campaign):
            session.read(campaign, course.name)

    def _is_at_baseline(self, symbol: str) -> bool:
        campaign = self._session.actors.campaigns[int(symbol.partition(":")[2])]
        return self._session.possible(campaign) == frozenset({self._session.contract.baseline})

    def _await_resume(self, step: AwaitResume, course: Course) -> Steps:
        """Read after a due resume until it is seen or the tolerance is over; two long waits at most.

        On a wall clock, a pause that got a 409 is not waited for.
        """
        session = self._session
        if step.mark in course.conflicting or self._is_at_baseline(step.campaign):
            return True
        due = course.marks.get(step.mark, 0)
        prompt, over = session.contract.looks_after_due(session.tolerance)
        looks = {_AFTER_S, prompt, over}
        if self._clock.kind == "wall":
            looks = {_AFTER_S} if self._waited_out > 1 else {*looks, *_WALL_LOOKS_S}
        for seconds in sorted(look for look in looks if look <= over):
            if not (yield due + int(seconds * NANO)):
                return False
            if not session.contract.is_awaiting(session.read(step.campaign, course.name)):
                break
        else:
            self._waited_out += 1
        return True

    def _reach(self, ns: int) -> bool:
        if self._clock.reach(ns):
            self._session.clock_check.moved(self._session)
            return True
        unknown = self._clock.kind == "wall" and self._clock.moved is None
        trouble = self._clock.trouble or ("no response shows the provider's time" if unknown else None)
        if trouble:
            self._session.state.untimed = f"{trouble}; {_WAYS_OUT[self._clock.kind]}"
        return False
