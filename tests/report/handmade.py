"""Results written by hand, as the engine gives them; ``handmade.json`` has a conforming one and its parts."""

import json
from pathlib import Path
from typing import Any

PARTS = Path(__file__).with_suffix(".json").read_text("utf-8")
HOSTILE = (
    "\x1b[31m</failure><script>alert(1)</script>\x00\x07[bold]x[/bold]\u202egnp.exe\u2066```\n"
    "@team #1 | `a` ]]>&\ud800\ufffe"
)


def part(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(PARTS)[name]
    return found


def clause(id_: str, verdict: str = "passed", *, level: str = "must", **more: Any) -> dict[str, Any]:
    row = part("clause") | {"id": id_, "part": id_.partition(".")[0], "verdict": verdict, "level": level}
    row["statement"] = f"What {id_} requires, in one sentence."
    if verdict == "not_tested":
        row |= {"exchanges": 0, "reason": "no second campaign was given", "cause": "chosen"}
    elif verdict != "passed":
        row |= {"failure": failure(), "kinds": [kind()]}
    if verdict == "waived":
        row["reason"] = "known, until May"
    return row | more


def kind(**more: Any) -> dict[str, Any]:
    """A kind of failure with the values of ``failure``."""
    return part("kind") | more


def failure(**more: Any) -> dict[str, Any]:
    return part("failure") | more


def event(text: str = "adcamp_Kb7Qw2Zr9Xt4M", **more: Any) -> dict[str, Any]:
    """An exchange before a failure, ``text`` wherever a target's own words may stand."""
    return part("event") | {"campaign": text, "asked": f"POST ({text})"} | more


def result(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A result of a run on the mock whose verdict follows from its clauses."""
    rows = rows or (clause("pausing.status-is-paused"), clause("response.status-is-documented"))
    failed = any(row["verdict"] == "failed" for row in rows)
    outcome = {"verdict": "violates", "exit_code": 1} if failed else {}
    return part("result") | outcome | {"clauses": list(rows)} | more


def everything(text: str = "a note") -> dict[str, Any]:
    """A result that has one of all there is; ``text`` stands wherever a target's own words may."""
    broken = failure(expected=f"paused {text}", actual=text, pointer=f"/{text}")
    broken["request"] |= {"body": text, "before": [event(text)]}
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
        clause("authorization.foreign", "not_tested", reason=text),
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
    hasty = "adcamp_1 could not be read: the credential is not accepted (401)"
    none = {"verdict": "inconclusive", "exit_code": 3}
    warned = clause("response.status-is-200", "warned", level="should")
    return {
        "conforms": result(),
        "violates": result(clause("pausing.status-is-paused", "failed"), clause("response.id-is-kept")),
        "strict": result(warned, verdict="violates", exit_code=1),
        "hasty": result(clause("pausing.status-is-paused", "not_tested"), **none, reason=hasty, requests=1),
        "inconclusive": result(**none, reason="no pause got a 2xx"),
        "everything": everything(),
        "hostile": everything(HOSTILE),
    }
