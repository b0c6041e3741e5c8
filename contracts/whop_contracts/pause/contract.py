"""The one value that the engine is given: what it has to know of this endpoint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

from whop_contracts import schemas
from whop_contracts.exchange import Exchange, Operation, Window
from whop_contracts.instants import read_instant, write_instant
from whop_contracts.json_text import read_leniently, read_response
from whop_contracts.pause.causes import likely_cause
from whop_contracts.pause.classify import class_of, read_intent
from whop_contracts.pause.clause import Contract, PlanParts
from whop_contracts.pause.evidence import ACTIVE, Evidence, State, read_state
from whop_contracts.pause.oracle import Oracle
from whop_contracts.pause.oracle.campaign import PROMPT
from whop_contracts.pause.oracle.states import LAG
from whop_contracts.pause.request_classes import ACTING, BY_ID, describe_status, vectors
from whop_contracts.pause.sequences import (
    gap_of,
    indefinitely,
    kept,
    refused,
    sequence_ids,
    sequences,
)
from whop_contracts.steps import Capabilities, Case, Sequence
from whop_contracts.steps import reactivate as unpause

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
    """What brings a campaign into a state; ``before`` ``ACTIVE`` asks to go by way of an active one."""
    if wanted.status != "paused":
        return (unpause(symbol),)
    if wanted.until is None:
        pause = indefinitely(symbol)
    else:
        body = json.dumps({"paused_until": write_instant(wanted.until)})
        pause = Case("until its first date", campaign=symbol, body=body)
    return (unpause(symbol), pause) if before == ACTIVE else (pause,)


def _takes_effect(case: Case) -> bool:
    own = case.campaign.removeprefix("own:").isdigit() and case.credential == "full"
    return own and case.operation == "pause" and case.request_class in ACTING


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


# -- plan parts: Hypothesis takes long to import, and the first requests of a run do not wait for it ---------


def _draw(request_class: str, seed: str, count: int) -> list[Case]:
    from whop_contracts.pause.strategies.requests import requests_of  # noqa: PLC0415
    from whop_contracts.pause.strategies.values import draw  # noqa: PLC0415

    return draw(requests_of(request_class), seed=seed, count=count)


def _from_schemas(seed: object, count: int) -> Iterator[Case]:
    """Requests from the schemas, one of four of them valid."""
    from whop_contracts.pause.strategies.from_schema import schema_requests  # noqa: PLC0415

    valid = iter(schema_requests("positive", seed=seed, count=count // 4))
    for index, case in enumerate(schema_requests("negative", seed=seed, count=count)):
        yield case
        if index % 3 == 0:
            yield from islice(valid, 1)


def _histories(seed: object, count: int, means: Capabilities, moving: bool) -> tuple[Sequence, ...]:  # noqa: FBT001
    from whop_contracts.pause.exploration import drawn_sequences  # noqa: PLC0415

    return drawn_sequences(seed, count, gap=gap_of(means), moving=moving)


def _class_of(exchange: Exchange) -> str:
    request = exchange.request
    return class_of(
        exchange, read_intent(request.content, request.header("content-type"), exchange.now, None)
    )


PAUSE: Final = Contract(
    plan_parts=PlanParts(
        classes=BY_ID,
        draw=_draw,
        vectors=vectors,
        sequences=sequences,
        sequence_ids=sequence_ids,
        histories=_histories,
        kept=kept,
        refused=refused,
        class_of=_class_of,
        from_schemas=_from_schemas,
    ),
    operation="pause",
    id_prefix="adcamp_",
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
    stamped_at=_stamped_at,
    likely_cause=likely_cause,
    describe_status=describe_status,
    takes_effect=_takes_effect,
    is_ready=lambda state: state.status == "active",
    is_awaiting=_is_awaiting,
    is_conclusive=lambda evidence: (
        evidence.document is not None and evidence.exchange.request.operation == "pause"
    ),
    looks_after_due=lambda tolerance: (PROMPT + LAG + 1.0, tolerance + LAG + 1.0),
    schema=lambda: schemas.load("ad-campaign"),
    sha256=_sha256,
)
