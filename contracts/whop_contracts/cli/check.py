"""From settings to result: opens the target, runs the plan, checks every exchange, builds the result."""

from __future__ import annotations

import random
import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from whop_contracts import __version__, schemas
from whop_contracts.cli.planning import chosen_clauses, classes_of, missed, open_target, pace, pacing, planned
from whop_contracts.engine.build_plan import batch
from whop_contracts.engine.clause_runner import ClauseRunner
from whop_contracts.engine.journal import Journal, JournalError, exclusive, resources_of, restore_command
from whop_contracts.engine.plan import Plan
from whop_contracts.engine.request_builder import redactor_of
from whop_contracts.engine.run import execute
from whop_contracts.engine.session import Session
from whop_contracts.exchange import Cause
from whop_contracts.instants import write_instant
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause.evidence import Evidence
from whop_contracts.report import postprocess
from whop_contracts.report.failure import command_of_run
from whop_contracts.report.result import Circumstances, build
from whop_contracts.report.streams import EventWriter, HarWriter
from whop_contracts.settings import Settings, UsageError, host_of
from whop_contracts.target import describe_plain_http
from whop_contracts.target.sender import Sender


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: its sequence, requests sent and planned, seconds waited, clauses that failed."""

    sequence: str
    sent: int
    planned: int
    waited_s: float
    failed: int


Watch = Callable[[Progress], object]
Tell = Callable[[str], None]


class _Run:
    """One run: takes in the exchanges, records and checks them, and shows the progress."""

    def __init__(self, settings: Settings, plan: Plan | None, watch: Watch, tell: Tell) -> None:
        self.runner = ClauseRunner(chosen_clauses(settings), PAUSE)
        self.settle = postprocess.prepare(settings)
        self.began = time.monotonic()
        self.target, self.actors = target, actors = open_target(settings)
        self.settings = settings
        self.plan = plan or planned(settings)
        self.watch, self.tell = watch, tell
        self.about = {"kind": target.kind, "base_url": target.base_url}
        self.redactor = redactor = redactor_of(actors)
        self.har = None
        if settings.har:
            about: dict[str, Any] = {"target": self.about, "clock": target.clock.kind}
            about |= {"plan": self._planned(), "resume_tolerance": settings.resume_tolerance}
            self.har = HarWriter(settings.har, redactor, about)
        self.events = EventWriter(settings.events, redactor, self.about) if settings.events else None
        self.sent: Counter[tuple[str, str]] = Counter()
        self.planned = 0
        self.id = secrets.token_hex(4)
        self.sender = Sender(
            target,
            rng=random.Random(f"{settings.seed} {self.id}"),  # noqa: S311 - names that nobody has
            rate=pace(settings, target),
            max_requests=settings.max_requests,
            max_time=settings.max_time,
            clock=time.monotonic if target.kind == "mock" else None,
            jobs=settings.jobs if target.kind == "live" else 1,
            reserve=3 * len(actors.campaigns) + (actors.foreign is not None),  # to restore them
        )
        self.session = Session(
            self.sender,
            actors,
            PAUSE,
            agent=f"whop-contracts/{__version__} ({self.id})",
            tolerance=settings.resume_tolerance,
            watch=self.take,
            tell=lambda line: tell(f"restoring: {line}"),
        )
        self.state = self.session.state

    def take(self, evidence: Evidence, sequence: str, sound: bool) -> None:  # noqa: FBT001 - for the session
        """One exchange; it is not checked if the expected state is unknown."""
        if self.har:
            self.har.add(evidence.exchange)
        ids: tuple[str, ...] = ()
        if sound and not self.state.unsound:
            ids = self.runner.add(evidence, sequence)
            if evidence.answered and evidence.request_class != "unclear":
                self.sent[sequence, evidence.exchange.case] += 1
        if self.events:
            self.events.add(evidence, sequence, (one for one in self.runner.clauses if one.id in ids))
        planned = self.planned or self.plan.expected
        if self.plan.is_drawn:
            self.planned = planned
        waited, counts = self.target.clock.waited_s, self.runner.counts
        failed = sum(one.level == "must" and counts[one.id].broken > 0 for one in self.runner.clauses)
        self.watch(Progress(sequence, self.runner.requests, planned, waited, failed))

    def batch(self, number: int) -> Plan:
        """The next batch of a plan that goes on."""
        plan = batch(PAUSE, self.plan, number)
        self.planned = (self.planned or self.plan.requests) + plan.requests
        return plan

    def execute(self) -> None:
        """Send the plan, and restore. UsageError if the journal cannot be kept."""
        settings, target, actors, plan = self.settings, self.target, self.actors, self.plan
        reason: str | None = "the run ended before anything was changed"
        journal, live, base_url = None, target.kind == "live", target.base_url
        path = settings.journal or Path(f"whop-contracts-{self.id}.journal.jsonl")
        resources = resources_of(base_url, actors.campaigns, settings.test_clock, path) if live else []
        try:
            with exclusive(resources, self.id) as unlocked:
                if live:
                    journal = Journal.create(path, base_url, self.id, PAUSE.read_state)
                    self.session.journal = journal
                self._announce(journal)
                self.state.notes += filter(None, (unlocked, describe_plain_http(base_url)))
                more = self.batch if plan.goes_on else None
                execute(self.session, plan, more=more, restore_time=settings.restore_time)
                reason = self.state.inconclusive
                if journal and self.state.failed:
                    command = restore_command(journal.path, base_url, settings.test_clock)
                    self.tell(f"restore: {command}")
                    self.state.notes.append(f"what is left is restored by: {command}")
        except JournalError as error:
            reason = str(error)
            raise UsageError(f"--journal: {error}") from None
        finally:
            target.close()
            if journal:
                journal.close()
                if settings.journal is None:
                    journal.remove_if_complete(PAUSE.read_state)
            if self.har:
                self.har.close(reason)
        if (trouble := self.session.journal.trouble) and not self.state.failed:
            raise UsageError(f"--journal: {trouble}; the run was ended, and every campaign is as it was")

    def _announce(self, journal: Journal | None) -> None:
        """What has to be shown before anything is sent: the journal, what is done to production, the pace."""
        settings, plan = self.settings, self.plan
        if journal:
            self.tell(f"journal: {journal.path}")
        if (host := host_of(settings.base_url or "")) in settings.production_hosts:
            named = ", ".join(self.actors.campaigns)
            what = f"paused and resumed many times, by {plan.requests} requests, and put back as found"
            self.tell(f"production: {host}: {named} will be {what}")
        if note := describe_plain_http(self.target.base_url):
            self.tell(f"insecure: {note}")
        rate = pace(settings, self.target) if journal and not settings.quiet else None
        if rate and (note := pacing(settings, plan, rate)):
            self.tell(f"pacing: {note}")

    def _planned(self) -> dict[str, Any]:
        plan = self.plan
        return {"profile": plan.profile, "seed": plan.seed, "sha256": plan.sha256, "drawn": plan.drawn}

    def result(self) -> dict[str, Any]:
        """The result of the run, which ends here."""
        state, target, settings = self.state, self.target, self.settings
        seconds = time.monotonic() - self.began
        start, end = map(write_instant, target.clock.moved) if target.clock.moved else (None, None)
        notes = [*state.notes, *self.sender.notes]
        if settings.insecure and target.kind == "live":
            notes.append("certificates were not checked (--insecure)")
        command, classes = command_of_run(settings), classes_of(self.plan, self.sent)
        circumstances = Circumstances(
            target=self.about,
            plan=self._planned() | {"command": command, "classes": classes},
            clock={"kind": target.clock.kind, "from": start, "to": end},
            put_back={"campaigns": len(state.restored), "failed": state.failed},
            started_at=datetime.now(UTC).timestamp() - seconds,
            duration_s=seconds,
            waited_s=target.clock.waited_s + self.sender.waited_s,
            requests=self.sender.sent,
            notes=notes,
            reason=state.inconclusive,
            untested=self._untested(),
            strict=settings.strict,
        )
        return build(self.runner, circumstances, self.redactor)

    def _untested(self) -> dict[str, tuple[str, Cause]]:
        """Why clauses were not tested, by id, and of which cause that is; the most telling reason counts."""
        state, plan, runner = self.state, self.plan, self.runner
        prevented: frozenset[str] = frozenset()
        if state.prevented and not state.inconclusive:
            end = None if plan.goes_on else len(plan.sequences) - state.cut
            kept = replace(plan, sequences=plan.sequences[:end])
            untested = [clause for clause in runner.clauses if not runner.counts[clause.id].exchanges]
            prevented = missed(kept, untested, self.sent)

        def why(clause: Clause) -> tuple[str, Cause] | None:
            if not clause.requires <= plan.means.offer():
                return clause.needs, "chosen"
            if state.inconclusive:
                return state.inconclusive, "prevented"
            if state.prevented and clause.id in prevented:
                return state.prevented, "prevented"
            if state.cut or plan.cut_short:
                return "the budget of requests or time was spent before", "chosen"
            if plan.profile == "quick" and not runner.unproven:
                return "no request of the quick profile tested it", "chosen"
            return ("no exchange of this run tested it", "not_applicable") if clause.needs else None

        return {clause.id: reason for clause in runner.clauses if (reason := why(clause))}


def check(
    settings: Settings,
    *,
    plan: Plan | None = None,
    watch: Watch = lambda _: None,
    tell: Tell = lambda _: None,
) -> dict[str, Any]:
    """Run once and return the result, redacted. ``plan`` replaces the one that the settings ask for.

    ``watch`` gets the progress after each exchange, ``tell`` lines that are shown in any case.
    Raises ``UsageError`` for what the user has to change; whatever the target does is in the result.
    """
    schemas.self_test()
    run = _Run(settings, plan, watch, tell)
    run.execute()
    run.state.notes += [one.trouble for one in (run.har, run.events) if one and one.trouble]
    result = run.settle(run.result())
    if run.events:
        run.events.close(result)
    return result
