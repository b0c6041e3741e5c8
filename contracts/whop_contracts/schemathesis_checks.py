"""The clauses as checks of schemathesis, each under its own id. Importing this module registers them.

``docs/generators.md`` shows how to use them. The settings ``strict`` (warnings fail too), ``clauses`` and
``resume_tolerance`` apply, from the environment or a ``whop-contracts.toml``.

Each exchange is checked on its own: requests come from several workers, other checks send their own in
between, and failures are replayed in another order. So a clause about earlier or later exchanges reports
nothing here. It is not known which ids and credentials are valid: a 401, 403 or 404 decides nothing, nor does
a 400 or 422 before the campaign was seen to exist. The provider's clock is read from the ``Date`` header.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import httpx
import schemathesis

from whop_contracts.exchange import Exchange, Request, Response, Scope
from whop_contracts.integrations.har.entries import Route, credentials, route
from whop_contracts.pause.catalogue import chosen
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.evidence import Evidence
from whop_contracts.pause.oracle import Oracle
from whop_contracts.redaction import Redactor
from whop_contracts.settings.sources import load
from whop_contracts.target.clocks import WallClock
from whop_contracts.target.responses import Reply

__all__ = ["CHECKS"]

_WELL_FORMED: Final = re.compile(r"adcamp_[A-Za-z0-9]+", re.ASCII)
_MALFORMED: Final = re.compile(r"(?!adcamp_)[A-Za-z0-9_-]+", re.ASCII | re.IGNORECASE)
_SETTINGS: Final = load({}, Path.cwd(), checked=False)
_existing: Final[set[tuple[str, str]]] = set()
"""Campaigns, by base URL and id, that a 2xx has shown to exist."""


@lru_cache(maxsize=64)
def _evidence(response: Any, method: str) -> Evidence | None:
    """What a response shows; None if nothing can be concluded. Cached, because every clause asks for it."""
    sent = response.request
    about, body, kept = route(sent.method, sent.url), sent.body or b"", len(response.content)
    cut = getattr(response, "stream_cut_short", False) or getattr(response, "content_size", kept) > kept
    if cut or not (about and about.operation) or sent.method != method or not isinstance(body, str | bytes):
        return None
    content = body.encode() if isinstance(body, str) else body
    headers = tuple(httpx.Headers(sent.headers, encoding="latin-1").multi_items())
    request = Request(method, sent.url, about.operation, about.campaign, headers, content)
    lines = tuple((name, value) for name, values in response.headers.items() for value in values)
    received = Response(response.status_code, lines, response.content)
    scope, took = _scope(about, method, received.status), max(float(response.elapsed), 0.0)
    if scope is None or not _speaks_json(request):
        return None
    clock = WallClock(time=lambda: 0.0, sleep=lambda _: None)
    clock.learn(Reply(received, None, 0.0, took))
    exchange = Exchange(1, request, received, 0.0, took, clock.window(0.0, took), scope=scope)
    return Oracle(tolerance=_SETTINGS.resume_tolerance).follow(exchange)


def _scope(about: Route, method: str, status: int) -> Scope | None:
    """Whose campaign it is, as far as id and response show; None if the id may explain any response."""
    malformed = _MALFORMED.fullmatch(about.campaign)
    if status in {401, 403} and (malformed or (about.operation == "pause" and method != "POST")):
        return None
    if malformed:
        return "malformed"
    if not _WELL_FORMED.fullmatch(about.campaign):
        return None
    if 200 <= status < 300:  # noqa: PLR2004
        _existing.add((about.base, about.campaign))
    elif status in {400, 414, 422, 431} and (about.base, about.campaign) not in _existing:
        # The id alone may cause it, before the provider looks at anything else.
        return "invented"
    return "unstated"


def _speaks_json(request: Request) -> bool:
    """Whether the request accepts JSON and does not claim another charset than its body has."""
    accept = request.header("accept") or "*/*"
    charset = re.search(r"charset\s*=\s*\"?([^\s;\"]*)", request.header("content-type") or "", re.IGNORECASE)
    accepts = re.search(r"\*/\*|application/\*|json", accept, re.IGNORECASE)
    return bool(accepts) and (charset is None or charset[1].lower() in {"utf-8", "utf8"})


def _check(clause: Clause) -> Callable[[Any, Any, Any], None]:
    """Register the check of a clause, which raises an ``AssertionError`` with its first finding."""

    def check(ctx: Any, response: Any, case: Any) -> None:  # noqa: ARG001 - schemathesis passes its context
        evidence = _evidence(response, str(case.method).upper())
        if evidence and clause.applies(evidence) and (finding := next(clause.check(evidence), None)):
            at = f" (at {finding.pointer})" if finding.pointer else ""
            shown = f"expected  {finding.expected}\nactual    {finding.actual}{at}"
            text = f"{clause.statement}\n\n{shown}\nsource    {clause.source}"
            raise AssertionError(Redactor(credentials(evidence.exchange.request)).text(text))

    check.__name__ = check.__qualname__ = clause.id
    check.__doc__ = clause.statement
    return schemathesis.check(check)


CHECKS: Final = tuple(
    _check(clause) for clause in chosen(_SETTINGS.clauses) if clause.level == "must" or _SETTINGS.strict
)
"""The checks, in the order of the page, named by their clauses' ids: level *must*, or all with ``strict``."""
