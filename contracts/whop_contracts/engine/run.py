"""The engine: one run, from settings to result. The command line and the pytest plugin drive it alike."""

from __future__ import annotations

import itertools
import random
import secrets
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Final

from whop_contracts import __version__, schemas
from whop_contracts.actors import Actors
from whop_contracts.engine.build_plan import further
from whop_contracts.engine.clause_runner import ClauseRunner
from whop_contracts.engine.executor import Executor
from whop_contracts.engine.internal_error import told
from whop_contracts.engine.journal import Journal, JournalError
from whop_contracts.engine.plan import Plan
from whop_contracts.engine.preflight import (
    chosen,
    contract_sha256,
    pace,
    planned,
    production_host,
    redactor_of,
    unready,
)
from whop_contracts.engine.request_builder import RequestBuilder
from whop_contracts.engine.run_state import RunState, Stopped
from whop_contracts.instants import write_instant
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.evidence import Evidence
from whop_contracts.pause.oracle import Oracle
from whop_contracts.report import postprocess as settling
from whop_contracts.report.har import HarWriter, open_har
from whop_contracts.report.result import Circumstances, build
from whop_contracts.settings import Settings, UsageError
from whop_contracts.signals import interruptible, undisturbed
from whop_contracts.target import BudgetSpent, Sender, Target, open_target

_KEPT_FOR_EACH: Final = 3
"""Requests a campaign that are kept back for putting it back."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come: the part or sequence under way, requests sent of those planned, seconds waited, clauses broken so far."""

    part: str
    case: str
    sent: int
    planned: int
    waited_s: float
    failed: int


@dataclass(slots=True)
class _Run:
    """What one run holds while it goes on."""

    settings: Settings
    watch: Callable[[Progress], None] | None
    plan: Plan
    tally: ClauseRunner
    target: Target
    har: HarWriter | None = None
    journal: Journal | None = None
    outcome: RunState = field(default_factory=RunState)
    broken: set[str] = field(default_factory=set)
    planned: int = 0

    def __post_init__(self) -> None:
        self.planned = self.plan.requests

    def close(self, reason: str | None) -> list[str]:
        """Let go of the target and of every file; what went wrong with the recording, as notes."""
        self.target.close()
        if self.journal:
            self.journal.close()
        return self.har.close(reason) if self.har else []

    def take(self, evidence: Evidence, sequence: str) -> None:
        """Record one exchange as it comes, judge it while what is expected can be relied upon, and tell who watches."""
        if self.har:
            self.har.add(evidence.exchange)
        if not self.outcome.unsound:
            self.broken.update(self.tally.add(evidence, sequence))
        if self.watch:
            case = evidence.exchange.case
            waited = self.target.clock.waited_s
            self.watch(Progress(sequence, case, self.tally.requests, self.planned, waited, len(self.broken)))


def judge(
    settings: Settings, *, watch: Callable[[Progress], None] | None = None, plan: Plan | None = None
) -> dict[str, Any]:
    """Run once (``plan``, where one is given) and give the result, redacted. What the target does is in it; ``UsageError`` is the user's."""
    schemas.self_test()
    clauses = chosen(settings)
    settle = settling.prepare(settings)
    run_id = secrets.token_hex(4)
    rng = random.Random(f"{settings.seed} {run_id}")  # noqa: S311 - names that nobody has, not secrets
    began = time.monotonic()
    try:
        target, parties = open_target(settings)
    except ValueError as error:
        raise UsageError(str(error)) from None
    redactor = redactor_of(parties)
    plan = plan or planned(settings)
    run = _Run(
        settings, watch, plan, ClauseRunner(clauses), target, open_har(settings, redactor, target, plan)
    )
    if target.kind == "live":
        try:
            run.journal = Journal.create(settings.journal, target.base_url, run_id)
        except JournalError as error:
            run.close(str(error))
            raise UsageError(f"--journal: {error}") from None
        if watch:
            watch(Progress("journal", str(run.journal.path), 0, run.planned, 0.0, 0))
            if said := _on_production(settings, parties, plan):
                watch(Progress("production", said, 0, run.planned, 0.0, 0))
    courier = Sender(
        target,
        rng=rng,
        rate=pace(settings, target),
        max_requests=settings.max_requests,
        max_time=settings.max_time,
        elapsed=time.monotonic if target.kind == "mock" else None,
        reserve=_KEPT_FOR_EACH * len(parties.campaigns) + (parties.foreign is not None),
    )
    binder = RequestBuilder(
        target.base_url, parties, agent=f"whop-contracts/{__version__} ({run_id})", rng=rng
    )
    executor = Executor(
        target,
        courier,
        binder,
        parties,
        expectation=Oracle(tolerance=settings.resume_tolerance),
        journal=run.journal,
        watch=run.take,
    )
    run.outcome = executor.outcome
    reason: str | None = "the run ended before anything was changed"
    try:
        with interruptible():
            reason = _conduct(run, executor, courier)
    except JournalError as error:
        raise UsageError(f"--journal: {error}") from None
    finally:
        notes = run.close(reason)
    outcome = executor.outcome
    if outcome.unjournalled and not outcome.failed:
        raise UsageError(
            f"--journal: {outcome.unjournalled}; the run was ended, and every campaign is as it was"
        )
    outcome.notes += notes
    result = _result(run, executor, courier, reason, time.monotonic() - began)
    return settle(redactor.data(result))


