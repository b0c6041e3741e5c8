"""What every report says of a result in the same words: totals, sentences, the way to see a failure again."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from whop_contracts.report.sanitize import ELLIPSIS, visible

Result = Mapping[str, Any]
Row = Mapping[str, Any]
VERDICTS: Final = ("passed", "failed", "warned", "waived", "not_tested")
_CLOSELY_S: Final = 10.0
"""Seconds of uncertainty up to which it is worth telling how late a resume was seen."""


def title(part: str) -> str:
    """A part of the page as a heading: ``auto_resume`` is Auto-resume."""
    return part.replace("_", "-").capitalize()


def words(verdict: str) -> str:
    """A verdict as it is read: ``not_tested`` is not tested."""
    return verdict.replace("_", " ")


def having(result: Result, verdict: str) -> list[Row]:
    """The clauses with a verdict, in the order of the page."""
    return [row for row in result["clauses"] if row["verdict"] == verdict]


def by_part(result: Result) -> Iterator[tuple[str, Counter[str], int]]:
    """Each part of the page in its order: how many clauses have which verdict, and how many exchanges they were asked of."""
    for part in dict.fromkeys(row["part"] for row in result["clauses"]):
        rows = [row for row in result["clauses"] if row["part"] == part]
        yield part, Counter(row["verdict"] for row in rows), sum(row["exchanges"] for row in rows)


def totals(result: Result) -> Counter[str]:
    """How many clauses have which verdict."""
    return Counter(row["verdict"] for row in result["clauses"])


def untested(result: Result) -> dict[str, list[str]]:
    """The clauses that met no evidence, by the reason."""
    reasons: dict[str, list[str]] = {}
    for row in having(result, "not_tested"):
        reasons.setdefault(row["reason"] or "no reason is known", []).append(row["id"])
    return reasons


def target(result: Result) -> str:
    """What was judged."""
    base_url = visible(result["target"].get("base_url") or "", 200)
    kind = result["target"]["kind"]
    return (
        "the built-in mock"
        if kind == "mock"
        else f"recorded traffic {base_url}".rstrip()
        if kind == "recorded"
        else base_url
    )


def sentence(result: Result) -> str:
    """The verdict in one sentence."""
    count, verdict = totals(result), result["verdict"]
    if verdict == "violates":
        broken = _plural(count["failed"], "promise is", "promises are") if count["failed"] else None
        warned = _plural(count["warned"], "warning counts", "warnings count") if not count["failed"] else None
        return f"violates: {broken} broken" if broken else f"violates: {warned} as failed (--strict)"
    if verdict == "inconclusive":
        return f"inconclusive: {visible(result['reason'] or 'too little was seen to say that it conforms')}"
    kept = count["passed"] + count["warned"] + count["waived"]
    more = [f"{count[kind]} {words(kind)}" for kind in VERDICTS[2:] if count[kind]]
    return f"conforms: {_plural(kept, 'promise', 'promises')} put to the test" + (
        f", {', '.join(more)}" if more else ""
    )


def effort(result: Result) -> str:
    """What it took: requests, seconds, and seconds of these that were waited."""
    text = f"{_plural(result['requests'], 'request', 'requests')} in {result['duration_s']:.1f} s"
    return text + (f", {result['waited_s']:.1f} s of waiting" if result["waited_s"] else "")


def punctuality(result: Result) -> str | None:
    """How late auto-resumes were seen, by those that were looked for closely; None where none was seen."""
    resumes = result["resumes"]
    if not resumes:
        return None
    seen = f"{_plural(len(resumes), 'auto-resume', 'auto-resumes')} seen"
    late = [resume["late_s"] for resume in resumes if resume["uncertainty_s"] <= _CLOSELY_S]
    if not late:
        return f"{seen}, none of them closely"
    closely = f"{len(late)} of them closely, " if len(late) < len(resumes) else ""
    return f"{seen}, {closely}{max(late):.1f} s late at most"


def lasting(result: Result) -> list[str]:
    """What could not be put back: a line a campaign."""
    return [f"NOT PUT BACK: {visible(one)}" for one in result["put_back"]["failed"]]


def again(result: Result, clause: str) -> str:
    """How to see a failure again."""
    plan = result["plan"]
    chosen = ["--profile", str(plan["profile"]), "--seed", str(plan["seed"]), "--clause", clause]
    if result["target"]["kind"] == "mock":
        return shlex.join(["whop-contracts", "run", *chosen])
    if result["target"]["kind"] == "recorded":
        return f"the same command with {shlex.join(chosen[-2:])}"
    return f"the same command with {shlex.join(chosen)}"


def extent(row: Row) -> str:
    """How often a clause was broken, and where first."""
    failure = row["failure"]
    return f"{failure['count']} of {row['exchanges']} exchanges, first in request {failure['first_request']}"


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
    value = "" if drift["value"] is None else f"{visible(drift['value'], 60)}, "
    return f"{words(drift['kind'])} {visible(drift['pointer'], 80)} ({value}{_plural(drift['count'], 'time', 'times')})"


_MOVED: Final = {
    "undocumented_field": "put it into schemas/documented/ad-campaign.json and among the members of schemas/annotations.json",
    "undocumented_value": "put it into the enum of that member in schemas/annotations.json",
    "missing_field": 'put it under "optional" in schemas/annotations.json',
    "null": 'give that member "nullable" in schemas/annotations.json',
}


def if_moved(kind: str) -> str:
    """What to change where it is the page that has moved, not the provider."""
    return f"if the page says so by now: {_MOVED[kind]}, then whop-contracts derive" if kind in _MOVED else ""


def history(failure: Mapping[str, Any]) -> Iterator[str]:
    """What went before a failure that is about a state, a line an exchange, and when the failing answer came."""
    request = failure["request"]
    events = request.get("before") or ()
    for event in events:
        whose = "" if is_about(event, request) else f" ({visible(event['campaign'], 40)})"
        yield f"{event['number']:>3} {_at(event)}{visible(event['asked'], 100)}{whose}: {came_of(event)}"
    if events:
        yield f"{request['number']:>3} {_at(request)}this one"


def came_of(event: Mapping[str, Any]) -> str:
    """What came of an earlier exchange: its answer, and the state that it showed unless that is what was asked for."""
    until = event["paused_until"]
    state = f"{event['status']} until {until}" if until else event["status"]
    plain = event["status"] is None or event["asked"] == f"pause until {until}"
    return visible(event["answer"], 60) if plain else f"{visible(event['answer'], 60)}, {visible(state, 60)}"


def is_about(event: Mapping[str, Any], request: Mapping[str, Any]) -> bool:
    """Whether an earlier exchange was about the campaign of a request."""
    return f"/ad_campaigns/{event['campaign']}" in str(request.get("url", ""))


def _at(event: Mapping[str, Any]) -> str:
    return f"{visible(event['at'], 40)} " if event.get("at") else ""


def asked(result: Result, failure: Mapping[str, Any]) -> Iterator[str]:
    """The smallest request, in lines: what it is, its path as the page names it, and its body."""
    request = failure["request"]
    url, base_url = str(request.get("url", "")), str(result["target"].get("base_url") or "")
    path = url[len(base_url) :] if base_url and url.startswith(f"{base_url}/") else url
    yield f"{visible(request.get('method', ''), 20)} {visible(path, 200)}"
    if request.get("body"):
        yield visible(request["body"], 600)


def answered(failure: Mapping[str, Any]) -> Iterator[str]:
    """Its answer, in lines: status and media type, and the body."""
    response = failure["response"]
    if not response:
        yield "none"
        return
    headers = {name.lower(): value for name, value in (response.get("headers") or {}).items()}
    yield f"{response.get('status')} {visible(headers.get('content-type', 'without a media type'), 100)}"
    if response.get("body"):
        yield visible(_window(response["body"], failure), _EXCERPT)


_EXCERPT: Final = 600


def _window(body: str, failure: Mapping[str, Any]) -> str:
    """A body from where the member stands that the failure is about, or a near miss of its name, if that would be cut off."""
    leaf = failure["pointer"].rpartition("/")[2]
    names = [f'"{name}"' for name in (leaf, *re.findall(r"'([^']+)'", failure["actual"])) if name]
    places = [place for name in names if (place := body.find(name)) >= 0]
    if not places or places[0] < _EXCERPT - 2 * _BEFORE:
        return body
    return ELLIPSIS + body[max(0, min(places[0] - _BEFORE, len(body) - _EXCERPT + 1)) :]


_BEFORE: Final = 60


def hasty(result: Result) -> bool:
    """Whether the run ended before anything but first reads was sent: there is one line to say."""
    asked_of = ("request", "pausing", "auto_resume")
    early = not any(row["exchanges"] for row in result["clauses"] if row["part"] in asked_of)
    return bool(result["verdict"] == "inconclusive" and early and not having(result, "warned"))


def _plural(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def listed(items: Sequence[str], most: int) -> tuple[Sequence[str], int]:
    """The first so many, and how many more there are."""
    return items[:most], max(0, len(items) - most)
