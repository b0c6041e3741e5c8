"""The catalogue: every clause, in the order of the documentation page.

``catalogue.json`` has what the clauses say. ``"classes"`` stands for those that ``schemas/vectors/`` has,
``"members"`` for those made from the schema. A clause with ``"oracle"`` is decided by the oracle; the checks
of the others are in ``clauses/``, by id.
"""

from __future__ import annotations

import difflib
import fnmatch
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from whop_contracts.exchange import Finding
from whop_contracts.pause.clause import Check, Clause, Condition, Source
from whop_contracts.pause.clauses import member_clauses, pausing, response
from whop_contracts.pause.evidence import Evidence
from whop_contracts.pause.request_classes import far_dates, status_clauses, usual_status

_PAGE: Final = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
PARTS: Final = tuple((part, row["title"]) for part, row in _PAGE.items())
CHECKS: Final[Mapping[str, tuple[Condition, Check]]] = {
    **response.CHECKS,
    **pausing.CHECKS,
    "request.far-date-is-accepted": far_dates(),
    **{f"{part}.usual-answer": usual_status(part) for part in ("request", "refusals", "authorization")},
}


@cache
def clauses() -> tuple[Clause, ...]:
    """Every clause, part by part."""
    made = {"classes": status_clauses, "members": member_clauses}
    found: list[Clause] = []
    for part, page in _PAGE.items():
        for row in page["clauses"]:
            found += made[row](part) if isinstance(row, str) else [_clause(row)]
    return tuple(found)


def _clause(row: Mapping[str, Any]) -> Clause:
    id_, oracle = row["id"], row.get("oracle", False)
    applies, check = _by_oracle(id_) if oracle else CHECKS[id_]
    return Clause(
        id=id_,
        level=row["level"],
        statement=row["statement"],
        source=Source(*row["source"].split(": ", 1)),
        applies=applies,
        check=check,
        requires=frozenset(row.get("requires", ())),
        history=oracle or row.get("history", False),
    )


def _by_oracle(id_: str) -> tuple[Condition, Check]:
    """A clause about the state of a campaign: the oracle says when it is tested and when it fails."""

    def check(evidence: Evidence) -> Iterator[Finding]:
        if finding := evidence.findings.get(id_):
            yield finding

    return lambda evidence: id_ in evidence.tested, check


def chosen(globs: tuple[str, ...]) -> tuple[Clause, ...]:
    """The clauses that ``globs`` choose; ``!glob`` leaves clauses out. By default all are chosen.

    ``ValueError`` names a glob that matches nothing, or says that nothing is left.
    """
    taken = {id_ for glob in globs if not glob.startswith("!") for id_ in _matched(glob, glob)}
    left_out = {id_ for glob in globs if glob.startswith("!") for id_ in _matched(glob[1:], glob)}
    found = tuple(c for c in clauses() if (c.id in taken or not taken) and c.id not in left_out)
    if not found:
        message = f"{', '.join(globs)!r} leaves no clause"
        raise ValueError(message)
    return found


def required(globs: tuple[str, ...], among: tuple[Clause, ...]) -> frozenset[str]:
    """The ids of ``among`` that ``globs`` match. ``ValueError`` names a glob that matches none."""
    ids: set[str] = set()
    for glob in globs:
        found = {clause.id for clause in among}.intersection(_matched(glob, glob))
        if not found:
            message = f"{glob!r} matches only what --clause leaves out"
            raise ValueError(message)
        ids |= found
    return frozenset(ids)


def _matched(glob: str, given: str) -> list[str]:
    """The ids that ``glob`` matches; ``given`` is how an error calls it."""
    if ids := fnmatch.filter((clause.id for clause in clauses()), glob):
        return ids
    near = difflib.get_close_matches(glob, (clause.id for clause in clauses()), n=1)
    hint = f"did you mean {near[0]}?" if near else "`whop-contracts clauses` lists them"
    message = f"{given!r} matches no clause; {hint}"
    raise ValueError(message)
