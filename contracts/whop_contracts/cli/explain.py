"""``explain``, one clause in full, and ``plan``, what a run would send; no request leaves this process."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from typing import Final

from whop_contracts import provider
from whop_contracts.cli import rendered, say
from whop_contracts.cli.planning import chosen_clauses, planned, served
from whop_contracts.engine.plan import Plan
from whop_contracts.pause import catalogue
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.clauses import DOCUMENT, MEMBERS, member_id
from whop_contracts.pause.request_classes import CLASSES, CLIENT
from whop_contracts.proof import faults_found_by
from whop_contracts.report.summary import visible
from whop_contracts.schemas import expected, subschema
from whop_contracts.settings import Settings, UsageError
from whop_contracts.settings.kinds import nearest

_MARGIN: Final = 13
_SENT: Final = 8
_LEVELS: Final = {
    "must": "a failure fails the run",
    "should": "a failure warns; with --strict it fails the run",
}


def explain(clause_id: str) -> int:
    """Print what is known of a clause: from the tables, the schemas, the proof, and a run on the mock."""
    clauses = {clause.id: clause for clause in catalogue.clauses()}
    if clause_id not in clauses:
        hint = nearest(clause_id, clauses) or "; see whop-contracts clauses"
        raise UsageError(f"ID {clause_id!r}: no such clause{hint}")
    say(clause_id)
    for label, text in _described(clauses[clause_id]):
        lines = textwrap.wrap(text, 80 - _MARGIN, break_on_hyphens=False) or [""]
        say(*(f"{'' if n else label and f'  {label}':<{_MARGIN}}{line}" for n, line in enumerate(lines)))
    return 0


def _described(clause: Clause) -> Iterator[tuple[str, str]]:
    """Labels and texts; a text without a label goes on with the one before it."""
    yield "statement", clause.statement
    yield "source", str(clause.source)
    yield "level", f"{clause.level}: {_LEVELS[clause.level]}"
    yield "needs", clause.needs or "nothing beyond a campaign"
    plan = planned(Settings())
    count, names = requests_for(clause, plan)
    yield "sent", f"{count} of {plan.requests} requests of a standard run test it; {len(names)} names:"
    yield from (("", visible(name, 300)) for name in names[:_SENT])
    if names[_SENT:]:
        yield "", f"and {len(names) - _SENT} more (whop-contracts plan --why --json lists them)"
    limits = bounds(clause)
    yield from ((label, text) for label, text in limits.items() if text)
    faults, whys = faults_found_by(clause.id), {fault.name: fault.why for fault in provider.faults()}
    for number, fault in enumerate(faults[:3]):
        yield "" if number or limits else "fails", f"{whys[fault]} (fault {fault})"
    yield "faults", f"{len(faults)} make it fail{': ' if faults else ''}{', '.join(faults)}"
    yield "run it", f"whop-contracts run --clause {clause.id}"


def requests_for(clause: Clause, plan: Plan) -> tuple[int, list[str]]:
    """How many requests of ``plan`` test ``clause``, as tried on the mock, and their distinct names."""
    by_case = served(plan, (clause,))
    names = [pair for sequence, case in plan.listed() if by_case.get(pair := (sequence, case.name))]
    return len(names), [one if one == two else f"{one}: {two}" for one, two in dict.fromkeys(names)]


def bounds(clause: Clause) -> dict[str, str]:
    """What ``conforms``, ``warns`` and ``fails``, by the conformance table or the schema, if one says."""
    for one in CLASSES:
        if one.clause == clause.id:
            others = {} if one.reject >= CLIENT else {one.other: "any other 4xx" if one.reject else "a 4xx"}
            accepted = {"warns": "another 2xx"} if one.accept == "conforms" else {one.accept: "a 2xx"}
            never = [f"a {status}" for status in sorted(one.never)]
            fails = (accepted.get("fails"), *never, others.get("fails"), "a 3xx", "a 5xx")
            texts = {"warns": (accepted.get("warns"), others.get("warns")), "fails": fails}
            listed = {label: ", ".join(filter(None, words)) for label, words in texts.items()}
            return {"conforms": one.expected(), **listed}
    for member in MEMBERS:
        if member_id(member) == clause.id:
            schema = subschema(DOCUMENT, member.schema_pointer)
            usual = schema.get("x-should") or schema.get("items", {}).get("x-should") or {}
            words = ("type", "format", "pattern", "enum")
            rules = [expected(schema, word) for word in words if word in schema]
            hints = [expected(usual, word) for word in (*words[1:], "minimum") if word in usual]
            null = "" if member.nullable else "null, "
            return {
                "conforms": "; ".join(rules),
                "warns": f"anything but {', '.join(hints)}" if hints else "",
                "fails": f"the member absent, {null}another JSON type or value",
            }
    return {}


def plan(settings: Settings, *, as_json: bool, why: bool) -> int:
    """Print what ``run`` would send; with ``why``, the clauses that each request serves, and serves first."""
    whole = planned(settings)
    outline = whole.outline()
    if why:
        clauses = chosen_clauses(settings)
        found, order = served(whole, clauses), [clause.id for clause in clauses]
        outline["unserved"] = order
        for case in outline["cases"]:
            ids = found.get((case["sequence"], case["name"]), frozenset())
            case["serves"] = [id_ for id_ in order if id_ in ids]
            case["first"] = [id_ for id_ in outline["unserved"] if id_ in ids]
            outline["unserved"] = [id_ for id_ in outline["unserved"] if id_ not in ids]
    say(json.dumps(outline, indent=2) if as_json else rendered("plan", outline))
    return 0
