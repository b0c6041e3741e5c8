"""``restore``: put campaigns back after a run that was killed."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path
from typing import Final

from whop_contracts.cli import options as flags
from whop_contracts.cli.output import say
from whop_contracts.report.sanitize import visible
from whop_contracts.settings import SETTINGS, UsageError

_HERE: Final = frozenset(
    {
        "base_url", "token", "token_file", "headers", "timeout", "ca_file", "insecure", "allow_production",
        "test_clock", "rate", "config",
    }
)  # fmt: skip
"""Settings that bear on what is sent here."""
_LONGEST: Final = 400
INCONCLUSIVE, NOT_RESTORED = 3, 4


def configure(parser: argparse.ArgumentParser) -> None:
    """The journal, and how its target is reached."""
    parser.add_argument("journal", metavar="JOURNAL", help="the file that the run named first")
    flags.add(parser, without={setting.name for setting in SETTINGS} - _HERE)


def execute(arguments: argparse.Namespace) -> int:
    """0: all is as it was; 4: a campaign is not; 3: the target could not be asked."""
    settings = flags.settings(arguments, checked=False).settings
    if settings.insecure and settings.ca_file:
        raise UsageError("--insecure: expected either it or --ca-file, not both")
    path = Path(arguments.journal)
    engine = importlib.import_module("whop_contracts.engine.restore")
    contract = importlib.import_module("whop_contracts.pause.contract").PAUSE
    opening = importlib.import_module("whop_contracts.cli.open_target")
    pace = importlib.import_module("whop_contracts.cli.planning").pace
    record = engine.read_journal(path, settings, contract)
    if not record.complete:
        say(f"target: {record.base_url}")
    if settings.insecure:
        say("certificates are not checked (--insecure)")
    state = engine.restore(path, settings, contract, open_target=opening.open_live, rate=pace)
    for line in state.restored:
        say(visible(line, _LONGEST))
    for line in state.failed:
        say(f"NOT PUT BACK  {visible(line, _LONGEST)}")
    if state.inconclusive:
        say(f"inconclusive: {visible(state.inconclusive, _LONGEST)}")
        return INCONCLUSIVE
    if state.failed:
        return NOT_RESTORED
    count = len(state.restored)
    say(f"{count} put back" if count else "nothing to put back")
    return 0
