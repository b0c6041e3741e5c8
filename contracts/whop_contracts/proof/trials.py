"""Trials: built-in providers judged in this process, one run each, over as many cores as there are."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import PurePath
from typing import Final

from whop_contracts.cli.open_target import run_in_process
from whop_contracts.engine.build_plan import draw
from whop_contracts.engine.clause_runner import ClauseRunner
from whop_contracts.engine.plan import Plan, Profile
from whop_contracts.pause import catalogue
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause.evidence import Evidence
from whop_contracts.proof import HONEST, START, Proof, Trial
from whop_contracts.provider import ManualClock, build, faults, variations
from whop_contracts.steps import Capabilities

_EVERY: Final = 4
"""How many campaigns a run of the built-in mock names."""
_FEW: Final = 2
_CHUNK: Final = 8


@dataclass(frozen=True, slots=True)
class Task:
    """One provider to judge, by its fault or its variation (or neither), from ``start`` on the virtual clock, in seconds since 1970."""

    kind: str
    name: str
    why: str = ""
    wfc: int | None = None
    fault: str | None = None
    variation: str | None = None
    profile: Profile = "standard"
    seed: int = 0
    start: float = START
    campaigns: int = _EVERY


def prove(
    tasks: tuple[Task, ...], *, jobs: int | None = None, watch: Callable[[int, int], None] | None = None
) -> Proof:
    """Judge every task's provider. The proof depends on the tasks alone, not on ``jobs`` (as many as cores where None).

    ``watch`` is told how many are done, of how many.
    """
    done = []
    for trial in _trials(tasks, jobs or cores()):
        done.append(trial)
        if watch:
            watch(len(done), len(tasks))
    return Proof(
        profile=tasks[0].profile,
        start=tasks[0].start,
        clauses=tuple((clause.id, clause.level) for clause in catalogue.clauses()),
        faults=tuple(t for t, task in zip(done, tasks, strict=True) if task.fault is not None),
        variations=tuple(t for t, task in zip(done, tasks, strict=True) if task.fault is None),
    )


def tasks(
    profile: Profile, *, seed: int, seeds: int, start: float, wanted: Callable[[str], bool] | None = None
) -> tuple[Task, ...]:
    """What a proof is made of: every fault with one seed, every honest variation with ``seeds`` of them.

    ``wanted`` chooses faults by name; then the honest provider stands for all variations.
    """
    common = Task("", "", profile=profile, seed=seed, start=start)
    faulty = [
        replace(common, kind=fault.kind, name=fault.name, why=fault.why, wfc=fault.wfc, fault=fault.name)
        for fault in faults()
        if wanted is None or wanted(fault.name)
    ]
    honest = [replace(common, kind=HONEST, name=HONEST, why="the default")]
    if profile == "quick":
        honest.append(replace(honest[0], name=f"{HONEST}-two-campaigns", campaigns=_FEW))
    if wanted is None:
        honest += [
            replace(common, kind="variation", name=one.name, why=one.why, variation=one.name)
            for one in variations()
        ]
    return (*faulty, *(replace(task, seed=seed + more) for task in honest for more in range(seeds)))


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _trials(tasks: tuple[Task, ...], jobs: int) -> Iterator[Trial]:
    """The trials in the order of the tasks, however many processes work on them."""
    if jobs == 1 or len(tasks) <= _CHUNK:
        yield from map(attempt, tasks)
        return
    # Spawned, not forked: a fork would copy whatever threads and locks the caller has.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_uninterrupted)
    try:
        yield from pool.map(attempt, tasks, chunksize=_CHUNK)
    finally:
        pool.shutdown(cancel_futures=True)


def _uninterrupted() -> None:
    """Leave an interruption to the process that has begun this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def attempt(task: Task) -> Trial:
    """One trial. A provider or a judge of ours that raises is a bug, told as the trial's ``crash``."""
    try:
        return _judged(task)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told, and the other trials go on
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{PurePath(frame.filename).name}:{frame.lineno}"
        crash = f"{type(error).__name__} at {place}: {error}"
        return Trial(kind=task.kind, name=task.name, why=task.why, wfc=task.wfc, seed=task.seed, crash=crash)


@lru_cache(maxsize=64)
def _plan(profile: Profile, seed: int, campaigns: int) -> Plan:
    has = Capabilities(campaigns, readonly=True, foreign=True, resting=True, loopback=True, clock="virtual")
    return draw(profile, seed=seed, means=has)


def _judged(task: Task) -> Trial:
    provider = build(fault=task.fault, variation=task.variation, clock=ManualClock(task.start))
    plan = _plan(task.profile, task.seed, task.campaigns)
    runner = ClauseRunner(catalogue.clauses(), PAUSE)
    musts = {clause.id for clause in runner.clauses if clause.level == "must"}
    first: list[tuple[int, str, tuple[str, ...]]] = []

    def watch(evidence: Evidence, sequence: str) -> None:
        broken = runner.add(evidence, sequence)
        if not first and (failed := tuple(name for name in broken if name in musts)):
            first.append((evidence.exchange.number, sequence, failed))

    rng = random.Random(f"{task.name} {task.seed}")  # noqa: S311 - repeatable on purpose
    state = run_in_process(plan, provider, rng, watch)
    number, shown_in, names = first[0] if first else (0, "", ())
    broken = [clause for clause in runner.clauses if runner.counts[clause.id].broken]
    return Trial(
        kind=task.kind,
        name=task.name,
        why=task.why,
        wfc=task.wfc,
        seed=task.seed,
        failed=tuple(clause.id for clause in broken if clause.level == "must"),
        warned=tuple(clause.id for clause in broken if clause.level != "must"),
        first=names,
        first_request=number,
        sequence=shown_in,
        requests=runner.requests,
        inconclusive=state.inconclusive or (None if runner.conclusive else PAUSE.unproven),
        left=tuple(state.failed),
    )
