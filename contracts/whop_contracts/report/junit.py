"""JUnit XML: one test case a clause, one suite a part of the page, and the run itself as two cases more.

A broken promise is a failure, what was not tested or is waived is skipped, and what keeps the run from a verdict, or leaves a campaign
as it was not, is an error: of ours or of the environment, not of a promise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

from whop_contracts.report import summary
from whop_contracts.report.sanitize import visible

_SUITE: Final = "whop-contracts"
Case = tuple[str, str, str]
"""The name of a test case, its outcome (``passed``, ``failure``, ``skipped``, ``error``), and the element inside it."""


def render(result: Mapping[str, Any]) -> str:
    """One XML document; every character in it is one that XML allows."""
    suites = [(part, list(_clauses(result, part))) for part, _, _ in summary.by_part(result)]
    suites.append(("run", list(_run(result))))
    every = [case for _, cases in suites for case in cases]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    seconds = f"{result['duration_s']:.3f}"
    lines.append(f'<testsuites name="{_SUITE}" {_counts(every)} time="{seconds}">')
    for part, cases in suites:
        time = seconds if part == "run" else "0.000"
        lines.append(f'  <testsuite name={_quoted(f"{_SUITE}.{part}")} {_counts(cases)} time="{time}">')
        if part == "run":
            lines.extend(_properties(result))
        for name, _, element in cases:
            lines.append(
                f'    <testcase classname={_quoted(f"{_SUITE}.{part}")} name={_quoted(name)} time="0.000">'
            )
            lines.extend([f"      {element}"] if element else [])
            lines.append("    </testcase>")
        lines.append("  </testsuite>")
    lines.append("</testsuites>")
    return "\n".join(lines) + "\n"


def _clauses(result: Mapping[str, Any], part: str) -> Iterator[Case]:
    only_warned = result["verdict"] == "violates" and not summary.having(result, "failed")
    for row in result["clauses"]:
        if row["part"] != part:
            continue
        verdict = row["verdict"]
        if verdict == "failed" or (verdict == "warned" and only_warned):
            text = escape("\n".join(_story(result, row)))
            yield (
                row["id"],
                "failure",
                f"<failure message={_quoted(summary.brief(row))} type={_quoted(row['level'])}>{text}</failure>",
            )
        elif verdict == "warned":
            yield row["id"], "passed", f"<system-out>warning: {escape(summary.brief(row))}</system-out>"
        elif verdict == "passed":
            yield row["id"], "passed", ""
        else:
            reason = f"{summary.words(verdict)}: {visible(row['reason'] or '')}"
            yield row["id"], "skipped", f"<skipped message={_quoted(reason)}/>"


def _run(result: Mapping[str, Any]) -> Iterator[Case]:
    if result["verdict"] == "inconclusive":
        yield (
            "conclusive",
            "error",
            f'<error message={_quoted(summary.sentence(result))} type="inconclusive"/>',
        )
    else:
        yield "conclusive", "passed", ""
    left = summary.lasting(result)
    if left:
        yield (
            "put-back",
            "error",
            f'<error message={_quoted(left[0])} type="put-back">{escape(chr(10).join(left))}</error>',
        )
    else:
        yield "put-back", "passed", ""


def _story(result: Mapping[str, Any], row: Mapping[str, Any]) -> Iterator[str]:
    failure = row["failure"]
    yield visible(row["statement"], 500)
    yield f"source: {visible(row['source'])}"
    yield f"expected: {visible(failure['expected'], 500)}"
    yield f"actual: {visible(failure['actual'], 500)}"
    if failure["pointer"]:
        yield f"at: {visible(failure['pointer'])}"
    yield f"broken by: {summary.extent(row)}"
    yield from (f"request: {line}" for line in summary.asked(result, failure))
    yield from (f"answer: {line}" for line in summary.answered(failure))
    yield f"curl: {visible(failure['curl'], 4_000)}"
    yield f"again: {summary.again(result, row['id'])}"


def _properties(result: Mapping[str, Any]) -> Iterator[str]:
    yield "    <properties>"
    told = {
        "verdict": summary.sentence(result),
        "target": summary.target(result),
        "profile": result["plan"]["profile"],
        "seed": result["plan"]["seed"],
        "requests": result["requests"],
    }
    for name, value in told.items():
        yield f"      <property name={_quoted(name)} value={_quoted(visible(value))}/>"
    yield "    </properties>"


def _counts(cases: list[Case]) -> str:
    outcomes = [outcome for _, outcome, _ in cases]
    pairs = (("tests", len(cases)), *((f"{kind}s", outcomes.count(kind)) for kind in ("failure", "error")))
    return " ".join(f'{name}="{count}"' for name, count in (*pairs, ("skipped", outcomes.count("skipped"))))


def _quoted(text: Any) -> str:
    return quoteattr(visible(text, 4_000))
