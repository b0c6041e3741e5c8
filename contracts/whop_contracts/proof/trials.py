"""Trials: built-in providers checked in this process, one run each, on as many cores as there are."""

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
from typing import Final, Literal

from whop_contracts.cli.planning import run_in_process
from whop_contracts.engine.build_plan import draw
from whop_contracts.engine.clause_runner import ClauseRunner
from whop_contracts.engine.plan import Plan, Profile
from whop_contracts.pause import catalogue
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause.evidence import Evidence
from whop_contracts.proof import CONFORMING, START, WARNINGS, Proof, Trial
from whop_contracts.provider import ManualClock, build, faults, variations
from whop_contracts.steps import Capabilities

_CHUNK: Final = 8
"""How many trials a process is given at once."""


@dataclass(frozen=True, slots=True)
class Task:
    """One provider to check: with a fault, a variation or neither; ``start`` is in seconds since 1970."""

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


def prove(
    tasks: tuple[Task, ...], *, jobs: int | None = None, watch: Callable[[int, int], None] | None = None
) -> Proof:
    """Check every task's provider. The proof depends on the tasks only, not on ``jobs`` (default: the cores).

    ``watch`` is given how many are done, and of how many.
    """
    done = []
    for trial in _trials(tasks, jobs or cores()):
        done.append(trial)
        if watch:
            watch(len(done), len(tasks))
    pairs = list(zip(done, tasks, strict=True))
    return Proof(
        profile=tasks[0].profile,
        start=tasks[0].start,
        clauses=tuple((clause.id, clause.level) for clause in catalogue.clauses()),
        faults=tuple(trial for trial, task in pairs if task.fault is not None),
        variations=tuple(trial for trial, task in pairs if task.fault is None),
    )


def tasks(
    profile: Profile,
    *,
    seed: int,
    seeds: int,
    start: float,
    wanted: Callable[[str], bool] | None = None,
    only: Literal["drawn"] | None = None,
) -> tuple[Task, ...]:
    """What a proof is made of: every fault with one seed, every conforming provider with ``seeds`` of them.

    ``only`` leaves out the other parts of the plan. ``wanted`` selects faults by name; then only the
    conforming provider with default options is checked.
    """
    common = Task(CONFORMING, CONFORMING, "the default", profile=profile, seed=seed, start=start, only=only)
    faulty = [
        replace(common, kind=one.kind, name=one.name, why=one.why, wfc=one.wfc, fault=one.name)
        for one in faults()
        if wanted is None or wanted(one.name)
    ]
    conforming = [common]
    if profile == "quick":
        conforming.append(replace(common, name=f"{CONFORMING}-two-campaigns", campaigns=2))
    conforming += [
        replace(common, kind="variation", name=one.name, why=one.why, variation=one.name)
        for one in (variations() if wanted is None else ())
    ]
    return (*faulty, *(replace(task, seed=seed + more) for task in conforming for more in range(seeds)))


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _trials(tasks: tuple[Task, ...], jobs: int) -> Iterator[Trial]:
    """The trials in the order of the tasks, however many processes run them."""
    if jobs == 1 or len(tasks) <= _CHUNK:
        yield from map(attempt, tasks)
        return
    # Spawned, not forked: a fork would copy the threads and locks of the caller.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_uninterrupted)
    try:
        yield from pool.map(attempt, tasks, chunksize=_CHUNK)
    finally:
        pool.shutdown(cancel_futures=True)


def _uninterrupted() -> None:
    """Leave an interruption to the parent process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def attempt(task: Task) -> Trial:
    """One trial. An exception of the provider or of a clause is a bug of ours: the trial's ``crash``."""
    trial = Trial(task.kind, task.name, task.why, task.wfc, task.seed)
    try:
        return _judged(task, trial)
    except Exception as error:  # noqa: BLE001 - it is reported, and the other trials go on
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{PurePath(frame.filename).name}:{frame.lineno}"
        return replace(trial, crash=f"{type(error).__name__} at {place}: {error}")


@lru_cache(maxsize=64)
def _plan(profile: Profile, seed: int, campaigns: int, only: Literal["drawn"] | None) -> Plan:
    has = Capabilities(campaigns, readonly=True, foreign=True, resting=True, loopback=True, clock="virtual")
    return draw(PAUSE, profile, seed=seed, means=has, only=only)


def _judged(task: Task, trial: Trial) -> Trial:
    provider = build(fault=task.fault, variation=task.variation, clock=ManualClock(task.start))
    plan = _plan(task.profile, task.seed, task.campaigns, task.only)
    runner = ClauseRunner(catalogue.clauses(), PAUSE)
    counting = {one.id for one in runner.clauses if one.level == "must" or task.kind == WARNINGS}
    first: list[tuple[int, str, tuple[str, ...]]] = []

    def watch(evidence: Evidence, sequence: str) -> None:
        broken = runner.add(evidence, sequence)
        if not first and (failed := tuple(name for name in broken if name in counting)):
            first.append((evidence.exchange.number, sequence, failed))

    rng = random.Random(f"{task.name} {task.seed}")  # noqa: S311 - repeatable on purpose
    state = run_in_process(plan, provider, rng, watch)
    number, shown_in, names = first[0] if first else (0, "", ())
    broken = [clause for clause in runner.clauses if runner.counts[clause.id].broken]
    return replace(
        trial,
        failed=tuple(clause.id for clause in broken if clause.level == "must"),
        warned=tuple(clause.id for clause in broken if clause.level != "must"),
        first=names,
        first_request=number,
        sequence=shown_in,
        requests=runner.requests,
        inconclusive=state.inconclusive or (None if runner.conclusive else PAUSE.unproven),
        left=tuple(state.failed),
    )
