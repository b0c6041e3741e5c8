"""What plans draw besides the requests of the classes: bodies from the OpenAPI document, and histories.

Schemathesis makes the bodies, valid or not. Their dates are symbolic, and neither ids nor credentials are
used, so that no request can hit somebody's campaign. What a request is meant to be is not relied on: it is
classified like any other.
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
from whop_contracts.pause.request_classes import vectors
from whop_contracts.pause.sequences import GAP, MARGIN, READ, dated, indefinitely
from whop_contracts.pause.strategies.instants import calendar_stamps, far_stamps, stamps
from whop_contracts.pause.strategies.values import draw
from whop_contracts.steps import AdvanceClock, Case, Send, Step, SymbolicInstant, reactivate
from whop_contracts.steps import Sequence as Steps

_FORMAT: Final = "whop-contracts-instant"
"""The format of our instants: ``date-time`` is the user's, if there are other tests in the process."""
_DATES: Final = 64
_TOKEN: Final = re.compile(r"\{until (\d+)\}")
_ZONES: Final = ("Z", "+05:30", "-03:30", "+14:00", "-12:00")
_REJECTED: Final = (
    "date-is-a-word", "not-json", "number-for-date", "no-credential", "unknown-token",
    "delete-on-pause-route",
)  # fmt: skip


# -- from the OpenAPI document -------------------------------------------------------------------------------


def schema_requests(seed: object, count: int) -> list[Case]:
    """About so many requests whose bodies schemathesis generates, one of four of them valid."""
    dates = draw(stamps() | calendar_stamps() | far_stamps(), seed=seed, count=_DATES)
    valid = draw(_cases("positive"), seed=seed, count=count // 4)
    invalid = draw(_cases("negative"), seed=seed, count=count)
    for index, case in enumerate(valid):
        invalid.insert(4 * index + 1, case)
    return [_with_date(case, dates) for case in invalid]


def _cases(mode: Literal["positive", "negative"]) -> SearchStrategy[Case]:
    # It costs half a second to import, and the first requests of a run do not wait for it.
    import schemathesis  # noqa: PLC0415
    from schemathesis.config import SchemathesisConfig  # noqa: PLC0415
    from schemathesis.generation import GenerationMode  # noqa: PLC0415

    schemathesis.openapi.format(_FORMAT, st.integers(0, _DATES - 1).map("{{until {}}}".format))
    config = SchemathesisConfig()
    config.projects.default.generation.codec = "ascii"
    operation = schemathesis.openapi.from_dict(_document(), config=config)["/pause"]["POST"]
    generated: SearchStrategy[Any] = operation.as_strategy(generation_mode=GenerationMode(mode))
    name = f"drawn: a {mode} body of schemathesis"
    return generated.map(
        lambda case: Case(name, body=_content(case.body), media_type=case.media_type, origin="drawn")
    )


def _document() -> dict[str, Any]:
    """The OpenAPI document with the operation's body alone."""
    document = schemas.load("openapi")
    request = document["paths"]["/ad_campaigns/{id}/pause"]["post"]["requestBody"]
    body = deepcopy(document["components"]["schemas"]["pause-request"])
    body["properties"]["paused_until"]["format"] = _FORMAT
    return {
        "openapi": document["openapi"],
        "info": document["info"],
        "paths": {"/pause": {"post": {"requestBody": request, "responses": {"200": {"description": ""}}}}},
        "components": {"schemas": {"pause-request": body}},
    }


def _content(body: Any) -> str | bytes | None:
    if isinstance(body, bytes):
        return body
    return json.dumps(body) if isinstance(body, Mapping | Sequence | int | float | None) else None


def _with_date(case: Case, dates: Sequence[SymbolicInstant]) -> Case:
    """The case with the date that its body names by its number, if it names one."""
    found = _TOKEN.findall(case.body) if isinstance(case.body, str) else []
    if len(found) != 1:
        return case
    body = _TOKEN.sub("{until}", str(case.body))
    return replace(case, body=body, until=dates[int(found[0]) % len(dates)])


# -- histories -----------------------------------------------------------------------------------------------


def histories(gap: int = GAP, *, moving: bool = True) -> SearchStrategy[tuple[Step, ...]]:
    """Histories of one campaign: pauses with and without a date, unpauses, reads, requests that must change
    nothing, and if ``moving`` moves of the clock to just before or well past an instant.

    Pauses last one to three ``gap``. Shrinks towards few steps, pauses first.
    """

    def pause(mark: str, times: int, offset: str, fraction: str | None) -> Send:
        until = SymbolicInstant(plus_ms=times * gap, offset=offset, fraction=fraction)
        return _drawn(dated(f"its instant {mark}", until, mark=mark))

    marks, lengths = st.sampled_from(("a", "b")), st.sampled_from((1, 2, 3))
    zones, fractions = st.sampled_from(_ZONES), st.sampled_from((None, "000", "5", "123456"))
    steps: list[SearchStrategy[Step]] = [
        st.builds(pause, marks, lengths, zones, fractions),
        st.sampled_from((indefinitely(), vectors()["no-body"])).map(_drawn),
        st.just(Send(reactivate())),
        st.just(READ),
        st.sampled_from([vectors()[id_] for id_ in _REJECTED]).map(_drawn),
    ]
    if moving:
        steps.append(st.builds(AdvanceClock, marks, st.sampled_from((gap // 2, -MARGIN))))
    return st.lists(st.one_of(steps), min_size=2, max_size=8).map(_tidied).filter(bool)


def _drawn(case: Case) -> Send:
    return Send(replace(case, origin="drawn"))


def _tidied(steps: list[Step]) -> tuple[Step, ...]:
    """The steps but for moves to an instant that is not known yet; none at all if nothing is paused."""
    kept: list[Step] = []
    known: set[str | None] = set()
    for step in steps:
        if isinstance(step, Send):
            known.add(step.case.mark)
            kept.append(step)
        elif isinstance(step, AdvanceClock) and step.mark in known:
            # A move tells nothing until somebody looks.
            kept += [step, READ]
    pauses = any(isinstance(step, Send) and step.case.leaves == "paused" for step in kept)
    return tuple(kept) if pauses else ()


def drawn_sequences(seed: object, count: int, *, gap: int = GAP, moving: bool = True) -> tuple[Steps, ...]:
    """``count`` histories, the same for the same seed and versions. Each leaves the campaign active."""
    ending = (READ, Send(reactivate()), READ)
    drawn = draw(histories(gap, moving=moving), seed=seed, count=count)
    return tuple(
        Steps(f"explored {index}", (*steps, *ending), ends="active", id=f"explored-{index}")
        for index, steps in enumerate(drawn)
    )
