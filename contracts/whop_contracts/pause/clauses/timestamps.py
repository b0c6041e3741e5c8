"""Timestamps: RFC 3339 instants, written alike, in a sensible order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from whop_contracts.exchange import Finding
from whop_contracts.instants import NANO, read_instant
from whop_contracts.pause.classify import MILLI
from whop_contracts.pause.clause import Clause, Source
from whop_contracts.pause.clauses.members import is_campaign, member_clauses, part_of, usual_values
from whop_contracts.pause.evidence import Evidence

_PLACE: Final = Source("page", "response, created_at and updated_at")
_SKEW: Final = 5 * NANO


def _order(evidence: Evidence) -> tuple[int, int] | None:
    document = evidence.document or {}
    created, updated = (_instant(document.get(name)) for name in ("created_at", "updated_at"))
    return None if created is None or updated is None else (created, updated)


def _instant(value: Any) -> int | None:
    instant = read_instant(value) if isinstance(value, str) else None
    return instant.ns if instant else None


def _ordered(slack: int, least: int) -> Any:
    def check(evidence: Evidence) -> Iterator[Finding]:
        order, document = _order(evidence), evidence.document or {}
        if order and least >= order[1] - order[0] and order[1] + slack < order[0]:
            yield Finding(
                f"no earlier than created_at, {document['created_at']}", document["updated_at"], "/updated_at"
            )

    return check


def _little(evidence: Evidence) -> Iterator[Finding]:
    order = _order(evidence)
    if order and 0 < order[0] - order[1] <= _SKEW:
        yield from _ordered(0, 0)(evidence)


def _moves(evidence: Evidence) -> Iterator[Finding]:
    before, after = (_instant((d or {}).get("updated_at")) for d in (evidence.previous, evidence.document))
    if before is not None and after is not None and after <= before:
        yield Finding(
            "later than before the pause", str((evidence.document or {})["updated_at"]), "/updated_at"
        )


def _changed(evidence: Evidence) -> bool:
    """Whether an accepted pause surely changed something: the campaign was active, and is shown paused."""
    return (
        evidence.accepted
        and evidence.exchange.request.operation == "pause"
        and evidence.previous is not None
        and evidence.previous.get("status") == "active"
        and evidence.shown is not None
        and evidence.shown.status == "paused"
        and evidence.breach is None
        and _ticked(evidence)
    )


def _ticked(evidence: Evidence) -> bool:
    """Whether the provider's clock has surely gone on since the last update: a test clock may stand."""
    before, after = (_instant((d or {}).get("updated_at")) for d in (evidence.previous, evidence.document))
    now = evidence.exchange.now
    if before is None or after is None or now is None:
        return False
    whole_seconds = before % NANO == after % NANO == 0
    return now.start - before >= (NANO if whole_seconds else 2 * MILLI)


CLAUSES: Final = (
    *member_clauses("timestamps"),
    Clause("timestamps.updated-not-before-created", "must",
           "A campaign was not updated before it was created.",
           _PLACE, lambda e: is_campaign(e) and _order(e) is not None, _ordered(_SKEW, 0)),
    Clause("timestamps.updated-just-before-created", "should",
           "A campaign was not updated even a moment before it was created.",
           _PLACE, lambda e: is_campaign(e) and _order(e) is not None, _little),
    Clause("timestamps.updated-by-the-pause", "should",
           "A pause moves the instant of the last update.",
           Source("page", "response, updated_at"), _changed, _moves),
    Clause("timestamps.usual-form", "should",
           "Timestamps are written as on the page: in UTC, with three digits of a second.",
           Source("example", "created_at, updated_at, paused_until"), is_campaign,
           usual_values(lambda member: part_of(member) == "timestamps")),
)  # fmt: skip
