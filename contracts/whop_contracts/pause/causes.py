"""Likely causes: what single responses suggest about the set-up of a run, one row for each."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from whop_contracts.exchange import Response
from whop_contracts.json_text import essence
from whop_contracts.pause.evidence import Evidence
from whop_contracts.pause.request_classes import ACTING

_VERSIONED: Final = re.compile(r"/v\d{1,3}/ad_campaigns/")
_NO_ROUTE: Final = frozenset({404, 405, 501})
_STATELESS: Final = (
    "a stateless mock (Prism, Mockoon) responds with its example, whatever is sent; whop-contracts "
    "serve is a mock with state"
)
_LATER: Final = (
    "a later API generation (budget, budget_type, no paused_until); the documented shapes are served when "
    "no Api-Version-Date is sent, so check --header and gateways"
)


def _is_read(evidence: Evidence) -> bool:
    return evidence.exchange.request.operation == "retrieve"


def _is_pause(evidence: Evidence) -> bool:
    exchange = evidence.exchange
    acting = evidence.request_class in ACTING and exchange.role == "full" and exchange.scope == "named"
    return acting and exchange.request.operation == "pause"


def _is_redirect(evidence: Evidence) -> bool:
    return 300 <= evidence.status < 400  # noqa: PLR2004


def _is_page(evidence: Evidence) -> bool:
    response = evidence.exchange.response or Response(0)
    return essence(response.header("content-type")) == "text/html" or response.content.lstrip()[:1] == b"<"


def _is_of_another(evidence: Evidence) -> bool:
    id_ = (evidence.document or {}).get("id")
    return isinstance(id_, str) and id_.lower() != evidence.exchange.request.campaign.lower()


def _is_unmoved(evidence: Evidence) -> bool:
    """Whether a pause left everything as it was, ``updated_at`` and all, and was accepted."""
    return _is_pause(evidence) and not evidence.possible and evidence.document == evidence.documents.last


def _is_later(evidence: Evidence) -> bool:
    names = (evidence.document or {}).keys()
    return {"budget", "budget_type"} <= names and "paused_until" not in names


CAUSES: Final[tuple[tuple[Callable[[Evidence], bool], str], ...]] = (
    (
        lambda e: _is_read(e) and _is_redirect(e),
        "redirects are not followed; give the base URL that it leads to",
    ),
    (
        lambda e: _is_read(e) and e.status == 404 and not _VERSIONED.search(e.exchange.request.url),  # noqa: PLR2004
        "the base URL lacks the version; expected one such as https://host/api/v1",
    ),
    (
        lambda e: _is_read(e) and e.status in (200, 404) and _is_page(e),
        "a website responds, not the API; check the host and the path of the base URL",
    ),
    (
        lambda e: _is_pause(e) and _is_redirect(e),
        "another scheme, host or path than the API's; check the base URL",
    ),
    (
        lambda e: _is_pause(e) and e.status in _NO_ROUTE and e.documents.last is not None,
        "the target has no pause route: a generic REST server (json-server) has none",
    ),
    (_is_of_another, _STATELESS),
    (_is_unmoved, _STATELESS),
    (
        _is_later,
        _LATER,
    ),
)
"""When a response suggests a cause, and which; the first row that matches counts."""


def likely_cause(evidence: Evidence) -> str | None:
    """The likely cause of an odd response, in words; None if it suggests none."""
    return next((text for when, text in CAUSES if when(evidence)), None)
