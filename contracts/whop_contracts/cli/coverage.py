"""The clauses that each sequence of a plan tests, as seen on the reference provider in this process."""

from __future__ import annotations

import dataclasses
import random
import time
from collections.abc import Iterable, Mapping

from whop_contracts import provider
from whop_contracts.cli.open_target import run_in_process
from whop_contracts.engine.plan import Plan
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.evidence import Evidence


def served(plan: Plan, clauses: Iterable[Clause]) -> Mapping[str, frozenset[str]]:
    """The ids of the clauses that each sequence of ``plan`` tests, by the sequence's name."""
    by_sequence: dict[str, frozenset[str]] = {}
    for (sequence, _), ids in served_by_case(plan, clauses).items():
        by_sequence[sequence] = by_sequence.get(sequence, frozenset()) | ids
    return by_sequence


def served_by_case(plan: Plan, clauses: Iterable[Clause]) -> Mapping[tuple[str, str], frozenset[str]]:
    """The ids of the clauses that each case tests, by the names of its sequence and of itself."""
    wanted = tuple(clauses)
    by_case: dict[tuple[str, str], set[str]] = {}

    def note(evidence: Evidence, sequence: str) -> None:
        tested = by_case.setdefault((sequence, evidence.exchange.case), set())
        tested.update(clause.id for clause in wanted if clause.applies(evidence))

    reference = provider.build(clock=provider.ManualClock(time.time()))
    run_in_process(plan, reference, random.Random(plan.seed), note)  # noqa: S311 - names, not secrets
    return {names: frozenset(ids) for names, ids in by_case.items()}


def only(plan: Plan, clauses: Iterable[Clause]) -> Plan:
    """The plan without the sequences that test none of ``clauses``, but for the first: one must succeed."""
    serving = served(plan, clauses)
    kept = (s for s in plan.sequences if serving.get(s.name) or s is plan.sequences[0])
    return dataclasses.replace(plan, sequences=tuple(kept))
