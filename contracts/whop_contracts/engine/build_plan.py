"""Builds a plan: vectors and sequences by rank (``schemas/ranks.json``), and drawn requests in between.

Drawn requests are generated for a seed, classified as by the oracle, and grouped to share reads.
"""

from __future__ import annotations

import json
import random
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Sequence as SequenceOf
from copy import deepcopy
from dataclasses import replace
from functools import cache, partial
from itertools import chain, islice, zip_longest
from typing import Final, Literal

from whop_contracts.engine.plan import LIMITS, LazySequences, Placement, Plan, Profile, longest_wait
from whop_contracts.engine.request_builder import RequestBuilder
from whop_contracts.exchange import Exchange, Window
from whop_contracts.instants import read_instant
from whop_contracts.json_text import read_json
from whop_contracts.pause.contract import Contract
from whop_contracts.schemas import document_path
from whop_contracts.steps import Actors, Capabilities, Case, Need, Sequence

Group = tuple[str, ...]
"""The ids of vectors that are sent together, or the id of one sequence."""
BATCH: Final = "batch "
_FIRST: Final[Mapping[Profile, int]] = {"quick": 60, "standard": 100, "thorough": 100}
"""After this many requests every third sequence is a drawn one."""
_SCALES: Final[Mapping[Profile, float]] = {"quick": 1 / 5, "standard": 1.0, "thorough": 3.0}
"""How much of the classes' shares is drawn."""
_TOTALS: Final[Mapping[Profile, int]] = {"quick": 0, "standard": 151, "thorough": 500}
"""Up to how many drawn requests the schemas fill up."""
_SHORTER: Final = 40
"""How many of those ranked after the first for which there is no room are tried: one may be shorter."""
_HISTORIES: Final = 60
"""Histories in a batch of ``thorough``; they move a clock by less than half of what is allowed."""
_DAY: Final = "2026-11-24T03:00:00Z"
"""The day on which a plan is classified; it is the same for everybody, so that a plan is."""
SHARED: Final = 8
"""How many requests that must be rejected share a read; as many that may be accepted follow them."""
_EXPECTED: Final = 12
"""How many accepted pauses share a read."""
_SPARE: Final = 8
"""How many more are drawn than are needed, since some may be dropped."""


def draw(
    contract: Contract,
    profile: Profile,
    *,
    seed: int,
    means: Capabilities,
    only: Literal["drawn"] | None = None,
) -> Plan:
    """Build the plan of a profile. The same arguments and versions give the same plan.

    ``only`` leaves out vectors and sequences. What comes after the first requests is drawn when it is needed.
    """
    offer = means.offer()
    named = {sequence.id: sequence for sequence in contract.sequences(means)}
    groups = [] if only else [*ranks("wall" if means.clock == "wall" else "movable")]
    if profile == "thorough" and not only:
        # What the ranks leave out finds no fault that others do not find.
        left = {*contract.vectors(), *named}.difference(*groups)
        groups += ((id_,) for id_ in (*contract.vectors(), *sorted(named)) if id_ in left)
    found = (_sequence(contract, group, named, offer) for group in groups)
    ranked = [one for one in found if one]
    offered = [one for one in ranked if one.needs <= offer]
    if means.clock == "wall" and means.campaigns > 1:
        offered.sort(key=longest_wait, reverse=True)
    placement = Placement(means)
    head: tuple[Sequence, ...] = ()
    while len(head) < len(offered) and placement.sent <= _FIRST[profile]:
        head = (*head, placement.place(offered[len(head)]))
    lacking = tuple(one for one in ranked if not one.needs <= offer)
    plan = Plan(profile, seed, means, sequences=(), left_out=lacking)
    rest = partial(_rest, contract, plan, placement, offered[len(head) :])
    return replace(plan, sequences=LazySequences(head, rest))


def batch(contract: Contract, plan: Plan, number: int) -> Plan:
    """A batch that a plan goes on with, numbered from 1: drawn requests, and histories that move no clock.

    The same arguments and versions give the same batch. Its sequences are named after it.
    """
    sequences, _ = _drawn(contract, plan, f"{plan.seed} {number}", f"{BATCH}{number}: ")
    return replace(plan, sequences=tuple(map(Placement(plan.means).place, sequences)), left_out=())


@cache
def ranks(clock: Literal["movable", "wall"]) -> tuple[Group, ...]:
    """The ranks for a kind of clock."""
    file = json.loads(document_path("ranks.json").read_text(encoding="utf-8"))
    return tuple(map(tuple, file[clock]))


def _sequence(
    contract: Contract, group: Group, named: Mapping[str, Sequence], offer: frozenset[Need]
) -> Sequence | None:
    """A group as a sequence, without what the target does not offer; None if nothing is left."""
    cases = [case for id_ in group if (case := contract.vectors().get(id_))]
    if not cases:
        return named.get(group[0])
    able = [case for case in cases if contract.class_for(case).needs in (None, *offer)]
    return contract.together(*(able or cases))


