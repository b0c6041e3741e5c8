"""Authorization: who may pause, and how the others are told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from whop_contracts.exchange import Finding
from whop_contracts.pause.clause import Clause, Source
from whop_contracts.pause.clauses.pausing import on
from whop_contracts.pause.evidence import Evidence
from whop_contracts.pause.request_classes import standing_clauses


def _challenge(evidence: Evidence) -> Iterator[Finding]:
    response = evidence.exchange.response
    if response and not response.header("www-authenticate"):
        yield Finding("a WWW-Authenticate header", "none")


def _foreign_read(evidence: Evidence) -> Iterator[Finding]:
    if evidence.accepted:
        yield Finding("403 or 404", str(evidence.status))


CLAUSES: Final = (
    *standing_clauses("authorization"),
    on("unchanged-credential", "authorization.nothing-changes",
       "A request whose credential is refused changes nothing.", Source("errors", "401 and 403")),
    Clause("authorization.challenge", "should", "A 401 names the scheme that is expected.",
           Source("rfc", "RFC 9110, 11.6.1"), lambda e: e.status == 401, _challenge),  # noqa: PLR2004
    Clause("authorization.foreign-campaign-is-hidden", "should", "Another company's campaign cannot be retrieved.",
           Source("sibling", "retrieve, required permissions"),
           lambda e: e.answered and e.exchange.scope == "foreign" and e.exchange.request.operation == "retrieve",
           _foreign_read, needs="no campaign of another company was given (--foreign-campaign-id)"),
)  # fmt: skip