def _on_production(settings: Settings, parties: Actors, plan: Plan) -> str | None:
    """What will be done to a production host, to be said before it is done; None for any other."""
    host = production_host(settings)
    if host is None:
        return None
    named = ", ".join(parties.campaigns)
    return f"{host}: {named} will be paused and resumed many times, by {plan.requests} requests, and put back as found"


def _conduct(run: _Run, executor: Executor, courier: Sender) -> str | None:
    """Preflight, plan, putting back; the reason that makes the run inconclusive, if there is one."""
    try:
        firsts = executor.preflight(foreign=run.plan.means.foreign)
        reason = unready(firsts, live=run.target.kind == "live" and not run.target.loopback)
    except (BudgetSpent, Stopped) as stopped:
        return str(stopped)
    except JournalError:
        raise
    except Exception as error:  # noqa: BLE001 - an unforeseen one is ours; nothing was changed yet
        return told(error)
    if reason:
        return reason
    interrupted = None
    with ExitStack() as calm:
        try:
            executor.run(run.plan)
            _draw_on(run, executor)
            # Within the ``try``: a signal either comes before it and is caught below, or is ignored.
            calm.enter_context(undisturbed())
        except KeyboardInterrupt:
            interrupted = "the run was interrupted"
        except Exception as error:  # noqa: BLE001 - an unforeseen one is ours, and campaigns are put back as after any other end
            calm.enter_context(undisturbed())
            executor.outcome.stopped = told(error)
        finally:
            courier.open_reserve()
            executor.put_back()
    return interrupted or executor.outcome.stopped


def _draw_on(run: _Run, executor: Executor) -> None:
    """Send round after round of further sequences, where the plan goes on, until the budget is spent."""
    outcome = run.outcome
    for number in itertools.count(1):
        if not run.plan.goes_on or outcome.cut or outcome.stopped:
            return
        plan = further(run.plan, number)
        run.planned += plan.requests
        executor.run(plan, f" of round {number}")


def _result(
    run: _Run, executor: Executor, courier: Sender, reason: str | None, seconds: float
) -> dict[str, Any]:
    outcome, target, plan = executor.outcome, run.target, run.plan
    moved = target.clock.moved
    notes = [*outcome.notes, *courier.notes]
    if run.settings.insecure and target.kind == "live":
        notes.append("certificates were not checked (--insecure)")
    return build(
        run.tally,
        Circumstances(
            target={"kind": target.kind, "base_url": target.base_url},
            contract={"version": __version__, "sha256": contract_sha256()},
            plan={"profile": plan.profile, "seed": plan.seed, "sha256": plan.sha256},
            clock={
                "kind": target.clock.kind,
                "from": write_instant(moved[0]) if moved else None,
                "to": write_instant(moved[1]) if moved else None,
            },
            put_back={"campaigns": outcome.restored, "failed": outcome.failed},
            duration_s=seconds,
            waited_s=target.clock.waited_s + courier.waited_s,
            requests=courier.sent,
            notes=notes,
            reason=reason,
            untested=_untested(run, executor, reason),
            strict=run.settings.strict,
        ),
    )


def _untested(run: _Run, executor: Executor, reason: str | None) -> dict[str, str]:
    """Why clauses met nothing: what the run could not do, in the order in which it matters."""
    outcome = executor.outcome

    def why(clause: Clause) -> str | None:
        if not clause.requires <= run.plan.means.offer():
            return clause.needs
        if reason:
            return reason
        if clause.part == "auto_resume" and outcome.untimed:
            return outcome.untimed
        if outcome.cut or run.plan.cut_short:
            return "the budget of requests or time was spent before"
        if run.plan.profile == "quick":
            return "the quick profile does not ask for it"
        return "no exchange of this run put it to the test" if clause.needs else None

    return {clause.id: said for clause in run.tally.clauses if (said := why(clause))}
