"""The proof as Markdown for ``docs/proof.md``, and as lines for a terminal. Pure functions of a `Proof`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from whop_contracts.proof import Proof, Trial, percentile

_SHOWN: Final = 12
"""How many of the faults that a clause alone catches are named, and how many lines of a difference."""
_PAGE: Final = """\
# Faults and conforming providers

Written by `whop-contracts prove --profile {profile} --seeds {seeds} --write FILE`, on a virtual clock that
starts at {start}. Every fault is a provider with one bug (`whop-contracts serve --fault NAME` serves it);
every variation is one that conforms in another way. Each is checked by one run in process.

{totals}

## Faults by kind

{kinds}

## Faults

*WFC* is the category of the Web Fuzzing Commons that a fault falls into, if one fits; *first* the clause that
failed first, *after* the request that showed it, *in* the sequence that it was part of, *in all* how many
*must* clauses the run failed.

{faults}

## Clauses

How many faults each clause fails (a *should*: warns about), for how many it is the first to fail or among the
first, and those that would survive without it.

{clauses}

## Conforming providers

None fails with any seed. What it is warned about may differ from seed to seed; the table has all of it.

{variations}
"""


def markdown(proof: Proof) -> str:
    """The page about a proof. It contains nothing that varies from machine to machine."""
    kinds = ("kind", "faults", "caught", "median first request", "last first request")
    return _PAGE.format(
        profile=proof.profile,
        seeds=proof.seeds,
        start=f"{datetime.fromtimestamp(proof.start, UTC):%Y-%m-%dT%H:%M:%SZ}",
        totals="\n".join(f"- {line}" for line in totals(proof)),
        kinds=_table(kinds, _kinds(proof)),
        faults=_table(("fault", "models", "WFC", "first", "after", "in", "in all"), _faults(proof)),
        clauses=_table(("clause", "level", "faults", "first", "alone"), _clauses(proof)),
        variations=_table(
            ("variation", "conforms by", "runs", "failed", "warned", "requests"), _variations(proof)
        ),
    )


def totals(proof: Proof, *, whole: bool = True) -> Iterator[str]:
    """The figures that matter, one sentence each; of a part of the proof, only what it ran."""
    runs, bad = len(proof.variations), sum(trial.accused for trial in proof.variations)
    names = {trial.name for trial in proof.variations}
    share = 100 * len(proof.caught) / len(proof.faults) if proof.faults else 0.0
    yield f"{len(proof.caught)} of {len(proof.faults)} faults caught ({share:.1f} %)"
    yield (
        f"first failing request: median {proof.first_request(50)}, 90th percentile {proof.first_request(90)}"
    )
    seeds = f"{runs} runs with {proof.seeds} seeds"
    yield f"{len(names)} conforming providers, {seeds}: {bad} false alarms or inconclusive runs"
    if whole:
        failing = sum(proof.catches()[name] > 0 for name in proof.musts)
        yield f"{failing} of {len(proof.musts)} must clauses fail at least one fault"
    if proof.survivors:
        yield f"survivors: {', '.join(trial.name for trial in proof.survivors)}"


def matrix(proof: Proof) -> Iterator[str]:
    """Every fault with its first failing clause and request; then what one clause alone catches."""
    width = max((len(trial.name) for trial in proof.faults), default=0)
    for kind, trials in _by_kind(proof.faults):
        yield f"{kind}: {sum(trial.caught for trial in trials)} of {len(trials)} caught"
        for trial in trials:
            first = f"{trial.first_request:>4}  {trial.first[0]}" if trial.first else "   -  SURVIVES"
            yield f"  {trial.name:<{width}}{first}"
    yield ""
    for name in proof.musts:
        if alone := proof.alone(name):
            yield f"{name} alone catches {len(alone)}: {_some(alone)}"
    for trial in proof.variations:
        if trial.accused:
            accused = ", ".join(trial.failed) or trial.inconclusive or "not restored"
            yield f"{trial.name}, seed {trial.seed}: {accused}"


def difference(one: str, other: str) -> list[str]:
    """The lines of two pages that differ, the first few: ``-`` of the first, ``+`` of the second."""
    before, after = one.splitlines(), other.splitlines()
    removed, added = Counter(before) - Counter(after), Counter(after) - Counter(before)
    lines = [f"- {line}" for line in before if line in removed] + [
        f"+ {line}" for line in after if line in added
    ]
    if not lines and before != after:
        lines = ["the same lines in another order"]
    return lines[:_SHOWN] + ([f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else [])


def _by_kind(trials: Sequence[Trial]) -> Iterator[tuple[str, list[Trial]]]:
    for kind in dict.fromkeys(trial.kind for trial in trials):
        yield kind, [trial for trial in trials if trial.kind == kind]


def _kinds(proof: Proof) -> Iterator[Sequence[object]]:
    for kind, trials in _by_kind(proof.faults):
        caught = [trial for trial in trials if trial.caught]
        yield kind, len(trials), len(caught), percentile(caught, 50) or "", percentile(caught, 100) or ""


def _faults(proof: Proof) -> Iterator[Sequence[object]]:
    for trial in proof.faults:
        first = f"`{trial.first[0]}`" if trial.first else "**survives**"
        after = trial.first_request or ""
        yield f"`{trial.name}`", trial.why, trial.wfc or "", first, after, trial.sequence, len(trial.failed)


def _clauses(proof: Proof) -> Iterator[Sequence[object]]:
    catches, firsts = proof.catches(), proof.firsts()
    for name, level in proof.clauses:
        first = (firsts[name] or "") if level == "must" else ""
        alone = [f"`{fault}`" for fault in proof.alone(name)]
        yield f"`{name}`", level, catches[name], first, _some(alone)


def _variations(proof: Proof) -> Iterator[Sequence[object]]:
    for name in dict.fromkeys(trial.name for trial in proof.variations):
        trials = [trial for trial in proof.variations if trial.name == name]
        warned = sorted({f"`{clause}`" for trial in trials for clause in trial.warned})
        requests = sorted({trial.requests for trial in trials})
        span = " to ".join(map(str, dict.fromkeys((requests[0], requests[-1]))))
        accused = sum(trial.accused for trial in trials)
        yield f"`{name}`", trials[0].why, len(trials), accused, ", ".join(warned), span


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join(lines)


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
