"""Pausing and auto-resume: what requests and time do to a campaign, and what they leave as it is.

The oracle decides most of these clauses. Such a clause is one row here, and one in ``oracle/blame.py`` that
says when it is the likely cause.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from whop_contracts.exchange import Finding
from whop_contracts.instants import read_instant
from whop_contracts.pause.classify import MILLI
from whop_contracts.pause.clause import Clause, Source
from whop_contracts.pause.clause import decided_by_oracle as oracle
from whop_contracts.pause.evidence import Evidence
from whop_contracts.schemas import violations

_PAUSE: Final = Source("page", "summary: pauses an ad campaign")
_ASKED: Final = Source("page", "request body, paused_until")
_AUTO: Final = Source("page", "request body, paused_until: auto-resumes after")
_OMIT: Final = Source("page", "request body, paused_until: omit for indefinite")
_SHOWN: Final = Source("page", "response, paused_until")
_ANSWERED: Final = Source("page", "response, status and paused_until")
UNTOUCHED: Final = (
    "id", "title", "created_at", "daily_budget", "platform", "target_country_codes", "product",
    "created_by_user",
)  # fmt: skip
"""The members that a pause must not change."""
_LONGEST: Final = 80


def _untouched(evidence: Evidence) -> Iterator[Finding]:
    document, operation = evidence.document or {}, evidence.exchange.request.operation
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


CLAUSES: Final = (
    oracle("pausing.status-is-paused", "A campaign that was paused is shown as paused.", _PAUSE),
    oracle("pausing.until-is-kept", "The date of the answer is the instant that was asked for.", _ASKED),
    oracle("pausing.offset-is-honoured",
           "A date in another zone is the same instant, not the same digits.", _ASKED),
    oracle("pausing.fraction-is-kept", "The date of the answer is exact to the millisecond.", _ASKED),
    oracle("pausing.far-date-is-kept",
           "A date that is accepted is kept, however far away: not capped, not wrapped round.", _ASKED),
    oracle("pausing.no-date-means-indefinitely", "A pause without a date shows no date.", _ASKED),
    oracle("pausing.last-request-holds", "A second pause replaces the first, its date included.", _PAUSE),
    oracle("pausing.past-date-does-not-pause",
           "A date that has passed does not leave the campaign paused.", _ASKED),
    oracle("pausing.read-agrees", "After a pause the campaign reads as the pause left it.", _ANSWERED),
    oracle("pausing.others-are-left-alone", "Pausing one campaign leaves the others as they are.", _PAUSE,
           requires=frozenset({"second"})),
    Clause("pausing.touches-nothing-else", "must",
           "A pause changes nothing of what makes the campaign what it is: id, title, creation, budget, "
           "platform, countries, product, creator.",
           _PAUSE,
           lambda e: e.document is not None and e.shown is not None and bool(e.documents.first),
           _untouched, history=True),
    oracle("pausing.read-agrees-at-once", "A read directly after a pause shows it already.",
           Source("convention", "read your own writes"), "should"),
    oracle("pausing.unpause-resumes", "Unpausing makes the campaign active.",
           Source("sibling", "unpause"), "should"),
    oracle("auto_resume.not-before-its-instant",
           "A campaign stays paused, with its date, until the instant.", _AUTO),
    oracle("auto_resume.resumes-by-itself",
           "A campaign is no longer paused once its instant has passed.", _AUTO),
    oracle("auto_resume.resumes-as-active",
           "A campaign that resumes is active, not anything else.", _AUTO),
    oracle("auto_resume.date-is-cleared",
           "A campaign that is active again shows no date any more.", _SHOWN),
    oracle("auto_resume.resumes-promptly",
           "A campaign resumes within five seconds of its instant.", _AUTO, "should"),
    oracle("auto_resume.cancelled-date-does-not-fire",
           "A date that was replaced, or ended by an unpause, has no effect when its instant comes.", _AUTO),
    oracle("auto_resume.indefinite-pause-stays", "A pause without a date does not end by itself.", _OMIT),
    oracle("auto_resume.nothing-else-changes-by-itself",
           "Where no date falls due and nobody asks, a campaign's state stays as it is.", _AUTO),
    oracle("refusals.nothing-changes", "A request that is refused changes nothing.",
           Source("errors", "400 and 422")),
    oracle("authorization.nothing-changes", "A request whose credential is refused changes nothing.",
           Source("errors", "401 and 403")),
)  # fmt: skip
