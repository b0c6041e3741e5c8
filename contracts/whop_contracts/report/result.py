"""The one result of a run, as DESIGN fixes it; every report is rendered from it."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from whop_contracts.engine.clause_runner import ClauseRunner, Count, Drift, Failure
from whop_contracts.exchange import Exchange, Verdict
from whop_contracts.instants import NANO, write_instant
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.evidence import Resume
from whop_contracts.pause.oracle.history import before

SCHEMA_VERSION: Final = "1"
_BODY_LIMIT: Final = 4_000
_STATEFUL: Final = frozenset({"pausing", "auto_resume"})
_SECRET_HEADERS: Final = frozenset({"authorization", "cookie", "set-cookie", "proxy-authorization"})


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a result says besides verdicts: the target, the plan, the clock, the putting back."""

    target: Mapping[str, Any]
    contract: Mapping[str, Any]
    plan: Mapping[str, Any]
    clock: Mapping[str, Any]
    put_back: Mapping[str, Any]
    duration_s: float
    waited_s: float
    requests: int
    notes: Sequence[str] = ()
    reason: str | None = None
    untested: Mapping[str, str] = field(default_factory=dict)
    """Why clauses that met no exchange did not: by id."""
    strict: bool = False


def build(tally: ClauseRunner, circumstances: Circumstances) -> dict[str, Any]:
    """The result of a tally under its circumstances, not redacted yet."""
    c = circumstances
    rows = [_row(clause, tally.counts[clause.id], c.untested.get(clause.id)) for clause in tally.clauses]
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
    return result


def exit_code(result: Mapping[str, Any]) -> int:
    """The exit code of a result: 4 where a campaign could not be put back, then as the verdict says."""
    if result["put_back"]["failed"]:
        return 4
    return {"violates": 1, "inconclusive": 3, "conforms": 0}[result["verdict"]]


def require(result: Mapping[str, Any], ids: Collection[str]) -> dict[str, Any]:
    """The result; inconclusive where it would conform although a clause of ``ids`` was not tested."""
    untested = [row["id"] for row in result["clauses"] if row["id"] in ids and row["verdict"] == "not_tested"]
    if not untested or result["verdict"] != "conforms":
        return dict(result)
    reason = f"required (--require), but not tested: {', '.join(untested)}"
    final = {**result, "verdict": "inconclusive", "reason": reason}
    return final | {"exit_code": exit_code(final)}


def _verdict(rows: list[dict[str, Any]], tally: ClauseRunner, c: Circumstances) -> tuple[str, str | None]:
    broken = [
        row["id"] for row in rows if row["verdict"] == "failed" or (c.strict and row["verdict"] == "warned")
    ]
    if broken:
        return "violates", None
    if c.reason:
        return "inconclusive", c.reason
    if not tally.accepted_pauses:
        return "inconclusive", "no pause was answered 2xx"
    return "conforms", None


def _row(clause: Clause, count: Count, untested: str | None) -> dict[str, Any]:
    verdict: Verdict = "passed"
    if not count.exchanges:
        verdict = "not_tested"
    elif count.broken:
        verdict = "failed" if clause.level == "must" else "warned"
    return {
        "id": clause.id,
        "level": clause.level,
        "part": clause.part,
        "statement": clause.statement,
        "source": str(clause.source),
        "verdict": verdict,
        "exchanges": count.exchanges,
        "reason": (untested or clause.needs or "no exchange of this run put it to the test")
        if verdict == "not_tested"
        else None,
        "failure": _failure(clause, count) if count.broken else None,
    }


def _has_history(clause: Clause, exchange: Exchange) -> bool:
    """Whether a failure is about what earlier requests left, so that it is told with them; a pause's own answer mostly is not."""
    if exchange.request.operation == "pause":
        return clause.id == "pausing.last-request-holds"
    return clause.part in _STATEFUL or clause.id.endswith(".nothing-changes")


def _failure(clause: Clause, count: Count) -> dict[str, Any] | None:
    failure = count.smallest
    if failure is None:
        return None
    exchange = failure.evidence.exchange
    return {
        "expected": failure.finding.expected,
        "actual": failure.finding.actual,
        "pointer": failure.finding.pointer,
        "request": _request(exchange, failure)
        | ({"before": _before(failure)} if _has_history(clause, exchange) else {}),
        "response": _response(exchange),
        "curl": curl(exchange),
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
        "headers": dict(_shown_headers(exchange.request.headers)),
        "body": _text(exchange.request.content),
    }


def _before(failure: Failure) -> list[dict[str, Any]]:
    """The history of a failure, the oldest first."""
    evidence = failure.evidence
    return [
        {
            "number": one.number,
            "at": None if one.at is None else write_instant(one.at),
            "campaign": one.campaign,
            "asked": one.asked,
            "answer": str(one.status or one.trouble or "no answer"),
            "status": one.shown.status if one.shown and one.shown.status_readable else None,
            "paused_until": write_instant(one.shown.until)
            if one.shown and one.shown.until is not None
            else None,
        }
        for one in before(evidence.trail, evidence.exchange.request.campaign)
    ]


def _response(exchange: Exchange) -> dict[str, Any] | None:
    response = exchange.response
    if response is None:
        return None
    return {
        "status": response.status,
        "headers": dict(_shown_headers(response.headers)),
        "body": _text(response.content),
    }


def _shown_headers(headers: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    return [
        (name[:80], "(not shown)" if name.lower() in _SECRET_HEADERS else value[:300])
        for name, value in headers[:30]
    ]


def _text(content: bytes) -> str | None:
    if not content:
        return None
    text = content[:_BODY_LIMIT].decode("utf-8", "backslashreplace")
    return text + (f"… ({len(content)} bytes)" if len(content) > _BODY_LIMIT else "")


_CREDENTIALS: Final = {
    "full": "Authorization: Bearer $WHOP_API_TOKEN",
    "unstated": "Authorization: Bearer $WHOP_API_TOKEN",
    "readonly": "Authorization: Bearer $WHOP_READONLY_TOKEN",
    "empty": "Authorization: Bearer",
    "unknown": "Authorization: Bearer a-token-that-nobody-was-given",
    "altered": "Authorization: Bearer ${WHOP_API_TOKEN}AbC4",
    "scheme": "Authorization: Basic $WHOP_API_TOKEN",
}


def curl(exchange: Exchange) -> str:
    """A command line that sends a request again, the token left to the environment."""
    request = exchange.request
    parts = ["curl", "-i", "-X", request.method, shlex.quote(request.url)]
    if exchange.role in _CREDENTIALS:
        parts += ["-H", f'"{_CREDENTIALS[exchange.role]}"']
    media_type = request.header("content-type")
    if media_type:
        parts += ["-H", shlex.quote(f"Content-Type: {media_type}")]
    if request.content:
        body = request.content[:_BODY_LIMIT].decode("utf-8", "backslashreplace")
        parts += ["--data-binary", shlex.quote(body)]
    return " ".join(parts)


def _drift(drift: Drift) -> dict[str, Any]:
    value = (
        drift.value if isinstance(drift.value, str | int | float | bool | type(None)) else repr(drift.value)
    )
    value = value[:200] if isinstance(value, str) else value
    return {"kind": drift.kind, "pointer": drift.pointer, "value": value, "count": drift.count}


def _resume(resume: Resume) -> dict[str, Any]:
    return {
        "campaign": resume.campaign,
        "due": write_instant(resume.due),
        "late_s": round(max(resume.before - resume.due, 0) / NANO, 3),
        "uncertainty_s": round((resume.before - resume.after) / NANO, 3),
    }
