"""``explain``: one clause in full."""

from __future__ import annotations

import argparse

from whop_contracts.commands.engines import engine
from whop_contracts.commands.saying import say
from whop_contracts.setting_sources import nearest
from whop_contracts.settings import UsageError


def configure(parser: argparse.ArgumentParser) -> None:
    """The clause's id."""
    parser.add_argument("id", metavar="ID", help="a clause's id, as `whop-contracts clauses` lists it")


def execute(arguments: argparse.Namespace) -> int:
    """Print what is known of the clause."""
    clauses = {clause.id: clause for clause in engine("clauses")()}
    if arguments.id not in clauses:
        raise UsageError(
            f"ID {arguments.id!r}: no such clause{nearest(arguments.id, clauses) or '; see whop-contracts clauses'}"
        )
    clause = clauses[arguments.id]
    means = (
        "a break fails the run" if clause.level == "must" else "a break warns; with --strict it fails the run"
    )
    say(clause.id)
    say(f"  promise  {clause.statement}")
    say(f"  says     {clause.source}")
    say(f"  level    {clause.level}: {means}")
    say(f"  needs    {clause.needs or 'nothing beyond a campaign'}")
    say(f"  alone    whop-contracts run --clause {clause.id}")
    return 0
