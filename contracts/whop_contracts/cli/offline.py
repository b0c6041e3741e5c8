"""``clauses``, ``compare`` and ``derive``: they need no engine, import little and start fast."""

from __future__ import annotations

import dataclasses
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from whop_contracts import derive as deriving
from whop_contracts import schemas
from whop_contracts.cli import say
from whop_contracts.pause import catalogue
from whop_contracts.report import diff, summary
from whop_contracts.report.summary import visible
from whop_contracts.settings import UsageError
from whop_contracts.settings.sources import schema

_GROUPS: Final = (
    ("broken", "newly broken"),
    ("kept", "newly kept"),
    ("new", "new"),
    ("gone", "gone"),
    ("other", "changed"),
)


def clauses(*, as_json: bool) -> int:
    """List the catalogue: as JSON, as a table on a terminal, else one line per clause."""
    found = catalogue.clauses()
    if as_json:
        rows = [
            {
                "id": clause.id,
                "level": clause.level,
                "part": clause.part,
                "statement": clause.statement,
                "source": {"kind": clause.source.kind, "place": clause.source.place},
                "needs": clause.needs or None,
            }
            for clause in found
        ]
        say(json.dumps(rows, indent=2, ensure_ascii=False))
    elif sys.stdout.isatty():
        importlib.import_module("whop_contracts.report.terminal").show_clauses(found, sys.stdout)
    else:
        say(*(f"{clause.id}  {clause.level}  {clause.statement}" for clause in found))
    return 0


def compare(old: Path, new: Path, *, as_json: bool) -> int:
    """Print what changed between two results; 1 if a clause newly fails."""
    comparison = diff.compare(diff.read_result(old, "OLD"), diff.read_result(new, "NEW"))
    if as_json:
        say(json.dumps(dataclasses.asdict(comparison), indent=2))
    else:
        say(*_changes(comparison))
    return comparison.exit_code


def _changes(comparison: diff.Comparison) -> Iterator[str]:
    for note in comparison.notes:
        yield f"note: {visible(note)}"
    for name, title in _GROUPS:
        for change in getattr(comparison, name):
            was, now = (summary.words(one) if one else "not there" for one in (change.old, change.new))
            yield f"{title:<13} {visible(change.clause, 80)}: was {was}, is {now}"
            if name == "broken" and change.row["failure"]:
                yield f"{'':<13} {summary.finding(change.row)}"
    for drift in comparison.drift:
        yield f"{'drift':<13} {summary.drifted(drift)}"
    counts = [f"{len(getattr(comparison, name))} {title}" for name, title in _GROUPS[:2]]
    yield ", ".join([*counts, f"{len(comparison.drift)} drift that appeared"])


def derive(folder: Path | None, *, check: bool) -> int:
    """Write the schemas; or, to ``check``, return 1 if they differ from what would be written.

    Our own folder has the schema of the settings file too, which is made from the table of settings.
    """
    where = folder or Path(schemas.document_path("openapi.json")).parent
    ours = {} if folder else {"settings.schema.json": deriving.text_of(schema())}
    try:
        if check:
            difference = deriving.check(where, ours)
            say(difference.rstrip("\n") or f"{where}: the schemas are up to date")
            return 1 if difference else 0
        say(*map(str, deriving.write(where, ours)))
    except (deriving.DeriveError, OSError) as error:
        raise UsageError(f"FOLDER {str(where)!r}: {' '.join(str(error).split())}") from None
    return 0
