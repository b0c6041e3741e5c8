"""The plan: what a run sends; computed offline, countable, reproducible, ordered, safe to print."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import platform
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from math import isinf
from typing import Any, Final, Literal, overload

from whop_contracts.steps import Capabilities, Case, Sequence, reactivate, read

Profile = Literal["quick", "standard", "thorough"]
LIMITS: Final[Mapping[Profile, float]] = {"quick": 120, "standard": 398, "thorough": float("inf")}
"""How many requests a plan has at most. A standard run may take 400: a provider that accepts what it may
reject is sent some more than are planned.
"""
RESTORING: Final = "put back"
BATCH_RULE: Final = "batches of drawn requests and histories, from the seed and the number of the batch"
_VERSIONED: Final = ("whop-contracts", "hypothesis", "schemathesis", "jsonschema-rs")


class LazySequences(SequenceOf[Sequence]):
    """Sequences whose first ones are known, and whose rest is drawn when it is first asked for."""

    def __init__(
        self, head: tuple[Sequence, ...], rest: Callable[[], tuple[tuple[Sequence, ...], int]]
    ) -> None:
        self._head = head
        self._rest = rest
        self._all: tuple[Sequence, ...] | None = None
        self._dropped = 0

    @property
    def is_drawn(self) -> bool:
        """Whether all are known."""
        return self._all is not None

    @property
    def dropped(self) -> int:
        """How many drawn requests were dropped."""
        return self._dropped if self._every() is not None else 0

    def _every(self) -> tuple[Sequence, ...]:
        if self._all is None:
            rest, self._dropped = self._rest()
            self._all = (*self._head, *rest)
        return self._all

    def __iter__(self) -> Iterator[Sequence]:
        yield from self._head
        yield from self._every()[len(self._head) :]

    def __len__(self) -> int:
        return len(self._every())

    @overload
    def __getitem__(self, index: int) -> Sequence: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Sequence, ...]: ...
    def __getitem__(self, index: int | slice) -> Sequence | tuple[Sequence, ...]:
        return self._every()[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SequenceOf) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(self._every())


@dataclass(frozen=True, slots=True)
class Plan:
    """Ordered sequences for one profile, seed and target; ``left_out`` need what the target does not offer.

    ``goes_on`` says that batches of drawn sequences follow for as long as there is time.
    """

    profile: Profile
    seed: int
    means: Capabilities
    sequences: SequenceOf[Sequence]
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
            fits = replace(self, sequences=self.sequences[:middle]).requests <= max_requests
            low, high = (middle, high) if fits else (low, middle - 1)
        return replace(self, sequences=self.sequences[:low], cut_short=True)

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
            _shown(number, sequence, case) for number, (sequence, case) in enumerate(self.listed(), start=1)
        ]
        sent = Counter(row["origin"] for row in rows if row["class"])
        return {
            "profile": self.profile,
            "seed": self.seed,
            "sha256": self.sha256,
            "requests": len(rows),
            "drawn": self.drawn,
            "vectors": sent["vector"],
            "dropped": self.sequences.dropped if isinstance(self.sequences, LazySequences) else 0,
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
        return not isinstance(self.sequences, LazySequences) or self.sequences.is_drawn

    @property
    def expected(self) -> int:
        """How many requests there are, or are at most as long as the rest is not drawn."""
        at_most = LIMITS[self.profile]
        return self.requests if self.is_drawn or isinf(at_most) else int(at_most)

    def is_longer(self, count: int) -> bool:
        """Whether it has more than ``count`` requests before campaigns are restored."""
        return sum(1 for sequence, _ in self.listed() if sequence != RESTORING) > count


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
        "class": case.request_class,
        "origin": case.origin,
        "method": case.method,
        "path": f"/ad_campaigns/{{{case.campaign}}}{tail}",
        "role": case.credential,
        "body": body,
        "until": until and f"{until} {case.until.offset if case.until else ''}".strip(),
    }


def _plain(value: Any) -> Any:
    """What JSON has no type for."""
    return sorted(value) if isinstance(value, frozenset) else value.hex()
