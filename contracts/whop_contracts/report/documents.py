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
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import jinja2
from markupsafe import Markup, escape

from whop_contracts.report import summary
from whop_contracts.report.commands import replay_command
from whop_contracts.report.failure import LEFT, RIGHT, Failure, timeline
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
_HEADINGS: Final = {"warned": "Warnings", "waived": "Waived", "drift": "Drift", "note": "Notes"}
_FOLDER: Final = Path(__file__).with_name("templates")
_SUITE: Final = "whop-contracts"
_OUTCOMES: Final = {"failures": "failure", "errors": "error", "skipped": "skipped"}


@cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=jinja2.select_autoescape(["html.j2"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"code": _code, "fenced": _fenced}
    return environment


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
    style, script = _own("report.css"), _own("report.js")
    template = _templates().get_template("report.html.j2")
    return template.render(
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
        scale=_scale,
        summary=summary,
        style=style,
        script=script,
        policy=f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'",
    )


@cache
def _own(name: str) -> str:
    """A file of ours, which the template puts into the page unchanged."""
    return (_FOLDER / name).read_text("utf-8")


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


def _scale(resumes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Resumes on a scale from on time to the latest one, as percentages."""
    most = max(*(float(one["late_s"]) for one in resumes), _PROMPT_S)
    marks = [
        {
            "x": round(LEFT + (RIGHT - LEFT) * max(float(one["late_s"]), 0.0) / most, 2),
            "kind": "before" if one["uncertainty_s"] > summary.PRECISE_S else "shown",
        }
        for one in resumes
    ]
    return {"most": f"{most:g}", "marks": marks}


# -- Markdown ----------------------------------------------------------------------------------------------


def markdown(result: Mapping[str, Any]) -> str:
    """One document. If there are too many failures, the last ones get a line each, or are counted."""
    failed = summary.leading(result)
    template = _templates().get_template("report.md.j2")
    for full in (len(failed), 20, 10, 5, 1, 0):
        shown = [failure for row in failed[:full] if (failure := Failure.read(result, row))]
        further = [f"- **{row['id']}** {row['statement']}" for row in failed[full:]]
        folds = [("Further failures", further), *_folds(result)]
        text = template.render(
            result=result,
            summary=summary,
            failures=shown,
            folds=folds,
            most=_LINES,
            hints=summary.hints(result),
        )
        if len(text) <= COMMENT_LIMIT:
            return text
    return text[:COMMENT_LIMIT]


def _folds(result: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """What is folded after the failures: headings and list items."""
    for label, items in summary.lists(result).items():
        if label == "note":
            reasons = summary.untested(result).items()
            yield "Not tested", [f"- {_code(reason)}: {', '.join(ids)}" for reason, ids in reasons]
        bullets = [
            (f"- **{whose}**: {_code(text)}" if whose else f"- {_code(text)}", sent)
            for whose, text, sent in items
        ]
        yield (
            _HEADINGS[label],
            ["\n".join([first, *(f"  - sent {_code(line)}" for line in sent)]) for first, sent in bullets],
        )


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
    root = ET.Element("testsuites", name=_SUITE)
    for part, rows, *_ in summary.by_part(result):
        _suite(root, part, [_clause(result, row) for row in rows])
    left, sentence = summary.lasting(result), summary.sentence(result)
    prevented = result["verdict"] == "inconclusive"
    run = _suite(
        root,
        "run",
        [
            _case("conclusive", "error" if prevented else "", message=sentence, type="inconclusive"),
            _case(
                "put-back",
                "error" if left else "",
                "\n".join(left),
                message="".join(left[:1]),
                type="put-back",
            ),
        ],
    )
    run.insert(0, _properties(result))
    for element in (root, run):
        element.set("time", f"{result['duration_s']:.3f}")
    _count(root, "tests", "failures", "errors")
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, "unicode")}\n'


def _suite(root: ET.Element, name: str, cases: list[ET.Element]) -> ET.Element:
    suite = ET.SubElement(root, "testsuite", name=f"{_SUITE}.{name}", time="0.000")
    for case in cases:
        case.set("classname", f"{_SUITE}.{name}")
    suite.extend(cases)
    _count(suite, "tests", "failures", "errors", "skipped")
    return suite


def _count(element: ET.Element, *names: str) -> None:
    """Set the counts of the cases in a suite, or in all suites."""
    cases = list(element.iter("testcase"))
    for name in names:
        counted = [case for case in cases if name == "tests" or case.find(_OUTCOMES[name]) is not None]
        element.set(name, str(len(counted)))


def _case(name: str, outcome: str = "", text: str = "", **attributes: str) -> ET.Element:
    case = ET.Element("testcase", name=visible(name), time="0.000")
    if outcome:
        shown = {key: visible(value, 4_000) for key, value in attributes.items()}
        ET.SubElement(case, outcome, shown).text = text or None
    return case


def _clause(result: Mapping[str, Any], row: Mapping[str, Any]) -> ET.Element:
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


def _properties(result: Mapping[str, Any]) -> ET.Element:
    values = {
        "verdict": summary.sentence(result),
        "target": summary.target(result),
        **{name: result["plan"][name] for name in ("profile", "seed")},
        "requests": result["requests"],
        **{name: result.get(name) for name in ("started_at", "finished_at")},
    }
    properties = ET.Element("properties")
    for name, value in values.items():
        ET.SubElement(properties, "property", name=name, value=visible(value))
    return properties
