"""The clauses as checks of schemathesis, each under its own id. Importing this module registers them.

``SCHEMATHESIS_HOOKS=whop_contracts.integrations.schemathesis_checks st run schemas/openapi.json --url …`` judges every answer by them; in Python it is
``import whop_contracts.integrations.schemathesis_checks`` before ``case.call_and_validate()``. ``--exclude-checks ID`` leaves one out; the settings
``strict`` (what only warns fails too), ``clauses`` and ``resume_tolerance`` apply, from the environment or a ``whop-contracts.toml``.

Each exchange is judged for itself: requests come from several workers, other checks send their own in between, and failures are found again
in another order. So a clause about what came before, or comes later, says nothing here. Whose ids and credentials are sent is not known: a 401, 403
or 404 decides nothing, nor does a 400 or 422 before the campaign was seen to exist; name a campaign under ``[parameters]`` of
``schemathesis.toml`` to have pauses accepted. The provider's clock is read from the ``Date`` header.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import schemathesis

from whop_contracts.exchange import Exchange, Request, Response, Scope
from whop_contracts.integrations.har.entries import Entry
from whop_contracts.integrations.har.routes import Routed, credentials, route
from whop_contracts.pause.catalogue import chosen
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.evidence import Evidence
from whop_contracts.pause.oracle import Oracle
from whop_contracts.redaction import Redactor
from whop_contracts.settings.sources import load
from whop_contracts.target.clocks import WallClock
from whop_contracts.target.protocol import Reply

__all__ = ["CHECKS"]

Check = Callable[[Any, Any, Any], None]
"""A check as schemathesis calls it, with its context, the response and the case; an ``AssertionError`` is a failure."""
_OF_ITS_FORM: Final = re.compile(r"adcamp_[A-Za-z0-9]+", re.ASCII)
_OF_NO_CAMPAIGN: Final = re.compile(r"(?!adcamp_)[A-Za-z0-9_-]+", re.ASCII | re.IGNORECASE)
_ABOUT_THE_ID: Final = frozenset({400, 414, 422, 431})
"""What a provider may say of the id alone, before it looks at anything else."""
_ABOUT_THE_CREDENTIAL: Final = frozenset({401, 403})
_SETTINGS: Final = load({}, environ=os.environ, folder=Path.cwd(), checked=False).settings


class _Judged(threading.local):
    """The answer that this thread has judged last: one is held against every clause in turn."""

    response: Any = None
    evidence: Evidence | None = None
    redactor = Redactor()


_judged: Final = _Judged()
_existing: Final[set[tuple[str, str]]] = set()
"""Campaigns, by the base URL and their id, that a 2xx has shown to exist."""


def _evidence(response: Any, case: Any) -> Evidence | None:
    """What an answer shows, or None where nothing could be concluded from it; made once for all checks."""
    if _judged.response is not response:
        _judged.response, _judged.evidence, _judged.redactor = response, None, Redactor()
        routed = route(_entry(response))
        if routed is not None and routed.operation is not None:
            _judged.redactor = Redactor(credentials([routed]))
            _judged.evidence = _followed(routed, response, case)
    return _judged.evidence


def _entry(response: Any) -> Entry:
    sent, elapsed = response.request, max(float(response.elapsed), 0.0)
    body = sent.body or b""
    return Entry(
        number=1,
        method=str(sent.method),
        url=str(sent.url),
        headers=tuple((_text(name), _text(value)) for name, value in sent.headers.items()),
        content=body.encode() if isinstance(body, str) else bytes(body) if isinstance(body, bytes) else b"",
        response=Response(
            response.status_code,
            tuple((name, value) for name, values in response.headers.items() for value in values),
            response.content,
        ),
        trouble=None,
        sent=0.0,
        received=elapsed,
    )


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _followed(routed: Routed, response: Any, case: Any) -> Evidence | None:
    entry, answer = routed.entry, routed.entry.response
    request = Request(
        entry.method, entry.url, routed.operation, routed.campaign, entry.headers, entry.content
    )
    scope = _scope(routed)
    if answer is None or scope is None or _inconclusive(request, response, case):
        return None
    clock = WallClock(time=lambda: 0.0, sleep=lambda _: None)
    clock.learn(Reply(answer, None, entry.sent, entry.received))
    now = clock.window(entry.sent, entry.received)
    exchange = Exchange(1, request, answer, entry.sent, entry.received, now, scope=scope)
    return Oracle(tolerance=_SETTINGS.resume_tolerance).follow(exchange)


def _scope(routed: Routed) -> Scope | None:
    """Whose campaign it is, as far as the id and its answers tell; None where the id may be the reason for any answer."""
    status = routed.entry.response.status if routed.entry.response else 0
    malformed = _OF_NO_CAMPAIGN.fullmatch(routed.campaign) is not None
    other_method = routed.operation == "pause" and routed.entry.method != "POST"
    if status in _ABOUT_THE_CREDENTIAL and (malformed or other_method):
        return None
    if malformed:
        return "malformed"
    if not _OF_ITS_FORM.fullmatch(routed.campaign):
        return None
    if 200 <= status < 300:  # noqa: PLR2004
        _existing.add((routed.base, routed.campaign))
    elif status in _ABOUT_THE_ID and (routed.base, routed.campaign) not in _existing:
        return "invented"
    return "unstated"


def _inconclusive(request: Request, response: Any, case: Any) -> bool:
    """Whether something stands between the case and the answer, or the request asks for more than a pause.

    A redirect was followed; the answer was cut; no JSON would be taken for an answer; the body is said to be in another charset than it is.
    """
    if request.method != str(case.method).upper() or not isinstance(
        response.request.body, str | bytes | None
    ):
        return True
    if getattr(response, "stream_cut_short", False):
        return True
    if getattr(response, "content_size", len(response.content)) > len(response.content):
        return True
    accept = (request.header("accept") or "*/*").lower()
    charset = re.search(r"charset\s*=\s*\"?([^\s;\"]*)", (request.header("content-type") or "").lower())
    return not any(kind in accept for kind in ("*/*", "application/*", "json")) or (
        charset is not None and charset[1] not in {"utf-8", "utf8"}
    )


def _check(clause: Clause) -> Check:
    def check(ctx: Any, response: Any, case: Any) -> None:  # noqa: ARG001 - schemathesis passes its context
        evidence = _evidence(response, case)
        if evidence is None or not clause.applies(evidence):
            return
        finding = next(clause.check(evidence), None)
        if finding is not None:
            at = f" (at {finding.pointer})" if finding.pointer else ""
            said = f"{clause.statement}\n\nexpected  {finding.expected}\nactual    {finding.actual}{at}\nsource    {clause.source}"
            raise AssertionError(_judged.redactor.text(said))

    check.__name__ = check.__qualname__ = clause.id
    check.__doc__ = clause.statement
    return check


CHECKS: Final[tuple[Check, ...]] = tuple(
    _check(clause) for clause in chosen(_SETTINGS.clauses) if clause.level == "must" or _SETTINGS.strict
)
"""The checks, in the order of the page, each called by its clause's id: those of the clauses that must hold; with ``strict`` of all."""

for _one in CHECKS:
    schemathesis.check(_one)
