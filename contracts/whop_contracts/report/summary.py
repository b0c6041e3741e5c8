"""What every report says about a result in the same words: totals and sentences."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from whop_contracts.report.sanitize import visible

Result = Mapping[str, Any]
Row = Mapping[str, Any]
VERDICTS: Final = ("passed", "failed", "warned", "waived", "not_tested")
PRECISE_S: Final = 10.0
"""Seconds of uncertainty up to which an observed resume counts as timed precisely."""


def title(part: str) -> str:
    """A part of the page as a heading: ``auto_resume`` is Auto-resume."""
    return part.replace("_", "-").capitalize()


def words(verdict: str) -> str:
    """A verdict as it is read: ``not_tested`` is not tested."""
    return verdict.replace("_", " ")


def having(result: Result, *verdicts: str) -> list[Row]:
    """The clauses with one of these verdicts, in the order of the page for each verdict."""
    return [row for verdict in verdicts for row in result["clauses"] if row["verdict"] == verdict]


def failures(result: Result) -> list[Row]:
    """The clauses that failed, the more specific ones first: those of whose exchanges a larger share failed.

    A clause that another failed one likely explains comes right after that one.
    """
    failed = sorted(having(result, "failed"), key=lambda row: -row["failure"]["count"] / row["exchanges"])
    ids = {row["id"] for row in failed}
    leads = [row for row in failed if row.get("explained_by") not in ids]
    return [
        one for lead in leads for one in (lead, *(r for r in failed if r.get("explained_by") == lead["id"]))
    ]


def leading(result: Result) -> list[Row]:
    """The failures that no other one likely explains."""
    rows = failures(result)
    ids = {row["id"] for row in rows}
    return [row for row in rows if row.get("explained_by") not in ids]


def by_part(result: Result) -> Iterator[tuple[str, Counter[str], int]]:
    """Each part of the page in its order, the number of clauses by verdict, and of exchanges checked."""
    for part in dict.fromkeys(row["part"] for row in result["clauses"]):
        rows = [row for row in result["clauses"] if row["part"] == part]
        yield part, Counter(row["verdict"] for row in rows), sum(row["exchanges"] for row in rows)


def totals(result: Result) -> Counter[str]:
    """How many clauses have which verdict."""
    return Counter(row["verdict"] for row in result["clauses"])


def untested(result: Result) -> dict[str, list[str]]:
    """The clauses that were not tested, by the reason."""
    reasons: dict[str, list[str]] = {}
    for row in having(result, "not_tested"):
        reasons.setdefault(row["reason"] or "no reason is known", []).append(row["id"])
    return reasons


def target(result: Result) -> str:
    """What was checked."""
    kind, base_url = result["target"]["kind"], visible(result["target"].get("base_url") or "", 200)
    return {"mock": "the built-in mock", "recorded": f"recorded traffic {base_url}".rstrip()}.get(
        kind, base_url
    )


def run(result: Result) -> str:
    """What was checked, by which plan."""
    plan = result["plan"]
    return f"{target(result)}, profile {visible(plan['profile'], 40)}, seed {plan['seed']}"


def times(result: Result) -> str:
    """When the run started and finished."""
    return " to ".join(visible(result[name], 40) for name in ("started_at", "finished_at") if name in result)


def sentence(result: Result) -> str:
    """The verdict in one sentence."""
    count, verdict = totals(result), result["verdict"]
    if verdict == "violates" and count["failed"]:
        return f"violates: {_plural(count['failed'], 'clause')} failed"
    if verdict == "violates":
        counts = "counts as a failure" if count["warned"] == 1 else "count as failures"
        return f"violates: {_plural(count['warned'], 'warning')} {counts} (--strict)"
    if verdict == "inconclusive":
        return f"inconclusive: {visible(result['reason'] or 'too little was observed')}"
    checked = count["passed"] + count["warned"] + count["waived"]
    more = [f"{count[kind]} {words(kind)}" for kind in VERDICTS[2:] if count[kind]]
    return ", ".join([f"conforms: {_plural(checked, 'clause')} checked", *more])


def effort(result: Result) -> str:
    """What the run took: requests, seconds, and how many of these were spent waiting."""
    text = f"{_plural(result['requests'], 'request')} in {result['duration_s']:.1f} s"
    return text + (f", {result['waited_s']:.1f} s of waiting" if result["waited_s"] else "")


def punctuality(result: Result) -> str | None:
    """How late auto-resumes were, by those that were timed precisely; None if none was observed."""
    resumes = result["resumes"]
    if not resumes:
        return None
    observed = f"{_plural(len(resumes), 'auto-resume')} observed"
    late = [resume["late_s"] for resume in resumes if resume["uncertainty_s"] <= PRECISE_S]
    if not late:
        return f"{observed}, none timed precisely"
    some = f"{len(late)} timed precisely, " if len(late) < len(resumes) else ""
    return f"{observed}, {some}at most {max(late):.1f} s late"


def lasting(result: Result) -> list[str]:
    """What could not be restored: a line per campaign."""
    return [f"NOT PUT BACK: {visible(one)}" for one in result["put_back"]["failed"]]


def finding(row: Row) -> str:
    """What was expected, what came, and where, in one line."""
    failure = row["failure"] or {}
    at = f" (at {visible(failure['pointer'], 80)})" if failure.get("pointer") else ""
    expected, actual = visible(failure.get("expected", ""), 160), visible(failure.get("actual", ""), 160)
    return f"expected {expected}; actual {actual}{at}"


def brief(row: Row) -> str:
    """A failure in one line."""
    return f"{row['id']}: {finding(row)}"


def drifted(drift: Mapping[str, Any]) -> str:
    """A drift in one line."""
    value = "" if drift["value"] is None else f"{drift_value(drift, 60)}, "
    return (
        f"{words(drift['kind'])} {visible(drift['pointer'], 80)} ({value}{_plural(drift['count'], 'time')})"
    )


def drift_value(drift: Mapping[str, Any], most: int = 200) -> str:
    """The first value of a drift, as JSON."""
    return visible(json.dumps(drift["value"], ensure_ascii=False), most)


def hints(result: Result) -> list[str]:
    """What to change if the page has changed and not the provider: a line per kind of drift."""
    hints = {drift["kind"]: drift["hint"] for drift in result["drift"] if drift.get("hint")}
    return [f"{words(kind)}: {visible(hint)}" for kind, hint in hints.items()]


def hasty(result: Result) -> bool:
    """Whether an inconclusive run ended before most clauses were tested: then one line says all."""
    untested = sum(row["verdict"] == "not_tested" for row in result["clauses"])
    return bool(result["verdict"] == "inconclusive" and untested * 2 > len(result["clauses"]))


def listed(items: Sequence[Any], most: int) -> tuple[Sequence[Any], int]:
    """The first so many, and how many more there are."""
    return items[:most], max(0, len(items) - most)


def _plural(count: int, one: str) -> str:
    return f"{count} {one}{'' if count == 1 else 's'}"
