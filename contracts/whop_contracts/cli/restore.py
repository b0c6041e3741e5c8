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
    restoring = importlib.import_module("whop_contracts.engine.restore")
    record = restoring.read_journal(path, settings)
    if not record.complete:
        say(f"target: {record.base_url}")
    if settings.insecure:
        say("certificates are not checked (--insecure)")
    restored = restoring.restore(path, settings)
    for line in restored.done:
        say(visible(line, _LONGEST))
    for line in restored.left:
        say(f"NOT PUT BACK  {visible(line, _LONGEST)}")
    if restored.unreached:
        say(f"inconclusive: {visible(restored.unreached, _LONGEST)}")
    elif not restored.left:
        count = len(restored.done)
        say(f"{count} put back" if count else "nothing to put back")
    return int(restored.exit_code)
