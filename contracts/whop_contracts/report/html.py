"""HTML: one file that opens offline and requests nothing.

Everything that came from a target is escaped by the template engine, shown as ``visible`` writes it, and cut.
The page's own style and script are named by their hash in a policy that allows nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import jinja2
from markupsafe import Markup, escape

from whop_contracts.instants import write_instant
from whop_contracts.report import summary
from whop_contracts.report.commands import replay_command
from whop_contracts.report.failure import Failure
from whop_contracts.report.sanitize import visible

LIMIT: Final = 5_000_000
"""Bytes that a report stays under, whatever a target sends."""
_BUDGETS: Final = (4_000, 1_000, 200, 40)
"""Characters of one text; the first budget that lets the page fit is taken."""
_ROWS: Final = 500
_FOLDER: Final = Path(__file__).with_name("templates")
_MARKS: Final = {"passed": "✓", "failed": "✗", "warned": "!", "waived": "~", "not_tested": "\u2013"}
_PROMPT_S: Final = 5.0
"""The scale of resumes has at least so many seconds: later than that warns."""
_LEFT, _RIGHT, _TOP, _STEP = 2.0, 97.0, 26, 20
"""The picture of a failure: horizontal places are percentages, so that it fits any screen; the others pixels.
"""


def render(result: Mapping[str, Any]) -> str:
    """One document."""
    text = ""
    for budget in _BUDGETS:
        text = _page(result, budget)
        if len(text.encode("utf-8", "backslashreplace")) < LIMIT:
            break
    return text


def _page(result: Mapping[str, Any], budget: int) -> str:
    hashes = {name: base64.b64encode(hashlib.sha256(_own(name).encode()).digest()).decode() for name in _OWN}
    rows = [*summary.failures(result), *summary.having(result, "warned", "waived")]
    return _template().render(
        result=result,
        parts=[
            {
                "id": part,
                "title": summary.title(part),
                "counts": counts,
                "rows": [row for row in result["clauses"] if row["part"] == part],
            }
            for part, counts, _ in summary.by_part(result)
        ],
        failures=[(row, Failure.read(result, row)) for row in rows],
        totals=summary.totals(result),
        **{name: result[name][:_ROWS] for name in ("drift", "resumes", "notes")},
        shown=lambda value, limit=500: visible(value, min(limit, budget)),
        statement=lambda text: _statement(visible(text, min(500, budget))),
        scale=scale(result["resumes"][:_ROWS]),
        replay=replay_command,
        body=lambda text: _body(text, budget),
        summary=summary,
        timeline=timeline,
        marks=_MARKS,
        style=_own("report.css"),
        script=_own("report.js"),
        policy=f"default-src 'none'; style-src 'sha256-{hashes['report.css']}'; "
        f"script-src 'sha256-{hashes['report.js']}'; img-src data:; base-uri 'none'; form-action 'none'",
    )


def _statement(text: str) -> Markup:
    """A statement, with what is in backticks as code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before


def _body(text: str | None, budget: int) -> str:
    """A body for a reader: JSON laid out, each of its lines made visible."""
    if not text:
        return "(none)"
    try:
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return visible(text, budget)
    lines, left = [], budget
    for line in text.split("\n"):
        lines.append(visible(line, max(min(left, 400), 1)))
        left -= len(lines[-1])
        if left <= 0:
            break
    return "\n".join(lines)


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2")


_OWN: Final = ("report.css", "report.js")


@cache
def _own(name: str) -> str:
    """A file of ours, which the template puts into the page unchanged."""
    return (_FOLDER / name).read_text("utf-8")


# -- the picture of a failure ------------------------------------------------------------------------------


def timeline(failure: Failure) -> dict[str, Any] | None:
    """The requests that led to a failure as a picture; None if fewer than two instants of them are known.

    ``marks`` are instants in their order, with their numbers in the list under the picture; ``paused`` are
    the spans in which the campaign was shown as paused.
    """
    points = sorted(_points(failure), key=lambda point: point[0])
    if not failure.before or not points or points[0][0] == points[-1][0]:
        return None
    first, last = points[0][0], points[-1][0]

    def place(ns: int) -> float:
        return round(_LEFT + (_RIGHT - _LEFT) * ((min(max(ns, first), last) - first) / (last - first)), 2)

    marks = [
        {"x": place(ns), "y": _TOP + _STEP * index, "kind": kind, "words": f"{write_instant(ns)} {what}"}
        for index, (ns, kind, what) in enumerate(points)
    ]
    return {
        "marks": marks,
        "height": _TOP + _STEP * len(marks),
        "paused": [(place(start), place(end)) for start, end in _paused(failure)],
    }


def _points(failure: Failure) -> Iterator[tuple[int, str, str]]:
    """The instants of all requests, and those that were requested or shown as the end of a pause."""
    for event in failure.before:
        if event.at is not None:
            yield event.at, "before", f"{visible(event.asked, 60)}: {event.response()}"
    if failure.at is not None:
        yield failure.at, "seen", f"this one: {visible(failure.actual, 60)}"
    own = failure.own(failure.before)
    requested = {event.until for event in own if event.until is not None}
    shown = {event.shown.until for event in own if event.shown and event.shown.until is not None}
    yield from ((ns, "asked", "requested, shown" if ns in shown else "requested") for ns in requested)
    yield from ((ns, "shown", "shown") for ns in shown - requested)


def _paused(failure: Failure) -> Iterator[tuple[int, int]]:
    """The spans in which the campaign was shown as paused: until its date, or the next response."""
    known = [event for event in failure.own(failure.before) if event.at is not None and event.shown]
    ends = [*(event.at for event in known[1:]), failure.at]
    for event, end in zip(known, ends, strict=False):
        if event.paused and event.shown and event.at is not None and end is not None:
            yield event.at, end if event.shown.until is None else min(end, event.shown.until)


# -- the picture of resumes --------------------------------------------------------------------------------


def scale(resumes: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Resumes on a scale from on time to the latest one, as percentages; None if none was observed."""
    if not resumes:
        return None
    most = max(*(float(one["late_s"]) for one in resumes), _PROMPT_S)
    marks = [
        {
            "x": round(_LEFT + (_RIGHT - _LEFT) * max(float(one["late_s"]), 0.0) / most, 2),
            "kind": "before" if one["uncertainty_s"] > summary.PRECISE_S else "shown",
        }
        for one in resumes
    ]
    return {"most": f"{most:g}", "marks": marks}
