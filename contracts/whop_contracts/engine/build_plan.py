"""Building a plan: vectors and sequences in the order of ``schemas/ranks.json``, and what Hypothesis adds for a seed."""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
from collections.abc import Iterator, Mapping
from collections.abc import Sequence as SequenceOf
from functools import cache
from typing import Final, Literal

from whop_contracts.engine.plan import Plan, Profile
from whop_contracts.pause import strategies
from whop_contracts.pause.exploration import drawn_sequences
from whop_contracts.pause.request_classes import BY_ID
from whop_contracts.pause.sequences import dated, gap_of, kept, refused, sequence_ids, sequences
from whop_contracts.pause.vectors import vectors
from whop_contracts.schemas import document_path
from whop_contracts.steps import Capabilities, Case, Need, Sequence

Group = tuple[str, ...]
"""The ids of vectors that are sent together, or the id of one sequence."""
ROUND: Final = "round "
_DRAWN_HERE: Final = "drawn"
"""Where in the ranks the drawn requests are sent."""
_QUICK: Final = 23
"""How many groups ``quick`` sends."""
_SHARED: Final = 8
_DRAWN: Final[dict[Profile, int]] = {"quick": 0, "standard": 5, "thorough": 150}
_EXPLORED: Final[dict[Profile, int]] = {"quick": 0, "standard": 0, "thorough": 60}
"""How many histories are drawn by the rules of the exploration; together they move a clock by less than half of what
is allowed."""


def draw(profile: Profile, *, seed: int, means: Capabilities) -> Plan:
    """Build the plan of a profile. The same arguments and versions give the same plan."""
    offer = means.offer()
    every = tuple(_sequences(profile, seed, means))
    return Plan(
        profile,
        seed,
        means,
        sequences=tuple(s for s in every if s.needs <= offer),
        left_out=tuple(s for s in every if not s.needs <= offer),
    )


@cache
def ranks() -> tuple[tuple[Group, ...], tuple[Group, ...]]:
    """The order in which vectors and sequences are sent: first what finds most faults, then the rest.

    ValueError if the file names an id that there is not.
    """
    file = json.loads(document_path("ranks.json").read_text(encoding="utf-8"))
    return tuple(map(checked, file["first"])), tuple(map(checked, file["rest"]))


def checked(group: SequenceOf[str]) -> Group:
    """A group whose ids exist: of vectors, or of one sequence. ValueError names an id that does not."""
    known = {*vectors(), *([] if group[1:] else [*sequence_ids(), _DRAWN_HERE])}
    for id_ in group:
        if id_ not in known:
            near = difflib.get_close_matches(id_, known, 1)
            hint = f"; is it {near[0]!r}?" if near else ""
            raise ValueError(f"ranks.json: no vector or sequence has the id {id_!r}{hint}")
    return tuple(group)


def _sequences(profile: Profile, seed: int, means: Capabilities) -> Iterator[Sequence]:
    named = {sequence.id: sequence for sequence in sequences(means)}
    first, rest = ranks()
    leading = [one for group in first if (one := _sequence(group, named, means.offer(), "active"))]
    yield from leading[:_QUICK] if profile == "quick" else leading
    if profile == "quick":
        return
    for group in rest:
        if group == (_DRAWN_HERE,):
            yield from _drawn(profile, seed)
        elif one := _sequence(group, named, means.offer(), "any"):
            yield one
    yield from drawn_sequences(seed, _EXPLORED[profile], gap=gap_of(means), moving=means.clock != "wall")


def _sequence(
    group: Group, named: Mapping[str, Sequence], offer: frozenset[Need], start: Literal["active", "any"]
) -> Sequence | None:
    """A group as a sequence, without what the target does not offer; None if nothing is left.

    Requests that must be rejected go to an active campaign first, later to a paused one, whose pause must outlast them.
    """
    cases = [vectors()[id_] for id_ in group if id_ in vectors()]
    if not cases:
        return named.get(group[0])
    classes = {case: BY_ID[case.request_class or ""] for case in cases}
    cases = [case for case in cases if classes[case].needs in (None, *offer)]
    if not cases:
        return None
    return kept(*cases) if classes[cases[0]].effect == "expected" else refused(*cases, start=start)


def _drawn(profile: Profile, seed: int) -> Iterator[Sequence]:
    """What Hypothesis adds for a seed: pauses that must hold, and as many requests that must be rejected."""
    count = _DRAWN[profile]
    good = strategies.draw(strategies.stamps(), seed=seed, count=count)
    bad = strategies.draw(strategies.bad_pause_bodies(), seed=seed, count=count)
    held = [dataclasses.replace(dated(f"drawn {i}", stamp), origin="drawn") for i, stamp in enumerate(good)]
    void = [
        Case(f"drawn: {name} {index}", body=content, request_class="string", origin="drawn")
        for index, (name, content) in enumerate(bad)
    ]
    yield from (kept(*group) for group in _grouped(held))
    yield from (refused(*group) for group in _grouped(void))


def _grouped(cases: SequenceOf[Case]) -> Iterator[SequenceOf[Case]]:
    """Every eight cases, which share a read."""
    for index in range(0, len(cases), _SHARED):
        yield cases[index : index + _SHARED]


def further(plan: Plan, number: int) -> Plan:
    """What a plan goes on with, round after round from 1: drawn pauses and histories, the clock left alone.

    The same arguments and versions give the same round. Its sequences are named after it.
    """
    seed = int(hashlib.sha256(f"{plan.seed} {number}".encode()).hexdigest()[:8], 16)
    histories = drawn_sequences(seed, _EXPLORED[plan.profile], gap=gap_of(plan.means), moving=False)
    every = (
        dataclasses.replace(one, name=f"{ROUND}{number}: {one.name}")
        for one in (*_drawn(plan.profile, seed), *histories)
    )
    return dataclasses.replace(plan, sequences=tuple(every), left_out=())
