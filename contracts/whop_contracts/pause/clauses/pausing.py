"""Pausing: what a pause does to the campaign, and what it leaves alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from whop_contracts.exchange import Finding
from whop_contracts.instants import read_instant
from whop_contracts.pause.classify import MILLI
from whop_contracts.pause.clause import Clause, Level, Source
from whop_contracts.pause.evidence import Evidence, Topic
from whop_contracts.schemas import violations

_UNTIL: Final = Source("page", "request body, paused_until")
_PAUSE: Final = Source("page", "summary: pauses an ad campaign")
_ANSWERED: Final = Source("page", "response, status and paused_until")
UNTOUCHED: Final = (
    "id", "title", "created_at", "daily_budget", "platform", "target_country_codes", "product", "created_by_user",
)  # fmt: skip


def on(
    topic: Topic, id_: str, statement: str, source: Source, *, level: Level = "must", needs: str = ""
) -> Clause:
    """A clause that the expectation decides: it fires where an answer breaks ``topic``."""

    def check(evidence: Evidence) -> Iterator[Finding]:
        for breach in (evidence.breach, evidence.further):
            if breach and breach.topic == topic:
                yield breach.finding

    return Clause(
        id=id_,
        level=level,
        statement=statement,
        source=source,
        applies=lambda e: topic in e.stakes or any(b and b.topic == topic for b in (e.breach, e.further)),
        check=check,
        needs=needs,
    )


def _lagging(evidence: Evidence) -> Iterator[Finding]:
    if evidence.lagging:
        yield Finding("what the last request left", f"what stood before it: {evidence.shown}", "/status")


def _untouched(evidence: Evidence) -> Iterator[Finding]:
    document, operation = evidence.document or {}, evidence.exchange.request.operation
    for name in UNTOUCHED:
        for other, reference in evidence.references.items():
            if name not in document or name not in reference:
                continue
            # A sibling's answer may be poorer than a pause's: what is not sound there is compared with its own like alone.
            siblings = [shown for shown, by in ((reference, other), (document, operation)) if by != "pause"]
            if other != operation and not all(_sound(name, sibling) for sibling in siblings):
                continue
            if not same(name, reference[name], document[name]):
                yield Finding(f"still {_short(reference[name])}", _short(document[name]), f"/{name}")
                break


def _sound(name: str, document: Mapping[str, Any]) -> bool:
    return document[name] is not None and not violations("ad-campaign", f"/properties/{name}", document[name])


def same(name: str, before: Any, after: Any) -> bool:
    """Whether a member has kept its value: timestamps as instants, countries in any order and case; a value of another JSON type or
    with other children is for the clauses of the response.
    """
    if before == after:
        return True
    if name == "created_at" and isinstance(before, str) and isinstance(after, str):
        first, second = read_instant(before), read_instant(after)
        return first is None or second is None or abs(first.ns - second.ns) <= MILLI
    if isinstance(before, list) and isinstance(after, list):
        return sorted(str(one).lower() for one in before) == sorted(str(one).lower() for one in after)
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return all(same(key, before[key], after[key]) for key in before.keys() & after.keys())
    if isinstance(before, int | float) and isinstance(after, int | float):
        return before == after
    nothing = before is None or after is None
    return before == after if nothing or type(before) is type(after) else True


def _short(value: Any) -> str:
    text = value if value and isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:79] + "…"  # noqa: PLR2004


CLAUSES: Final = (
    on("status", "pausing.status-is-paused", "A campaign that was paused is shown as paused.", _PAUSE),
    on("until", "pausing.until-is-kept", "The date of the answer is the instant that was asked for.", _UNTIL),
    on("offset", "pausing.offset-is-honoured", "A date in another zone is the same instant, not the same digits.", _UNTIL),
    on("fraction", "pausing.fraction-is-kept", "The date of the answer is exact to the millisecond.", _UNTIL),
    on("far", "pausing.far-date-is-kept", "A date that is accepted is kept, however far away: not capped, not wrapped round.", _UNTIL),
    on("indefinite", "pausing.no-date-means-indefinitely", "A pause without a date shows no date.", _UNTIL),
    on("replaced", "pausing.last-request-holds", "A second pause replaces the first, its date included.", _PAUSE),
    on("past", "pausing.past-date-does-not-pause", "A date that has passed does not leave the campaign paused.", _UNTIL),
    on("stored", "pausing.read-agrees", "After a pause the campaign reads as the pause left it.", _ANSWERED),
    on("siblings", "pausing.others-are-left-alone", "Pausing one campaign leaves the others as they are.", _PAUSE,
       needs="no second campaign was given (--campaign-id)"),
    Clause("pausing.touches-nothing-else", "must",
           "A pause changes nothing of what makes the campaign what it is: id, title, creation, budget, platform, countries, product, creator.",
           _PAUSE, lambda e: e.shown is not None and bool(e.references), _untouched),
    Clause("pausing.read-agrees-at-once", "should",
           "A read directly after a pause shows it already.",
           Source("convention", "read your own writes"),
           lambda e: e.shown is not None and e.exchange.request.operation == "retrieve", _lagging),
    on("unpaused", "pausing.unpause-resumes", "Unpausing makes the campaign active.",
       Source("sibling", "unpause"), level="should"),
)  # fmt: skip
