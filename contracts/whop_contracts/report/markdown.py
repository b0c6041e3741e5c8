"""Markdown that fits a comment of a pull request.

Whatever came from a target is in code, fenced longer than any run of backticks in it: there no markup, no
mention and no link works.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from whop_contracts.report import summary
from whop_contracts.report.failure import Failure
from whop_contracts.report.sanitize import visible

LIMIT: Final = 60_000
"""Characters; GitHub takes 65,536 in a comment."""
_MARKS: Final = {"conforms": "✅", "violates": "❌", "inconclusive": "❔"}
_LINES: Final = 20
_BULLETS: Final = ("expected", "actual", "at")
_FOLDED: Final = ("before", "request", "response", "reproduce")


def render(result: Mapping[str, Any]) -> str:
    """One document. If there are too many failures, the last ones get a line each, or are counted."""
    failed = summary.leading(result)
    for full in (len(failed), 20, 10, 5, 1, 0):
        text = "\n".join(_page(result, full)) + "\n"
        if len(text) <= LIMIT:
            return text
    return text[:LIMIT]


def _page(result: Mapping[str, Any], full: int) -> Iterator[str]:
    verdict = result["verdict"]
    yield f"### {_MARKS[verdict]} {verdict if verdict == 'inconclusive' else summary.sentence(result)}"
    yield ""
    if verdict == "inconclusive":
        yield f"Reason: {_code(result['reason'] or 'too little was observed')}"
        yield ""
    run = summary.run(result)
    yield f"{run if result['target']['kind'] == 'mock' else _code(run)}: {summary.effort(result)}."
    yield summary.times(result)
    for line in summary.lasting(result):
        yield f"\n> **Not put back:** {_code(line.removeprefix('NOT PUT BACK: '))}"
    yield ""
    yield from _table(result)
    failed = summary.leading(result)
    for row in failed[:full]:
        yield from _failure(result, row)
    further = [f"- **{row['id']}** {row['statement']}" for row in failed[full:]]
    yield from _section("Further failures", further)
    yield from _section(
        "Warnings", ["\n".join(_warning(result, row)) for row in summary.having(result, "warned")]
    )
    waived = [f"- **{row['id']}**: {_code(row['reason'] or '')}" for row in summary.having(result, "waived")]
    yield from _section("Waived", waived)
    drift = [f"- {_code(summary.drifted(drift))}" for drift in result["drift"]]
    yield from _section("Drift", drift, [f"- {_code(hint)}" for hint in summary.hints(result)])
    untested = [f"- {_code(reason)}: {', '.join(ids)}" for reason, ids in summary.untested(result).items()]
    yield from _section("Not tested", untested)
    yield from _section("Notes", [f"- {_code(note)}" for note in result["notes"]])


def _table(result: Mapping[str, Any]) -> Iterator[str]:
    yield "| | " + " | ".join([*map(summary.words, summary.VERDICTS), "exchanges"]) + " |"
    yield "|---" * (len(summary.VERDICTS) + 2) + "|"
    for part, count, exchanges in summary.by_part(result):
        cells = [str(count[verdict] or "") for verdict in summary.VERDICTS]
        yield f"| {summary.title(part)} | {' | '.join(cells)} | {exchanges or ''} |"


def _warning(result: Mapping[str, Any], row: Mapping[str, Any]) -> Iterator[str]:
    yield f"- **{row['id']}**: {_code(summary.finding(row))}"
    failure = Failure.read(result, row)
    yield from (f"  - sent {_code(line)}" for line in (failure.sent() if failure else ()))


def _failure(result: Mapping[str, Any], row: Mapping[str, Any]) -> Iterator[str]:
    failure = Failure.read(result, row)
    if failure is None:
        return
    sections = dict(failure.sections())
    yield from ("", f"#### {failure.id}", "")
    yield f"{failure.statement} ({failure.source}; failed in {failure.extent})"
    yield ""
    for name in _BULLETS:
        yield from (f"- {name} {_code(line)}" for line in sections.get(name, ()))
    for name in ("sent", "also"):
        yield from (f"- {name} {_code(line)}" for line in sections.get(name, ()))
    yield from ("", "<details><summary>request, response, how to reproduce</summary>", "")
    for name in _FOLDED:
        if name in sections:
            yield from _fenced(sections[name])
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
