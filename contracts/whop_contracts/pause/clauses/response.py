"""Responses: a success shows the campaign with every documented member, a refusal gives nothing away."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from whop_contracts.exchange import Finding
from whop_contracts.json_text import is_json
from whop_contracts.pause import clauses as members
from whop_contracts.pause.clause import Check, Clause, Source
from whop_contracts.pause.clause import decided_by_oracle as oracle
from whop_contracts.pause.clauses import is_campaign, member_clauses, usual_values
from whop_contracts.pause.evidence import Evidence
from whop_contracts.pause.request_classes import describe_response
from whop_contracts.schemas import violations

_SUCCESS: Final = Source("page", "a successful response")
_ENVELOPE: Final = Source("errors", "error body")
_CLIENT_ERROR: Final = 400
_SERVER_ERROR: Final = 500
_CENT: Final = 0.01
_READ: Final = 65_536
"""How many bytes of an error are searched for leaks."""
_SHORTEST_TOKEN: Final = 8
_REAL_TOKENS: Final = frozenset({"full", "readonly", "unstated", "altered", "unknown"})
_FOUND: Final = tomllib.loads(Path(__file__).with_name("leaks.toml").read_text(encoding="utf-8"))
LEAKS: Final = {
    what: re.compile("|".join(forms).replace("<file>", _FOUND["file"]))
    for what, forms in _FOUND["leaks"].items()
}
"""What shows the provider's inside, and how it looks."""
_LINKS: Final = re.compile(r"<(?:script|style)\b[^<>]*>[^<]*|</?[a-z][^<>]*>|https?://[^\s\"'<>]*")


def _unless(expected: str, actual: Callable[[Evidence], str | None]) -> Check:
    """A check that fails if ``actual`` names something that is there instead of what is expected."""

    def check(evidence: Evidence) -> Iterator[Finding]:
        if found := actual(evidence):
            yield Finding(expected, found)

    return check


# -- successful responses -----------------------------------------------------------------------------------


def _pause(evidence: Evidence) -> bool:
    return evidence.in_run and evidence.operation == "pause"


def _sibling(evidence: Evidence) -> bool:
    """Whether the response to a retrieve or an unpause is a 2xx or a 5xx."""
    checked = evidence.in_run or (evidence.answered and evidence.status >= _SERVER_ERROR)
    return checked and evidence.operation in ("retrieve", "unpause")


def _named(evidence: Evidence) -> bool:
    """Whether the response names a campaign in a form that can be compared."""
    value = (evidence.document or {}).get("id")
    return isinstance(value, str) and not violations(members.DOCUMENT, "/properties/id", value)


def _same(evidence: Evidence) -> Iterator[Finding]:
    asked, shown = evidence.exchange.request.campaign, (evidence.document or {}).get("id")
    if isinstance(shown, str) and shown.lower() != asked.lower():
        yield Finding(asked, shown, "/id")


def _media_type(evidence: Evidence) -> str | None:
    media_type = evidence.response.header("content-type")
    return None if is_json(media_type) else media_type or "no Content-Type"


def _no_campaign(evidence: Evidence) -> str | None:
    if is_campaign(evidence):
        return None
    value = evidence.text.value if evidence.text else None
    if isinstance(value, Mapping):
        names = ", ".join(repr(name) for name in list(value)[:5])
        return f"an object with {names}" if names else "an empty object"
    kinds = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return kinds.get(type(value), "a number")


_IS_JSON: Final = _unless("application/json, or a type that ends in +json", _media_type)
_IS_JSON_TEXT: Final = _unless(
    "one JSON text in UTF-8", lambda e: e.text.problem if e.text else "an empty body"
)


def _siblings(evidence: Evidence) -> Iterator[Finding]:
    if evidence.status >= _SERVER_ERROR:
        yield Finding("200", str(evidence.status))
        return
    yield from _IS_JSON(evidence)
    yield from () if evidence.response.truncated else _IS_JSON_TEXT(evidence)
    if is_campaign(evidence):
        for member in members.MEMBERS:
            if member.pointer not in members.SHARED and not member.pointer.startswith("/config"):
                yield from members.check_member(evidence.document, member)


