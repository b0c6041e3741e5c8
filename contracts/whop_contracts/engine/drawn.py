"""Drawn requests: generated for a seed, classified as by the oracle, grouped to share reads."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain, zip_longest
from typing import Final

from whop_contracts.actors import Actors
from whop_contracts.engine.request_builder import RequestBuilder
from whop_contracts.exchange import Exchange, Window
from whop_contracts.instants import read_instant
from whop_contracts.json_text import read_json
from whop_contracts.pause.clause import Contract, PlanParts
from whop_contracts.steps import Capabilities, Case, Sequence

_DAY: Final = "2026-11-24T03:00:00Z"
"""The day on which a plan is classified; it is the same for everybody, so that a plan is."""
SHARED: Final = 8
"""How many requests that must be rejected share a read."""
_POSSIBLE: Final = 8
"""How many that may be accepted follow them."""
_EXPECTED: Final = 12
"""How many accepted pauses share a read."""
_SPARE: Final = 8
"""How many more are drawn than are needed, since some may be dropped."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Requests for a seed; ``dropped`` counts those that fit no class or must not be sent."""

    cases: tuple[Case, ...]
    dropped: int


def draw_requests(
    contract: Contract,
    seed: object,
    means: Capabilities,
    *,
    scale: float,
    total: int = 0,
    possible: bool = True,
) -> Drawn:
    """Draw ``scale`` times the share of every class, and fill up to ``total`` with requests from the schemas.

    Without ``possible``, requests that a provider may carry out are left out: they need reads of their own.
    """
    parts, offer = contract.plan_parts, means.offer()
    own = chain.from_iterable(
        parts.draw(id_, f"{seed} {id_}", round(one.share * scale))
        for id_, one in parts.classes.items()
        if one.needs in (None, *offer) and (possible or one.effect != "possible")
    )
    found, dropped = _sorted_out(contract, own, {})
    if len(found) < total:
        found, more = _sorted_out(
            contract, parts.from_schemas(seed, total - len(found) + _SPARE), found, total
        )
        dropped += more
    return Drawn(tuple(found), dropped)


def _sorted_out(
    contract: Contract, cases: Iterable[Case], found: dict[Case, None], total: int | None = None
) -> tuple[dict[Case, None], int]:
    """Add the cases that can be sent, with their classes, to those found; how many cannot be."""
    dropped = 0
    for case in cases:
        if len(found) == total:
            break
        if (one := classify(contract, case)) in contract.plan_parts.classes and not is_inconclusive(case):
            found[replace(case, request_class=one)] = None
        else:
            dropped += 1
    return found, dropped


@cache
def _reference(contract: Contract) -> tuple[RequestBuilder, Window]:
    """A builder and a clock for classification: nothing is sent to these actors."""
    actors = Actors("a-token-of-nobody-at-all", (f"{contract.id_prefix}AbCdEfGh1234",), "a-reader", "foreign")
    builder = RequestBuilder("", actors, contract, agent="", rng=random.Random(0))  # noqa: S311 - no secret
    instant = read_instant(_DAY)
    assert instant is not None
    return builder, Window(instant.ns, instant.ns)


def classify(contract: Contract, case: Case) -> str:
    """The class of a case, by the functions that the oracle uses."""
    builder, now = _reference(contract)
    bound = builder.bind(case, now)
    exchange = Exchange(1, bound.request, None, 0.0, 0.0, now, bound.role, bound.scope)
    return contract.plan_parts.class_of(exchange)


def is_inconclusive(case: Case) -> bool:
    """Whether a response would show nothing: not UTF-8, a byte order mark, a key twice."""
    content = case.body.encode() if isinstance(case.body, str) else case.body or b""
    return json.detect_encoding(content) != "utf-8" or bool(read_json(content).duplicates)


# -- groups --------------------------------------------------------------------------------------------------


def grouped(parts: PlanParts, cases: Iterable[Case], label: str) -> Iterator[Sequence]:
    """Sequences named after ``label``: the smallest of each class first, all classes in turn."""
    by_class: dict[str, list[Case]] = {}
    for case in sorted(cases, key=_size):
        by_class.setdefault(case.request_class or "", []).append(case)
    turns = [case for row in zip_longest(*by_class.values()) for case in row if case]
    queues = {
        effect: [case for case in turns if parts.classes[case.request_class or ""].effect == effect]
        for effect in ("none", "possible", "expected")
    }
    number = 0
    while any(queues.values()):
        rejected, possible = _take(queues["none"], SHARED), _take(queues["possible"], _POSSIBLE)
        # A pause with a date can follow whatever was before; one without needs an active campaign.
        accepted = sorted(_take(queues["expected"], _EXPECTED), key=lambda case: case.until is None)
        for make, some in ((parts.refused, rejected), (parts.kept, accepted), (parts.refused, possible)):
            if some:
                number += 1
                yield replace(make(*some), name=f"{label} {number}", id=f"{label} {number}".replace(" ", "-"))


def _take(queue: list[Case], count: int) -> list[Case]:
    taken, queue[:] = queue[:count], queue[count:]
    return taken


def _size(case: Case) -> int:
    return len(case.body or "") + len(case.campaign) + len(case.credential)
