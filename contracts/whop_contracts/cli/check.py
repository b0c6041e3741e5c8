"""From settings to result: opens the target, runs the plan, checks every exchange, builds the result."""

from __future__ import annotations

import random
import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from whop_contracts import __version__, schemas
from whop_contracts.actors import Actors
from whop_contracts.cli.open_target import open_target
from whop_contracts.cli.planning import classes_of, missed, pace, planned, selected_clauses
from whop_contracts.engine.build_plan import batch
from whop_contracts.engine.clause_runner import ClauseRunner
from whop_contracts.engine.journal import Journal, JournalError, restore_command
from whop_contracts.engine.lock import exclusive, resources_of
from whop_contracts.engine.plan import Plan
from whop_contracts.engine.request_builder import RequestBuilder, redactor_of
from whop_contracts.engine.run import execute
from whop_contracts.engine.run_state import RunState
from whop_contracts.engine.session import Session
from whop_contracts.exchange import Cause
from whop_contracts.instants import write_instant
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause.evidence import Evidence
from whop_contracts.redaction import Redactor
from whop_contracts.report import EventWriter, commands, postprocess
from whop_contracts.report.har import HarWriter, open_har
from whop_contracts.report.result import Circumstances, build
from whop_contracts.settings import Settings, UsageError, host_of
from whop_contracts.target import Target, describe_plain_http
from whop_contracts.target.sender import Sender

_KEPT_FOR_EACH: Final = 3
"""Requests per campaign that are kept back for restoring it."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: its sequence, requests sent and planned, seconds waited, clauses that failed.

    A ``message`` has to be shown in any case: ``part`` is what it is about, ``case`` its text.
    """

    part: str
    case: str
    sent: int
    planned: int
    waited_s: float
    failed: int
    message: bool = False


Watch = Callable[[Progress], None]


@dataclass(slots=True)
class _Run:
    """Takes in the exchanges of a run: records them, checks them, and shows the progress."""

    plan: Plan
    runner: ClauseRunner
    target: Target
    har: HarWriter | None
    events: EventWriter | None
    watch: Watch | None
    state: RunState = field(default_factory=RunState)
    failed: set[str] = field(default_factory=set)
    sent: Counter[tuple[str, str]] = field(default_factory=Counter)
    planned: int = 0

    def take(self, evidence: Evidence, sequence: str, sound: bool) -> None:  # noqa: FBT001 - for the session
        """One exchange; it is not checked if the expected state is unknown."""
        if self.har:
            self.har.add(evidence.exchange)
        ids: tuple[str, ...] = ()
        if sound and not self.state.unsound:
            ids = self.runner.add(evidence, sequence)
            self.failed.update(one.id for one in self.runner.clauses if one.id in ids and one.level == "must")
            if evidence.answered and evidence.request_class != "unclear":
                self.sent[sequence, evidence.exchange.case] += 1
        if self.events:
            self.events.add(evidence, sequence, (one for one in self.runner.clauses if one.id in ids))
        self.show(sequence, evidence.exchange.case)

    def show(self, sequence: str, case: str, *, message: bool = False) -> None:
        """Show the progress, or a message."""
        if self.watch:
            waited = self.target.clock.waited_s
            sent, failed = self.runner.requests, len(self.failed)
            planned = self.planned or self.plan.expected
            if self.plan.is_drawn:
                self.planned = planned
            self.watch(Progress(sequence, case, sent, planned, waited, failed, message))

    def batch(self, number: int) -> Plan:
        """The next batch of a plan that goes on."""
        plan = batch(PAUSE, self.plan, number)
        self.planned = (self.planned or self.plan.requests) + plan.requests
        return plan


def check(settings: Settings, *, watch: Watch | None = None, plan: Plan | None = None) -> dict[str, Any]:
    """Run once and return the result, redacted. ``plan`` replaces the one that the settings ask for.

    Raises ``UsageError`` for what the user has to change; whatever the target does is in the result.
    """
    schemas.self_test()
    clauses = selected_clauses(settings)
    settle = postprocess.prepare(settings)
    run_id = secrets.token_hex(4)
    rng = random.Random(f"{settings.seed} {run_id}")  # noqa: S311 - names that nobody has, not secrets
    began = time.monotonic()
    try:
        target, actors = open_target(settings)
    except ValueError as error:
        raise UsageError(str(error)) from None
    redactor = redactor_of(actors)
    plan = plan or planned(settings)
    har = open_har(settings, redactor, target, plan)
    events = EventWriter(settings.events, redactor, _about(target)) if settings.events else None
    run = _Run(plan, ClauseRunner(clauses, PAUSE), target, har, events, watch)
    reason: str | None = "the run ended before anything was changed"
    journal = None
    live = (target.base_url, actors.campaigns, settings.test_clock) if target.kind == "live" else None
    try:
        with exclusive(resources_of(*live) if live else [], run_id) as unlocked:
            if live:
                journal = Journal.create(settings.journal, target.base_url, run_id, PAUSE.read_state)
            _announce(run, journal, settings, actors)
            session = _session(settings, actors, run, journal=journal, rng=rng, run_id=run_id)
            run.state = session.state
            run.state.notes += filter(None, (unlocked, describe_plain_http(target.base_url)))
            more = run.batch if plan.goes_on else None
            reason = execute(session, plan, more=more, restore_time=settings.restore_time).inconclusive
            if journal and run.state.failed:
                command = restore_command(journal.path, target.base_url, settings.test_clock)
                run.show("restore", command, message=True)
                run.state.notes.append(f"what is left is restored by: {command}")
    except JournalError as error:
        reason = str(error)
        raise UsageError(f"--journal: {error}") from None
    finally:
        target.close()
        if journal:
            journal.close()
            if settings.journal is None:
                journal.remove_if_complete(PAUSE.read_state)
        notes = har.close(reason) if har else []
    if run.state.unjournalled and not run.state.failed:
        raise UsageError(
            f"--journal: {run.state.unjournalled}; the run was ended, and every campaign is as it was"
        )
    run.state.notes += notes + ([events.trouble] if events and events.trouble else [])
    result = settle(_result(settings, run, session.sender, redactor, time.monotonic() - began))
    if events:
        events.close(result)
    return result


