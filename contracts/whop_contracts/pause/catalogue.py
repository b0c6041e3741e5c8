"""The catalogue: every clause, in the order of the documentation page."""

from __future__ import annotations

import fnmatch
from functools import cache
from typing import Final

from whop_contracts.pause.clause import Clause
from whop_contracts.pause.clauses import pausing, refusals, response, timestamps
from whop_contracts.pause.request_classes import EXTRA, standing_clauses

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
    found = [clause for part in ("request", "refusals", "authorization") for clause in standing_clauses(part)]
    found += [EXTRA, *response.CLAUSES, *timestamps.CLAUSES, *pausing.CLAUSES, *refusals.CLAUSES]
    return tuple(clause for part, _ in PARTS for clause in found if clause.part == part)


def chosen(globs: tuple[str, ...]) -> tuple[Clause, ...]:
    """The clauses whose id matches one of ``globs``; without globs all. ValueError if a glob matches none."""
    for glob in globs:
        if not fnmatch.filter((clause.id for clause in clauses()), glob):
            raise ValueError(f"{glob!r} matches no clause; `whop-contracts clauses` lists them")
    return tuple(c for c in clauses() if not globs or any(fnmatch.fnmatchcase(c.id, glob) for glob in globs))
