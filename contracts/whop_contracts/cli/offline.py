"""``clauses``, ``compare`` and ``derive``: they need no engine, import little and start fast."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from whop_contracts import derive as deriving
from whop_contracts import schemas
from whop_contracts.cli import rendered, say
from whop_contracts.pause import catalogue
from whop_contracts.report import summary
from whop_contracts.settings import UsageError, read_file
from whop_contracts.settings.kinds import describe_os_error
from whop_contracts.settings.sources import schema

_GROUPS: Final = ("broken", "kept", "new", "gone", "other")
"""Of the clauses of a comparison whose verdict differs; the template says what they are called."""
_FACTS: Final = (
    ("target", "base_url", "targets"),
    ("plan", "sha256", "plans"),
    ("contract", "sha256", "schemas"),
    ("contract", "version", "versions of whop-contracts"),
)
"""What makes two results hard to compare if it differs."""


def clauses(*, as_json: bool) -> int:
    """List the catalogue: as JSON, as a table on a terminal, else one line per clause."""
    found = catalogue.clauses()
    if as_json:
        rows = [
            {name: getattr(clause, name) for name in ("id", "level", "part", "statement")}
            | {"source": asdict(clause.source), "needs": clause.needs or None}
            for clause in found
        ]
        say(json.dumps(rows, indent=2, ensure_ascii=False))
    elif sys.stdout.isatty():
        importlib.import_module("whop_contracts.report.terminal").show_clauses(found, sys.stdout)
    else:
        say(*(f"{clause.id}  {clause.level}  {clause.statement}" for clause in found))
    return 0


def derive(folder: Path | None, *, check: bool) -> int:
    """Write the schemas, ours with that of the settings file; to ``check``, return 1 if they differ."""
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


def compare(old: Path, new: Path, *, as_json: bool) -> int:
    """Print what changed between two results; 1 if a clause newly fails."""
    found = _compared(read_result(old, "OLD"), read_result(new, "NEW"))
    if as_json:
        say(json.dumps(found, indent=2))
    else:
        filters = {name: getattr(summary, name) for name in ("words", "finding", "drifted")}
        say(rendered("comparison", {"found": found}, **filters))
    return 1 if found["broken"] else 0


def read_result(path: Path, name: str) -> dict[str, Any]:
    """Read a result as ``--json`` writes it. UsageError, which calls it ``name``, if it is none."""
    try:
        document = json.loads(read_file(path).decode())
        # A result may hold a lone surrogate, which Unicode's encodings may not.
        whole = json.loads(json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"))
    except OSError as error:
        problem = f"it cannot be read ({describe_os_error(error)})"
    except (ValueError, RecursionError):
        problem = "it is no JSON text"
    else:
        found = schemas.violations("result", "", whole)
        if not found:
            return dict(document)
        actual, expected = found[0].actual[:80], found[0].expected[:80]
        problem = f"at {found[0].pointer or 'its top'} there is {actual} and should be {expected}"
    raise UsageError(f"{name} {str(path)!r}: expected a result as --json writes it; {problem}") from None


def _compared(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, list[Any]]:
    """What differs between two results: clauses by group, drift that appeared, how comparable they are.

    A clause newly fails if it did not fail before, was not tested or did not exist; failing under a waiver
    does not count. It no longer fails if it failed, waived or not, and now passes or warns.
    """
    before, after = ({row["id"]: row for row in result["clauses"]} for result in (old, new))
    found: dict[str, list[Any]] = {name: [] for name in _GROUPS}
    for id_ in [*after, *(id_ for id_ in before if id_ not in after)]:
        was, now = (rows[id_]["verdict"] if id_ in rows else None for rows in (before, after))
        if was != now:
            change = {"clause": id_, "old": was, "new": now, "row": after.get(id_) or before[id_]}
            found[_group(was, now)].append(change)
    known = {_key(drift) for drift in old["drift"]}
    found["drift"] = [drift for drift in new["drift"] if _key(drift) not in known]
    facts = [what for holder, name, what in _FACTS if old[holder][name] != new[holder][name]]
    found["notes"] = [f"the two results are of different {what}" for what in facts]
    for result, which in ((old, "old"), (new, "new")):
        if result["verdict"] == "inconclusive":
            found["notes"].append(f"the {which} run was inconclusive: {result['reason']}")
    return found


def _group(was: str | None, now: str | None) -> str:
    if now == "failed":
        return "broken"
    if was in {"failed", "waived"} and now in {"passed", "warned"}:
        return "kept"
    return "new" if was is None else "gone" if now is None else "other"


def _key(drift: Mapping[str, Any]) -> tuple[str, str, str]:
    """What makes two drifts the same: an undocumented member is the same whatever its value."""
    value = json.dumps(drift["value"]) if drift["kind"] == "undocumented_value" else ""
    return drift["kind"], drift["pointer"], value