def _about(target: Target) -> dict[str, str]:
    return {"kind": target.kind, "base_url": target.base_url}


def _announce(run: _Run, journal: Journal | None, settings: Settings, actors: Actors) -> None:
    """What has to be shown before anything is sent: where the journal is, and what is done to production."""
    if journal:
        run.show("journal", str(journal.path), message=True)
    if (host := host_of(settings.base_url or "")) in settings.production_hosts:
        named, requests = ", ".join(actors.campaigns), run.plan.requests
        what = f"paused and resumed many times, by {requests} requests, and put back as found"
        run.show("production", f"{host}: {named} will be {what}", message=True)
    if note := describe_plain_http(run.target.base_url):
        run.show("insecure", note, message=True)


def _session(
    settings: Settings, actors: Actors, run: _Run, *, journal: Journal | None, rng: random.Random, run_id: str
) -> Session:
    target = run.target
    sender = Sender(
        target,
        rng=rng,
        rate=pace(settings, target),
        max_requests=settings.max_requests,
        max_time=settings.max_time,
        elapsed=time.monotonic if target.kind == "mock" else None,
        jobs=settings.jobs if target.kind == "live" else 1,
        reserve=_KEPT_FOR_EACH * len(actors.campaigns) + (actors.foreign is not None),
    )
    agent = f"whop-contracts/{__version__} ({run_id})"
    return Session(
        target,
        sender,
        RequestBuilder(target.base_url, actors, PAUSE, agent=agent, rng=rng),
        actors,
        PAUSE,
        tolerance=settings.resume_tolerance,
        journal=journal,
        watch=run.take,
        tell=partial(run.show, "restoring", message=True),
    )


def _result(
    settings: Settings, run: _Run, sender: Sender, redactor: Redactor, seconds: float
) -> dict[str, Any]:
    state, target, plan = run.state, run.target, run.plan
    moved = target.clock.moved
    start, end = map(write_instant, moved) if moved else (None, None)
    notes = [*state.notes, *sender.notes]
    if settings.insecure and target.kind == "live":
        notes.append("certificates were not checked (--insecure)")
    return build(
        run.runner,
        Circumstances(
            target=_about(target),
            contract={"version": __version__, "sha256": PAUSE.sha256()},
            plan={
                "profile": plan.profile,
                "seed": plan.seed,
                "sha256": plan.sha256,
                "drawn": plan.drawn,
                "command": commands.of_run(settings),
                "classes": classes_of(plan, run.sent),
            },
            clock={"kind": target.clock.kind, "from": start, "to": end},
            put_back={"campaigns": len(state.restored), "failed": state.failed},
            started_at=datetime.now(UTC).timestamp() - seconds,
            duration_s=seconds,
            waited_s=target.clock.waited_s + sender.waited_s,
            requests=sender.sent,
            notes=notes,
            reason=state.inconclusive,
            untested=_untested(run),
            strict=settings.strict,
        ),
        redactor,
    )


def _untested(run: _Run) -> dict[str, tuple[str, Cause]]:
    """Why clauses were not tested, by id, and of which cause that is; the most telling reason counts."""
    state, plan = run.state, run.plan
    prevented: frozenset[str] = frozenset()
    if state.prevented and not state.inconclusive:
        end = None if plan.goes_on else len(plan.sequences) - state.cut
        kept = replace(plan, sequences=plan.sequences[:end])
        untested = [clause for clause in run.runner.clauses if not run.runner.counts[clause.id].exchanges]
        prevented = missed(kept, untested, run.sent)

    def why(clause: Clause) -> tuple[str, Cause] | None:
        if not clause.requires <= plan.means.offer():
            return clause.needs, "chosen"
        if state.inconclusive:
            return state.inconclusive, "prevented"
        if state.prevented and clause.id in prevented:
            return state.prevented, "prevented"
        if state.cut or plan.cut_short:
            return "the budget of requests or time was spent before", "chosen"
        if plan.profile == "quick" and not run.runner.unproven:
            return "no request of the quick profile tested it", "chosen"
        return ("no exchange of this run tested it", "not_applicable") if clause.needs else None

    return {clause.id: reason for clause in run.runner.clauses if (reason := why(clause))}
