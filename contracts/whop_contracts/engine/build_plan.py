"""Building a plan: vectors and sequences in the order of ``schemas/ranks.json``, drawn requests in
between.
"""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Sequence as SequenceOf
from dataclasses import replace
from functools import cache, partial
from itertools import islice
from typing import Final, Literal

from whop_contracts.engine.drawn import Drawn, draw_requests, grouped
from whop_contracts.engine.plan import LIMITS, LazySequences, Plan, Profile
from whop_contracts.pause.clause import Contract, PlanParts
from whop_contracts.schemas import document_path
from whop_contracts.steps import AdvanceClock, AwaitResume, Capabilities, Need, Sequence

Group = tuple[str, ...]
"""The ids of vectors that are sent together, or the id of one sequence."""
BATCH: Final = "batch "
_FIRST: Final[Mapping[Profile, int]] = {"quick": 60, "standard": 95, "thorough": 95}
"""After this many requests every third sequence is a drawn one."""
_DRAWN: Final[Mapping[Profile, Callable[[Contract, object, Capabilities], Drawn]]] = {
    "quick": partial(draw_requests, scale=1 / 5.5, possible=False),
    "standard": partial(draw_requests, scale=1.0, total=151),
    "thorough": partial(draw_requests, scale=3.0, total=500),
}
"""How much of the classes' shares is drawn, and up to how many requests the schemas fill up."""
_RESETS: Final = 10
"""After a campaign had to be made active so many times, one that is active is preferred, if there is one."""
_SHORTER: Final = 12
"""How many of those ranked after the first for which there is no room are tried: one may be shorter."""
_HISTORIES: Final = 60
"""How many histories a batch of ``thorough`` has; together they move a clock by less than half of what is
allowed.
"""


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
    parts, offer = contract.plan_parts, means.offer()
    groups = [] if only else [*ranks(parts, "wall" if means.clock == "wall" else "movable")]
    if profile == "thorough" and not only:
        groups += _unranked(parts, groups)
    ranked = [one for group in groups if (one := _sequence(parts, group, means))]
    offered = [one for one in ranked if one.needs <= offer]
    if means.clock == "wall" and means.campaigns > 1:
        offered.sort(key=_longest_wait, reverse=True)
    placement = _Placement(means)
    plan = Plan(
        profile, seed, means, sequences=(), left_out=tuple(one for one in ranked if not one.needs <= offer)
    )
    head: tuple[Sequence, ...] = ()
    while len(head) < len(offered) and not replace(plan, sequences=head).is_longer(_FIRST[profile]):
        head = (*head, placement.place(offered[len(head)]))
    rest = partial(_rest, contract, plan, head, placement, offered[len(head) :])
    return replace(plan, sequences=LazySequences(head, rest))


def batch(contract: Contract, plan: Plan, number: int) -> Plan:
    """A batch that a plan goes on with, numbered from 1: drawn requests and histories; the clock is left
    alone.

    The same arguments and versions give the same batch. Its sequences are named after it.
    """
    sequences, _ = _drawn(contract, plan, f"{plan.seed} {number}", f"{BATCH}{number}: ")
    placement = _Placement(plan.means)
    return replace(plan, sequences=tuple(map(placement.place, sequences)), left_out=())


# -- vectors and sequences -----------------------------------------------------------------------------------


@cache
def ranks(parts: PlanParts, clock: Literal["movable", "wall"]) -> tuple[Group, ...]:
    """The ranks for a kind of clock. ValueError if the file names an id that does not exist."""
    file = json.loads(document_path("ranks.json").read_text(encoding="utf-8"))
    return tuple(checked(parts, group) for group in file[clock])


def checked(parts: PlanParts, group: SequenceOf[str]) -> Group:
    """A group whose ids exist: of vectors, or of one sequence. ValueError names an id that does not."""
    known = {*parts.vectors(), *([] if group[1:] else parts.sequence_ids())}
    for id_ in group:
        if id_ not in known:
            near = difflib.get_close_matches(id_, known, 1)
            hint = f"; is it {near[0]!r}?" if near else ""
            raise ValueError(f"ranks.json: no vector or sequence has the id {id_!r}{hint}")
    return tuple(group)


def _unranked(parts: PlanParts, groups: Iterable[Group]) -> Iterator[Group]:
    """What the ranks leave out, each on its own: it finds no fault that others do not find."""
    ranked = {id_ for group in groups for id_ in group}
    yield from ((id_,) for id_ in (*parts.vectors(), *sorted(parts.sequence_ids())) if id_ not in ranked)