def _sums(evidence: Evidence) -> Iterator[Finding]:
    document = evidence.document or {}

    def numbers(*names: str) -> Iterator[float | None]:
        for value in map(document.get, names):
            number = isinstance(value, int | float) and not isinstance(value, bool)
            yield float(value) if number else None  # type: ignore[arg-type]

    daily, spent, left = numbers("daily_budget", "todays_spend", "available_budget")
    if daily is not None and spent is not None and left is not None:
        most = max(daily - spent, 0.0)
        if left > most + _CENT:
            expected = f"at most {most:g}, the daily budget less today's spend"
            yield Finding(expected, f"{left:g}", "/available_budget")
    revenue, total, ratio = numbers("revenue", "total_spend", "return_on_ad_spend")
    if revenue is not None and total and ratio is not None:
        exact = revenue / total
        if all(abs(ratio - scale * exact) > max(_CENT * scale * abs(exact), _CENT) for scale in (1, 100)):
            expected = f"{exact:.4g}, or {100 * exact:.4g} as a percentage"
            yield Finding(expected, f"{ratio:g}", "/return_on_ad_spend")


# -- refusals -----------------------------------------------------------------------------------------------


def _refused(evidence: Evidence) -> bool:
    return evidence.answered and evidence.status >= _CLIENT_ERROR and evidence.operation is not None


def _strings(value: Any) -> Iterator[str]:
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, Mapping | list):
            left += [*one, *one.values()] if isinstance(one, Mapping) else one


def _leaks(evidence: Evidence) -> Iterator[Finding]:
    sent = evidence.exchange.request
    echoed = sent.content.decode("utf-8", "replace") + sent.url
    said = evidence.response.content[:_READ].decode("utf-8", "replace")
    if evidence.text and evidence.readable:
        said = "\0".join(_strings(evidence.text.value))[:_READ]
    for what, pattern in LEAKS.items():
        searched = _LINKS.sub(" ", said) if what == "a source path" else said
        match = next((m for m in pattern.finditer(searched) if m[0].strip() not in echoed), None)
        if match:
            yield Finding("nothing of the provider's inside", f"{what}: {' '.join(match[0].split())[:120]}")
            return


def _token_leaks(evidence: Evidence) -> Iterator[Finding]:
    response, sent = evidence.response, evidence.exchange.request.header("authorization")
    token = (sent or "").rpartition(" ")[2]
    if len(token) < _SHORTEST_TOKEN:
        return
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers)
    if token in headers or token.encode() in response.content:
        yield Finding("a response without the token", f"{response.status} with the token in it")


def _envelope(evidence: Evidence) -> Iterator[Finding]:
    value = evidence.text.value if evidence.text and evidence.readable else None
    error = value.get("error") if isinstance(value, dict) else None
    names = ("type", "message")
    if not isinstance(error, dict) or not all(isinstance(error.get(name), str) for name in names):
        yield Finding('{"error": {"type": "…", "message": "…"}}', describe_response(evidence))


def _other_methods(evidence: Evidence) -> str | None:
    allow = evidence.response.header("allow") or "no Allow header"
    return None if "POST" in allow.upper() else allow


