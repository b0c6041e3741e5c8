"""The plan: what a run sends, drawn offline; countable, repeatable, ordered, safe to show."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Container, Iterator, Mapping
from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from whop_contracts import __version__, cases, strategies
from whop_contracts.cases import TELLING, dated
from whop_contracts.exchange import Case
from whop_contracts.exploration import GAP, drawn_sequences
from whop_contracts.sequences import (
    AWAITED,
    Need,
    Sequence,
    kept,
    moved,
    read,
    refused,
    resting,
    unpause,
    waited,
    watched,
)

Profile = Literal["quick", "standard", "thorough"]


@dataclass(frozen=True, slots=True)
class Means:
    """What a target offers to a run: how many campaigns, which further credentials, which clock."""

    campaigns: int = 1
    readonly: bool = False
    foreign: bool = False
    resting: bool = False
    """Whether inactive, stale and paused campaigns of the target may be tried too: on the mock and on loopback only."""
    clock: Literal["virtual", "test", "wall"] = "wall"
    tolerance_s: float = 60.0

    def offer(self) -> frozenset[Need]:
        """What a sequence may need, of all that this target has."""
        has = {
            "second": self.campaigns > 1,
            "readonly": self.readonly,
            "foreign": self.foreign,
            "resting": self.resting,
        }
        return frozenset(need for need, there in has.items() if there)  # type: ignore[misc]


@dataclass(frozen=True, slots=True)
class Plan:
    """Ordered sequences for one profile, seed and set of means; ``left_out`` are those whose needs the target does not meet.

    ``goes_on`` says that rounds of further sequences follow for as long as there is time.
    """

    profile: Profile
    seed: int
    means: Means
    sequences: tuple[Sequence, ...]
    left_out: tuple[Sequence, ...] = field(default=())
    cut_short: bool = False
    goes_on: bool = False

    def cut(self, max_requests: int) -> Plan:
        """The plan as far as it fits into ``max_requests``, in its order."""
        if self.requests <= max_requests:
            return self
        low, high = 0, len(self.sequences)
        while low < high:
            middle = (low + high + 1) // 2
            if dataclasses.replace(self, sequences=self.sequences[:middle]).requests <= max_requests:
                low = middle
            else:
                high = middle - 1
        return dataclasses.replace(self, sequences=self.sequences[:low], cut_short=True)

    @property
    def sha256(self) -> str:
        """The fingerprint of all that the plan would send."""
        body = json.dumps([dataclasses.asdict(s) for s in self.sequences], sort_keys=True, default=_plain)
        return hashlib.sha256(f"{__version__} {body}".encode()).hexdigest()

    def listed(self) -> Iterator[tuple[str, Case]]:
        """Every request on a conforming target in its order, by the name of its sequence."""
        for index in range(self.means.campaigns):
            yield "preflight", read(f"own:{index}")
        if self.means.foreign:
            yield "preflight", read("foreign")
        paused: set[str] = set()
        for sequence in self.sequences:
            if sequence.start == "active" and "own:0" in paused:
                yield sequence.name, unpause()
            for case in sequence.cases():
                yield sequence.name, case
                _follow(paused, case)
            if sequence.ends != "same":
                (paused.add if sequence.ends == "paused" else paused.discard)("own:0")
        for index in range(self.means.campaigns):
            if f"own:{index}" in paused:
                yield "put back", unpause(f"own:{index}")
            yield "put back", read(f"own:{index}")

    def outline(self) -> dict[str, Any]:
        """The plan as data for a reader: its fingerprint, the count, and every request in its order."""
        rows = [
            _shown(number, sequence, case) for number, (sequence, case) in enumerate(self.listed(), start=1)
        ]
        return {
            "profile": self.profile,
            "seed": self.seed,
            "sha256": self.sha256,
            "requests": len(rows),
            "goes_on": self.goes_on,
            "cases": rows,
        }

    @property
    def requests(self) -> int:
        """How many requests a conforming target is sent, preflight and putting back included."""
        return sum(1 for _ in self.listed())


def _shown(number: int, sequence: str, case: Case) -> dict[str, Any]:
    """One request of a plan as data for a reader."""
    tail = "" if case.operation == "retrieve" else f"/{case.operation}"
    body = case.body.decode("utf-8", "backslashreplace") if isinstance(case.body, bytes) else case.body
    until = case.until and (
        f"{case.until.base}{case.until.plus_ms / 1000:+g} s"
        if case.until.base == "now"
        else f"{case.until.base} {case.until.time}"
    )
    return {
        "number": number,
        "sequence": sequence,
        "name": case.name,
        "method": case.method,
        "path": f"/ad_campaigns/{{{case.campaign}}}{tail}",
        "role": case.credential,
        "body": body,
        "until": until and f"{until} {case.until.offset if case.until else ''}".strip(),
    }


def _follow(paused: set[str], case: Case) -> None:
    """Note what a case leaves of a campaign other than the first: paused by its pause, active after its unpause or awaited resume."""
    if case.operation == "pause" and case.credential == "full":
        paused.add(case.campaign)
    elif case.operation == "unpause" or case.mark == AWAITED:
        paused.discard(case.campaign)


def _plain(value: Any) -> Any:
    return (
        sorted(value)
        if isinstance(value, frozenset)
        else value.hex()
        if isinstance(value, bytes)
        else str(value)
    )


def draw(profile: Profile, *, seed: int, means: Means) -> Plan:
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
_KEPT: Final = (cases.KEPT, cases.FAR, cases.EXTRAS, cases.NOTHING, cases.EDGE)
"""The tables of cases that a conforming provider accepts."""
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
_SHARED: Final = 5
_DRAWN: Final[dict[Profile, int]] = {"quick": 0, "standard": 5, "thorough": 150}
_EXPLORED: Final[dict[Profile, int]] = {"quick": 0, "standard": 0, "thorough": 60}
"""How many histories are drawn by the rules of the exploration; together they move a clock by less than half of what is allowed."""


def _sequences(profile: Profile, seed: int, means: Means) -> Iterator[Sequence]:
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
    rest += [[_refusal(group) for group in _grouped(table, gone)] for table in _REFUSED]
    rest += [list(lane) for lane in _drawn(profile, seed)]
    rest += [[sequence for sequence in lane if sequence.name not in gone] for lane in others]
    rest.append(
        list(drawn_sequences(seed, _EXPLORED[profile], gap=_gap(means), moving=means.clock != "wall"))
    )
    for index in range(_ROUNDS):
        for lane in rest:
            yield from _share(lane, index, _ROUNDS)


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


def _refusal(group: SequenceOf[Case]) -> Sequence:
    return refused(*group, needs={_NEEDS[case.name] for case in group if case.name in _NEEDS})


def _timed(means: Means) -> SequenceOf[Sequence]:
    """The sequences about time, by what moves the target's clock."""
    if means.clock == "wall":
        return waited(second=means.campaigns > 1)
    return moved(_gap(means), second=means.campaigns > 1)


def _gap(means: Means) -> int:
    """Milliseconds that a dated pause lasts where the clock is moved: so long that what is over is surely over."""
    return max(GAP, int(5_000 * means.tolerance_s))


def _grouped(table: SequenceOf[Case], gone: Container[str] = ()) -> Iterator[SequenceOf[Case]]:
    """The cases of a table that are not gone yet, every five sharing a read."""
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
