"""The plan: what a run sends; computed offline, countable, reproducible, ordered, safe to print."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from whop_contracts import __version__
from whop_contracts.steps import Capabilities, Case, Sequence, reactivate, read

Profile = Literal["quick", "standard", "thorough"]


@dataclass(frozen=True, slots=True)
class Plan:
    """Ordered sequences for one profile, seed and target; ``left_out`` need what the target does not offer.

    ``goes_on`` says that rounds of further sequences follow for as long as there is time.
    """

    profile: Profile
    seed: int
    means: Capabilities
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
                yield sequence.name, reactivate()
            for case in sequence.cases():
                yield sequence.name, case
                if case.leaves:
                    (paused.add if case.leaves == "paused" else paused.discard)(case.campaign)
            if sequence.ends != "same":
                (paused.add if sequence.ends == "paused" else paused.discard)("own:0")
        for index in range(self.means.campaigns):
            if f"own:{index}" in paused:
                yield "put back", reactivate(f"own:{index}")
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
    def drawn(self) -> int:
        """How many of the planned requests Hypothesis generated; the reads that serve them are not counted."""
        return sum(case.origin == "drawn" for _, case in self.listed())

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


def _plain(value: Any) -> Any:
    """What JSON has no type for."""
    return sorted(value) if isinstance(value, frozenset) else value.hex()
