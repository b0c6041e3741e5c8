"""Histories explored by rules: none fails on the honest provider, and a planted fault shrinks to the shortest
history that shows it.
"""

from __future__ import annotations

import os
import random
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar, Literal

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from hypothesis.strategies import sampled_from

from whop_contracts.cli.open_target import mock_actors, session_in_process
from whop_contracts.engine.clause_runner import ClauseRunner
from whop_contracts.engine.executor import Course, Executor
from whop_contracts.engine.plan import Plan
from whop_contracts.engine.teardown import restore_campaigns, wanted_by_run
from whop_contracts.pause import catalogue, exploration
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause.exploration import drawn_sequences
from whop_contracts.pause.sequences import READ
from whop_contracts.provider import ManualClock, build
from whop_contracts.steps import AdvanceClock, Capabilities, Send, Sequence, Step

HISTORIES = int(os.environ.get("EXPLORED_HISTORIES", "150"))
"""How many histories of the honest provider are explored: 2,000 by ``tox -e explore``."""
LENGTH = 10
MUSTS = frozenset(clause.id for clause in catalogue.clauses() if clause.level == "must")


class Exploration(RuleBasedStateMachine):
    """One campaign of a provider on the mock, each step of its history judged by the expectation and by every
    clause.
    """

    fault: ClassVar[str | None] = None
    failed: ClassVar[tuple[list[str], list[str]] | None] = None
    """The history that failed last, in words, and the clauses that it broke: the shortest, once Hypothesis is
    done.
    """

    def __init__(self) -> None:
        super().__init__()
        actors = replace(mock_actors(), campaigns=mock_actors().campaigns[:2])
        self.tally = ClauseRunner(catalogue.clauses(), PAUSE)
        self.broken: list[str] = []
        self.history: list[str] = []
        self.known: tuple[str, ...] = ()
        provider = build(fault=self.fault, clock=ManualClock())
        self.session = session_in_process(provider, actors, random.Random(0), self.judge)
        self.executor = Executor(self.session)
        self.course = Course("explored")
        _, self.first = self.executor.preflight(foreign=False)
        self.target = self.session.target

    def judge(self, evidence, sequence) -> None:
        self.broken += [name for name in self.tally.add(evidence, sequence) if name in MUSTS]

    def take(self, step: Step) -> None:
        self.history.append(words(step))
        taking = self.executor.take(step, self.course)
        with suppress(StopIteration):
            due = next(taking)
            while True:
                assert due
                due = taking.send(self.target.clock.reach(due))
        if self.broken:
            type(self).failed = self.history, self.broken
        assert not self.broken, f"{', '.join(self.broken)}: {'; '.join(self.history)}"

    @rule(step=exploration.dated_pauses())
    def pause_until(self, step) -> None:
        self.take(step)
        self.known = tuple(dict.fromkeys((*self.known, step.case.mark)))

    @rule(step=exploration.undated_pauses())
    def pause(self, step) -> None:
        self.take(step)

    @rule(step=exploration.unpauses())
    def unpause(self, step) -> None:
        self.take(step)

    @rule(step=exploration.reads())
    def read(self, step) -> None:
        self.take(step)

    @rule(step=exploration.refusals())
    def refuse(self, step) -> None:
        self.take(step)

    @rule(step=exploration.advances(), looking=sampled_from((False, True)))
    def advance(self, step, looking) -> None:
        # No precondition, and whatever is drawn means something: else histories do not always shrink to the
        # shortest.
        if self.known:
            self.take(step if step.mark in self.known else replace(step, mark=self.known[0]))
            if looking:
                self.take(READ)

    def teardown(self) -> None:
        self.target.close()


def words(step: Step) -> str:
    """A step in two words: what is done, and to which instant or by which case."""
    if isinstance(step, AdvanceClock):
        return f"advance {'past' if step.plus_ms > 0 else 'before'} {step.mark}"
    assert isinstance(step, Send)
    case = step.case
    if case.operation != "pause":
        return case.operation
    if case.mark:
        return f"pause until {case.mark}"
    return "pause" if case.name in {"without a date", "no body"} else f"refused: {case.name}"


def explore(fault: str | None, histories: int) -> tuple[list[str], list[str]] | None:
    """The shortest failing history that is found, with the clauses it breaks; None where none fails."""
    machine: Any = type("Explored", (Exploration,), {"fault": fault})
    machine.failed = None
    chosen = settings(
        max_examples=histories,
        stateful_step_count=LENGTH,
        deadline=None,
        database=None,
        derandomize=True,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=[HealthCheck.too_slow],
        report_multiple_bugs=False,
    )
    try:
        run_state_machine_as_test(machine, settings=chosen)
    except AssertionError:
        assert machine.failed is not None
    return machine.failed


def test_no_history_of_the_honest_provider_fails() -> None:
    assert explore(None, HISTORIES) is None


PLANTED = [
    ("resume-keeps-date", ["pause until a", "advance past a", "retrieve"], "auto_resume.date-is-cleared"),
    ("never-resumes", ["pause until a", "advance past a", "retrieve"], "auto_resume.resumes-by-itself"),
    (
        "dated-timer-ends-indefinite",
        ["pause until a", "pause", "advance past a", "retrieve"],
        "pausing.read-agrees",
    ),
    (
        "first-resume-only",
        ["pause until a", "advance past a", "pause until a", "advance past a", "retrieve"],
        "auto_resume.resumes-by-itself",
    ),
]
"""Fault, shortest history, clause; all but the first with ``tox -e explore`` only."""


@pytest.mark.parametrize(
    ("fault", "shortest", "clause"), PLANTED if "EXPLORED_HISTORIES" in os.environ else PLANTED[:1]
)
def test_a_planted_fault_shrinks_to_the_shortest_history_that_shows_it(fault, shortest, clause) -> None:
    found = explore(fault, 2_000)
    assert found is not None
    history, broken = found
    assert history == shortest
    assert broken == [clause]


def judged(
    sequences: tuple[Sequence, ...], clock: Literal["virtual", "wall"] = "virtual"
) -> tuple[Exploration, Plan]:
    machine = Exploration()
    plan = Plan("thorough", 0, Capabilities(campaigns=2, clock=clock), sequences)
    machine.executor.run(plan)
    restore_campaigns(
        machine.session, wanted_by_run(machine.session.actors.campaigns, machine.first), restore_time=60.0
    )
    return machine, plan


def test_drawn_histories_are_the_same_for_the_same_seed() -> None:
    assert drawn_sequences(7, 12) == drawn_sequences(7, 12)
    assert drawn_sequences(7, 12) != drawn_sequences(8, 12)
    assert drawn_sequences(7, 12)[:5] == drawn_sequences(7, 5)


@pytest.mark.parametrize("moving", [True, False])
def test_drawn_histories_keep_to_the_rules_and_the_plan_counts_them(moving) -> None:
    sequences = drawn_sequences(3, 60, moving=moving)
    assert len({sequence.name for sequence in sequences}) == 60
    machine, plan = judged(sequences)
    assert machine.broken == []
    assert machine.session.state.failed == []
    assert machine.tally.requests == plan.requests
    assert any(isinstance(step, AdvanceClock) for sequence in sequences for step in sequence.steps) == moving


def test_no_clock_is_moved_to_an_instant_that_is_not_known() -> None:
    for sequence in drawn_sequences(5, 100):
        known = set()
        for step in sequence.steps:
            if isinstance(step, Send):
                known.add(step.case.mark)
            assert not isinstance(step, AdvanceClock) or step.mark in known
