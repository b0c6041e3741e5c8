"""Explaining a clause: what serves it, what conforms and what does not, and the faults that trip it.

What can be read off a table or a schema is; the rest is shown on faults of the built-in provider, judged in this process.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from whop_contracts import provider
from whop_contracts.cli.coverage import served_by_case
from whop_contracts.cli.open_target import run_in_process
from whop_contracts.engine.clause_runner import ClauseRunner
from whop_contracts.engine.plan import Plan
from whop_contracts.pause import catalogue
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.clauses.members import DOCUMENT, MEMBERS, member_id
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause.request_classes import CLASSES, CLIENT, RequestClass
from whop_contracts.proof import START, Trial
from whop_contracts.schemas import Member, expected, subschema

_ANY: Final = "any other 4xx"


@dataclass(frozen=True, slots=True)
class Served:
    """What is sent for a clause: the requests of a plan that serve it, of all its requests, and the names of these, each once."""

    requests: int
    of: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A fault seen tripping a clause: the case that showed it, what was expected, and what the faulty provider answered."""

    fault: str
    why: str
    case: str
    expected: str
    actual: str


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a table or a schema says of a clause, in words: what ``conforms``, what only ``warns``, what ``fails``."""

    conforms: str
    warns: str
    fails: str


def served(clause: Clause, plan: Plan) -> Served:
    """The requests of ``plan`` that put ``clause`` to the test, as tried on the honest provider."""
    by_case = {
        names: ids for names, ids in served_by_case(plan, catalogue.clauses()).items() if clause.id in ids
    }
    requests = [(sequence, case.name) for sequence, case in plan.listed()]
    names = dict.fromkeys(
        sequence if sequence == case else f"{sequence}: {case}"
        for sequence, case in requests
        if (sequence, case) in by_case
    )
    return Served(sum(one in by_case for one in requests), len(requests), tuple(names))


def bounds(clause: Clause) -> Bounds | None:
    """What the conformance table or the schema says; None for a clause that neither holds."""
    found = next((one for one in CLASSES if one.clause == clause.id), None)
    if found:
        return _of_class(found)
    member = next((one for one in MEMBERS if member_id(one) == clause.id), None)
    return _of_member(member) if member else None


def _of_class(one: RequestClass) -> Bounds:
    others = _ANY if not one.reject >= CLIENT else ""
    fails = ["a 2xx" if one.accept == "fails" else "", *(f"a {status}" for status in sorted(one.never))]
    warns = ["a 2xx" if one.accept == "warns" else "", others if one.other == "warns" else ""]
    return Bounds(
        conforms=one.expected(),
        warns=_listed(warns),
        fails=_listed([*fails, others if one.other == "fails" else "", "a 3xx", "a 5xx"]),
    )


def _of_member(member: Member) -> Bounds:
    schema = subschema(DOCUMENT, member.schema_pointer)
    rules = [
        expected(schema, keyword) for keyword in ("type", "format", "pattern", "enum") if keyword in schema
    ]
    usual = schema.get("x-should") or schema.get("items", {}).get("x-should") or {}
    warns = _listed(
        [expected(usual, keyword) for keyword in ("format", "pattern", "enum", "minimum") if keyword in usual]
    )
    return Bounds(
        conforms="; ".join(rules),
        warns=f"anything but {warns}" if warns else "",
        fails=_listed(["the member absent", "" if member.nullable else "null", "another JSON type or value"]),
    )


def _listed(words: list[str]) -> str:
    return ", ".join(word for word in words if word)


def tripping(clause: str) -> tuple[str, ...]:
    """The faults that the proof has seen tripping a clause, by name: first those that trip little else."""
    found: Mapping[str, list[str]] = json.loads(proof_path().read_text("utf-8"))["faults"]
    return tuple(found.get(clause, ()))


def proof_path() -> Path:
    """Where the proof lies as data: inside the wheel beside this module, in a checkout among its documentation."""
    inside = Path(__file__).parents[1] / "proof.json"
    return inside if inside.is_file() else Path(__file__).parents[3] / "docs" / "proof.json"


def examples(clause: Clause, plan: Plan, names: tuple[str, ...]) -> Iterator[Example]:
    """Each of the faults ``names`` judged by ``clause`` alone, as the proof judges them; what does not trip it gives nothing."""
    whys = {fault.name: fault.why for fault in provider.faults()}
    for name in names:
        tally = ClauseRunner((clause,), PAUSE)
        built = provider.build(fault=name, clock=provider.ManualClock(START))
        rng = random.Random(f"{name} {plan.seed}")  # noqa: S311 - repeatable on purpose
        run_in_process(plan, built, rng, tally.add)
        failure = tally.counts[clause.id].smallest
        if failure:
            yield Example(
                name,
                whys[name],
                failure.evidence.exchange.case,
                failure.finding.expected,
                _at(failure.finding.actual, failure.finding.pointer),
            )


def _at(actual: str, pointer: str) -> str:
    return f"{actual} (at {pointer})" if pointer else actual


def data(faults: Iterable[Trial]) -> str:
    """The proof as data: the faults that trip each clause, those first that trip little else; one JSON text."""
    ordered = sorted(faults, key=lambda trial: len(trial.failed))
    tripped = {
        clause.id: [trial.name for trial in ordered if clause.id in (*trial.failed, *trial.warned)]
        for clause in catalogue.clauses()
    }
    return json.dumps({"faults": tripped}, indent=1) + "\n"
