"""The proof as a matrix: as Markdown for ``docs/proof.md``, and as lines for a terminal. Pure functions of a ``Proof``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from whop_contracts.proof import Proof, Trial

_SHOWN: Final = 12
"""How many of the faults that a clause alone catches are named in the table of clauses."""


def markdown(proof: Proof) -> str:
    """The page about a proof: totals by kind, every fault, every clause, every variation. It tells nothing that varies from machine to
    machine.
    """
    return "\n".join(_page(proof)) + "\n"


def _page(proof: Proof) -> Iterator[str]:
    yield "# What it catches, and what it never cries wolf about"
    yield ""
    yield (
        f"Written by `whop-contracts prove --profile {proof.profile} --seeds {len(proof.seeds)} --write FILE`, on a virtual clock "
        f"that starts at {_instant(proof.start)}. Every fault is a provider that breaks one promise (`whop-contracts serve --fault "
        "NAME` serves it); every variation is one that conforms in another way. Each is judged by one run in process."
    )
    yield ""
    yield from _items(totals(proof))
    yield ""
    yield "## Faults by kind"
    yield ""
    yield from _table(
        ("kind", "faults", "caught", "median first request", "last first request"), _kinds(proof)
    )
    yield ""
    yield "## Faults"
    yield ""
    yield (
        "*WFC* is the category of the Web Fuzzing Commons that a fault falls into, if one fits; *first* the clause that failed first, "
        "*after* the request that showed it, *in* the sequence that it was part of, *in all* how many *must* clauses the run failed."
    )
    yield ""
    rows = (
        (f"`{t.name}`", t.why, t.wfc or "", f"`{t.first[0]}`" if t.first else "**survives**", t.first_request or "", t.sequence, len(t.failed))
        for t in proof.faults
    )  # fmt: skip
    yield from _table(("fault", "stands for", "WFC", "first", "after", "in", "in all"), rows)
    yield ""
    yield "## Clauses"
    yield ""
    yield (
        "How many faults each clause fails (a *should*: warns of), of how many it is the first to fail or among the first, and those "
        "that would survive without it."
    )
    yield ""
    yield from _table(("clause", "level", "faults", "first", "alone"), _clauses(proof))
    yield ""
    yield "## Honest variations"
    yield ""
    yield "None fails with any seed. What it is warned of may differ from seed to seed; here is all of it."
    yield ""
    yield from _table(
        ("variation", "conforms by", "runs", "failed", "warned", "requests"), _variations(proof)
    )


def totals(proof: Proof) -> Iterator[str]:
    """The numbers that matter, a sentence each."""
    runs, bad = len(proof.variations), sum(_is_wrong(trial) for trial in proof.variations)
    names = {trial.name for trial in proof.variations}
    share = 100 * len(proof.caught) / len(proof.faults) if proof.faults else 0.0
    tripped = proof.catches()
    yield f"{len(proof.caught)} of {len(proof.faults)} faults caught ({share:.1f} %)"
    yield f"first failing request: median {proof.median}, 90th percentile {proof.p90}"
    yield f"{len(names)} honest providers, {runs} runs with {len(proof.seeds)} seeds: {bad} false alarms or inconclusive runs"
    yield f"{sum(name in tripped for name in proof.musts)} of {len(proof.musts)} must clauses fail at least one fault"
    if proof.survivors:
        yield f"survivors: {', '.join(trial.name for trial in proof.survivors)}"


def matrix(proof: Proof) -> Iterator[str]:
    """Every fault with the clause that failed first and after how many requests; then what each clause alone catches."""
    width = max((len(trial.name) for trial in proof.faults), default=0)
    for kind, trials in _by_kind(proof.faults):
        yield f"{kind}: {sum(bool(trial.failed) for trial in trials)} of {len(trials)} caught"
        for trial in trials:
            first = f"{trial.first_request:>4}  {trial.first[0]}" if trial.first else "   -  SURVIVES"
            yield f"  {trial.name:<{width}}{first}"
    yield ""
    alone = proof.alone()
    for name in proof.musts:
        if name in alone:
            yield f"{name} alone catches {len(alone[name])}: {_some(alone[name])}"
    for trial in proof.variations:
        if _is_wrong(trial):
            yield f"{trial.name}, seed {trial.seed}: {', '.join(trial.failed) or trial.inconclusive or 'not put back'}"


def difference(one: str, other: str) -> list[str]:
    """The lines of two pages that differ, the first few: ``-`` of the first, ``+`` of the second."""
    before, after = one.splitlines(), other.splitlines()
    gone, come = Counter(before) - Counter(after), Counter(after) - Counter(before)
    lines = [f"- {line}" for line in before if line in gone] + [f"+ {line}" for line in after if line in come]
    if not lines and before != after:
        lines = ["the same lines in another order"]
    return lines[:_SHOWN] + ([f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else [])


def _is_wrong(trial: Trial) -> bool:
    return bool(trial.failed or trial.inconclusive or trial.left or trial.crash)


def _by_kind(trials: Sequence[Trial]) -> Iterator[tuple[str, list[Trial]]]:
    for kind in dict.fromkeys(trial.kind for trial in trials):
        yield kind, [trial for trial in trials if trial.kind == kind]


def _kinds(proof: Proof) -> Iterator[Sequence[object]]:
    for kind, trials in _by_kind(proof.faults):
        numbers = sorted(trial.first_request for trial in trials if trial.failed)
        middle = numbers[(len(numbers) - 1) // 2] if numbers else ""
        yield kind, len(trials), len(numbers), middle, numbers[-1] if numbers else ""


def _clauses(proof: Proof) -> Iterator[Sequence[object]]:
    catches, firsts, alone = proof.catches(), proof.firsts(), proof.alone()
    for name, level in proof.clauses:
        only = [f"`{fault}`" for fault in alone.get(name, ())]
        yield (
            f"`{name}`",
            level,
            catches.get(name, 0),
            firsts.get(name, "") if level == "must" else "",
            _some(only),
        )


def _variations(proof: Proof) -> Iterator[Sequence[object]]:
    for name in dict.fromkeys(trial.name for trial in proof.variations):
        trials = [trial for trial in proof.variations if trial.name == name]
        warned = dict.fromkeys(clause for trial in trials for clause in trial.warned)
        requests = sorted({trial.requests for trial in trials})
        span = f"{requests[0]}" if len(requests) == 1 else f"{requests[0]} to {requests[-1]}"
        wrong = sum(_is_wrong(trial) for trial in trials)
        yield (
            f"`{name}`",
            trials[0].why,
            len(trials),
            wrong,
            ", ".join(f"`{c}`" for c in sorted(warned)),
            span,
        )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _items(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield f"- {line}"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in row)} |"


def _instant(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


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
