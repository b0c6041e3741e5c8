"""What changed between two results: clauses that newly fail or no longer do, new and removed ones, drift."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from whop_contracts import schemas
from whop_contracts.settings import UsageError, read_file
from whop_contracts.settings.kinds import describe_os_error

_FAILING: Final = frozenset({"failed", "waived"})
_FACTS: Final = (
    ("target", "base_url", "targets"),
    ("plan", "sha256", "plans"),
    ("contract", "sha256", "schemas"),
    ("contract", "version", "versions of whop-contracts"),
)
"""What makes two results hard to compare if it differs."""


@dataclass(frozen=True, slots=True)
class Change:
    """One clause whose verdict differs; None if a result does not have it. ``row`` is the newer row."""

    clause: str
    old: str | None
    new: str | None
    row: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that differs: clauses that newly fail (``broken``), no longer fail (``kept``), are ``new`` or
    ``gone``, or have another verdict (``other``). ``notes`` say what makes the two hard to compare.
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
        """1 if a clause newly fails, else 0."""
        return 1 if self.broken else 0


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
            result: dict[str, Any] = document
            return result
        actual, expected = found[0].actual[:80], found[0].expected[:80]
        problem = f"at {found[0].pointer or 'its top'} there is {actual} and should be {expected}"
    raise UsageError(f"{name} {str(path)!r}: expected a result as --json writes it; {problem}") from None


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> Comparison:
    """Compare two results. A clause newly fails if it did not fail before, was not tested or did not exist;
    failing under a waiver does not count. It no longer fails if it failed, waived or not, and now passes or
    warns.
    """
    before, after = ({row["id"]: row for row in result["clauses"]} for result in (old, new))
    groups: dict[str, list[Change]] = {name: [] for name in ("broken", "kept", "new", "gone", "other")}
    for id_ in [*after, *(id_ for id_ in before if id_ not in after)]:
        was, now = (rows[id_]["verdict"] if id_ in rows else None for rows in (before, after))
        if was != now:
            groups[_group(was, now)].append(Change(id_, was, now, after.get(id_) or before[id_]))
    known = {_key(drift) for drift in old["drift"]}
    return Comparison(
        **{name: tuple(changes) for name, changes in groups.items()},
        drift=tuple(drift for drift in new["drift"] if _key(drift) not in known),
        notes=tuple(_notes(old, new)),
    )


def _group(was: str | None, now: str | None) -> str:
    if now == "failed":
        return "broken"
    if was in _FAILING and now in {"passed", "warned"}:
        return "kept"
    if was is None:
        return "new"
    return "gone" if now is None else "other"


def _key(drift: Mapping[str, Any]) -> tuple[str, str, str]:
    """What makes two drifts the same: an undocumented member is the same whatever its value."""
    value = json.dumps(drift["value"]) if drift["kind"] == "undocumented_value" else ""
    return drift["kind"], drift["pointer"], value


def _notes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for holder, name, what in _FACTS:
        if old[holder][name] != new[holder][name]:
            yield f"the two results are of different {what}"
    for result, which in ((old, "old"), (new, "new")):
        if result["verdict"] == "inconclusive":
            yield f"the {which} run was inconclusive: {result['reason']}"
