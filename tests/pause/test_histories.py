"""Drawn histories: none fails on the conforming provider; that of a planted fault is found, and shrinks."""

import os
import random
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, find, given, settings

from whop_contracts.cli.planning import mock_actors, session_in_process
from whop_contracts.engine.clause_runner import ClauseRunner
from whop_contracts.engine.executor import Course, Executor
from whop_contracts.engine.journal import CampaignRecord
from whop_contracts.engine.plan import Plan
from whop_contracts.engine.run import preflight
from whop_contracts.engine.teardown import restore_campaigns
from whop_contracts.pause import catalogue
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause.strategies.plans import drawn_sequences, histories
from whop_contracts.provider import ManualClock, build
from whop_contracts.steps import AdvanceClock, Capabilities

EXPLORED = int(os.environ.get("EXPLORED_HISTORIES", "60"))
"""How many histories of the conforming provider are explored: 2,000 by ``tox -e explore``."""
MUSTS = frozenset(clause.id for clause in catalogue.clauses() if clause.level == "must")
EXPLORING = settings(
    deadline=None, database=None, derandomize=True, max_examples=EXPLORED,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


class Exploration:
    """A provider on the mock; each step is checked by the oracle and by every clause."""

    def __init__(self, fault=None):
        actors = replace(mock_actors(), campaigns=mock_actors().campaigns[:2])
        self.runner = ClauseRunner(catalogue.clauses(), PAUSE)
        self.broken = []
        provider = build(fault=fault, clock=ManualClock())
        self.session = session_in_process(provider, actors, random.Random(0), self.check)
        self.executor = Executor(self.session)
        self.first = preflight(self.session, foreign=False)

    def check(self, evidence, sequence):
        self.broken += [name for name in self.runner.add(evidence, sequence) if name in MUSTS]

    def follow(self, steps):
        """The must clauses that the first failing step of a history fails."""
        course = Course("explored")
        for step in steps:
            taking = self.executor.take(step, course)
            with suppress(StopIteration):
                due = next(taking)
                while due:
                    due = taking.send(self.session.target.clock.reach(due))
            if self.broken:
                break
        self.session.target.close()
        return self.broken


def words(step):
    """A step in two words: what is done, and to which instant or by which case."""
    if isinstance(step, AdvanceClock):
        return f"advance {'past' if step.plus_ms > 0 else 'before'} {step.mark}"
    case = step.case
    if case.operation != "pause":
        return case.operation
    return f"pause until {case.mark}" if case.mark else case.name


@EXPLORING
@given(histories())
def test_no_history_of_the_conforming_provider_fails(steps):
    assert Exploration().follow(steps) == []


PLANTED = [
    ("resume-keeps-date", "auto_resume.date-is-cleared", "pause until a, advance past a, retrieve"),
    ("never-resumes", "auto_resume.resumes-by-itself", "pause until a, advance past a, retrieve"),
    ("dated-timer-ends-indefinite", "pausing.read-agrees",
     "pause until a, without a date, advance past a, retrieve"),
]  # fmt: skip
"""Fault, clause, shortest history; all but the first with ``tox -e explore`` only."""


@pytest.mark.parametrize(
    ("fault", "clause", "shortest"), PLANTED if "EXPLORED_HISTORIES" in os.environ else PLANTED[:1]
)
def test_the_history_of_a_planted_fault_is_found_and_is_short(fault, clause, shortest):
    often = settings(EXPLORING, max_examples=2_000)
    steps = find(histories(), lambda steps: Exploration(fault).follow(steps), settings=often)
    assert Exploration(fault).follow(steps) == [clause]
    found = iter(map(words, steps))
    assert all(step in found for step in shortest.split(", "))
    assert len(steps) <= shortest.count(",") + 2


def test_drawn_histories_are_the_same_for_the_same_seed():
    assert drawn_sequences(7, 12) == drawn_sequences(7, 12)
    assert drawn_sequences(7, 12) != drawn_sequences(8, 12)
    assert drawn_sequences(7, 12)[:5] == drawn_sequences(7, 5)


@pytest.mark.parametrize("moving", [True, False])
def test_a_plan_counts_the_requests_of_drawn_histories(moving):
    sequences = drawn_sequences(3, 40, moving=moving)
    assert len({sequence.name for sequence in sequences}) == 40
    run = Exploration()
    plan = Plan("thorough", 0, Capabilities(campaigns=2, clock="virtual"), sequences)
    run.executor.run(plan)
    records = {name: CampaignRecord(shown) for name, shown in run.first.items()}
    restore_campaigns(run.session, records, restore_time=60.0)
    assert run.broken == run.session.state.failed == []
    assert run.runner.requests == plan.requests
    assert any(isinstance(step, AdvanceClock) for sequence in sequences for step in sequence.steps) == moving
