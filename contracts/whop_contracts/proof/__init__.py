"""The proof: what became of every faulty provider and of every honest one, and what is wrong with that.

Pure values and reckoning over them; ``trials`` brings them about, ``reports.proof`` shows them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

START: Final = 1_790_000_000.0
"""Where the virtual clock of a proof starts unless told otherwise: 2026-09-21T14:13:20Z, so that its numbers can be repeated."""
HONEST: Final = "honest"
_CAUGHT_PERCENT: Final[Mapping[str, int]] = {"quick": 90}
_REQUESTS: Final[Mapping[str, tuple[str, int]]] = {
    "quick": (f"{HONEST}-two-campaigns", 120),
    "standard": (HONEST, 400),
}
"""For each profile the honest provider whose run is counted, and how many requests it may take."""
_EARLY: Final[Mapping[str, tuple[int, int]]] = {"standard": (10, 80)}
"""For each profile the median and the 90th percentile of the first failing request that are allowed."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One provider judged once.

    ``failed`` are the *must* clauses that it broke, ``warned`` the *should* clauses, in the catalogue's order; ``first`` the *must* clauses
    that the first failing exchange broke, ``first_request`` its number (0 for none) and ``sequence`` what it was sent in. ``inconclusive`` is the
    reason why nothing could be said, ``left`` the campaigns that were not put back, ``crash`` an error of our own.
    """

    kind: str
    name: str
    why: str = ""
    wfc: int | None = None
    seed: int = 0
    failed: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    first_request: int = 0
    sequence: str = ""
    requests: int = 0
    inconclusive: str | None = None
    left: tuple[str, ...] = ()
    crash: str | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """The trials of every fault (one each) and of every honest variation (one a seed), with the clauses by id and level.

    ``start`` is the instant of the virtual clock, in seconds since 1970, from which every trial began.
    """

    profile: str
    start: float
    clauses: tuple[tuple[str, str], ...]
    faults: tuple[Trial, ...]
    variations: tuple[Trial, ...]

    @property
    def caught(self) -> tuple[Trial, ...]:
        """The faults that broke a *must* clause."""
        return tuple(trial for trial in self.faults if trial.failed)

    @property
    def survivors(self) -> tuple[Trial, ...]:
        """The faults that broke none."""
        return tuple(trial for trial in self.faults if not trial.failed)

    @property
    def median(self) -> int:
        """The first failing request of the fault in the middle, over those caught; 0 where none was."""
        return self._percentile(50)

    @property
    def p90(self) -> int:
        """The first failing request that nine of ten faults caught do not pass."""
        return self._percentile(90)

    @property
    def musts(self) -> tuple[str, ...]:
        """The *must* clauses."""
        return tuple(name for name, level in self.clauses if level == "must")

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of the honest trials."""
        return tuple(sorted({trial.seed for trial in self.variations}))

    def catches(self) -> Mapping[str, int]:
        """How many faults each clause fails or, for a *should*, warns of."""
        return Counter(name for trial in self.faults for name in (*trial.failed, *trial.warned))

    def firsts(self) -> Mapping[str, int]:
        """Of how many faults each *must* clause is among the first to fail."""
        return Counter(name for trial in self.faults for name in trial.first)

    def alone(self) -> Mapping[str, tuple[str, ...]]:
        """For each *must* clause the faults that no other one fails: what would survive without it."""
        single = [trial for trial in self.faults if len(trial.failed) == 1]
        return {
            name: found
            for name in self.musts
            if (found := tuple(trial.name for trial in single if trial.failed == (name,)))
        }

    def _percentile(self, percent: int) -> int:
        """By nearest rank."""
        numbers = sorted(trial.first_request for trial in self.caught)
        return numbers[math.ceil(len(numbers) * percent / 100) - 1] if numbers else 0


def problems(proof: Proof, *, whole: bool = True, measured: bool = False) -> list[str]:
    """What is wrong with a proof, a line each; nothing where it holds. ``whole`` says that it is over all faults, not over some.

    ``measured`` says that the proof only measures what part of a plan finds: faults may survive.
    """
    if measured:
        return [*_crashes(proof), *_false_alarms(proof)]
    return [
        *_crashes(proof),
        *_survivors(proof),
        *_false_alarms(proof),
        *(_idle_clauses(proof) if whole else ()),
        *_spent(proof),
        *(_late(proof) if whole else ()),
    ]


def _crashes(proof: Proof) -> Iterator[str]:
    for trial in (*proof.faults, *proof.variations):
        if trial.crash:
            yield f"{trial.name}, seed {trial.seed}: an error of our own, {trial.crash}"


def _survivors(proof: Proof) -> Iterator[str]:
    wanted = _CAUGHT_PERCENT.get(proof.profile)
    survivors = [trial for trial in proof.survivors if not trial.crash]
    if wanted is None:
        for trial in survivors:
            warned = f"; only warned: {', '.join(trial.warned)}" if trial.warned else ""
            yield f"{trial.name} ({trial.kind}) survives{warned}"
    elif 100 * len(proof.caught) < wanted * len(proof.faults):
        yield (
            f"{len(proof.caught)} of {len(proof.faults)} faults are caught, fewer than {wanted} %; "
            f"these survive: {', '.join(trial.name for trial in survivors)}"
        )


def _false_alarms(proof: Proof) -> Iterator[str]:
    for trial in proof.variations:
        who = f"{trial.name}, seed {trial.seed}"
        if trial.failed:
            yield f"{who}: a false alarm, at request {trial.first_request}, by {', '.join(trial.failed)}"
        if trial.inconclusive:
            yield f"{who}: inconclusive, {trial.inconclusive}"
        for left in trial.left:
            yield f"{who}: not put back, {left}"
        if trial.name.startswith(HONEST) and trial.warned:
            yield f"{who}: warned by {', '.join(trial.warned)}"


def _idle_clauses(proof: Proof) -> Iterator[str]:
    """Clauses that no fault shows to work."""
    if proof.profile == "quick":
        return
    catches, firsts = proof.catches(), proof.firsts()
    for name in proof.musts:
        if not catches[name]:
            yield f"{name}: no fault fails it"
        elif not firsts[name]:
            yield f"{name}: no fault fails it first"
    warned = {name for trial in proof.variations for name in trial.warned}
    for name, level in proof.clauses:
        if level != "must" and not catches[name] and name not in warned:
            yield f"{name}: no fault and no variation makes it warn"


def _spent(proof: Proof) -> Iterator[str]:
    name, most = _REQUESTS.get(proof.profile, ("", 0))
    for trial in proof.variations:
        if trial.name == name and trial.requests > most:
            yield f"{name}, seed {trial.seed}: {trial.requests} requests, more than {most}"


def _late(proof: Proof) -> Iterator[str]:
    median, p90 = _EARLY.get(proof.profile, (math.inf, math.inf))
    if proof.median > median:
        yield f"the median of the first failing request is {proof.median}, more than {median}"
    if proof.p90 > p90:
        yield f"the 90th percentile of the first failing request is {proof.p90}, more than {p90}"
