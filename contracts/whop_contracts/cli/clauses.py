"""``clauses``: the catalogue."""

from __future__ import annotations

import argparse
import json
import sys

from whop_contracts.cli.lazy import engine
from whop_contracts.cli.output import say


def configure(parser: argparse.ArgumentParser) -> None:
    """For a reader, or as JSON."""
    parser.add_argument("--json", action="store_true", dest="as_json", help="the catalogue as JSON")


def execute(arguments: argparse.Namespace) -> int:
    """Print every clause."""
    clauses = engine("clauses")()
    if arguments.as_json:
        rows = [
            {
                "id": clause.id,
                "level": clause.level,
                "part": clause.part,
                "statement": clause.statement,
                "source": {"kind": clause.source.kind, "place": clause.source.place},
                "needs": clause.needs or None,
            }
            for clause in clauses
        ]
        say(json.dumps(rows, indent=2, ensure_ascii=False))
    elif sys.stdout.isatty():
        engine("table")(clauses, sys.stdout)
    else:
        for clause in clauses:
            say(f"{clause.id}  {clause.level}  {clause.statement}")
    return 0
