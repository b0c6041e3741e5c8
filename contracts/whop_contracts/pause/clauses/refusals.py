"""Refusals and authorization: what an error response says, and what it must not give away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from whop_contracts.exchange import Finding
from whop_contracts.pause.clause import Clause, Source
from whop_contracts.pause.evidence import Evidence
from whop_contracts.pause.request_classes import describe_response

_ENVELOPE: Final = Source("errors", "error body")
_ERROR: Final = 400
_FILE: Final = r"\.(?:py|rb|[cm]?[jt]sx?|go|java|kts?|scala|swift|php|rs|cs|cpp|exs?|pm)"
LEAKS: Final = {
    "a stack trace": (
        r"Traceback \(most recent call last\)",
        r"\n[ \t\r]{1,40}at (?:async )?[\w.$<>]{1,200} ?[(\[]",
        _FILE + r":\d{1,7}(?::(?:in\b|\d)|\)|\s|$)",
        r"File \"[^\"]{1,500}\", line \d",
        r"goroutine \d{1,9} \[",
        r"Exception in thread",
        r"\bat [\w.$]{1,200}\([\w.]{1,200}:\d{1,7}\)",
        r"\b[A-Z]\w{1,100}(?:Error|Exception): .{1,500}\n\s",
        r"\bCaused by: [\w.$]{1,200}(?:Error|Exception)\b",
        r"\bpanicked at\b",
        _FILE + r"\b[\s\S]{0,12}, ?line \d",
    ),
    "a source path": (
        # Only from where a path begins: from each of its parts, the time is quadratic.
        r"(?<![\w.@/-])[\w.@-]*/+[\w.@-]+/[\w.@/-]*" + _FILE + r"\b",
        r"[A-Z]:\\[\w\\. -]{1,300}\.\w",
        r"/(?:usr|home|var|opt|srv|app|etc)/[\w.-]{1,200}/[\w./-]",
    ),
    "a database query": (
        r"\bSELECT\b[\s\S]{1,500}?\bFROM\b",
        r"\bINSERT\s{1,20}INTO\b",
        r"\bUPDATE\s{1,20}\S{1,200}\s{1,20}SET\b",
        r"\bDELETE\s{1,20}FROM\b",
        r"\bPG::\w",
        r"\bSQLSTATE\b",
        r"\bORA-\d{5}\b",
        r"select\b[^.]{1,500}?\bfrom\s{1,20}[\"`]?\w{1,100}[\"`]?\s{1,20}where\b",
        r"update\s{1,20}[\"`]?\w{1,100}[\"`]?\s{1,20}set\s{1,20}[\"`]?\w{1,100}[\"`]?\s{0,20}=",
        r"\bWHERE\s{1,20}[\"`\[]?\w{1,100}[\"`\]]?(?:\.[\"`\[]?\w{1,100}[\"`\]]?)?\s{0,20}=",
        r"\berror in your SQL syntax\b",
        r"\bdb\.\w{1,100}\.(?:find|update|insert|aggregate|delete)\w{0,100}\(",
        r"\b(?:query|mutation)\s{1,20}\w{1,100}\s{0,20}\(\s{0,20}\$\w{1,100}\s{0,20}:",
        r"\"(?:bool|must|match|term)\"\s{0,20}:\s{0,20}[\[{]\s{0,20}[\[{\"]",
    ),
}
"""What shows the provider's inside, and how it looks. The forms take linear time: repetitions have limits."""
_READ: Final = 65_536
"""How many bytes of an error are searched for leaks."""
_LEAKS: Final = tuple((what, re.compile("|".join(forms))) for what, forms in LEAKS.items())


def _refused(evidence: Evidence) -> bool:
    return evidence.answered and evidence.status >= _ERROR and evidence.exchange.request.operation is not None


def _leaks(evidence: Evidence) -> Iterator[Finding]:
    response = evidence.exchange.response
    if response is None:
        return
    sent = evidence.exchange.request
    echoed = sent.content.decode("utf-8", "replace") + sent.url
    said = response.content[:_READ].decode("utf-8", "replace")
    for escaped, char in (("\\n", "\n"), ("\\t", "\t"), ('\\"', '"'), ("\\/", "/")):
        said = said.replace(escaped, char)
    for what, pattern in _LEAKS:
        match = next((m for m in pattern.finditer(said) if m[0].strip() not in echoed), None)
        if match:
            yield Finding("nothing of the provider's inside", f"{what}: {' '.join(match[0].split())[:120]}")
            return


def _token_leaks(evidence: Evidence) -> Iterator[Finding]:
    response, sent = evidence.exchange.response, evidence.exchange.request.header("authorization")
    token = (sent or "").rpartition(" ")[2]
    if response is None or len(token) < 8:  # noqa: PLR2004
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
    response = evidence.exchange.response
    if response and "POST" not in (response.header("allow") or "").upper():
        yield Finding("an Allow header that names POST", response.header("allow") or "no Allow header")


def _challenge(evidence: Evidence) -> Iterator[Finding]:
    response = evidence.exchange.response
    if response and not response.header("www-authenticate"):
        yield Finding("a WWW-Authenticate header", "none")


def _reads_foreign(evidence: Evidence) -> bool:
    exchange = evidence.exchange
    return evidence.answered and exchange.scope == "foreign" and exchange.request.operation == "retrieve"


def _retrieved(evidence: Evidence) -> Iterator[Finding]:
    if evidence.accepted:
        yield Finding("403 or 404", str(evidence.status))


_REAL_TOKENS: Final = frozenset({"full", "readonly", "unstated", "altered", "unknown"})

CLAUSES: Final = (
    Clause("refusals.nothing-leaks", "must",
           "A 4xx or 5xx body contains no stack trace, source path or database query.",
           _ENVELOPE, lambda e: _refused(e) and not e.unseen, _leaks),
    Clause("refusals.no-credential-leaks", "must", "No response contains the bearer token of its request.",
           _ENVELOPE,
           lambda e: e.exchange.response is not None and not e.unseen and e.exchange.role in _REAL_TOKENS,
           _token_leaks),
    Clause("refusals.error-envelope", "should",
           "A 4xx or 5xx body has an object `error` with the strings `type` and `message`.",
           _ENVELOPE, lambda e: _refused(e) and not e.truncated, _envelope),
    Clause("refusals.allow-header", "should", "A 405 has an Allow header that names POST.",
           Source("rfc", "RFC 9110, 15.5.6"), lambda e: e.status == 405, _allow),  # noqa: PLR2004
    Clause("authorization.challenge", "should", "A 401 has a WWW-Authenticate header.",
           Source("rfc", "RFC 9110, 11.6.1"), lambda e: e.status == 401, _challenge),  # noqa: PLR2004
    Clause("authorization.foreign-campaign-is-hidden", "should",
           "Retrieving another company's campaign gets a 403 or 404.",
           Source("sibling", "retrieve, required permissions"), _reads_foreign, _retrieved,
           requires=frozenset({"foreign"})),
)  # fmt: skip
