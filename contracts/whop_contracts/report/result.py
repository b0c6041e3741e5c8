"""The one result of a run, as DESIGN fixes it; every report is rendered from it.

Secrets are replaced first, then texts are cut: half a secret at the end of a cut text would not be
recognised. So a long text is held with its limit until the whole result has gone through the redactor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from whop_contracts.engine.clause_runner import KEPT_TEXT, ClauseRunner, Count, Drift, Failure
from whop_contracts.exchange import Cause, Exchange, Verdict
from whop_contracts.instants import NANO, write_instant
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.evidence import Resume, events_about
from whop_contracts.redaction import Redactor, is_secret_header
from whop_contracts.report.failure import curl, replay_command
from whop_contracts.report.sanitize import ELLIPSIS

SCHEMA_VERSION: Final = "1"
_KINDS: Final = 10
_BODY: Final = 4_000
_BODY_KEPT: Final = 64_000
_FINDING: Final = 1_000
_HEADER: Final = 300
_HEADERS: Final = 30
_NAME: Final = 80
_VALUE: Final = 200
_SECRET: Final = 8_192
"""Characters of the longest secret in any encoding: dropped where reading of a text ended."""
_HELD: Final = frozenset({"held", "limit", "whole", "size"})


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a result contains besides verdicts: target, plan, clock and restored campaigns.

    ``started_at`` is in seconds since 1970. ``reason`` is why the run is inconclusive. ``untested`` and
    ``causes`` say, by clause id, why a clause was not tested.
    """

    target: Mapping[str, Any]
    contract: Mapping[str, Any]
    plan: Mapping[str, Any]
    clock: Mapping[str, Any]
    put_back: Mapping[str, Any]
    started_at: float
    duration_s: float
    waited_s: float
    requests: int
    notes: Sequence[str] = ()
    reason: str | None = None
    untested: Mapping[str, str] = field(default_factory=dict)
    causes: Mapping[str, Cause] = field(default_factory=dict)
    strict: bool = False


def build(tally: ClauseRunner, circumstances: Circumstances, redactor: Redactor) -> dict[str, Any]:
    """The result of a run, redacted."""
    c = circumstances
    rows = [_row(clause, tally, c) for clause in tally.clauses]
    verdict, reason = _verdict(rows, tally, c)
    result = {
        "schema_version": SCHEMA_VERSION,
        "verdict": verdict,
        "exit_code": 0,
        "reason": reason,
        "target": dict(c.target),
        "contract": dict(c.contract),
        "plan": dict(c.plan),
        "requests": c.requests,
        "started_at": write_instant(round(c.started_at * NANO)),
        "finished_at": write_instant(round((c.started_at + c.duration_s) * NANO)),
        "duration_s": round(c.duration_s, 3),
        "waited_s": round(c.waited_s, 3),
        "clauses": rows,
        "drift": [_drift(drift) for drift in tally.drift.values()],
        "resumes": [_resume(resume) for resume in tally.resumes],
        "clock": dict(c.clock),
        "put_back": dict(c.put_back),
        "notes": list(c.notes),
    }
    result["exit_code"] = exit_code(result)
    redacted: dict[str, Any] = _cut(redactor.data(result))
    return redacted


def exit_code(result: Mapping[str, Any]) -> int:
    """The exit code of a result: 4 if a campaign could not be restored, otherwise that of the verdict."""
    if result["put_back"]["failed"]:
        return 4
    return {"violates": 1, "inconclusive": 3, "conforms": 0}[result["verdict"]]


def _verdict(rows: list[dict[str, Any]], tally: ClauseRunner, c: Circumstances) -> tuple[str, str | None]:
    if any(row["verdict"] == "failed" or (c.strict and row["verdict"] == "warned") for row in rows):
        return "violates", None
    reason = c.reason or (None if tally.conclusive else tally.contract.unproven)
    return ("inconclusive", reason) if reason else ("conforms", None)


