"""``plan``: what ``run`` would send, and how many requests; nothing is sent."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from whop_contracts.cli import options as flags
from whop_contracts.cli.lazy import engine
from whop_contracts.cli.output import say
from whop_contracts.report.sanitize import visible

_NOT_HERE: Final = frozenset(
    {"json", "junit", "markdown", "html", "har", "dry_run", "show_config", "quiet", "verbose"}
)
"""Settings of what becomes of a result: here there is none."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The flags of ``run`` that bear on what is sent."""
    flags.add(parser, without=_NOT_HERE)
    parser.add_argument("--json", action="store_true", dest="as_json", help="the plan as JSON")
    parser.add_argument(
        "--why",
        action="store_true",
        help="with each request the clauses that it puts to the test, tried on the built-in mock",
    )


def execute(arguments: argparse.Namespace) -> int:
    """Print the plan."""
    settings = flags.settings(arguments).settings
    if arguments.why:
        plan = engine("planned")(settings)
        clauses = engine("asked_for")(settings)
        outline = reasoned(plan.outline(), engine("served_by_case")(plan, clauses), [c.id for c in clauses])
    else:
        outline = engine("outline")(settings)
    say(json.dumps(outline, indent=2) if arguments.as_json else text(outline))
    return 0


def reasoned(
    outline: Mapping[str, Any], served: Mapping[tuple[str, str], frozenset[str]], order: Sequence[str]
) -> dict[str, Any]:
    """The outline with the clauses that each request ``serves``, in their ``order``, and those that none before it served: ``first``."""
    seen: set[str] = set()
    cases = []
    for case in outline["cases"]:
        serves = served.get((case["sequence"], case["name"]), frozenset())
        cases.append(
            case
            | {
                "serves": [id_ for id_ in order if id_ in serves],
                "first": [id_ for id_ in order if id_ in serves - seen],
            }
        )
        seen |= serves
    return {**outline, "cases": cases, "unserved": [id_ for id_ in order if id_ not in seen]}


def text(outline: Mapping[str, Any]) -> str:
    """The plan for a reader: a line a request, under the name of its sequence, and the count last."""
    return "\n".join(_lines(outline))


def _lines(outline: Mapping[str, Any]) -> Iterator[str]:
    yield f"profile {outline['profile']}, seed {outline['seed']}, plan {outline['sha256']}"
    sequence = None
    for case in outline["cases"]:
        if case["sequence"] != sequence:
            sequence = case["sequence"]
            yield ""
            yield str(sequence)
        more = [visible(case["body"], 100)] if case.get("body") is not None else []
        more += [f"as {case['role']}"] if case.get("role") not in {None, "full"} else []
        more += [f"(until {visible(case['until'], 60)})"] if case.get("until") else []
        yield "  ".join(
            [
                f"{case['number']:>5}",
                visible(f"{case['method']} {case['path']}", 60),
                *more,
                visible(case["name"], 60),
            ]
        )
        yield from _why(case)
    if "unserved" in outline:
        yield ""
        missed = outline["unserved"]
        yield from _folded(
            f"no request serves {', '.join(missed)}" if missed else "every clause is served", ""
        )
    yield ""
    on = ", and rounds of drawn ones until the time is spent" if outline["goes_on"] else ""
    yield f"{outline['requests']} requests planned{on}, none sent"


def _why(case: Mapping[str, Any]) -> Iterator[str]:
    """What a request is for, where that is known: how many clauses it serves, and which of them it is the first to serve."""
    if "serves" in case:
        count, first = len(case["serves"]), case["first"]
        serves = f"serves {count} clause{'' if count == 1 else 's'}"
        yield from _folded(f"{serves}, as the first {', '.join(first)}" if first else serves, "       ")


def _folded(line: str, margin: str) -> list[str]:
    return textwrap.wrap(
        line,
        80,
        initial_indent=margin,
        subsequent_indent=f"{margin}  ",
        break_on_hyphens=False,
        break_long_words=False,
    )
