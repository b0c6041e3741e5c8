"""Pausing and timestamps: what requests do to a campaign, and what they leave as it is.

The oracle decides the other clauses about pausing and all about auto-resume, by ``oracle/blame.py``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from math import inf
from typing import Any, Final

from whop_contracts.exchange import Finding
from whop_contracts.instants import NANO, read_instant
from whop_contracts.pause.classify import MILLI
from whop_contracts.pause.clause import Check, Condition
from whop_contracts.pause.clauses import is_campaign, usual_values
from whop_contracts.pause.evidence import Evidence, instant_of
from whop_contracts.schemas import violations

UNTOUCHED: Final = (
    "id", "title", "created_at", "daily_budget", "platform", "target_country_codes", "product",
    "created_by_user",
)  # fmt: skip
"""The members that a pause must not change."""
_LONGEST: Final = 80
_SKEW: Final = 5 * NANO


def _has_earlier(evidence: Evidence) -> bool:
    return evidence.document is not None and evidence.shown is not None and bool(evidence.documents.first)


def _untouched(evidence: Evidence) -> Iterator[Finding]:
    document, operation = evidence.document or {}, evidence.operation
    for name in UNTOUCHED:
        for other, first in evidence.documents.first.items():
            if name not in document or name not in first:
                continue
            # A sibling may show less than a pause: what is not valid there is only compared with its like.
            siblings = [shown for shown, by in ((first, other), (document, operation)) if by != "pause"]
            if other != operation and not all(_valid(name, sibling) for sibling in siblings):
                continue
            if not same(name, first[name], document[name]):
                yield Finding(f"still {_short(first[name])}", _short(document[name]), f"/{name}")
                break


def _valid(name: str, document: Mapping[str, Any]) -> bool:
    return document[name] is not None and not violations("ad-campaign", f"/properties/{name}", document[name])


def same(name: str, before: Any, after: Any) -> bool:
    """Whether a member has kept its value.

    Timestamps are compared as instants, countries in any order and case, objects by the children that both
    have. A value of another JSON type counts as the same: the clauses of the response report it.
    """
    if before == after or before is None or after is None:
        return bool(before == after)
    if name == "created_at" and isinstance(before, str) and isinstance(after, str):
        first, second = read_instant(before), read_instant(after)
        return first is None or second is None or abs(first.ns - second.ns) <= MILLI
    if isinstance(before, list) and isinstance(after, list):
        return sorted(str(one).lower() for one in before) == sorted(str(one).lower() for one in after)
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return all(same(key, before[key], after[key]) for key in before.keys() & after.keys())
    numbers = isinstance(before, int | float) and isinstance(after, int | float)
    return not numbers and type(before) is not type(after)


def _short(value: Any) -> str:
    text = value if value and isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


# -- timestamps ---------------------------------------------------------------------------------------------


def _both(evidence: Evidence) -> bool:
    names = ("created_at", "updated_at")
    return is_campaign(evidence) and None not in (instant_of(evidence.document, name) for name in names)


def _before_created(least: float, most: float) -> Check:
    """A check for an update that is more than ``least``, at most ``most`` nanoseconds before the creation."""

    def check(evidence: Evidence) -> Iterator[Finding]:
        document = evidence.document or {}
        created, updated = instant_of(document, "created_at"), instant_of(document, "updated_at")
        if created is not None and updated is not None and least < created - updated <= most:
            expected = f"no earlier than created_at, {document['created_at']}"
            yield Finding(expected, document["updated_at"], "/updated_at")

    return check


def _moves(evidence: Evidence) -> Iterator[Finding]:
    before, after = (
        instant_of(evidence.documents.last, "updated_at"),
        instant_of(evidence.document, "updated_at"),
    )
    if before is not None and after is not None and after <= before:
        yield Finding("later than before the pause", (evidence.document or {})["updated_at"], "/updated_at")


def _changed(evidence: Evidence) -> bool:
    """Whether a pause certainly changed something: the campaign was active, and is shown paused."""
    return (
        evidence.accepted
        and evidence.operation == "pause"
        and evidence.documents.last is not None
        and evidence.documents.last.get("status") == "active"
        and evidence.shown is not None
        and evidence.shown.status == "paused"
        and not evidence.findings
        and _ticked(evidence)
    )


def _ticked(evidence: Evidence) -> bool:
    """Whether the provider's clock has certainly moved since the last update: a test clock may not."""
    before, after = (
        instant_of(evidence.documents.last, "updated_at"),
        instant_of(evidence.document, "updated_at"),
    )
    now = evidence.exchange.now
    if before is None or after is None or now is None:
        return False
    whole_seconds = before % NANO == after % NANO == 0
    return now.start - before >= (NANO if whole_seconds else 2 * MILLI)


CHECKS: Final[Mapping[str, tuple[Condition, Check]]] = {
    "pausing.touches-nothing-else": (_has_earlier, _untouched),
    "timestamps.updated-not-before-created": (_both, _before_created(_SKEW, inf)),
    "timestamps.updated-just-before-created": (_both, _before_created(0, _SKEW)),
    "timestamps.updated-by-the-pause": (_changed, _moves),
    "timestamps.usual-form": (is_campaign, usual_values("timestamps")),
}