def _row(clause: Clause, tally: ClauseRunner, c: Circumstances) -> dict[str, Any]:
    count = tally.counts[clause.id]
    verdict: Verdict = "passed"
    reason, cause = None, None
    if not count.exchanges:
        verdict = "not_tested"
        reason, cause = _untested(clause, tally, c)
    elif count.broken:
        verdict = "failed" if clause.level == "must" else "warned"
    kinds = sorted(count.kinds.values(), key=lambda kind: (-kind.count, kind.first))[:_KINDS]
    return {
        "id": clause.id,
        "level": clause.level,
        "part": clause.part,
        "statement": clause.statement,
        "source": str(clause.source),
        "verdict": verdict,
        "exchanges": count.exchanges,
        "reason": reason,
        "cause": cause,
        "failure": _failure(clause, count, replayable=c.target["kind"] != "recorded"),
        "kinds": [
            {
                "case": kind.case,
                "class": kind.request_class,
                "expected": _held(kind.expected, _FINDING),
                "actual": _held(kind.actual, _FINDING),
                "count": kind.count,
                "first_request": kind.first,
            }
            for kind in kinds
        ],
    }


def _untested(clause: Clause, tally: ClauseRunner, c: Circumstances) -> tuple[str, Cause]:
    """Why a clause was not tested. If the run proved nothing, that is why."""
    known = c.untested.get(clause.id) or clause.needs
    derived: Cause = "prevented" if c.reason else "chosen" if known else "not_applicable"
    cause = c.causes.get(clause.id, derived)
    if cause == "not_applicable" and not tally.conclusive:
        return c.reason or tally.contract.unproven, "prevented"
    return known or "no exchange of this run tested it", cause


def _failure(clause: Clause, count: Count, *, replayable: bool) -> dict[str, Any] | None:
    failure = count.smallest
    if failure is None:
        return None
    exchange, finding = failure.evidence.exchange, failure.finding
    history = clause.has_history(exchange)
    events = [one.as_dict() for one in events_about(failure.evidence.trail, exchange.request.campaign)]
    return {
        "expected": _held(finding.expected, _FINDING),
        "actual": _held(finding.actual, _FINDING),
        "pointer": finding.pointer,
        "request": _request(exchange, failure) | ({"before": events} if history else {}),
        "response": exchange.response
        and {
            "status": exchange.response.status,
            "headers": _headers(exchange.response.headers),
            "body": _body(exchange.response.content),
        },
        "curl": replay_command(clause.id) if history and events and replayable else curl(exchange),
        "first_request": count.first,
        "count": count.broken,
    }


def _request(exchange: Exchange, failure: Failure) -> dict[str, Any]:
    return {
        "number": exchange.number,
        "case": exchange.case,
        "sequence": failure.sequence,
        "at": write_instant(exchange.now.end) if exchange.now else None,
        "method": exchange.request.method,
        "url": exchange.request.url,
        "headers": _headers(exchange.request.headers),
        "body": _body(exchange.request.content),
    }


def _headers(headers: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    shown = headers[:_HEADERS]
    return {name: "(not shown)" if is_secret_header(name) else _held(value, _HEADER) for name, value in shown}


def _body(content: bytes) -> Any:
    text = content[:_BODY_KEPT].decode("utf-8", "backslashreplace")
    return _held(text, _BODY, kept=_BODY_KEPT, size=f" ({len(content)} bytes)") if content else None


def _drift(drift: Drift) -> dict[str, Any]:
    plain = drift.value is None or isinstance(drift.value, bool | int | float)
    value = drift.value if plain else _held(str(drift.value), _VALUE)
    return {
        "kind": drift.kind, "pointer": drift.pointer, "value": value, "count": drift.count, "hint": drift.hint
    }  # fmt: skip


def _resume(resume: Resume) -> dict[str, Any]:
    return {
        "campaign": resume.campaign,
        "due": write_instant(resume.due),
        "late_s": round(max(resume.before - resume.due, 0) / NANO, 3),
        "uncertainty_s": round((resume.before - resume.after) / NANO, 3),
    }


def _held(text: str, limit: int, *, kept: int = KEPT_TEXT, size: str = "") -> Any:
    """A text that is shown up to ``limit``; a longer one is held, with a note on its size."""
    if len(text) <= limit:
        return text
    return {"held": text[:kept], "limit": limit, "whole": len(text) < kept, "size": size}


def _cut(value: Any) -> Any:
    """A redacted result with its held texts and its keys cut."""
    if isinstance(value, list):
        return [_cut(one) for one in value]
    if not isinstance(value, dict):
        return value
    if value.keys() != _HELD:
        return {name[:_NAME]: _cut(one) for name, one in value.items()}
    text: str = value["held"]
    shown = (text if value["whole"] else text[:-_SECRET])[: value["limit"]]
    return shown if shown == text else f"{shown}{ELLIPSIS}{value['size']}"
