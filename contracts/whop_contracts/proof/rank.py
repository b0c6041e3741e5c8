"""The ranks: in which order vectors and sequences find the faults that the proof knows, for the fewest
requests.

Every vector and every sequence is tried alone on every fault. A greedy cover then takes what finds most new
faults per request. When all are found, it starts again with what is left; what finds nothing is left out.
"""

from __future__ import annotations

import json
import multiprocessing
import random
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from whop_contracts.cli.planning import run_in_process
from whop_contracts.engine.build_plan import SHARED, Group
from whop_contracts.engine.clause_runner import ClauseRunner
from whop_contracts.engine.plan import Plan
from whop_contracts.pause import catalogue
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause.evidence import Evidence
from whop_contracts.pause.request_classes import BY_ID, vectors
from whop_contracts.pause.sequences import sequences, together
from whop_contracts.proof import START
from whop_contracts.provider import ManualClock, build, faults
from whop_contracts.steps import Capabilities, Sequence

_CAMPAIGNS: Final = 4
_CLOCKS: Final = ("movable", "wall")
Clock = Literal["movable", "wall"]
Kind = Literal["kept", "refused", "sequence"]


@dataclass(frozen=True, slots=True)
class Found:
    """What one vector or sequence finds: faults by its own responses, and those that only its reads show.

    ``cost`` is in requests. ``last`` says that it comes after everything else: it may leave a campaign
    changed.
    """

    id: str
    kind: Kind
    cost: float
    by_response: frozenset[str]
    by_read: frozenset[str]
    last: bool = False

    @property
    def faults(self) -> frozenset[str]:
        """All that it finds."""
        return self.by_response | self.by_read


def rank(*, jobs: int) -> dict[Clock, list[Group]]:
    """The groups of ids in the order of the cover, for either kind of clock."""
    names = [fault.name for fault in faults()]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        found = list(pool.map(_finders, names, chunksize=8))
    return {clock: cover(_found(clock, names, [one[clock] for one in found])) for clock in _CLOCKS}


def cover(units: Iterable[Found]) -> list[Group]:
    """Greedy cover: again and again what finds most faults per request that nothing before it has found."""
    found = {one.id: one for one in units}
    left = list(found.values())
    everything = frozenset[str]().union(*(one.faults for one in left))
    missing = set(everything)
    groups: list[list[str]] = []
    first = 0
    open_: Kind = "sequence"
    while left:
        joinable = open_ if groups and len(groups[-1]) < SHARED else None
        (gain, joins), best = max(
            ((_gain(one, missing, joinable), one) for one in left), key=lambda pair: pair[0][0]
        )
        if gain == 0:
            if missing == everything:
                break
            missing = set(everything)
            first = first or len(groups)
            continue
        if not joins:
            groups.append([])
            open_ = best.kind
        # Of pauses that share a read, the last is the one that the group was begun with.
        groups[-1].insert(0 if best.kind == "kept" else len(groups[-1]), best.id)
        missing -= best.by_response if joins and best.kind == "kept" else best.faults
        left.remove(best)
    return [
        *_ordered([[found[id_] for id_ in group] for group in groups[:first]]),
        *map(tuple, groups[first:]),
    ]


def _ordered(groups: list[list[Found]]) -> Iterator[Group]:
    """The groups by what each finds for its requests: what joined a group has changed that."""
    found: set[str] = set()

    def worth(group: list[Found]) -> float:
        new = frozenset[str]().union(*(one.faults for one in group)) - found
        cost = group[0].cost if len(group) == 1 else len(group) + 1.0
        return (1e-6 if any(one.last for one in group) else 1.0) * len(new) / cost

    while groups:
        best = max(groups, key=worth)
        groups.remove(best)
        found.update(*(one.faults for one in best))
        yield tuple(one.id for one in best)


