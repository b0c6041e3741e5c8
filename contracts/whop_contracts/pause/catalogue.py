"""The catalogue: every clause, from the modules listed by name, in the order of the page."""

from __future__ import annotations

import fnmatch
from functools import cache
from typing import Final

from whop_contracts.pause.clause import Clause
from whop_contracts.pause.clauses import (
    authorization,
    auto_resume,
    identifiers,
    pausing,
    refusals,
    request,
    response,
    timestamps,
)

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
_MODULES: Final = (request, response, timestamps, identifiers, pausing, auto_resume, refusals, authorization)


@cache
def clauses() -> tuple[Clause, ...]:
    """Every clause, in the order of the page."""
    return tuple(clause for module in _MODULES for clause in module.CLAUSES)


def chosen(globs: tuple[str, ...]) -> tuple[Clause, ...]:
    """The clauses whose id matches one of ``globs``; all where there are none. ValueError names a glob that matches nothing."""
    for glob in globs:
        if not fnmatch.filter((clause.id for clause in clauses()), glob):
            message = f"{glob!r} matches no clause; `whop-contracts clauses` lists them"
            raise ValueError(message)
    return tuple(c for c in clauses() if not globs or any(fnmatch.fnmatchcase(c.id, glob) for glob in globs))