def _sequence(parts: PlanParts, group: Group, means: Capabilities) -> Sequence | None:
    """A group as a sequence, without what the target does not offer; None if nothing is left."""
    named, vectors = _named(parts, means), parts.vectors()
    cases = [vectors[id_] for id_ in group if id_ in vectors]
    if not cases:
        return named.get(group[0])
    classes = {case: parts.classes[case.request_class or ""] for case in cases}
    able: tuple[Need | None, ...] = (None, *means.offer())
    cases = [case for case in cases if classes[case].needs in able] or cases
    return parts.kept(*cases) if classes[cases[0]].effect == "expected" else parts.refused(*cases)


@cache
def _named(parts: PlanParts, means: Capabilities) -> Mapping[str, Sequence]:
    return {sequence.id: sequence for sequence in parts.sequences(means)}


def _longest_wait(sequence: Sequence) -> int:
    """The milliseconds until the last instant that a sequence waits for; 0 if it waits for none.

    On a wall clock the longest ones come first: while they wait, the others are sent to other campaigns.
    """
    marks = {step.mark for step in sequence.steps if isinstance(step, AdvanceClock | AwaitResume)}
    dated = [case.until.plus_ms for case in sequence.cases() if case.until and case.mark in marks]
    return max([0, *dated])


class _Placement:
    """Distributes sequences over all campaigns, so that a fault of one of them is found."""

    def __init__(self, means: Capabilities) -> None:
        self._means = means
        self._load = [Counter[bool]() for _ in range(means.campaigns)]
        self._waits = [0] * means.campaigns
        self._paused: set[str] = set()
        self._resets = 0

    def place(self, sequence: Sequence) -> Sequence:
        """The sequence for the campaign that has had least, and least of dates if there are some in it; for
        an active one, if it has to be and there is one. Waits on a wall clock are shared out first.
        """
        if not any(case.campaign.startswith(sequence.campaign) for case in sequence.cases()):
            sequence.follow(self._paused)
            return sequence
        everyone = range(len(self._load))
        active = [index for index in everyone if f"own:{index}" not in self._paused]
        spare = sequence.start == "active" and self._resets >= _RESETS
        dated = sum(case.until is not None for case in sequence.cases()) > 1
        wait = _longest_wait(sequence) if self._means.clock == "wall" else 0

        def load(one: int) -> tuple[int, int, int]:
            shares = self._waits[one] if wait else 0, self._load[one][True] if dated else 0
            return *shares, self._load[one].total()

        index = min(active or everyone if spare else everyone, key=load)
        self._waits[index] += wait
        self._resets += sequence.start == "active" and f"own:{index}" in self._paused
        placed = sequence.shifted(index, len(self._load))
        self._load[index][dated] += len(sequence.steps)
        placed.follow(self._paused)
        return placed

    def copy(self) -> _Placement:
        """A placement that goes on from here on its own."""
        other = _Placement(self._means)
        other._load, other._paused = [one.copy() for one in self._load], self._paused.copy()
        other._waits, other._resets = self._waits.copy(), self._resets
        return other


# -- drawn ---------------------------------------------------------------------------------------------------


def _rest(
    contract: Contract,
    plan: Plan,
    head: tuple[Sequence, ...],
    placement: _Placement,
    ranked: SequenceOf[Sequence],
) -> tuple[tuple[Sequence, ...], int]:
    """The sequences after the first: as many ranked ones as there is room for, and the drawn ones."""
    drawn, dropped = _drawn(contract, plan, plan.seed, "")

    def placed(some: Iterable[Sequence]) -> tuple[Sequence, ...]:
        return tuple(map(placement.copy().place, _interleaved(some, drawn)))

    def fits(some: Iterable[Sequence]) -> bool:
        return replace(plan, sequences=(*head, *placed(some))).requests <= limit

    limit = LIMITS[plan.profile]
    low, high = 0, len(ranked)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(ranked[:middle]) else (low, middle - 1)
    chosen = [*ranked[:low]]
    for one in ranked[low + 1 : low + 1 + _SHORTER]:
        chosen += [one] if fits([*chosen, one]) else []
    return placed(chosen), dropped


def _interleaved(ranked: Iterable[Sequence], drawn: Iterable[Sequence]) -> Iterator[Sequence]:
    """Every third sequence is a drawn one, until those of one kind are used up."""
    one, other = iter(ranked), iter(drawn)
    while True:
        some = [*islice(one, 2), *islice(other, 1)]
        if not some:
            return
        yield from some


def _drawn(contract: Contract, plan: Plan, seed: object, label: str) -> tuple[list[Sequence], int]:
    """The drawn sequences for a seed, and how many requests were dropped."""
    requests = _DRAWN[plan.profile](contract, seed, plan.means)
    found = list(grouped(contract.plan_parts, requests.cases, f"{label}drawn"))
    if plan.profile == "thorough":
        moving = plan.means.clock != "wall" and not label
        found += (
            replace(one, name=f"{label}{one.name}", id=f"{label}{one.id}")
            for one in contract.plan_parts.histories(seed, _HISTORIES, plan.means, moving)
        )
    return found, requests.dropped
