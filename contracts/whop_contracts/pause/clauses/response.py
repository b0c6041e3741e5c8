"""The response: one JSON text that shows the campaign that was asked for, with every documented member."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from whop_contracts.exchange import Finding
from whop_contracts.json_text import is_json
from whop_contracts.pause.clause import Clause, Source
from whop_contracts.pause.clauses.members import (
    MEMBERS,
    SHARED,
    check_member,
    is_campaign,
    member_clauses,
    usual_values,
)
from whop_contracts.pause.evidence import Evidence
from whop_contracts.schemas import violations

_ANSWER: Final = Source("page", "a successful response")
_FAILED: Final = 500
_CENT: Final = 0.01
_SIBLING: Final = Source("sibling", "retrieve and unpause respond with the same object")


def _pause(evidence: Evidence) -> bool:
    return evidence.in_run and evidence.exchange.request.operation == "pause"


def _pause_campaign(evidence: Evidence) -> bool:
    return is_campaign(evidence) and _pause(evidence)


def _sibling(evidence: Evidence) -> bool:
    """Whether the response to a retrieve or an unpause is a 2xx or a 5xx."""
    checked = evidence.in_run or (evidence.answered and evidence.status >= _FAILED)
    return checked and evidence.exchange.request.operation in ("retrieve", "unpause")


def _named(evidence: Evidence) -> bool:
    """Whether the response names a campaign in a form that can be compared."""
    value = (evidence.document or {}).get("id")
    return isinstance(value, str) and not violations("ad-campaign", "/properties/id", value)


def _same(evidence: Evidence) -> Iterator[Finding]:
    asked, shown = evidence.exchange.request.campaign, (evidence.document or {}).get("id")
    if isinstance(shown, str) and shown.lower() != asked.lower():
        yield Finding(asked, shown, "/id")


def _status(evidence: Evidence) -> Iterator[Finding]:
    if evidence.status != 200:  # noqa: PLR2004
        yield Finding("200", str(evidence.status))


def _media_type(evidence: Evidence) -> Iterator[Finding]:
    response = evidence.exchange.response
    media_type = response.header("content-type") if response else None
    if not is_json(media_type):
        yield Finding("application/json, or a type that ends in +json", media_type or "no Content-Type")


def _json(evidence: Evidence) -> Iterator[Finding]:
    problem = evidence.text.problem if evidence.text else "an empty body"
    if problem:
        yield Finding("one JSON text in UTF-8", problem)


def _campaign(evidence: Evidence) -> Iterator[Finding]:
    if not is_campaign(evidence):
        value = evidence.text.value if evidence.text else None
        yield Finding("an object with the campaign's members", _described(value))


def _described(value: Any) -> str:
    if isinstance(value, Mapping):
        names = ", ".join(repr(name) for name in list(value)[:5])
        return f"an object with {names}" if names else "an empty object"
    kinds = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return kinds.get(type(value), "a number")


def _unique(evidence: Evidence) -> Iterator[Finding]:
    if evidence.text and evidence.text.duplicates:
        yield Finding("every key once", f"{evidence.text.duplicates[0]!r} twice")


def _siblings(evidence: Evidence) -> Iterator[Finding]:
    if evidence.status >= _FAILED:
        yield Finding("200", str(evidence.status))
        return
    yield from _media_type(evidence)
    yield from () if evidence.truncated else _json(evidence)
    if is_campaign(evidence):
        for member in MEMBERS:
            if member.pointer not in SHARED and not member.pointer.startswith("/config"):
                yield from check_member(evidence.document, member)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _sums(evidence: Evidence) -> Iterator[Finding]:
    document = evidence.document or {}

    def numbers(*names: str) -> list[float | None]:
        return [_number(document.get(name)) for name in names]

    daily, spent, left = numbers("daily_budget", "todays_spend", "available_budget")
    if daily is not None and spent is not None and left is not None:
        most = max(daily - spent, 0.0)
        if left > most + _CENT:
            expected = f"at most {most:g}, the daily budget less today's spend"
            yield Finding(expected, f"{left:g}", "/available_budget")
    revenue, total, ratio = numbers("revenue", "total_spend", "return_on_ad_spend")
    if revenue is not None and total and ratio is not None:
        exact = revenue / total
        off = (abs(ratio - scale * exact) - max(_CENT * scale * abs(exact), _CENT) for scale in (1, 100))
        if all(one > 0 for one in off):
            expected = f"{exact:.4g}, or {100 * exact:.4g} as a percentage"
            yield Finding(expected, f"{ratio:g}", "/return_on_ad_spend")


CLAUSES: Final = (
    Clause("response.status-is-200", "should", "A successful response has status 200.",
           _ANSWER, lambda e: e.in_run, _status),
    Clause("response.media-type", "must", "The Content-Type of a successful response is JSON.",
           Source("rfc", "RFC 9110, 8.3"), _pause, _media_type),
    Clause("response.json-text", "must", "The body of a 200 is one well-formed JSON text in UTF-8.",
           Source("rfc", "RFC 8259, 2 and 8.1"), lambda e: _pause(e) and not e.truncated, _json),
    Clause("response.is-the-campaign", "must", "The body of a 200 is one campaign object.",
           _ANSWER, lambda e: e.in_run and e.readable, _campaign),
    Clause("response.no-duplicate-keys", "should", "No key occurs twice in an object of a 2xx body.",
           Source("rfc", "RFC 8259, 4"), lambda e: e.accepted and e.readable, _unique),
    *member_clauses("response"),
    Clause("response.usual-values", "should",
           "`payment_method_type`, `bid_strategy` and `target_country_codes` have known values, and no count "
           "is negative.",
           Source("sdk", "types of the ad campaign"), _pause_campaign,
           usual_values("response")),
    Clause("response.sums-add-up", "should",
           "`available_budget` is at most `daily_budget` minus `todays_spend`, and `return_on_ad_spend` is "
           "`revenue` divided by `total_spend`.",
           Source("page", "response, available_budget and return_on_ad_spend"), _pause_campaign, _sums),
    Clause("response.siblings-answer-alike", "should",
           "Retrieve and unpause respond with 200 and the same object as pause.",
           _SIBLING, _sibling, _siblings),
    *member_clauses("identifiers"),
    Clause("identifiers.same-campaign", "must", "`id` in the response is the campaign id of the path.",
           Source("page", "path parameter id; response, id"), _named, _same),
    Clause("identifiers.usual-form", "should", "After its prefix, an `id` has letters and digits only.",
           Source("example", "ids of the response"), is_campaign,
           usual_values("identifiers")),
)  # fmt: skip
