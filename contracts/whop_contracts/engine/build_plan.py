"""Drawing a plan: the named cases in the order in which they tell most, and what Hypothesis adds for a seed."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Container, Iterator, Mapping
from collections.abc import Sequence as SequenceOf
from typing import Final, Literal

from whop_contracts.engine.plan import Plan, Profile
from whop_contracts.pause import cases, strategies
from whop_contracts.pause.cases import TELLING, dated
from whop_contracts.pause.exploration import GAP, drawn_sequences
from whop_contracts.pause.sequences import kept, moved, overwriting, refused, resting, waited, watched
from whop_contracts.steps import Capabilities, Case, Need, Sequence


def draw(profile: Profile, *, seed: int, means: Capabilities) -> Plan:
    """Draw the plan of a profile. The same arguments and versions give the same plan."""
    offer = means.offer()
    every = tuple(_sequences(profile, seed, means))
    return Plan(
        profile,
        seed,
        means,
        sequences=tuple(s for s in every if s.needs <= offer),
        left_out=tuple(s for s in every if not s.needs <= offer),
    )


_QUICK: Final = 23
_KEPT: Final = (cases.NOTHING, cases.EXTRAS, cases.EDGE, cases.FAR, cases.KEPT)
"""The tables of cases that a conforming provider accepts. The last leaves a dated pause to the refusals that come next."""
_REFUSED: Final = (
    cases.CREDENTIALS,
    cases.TEXTS,
    cases.READONLY,
    cases.FOREIGN,
    cases.PAST,
    cases.MALFORMED_IDS,
    cases.RECASED,
    cases.SEVERAL,
    cases.METHODS,
    cases.UNKNOWN_IDS,
    cases.NO_OBJECT,
    cases.LOOSE,
    cases.MEDIA,
    cases.TYPES,
    cases.MALFORMED,
)
"""The tables of cases that it refuses, or may refuse."""
_NEEDS: Final[dict[str, Need]] = {
    **{case.name: "readonly" for case in cases.READONLY},
    **{case.name: "foreign" for case in cases.FOREIGN},
}
ROUND: Final = "round "
_ROUNDS: Final = 4
_SHARED: Final = 8
_DRAWN: Final[dict[Profile, int]] = {"quick": 0, "standard": 5, "thorough": 150}
_EXPLORED: Final[dict[Profile, int]] = {"quick": 0, "standard": 0, "thorough": 60}
"""How many histories are drawn by the rules of the exploration; together they move a clock by less than half of what is allowed."""


def _sequences(profile: Profile, seed: int, means: Capabilities) -> Iterator[Sequence]:
    """First what tells most, which is all of ``quick``; then the rest of the tables in rounds."""
    others = [list(_timed(means)), list(watched(means.campaigns)), list(resting())]
    named = {sequence.name: sequence for lane in others for sequence in lane}
    told = list(_told(named, means.offer()))
    first = told[:_QUICK] if profile == "quick" else told
    yield from first
    if profile == "quick":
        return
    gone = {name for sequence in first for name in (sequence.name, *(case.name for case in sequence.cases()))}
    rest = [[kept(*group) for group in _grouped(table, gone)] for table in _KEPT]
    rest += [[_refusal(group, start="any") for group in _grouped(table, gone)] for table in _REFUSED]
    rest += [list(lane) for lane in _drawn(profile, seed)]
    rest += [[sequence for sequence in lane if sequence.name not in gone] for lane in others]
    rest.append(
        list(drawn_sequences(seed, _EXPLORED[profile], gap=_gap(means), moving=means.clock != "wall"))
    )
    for index in range(_ROUNDS):
        for lane in rest:
            yield from _share(lane, index, _ROUNDS)
    yield overwriting()


def _told(named: Mapping[str, Sequence], offer: frozenset[Need]) -> Iterator[Sequence]:
    """The rows of ``TELLING`` as sequences, without the cases that the target has no means for."""
    accepted = {case.name: case for table in _KEPT for case in table}
    refusals = {case.name: case for table in _REFUSED for case in table}
    for row in TELLING:
        able = [name for name in row if _NEEDS.get(name) in (None, *offer)]
        if row[0] in named:
            yield named[row[0]]
        elif row[0] in accepted:
            yield kept(*(accepted[name] for name in row))
        elif able and row[0] in refusals:
            yield _refusal([refusals[name] for name in able])


def _refusal(group: SequenceOf[Case], *, start: Literal["active", "any"] = "active") -> Sequence:
    """What tells most is refused by an active campaign; the rest of each table by one that is paused, whose pause must outlast it."""
    needs = {_NEEDS[case.name] for case in group if case.name in _NEEDS}
    return refused(*group, needs=needs, start=start)


def _timed(means: Capabilities) -> SequenceOf[Sequence]:
    """The sequences about time, by what moves the target's clock."""
    if means.clock == "wall":
        return waited(second=means.campaigns > 1)
    return moved(_gap(means), second=means.campaigns > 1)


def _gap(means: Capabilities) -> int:
    """Milliseconds that a dated pause lasts where the clock is moved: so long that what is over is surely over."""
    return max(GAP, int(5_000 * means.tolerance_s))


def _grouped(table: SequenceOf[Case], gone: Container[str] = ()) -> Iterator[SequenceOf[Case]]:
    """The cases of a table that are not gone yet, every eight sharing a read."""
    left = [case for case in table if case.name not in gone]
    for index in range(0, len(left), _SHARED):
        yield left[index : index + _SHARED]


def _share(lane: SequenceOf[Sequence], index: int, rounds: int) -> SequenceOf[Sequence]:
    """The part of a table that belongs to one round; short tables are done in the first rounds."""
    size = -(-len(lane) // rounds)
    return lane[index * size : (index + 1) * size]


def _drawn(profile: Profile, seed: int) -> tuple[SequenceOf[Sequence], SequenceOf[Sequence]]:
    """What Hypothesis adds for a seed: pauses that must hold, and as many that must be refused."""
    count = _DRAWN[profile]
    good = strategies.draw(strategies.stamps(), seed=seed, count=count)
    bad = strategies.draw(strategies.bad_pause_bodies(), seed=seed, count=count)
    held = [dated(f"drawn {i}", stamp) for i, stamp in enumerate(good)]
    void = [Case(f"drawn: {name} {i}", body=content) for i, (name, content) in enumerate(bad)]
    return [kept(*group) for group in _grouped(held)], [_refusal(group) for group in _grouped(void)]


def further(plan: Plan, number: int) -> Plan:
    """What a plan goes on with, round after round from 1: drawn pauses and histories, the clock left alone.

    The same arguments and versions give the same round. Its sequences are named after it.
    """
    seed = int(hashlib.sha256(f"{plan.seed} {number}".encode()).hexdigest()[:8], 16)
    held, void = _drawn(plan.profile, seed)
    told = drawn_sequences(seed, _EXPLORED[plan.profile], gap=_gap(plan.means), moving=False)
    every = (dataclasses.replace(one, name=f"{ROUND}{number}: {one.name}") for one in (*held, *void, *told))
    return dataclasses.replace(plan, sequences=tuple(every), left_out=())
