"""Responses: a success shows the campaign that was asked for, with every documented member; a refusal says
what is documented and gives nothing away.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from whop_contracts.exchange import Finding
from whop_contracts.json_text import is_json
from whop_contracts.pause import clauses as members
from whop_contracts.pause.clause import Check, Condition
from whop_contracts.pause.clauses import is_campaign, usual_values
from whop_contracts.pause.evidence import Evidence
from whop_contracts.pause.request_classes import describe_response
from whop_contracts.schemas import violations

_CLIENT_ERROR: Final = 400
_SERVER_ERROR: Final = 500
_CENT: Final = 0.01
_READ: Final = 65_536
"""How many bytes of an error are searched for leaks."""
_SHORTEST_TOKEN: Final = 8
_REAL_TOKENS: Final = frozenset({"full", "readonly", "unstated", "altered", "unknown"})
_FOUND: Final = tomllib.loads(Path(__file__).with_name("leaks.toml").read_text(encoding="utf-8"))
LEAKS: Final[Mapping[str, list[str]]] = {
    what: [form.replace("<file>", _FOUND["file"]) for form in forms]
    for what, forms in _FOUND["leaks"].items()
}
"""What shows the provider's inside, and how it looks."""
_LEAKS: Final = tuple((what, re.compile("|".join(forms))) for what, forms in LEAKS.items())


# -- successful responses -----------------------------------------------------------------------------------


def _pause(evidence: Evidence) -> bool:
    return evidence.in_run and evidence.operation == "pause"


def _pause_campaign(evidence: Evidence) -> bool:
    return is_campaign(evidence) and _pause(evidence)


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


def _status(evidence: Evidence) -> Iterator[Finding]:
    if evidence.status != 200:  # noqa: PLR2004
        yield Finding("200", str(evidence.status))


def _media_type(evidence: Evidence) -> Iterator[Finding]:
    media_type = evidence.response.header("content-type")
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
    if evidence.status >= _SERVER_ERROR:
        yield Finding("200", str(evidence.status))
        return
    yield from _media_type(evidence)
    yield from () if evidence.response.truncated else _json(evidence)
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


def _leaks(evidence: Evidence) -> Iterator[Finding]:
    sent = evidence.exchange.request
    echoed = sent.content.decode("utf-8", "replace") + sent.url
    said = evidence.response.content[:_READ].decode("utf-8", "replace")
    for escaped, char in (("\\n", "\n"), ("\\t", "\t"), ('\\"', '"'), ("\\/", "/")):
        said = said.replace(escaped, char)
    for what, pattern in _LEAKS:
        match = next((m for m in pattern.finditer(said) if m[0].strip() not in echoed), None)
        if match:
            yield Finding("nothing of the provider's inside", f"{what}: {' '.join(match[0].split())[:120]}")
            return


def _can_leak_token(evidence: Evidence) -> bool:
    return evidence.status > 0 and not evidence.unseen and evidence.exchange.role in _REAL_TOKENS


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


def _allow(evidence: Evidence) -> Iterator[Finding]:
    allow = evidence.response.header("allow")
    if "POST" not in (allow or "").upper():
        yield Finding("an Allow header that names POST", allow or "no Allow header")


def _challenge(evidence: Evidence) -> Iterator[Finding]:
    if not evidence.response.header("www-authenticate"):
        yield Finding("a WWW-Authenticate header", "none")


def _reads_foreign(evidence: Evidence) -> bool:
    foreign = evidence.exchange.scope == "foreign"
    return evidence.answered and foreign and evidence.operation == "retrieve"


def _retrieved(evidence: Evidence) -> Iterator[Finding]:
    if evidence.accepted:
        yield Finding("403 or 404", str(evidence.status))


CHECKS: Final[Mapping[str, tuple[Condition, Check]]] = {
    "response.status-is-200": (lambda e: e.in_run, _status),
    "response.media-type": (_pause, _media_type),
    "response.json-text": (lambda e: _pause(e) and not e.response.truncated, _json),
    "response.is-the-campaign": (lambda e: e.in_run and e.readable, _campaign),
    "response.no-duplicate-keys": (lambda e: e.accepted and e.readable, _unique),
    "response.usual-values": (_pause_campaign, usual_values("response")),
    "response.sums-add-up": (_pause_campaign, _sums),
    "response.siblings-answer-alike": (_sibling, _siblings),
    "identifiers.same-campaign": (_named, _same),
    "identifiers.usual-form": (is_campaign, usual_values("identifiers")),
    "refusals.nothing-leaks": (lambda e: _refused(e) and not e.unseen, _leaks),
    "refusals.no-credential-leaks": (_can_leak_token, _token_leaks),
    "refusals.error-envelope": (lambda e: _refused(e) and not e.response.truncated, _envelope),
    "refusals.allow-header": (lambda e: e.status == 405, _allow),  # noqa: PLR2004
    "authorization.challenge": (lambda e: e.status == 401, _challenge),  # noqa: PLR2004
    "authorization.foreign-campaign-is-hidden": (_reads_foreign, _retrieved),
}
