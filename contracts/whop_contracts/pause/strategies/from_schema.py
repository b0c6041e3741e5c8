"""Requests from the OpenAPI document: what schemathesis makes of the body of a pause, valid or not.

The dates of valid bodies are symbolic, and neither ids nor credentials are used, so that no request can hit
somebody's campaign. What a request is meant to be is not relied on: it is classified like any other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any, Final, Literal

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from whop_contracts import schemas
from whop_contracts.pause.strategies import instants
from whop_contracts.pause.strategies.values import draw
from whop_contracts.steps import Case, SymbolicInstant

_FORMAT: Final = "whop-contracts-instant"
"""The name of our instants as a format: ``date-time`` itself is the user's, if there are other tests in the
process.
"""
_DATES: Final = 64
_TOKEN: Final = re.compile(r"\{until (\d+)\}")
_PATH: Final = "/ad_campaigns/{id}/pause"
Mode = Literal["positive", "negative"]


def schema_requests(mode: Mode, *, seed: object, count: int) -> list[Case]:
    """``count`` requests with the bodies that schemathesis generates; some may lack a place for their
    date.
    """
    dates = draw(
        instants.stamps() | instants.calendar_stamps() | instants.far_stamps(), seed=seed, count=_DATES
    )
    return [_dated(case, dates) for case in draw(_cases(mode), seed=seed, count=count)]


def _cases(mode: Mode) -> SearchStrategy[Case]:
    # It costs half a second to import, and the first requests of a run do not wait for it.
    import schemathesis  # noqa: PLC0415
    from schemathesis.config import SchemathesisConfig  # noqa: PLC0415
    from schemathesis.generation import GenerationMode  # noqa: PLC0415

    schemathesis.openapi.format(_FORMAT, st.integers(0, _DATES - 1).map("{{until {}}}".format))
    config = SchemathesisConfig()
    config.projects.default.generation.codec = "ascii"
    operation = schemathesis.openapi.from_dict(_document(), config=config)["/pause"]["POST"]
    generated: SearchStrategy[Any] = operation.as_strategy(generation_mode=GenerationMode(mode))
    return generated.map(lambda case: _case(mode, case.body, case.media_type))


def _document() -> dict[str, Any]:
    """The OpenAPI document with the operation's body alone."""
    document: dict[str, Any] = deepcopy(dict(schemas.load("openapi")))
    operation = document["paths"][_PATH]["post"]
    body = document["components"]["schemas"]["pause-request"]
    body["properties"]["paused_until"]["format"] = _FORMAT
    return {
        "openapi": document["openapi"],
        "info": document["info"],
        "paths": {
            "/pause": {
                "post": {"requestBody": operation["requestBody"], "responses": {"200": {"description": ""}}}
            }
        },
        "components": {"schemas": {"pause-request": body}},
    }


def _case(mode: Mode, body: Any, media_type: str | None) -> Case:
    if isinstance(body, bytes):
        content: str | bytes | None = body
    elif isinstance(body, Mapping | Sequence | int | float | None):
        content = json.dumps(body)
    else:
        content = None
    return Case(f"drawn: a {mode} body of schemathesis", body=content, media_type=media_type, origin="drawn")


def _dated(case: Case, dates: Sequence[SymbolicInstant]) -> Case:
    """The case with the date that its body names by its number, if it names one."""
    if not isinstance(case.body, str):
        return case
    found = _TOKEN.findall(case.body)
    if len(found) != 1:
        return case
    return replace(case, body=_TOKEN.sub("{until}", case.body), until=dates[int(found[0]) % len(dates)])
