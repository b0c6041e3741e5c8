"""The one value that the engine is given: what it has to know of this endpoint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from whop_contracts import schemas
from whop_contracts.exchange import Operation, Window
from whop_contracts.instants import read_instant, write_instant
from whop_contracts.json_text import read_leniently, read_response
from whop_contracts.pause.clause import Contract
from whop_contracts.pause.evidence import ACTIVE, Evidence, State, read_state
from whop_contracts.pause.oracle import Oracle
from whop_contracts.pause.oracle.campaign import PROMPT
from whop_contracts.pause.oracle.states import LAG
from whop_contracts.pause.sequences import indefinitely, unpause
from whop_contracts.steps import Case

_DOCUMENTS: Final = ("pause-request", "ad-campaign", "error")


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
    """The state that a request would leave, if it took effect; None for one that changes nothing."""
    if operation == "retrieve":
        return None
    return State("paused", until) if operation == "pause" else ACTIVE


def _literal_date(content: bytes) -> int | None:
    """The date of a body, read as by a parser that replaces bytes that are not UTF-8."""
    try:
        document = json.loads(content.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    text = document.get("paused_until") if isinstance(document, dict) else None
    read = read_instant(text) if isinstance(text, str) else None
    return read.ns if read else None


def _elapsed(state: State, now: Window | None) -> State:
    """What a state has become by now: a dated pause ends at its instant."""
    over = (
        state.status == "paused" and state.until is not None and now is not None and state.until <= now.start
    )
    return ACTIVE if over else state


def _requests_to_restore(before: State | None, wanted: State, symbol: str) -> tuple[Case, ...]:
    """What brings a campaign into a state; ``before`` ``ACTIVE`` asks to get there by way of an active one."""
    if wanted.status != "paused":
        return (unpause(symbol),)
    if wanted.until is None:
        pause = indefinitely(symbol)
    else:
        body = json.dumps({"paused_until": write_instant(wanted.until)})
        pause = Case("until its first date", campaign=symbol, body=body)
    return (unpause(symbol), pause) if before == ACTIVE else (pause,)


def _stamped_at(document: Mapping[str, Any] | None) -> int | None:
    """When the provider says that a document was last changed, in nanoseconds."""
    value = (document or {}).get("updated_at")
    instant = read_instant(value) if isinstance(value, str) else None
    return instant.ns if instant else None


def _is_awaiting(evidence: Evidence) -> bool:
    """Whether a due resume is still to come: nothing else is wrong with what a read shows."""
    return evidence.shown is not None and evidence.shown.status == "paused" and evidence.possible


def _sha256() -> str:
    digest = hashlib.sha256()
    for name in _DOCUMENTS:
        digest.update(Path(schemas.document_path(f"{name}.schema.json")).read_bytes())
    return digest.hexdigest()


PAUSE: Final = Contract(
    operation="pause",
    id_prefix="adcamp_",
    baseline=ACTIVE,
    unproven="no pause was answered 2xx",
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
    stamped_at=_stamped_at,
    is_ready=lambda state: state.status == "active",
    is_awaiting=_is_awaiting,
    is_conclusive=lambda evidence: (
        evidence.document is not None and evidence.exchange.request.operation == "pause"
    ),
    looks_after_due=lambda tolerance: (PROMPT + LAG + 1.0, tolerance + LAG + 1.0),
    schema=lambda: schemas.load("ad-campaign"),
    sha256=_sha256,
)
