"""The one result of a run, as DESIGN fixes it; every report is rendered from it.

Long texts are redacted first and cut second: half a secret might not be recognised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from whop_contracts import __version__
from whop_contracts.engine.clause_runner import ClauseRunner, Count, Drift
from whop_contracts.exchange import Cause, Request, Response, Verdict
from whop_contracts.instants import NANO, write_instant
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.evidence import describe_before
from whop_contracts.redaction import Redactor
from whop_contracts.report.failure import curl, replay_command
from whop_contracts.report.summary import ELLIPSIS, Row

_CRASH: Final = 500
_CRASHES: Final = 3
_BODY: Final = 4_000
_BODY_KEPT: Final = 64_000
_FINDING: Final = 1_000


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a result contains besides verdicts. ``started_at`` is in seconds since 1970, ``reason`` is why the
    run is inconclusive, ``untested`` says, by its id, why a clause was not tested.
    """

    target: Mapping[str, Any]
    plan: Mapping[str, Any]
    clock: Mapping[str, Any]
    put_back: Mapping[str, Any]
    started_at: float
    duration_s: float
    waited_s: float
    requests: int
    notes: Sequence[str] = ()
    reason: str | None = None
    untested: Mapping[str, tuple[str, Cause]] = field(default_factory=dict)
    strict: bool = False


def build(tally: ClauseRunner, circumstances: Circumstances, redactor: Redactor) -> dict[str, Any]:
    """The result of a run, redacted."""
    c = circumstances
    leads = explained(tally)
    rows = [_row(one, tally, c, redactor) | {"explained_by": leads.get(one.id)} for one in tally.clauses]
    verdict, reason = conclude(rows, c.reason or tally.unproven, strict=c.strict)
    result: dict[str, Any] = {
        "schema_version": "1",
        "verdict": verdict,
        "exit_code": None,
        "reason": reason,
        "target": c.target,
        "contract": {"version": __version__, "sha256": tally.contract.sha256()},
        "plan": c.plan,
        "requests": c.requests,
        "started_at": write_instant(round(c.started_at * NANO)),
        "finished_at": write_instant(round((c.started_at + c.duration_s) * NANO)),
        "duration_s": round(c.duration_s, 3),
        "waited_s": round(c.waited_s, 3),
        "clauses": rows,
        "drift": [_drift(drift, redactor) for drift in tally.drift.values()],
        "resumes": [
            {
                "campaign": resume.campaign,
                "due": write_instant(resume.due),
                "late_s": round(max(resume.before - resume.due, 0) / NANO, 3),
                "uncertainty_s": round((resume.before - resume.after) / NANO, 3),
            }
            for resume in tally.resumes
        ],
        "clock": c.clock,
        "put_back": c.put_back,
        "notes": c.notes,
    }
    return dict(redactor.data(with_exit_code(result)))


def with_exit_code(result: dict[str, Any]) -> dict[str, Any]:
    """A result with its exit code: 4 if a campaign could not be restored, otherwise that of the verdict."""
    code = {"violates": 1, "inconclusive": 3, "conforms": 0}[result["verdict"]]
    return result | {"exit_code": 4 if result["put_back"]["failed"] else code}


def explained(tally: ClauseRunner) -> dict[str, str]:
    """The failed *must* clauses that another one likely explains, each with that one's id.

    A clause explains another if it fails in the same requests, or in more, though in fewer than half of those
    that it checked. Three clauses or more that fail with one server error only have one cause, too. The more
    specific one, by the share of its exchanges that failed, explains the other.
    """
    counts = {clause.id: tally.counts[clause.id] for clause in tally.clauses if clause.level == "must"}
    failed = {id_: count for id_, count in counts.items() if count.broken}
    order = sorted(failed, key=lambda id_: -failed[id_].broken / failed[id_].exchanges)
    crashed = [id_ for id_ in order if len(failed[id_].statuses) == 1 and min(failed[id_].statuses) >= _CRASH]
    found: dict[str, str] = {}
    for place, id_ in enumerate(order):
        one = failed[id_]
        same = [other for other in crashed if failed[other].statuses == one.statuses]
        leads = [
            other
            for other in order
            if (other in order[:place] and failed[other].failing == one.failing)
            or (one.failing < failed[other].failing and failed[other].broken * 2 < failed[other].exchanges)
        ]
        leads += same[:1] if id_ in same[1:] and len(same) >= _CRASHES else []
        if leads:
            found[id_] = max(leads, key=lambda other: len(failed[other].failing))
    return {id_: _root(lead, found) for id_, lead in found.items() if _root(lead, found) != id_}


