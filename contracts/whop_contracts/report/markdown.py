"""Markdown that fits a comment of a pull request.

Whatever came from a target stands in code, fenced longer than any run of backticks in it: there no markup, no mention and no link works.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from whop_contracts.report import summary
from whop_contracts.report.sanitize import visible

LIMIT: Final = 60_000
"""Characters; GitHub takes 65,536 in a comment."""
_MARKS: Final = {"conforms": "✅", "violates": "❌", "inconclusive": "❔"}
_LINES: Final = 20


def render(result: Mapping[str, Any]) -> str:
    """One document. Where there are too many failures for a comment, the last ones are told in a line each, or counted."""
    failed = summary.having(result, "failed")
    for full in (len(failed), 20, 10, 5, 1, 0):
        text = "\n".join(_page(result, full)) + "\n"
        if len(text) <= LIMIT:
            return text
    return text[:LIMIT]


def _page(result: Mapping[str, Any], full: int) -> Iterator[str]:
    verdict = result["verdict"]
    name = "inconclusive" if verdict == "inconclusive" else summary.sentence(result)
    yield f"### {_MARKS[verdict]} {name}"
    yield ""
    if verdict == "inconclusive":
        yield f"Reason: {_code(result['reason'] or 'too little was seen')}"
        yield ""
    plan = result["plan"]
    target = summary.target(result)
    yield f"{target if result['target']['kind'] == 'mock' else _code(target)}, profile {plan['profile']}, seed {plan['seed']}: {summary.effort(result)}."
    for line in summary.lasting(result):
        yield f"\n> **Not put back:** {_code(line.removeprefix('NOT PUT BACK: '))}"
    yield ""
    yield from _table(result)
    failed = summary.having(result, "failed")
    for row in failed[:full]:
        yield from _failure(result, row)
    yield from _section(
        "Further failures", [f"- **{row['id']}** {row['statement']}" for row in failed[full:]]
    )
    yield from _section(
        "Warnings",
        [
            f"- **{row['id']}**: {_code(visible(summary.finding(row), 500))}"
            for row in summary.having(result, "warned")
        ],
    )
    yield from _section(
        "Waived",
        [f"- **{row['id']}**: {_code(row['reason'] or '')}" for row in summary.having(result, "waived")],
    )
    kinds = dict.fromkeys(drift["kind"] for drift in result["drift"])
    yield from _section(
        "Drift",
        [f"- {_code(summary.drifted(drift))}" for drift in result["drift"]],
        [f"- {summary.words(kind)}: {summary.if_moved(kind)}" for kind in kinds],
    )
    untested = [f"- {_code(reason)}: {', '.join(ids)}" for reason, ids in summary.untested(result).items()]
    yield from _section("Not tested", untested)
    yield from _section("Notes", [f"- {_code(note)}" for note in result["notes"]])


def _table(result: Mapping[str, Any]) -> Iterator[str]:
    yield "| | " + " | ".join([*map(summary.words, summary.VERDICTS), "exchanges"]) + " |"
    yield "|---" * (len(summary.VERDICTS) + 2) + "|"
    for part, count, exchanges in summary.by_part(result):
        cells = [str(count[verdict] or "") for verdict in summary.VERDICTS]
        yield f"| {summary.title(part)} | {' | '.join(cells)} | {exchanges or ''} |"


def _failure(result: Mapping[str, Any], row: Mapping[str, Any]) -> Iterator[str]:
    failure = row["failure"]
    yield ""
    yield f"#### {row['id']}"
    yield ""
    yield f"{row['statement']} ({row['source']}; broken by {summary.extent(row)})"
    yield ""
    yield f"- expected {_code(visible(failure['expected'], 500))}"
    yield f"- actual {_code(visible(failure['actual'], 500))}"
    if failure["pointer"]:
        yield f"- at {_code(failure['pointer'])}"
    yield ""
    yield "<details><summary>request, answer, and how to see it again</summary>"
    yield ""
    if history := list(summary.history(failure)):
        yield from _fenced(history)
    yield from _fenced([*summary.asked(result, failure), "", *summary.answered(failure)])
    yield from _fenced([visible(failure["curl"], 4_000)])
    yield from _fenced([summary.again(result, row["id"])])
    yield "</details>"


def _section(heading: str, lines: list[str], advice: Iterable[str] = ()) -> Iterator[str]:
    if lines:
        shown, more = summary.listed(lines, _LINES)
        yield from ("", f"<details><summary>{heading}: {len(lines)}</summary>", "", *shown)
        if more:
            yield f"- and {more} more"
        yield from (*advice, "", "</details>")


def _code(text: Any) -> str:
    """Text as a code span; its backticks cannot end it."""
    shown = visible(text, 500).strip() or " "
    ticks = "`" * (_longest(shown) + 1)
    room = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{ticks}{room}{shown}{room}{ticks}"


def _fenced(lines: Iterable[str]) -> Iterator[str]:
    text = list(lines)
    ticks = "`" * max(3, _longest("\n".join(text)) + 1)
    yield from (f"{ticks}text", *text, ticks)


def _longest(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
