"""Trials: built-in providers checked in this process, one run each, on as many cores as there are."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import lru_cache
from typing import Final, Literal

from whop_contracts.cli.planning import run_in_process
from whop_contracts.engine.build_plan import draw
from whop_contracts.engine.clause_runner import ClauseRunner
from whop_contracts.engine.plan import Plan, Profile
from whop_contracts.pause import catalogue
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause.evidence import Evidence
from whop_contracts.proof import CONFORMING, WARNINGS, Proof, Trial
from whop_contracts.provider import ManualClock, build, faults, variations
from whop_contracts.steps import Capabilities

_CHUNK: Final = 8
"""How many trials a process is given at once."""


def prove(
    trials: tuple[Trial, ...], *, jobs: int | None = None, watch: Callable[[int, int], None] | None = None
) -> Proof:
    """Run the trials in ``jobs`` processes (default: the cores); ``watch`` gets how many of all are run."""
    done = []
    for trial in _run(trials, jobs or cores()):
        done.append(trial)
        if watch:
            watch(len(done), len(trials))
    return Proof(
        clauses=tuple((clause.id, clause.level) for clause in catalogue.clauses()),
        faults=tuple(trial for trial in done if trial.fault is not None),
        variations=tuple(trial for trial in done if trial.fault is None),
    )


def planned(
    profile: Profile,
    *,
    seed: int,
    seeds: int,
    start: float,
    wanted: Callable[[str], bool] | None = None,
    only: Literal["drawn"] | None = None,
) -> tuple[Trial, ...]:
    """Every fault with one seed, every conforming provider with ``seeds``. ``only`` leaves out the rest of
    the plan. ``wanted`` selects faults by name; then only the default conforming provider is checked besides.
    """
    common = Trial(CONFORMING, CONFORMING, "the default", profile=profile, seed=seed, start=start, only=only)
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
    return (*faulty, *(replace(trial, seed=seed + more) for trial in conforming for more in range(seeds)))


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _run(trials: tuple[Trial, ...], jobs: int) -> Iterator[Trial]:
    """The trials in their order, however many processes run them."""
    if jobs == 1 or len(trials) <= _CHUNK:
        yield from map(attempt, trials)
        return
    # Spawned, not forked: a fork would copy the threads and locks of the caller.
    context = multiprocessing.get_context("spawn")
    ignored = (signal.SIGINT, signal.SIG_IGN)  # an interruption is left to this process
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=signal.signal, initargs=ignored)
    try:
        yield from pool.map(attempt, trials, chunksize=_CHUNK)
    finally:
        pool.shutdown(cancel_futures=True)


@lru_cache(maxsize=64)
def _plan(profile: Profile, seed: int, campaigns: int, only: Literal["drawn"] | None) -> Plan:
    has = Capabilities(campaigns, readonly=True, foreign=True, resting=True, loopback=True, clock="virtual")
    return draw(PAUSE, profile, seed=seed, means=has, only=only)


def attempt(trial: Trial) -> Trial:
    """Run one trial. An exception, which is a bug of ours, names it."""
    try:
        return _attempted(trial)
    except Exception as error:
        error.add_note(f"in the trial of {trial.name}, seed {trial.seed}")
        raise


def _attempted(trial: Trial) -> Trial:
    provider = build(fault=trial.fault, variation=trial.variation, clock=ManualClock(trial.start))
    plan = _plan(trial.profile, trial.seed, trial.campaigns, trial.only)
    runner = ClauseRunner(catalogue.clauses(), PAUSE)
    counting = {one.id for one in runner.clauses if one.level == "must" or trial.kind == WARNINGS}
    first: list[tuple[int, str, tuple[str, ...]]] = []

    def watch(evidence: Evidence, sequence: str) -> None:
        broken = runner.add(evidence, sequence)
        if not first and (failed := tuple(name for name in broken if name in counting)):
            first.append((evidence.exchange.number, sequence, failed))

    rng = random.Random(f"{trial.name} {trial.seed}")  # noqa: S311 - repeatable on purpose
    state = run_in_process(plan, provider, rng, watch)
    number, shown_in, names = first[0] if first else (0, "", ())
    shown = (case for one in plan.sequences if one.name == shown_in for case in one.cases())
    broken = [clause for clause in runner.clauses if runner.counts[clause.id].broken]
    return replace(
        trial,
        failed=tuple(clause.id for clause in broken if clause.level == "must"),
        warned=tuple(clause.id for clause in broken if clause.level != "must"),
        first=names,
        first_request=number,
        sequence=shown_in,
        drawn=any(case.origin == "drawn" for case in shown),
        requests=runner.requests,
        inconclusive=state.inconclusive or runner.unproven,
        left=tuple(state.failed),
    )
