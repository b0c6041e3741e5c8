"""JUnit XML, Markdown and HTML of a result. What came from a target is escaped, made visible, and cut.

JUnit is valid by Jenkins's and Surefire's schemas: one test case per clause, one suite per part of the page.
The run itself is two more cases, whose error is what prevents a verdict or leaves a campaign not restored.

In Markdown, whatever came from a target is in code, fenced longer than any run of backticks in it: there no
markup, no mention and no link works.

HTML is one file that opens offline and requests nothing. Its style and script are named by their hash in a
policy that allows nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any, Final
from xml.sax import saxutils

import jinja2
from markupsafe import Markup, escape

from whop_contracts.instants import write_instant
from whop_contracts.report import summary
from whop_contracts.report.failure import Failure, replay_command
from whop_contracts.report.summary import visible

COMMENT_LIMIT: Final = 60_000
"""Characters of the Markdown; GitHub takes 65,536 in a comment."""
PAGE_LIMIT: Final = 5_000_000
"""Bytes that the HTML stays under, whatever a target sends."""
_BUDGETS: Final = (4_000, 1_000, 200, 40)
"""Characters of one text; the first budget that lets the page fit is taken."""
_LINES: Final = 20
_ROWS: Final = 500
_PROMPT_S: Final = 5.0
"""The scale of resumes has at least so many seconds: later than that warns."""
LEFT: Final = 2.0
RIGHT: Final = 97.0
"""Horizontal places of a picture are percentages between these, so that it fits any screen."""
_TOP, _STEP = 26, 20
"""Vertical ones are pixels."""
_FOLDER: Final = Path(__file__).with_name("templates")


@cache
def _template(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=jinja2.select_autoescape(["html.j2"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    attribute = partial(saxutils.escape, entities={'"': "&quot;"})
    environment.filters |= {"code": _code, "fenced": _fenced, "visible": visible}
    environment.filters |= {"attribute": attribute, "text": saxutils.escape}
    return environment.get_template(name)


# -- HTML --------------------------------------------------------------------------------------------------


def html(result: Mapping[str, Any]) -> str:
    """One document."""
    text = ""
    for budget in _BUDGETS:
        text = _page(result, budget)
        if len(text.encode("utf-8", "backslashreplace")) < PAGE_LIMIT:
            break
    return text


def _page(result: Mapping[str, Any], budget: int) -> str:
    style, script = ((_FOLDER / name).read_text("utf-8") for name in ("report.css", "report.js"))
    return _template("report.html.j2").render(
        result=result,
        failures=[
            (row, Failure.read(result, row))
            for row in (*summary.failures(result), *summary.having(result, "warned", "waived"))
        ],
        **{name: result[name][:_ROWS] for name in ("drift", "resumes", "notes")},
        shown=lambda value, limit=500: visible(value, min(limit, budget)),
        statement=lambda text: _statement(visible(text, min(500, budget))),
        body=lambda text: _body(text, budget),
        replay=replay_command,
        timeline=timeline,
        prompt_s=_PROMPT_S,
        summary=summary,
        style=style,
        script=script,
        policy=f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'",
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


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
        return round(LEFT + (RIGHT - LEFT) * ((min(max(ns, first), last) - first) / (last - first)), 2)

    marks = [
        {"x": place(ns), "y": _TOP + _STEP * index, "kind": kind, "words": f"{write_instant(ns)} {what}"}
        for index, (ns, kind, what) in enumerate(points)
    ]
    paused = [(place(start), place(end)) for start, end in _paused(failure)]
    return {"marks": marks, "height": _TOP + _STEP * len(marks), "paused": paused}


def _points(failure: Failure) -> Iterator[tuple[int, str, str]]:
    """The instants of all requests, and those that were requested or shown as the end of a pause."""
    for event in failure.before:
        if event.at is not None:
            yield event.at, "before", f"{visible(event.asked, 60)}: {event.response()}"
    if failure.at is not None:
        yield failure.at, "seen", f"this one: {visible(failure.row['failure']['actual'], 60)}"
    own = failure.own()
    requested = {event.until for event in own if event.until is not None}
    shown = {event.shown.until for event in own if event.shown and event.shown.until is not None}
    yield from ((ns, "asked", "requested, shown" if ns in shown else "requested") for ns in requested)
    yield from ((ns, "shown", "shown") for ns in shown - requested)


def _paused(failure: Failure) -> Iterator[tuple[int, int]]:
    """The spans in which the campaign was shown as paused: until its date, or the next response."""
    known = [event for event in failure.own() if event.at is not None and event.shown]
    ends = [*(event.at for event in known[1:]), failure.at]
    for event, end in zip(known, ends, strict=False):
        if event.paused and event.shown and event.at is not None and end is not None:
            yield event.at, end if event.shown.until is None else min(end, event.shown.until)


# -- Markdown ----------------------------------------------------------------------------------------------


def markdown(result: Mapping[str, Any]) -> str:
    """One document. If there are too many failures, the last ones get a line each, or are counted."""
    failed, text = summary.leading(result), ""
    for full in (len(failed), 20, 10, 5, 1, 0):
        text = _template("report.md.j2").render(
            result=result,
            summary=summary,
            failures=[Failure.read(result, row) for row in failed[:full]],
            further=failed[full:],
            most=_LINES,
        )
        if len(text) <= COMMENT_LIMIT:
            break
    return text[:COMMENT_LIMIT]


def _code(text: Any) -> str:
    """Text as a code span; its backticks cannot end it."""
    shown = visible(text, 500).strip() or " "
    ticks = "`" * (_longest(shown) + 1)
    room = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{ticks}{room}{shown}{room}{ticks}"


def _fenced(lines: list[str]) -> str:
    ticks = "`" * max(3, _longest("\n".join(lines)) + 1)
    return "\n".join((f"{ticks}text", *lines, ticks))


def _longest(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


# -- JUnit -------------------------------------------------------------------------------------------------


def junit(result: Mapping[str, Any]) -> str:
    """One XML document; every character in it is one that XML allows."""
    left, prevented = summary.lasting(result), result["verdict"] == "inconclusive"
    run = [
        _case("conclusive", prevented and "error", message=summary.sentence(result), type="inconclusive"),
        _case("put-back", left and "error", "\n".join(left), message="".join(left[:1]), type="put-back"),
    ]
    suites = {part: [_clause(result, row) for row in rows] for part, rows, *_ in summary.by_part(result)}
    text = _template("junit.xml.j2").render(result=result, summary=summary, suites=suites | {"run": run})
    return f"{text}\n"


def _case(name: str, outcome: object = "", text: str = "", **attributes: str) -> dict[str, Any]:
    """A test case, and the element in it that is its ``outcome``, if any."""
    shown = {key: visible(value, 4_000) for key, value in attributes.items()}
    return {"name": visible(name), "outcome": outcome, "attributes": shown, "text": text}


def _clause(result: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    id_, verdict = row["id"], row["verdict"]
    strict = result["verdict"] == "violates" and not summary.having(result, "failed")
    failure = Failure.read(result, row)
    if failure and (verdict == "failed" or (verdict == "warned" and strict)):
        text = "\n".join(f"{label}: {line}" for label, lines in failure.sections() for line in lines)
        return _case(id_, "failure", text, message=summary.brief(row), type=row["level"])
    if failure and verdict == "warned":
        sent = "".join(f"\nsent: {line}" for line in summary.sent(row))
        return _case(id_, "system-out", f"warning: {summary.brief(row)}{sent}")
    if verdict == "passed":
        return _case(id_)
    return _case(id_, "skipped", message=f"{summary.words(verdict)}: {visible(row['reason'] or '')}")
