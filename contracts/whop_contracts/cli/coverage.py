"""The clauses that each sequence of a plan tests, as seen on the reference provider in this process."""

from __future__ import annotations

import dataclasses
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

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
    """The ids of the clauses that each case tests, by the names of its sequence and its own, in the plan's
    order.
    """
    by_case: dict[tuple[str, str], frozenset[str]] = {}
    for sequence, case, ids in _requests(plan, clauses):
        by_case[sequence, case] = by_case.get((sequence, case), frozenset()) | ids
    return by_case


def missed(plan: Plan, clauses: Iterable[Clause], sent: Mapping[tuple[str, str], int]) -> frozenset[str]:
    """The ids of the clauses that only requests of ``plan`` test that were not sent.

    ``sent`` counts those that were, by the names of their sequence and case.
    """
    tested, untested = frozenset[str](), frozenset[str]()
    requests = _requests(plan, clauses)
    for (_, _, ids), there in zip(requests, were_sent((row[:2] for row in requests), sent), strict=True):
        if there:
            tested |= ids
        else:
            untested |= ids
    return untested - tested


def were_sent(requests: Iterable[tuple[str, str]], sent: Mapping[tuple[str, str], int]) -> Iterator[bool]:
    """For each request, by the names of its sequence and case, whether it is one of those ``sent``."""
    left = Counter(sent)
    for one in requests:
        left[one] -= 1
        yield left[one] >= 0


def _requests(plan: Plan, clauses: Iterable[Clause]) -> list[tuple[str, str, frozenset[str]]]:
    """The requests of a plan on the reference provider: sequence, case, and the ids of the clauses that it
    tests.
    """
    wanted = tuple(clauses)
    found: list[tuple[str, str, frozenset[str]]] = []

    def note(evidence: Evidence, sequence: str) -> None:
        tested = frozenset(clause.id for clause in wanted if clause.applies(evidence))
        found.append((sequence, evidence.exchange.case, tested))

    reference = provider.build(clock=provider.ManualClock(time.time()))
    run_in_process(plan, reference, random.Random(plan.seed), note)  # noqa: S311 - names that nobody has, not secrets
    return found


def only(plan: Plan, clauses: Iterable[Clause]) -> Plan:
    """The plan without the sequences that test none of ``clauses``, but for the first: one must succeed."""
    serving = served(plan, clauses)
    kept = (s for s in plan.sequences if serving.get(s.name) or s is plan.sequences[0])
    return dataclasses.replace(plan, sequences=tuple(kept))
