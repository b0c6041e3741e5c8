"""JUnit XML, valid by Jenkins's and Surefire's schemas: one test case per clause, one suite per part of the
page.

A clause that failed is a failure; what was not tested or is waived is skipped. The run itself is two more
cases: an error is what prevents a verdict, or leaves a campaign in another state.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from typing import Any, Final

from whop_contracts.report import summary
from whop_contracts.report.failure import Failure
from whop_contracts.report.sanitize import visible

_SUITE: Final = "whop-contracts"
_OUTCOMES: Final = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def render(result: Mapping[str, Any]) -> str:
    """One XML document; every character in it is one that XML allows."""
    root = ET.Element("testsuites", name=_SUITE)
    for part, _, _ in summary.by_part(result):
        _suite(root, part, [_clause(result, row) for row in result["clauses"] if row["part"] == part])
    run = _suite(root, "run", list(_run(result)))
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
        return _case(id_, "failure", text, message=summary.brief(row), type=failure.level)
    if failure and verdict == "warned":
        sent = "".join(f"\nsent: {line}" for line in failure.sent())
        return _case(id_, "system-out", f"warning: {summary.brief(row)}{sent}")
    if verdict == "passed":
        return _case(id_)
    return _case(id_, "skipped", message=f"{summary.words(verdict)}: {visible(row['reason'] or '')}")


def _run(result: Mapping[str, Any]) -> Iterator[ET.Element]:
    if result["verdict"] == "inconclusive":
        yield _case("conclusive", "error", message=summary.sentence(result), type="inconclusive")
    else:
        yield _case("conclusive")
    left = summary.lasting(result)
    if left:
        yield _case("put-back", "error", "\n".join(left), message=left[0], type="put-back")
    else:
        yield _case("put-back")


def _properties(result: Mapping[str, Any]) -> ET.Element:
    properties = ET.Element("properties")
    values = {
        "verdict": summary.sentence(result),
        "target": summary.target(result),
        "profile": result["plan"]["profile"],
        "seed": result["plan"]["seed"],
        "requests": result["requests"],
        "started_at": result.get("started_at"),
        "finished_at": result.get("finished_at"),
    }
    for name, value in values.items():
        ET.SubElement(properties, "property", name=name, value=visible(value))
    return properties
