"""Timestamps: RFC 3339 instants in a sensible order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf
from typing import Any, Final

from whop_contracts.exchange import Finding
from whop_contracts.instants import NANO, read_instant
from whop_contracts.pause.classify import MILLI
from whop_contracts.pause.clause import Check, Clause, Source
from whop_contracts.pause.clauses.members import is_campaign, member_clauses, usual_values
from whop_contracts.pause.evidence import Evidence

_PLACE: Final = Source("page", "response, created_at and updated_at")
_SKEW: Final = 5 * NANO


def _instant(document: Mapping[str, Any] | None, name: str) -> int | None:
    value = (document or {}).get(name)
    instant = read_instant(value) if isinstance(value, str) else None
    return instant.ns if instant else None


def _both(evidence: Evidence) -> bool:
    document = evidence.document
    return is_campaign(evidence) and None not in (
        _instant(document, "created_at"),
        _instant(document, "updated_at"),
    )


def _before_created(least: float, most: float) -> Check:
    """A check for an update that is more than ``least``, at most ``most`` nanoseconds before the creation."""

    def check(evidence: Evidence) -> Iterator[Finding]:
        document = evidence.document or {}
        created, updated = _instant(document, "created_at"), _instant(document, "updated_at")
        if created is not None and updated is not None and least < created - updated <= most:
            expected = f"no earlier than created_at, {document['created_at']}"
            yield Finding(expected, document["updated_at"], "/updated_at")

    return check


def _moves(evidence: Evidence) -> Iterator[Finding]:
    before, after = _instant(evidence.previous, "updated_at"), _instant(evidence.document, "updated_at")
    if before is not None and after is not None and after <= before:
        yield Finding("later than before the pause", (evidence.document or {})["updated_at"], "/updated_at")


def _changed(evidence: Evidence) -> bool:
    """Whether a pause certainly changed something: the campaign was active, and is shown paused."""
    return (
        evidence.accepted
        and evidence.exchange.request.operation == "pause"
        and evidence.previous is not None
        and evidence.previous.get("status") == "active"
        and evidence.shown is not None
        and evidence.shown.status == "paused"
        and not evidence.findings
        and _ticked(evidence)
    )


def _ticked(evidence: Evidence) -> bool:
    """Whether the provider's clock has certainly moved since the last update: a test clock may not."""
    before, after = _instant(evidence.previous, "updated_at"), _instant(evidence.document, "updated_at")
    now = evidence.exchange.now
    if before is None or after is None or now is None:
        return False
    whole_seconds = before % NANO == after % NANO == 0
    return now.start - before >= (NANO if whole_seconds else 2 * MILLI)


CLAUSES: Final = (
    *member_clauses("timestamps"),
    Clause("timestamps.updated-not-before-created", "must",
           "`updated_at` is not before `created_at`, with a tolerance of 5 s.",
           _PLACE, _both, _before_created(_SKEW, inf)),
    Clause("timestamps.updated-just-before-created", "should",
           "`updated_at` is not before `created_at`, not even by less than 5 s.",
           _PLACE, _both, _before_created(0, _SKEW)),
    Clause("timestamps.updated-by-the-pause", "should", "A pause moves `updated_at` forward.",
           Source("page", "response, updated_at"), _changed, _moves),
    Clause("timestamps.usual-form", "should",
           "`created_at`, `updated_at` and `paused_until` have an upper-case T and Z.",
           Source("rfc", "RFC 3339, 5.6"), is_campaign,
           usual_values("timestamps")),
)  # fmt: skip
