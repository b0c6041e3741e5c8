"""One load run, on one machine or several: its options, what its processes share, how campaigns are dealt, when it ends and how."""

from __future__ import annotations

import itertools
import logging
import os
import sys
import time
import urllib.parse
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import gevent
from locust.runners import LocalRunner, MasterRunner, WorkerRunner

from whop_contracts.pause.catalogue import chosen
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.oracle.concurrency import Follower, OwnCampaign, SharedCampaign
from whop_contracts.pause.strategies import draw, pause_bodies
from whop_contracts.redaction import Redactor
from whop_contracts.settings import Settings, UsageError
from whop_contracts.settings.sources import load
from whop_contracts.target.clocks import WallClock

LOG: Final = logging.getLogger("whop_contracts.integrations.locust")
_BODIES: Final = 100
_DEAL: Final = "whop_contracts.deal"
_REPORT: Final = "whop_contracts"


@dataclass(slots=True)
class Assignment:
    """One campaign of this process: how it is followed, how many are at it, and as which document it was found."""

    campaign: str
    desk: Follower
    users: int = 0
    found: dict[str, Any] | None = None


@dataclass(slots=True)
class LoadRun:
    """What the users of one process share."""

    settings: Settings = field(default_factory=Settings)
    clauses: tuple[Clause, ...] = ()
    places: list[Assignment] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    redactor: Redactor = field(default_factory=Redactor)
    clock: WallClock = field(default_factory=lambda: WallClock(time=time.time, sleep=gevent.sleep))
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    arrived: int = 0
    finished: int = 0
    paused: int = 0
    told: set[str] = field(default_factory=set)
    reports: dict[str, dict[str, int]] = field(default_factory=dict)

    def open(self, campaigns: list[str], seed: int) -> None:
        """Begin anew with these campaigns. The bodies are the same for the same seed and day."""
        tolerance = self.settings.resume_tolerance
        self.places = [Assignment(one, OwnCampaign(tolerance=tolerance)) for one in campaigns[:-1]]
        self.places += [Assignment(one, SharedCampaign()) for one in campaigns[-1:]]
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        instants = pause_bodies(earliest=today + timedelta(2), latest=today + timedelta(360))
        self.bodies = draw(instants, seed=seed, count=_BODIES)
        self.arrived = self.finished = self.paused = 0
        self.told, self.reports = set(), {}

    def take(self) -> tuple[int, Assignment]:
        """A number for a user, from 0, and the campaign that it works on."""
        number, self.arrived = self.arrived, self.arrived + 1
        return number, self.places[min(number, len(self.places) - 1)]


LOAD_RUN: Final = LoadRun()


def listen(events: Any) -> None:
    """Take part in the runs of this process."""
    events.init_command_line_parser.add_listener(_options)
    events.init.add_listener(_prepare)
    events.test_start.add_listener(_deal)
    events.report_to_master.add_listener(_report)
    events.quitting.add_listener(_conclude)


def _options(parser: Any) -> None:
    add = parser.add_argument
    add(
        "--campaign-id", action="append", default=None, metavar="ID", help="a campaign that is ours for the run; repeatable",
        include_in_web_ui=False,
    )  # fmt: skip
    add("--seed", type=int, default=0, metavar="N", help="what is sent follows from it (0)")
    add(
        "--iterations", type=int, default=0, metavar="N", help="requests that each user sends; 0: until it is stopped (0)"
    )  # fmt: skip
    add("--think-time", type=float, default=0.1, metavar="S", help="seconds between a user's requests (0.1)")
    add(
        "--settle-every", type=int, default=20, metavar="N", help="after so many requests a user waits 2 s and reads; 0: only at the end (20)"
    )  # fmt: skip


