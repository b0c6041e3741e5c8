"""Results written by hand, as the engine gives them."""

from __future__ import annotations

from typing import Any

HOSTILE = (
    "\x1b[31m</failure><script>alert(1)</script>\x00\x07[bold]x[/bold]\u202egnp.exe\u2066```\n"
    "@team #1 | `a` ]]>&\ud800\ufffe"
)


def clause(id_: str, verdict: str = "passed", *, level: str = "must", **more: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": id_,
        "level": level,
        "part": id_.partition(".")[0],
        "statement": f"What {id_} requires, in one sentence.",
        "source": "page: response, status",
        "verdict": verdict,
        "exchanges": 0 if verdict == "not_tested" else 12,
        "reason": {"not_tested": "no second campaign was given", "waived": "known, until May"}.get(verdict),
        "cause": "chosen" if verdict == "not_tested" else None,
        "failure": failure() if verdict in {"failed", "warned", "waived"} else None,
        "kinds": [kind()] if verdict in {"failed", "warned", "waived"} else [],
    }
    return row | more


def kind(**more: Any) -> dict[str, Any]:
    """A kind of failure with the values of ``failure``."""
    return {
        "case": "a date tomorrow",
        "class": "instant",
        "expected": "paused",
        "actual": "active",
        "count": 3,
        "first_request": 7,
    } | more


def failure(**more: Any) -> dict[str, Any]:
    document = '{"id": "adcamp_Kb7Qw2Zr9Xt4M", "status": "active", "paused_until": null}'
    return {
        "expected": "paused",
        "actual": "active",
        "pointer": "/status",
        "request": {
            "number": 7,
            "case": "a date tomorrow",
            "sequence": "kept: a date tomorrow",
            "method": "POST",
            "url": "http://provider.mock/api/v1/ad_campaigns/adcamp_Kb7Qw2Zr9Xt4M/pause",
            "headers": {"authorization": "(not shown)", "content-type": "application/json"},
            "body": '{"paused_until": "2026-09-22T13:46:40Z"}',
        },
        "response": {"status": 200, "headers": {"content-type": "application/json"}, "body": document},
        "curl": "curl -i -X POST http://provider.mock/api/v1/ad_campaigns/adcamp_Kb7Qw2Zr9Xt4M/pause "
        "-H \"Authorization: Bearer $WHOP_API_TOKEN\" -H 'Content-Type: application/json' "
        '--data-raw \'{"paused_until": "2026-09-22T13:46:40Z"}\'',
        "first_request": 7,
        "count": 3,
    } | more


def event(text: str = "adcamp_Kb7Qw2Zr9Xt4M", **more: Any) -> dict[str, Any]:
    """An exchange before a failure, ``text`` wherever a target's own words may stand."""
    return {
        "number": 6,
        "at": "2026-09-22T13:00:00.000Z",
        "campaign": text,
        "asked": f"POST ({text})",
        "until": None,
        "answer": "200",
        "status": "paused",
        "paused_until": "2026-09-22T13:46:40.000Z",
    } | more


def result(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A result of a run on the mock whose verdict follows from its clauses."""
    rows = rows or (clause("pausing.status-is-paused"), clause("response.status-is-documented"))
    failed = any(row["verdict"] == "failed" for row in rows)
    made: dict[str, Any] = {
        "schema_version": "1",
        "verdict": "violates" if failed else "conforms",
        "exit_code": 1 if failed else 0,
        "reason": None,
        "target": {"kind": "mock", "base_url": "http://provider.mock/api/v1"},
        "contract": {"version": "0.1.0", "sha256": "c" * 64},
        "plan": {"profile": "standard", "seed": 0, "sha256": "a" * 64, "drawn": 10},
        "requests": 241,
        "started_at": "2026-11-26T10:00:00.000Z",
        "finished_at": "2026-11-26T10:00:02.500Z",
        "duration_s": 2.5,
        "waited_s": 0.0,
        "clauses": list(rows),
        "drift": [],
        "resumes": [],
        "clock": {"kind": "virtual", "from": "2026-09-21T13:46:40.000Z", "to": "2026-09-22T13:46:40.000Z"},
        "put_back": {"campaigns": 2, "failed": []},
        "notes": [],
    }
    return made | more


def everything(text: str = "a note") -> dict[str, Any]:
    """A result that has one of all there is; ``text`` stands wherever a target's own words may."""
    broken = failure(expected=f"paused {text}", actual=text, pointer=f"/{text}")
    broken["request"] = broken["request"] | {"body": text, "before": [event(text)]}
    broken["response"] = {"status": 200, "headers": {"content-type": text}, "body": text}
    silent = failure(response=None, curl=f"curl {text}")
    sent = [kind(), kind(case=text, expected=text, actual=text, count=1, first_request=9, **{"class": None})]
    return result(
        clause("response.status-is-documented", "failed", failure=broken, kinds=sent),
        clause("response.id-is-the-one-asked-for", "failed", failure=silent),
        clause("response.status-is-200", "warned", level="should", failure=broken, kinds=sent),
        clause("pausing.status-is-paused"),
        clause("pausing.second-pause", "waived", reason=text),
        clause("authorization.readonly", "not_tested", reason=text),
        clause("authorization.foreign", "not_tested"),
        exit_code=4,
        drift=[
            {"kind": "undocumented_field", "pointer": f"/{text}", "value": text, "count": 12, "hint": text},
            {"kind": "missing_field", "pointer": "/budget", "value": None, "count": 1},
        ],
        resumes=[
            {"campaign": "adcamp_Kb7", "due": "2026-09-22T13:46:40Z", "late_s": 1.25, "uncertainty_s": 0.5}
        ],
        put_back={"campaigns": 1, "failed": [f"adcamp_Kb7: {text}"]},
        notes=[text],
    )


def kinds() -> dict[str, dict[str, Any]]:
    """One result of each kind that a reader meets."""
    return {
        "conforms": result(),
        "violates": result(clause("pausing.status-is-paused", "failed"), clause("response.id-is-kept")),
        "strict": result(
            clause("response.status-is-200", "warned", level="should"), verdict="violates", exit_code=1
        ),
        "hasty": result(
            clause("pausing.status-is-paused", "not_tested"),
            verdict="inconclusive",
            exit_code=3,
            reason="adcamp_1 could not be read: the credential is not accepted (401)",
            requests=1,
        ),
        "inconclusive": result(verdict="inconclusive", exit_code=3, reason="no pause got a 2xx"),
        "everything": everything(),
        "hostile": everything(HOSTILE),
    }
