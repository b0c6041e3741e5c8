"""The one value that the engine is given: what it has to know of this endpoint."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from collections.abc import Sequence as SequenceOf
from typing import Any, Final

from whop_contracts import schemas
from whop_contracts.exchange import Exchange, Operation, Window
from whop_contracts.instants import write_instant
from whop_contracts.json_text import essence, read_leniently, read_response
from whop_contracts.pause.classify import ID_PREFIX, class_of, read_intent
from whop_contracts.pause.clause import Contract
from whop_contracts.pause.evidence import ACTIVE, Evidence, State, instant_of, read_state
from whop_contracts.pause.oracle import Oracle
from whop_contracts.pause.oracle.states import LAG, PROMPT, is_about
from whop_contracts.pause.request_classes import ACTING, BY_ID, describe_status, vectors
from whop_contracts.pause.sequences import gap_of, indefinitely, sequences, together
from whop_contracts.steps import Capabilities, Case, Sequence
from whop_contracts.steps import reactivate as unpause

_DOCUMENTS: Final = ("pause-request", "ad-campaign", "error")
_VERSIONED: Final = re.compile(r"/v\d{1,3}/ad_campaigns/")
_STATELESS: Final = (
    "a stateless mock (Prism, Mockoon) responds with its example, whatever is sent; whop-contracts "
    "serve is a mock with state"
)
_LATER: Final = (
    "a later API generation (budget, budget_type, no paused_until); the documented shapes are served when "
    "no Api-Version-Date is sent, so check --header and gateways"
)


def _path(campaign: str, operation: Operation) -> str:
    return f"/ad_campaigns/{campaign}" + ("" if operation == "retrieve" else f"/{operation}")


def _read_document(evidence: Evidence) -> Mapping[str, Any] | None:
    response = evidence.exchange.response
    if not evidence.accepted:
        return None
    text = evidence.text or read_response(response)
    value = text.value if text and not text.problem else read_leniently(response)
    return value if isinstance(value, dict) else None


def _left_by(operation: Operation | None, until: int | None) -> State | None:
    if operation == "retrieve":
        return None
    return State("paused", until) if operation == "pause" else ACTIVE


def _literal_date(content: bytes) -> int | None:
    intent = read_intent(content, "application/json", None, None)
    return next(iter((*intent.until, *intent.aliases)), None)


def _elapsed(state: State, now: Window | None) -> State:
    dated = state.status == "paused" and state.until is not None
    return ACTIVE if dated and now is not None and (state.until or 0) <= now.start else state


def _requests_to_restore(before: State | None, wanted: State, symbol: str) -> tuple[Case, ...]:
    if wanted.status != "paused":
        return (unpause(symbol),)
    pause = indefinitely(symbol)
    if wanted.until is not None:
        body = json.dumps({"paused_until": write_instant(wanted.until)})
        pause = Case("until its first date", campaign=symbol, body=body)
    return (unpause(symbol), pause) if before == ACTIVE else (pause,)


def _takes_effect(case: Case) -> bool:
    own = case.campaign.removeprefix("own:").isdigit() and case.credential == "full"
    return own and case.operation == "pause" and case.request_class in ACTING


def _sha256() -> str:
    documents = (schemas.document_path(f"{name}.schema.json").read_bytes() for name in _DOCUMENTS)
    return hashlib.sha256(b"".join(documents)).hexdigest()


def _likely_cause(evidence: Evidence) -> str | None:
    """What a single response suggests about the set-up of a run; the first row that applies counts."""
    exchange, status, document = evidence.exchange, evidence.status, evidence.document
    response, names = evidence.response, (document or {}).keys()
    read, redirect = evidence.operation == "retrieve", 300 <= status < 400  # noqa: PLR2004
    acting = evidence.operation == "pause" and evidence.request_class in ACTING
    pause = acting and exchange.role == "full" and exchange.scope == "named"
    page = essence(response.header("content-type")) == "text/html" or response.content.lstrip()[:1] == b"<"
    unmoved = pause and not evidence.possible and document == evidence.documents.last
    later = {"budget", "budget_type"} <= names and "paused_until" not in names
    rows = (
        (read and redirect, "redirects are not followed; give the base URL that it leads to"),
        (
            read and status == 404 and not _VERSIONED.search(exchange.request.url),  # noqa: PLR2004
            "the base URL lacks the version; expected one such as https://host/api/v1",
        ),
        (
            read and status in (200, 404) and page and evidence.documents.last is None,
            "a website responds, not the API; check the host and the path of the base URL",
        ),
        (pause and redirect, "another scheme, host or path than the API's; check the base URL"),
        (
            pause and status in (404, 405, 501) and evidence.documents.last is not None,
            "the target has no pause route: a generic REST server (json-server) has none",
        ),
        (unmoved or (document is not None and not is_about(document, exchange)), _STATELESS),
        (later, _LATER),
        (
            evidence.unrequested,
            "another client may be active: a read showed a date that this run never requested",
        ),
    )
    return next((text for applies, text in rows if applies), None)


# -- plan parts: Hypothesis takes long to import, and the first requests of a run do not wait for it ---------


def _draw(request_class: str, seed: str, count: int) -> SequenceOf[Case]:
    from whop_contracts.pause.strategies.requests import REQUESTS  # noqa: PLC0415
    from whop_contracts.pause.strategies.values import draw  # noqa: PLC0415

    return draw(REQUESTS[request_class], seed=seed, count=count)


def _from_schemas(seed: object, count: int) -> SequenceOf[Case]:
    from whop_contracts.pause.strategies.plans import schema_requests  # noqa: PLC0415

    return schema_requests(seed, count)


def _histories(
    seed: object,
    count: int,
    means: Capabilities,
    moving: bool,  # noqa: FBT001
) -> SequenceOf[Sequence]:
    from whop_contracts.pause.strategies.plans import drawn_sequences  # noqa: PLC0415

    return drawn_sequences(seed, count, gap=gap_of(means), moving=moving)


def _class_of(exchange: Exchange) -> str:
    request = exchange.request
    intent = read_intent(request.content, request.header("content-type"), exchange.now, None)
    return class_of(exchange, intent)


PAUSE: Final = Contract(
    operation="pause",
    id_prefix=ID_PREFIX,
    baseline=ACTIVE,
    unproven="no pause got a 2xx",
    conflicting="every pause gets a 409, even after an unpause; expected campaigns that can be paused",
    permission="ad_campaign:update",
    read_permission="ad_campaign:basic:read",
    simplest_requests=(indefinitely(), unpause()),
    path=_path,
    oracle=lambda tolerance: Oracle(tolerance=tolerance),
    read_document=_read_document,
    read_state=read_state,
    left_by=_left_by,
    literal_date=_literal_date,
    elapsed=_elapsed,
    requests_to_restore=_requests_to_restore,
    stamped_at=lambda document: instant_of(document, "updated_at"),
    likely_cause=_likely_cause,
    describe_status=describe_status,
    takes_effect=_takes_effect,
    is_ready=lambda state: state.status == "active",
    is_awaiting=lambda e: e.shown is not None and e.shown.status == "paused" and e.possible,
    is_conclusive=lambda e: e.document is not None and e.operation == "pause",
    looks_after_due=lambda tolerance: (PROMPT + LAG + 1.0, tolerance + LAG + 1.0),
    schema=lambda: schemas.load("ad-campaign"),
    sha256=_sha256,
    classes=BY_ID,
    draw=_draw,
    vectors=vectors,
    sequences=sequences,
    histories=_histories,
    together=together,
    class_of=_class_of,
    from_schemas=_from_schemas,
)