def _root(id_: str, found: Mapping[str, str]) -> str:
    """The clause at the end of a chain of explanations, or where it closes."""
    seen = [id_]
    while (following := found.get(seen[-1])) and following not in seen:
        seen.append(following)
    return seen[-1]


def conclude(rows: Sequence[Row], reason: str | None, *, strict: bool) -> tuple[str, str | None]:
    """The verdict, and why it is inconclusive: ``reason``, what prevented a must clause, no clause tested."""
    failing = {"failed", "warned"} if strict else {"failed"}
    if any(row["verdict"] in failing for row in rows):
        return "violates", None
    prevented = [row["reason"] for row in rows if row["cause"] == "prevented" and row["level"] == "must"]
    if not any(row["exchanges"] for row in rows):
        prevented += [f"no clause was tested: {row['reason']}" for row in rows[:1]]
    reason = reason or next(iter(prevented), None)
    return ("inconclusive", reason) if reason else ("conforms", None)


def _row(clause: Clause, tally: ClauseRunner, c: Circumstances, redactor: Redactor) -> dict[str, Any]:
    count = tally.counts[clause.id]
    verdict: Verdict = "passed" if count.exchanges else "not_tested"
    reason, cause = (None, None) if count.exchanges else _untested(clause, tally, c)
    if count.broken:
        verdict = "failed" if clause.level == "must" else "warned"
    kinds = sorted(count.kinds.values(), key=lambda kind: (-kind.count, kind.first))[:10]
    return {
        **{name: getattr(clause, name) for name in ("id", "level", "part", "statement")},
        "source": str(clause.source),
        "verdict": verdict,
        "exchanges": count.exchanges,
        "reason": reason,
        "cause": cause,
        "failure": _failure(clause, count, redactor, replayable=c.target["kind"] != "recorded"),
        "kinds": [
            {
                "case": kind.case,
                "class": kind.request_class,
                "expected": redactor.redact_then_cut(kind.expected, _FINDING),
                "actual": redactor.redact_then_cut(kind.actual, _FINDING),
                "count": kind.count,
                "first_request": kind.first,
            }
            for kind in kinds
        ],
    }


def _untested(clause: Clause, tally: ClauseRunner, c: Circumstances) -> tuple[str, Cause]:
    """Why a clause was not tested. If the run proved nothing, that is why."""
    known, cause = c.untested.get(clause.id, (clause.needs, None))
    cause = cause or ("prevented" if c.reason else "chosen" if known else "not_applicable")
    if cause == "not_applicable" and tally.unproven:
        return c.reason or tally.unproven, "prevented"
    return known or "no exchange of this run tested it", cause


def _failure(clause: Clause, count: Count, redactor: Redactor, *, replayable: bool) -> dict[str, Any] | None:
    failure = count.smallest
    if failure is None:
        return None
    exchange, finding = failure.evidence.exchange, failure.finding
    request, response, history = exchange.request, exchange.response, clause.has_history(exchange)
    events = describe_before(failure.evidence)
    return {
        "expected": redactor.redact_then_cut(finding.expected, _FINDING),
        "actual": redactor.redact_then_cut(finding.actual, _FINDING),
        "pointer": finding.pointer,
        "request": {
            "number": exchange.number,
            "case": exchange.case,
            "sequence": failure.sequence,
            "at": write_instant(exchange.now.end) if exchange.now else None,
            "method": request.method,
            "url": request.url,
            **_message(request, redactor),
            **({"before": events} if history else {}),
        },
        "response": response and {"status": response.status, **_message(response, redactor)},
        "curl": replay_command(clause.id) if history and events and replayable else curl(exchange),
        "first_request": count.first,
        "count": count.broken,
    }


def _message(message: Request | Response, redactor: Redactor) -> dict[str, Any]:
    """Headers and body; of a long body the beginning, and how long it is."""
    size = len(message.content)
    body = redactor.text(message.content[:_BODY_KEPT].decode("utf-8", "backslashreplace"))
    if len(body) > _BODY or size > _BODY_KEPT:
        body = f"{body[:_BODY]}{ELLIPSIS} ({size} bytes)"
    headers = redactor.headers(message.headers[:30])
    return {"headers": {name[:80]: value[:300] for name, value in headers}, "body": body or None}


def _drift(drift: Drift, redactor: Redactor) -> dict[str, Any]:
    value = redactor.redact_then_cut(drift.value, 200) if isinstance(drift.value, str) else drift.value
    row = {"kind": drift.kind, "pointer": drift.pointer, "value": value, "count": drift.count}
    return row | ({"hint": drift.hint} if drift.hint else {})
