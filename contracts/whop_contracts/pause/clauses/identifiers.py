"""Identifiers: every id wears its prefix, and the answer is about the campaign that was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from whop_contracts.exchange import Finding
from whop_contracts.pause.clause import Clause, Source
from whop_contracts.pause.clauses.members import is_campaign, member_clauses, part_of, usual_values
from whop_contracts.pause.evidence import Evidence
from whop_contracts.schemas import violations


def _same(evidence: Evidence) -> Iterator[Finding]:
    asked, got = evidence.exchange.request.campaign, (evidence.document or {}).get("id")
    if isinstance(got, str) and got.lower() != asked.lower():
        yield Finding(asked, got, "/id")


def _named(evidence: Evidence) -> bool:
    """Whether the answer names a campaign in a form that can be compared."""
    value = (evidence.document or {}).get("id")
    known = evidence.exchange.scope in ("named", "recased", "unstated")
    return known and isinstance(value, str) and not violations("ad-campaign", "/properties/id", value)


CLAUSES: Final = (
    *member_clauses("identifiers"),
    Clause("identifiers.same-campaign", "must",
           "The answer is about the campaign that the path names.",
           Source("page", "path parameter id; response, id"), _named, _same),
    Clause("identifiers.usual-form", "should",
           "Behind its prefix an id has letters and digits only.",
           Source("example", "ids of the response"), is_campaign,
           usual_values(lambda member: part_of(member) == "identifiers")),
)  # fmt: skip
