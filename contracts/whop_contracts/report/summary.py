"""What every report says in the same words: text that is safe to show, totals and sentences of a result."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

Result = Mapping[str, Any]
Row = Mapping[str, Any]
Item = tuple[str, str, list[str]]
VERDICTS: Final = ("passed", "failed", "warned", "waived", "not_tested")
PRECISE_S: Final = 10.0
"""Seconds of uncertainty up to which an observed resume counts as timed precisely."""
ELLIPSIS: Final = "…"


def visible(value: Any, limit: int = 300) -> str:
    """One line of at most ``limit`` characters; characters that cannot be seen are escaped."""
    text = str(value)
    shown = text[:limit]
    if not (shown.isascii() and shown.isprintable()):
        shown = "".join(one.encode("unicode_escape").decode() if is_hidden(one) else one for one in shown)
    return shown[: limit - 1] + ELLIPSIS if max(len(text), len(shown)) > limit else shown


def is_hidden(character: str) -> bool:
    """Whether a character is a control, reverses a line or cannot be seen."""
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


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
    """The failures, more specific ones first (a larger share failed), each before those it explains."""
    rows = sorted(having(result, "failed"), key=lambda row: -row["failure"]["count"] / row["exchanges"])
    ids = [row["id"] for row in rows]
    leads = {row["id"]: row["explained_by"] if row["explained_by"] in ids else row["id"] for row in rows}
    return sorted(rows, key=lambda row: (ids.index(leads[row["id"]]), leads[row["id"]] != row["id"]))


def leading(result: Result) -> list[Row]:
    """The failures that no other one likely explains."""
    ids = {row["id"] for row in having(result, "failed")}
    return [row for row in failures(result) if row["explained_by"] not in ids]


def by_part(result: Result) -> Iterator[tuple[str, list[Row], Counter[str], int]]:
    """Each part of the page in its order: its clauses, how many have which verdict, exchanges checked."""
    for part in dict.fromkeys(row["part"] for row in result["clauses"]):
        rows = [row for row in result["clauses"] if row["part"] == part]
        yield part, rows, Counter(row["verdict"] for row in rows), sum(row["exchanges"] for row in rows)


def totals(result: Result) -> Counter[str]:
    """How many clauses have which verdict."""
    return Counter(row["verdict"] for row in result["clauses"])


def target(result: Result) -> str:
    """What was checked."""
    kind, base_url = result["target"]["kind"], visible(result["target"]["base_url"], 200)
    if kind == "mock":
        return "the built-in mock"
    return f"recorded traffic {base_url}".rstrip() if kind == "recorded" else base_url


def run(result: Result) -> str:
    """What was checked, by which plan."""
    plan = result["plan"]
    return f"{target(result)}, profile {visible(plan['profile'], 40)}, seed {plan['seed']}"


def sentence(result: Result) -> str:
    """The verdict in one sentence."""
    count, verdict = totals(result), result["verdict"]
    if verdict == "inconclusive":
        return f"inconclusive: {visible(result['reason'])}"
    if verdict == "conforms":
        checked = count["passed"] + count["warned"] + count["waived"]
        more = [f"{count[kind]} {words(kind)}" for kind in VERDICTS[2:] if count[kind]]
        return ", ".join([f"conforms: {plural(checked, 'clause')} checked", *more])
    if count["failed"]:
        return f"violates: {plural(count['failed'], 'clause')} failed"
    counts = "counts as a failure" if count["warned"] == 1 else "count as failures"
    return f"violates: {plural(count['warned'], 'warning')} {counts} (--strict)"


def effort(result: Result) -> str:
    """What the run took: requests, seconds, and how many of these were spent waiting."""
    text = f"{plural(result['requests'], 'request')} in {result['duration_s']:.1f} s"
    return text + (f", {result['waited_s']:.1f} s of waiting" if result["waited_s"] else "")


def punctuality(result: Result) -> list[str]:
    """How late auto-resumes were, by those that were timed precisely: a line, or none without resumes."""
    resumes = result["resumes"]
    if not resumes:
        return []
    observed = f"{plural(len(resumes), 'auto-resume')} observed"
    late = [resume["late_s"] for resume in resumes if resume["uncertainty_s"] <= PRECISE_S]
    if not late:
        return [f"{observed}, none timed precisely"]
    some = f"{len(late)} timed precisely, " if len(late) < len(resumes) else ""
    return [f"{observed}, {some}at most {max(late):.1f} s late"]


def lasting(result: Result) -> list[str]:
    """What could not be restored: a line per campaign."""
    return [f"NOT PUT BACK: {visible(one)}" for one in result["put_back"]["failed"]]


def finding(row: Row) -> str:
    """What was expected, what came, and where, in one line."""
    failure = row["failure"]
    at = f" (at {visible(failure['pointer'], 80)})" if failure["pointer"] else ""
    return f"expected {visible(failure['expected'], 160)}; actual {visible(failure['actual'], 160)}{at}"


def brief(row: Row) -> str:
    """A failure in one line."""
    return f"{row['id']}: {finding(row)}"


def sent(row: Row) -> list[str]:
    """What was sent, a line per kind of failure; expected and actual value where they are not the row's."""
    lines = []
    for kind in row["kinds"]:
        expected, actual = kind["expected"], kind["actual"]
        known = (expected, actual) == (row["failure"]["expected"], row["failure"]["actual"])
        found = "" if known else f": expected {visible(expected, 100)}; actual {visible(actual, 100)}"
        name = visible(kind["case"], 100) + (f" ({kind['class']})" if kind["class"] else "")
        times = plural(kind["count"], "time")
        lines.append(f"{name}, {times}, first in request {kind['first_request']}{found}")
    return lines


def drifted(drift: Mapping[str, Any]) -> str:
    """A drift in one line."""
    value, times = drift["value"], plural(drift["count"], "time")
    first = "" if value is None else f"{visible(json.dumps(value, ensure_ascii=False), 60)}, "
    return f"{words(drift['kind'])} {visible(drift['pointer'], 80)} ({first}{times})"


def hints(result: Result) -> list[str]:
    """What to change if the page has changed and not the provider: a line per kind of drift."""
    hints = {drift["kind"]: drift["hint"] for drift in result["drift"] if drift.get("hint")}
    return [f"{words(kind)}: {visible(hint)}" for kind, hint in hints.items()]


def lists(result: Result) -> dict[str, list[Item]]:
    """What is listed after the failures, by label: whose it is (an id, or ""), a text, what was sent."""
    return {
        "warned": [(row["id"], finding(row), sent(row)) for row in having(result, "warned")],
        "waived": [(row["id"], row["reason"], []) for row in having(result, "waived")],
        "drift": [("", drifted(drift), []) for drift in result["drift"]],
        "note": [("", note, []) for note in result["notes"]],
    }


def untested(result: Result) -> dict[str, list[str]]:
    """The clauses that were not tested, by the reason."""
    reasons: dict[str, list[str]] = {}
    for row in having(result, "not_tested"):
        reasons.setdefault(row["reason"], []).append(row["id"])
    return reasons


def plural(count: int, one: str) -> str:
    """A number and what is counted."""
    return f"{count} {one}{'' if count == 1 else 's'}"
