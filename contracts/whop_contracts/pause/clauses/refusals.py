"""Refusals: what is wrong is refused in order, changes nothing and gives nothing away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from whop_contracts.exchange import Finding
from whop_contracts.pause.clause import Clause, Source
from whop_contracts.pause.clauses.pausing import on
from whop_contracts.pause.evidence import Evidence
from whop_contracts.pause.request_classes import describe_response, standing_clauses

_ENVELOPE: Final = Source("errors", "error body")
_FILE: Final = r"\.(?:py|rb|[cm]?[jt]sx?|go|java|kts?|scala|swift|php|rs|cs|cpp|exs?|pm)"
LEAKS: Final = (
    ("a stack trace", re.compile(
        r"Traceback \(most recent call last\)|\n\s+at (?:async )?[\w.$<>]+ ?[(\[]" + f"|{_FILE}" + r":\d+(?::(?:in\b|\d+)|\)|\s|$)"
        r"|File \"[^\"]+\", line \d+|goroutine \d+ \[|Exception in thread|\bat [\w.$]+\([\w.]+:\d+\)|\b[A-Z]\w+(?:Error|Exception): .+\n\s"
        r"|\bCaused by: [\w.$]+(?:Error|Exception)\b|\bpanicked at\b" + f"|{_FILE}" + r"\b[\s\S]{0,12}, ?line \d+")),
    ("a source path", re.compile(
        r"(?:/[\w.@-]+){2,}" + f"{_FILE}" + r"\b|[A-Z]:\\\\?[\w\\. -]+\.\w+|/(?:usr|home|var|opt|srv|app|etc)/[\w.-]+/[\w./-]+")),
    ("a database query", re.compile(
        r"\bSELECT\b[\s\S]+?\bFROM\b|\bINSERT\s+INTO\b|\bUPDATE\b\s+\S+\s+\bSET\b|\bDELETE\s+FROM\b|\bPG::\w+|\bSQLSTATE\b|\bORA-\d{5}\b"
        r"|(?:select\b[^.]+\bfrom\s+[\"`]?\w+[\"`]?\s+where\b)|update\s+[\"`]?\w+[\"`]?\s+set\s+[\"`]?\w+[\"`]?\s*="
        r"|\bWHERE\s+[\"`\[]?\w+[\"`\]]?(?:\.[\"`\[]?\w+[\"`\]]?)?\s*=|\berror in your SQL syntax\b|\bdb\.\w+\.(?:find|update|insert|aggregate|delete)\w*\("
        r"|\b(?:query|mutation)\s+\w+\s*\(\s*\$\w+\s*:|\"(?:bool|must|match|term)\"\s*:\s*[\[{]\s*[\[{\"]")),
)  # fmt: skip


def _refused(evidence: Evidence) -> bool:
    return evidence.answered and (evidence.status >= 400) and evidence.exchange.request.operation is not None  # noqa: PLR2004


def _leaks(evidence: Evidence) -> Iterator[Finding]:
    response = evidence.exchange.response
    if response is None:
        return
    sent = evidence.exchange.request
    echoed = sent.content.decode("utf-8", "replace") + sent.url
    said = (
        response.content.decode("utf-8", "replace")
        .replace("\\n", "\n")
        .replace("\\t", "\t")
        .replace('\\"', '"')
        .replace("\\/", "/")
    )
    for what, pattern in LEAKS:
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
        yield Finding("an answer without the credential", f"{response.status} with the credential in it")


def _envelope(evidence: Evidence) -> Iterator[Finding]:
    value = evidence.text.value if evidence.text and not evidence.text.problem else None
    error = value.get("error") if isinstance(value, dict) else None
    if not isinstance(error, dict) or not all(
        isinstance(error.get(name), str) for name in ("type", "message")
    ):
        yield Finding('{"error": {"type": "…", "message": "…"}}', describe_response(evidence))


def _allow(evidence: Evidence) -> Iterator[Finding]:
    response = evidence.exchange.response
    if response and "POST" not in (response.header("allow") or "").upper():
        yield Finding("an Allow header that names POST", response.header("allow") or "no Allow header")


CLAUSES: Final = (
    *standing_clauses("refusals"),
    on("unchanged", "refusals.nothing-changes", "A request that is refused changes nothing.", Source("errors", "400 and 422")),
    Clause("refusals.nothing-leaks", "must",
           "An error shows nothing of the provider's inside: no stack trace, source path or query.",
           _ENVELOPE, _refused, _leaks),
    Clause("refusals.no-credential-leaks", "must", "No answer repeats the credential.",
           _ENVELOPE, lambda e: e.exchange.response is not None and e.exchange.role in ("full", "readonly", "unstated", "altered", "unknown"),
           _token_leaks),
    Clause("refusals.error-envelope", "should", "An error is an object with a type and a message.",
           _ENVELOPE, _refused, _envelope),
    Clause("refusals.allow-header", "should", "A 405 names the methods that are allowed.",
           Source("rfc", "RFC 9110, 15.5.6"), lambda e: e.status == 405, _allow),  # noqa: PLR2004
)  # fmt: skip
