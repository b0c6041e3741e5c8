"""``compare``: what changed between two results. It fails for what is newly broken alone."""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from whop_contracts.cli.lazy import engine
from whop_contracts.cli.output import say
from whop_contracts.report import summary
from whop_contracts.report.sanitize import visible

_GROUPS: Final = (
    ("broken", "newly broken"),
    ("kept", "newly kept"),
    ("new", "new"),
    ("gone", "gone"),
    ("other", "changed"),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """The two files."""
    parser.add_argument("old", metavar="OLD", help="a result, as run --json writes it")
    parser.add_argument("new", metavar="NEW", help="a later one")
    parser.add_argument("--json", action="store_true", dest="as_json", help="the differences as JSON")


def execute(arguments: argparse.Namespace) -> int:
    """Print the differences; 1 where a promise is newly broken."""
    comparing = engine("comparing")
    old = comparing.read_result(Path(arguments.old), "OLD")
    new = comparing.read_result(Path(arguments.new), "NEW")
    comparison = comparing.compare(old, new)
    say(
        json.dumps(dataclasses.asdict(comparison), indent=2)
        if arguments.as_json
        else "\n".join(_lines(comparison))
    )
    return int(comparison.exit_code)


def _lines(comparison: Any) -> Iterator[str]:
    for note in comparison.notes:
        yield f"note: {visible(note)}"
    for name, title in _GROUPS:
        for change in getattr(comparison, name):
            was, now = (
                summary.words(verdict) if verdict else "not there" for verdict in (change.old, change.new)
            )
            yield f"{title:<13} {visible(change.clause, 80)}: was {was}, is {now}"
            if name == "broken" and change.row["failure"]:
                yield f"{'':<13} {summary.finding(change.row)}"
    for drift in comparison.drift:
        yield f"{'drift':<13} {summary.drifted(drift)}"
    counts = [f"{len(getattr(comparison, name))} {title}" for name, title in _GROUPS[:2]]
    yield ", ".join([*counts, f"{len(comparison.drift)} drift that appeared"])
