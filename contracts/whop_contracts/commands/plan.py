"""``plan``: what ``run`` would send, and how many requests; nothing is sent."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from whop_contracts.commands import flags
from whop_contracts.commands.engines import engine
from whop_contracts.commands.saying import say
from whop_contracts.reports.showing import visible

_NOT_HERE: Final = frozenset(
    {"json", "junit", "markdown", "html", "har", "dry_run", "show_config", "quiet", "verbose"}
)
"""Settings of what becomes of a result: here there is none."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The flags of ``run`` that bear on what is sent."""
    flags.add(parser, without=_NOT_HERE)
    parser.add_argument("--json", action="store_true", dest="as_json", help="the plan as JSON")


def execute(arguments: argparse.Namespace) -> int:
    """Print the plan."""
    outline = engine("outline")(flags.settings(arguments).settings)
    say(json.dumps(outline, indent=2) if arguments.as_json else text(outline))
    return 0


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
    yield ""
    yield f"{outline['requests']} requests planned, none sent"
