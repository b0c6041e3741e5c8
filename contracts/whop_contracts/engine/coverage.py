"""What each sequence of a plan is good for: the clauses that it puts to the test, seen on the honest provider in this process."""

from __future__ import annotations

import dataclasses
import random
import time
from collections.abc import Callable, Iterable, Mapping

from whop_contracts import provider
from whop_contracts.engine.executor import Executor
from whop_contracts.engine.plan import Plan
from whop_contracts.engine.request_builder import RequestBuilder
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.evidence import Evidence
from whop_contracts.pause.oracle import Oracle
from whop_contracts.target import Sender, mock_parties, open_mock


def served(plan: Plan, clauses: Iterable[Clause]) -> Mapping[str, frozenset[str]]:
    """The ids of the clauses that each sequence of ``plan`` serves, by the sequence's name. Nothing leaves the process."""
    by_sequence: dict[str, frozenset[str]] = {}
    for (sequence, _), ids in served_by_case(plan, clauses).items():
        by_sequence[sequence] = by_sequence.get(sequence, frozenset()) | ids
    return by_sequence


def served_by_case(plan: Plan, clauses: Iterable[Clause]) -> Mapping[tuple[str, str], frozenset[str]]:
    """The ids of the clauses that each case of ``plan`` serves, by the names of its sequence and its own, in the plan's order."""
    judged = tuple(clauses)
    by_case: dict[tuple[str, str], set[str]] = {}

    def note(evidence: Evidence, sequence: str) -> None:
        served = by_case.setdefault((sequence, evidence.exchange.case), set())
        served.update(c.id for c in judged if c.applies(evidence))

    honest = provider.build(clock=provider.ManualClock(time.time()))
    conduct(plan, honest, random.Random(plan.seed), note)  # noqa: S311 - names that nobody has, not secrets
    return {names: frozenset(ids) for names, ids in by_case.items()}


def conduct(
    plan: Plan, judged: provider.Provider, rng: random.Random, watch: Callable[[Evidence, str], object]
) -> None:
    """Send a plan to a provider in this process; ``watch`` is given every exchange and the name of its sequence."""
    parties = mock_parties()
    parties = dataclasses.replace(parties, campaigns=parties.campaigns[: plan.means.campaigns])
    target = open_mock(judged)

    def take(evidence: Evidence, sequence: str) -> None:
        watch(evidence, sequence)

    executor = Executor(
        target,
        Sender(target, rng=rng),
        RequestBuilder(target.base_url, parties, agent="whop-contracts", rng=rng),
        parties,
        expectation=Oracle(tolerance=plan.means.tolerance_s),
        journal=None,
        watch=take,
    )
    executor.preflight(foreign=plan.means.foreign)
    executor.run(plan)
    executor.put_back()
    target.close()


def only(plan: Plan, clauses: Iterable[Clause]) -> Plan:
    """The plan without the sequences that serve none of ``clauses``; its first one stays, so that one pause is seen to succeed."""
    serving = served(plan, clauses)
    kept = (s for s in plan.sequences if serving.get(s.name) or s is plan.sequences[0])
    return dataclasses.replace(plan, sequences=tuple(kept))
