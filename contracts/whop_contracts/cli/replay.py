"""``replay``: send one failure's requests again, and say whether it still fails."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from whop_contracts.cli import options as flags
from whop_contracts.cli.lazy import engine
from whop_contracts.cli.output import say
from whop_contracts.report.sanitize import visible

_NOT_HERE: Final = frozenset(
    {
        "profile", "seed", "clauses", "strict", "waivers", "drift_ledger", "dry_run", "json", "junit", "markdown", "html", "verbose",
        "show_config",
    }
)  # fmt: skip
"""Settings of the plan, which is the result's, and of what becomes of a whole run's result."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The result, the clause, and the flags of the target."""
    parser.add_argument("result", metavar="RESULT", help="a result, as run --json writes it")
    parser.add_argument("--clause", metavar="ID", required=True, help="a clause that fails in it")
    flags.add(parser, without=_NOT_HERE)


def execute(arguments: argparse.Namespace) -> int:
    """1 where the clause still fails, 0 where it does not, 3 where the requests did not put it to the test."""
    result = engine("comparing").read_result(Path(arguments.result), "RESULT")
    chosen = flags.settings(arguments).settings
    with engine("watching")(quiet=chosen.quiet) as watch:
        replay = engine("replaying").replay(result, arguments.clause, chosen, watch=watch)
    sent = f"{replay.result['requests']} requests of {visible(replay.sequence, 80)!r} sent again"
    if replay.outcome == "broken":
        if not chosen.quiet:
            with engine("unmistaken")(sys.stdout):
                engine("show_failure")(replay.result, replay.row, sys.stdout)
        say(f"still fails: {arguments.clause} ({sent})")
    elif replay.outcome == "kept":
        say(f"does not fail any more: {arguments.clause} ({sent})")
    else:
        reason = replay.row["reason"] or replay.result["reason"] or ""
        say(f"cannot be told: {arguments.clause} was not put to the test ({sent}): {visible(reason)}")
    for line in replay.result["put_back"]["failed"]:
        say(f"NOT PUT BACK: {visible(line)}")
    return int(replay.exit_code)
