"""The catalogue: every clause, in the order of the documentation page."""

from __future__ import annotations

import difflib
import fnmatch
from functools import cache
from typing import Final

from whop_contracts.pause import request_classes
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.clauses import pausing, response

PARTS: Final = (
    ("request", "Request"),
    ("response", "Response"),
    ("timestamps", "Timestamps"),
    ("identifiers", "Identifiers"),
    ("pausing", "Pausing"),
    ("auto_resume", "Auto-resume"),
    ("refusals", "Refusals"),
    ("authorization", "Authorization"),
)


@cache
def clauses() -> tuple[Clause, ...]:
    """Every clause, part by part."""
    found = (*request_classes.CLAUSES, *response.CLAUSES, *pausing.CLAUSES)
    return tuple(clause for part, _ in PARTS for clause in found if clause.part == part)


def chosen(globs: tuple[str, ...]) -> tuple[Clause, ...]:
    """The clauses that ``globs`` choose; ``!glob`` leaves clauses out. By default all are chosen.

    ``ValueError`` names a glob that matches nothing, or says that nothing is left.
    """
    taken = {id_ for glob in globs if not glob.startswith("!") for id_ in _matched(glob, glob)}
    left_out = {id_ for glob in globs if glob.startswith("!") for id_ in _matched(glob[1:], glob)}
    found = tuple(c for c in clauses() if (c.id in taken or not taken) and c.id not in left_out)
    if not found:
        raise ValueError(f"{', '.join(globs)!r} leaves no clause")
    return found


def required(globs: tuple[str, ...], among: tuple[Clause, ...]) -> frozenset[str]:
    """The ids of ``among`` that ``globs`` match. ``ValueError`` names a glob that matches none."""
    offered = {clause.id for clause in among}
    matched = {glob: offered.intersection(_matched(glob, glob)) for glob in globs}
    for glob, ids in matched.items():
        if not ids:
            raise ValueError(f"{glob!r} matches only what --clause leaves out")
    return frozenset().union(*matched.values())


def _matched(glob: str, given: str) -> list[str]:
    """The ids that ``glob`` matches; ``given`` is how an error calls it."""
    if ids := fnmatch.filter((clause.id for clause in clauses()), glob):
        return ids
    known = (*(f"{part}.*" for part, _ in PARTS), *(clause.id for clause in clauses()))
    near = difflib.get_close_matches(glob, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else "`whop-contracts clauses` lists them"
    raise ValueError(f"{given!r} matches no clause; {hint}")
