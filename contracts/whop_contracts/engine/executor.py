"""Sends a plan: its sequences in their order, step by step. The clauses check the responses."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from whop_contracts.engine.guards import Stopped
from whop_contracts.engine.journal import JournalError
from whop_contracts.engine.plan import Plan
from whop_contracts.engine.session import SETTLE_S, Session
from whop_contracts.instants import NANO
from whop_contracts.steps import AdvanceClock, AwaitResume, Case, Send, Sequence, Step
from whop_contracts.target.sender import BudgetSpent

_AFTER_S: Final = 1.0
_WAYS_OUT: Final = {
    "test": "check --test-clock, or run without it",
    "wall": "give --test-clock, or have responses carry the provider's time as Date",
    "virtual": "please report it",
}
"""What helps if a clock of a kind cannot be used."""
_OVERLAPPING: Final = ("wall",)
"""The kinds of clock on which others are sent while a sequence waits."""
_WALL_LOOKS_S: Final = (3.0, 16.0, 32.0)
"""On a wall clock a late resume is also looked for at these seconds after it is due."""
Steps = Generator[int | None, bool | None, bool]
"""Sends what belongs together. Yields an instant (ns of the provider's clock) to go on at, and is sent
whether it was reached; or None where others may go on first. Returns whether the rest can be sent.
"""


@dataclass(slots=True, eq=False)
class Course:
    """A sequence under way, and the symbols of its campaigns; ``due`` is the instant that it waits for.

    ``marks`` are the instants that its later steps refer to, ``conflicting`` those of pauses that got a 409.
    """

    name: str
    campaigns: frozenset[str] = frozenset()
    due: int = 0
    marks: dict[str, int] = field(default_factory=dict)
    conflicting: set[str] = field(default_factory=set)
    steps: Steps = field(init=False)


class Executor:
    """Sends a plan in a session. Every exchange is given to the session's ``watch``.

    A sequence that is due comes first, then the one being sent, then the next of the plan. On a wall clock a
    sequence that has to wait does not hold up others: the next one is then the first without a wait of its
    own, else the first, that uses none of the campaigns of those under way. So a campaign is never used by
    two sequences at once, and with a single campaign everything waits: its reads could not tell whether the
    waiting sequence or a rejected request has changed it. Until the clock is known, those without a wait come
    first too: an instant that is counted from a guess is never reached.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._clock = session.target.clock
        self._overlaps = self._clock.kind in _OVERLAPPING
        self._todo: Iterator[Sequence] = iter(())
        self._deferred: list[Sequence] = []
        self._under_way: list[Course] = []
        self._waited_out = 0
        self._conflicts = False

    def run(self, plan: Plan, more: Callable[[int], Plan] | None = None) -> None:
        """Send a plan, and ``more`` batches of it (numbered from 1), within the budget."""
        state, number = self._session.state, 0
        self._send_plan(plan, "")
        while more and not (state.cut or state.inconclusive):
            number += 1
            self._send_plan(more(number), f" of batch {number}")

    def _send_plan(self, plan: Plan, label: str) -> None:
        state, finished = self._session.state, 0
        self._todo = iter(plan.sequences)
        try:
            while one := self._next():
                finished += self._go_on(one)
        except BudgetSpent as spent:
            state.cut = len(plan.sequences) - finished
            unsent = f"{state.cut} of {len(plan.sequences)} sequences{label}"
            state.notes.append(f"{spent}: {unsent} were not finished")
        except (Stopped, JournalError) as reason:
            state.inconclusive = str(reason)

    # -- which sequence goes on ------------------------------------------------------------------------------

    def _next(self) -> Course | None:
        """What goes on now; if it is not due yet, nothing else can be sent. None at the end."""
        waiting = min((one for one in self._under_way if one.due), key=lambda one: one.due, default=None)
        now = self._session.target.time()
        clock = self._clock.window(now, now)
        # There is no need to wait for an instant that is over, or that cannot be waited for.
        if waiting and (not self._overlaps or clock is None or clock.start >= waiting.due):
            # Until it waits again or ends, it stays ahead of the one that it interrupts.
            self._under_way.remove(waiting)
            self._under_way.insert(0, waiting)
            return waiting
        sending = next((one for one in self._under_way if not one.due), None)
        if sending is None and (sequence := self._startable()):
            sending = Course(sequence.name, _campaigns(sequence))
            sending.steps = self._send_sequence(sequence, sending)
            self._under_way.append(sending)
        return sending or waiting

    def _startable(self) -> Sequence | None:
        """Take the next sequence that may be started; None if there is none now."""
        blocked = frozenset[str]().union(*(one.campaigns for one in self._under_way))
        unknown = self._clock.kind == "wall" and self._clock.moved is None
        found: int | None = None
        for index, sequence in enumerate(self._upcoming()):
            if blocked & _campaigns(sequence):
                continue
            found = index if found is None else found
            waits = any(isinstance(step, AdvanceClock | AwaitResume) for step in sequence.steps)
            if not (waits and (blocked or unknown)):
                found = index
                break
        return None if found is None else self._deferred.pop(found)

    def _upcoming(self) -> Iterator[Sequence]:
        """What was not started yet, in the order of the plan; what is taken from it is known from then on."""
        yield from self._deferred
        for sequence in self._todo:
            self._deferred.append(sequence)
            yield sequence

    def _go_on(self, one: Course) -> bool:
        """Let a sequence take its next step, after the instant that it waits for. Whether it has ended."""
        try:
            one.due = one.steps.send(self._reach(one.due) if one.due else None) or 0
        except StopIteration:
            self._under_way.remove(one)
        if self._overlaps:
            symbols = {symbol for other in self._under_way if other.due for symbol in other.campaigns}
            own = (symbol for symbol in symbols if symbol.startswith("own:"))
            self._session.oracle.waiting = set(map(self._session.actors.own, own))
        return one not in self._under_way

    # -- one sequence ----------------------------------------------------------------------------------------

    def _send_sequence(self, sequence: Sequence, course: Course) -> Steps:
        if sequence.start == "active":
            self._bring_to_baseline(sequence.campaign, course)
        for rejected, some in itertools.groupby(sequence.steps, self._must_be_rejected):
            steps = list(some)
            if rejected and steps[1:] and self._session.sender.jobs > 1:
                cases = [step.case for step in steps if isinstance(step, Send)]
                self._session.send_together(cases, course.name, course.marks)
                yield None
                continue
            for step in steps:
                if not (yield from self.take(step, course)):
                    return False
                yield None
        return True

    def _must_be_rejected(self, step: Step) -> bool:
        classes = self._session.contract.classes
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
        if self._session.oracle.lags and step.plus_ms < 0 and self._clock.kind == "test":
            # Reads lag by the time of the sender.
            self._clock.lag(sum(SETTLE_S))
        return bool((yield course.marks.get(step.mark, 0) + step.plus_ms * 1_000_000))

    def _send(self, case: Case, course: Course) -> None:
        """Send a case; from the first 409 on, the campaign is at its baseline before."""
        session = self._session
        acts = session.contract.takes_effect(case)
        if acts and self._conflicts:
            self._bring_to_baseline(case.campaign, course)
        conflict = session.send(case, course.name, course.marks).status == HTTPStatus.CONFLICT
        if conflict and acts and not self._conflicts:
            self._conflicts = True
            self._send(case, course)
        elif conflict and case.mark and self._clock.kind == "wall":
            course.conflicting.add(case.mark)

    def _bring_to_baseline(self, campaign: str, course: Course) -> None:
        session, contract = self._session, self._session.contract
        if self._is_at_baseline(campaign):
            return
        for case in contract.requests_to_restore(None, contract.baseline, campaign):
            session.send(case, course.name)
        if not self._is_at_baseline(campaign):
            session.read(campaign, course.name)

    def _is_at_baseline(self, symbol: str) -> bool:
        session = self._session
        return session.possible(session.actors.own(symbol)) == frozenset({session.contract.baseline})

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
        trouble = self._clock.trouble
        if self._clock.kind == "wall" and self._clock.moved is None:
            trouble = trouble or "no response shows the provider's time"
        if trouble:
            self._session.state.untimed = f"{trouble}; {_WAYS_OUT[self._clock.kind]}"
        return False


def _campaigns(sequence: Sequence) -> frozenset[str]:
    """The symbols of the campaigns that a sequence uses, also by an altered id."""
    used = {sequence.campaign} if sequence.start == "active" else set()
    used.update(case.campaign for case in sequence.cases())
    return frozenset(":".join(symbol.split(":")[:2]) for symbol in used)
