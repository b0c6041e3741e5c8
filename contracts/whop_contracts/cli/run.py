"""``run``: judge a target, show the result, write the reports that were asked for."""

from __future__ import annotations

import argparse
import sys

from whop_contracts import report as reports
from whop_contracts.cli import options as flags
from whop_contracts.cli import plan
from whop_contracts.cli.lazy import engine
from whop_contracts.cli.output import say
from whop_contracts.settings.sources import show


def configure(parser: argparse.ArgumentParser) -> None:
    """Every setting is a flag."""
    flags.add(parser)


def execute(arguments: argparse.Namespace) -> int:
    """The exit code is the result's."""
    settings = flags.settings(arguments, checked=False)
    if settings.settings.show_config:
        say(show(settings))
        return 0
    chosen = flags.settings(arguments).settings
    if chosen.dry_run:
        say(plan.text(engine("outline")(chosen)))
        return 0
    judge, watching = engine("judge"), engine("watching")
    with watching(quiet=chosen.quiet) as watch:
        result = judge(chosen, watch=watch)
    engine("shown")(result, sys.stdout, quiet=chosen.quiet, verbose=chosen.verbose)
    sys.stdout.flush()
    reports.write(chosen, result)
    return int(result["exit_code"])