def _prepare(environment: Any, **_: Any) -> None:
    """Refuse what cannot be used before anything is sent, in one line."""
    runner, options = environment.runner, environment.parsed_options
    try:
        settings = load({}, environ=os.environ, folder=Path.cwd(), checked=False).settings
        LOAD_RUN.clauses = chosen(settings.clauses)
        LOAD_RUN.settings = settings
        if not isinstance(runner, WorkerRunner):
            options.campaign_id = _campaigns(options.campaign_id, settings)
            _check_host(environment.host, settings)
        if not isinstance(runner, MasterRunner):
            _check_token(settings)
    except (UsageError, ValueError) as error:
        LOG.error("%s", error)  # noqa: TRY400 - a line for a person
        sys.exit(2)
    LOAD_RUN.redactor = Redactor([settings.token or "", *(value for _, value in settings.headers)])
    if isinstance(runner, WorkerRunner):
        runner.register_message(_DEAL, _dealt)

    def reported(client_id: str, data: dict[str, Any], **_: Any) -> None:
        # Beside the statistics themselves, so that a run that ends by these counts has all of them.
        LOAD_RUN.reports[client_id] = data[_REPORT]
        _end_if_done(environment, sum(one["finished"] for one in LOAD_RUN.reports.values()))

    if isinstance(runner, MasterRunner):
        environment.events.worker_report.add_listener(reported)


def _check_token(settings: Settings) -> None:
    if not settings.token:
        raise UsageError("WHOP_API_TOKEN: not set; expected a token wherever users run")


def _campaigns(given: list[str] | None, settings: Settings) -> list[str]:
    campaigns = list(given or settings.campaign_ids)
    if not campaigns:
        raise UsageError("--campaign-id: not given; expected at least one campaign that is ours for the run")
    if len(set(campaigns)) < len(campaigns):
        raise UsageError("--campaign-id: expected each campaign once")
    return campaigns


def _check_host(base_url: str | None, settings: Settings) -> None:
    host = (urllib.parse.urlsplit(base_url or "").hostname or "").rstrip(".")
    if host in settings.production_hosts and not settings.allow_production:
        raise UsageError(f"{host} is production; expected a staging host, or WHOP_CONTRACTS_ALLOW_PRODUCTION")


def _check_share(campaigns: list[str], workers: list[str]) -> None:
    if len(campaigns) < len(workers):
        raise UsageError(
            f"--campaign-id: {len(campaigns)} given; expected one for each of {len(workers)} workers"
        )


def _deal(environment: Any, **_: Any) -> None:
    """Give every worker campaigns of its own: it hears of them before it is told to begin."""
    runner, options = environment.runner, environment.parsed_options
    if isinstance(runner, WorkerRunner):
        return
    workers = list(runner.clients) if isinstance(runner, MasterRunner) else [""]
    campaigns = options.campaign_id
    try:
        _check_host(environment.host, LOAD_RUN.settings)
        _check_share(campaigns, workers)
    except UsageError as error:
        LOG.error("%s", error)  # noqa: TRY400 - a line for a person
        environment.process_exit_code = 2
        gevent.spawn(runner.quit)
        return
    LOAD_RUN.open(campaigns, options.seed)
    for index, worker in enumerate(workers if isinstance(runner, MasterRunner) else ()):
        share = campaigns[index :: len(workers)]
        runner.send_message(_DEAL, {"campaigns": share, "seed": options.seed}, worker)


def _dealt(environment: Any, msg: Any, **_: Any) -> None:  # noqa: ARG001 - as Locust calls it
    LOAD_RUN.open(list(msg.data["campaigns"]), int(msg.data["seed"]))


def _report(data: dict[str, Any], **_: Any) -> None:
    data[_REPORT] = {"finished": LOAD_RUN.finished, "paused": LOAD_RUN.paused}


def done(environment: Any) -> None:
    """A user of this process is done."""
    LOAD_RUN.finished += 1
    if isinstance(environment.runner, LocalRunner):
        _end_if_done(environment, LOAD_RUN.finished)


def _end_if_done(environment: Any, finished: int) -> None:
    runner = environment.runner
    if environment.parsed_options.iterations and 0 < runner.target_user_count <= finished:
        gevent.spawn(runner.quit)


def _conclude(environment: Any, **_: Any) -> None:
    """Say by the exit code what came of it."""
    stats = environment.runner.stats
    if environment.process_exit_code is not None:
        return
    if any(error.method == "CLAUSE" for error in stats.errors.values()):
        environment.process_exit_code = 1
    elif not isinstance(environment.runner, WorkerRunner) and not (
        stats.errors or environment.runner.exceptions
    ):
        paused = LOAD_RUN.paused + sum(one["paused"] for one in LOAD_RUN.reports.values())
        environment.process_exit_code = None if paused else 3
        if not paused:
            LOG.error("inconclusive: no pause was accepted")