def _gain(one: Found, missing: set[str] | frozenset[str], open_: Kind | None) -> tuple[float, bool]:
    """How many faults more are found per request, and whether it is best sent in the open group."""
    alone = len(one.faults & missing) / one.cost
    joined = 0.0
    if one.kind == open_ != "sequence":
        joined = float(len((one.by_response if one.kind == "kept" else one.faults) & missing))
    return (1e-6 if one.last else 1.0) * max(alone, joined), joined > alone


def text_of(ranks: Mapping[Clock, Iterable[Group]]) -> str:
    """The file ``ranks.json``."""
    parts = (
        f'  "{clock}": [\n' + ",\n".join(f"    {json.dumps(list(group))}" for group in ranks[clock]) + "\n  ]"
        for clock in _CLOCKS
    )
    return "{\n" + ",\n".join(parts) + "\n}\n"


# -- trying vectors and sequences ----------------------------------------------------------------------------


def _found(
    clock: Clock, names: Iterable[str], finders: Iterable[tuple[set[str], set[str]]]
) -> Iterator[Found]:
    by_response: dict[str, set[str]] = {}
    by_read: dict[str, set[str]] = {}
    for name, (responses, reads) in zip(names, finders, strict=True):
        for id_ in responses:
            by_response.setdefault(id_, set()).add(name)
        for id_ in reads - responses:
            by_read.setdefault(id_, set()).add(name)
    for one in _units(clock):
        cost = len(list(one.cases())) + (0.5 if one.start == "active" else 0.0)
        shown = [frozenset(some.get(one.id, ())) for some in (by_response, by_read)]
        yield Found(one.id, _kind(one.id), cost, shown[0], shown[1], last="loopback" in one.needs)


def _kind(id_: str) -> Kind:
    if id_ not in vectors():
        return "sequence"
    return "kept" if BY_ID[vectors()[id_].request_class or ""].effect == "expected" else "refused"


@cache
def _units(clock: Clock) -> tuple[Sequence, ...]:
    """Every vector and every sequence on its own."""
    alone = map(together, vectors().values())
    named = {one.id: one for means in (_means(clock, 1), _means(clock)) for one in sequences(means)}
    return (*alone, *named.values())


def _means(clock: Clock, campaigns: int = _CAMPAIGNS) -> Capabilities:
    kind: Literal["wall", "virtual"] = "wall" if clock == "wall" else "virtual"
    return Capabilities(campaigns, readonly=True, foreign=True, resting=True, loopback=True, clock=kind)


def _finders(fault: str) -> dict[Clock, tuple[set[str], set[str]]]:
    """The ids of what finds a fault, by kind of clock: by a response to what it sends, and by a read.

    Every sequence has a provider of its own: a timer that one has left would be found by another.
    """
    by_clock: dict[Clock, tuple[set[str], set[str]]] = {}
    alone = [one for one in _units("movable") if one.id in vectors()]
    of_vectors = _shown(fault, alone, _means("movable"))
    for clock in _CLOCKS:
        by_response, by_read = (set(ids) for ids in of_vectors)
        for one in _units(clock)[len(alone) :]:
            responses, reads = _shown(fault, [one], _means(clock))
            by_response |= responses
            by_read |= reads
        by_clock[clock] = by_response, by_read
    return by_clock


def _shown(fault: str, units: Iterable[Sequence], means: Capabilities) -> tuple[set[str], set[str]]:
    runner = ClauseRunner(catalogue.clauses(), PAUSE)
    musts = {clause.id for clause in runner.clauses if clause.level == "must"}
    units = tuple(units)
    ids = {one.name: one.id for one in units}
    by_response: set[str] = set()
    by_read: set[str] = set()

    def watch(evidence: Evidence, sequence: str) -> None:
        if musts.intersection(runner.add(evidence, sequence)) and sequence in ids:
            (by_read if evidence.exchange.request.operation == "retrieve" else by_response).add(ids[sequence])

    provider = build(fault=fault, clock=ManualClock(START))
    run_in_process(Plan("thorough", 0, means, units), provider, random.Random(fault), watch)  # noqa: S311
    return by_response, by_read
