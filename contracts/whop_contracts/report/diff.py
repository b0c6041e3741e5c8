"""What changed between two results: promises newly broken and newly kept, clauses that are new or gone, drift that appeared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from whop_contracts import schemas
from whop_contracts.settings import UsageError

_BROKEN: Final = frozenset({"failed", "waived"})
_UNKNOWN: Final = "not_tested"


@dataclass(frozen=True, slots=True)
class Change:
    """One clause whose verdict differs; None is a result that does not have it. ``row`` is the newer one, else the older."""

    clause: str
    old: str | None
    new: str | None
    row: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that differs. ``other`` are verdicts that moved without a promise being broken or kept anew: a warning, a clause no longer tested.

    ``notes`` say what makes the two hard to compare.
    """

    broken: tuple[Change, ...]
    kept: tuple[Change, ...]
    new: tuple[Change, ...]
    gone: tuple[Change, ...]
    other: tuple[Change, ...]
    drift: tuple[Mapping[str, Any], ...]
    notes: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """1 where a promise is newly broken, else 0."""
        return 1 if self.broken else 0


def read_result(path: Path, name: str) -> dict[str, Any]:
    """Read a result as ``--json`` writes it. UsageError, in one line that calls it ``name``, where it is none."""
    try:
        document = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise _wrong(name, path, f"it cannot be read ({(error.strerror or 'no answer').lower()})") from None
    except (ValueError, RecursionError):
        raise _wrong(name, path, "it is no JSON text") from None
    problem = _problem(document)
    if problem:
        raise _wrong(name, path, problem)
    result: dict[str, Any] = document
    return result


def _problem(document: Any) -> str | None:
    """Why a document is no result of this version; None where it is one."""
    # A lone surrogate, which a result may hold and Unicode's encodings may not, is no reason.
    whole = json.loads(json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"))
    found = schemas.violations("result", "", whole)
    if not found:
        return None
    return f"at {found[0].pointer or 'its top'} there is {found[0].actual[:80]} and should be {found[0].expected[:80]}"


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> Comparison:
    """Compare two results. A clause that fails and was not failing before is newly broken, also where it was not tested or not there before;
    one that fails under a waiver is not. Newly kept is what was broken, or failed under a waiver, and passes or warns.
    """
    before, after = ({row["id"]: row for row in result["clauses"]} for result in (old, new))
    groups: dict[str, list[Change]] = {name: [] for name in ("broken", "kept", "new", "gone", "other")}
    for id_ in [*after, *(id_ for id_ in before if id_ not in after)]:
        was, now = (rows[id_]["verdict"] if id_ in rows else None for rows in (before, after))
        group = _group(was, now)
        if group:
            groups[group].append(Change(id_, was, now, after.get(id_) or before[id_]))
    known = {_key(drift) for drift in old["drift"]}
    return Comparison(
        **{name: tuple(changes) for name, changes in groups.items()},
        drift=tuple(drift for drift in new["drift"] if _key(drift) not in known),
        notes=tuple(_notes(old, new)),
    )


def _group(was: str | None, now: str | None) -> str | None:
    if was == now:
        return None
    if now == "failed":
        return "broken"
    if was in _BROKEN and now in {"passed", "warned"}:
        return "kept"
    if was is None:
        return "new"
    return "gone" if now is None else "other"


def _key(drift: Mapping[str, Any]) -> tuple[str, str, str]:
    """What makes two drifts the same: an undocumented member is the same whatever its value."""
    value = json.dumps(drift["value"]) if drift["kind"] == "undocumented_value" else ""
    return drift["kind"], drift["pointer"], value


def _notes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    notes = []
    for holder, name, what in (
        ("target", "base_url", "targets"),
        ("plan", "sha256", "plans"),
        ("contract", "sha256", "schemas"),
        ("contract", "version", "versions of whop-contracts"),
    ):
        if old[holder][name] != new[holder][name]:
            notes.append(f"the two results are of different {what}")
    for result, which in ((old, "old"), (new, "new")):
        if result["verdict"] == "inconclusive":
            notes.append(f"the {which} run was inconclusive: {result['reason']}")
    return notes


def _wrong(name: str, path: Path, what: str) -> UsageError:
    return UsageError(f"{name} {str(path)!r}: expected a result as --json writes it; {what}")