CLAUSES: Final = (
    Clause("response.status-is-200", "should", "A successful response has status 200.",
           _SUCCESS, lambda e: e.in_run,
           _unless("200", lambda e: None if e.status == 200 else str(e.status))),  # noqa: PLR2004
    Clause("response.media-type", "must", "The Content-Type of a successful response is JSON.",
           Source("rfc", "RFC 9110, 8.3"), _pause, _IS_JSON),
    Clause("response.json-text", "must", "The body of a 200 is one well-formed JSON text in UTF-8.",
           Source("rfc", "RFC 8259, 2 and 8.1"),
           lambda e: _pause(e) and not e.response.truncated, _IS_JSON_TEXT),
    Clause("response.is-the-campaign", "must", "The body of a 200 is one campaign object.",
           _SUCCESS, lambda e: e.in_run and e.readable,
           _unless("an object with the campaign's members", _no_campaign)),
    Clause("response.no-duplicate-keys", "should", "No key occurs twice in an object of a 2xx body.",
           Source("rfc", "RFC 8259, 4"), lambda e: e.accepted and e.readable,
           _unless("every key once",
                   lambda e: f"{e.text.duplicates[0]!r} twice" if e.text and e.text.duplicates else None)),
    *member_clauses("response"),
    Clause("response.usual-values", "should",
           "`payment_method_type`, `bid_strategy` and `target_country_codes` have known values, and no count "
           "is negative.",
           Source("sdk", "types of the ad campaign"),
           lambda e: is_campaign(e) and _pause(e), usual_values("response")),
    Clause("response.sums-add-up", "should",
           "`available_budget` is at most `daily_budget` minus `todays_spend`, and `return_on_ad_spend` is "
           "`revenue` divided by `total_spend`.",
           Source("page", "response, available_budget and return_on_ad_spend"),
           lambda e: is_campaign(e) and _pause(e), _sums),
    Clause("response.siblings-answer-alike", "should",
           "Retrieve and unpause respond with 200 and the same object as pause.",
           Source("sibling", "retrieve and unpause respond with the same object"), _sibling, _siblings),
    *member_clauses("identifiers"),
    Clause("identifiers.same-campaign", "must", "`id` in the response is the campaign id of the path.",
           Source("page", "path parameter id; response, id"), _named, _same),
    Clause("identifiers.usual-form", "should", "After its prefix, an `id` has letters and digits only.",
           Source("example", "ids of the response"), is_campaign,
           usual_values("identifiers")),
    oracle("refusals.nothing-changes", "A request that gets a 4xx changes no campaign.",
           Source("errors", "400 and 422")),
    Clause("refusals.nothing-leaks", "must",
           "A 4xx or 5xx body contains no stack trace, source path or database query.",
           _ENVELOPE, lambda e: _refused(e) and not e.unseen, _leaks),
    Clause("refusals.no-credential-leaks", "must", "No response contains the bearer token of its request.",
           _ENVELOPE,
           lambda e: e.status > 0 and not e.unseen and e.exchange.role in _REAL_TOKENS,
           _token_leaks),
    Clause("refusals.error-envelope", "should",
           "A 4xx or 5xx body has an object `error` with the strings `type` and `message`.",
           _ENVELOPE, lambda e: _refused(e) and not e.response.truncated, _envelope),
    Clause("refusals.allow-header", "should", "A 405 has an Allow header that names POST.",
           Source("rfc", "RFC 9110, 15.5.6"), lambda e: e.status == 405,  # noqa: PLR2004
           _unless("an Allow header that names POST", _other_methods)),
    oracle("authorization.nothing-changes", "A request that gets a 401 or 403 changes no campaign.",
           Source("errors", "401 and 403")),
    Clause("authorization.challenge", "should", "A 401 has a WWW-Authenticate header.",
           Source("rfc", "RFC 9110, 11.6.1"), lambda e: e.status == 401,  # noqa: PLR2004
           _unless("a WWW-Authenticate header",
                   lambda e: None if e.response.header("www-authenticate") else "none")),
    Clause("authorization.foreign-campaign-is-hidden", "should",
           "Retrieving another company's campaign gets a 403 or 404.",
           Source("sibling", "retrieve, required permissions"),
           lambda e: e.answered and e.exchange.scope == "foreign" and e.operation == "retrieve",
           _unless("403 or 404", lambda e: str(e.status) if e.accepted else None),
           requires=frozenset({"foreign"})),
)  # fmt: skip
