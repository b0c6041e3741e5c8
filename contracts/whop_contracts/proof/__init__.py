"""The proof: what a run says about every faulty and every conforming provider, and what is wrong with that.

Values, figures and texts only, by the templates beside this file; ``trials`` runs the providers.
"""

from __future__ import annotations

import difflib
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from whop_contracts.report import environment

if TYPE_CHECKING:
    from whop_contracts.engine.plan import Profile

START: Final = 1_790_000_000.0
"""The default start of a proof's virtual clock, 2026-09-21T14:13:20Z: the same figures each time."""
CONFORMING: Final = "conforming"
"""The name and the kind of the provider without a fault and with default options."""
WARNINGS: Final = "warnings"
"""The kind of the faults that are about *should* clauses."""
_CAUGHT_PERCENT: Final[Mapping[str, int]] = {"quick": 86}
_REQUESTS: Final[Mapping[str, tuple[str, int]]] = {
    "quick": (f"{CONFORMING}-two-campaigns", 120),
    "standard": (CONFORMING, 400),
}
"""For each profile the conforming provider whose requests are counted, and how many a run may send."""
_EARLY: Final[Mapping[str, Mapping[int, int]]] = {"standard": {50: 17, 90: 132, 97: 205, 99: 245}}
"""For each profile the largest first failing request, by the percentage of faults that do not exceed it."""
_SHOWN: Final = 12
"""How many of the faults that a clause alone catches are named, and how many lines of a difference."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One run against one provider: with a ``fault``, a ``variation`` or neither, and what the run said.

    The virtual clock starts at ``start``, in seconds since 1970. ``failed`` and ``warned`` are the *must* and
    *should* clauses that reported something, in the catalogue's order, ``first`` those of the first failing
    exchange, ``first_request`` its number (0 for none), ``sequence`` what it belonged to, ``drawn`` whether
    that was generated. ``inconclusive`` is the reason, ``left`` the campaigns that were not restored.
    """

    kind: str
    name: str
    why: str = ""
    wfc: int | None = None
    fault: str | None = None
    variation: str | None = None
    profile: Profile = "standard"
    seed: int = 0
    start: float = START
    campaigns: int = 4
    only: Literal["drawn"] | None = None
    failed: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    first_request: int = 0
    sequence: str = ""
    drawn: bool = False
    requests: int = 0
    inconclusive: str | None = None
    left: tuple[str, ...] = ()

    @property
    def caught(self) -> bool:
        """Whether a *must* clause failed or, if the fault is about a *should* clause, one of those warned."""
        return bool(self.failed or (self.kind == WARNINGS and self.warned))

    @property
    def accused(self) -> bool:
        """Whether anything happened that must not happen to a conforming provider."""
        return bool(self.failed or self.inconclusive or self.left)


@dataclass(frozen=True, slots=True)
class Proof:
    """The trials of every fault and (per seed) of every conforming provider, and the clauses' levels."""

    clauses: tuple[tuple[str, str], ...]
    faults: tuple[Trial, ...]
    variations: tuple[Trial, ...]

    @property
    def caught(self) -> tuple[Trial, ...]:
        """The faults that were caught."""
        return tuple(trial for trial in self.faults if trial.caught)

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


def problems(proof: Proof, *, whole: bool = True) -> list[str]:
    """What is wrong with a proof, one line each. ``whole``: it is about all faults, not a selection."""
    profile, measured = proof.variations[0].profile, proof.variations[0].only is not None
    # Where a part of the plan is only measured, faults may survive.
    found = [*(() if measured else _survivors(proof)), *_false_alarms(proof)]
    if whole and not measured:
        found += _idle_clauses(proof) if profile != "quick" else ()
        for percent, most in _EARLY.get(profile, {}).items():
            if (first := percentile(proof.caught, percent)) > most:
                what = f"the {percent}th percentile of the first failing request"
                found.append(f"{what} is {first}, more than {most}")
    return found


def _survivors(proof: Proof) -> Iterator[str]:
    wanted = _CAUGHT_PERCENT.get(proof.variations[0].profile)
    survivors = [trial for trial in proof.faults if not trial.caught]
    if wanted is None:
        for trial in survivors:
            warned = f"; only warned: {', '.join(trial.warned)}" if trial.warned else ""
            yield f"{trial.name} ({trial.kind}) survives{warned}"
    elif 100 * len(proof.caught) < wanted * len(proof.faults):
        caught = f"{len(proof.caught)} of {len(proof.faults)} faults are caught, fewer than {wanted} %"
        yield f"{caught}; these survive: {', '.join(trial.name for trial in survivors)}"


def _false_alarms(proof: Proof) -> Iterator[str]:
    name, most = _REQUESTS.get(proof.variations[0].profile, ("", 0))
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


def markdown(proof: Proof, drawn: Proof) -> str:
    """The page about a proof, and about what drawn requests find alone: the same on every machine."""
    start = f"{datetime.fromtimestamp(proof.variations[0].start, UTC):%Y-%m-%dT%H:%M:%SZ}"
    return _rendered("proof.md.j2", proof, start=start, totals=totals(proof), drawn=drawn)


def totals(proof: Proof, *, whole: bool = True) -> list[str]:
    """The figures that matter, one sentence each; of a part of the proof, only what it ran."""
    return _rendered("totals.txt.j2", proof, whole=whole).splitlines()


def matrix(proof: Proof) -> list[str]:
    """Every fault with its first failing clause and request; then what one clause alone catches."""
    return _rendered("matrix.txt.j2", proof).splitlines()


def _rendered(template: str, proof: Proof, **more: object) -> str:
    templates = environment(Path(__file__).parent)
    templates.filters |= {
        "cell": lambda text: text.replace("|", r"\|"),
        "code": lambda names: [f"`{name}`" for name in names],
        "percentile": percentile,
        "some": _some,
    }
    about = {"proof": proof, "catches": proof.catches(), "firsts": proof.firsts()}
    return templates.get_template(template).render(about, **more)


def difference(one: str, other: str) -> list[str]:
    """The lines of two pages that differ, the first few: ``-`` of the first, ``+`` of the second."""
    changes = list(difflib.unified_diff(one.splitlines(), other.splitlines(), n=0, lineterm=""))[2:]
    lines = [f"{line[0]} {line[1:]}" for line in changes if line[0] in "+-"]
    return lines[:_SHOWN] + ([f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else [])


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def data(proof: Proof) -> str:
    """The faults that each clause finds, first those that few others find, as JSON."""
    ordered = sorted(proof.faults, key=lambda trial: len(trial.failed))
    found = {
        clause: [trial.name for trial in ordered if clause in (*trial.failed, *trial.warned)]
        for clause, _ in proof.clauses
    }
    return json.dumps({"faults": found}, indent=1) + "\n"


def data_path() -> Path:
    """Where that is written: in the wheel inside the package, in a checkout in its documentation."""
    inside = Path(__file__).parents[1] / "proof.json"
    return inside if inside.is_file() else Path(__file__).parents[3] / "docs" / "proof.json"


def faults_found_by(clause: str) -> tuple[str, ...]:
    """The faults that the clause with this id finds, as they were written."""
    return tuple(json.loads(data_path().read_text("utf-8"))["faults"].get(clause, ()))
