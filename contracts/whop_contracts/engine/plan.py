"""The plan: what a run sends; computed offline, countable, reproducible, ordered, safe to print."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import platform
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version
from typing import Any, Final, Literal

from whop_contracts.steps import (
    AdvanceClock,
    AwaitResume,
    Capabilities,
    Case,
    Send,
    Sequence,
    reactivate,
    read,
)

Profile = Literal["quick", "standard", "thorough"]
LIMITS: Final[Mapping[Profile, int]] = {"quick": 120, "standard": 398}
"""How many requests a plan has at most; a provider that accepts what it may reject is sent up to 400."""
RESTORING: Final = "put back"
BATCH_RULE: Final = "batches of drawn requests and histories, from the seed and the number of the batch"
_RESETS: Final = 10
"""After a campaign had to be made active so many times, one that is active is preferred, if there is one."""
_VERSIONED: Final = ("whop-contracts", "hypothesis", "schemathesis", "jsonschema-rs")


class LazySequences(SequenceOf[Sequence]):
    """Sequences whose first ones are known, and whose rest is drawn when it is first asked for.

    ``rest`` returns the others, and how many drawn requests were dropped.
    """

    def __init__(
        self, head: tuple[Sequence, ...], rest: Callable[[], tuple[tuple[Sequence, ...], int]]
    ) -> None:
        self._head = head
        self._rest = rest

    @cached_property
    def drawn(self) -> tuple[tuple[Sequence, ...], int]:
        """All sequences, and how many drawn requests were dropped."""
        rest, dropped = self._rest()
        return (*self._head, *rest), dropped

    def __iter__(self) -> Iterator[Sequence]:
        yield from self._head
        yield from self.drawn[0][len(self._head) :]

    def __len__(self) -> int:
        return len(self.drawn[0])

    def __getitem__(self, index: Any) -> Any:
        return self.drawn[0][index]


@dataclass(frozen=True, slots=True)
class Plan:
    """Ordered sequences for one profile, seed and target; ``left_out`` need what the target does not offer.

    ``goes_on`` says that batches of drawn sequences follow for as long as there is time.
    """

    profile: Profile
    seed: int
    means: Capabilities
    sequences: SequenceOf[Sequence]
    left_out: tuple[Sequence, ...] = ()
    cut_short: bool = False
    goes_on: bool = False

    def cut(self, max_requests: int) -> Plan:
        """The plan as far as it fits into ``max_requests``, in its order."""
        if self.requests <= max_requests:
            return self

        def requests(count: int) -> int:
            return replace(self, sequences=self.sequences[:count]).requests

        most = bisect_right(range(1, len(self.sequences)), max_requests, key=requests)
        return replace(self, sequences=self.sequences[:most], cut_short=True)

    @property
    def sha256(self) -> str:
        """The fingerprint of all that the plan would send, and of the versions that it depends on."""
        body = {
            "versions": {name: version(name) for name in _VERSIONED} | {"python": platform.python_version()},
            "batches": BATCH_RULE if self.profile == "thorough" else None,
            "sequences": [dataclasses.asdict(sequence) for sequence in self.sequences],
        }
        return hashlib.sha256(json.dumps(body, sort_keys=True, default=_plain).encode()).hexdigest()

    def listed(self) -> Iterator[tuple[str, Case]]:
        """Every request on a conforming target in its order, by the name of its sequence."""
        for index in range(self.means.campaigns):
            yield "preflight", read(f"own:{index}")
        if self.means.foreign:
            yield "preflight", read("foreign")
        paused: set[str] = set()
        for sequence in self.sequences:
            if sequence.start == "active" and sequence.campaign in paused:
                yield sequence.name, replace(reactivate(sequence.campaign), origin=sequence.origin)
            for case in sequence.cases():
                yield sequence.name, case if case.request_class else replace(case, origin=sequence.origin)
            sequence.follow(paused)
        for index in range(self.means.campaigns):
            if f"own:{index}" in paused:
                yield RESTORING, reactivate(f"own:{index}")
            yield RESTORING, read(f"own:{index}")

    def outline(self) -> dict[str, Any]:
        """The plan as data for a reader: its fingerprint, the counts, and every request in its order."""
        rows = [
            _row(number, sequence, case) for number, (sequence, case) in enumerate(self.listed(), start=1)
        ]
        sent = Counter(row["origin"] for row in rows if row["class"])
        return {
            "profile": self.profile,
            "seed": self.seed,
            "sha256": self.sha256,
            "requests": len(rows),
            "drawn": sent["drawn"],
            "vectors": sent["vector"],
            "dropped": self.sequences.drawn[1] if isinstance(self.sequences, LazySequences) else 0,
            "goes_on": self.goes_on,
            "cases": rows,
        }

    @property
    def drawn(self) -> int:
        """How many of the planned requests are generated; the reads that serve them are not counted."""
        return sum(case.origin == "drawn" and case.request_class is not None for _, case in self.listed())

    @property
    def requests(self) -> int:
        """How many requests a conforming target is sent, preflight and restoring included."""
        return sum(1 for _ in self.listed())

    @property
    def is_drawn(self) -> bool:
        """Whether all of its sequences are known, so that counting them costs nothing."""
        return not isinstance(self.sequences, LazySequences) or "drawn" in vars(self.sequences)

    @property
    def expected(self) -> int:
        """How many requests there are, or are at most as long as the rest is not drawn."""
        at_most = LIMITS.get(self.profile)
        return self.requests if self.is_drawn or at_most is None else at_most


def _row(number: int, sequence: str, case: Case) -> dict[str, Any]:
    """One request of a plan as data for a reader."""
    tail = "" if case.operation == "retrieve" else f"/{case.operation}"
    body = case.body.decode("utf-8", "backslashreplace") if isinstance(case.body, bytes) else case.body
    until = case.until
    start = until and (f"{until.plus_ms / 1000:+g} s" if until.base == "now" else f" {until.time}")
    return {
        "number": number,
        "sequence": sequence,
        "name": case.name,
        "class": case.request_class,
        "origin": case.origin,
        "method": case.method,
        "path": f"/ad_campaigns/{{{case.campaign}}}{tail}",
        "role": case.credential,
        "body": body,
        "until": until and f"{until.base}{start} {until.offset}".strip(),
    }


def _plain(value: Any) -> Any:
    """What JSON has no type for."""
    return sorted(value) if isinstance(value, frozenset) else value.hex()


def _watched(sequence: Sequence, means: Capabilities) -> Mapping[int, int]:
    """How long its campaigns are waited for on a wall clock; else how often the first campaign and those
    after it are read just before an instant.
    """
    if means.clock == "wall":
        own = {case.campaign.removeprefix("own:") for case in sequence.cases()}
        return {int(one): wait for one in own if one.isdigit()} if (wait := longest_wait(sequence)) else {}
    pairs = itertools.pairwise(sequence.steps)
    early = (then for now, then in pairs if isinstance(now, AdvanceClock) and now.plus_ms < 0)
    reads = (step.case.campaign for step in early if isinstance(step, Send))
    return Counter(int(campaign.removeprefix("own:")) for campaign in reads)


# -- distributing sequences over campaigns -------------------------------------------------------------------


class Placement:
    """Distributes sequences over all campaigns, so that a fault of one of them is found.

    ``sent`` counts the requests so far, preflight included, and ``requests`` also those that restore.
    """

    def __init__(self, means: Capabilities) -> None:
        self._means = means
        self._load = [Counter[bool]() for _ in range(means.campaigns)]
        self._watched = [0] * means.campaigns
        self._paused: set[str] = set()
        self._resets = 0
        self.sent = means.campaigns + means.foreign

    @property
    def requests(self) -> int:
        """How many requests a conforming target is sent if no sequence follows."""
        every = range(self._means.campaigns)
        return self.sent + len(every) + sum(f"own:{index}" in self._paused for index in every)

    def place(self, sequence: Sequence) -> Sequence:
        """The sequence for the campaign that has had least, and least of dates if there are some in it; for
        an active one, if it has to be and there is one. Waits on a wall clock, and reads just before an
        instant on others, are shared out first.
        """
        cases = list(sequence.cases())
        self.sent += len(cases)
        if any(case.campaign.startswith(sequence.campaign) for case in cases):
            dated = sum(case.until is not None for case in cases) > 1
            watched = _watched(sequence, self._means)
            index = self._least_loaded(sequence, dated, watched)
            for offset, share in watched.items():
                self._watched[(index + offset) % len(self._watched)] += share
            self._load[index][dated] += len(sequence.steps)
            self._resets += sequence.start == "active" and f"own:{index}" in self._paused
            sequence = sequence.shifted(index, len(self._load))
        self.sent += sequence.start == "active" and sequence.campaign in self._paused
        sequence.follow(self._paused)
        return sequence

    def _least_loaded(
        self,
        sequence: Sequence,
        dated: bool,  # noqa: FBT001
        watched: Mapping[int, int],
    ) -> int:
        everyone = range(len(self._load))
        active = [index for index in everyone if f"own:{index}" not in self._paused]
        spare = sequence.start == "active" and self._resets >= _RESETS

        def load(one: int) -> tuple[int, int, int]:
            seen = sum(self._watched[(one + offset) % len(self._watched)] for offset in watched)
            return seen, self._load[one][True] if dated else 0, self._load[one].total()

        return min(active or everyone if spare else everyone, key=load)


def longest_wait(sequence: Sequence) -> int:
    """The milliseconds until the last instant that a sequence waits for; 0 if it waits for none.

    On a wall clock the longest ones come first: while they wait, the others are sent to other campaigns.
    """
    marks = {step.mark for step in sequence.steps if isinstance(step, AdvanceClock | AwaitResume)}
    dated = [case.until.plus_ms for case in sequence.cases() if case.until and case.mark in marks]
    return max([0, *dated])
