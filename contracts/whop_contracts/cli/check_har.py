"""``check-har``: judge recorded traffic; nothing is sent."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from whop_contracts import report as reports
from whop_contracts.cli import options as flags
from whop_contracts.cli.lazy import engine
from whop_contracts.settings import SETTINGS, UsageError

_HERE: Final = frozenset(
    {
        "resume_tolerance",
        "clauses",
        "strict",
        "waivers",
        "drift_ledger",
        "json",
        "junit",
        "markdown",
        "html",
        "quiet",
        "verbose",
        "config",
    }
)


def configure(parser: argparse.ArgumentParser) -> None:
    """The file, and the flags that bear on judging and on reports."""
    parser.add_argument(
        "file", metavar="FILE", help="a HAR 1.2 file: a browser's, a proxy's, or that of run --har"
    )
    parser.add_argument(
        "--target",
        metavar="URL",
        help="judge this base URL alone, where the file has several (the first one paused)",
    )
    flags.add(parser, without={setting.name for setting in SETTINGS} - _HERE)


def execute(arguments: argparse.Namespace) -> int:
    """The exit code is the result's."""
    loaded = flags.settings(arguments, checked=False)
    chosen, recorded = loaded.settings, engine("recorded")
    try:
        clauses = engine("chosen")(chosen.clauses)
    except ValueError as error:
        raise UsageError(f"--clause: {error}") from None
    settle = engine("settling")(chosen)
    recording = recorded.load(Path(arguments.file), base_url=arguments.target)
    result = recorded.judge_recording(
        recording,
        clauses,
        tolerance=chosen.resume_tolerance if "resume_tolerance" in loaded.origins else None,
        strict=chosen.strict,
        secrets=[secret for secret in (chosen.token, chosen.readonly_token) if secret],
    )
    result = settle(result)
    engine("shown")(result, sys.stdout, quiet=chosen.quiet, verbose=chosen.verbose)
    sys.stdout.flush()
    reports.write(chosen, result)
    return int(result["exit_code"])
