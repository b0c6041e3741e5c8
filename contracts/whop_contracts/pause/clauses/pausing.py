"""Pausing, auto-resume and timestamps; ``oracle/blame.py`` says when a clause is the likely cause."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from math import inf
from typing import Any, Final

from whop_contracts.exchange import Finding
from whop_contracts.instants import NANO, read_instant
from whop_contracts.pause.classify import MILLI
from whop_contracts.pause.clause import Check, Clause, Source
from whop_contracts.pause.clause import decided_by_oracle as oracle
from whop_contracts.pause.clauses import is_campaign, member_clauses, usual_values
from whop_contracts.pause.evidence import Evidence, instant_of
from whop_contracts.schemas import violations

_PAUSE: Final = Source("page", "summary: pauses an ad campaign")
_ASKED: Final = Source("page", "request body, paused_until")
_AUTO: Final = Source("page", "request body, paused_until: auto-resumes after")
_OMIT: Final = Source("page", "request body, paused_until: omit for indefinite")
_ANSWERED: Final = Source("page", "response, status and paused_until")
UNTOUCHED: Final = (
    "id", "title", "created_at", "daily_budget", "platform", "target_country_codes", "product",
    "created_by_user",
)  # fmt: skip
"""The members that a pause must not change."""
_LONGEST: Final = 80
_TIMES: Final = Source("page", "response, created_at and updated_at")
_SKEW: Final = 5 * NANO


def _untouched(evidence: Evidence) -> Iterator[Finding]:
    document, operation = evidence.document or {}, evidence.operation
    for name in UNTOUCHED:
        for other, first in evidence.documents.first.items():
            if name not in document or name not in first:
                continue
            # A sibling may show less than a pause: what is not valid there is only compared with its like.
            shown = [one[name] for one, by in ((first, other), (document, operation)) if by != "pause"]
            path = f"/properties/{name}"
            invalid = (value is None or violations("ad-campaign", path, value) for value in shown)
            if other != operation and any(invalid):
                continue
            if not same(name, first[name], document[name]):
                yield Finding(f"still {_short(first[name])}", _short(document[name]), f"/{name}")
                break


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
    before, after = (instant_of(one, "updated_at") for one in (evidence.documents.last, evidence.document))
    if before is not None and after is not None and after <= before:
        yield Finding("later than before the pause", (evidence.document or {})["updated_at"], "/updated_at")


def _changed(evidence: Evidence) -> bool:
    """Whether a pause changed something at a later time than the last update (a test clock may stand)."""
    last, shown, now = evidence.documents.last, evidence.shown, evidence.exchange.now
    before, after = (instant_of(one, "updated_at") for one in (last, evidence.document))
    if last is None or shown is None or now is None or before is None or after is None:
        return False
    changed = evidence.operation == "pause" and last.get("status") == "active" and shown.status == "paused"
    whole_seconds = before % NANO == after % NANO == 0
    ticked = now.start - before >= (NANO if whole_seconds else 2 * MILLI)
    return changed and ticked and not evidence.findings


CLAUSES: Final = (
    oracle("pausing.status-is-paused", "After a pause, `status` is `paused`.", _PAUSE),
    oracle("pausing.until-is-kept", "`paused_until` in the response is the requested instant.", _ASKED),
    oracle("pausing.offset-is-honoured",
           "`paused_until` with a UTC offset keeps its instant: the offset is applied, not dropped.", _ASKED),
    oracle("pausing.fraction-is-kept", "`paused_until` keeps its milliseconds.", _ASKED),
    oracle("pausing.far-date-is-kept",
           "`paused_until` far in the future keeps its instant: it is not capped or wrapped.", _ASKED),
    oracle("pausing.no-date-means-indefinitely",
           "After a pause without a date, `paused_until` is null.", _ASKED),
    oracle("pausing.last-request-holds",
           "A second pause replaces the first, including `paused_until`.", _PAUSE),
    oracle("pausing.past-date-does-not-pause",
           "A `paused_until` in the past does not leave `status` at `paused`.", _ASKED),
    oracle("pausing.read-agrees",
           "A read after a pause shows the same `status` and `paused_until`.", _ANSWERED),
    oracle("pausing.others-are-left-alone",
           "A pause does not change `status` or `paused_until` of another campaign.", _PAUSE,
           requires=frozenset({"second"})),
    Clause("pausing.touches-nothing-else", "must",
           "A pause does not change `id`, `title`, `created_at`, `daily_budget`, `platform`, "
           "`target_country_codes`, `product` or `created_by_user`.",
           _PAUSE,
           lambda e: e.document is not None and e.shown is not None and bool(e.documents.first),
           _untouched, history=True),
    oracle("pausing.read-agrees-at-once",
           "A read directly after a pause shows the new `status` and `paused_until`.",
           Source("convention", "read your own writes"), "should"),
    oracle("pausing.unpause-resumes", "After an unpause, `status` is `active`.",
           Source("sibling", "unpause"), "should"),
    oracle("auto_resume.not-before-its-instant",
           "Until `paused_until`, `status` stays `paused` and `paused_until` is kept.", _AUTO),
    oracle("auto_resume.resumes-by-itself",
           "After `paused_until`, `status` is no longer `paused`.", _AUTO),
    oracle("auto_resume.resumes-as-active",
           "After an auto-resume, `status` is `active`.", _AUTO),
    oracle("auto_resume.date-is-cleared",
           "After an auto-resume, `paused_until` is null.", Source("page", "response, paused_until")),
    oracle("auto_resume.resumes-promptly",
           "A campaign resumes within 5 s of `paused_until`.", _AUTO, "should"),
    oracle("auto_resume.cancelled-date-does-not-fire",
           "A `paused_until` that was replaced, or cancelled by an unpause, has no effect.", _AUTO),
    oracle("auto_resume.indefinite-pause-stays",
           "A pause without `paused_until` does not end by itself.", _OMIT),
    oracle("auto_resume.nothing-else-changes-by-itself",
           "Without a request or a due `paused_until`, `status` and `paused_until` do not change.", _AUTO),
    *member_clauses("timestamps"),
    Clause("timestamps.updated-not-before-created", "must",
           "`updated_at` is not before `created_at`, with a tolerance of 5 s.",
           _TIMES, _both, _before_created(_SKEW, inf)),
    Clause("timestamps.updated-just-before-created", "should",
           "`updated_at` is not before `created_at`, not even by less than 5 s.",
           _TIMES, _both, _before_created(0, _SKEW)),
    Clause("timestamps.updated-by-the-pause", "should", "A pause moves `updated_at` forward.",
           Source("page", "response, updated_at"), _changed, _moves),
    Clause("timestamps.usual-form", "should",
           "`created_at`, `updated_at` and `paused_until` have an upper-case T and Z.",
           Source("rfc", "RFC 3339, 5.6"), is_campaign,
           usual_values("timestamps")),
)  # fmt: skip
