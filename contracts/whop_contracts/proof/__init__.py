"""The proof: what a run says about every faulty and every conforming provider, and what is wrong with that.

Values and figures only; ``trials`` runs the providers, ``page`` writes the result.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

START: Final = 1_790_000_000.0
"""The default start of a proof's virtual clock, 2026-09-21T14:13:20Z: the same figures each time."""
CONFORMING: Final = "conforming"
"""The name and the kind of the provider without a fault and with default options."""
WARNINGS: Final = "warnings"
"""The kind of the faults that are about *should* clauses."""
_CAUGHT_PERCENT: Final[Mapping[str, int]] = {"quick": 88}
_REQUESTS: Final[Mapping[str, tuple[str, int]]] = {
    "quick": (f"{CONFORMING}-two-campaigns", 120),
    "standard": (CONFORMING, 400),
}
"""For each profile the conforming provider whose requests are counted, and how many a run may send."""
_EARLY: Final[Mapping[str, Mapping[int, int]]] = {"standard": {50: 15, 90: 110, 97: 180, 99: 240}}
"""For each profile the largest first failing request, by the percentage of faults that it is not exceeded by.
"""


@dataclass(frozen=True, slots=True)
class Trial:
    """One run against one provider.

    ``failed`` and ``warned`` are the *must* and *should* clauses that reported something, in the catalogue's
    order. ``first`` are the *must* clauses that failed on the first failing exchange, ``first_request`` its
    number (0 for none), ``sequence`` what it belonged to. ``inconclusive`` is the reason, ``left`` the
    campaigns that were not restored, ``crash`` an error of our own.
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

    @property
    def caught(self) -> bool:
        """Whether a *must* clause failed or, if the fault is about a *should* clause, one of those warned."""
        return bool(self.failed or (self.kind == WARNINGS and self.warned))

    @property
    def accused(self) -> bool:
        """Whether anything happened that must not happen to a conforming provider."""
        return bool(self.failed or self.inconclusive or self.left or self.crash)


@dataclass(frozen=True, slots=True)
class Proof:
    """The trials of every fault and (per seed) of every conforming provider, and the clauses' levels.

    ``start`` is where the virtual clock of every trial started, in seconds since 1970.
    """

    profile: str
    start: float
    clauses: tuple[tuple[str, str], ...]
    faults: tuple[Trial, ...]
    variations: tuple[Trial, ...]

    @property
    def caught(self) -> tuple[Trial, ...]:
        """The faults that were caught."""
        return tuple(trial for trial in self.faults if trial.caught)

    @property
    def survivors(self) -> tuple[Trial, ...]:
        """The faults that failed none."""
        return tuple(trial for trial in self.faults if not trial.caught)

    @property
    def musts(self) -> tuple[str, ...]:
        """The *must* clauses."""
        return tuple(name for name, level in self.clauses if level == "must")

    @property
    def seeds(self) -> int:
        """How many seeds each conforming provider was run with."""
        return len({trial.seed for trial in self.variations})

    def first_request(self, percent: int) -> int:
        """The first failing request that so many percent of the caught faults do not exceed; else 0."""
        return percentile(self.caught, percent)

    def catches(self) -> Counter[str]:
        """How many faults each clause fails or, for a *should*, warns about."""
        return Counter(name for trial in self.faults for name in (*trial.failed, *trial.warned))

    def firsts(self) -> Counter[str]:
        """For how many faults each *must* clause is among the first to fail."""
        return Counter(name for trial in self.faults for name in trial.first)

    def alone(self, clause: str) -> tuple[str, ...]:
        """The faults that no other *must* clause fails."""
        return tuple(trial.name for trial in self.faults if trial.failed == (clause,))


def percentile(trials: Iterable[Trial], percent: int) -> int:
    """The percentile of the first failing request, by nearest rank; 0 without trials."""
    numbers = sorted(trial.first_request for trial in trials)
    return numbers[math.ceil(len(numbers) * percent / 100) - 1] if numbers else 0


def problems(proof: Proof, *, whole: bool = True, measured: bool = False) -> list[str]:
    """What is wrong with a proof, one line each. ``whole``: it is about all faults, not a selection.

    ``measured``: it measures what a part of a plan finds, so that faults may survive.
    """
    if measured:
        return [*_crashes(proof), *_false_alarms(proof)]
    found = [*_crashes(proof), *_survivors(proof), *_false_alarms(proof)]
    return [*found, *_idle_clauses(proof), *_late(proof)] if whole else found


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
        caught = f"{len(proof.caught)} of {len(proof.faults)} faults are caught, fewer than {wanted} %"
        yield f"{caught}; these survive: {', '.join(trial.name for trial in survivors)}"


def _false_alarms(proof: Proof) -> Iterator[str]:
    name, most = _REQUESTS.get(proof.profile, ("", 0))
    for trial in proof.variations:
        who = f"{trial.name}, seed {trial.seed}"
        if trial.failed:
            yield f"{who}: a false alarm, at request {trial.first_request}, by {', '.join(trial.failed)}"
        if trial.inconclusive:
            yield f"{who}: inconclusive, {trial.inconclusive}"
        for left in trial.left:
            yield f"{who}: not restored, {left}"
        if trial.kind == CONFORMING and trial.warned:
            yield f"{who}: warned by {', '.join(trial.warned)}"
        if trial.name == name and trial.requests > most:
            yield f"{who}: {trial.requests} requests, more than {most}"


def _idle_clauses(proof: Proof) -> Iterator[str]:
    """Clauses that no fault shows to work."""
    if proof.profile == "quick":
        return
    catches, firsts = proof.catches(), proof.firsts()
    warned = {name for trial in proof.variations for name in trial.warned}
    for name, level in proof.clauses:
        if level != "must":
            if not catches[name] and name not in warned:
                yield f"{name}: no fault and no variation makes it warn"
        elif not catches[name]:
            yield f"{name}: no fault fails it"
        elif not firsts[name]:
            yield f"{name}: no fault fails it first"


def _late(proof: Proof) -> Iterator[str]:
    for percent, most in _EARLY.get(proof.profile, {}).items():
        found = proof.first_request(percent)
        if found > most:
            yield f"the {percent}th percentile of the first failing request is {found}, more than {most}"