def _rest(
    contract: Contract, plan: Plan, placement: Placement, ranked: SequenceOf[Sequence]
) -> tuple[tuple[Sequence, ...], int]:
    """The sequences after the first: as many ranked ones as there is room for, and the drawn ones."""
    drawn, dropped = _drawn(contract, plan, plan.seed, "")

    def placed(some: Iterable[Sequence]) -> tuple[tuple[Sequence, ...], int]:
        trial = deepcopy(placement)
        return tuple(map(trial.place, _interleaved(some, drawn))), trial.requests

    limit = LIMITS.get(plan.profile)
    if limit is None:
        return placed(ranked)[0], dropped
    most = bisect_right(range(1, len(ranked) + 1), limit, key=lambda count: placed(ranked[:count])[1])
    chosen = [*ranked[:most]]
    for one in ranked[most + 1 : most + 1 + _SHORTER]:
        chosen += [one] if placed([*chosen, one])[1] <= limit else []
    return placed(chosen)[0], dropped


def _interleaved(ranked: Iterable[Sequence], drawn: Iterable[Sequence]) -> Iterator[Sequence]:
    """Every third sequence is a drawn one, until those of one kind are used up."""
    one, other = iter(ranked), iter(drawn)
    while some := [*islice(one, 2), *islice(other, 1)]:
        yield from some


# -- drawn requests ------------------------------------------------------------------------------------------


def _drawn(contract: Contract, plan: Plan, seed: object, label: str) -> tuple[list[Sequence], int]:
    """The drawn sequences for a seed, and how many requests were dropped."""
    profile = plan.profile
    cases, dropped = _draw_requests(contract, seed, plan.means, profile)
    found = list(_grouped(contract, cases, f"{label}drawn"))
    if profile == "thorough":
        moving = plan.means.clock != "wall" and not label
        found += (
            replace(one, name=f"{label}{one.name}", id=f"{label}{one.id}")
            for one in contract.histories(seed, _HISTORIES, plan.means, moving)
        )
    return found, dropped


def _draw_requests(
    contract: Contract, seed: object, means: Capabilities, profile: Profile
) -> tuple[list[Case], int]:
    """The share of every class for a seed, filled up from the schemas; also how many requests were dropped.

    Those fit no class or must not be sent. ``quick`` leaves out what needs reads of its own.
    """
    total, dropped = _TOTALS[profile], 0

    def sendable(cases: Iterable[Case]) -> Iterator[Case]:
        nonlocal dropped
        for case in cases:
            if (one := classify(contract, case)) in contract.classes and not is_inconclusive(case):
                yield replace(case, request_class=one)
            else:
                dropped += 1

    own = (
        contract.draw(id_, f"{seed} {id_}", round(one.share * _SCALES[profile]))
        for id_, one in contract.classes.items()
        if one.needs in (None, *means.offer()) and (profile != "quick" or one.effect != "possible")
    )
    found = dict.fromkeys(sendable(chain.from_iterable(own)))
    if len(found) < total:
        for case in sendable(contract.from_schemas(seed, total - len(found) + _SPARE)):
            found[case] = None
            if len(found) == total:
                break
    return list(found), dropped


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
    return contract.class_of(exchange)


def is_inconclusive(case: Case) -> bool:
    """Whether a response would show nothing: not UTF-8, a byte order mark, a key twice."""
    content = case.body.encode() if isinstance(case.body, str) else case.body or b""
    return json.detect_encoding(content) != "utf-8" or bool(read_json(content).duplicates)


def _grouped(contract: Contract, cases: Iterable[Case], label: str) -> Iterator[Sequence]:
    """Sequences named after ``label``: the smallest of each class first, all classes in turn."""
    by_class: dict[str | None, list[Case]] = {}
    for case in sorted(cases, key=lambda case: len(case.body or "") + len(case.campaign + case.credential)):
        by_class.setdefault(case.request_class, []).append(case)
    queues: dict[str, list[Case]] = {"none": [], "possible": [], "expected": []}
    for case in chain.from_iterable(zip_longest(*by_class.values())):
        if case:
            queues[contract.class_for(case).effect].append(case)

    def take(effect: str, count: int) -> list[Case]:
        taken, queues[effect] = queues[effect][:count], queues[effect][count:]
        return taken

    number = 0
    while any(queues.values()):
        # Pauses that must be accepted find most. One with a date can follow whatever was before; one without
        # needs an active campaign.
        accepted = sorted(take("expected", _EXPECTED), key=lambda case: case.until is None)
        groups = [one for one in (accepted, take("none", SHARED)) if one] or [take("possible", SHARED)]
        for some in groups:
            number += 1
            name = f"{label} {number}"
            yield replace(contract.together(*some), name=name, id=name.replace(" ", "-"))
