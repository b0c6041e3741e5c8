"""``derive``: the schemas, from the documented bodies and the annotations; or, with ``--check``, whether they are what is derived.

In our own folder the schema of the settings file is among them, made from the table of settings.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from whop_contracts.cli.lazy import engine
from whop_contracts.cli.output import say
from whop_contracts.settings import UsageError
from whop_contracts.settings.sources import schema

SETTINGS: Final = "settings.schema.json"


def configure(parser: argparse.ArgumentParser) -> None:
    """The folder, and whether to write."""
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1, with the difference, where there is one"
    )
    parser.add_argument(
        "folder",
        nargs="?",
        metavar="FOLDER",
        help="where documented/ and the annotations are (our own schemas)",
    )


def execute(arguments: argparse.Namespace) -> int:
    """Write the schemas, or compare them."""
    derive = engine("derive")
    folder = (
        Path(arguments.folder) if arguments.folder else Path(engine("document_path")("openapi.json")).parent
    )
    ours = {} if arguments.folder else {SETTINGS: derive.text_of(schema())}
    try:
        if arguments.check:
            difference = derive.check(folder, ours)
            say(difference.rstrip("\n") or f"{folder}: what is there is what is derived")
            return 1 if difference else 0
        for path in derive.write(folder, ours):
            say(str(path))
    except (derive.DeriveError, OSError) as error:
        raise UsageError(f"FOLDER {str(folder)!r}: {' '.join(str(error).split())}") from None
    return 0
