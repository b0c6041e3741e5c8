"""One load run, on one machine or several: its options, what its processes share, how it ends."""

from __future__ import annotations

import itertools
import logging
import sys
import time
import urllib.parse
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import gevent
from locust.runners import LocalRunner, MasterRunner, WorkerRunner

from whop_contracts.integrations.locust import Follower, OwnCampaign, SharedCampaign
from whop_contracts.pause.catalogue import chosen
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.strategies import draw, pause_bodies
from whop_contracts.redaction import Redactor
from whop_contracts.settings import Settings, UsageError
from whop_contracts.settings.sources import load
from whop_contracts.target.clocks import WallClock

LOG: Final = logging.getLogger("whop_contracts.load")
_BODIES: Final = 100
_ASSIGN: Final = "whop_contracts.assign"
_COUNTS: Final = "whop_contracts"


@dataclass(slots=True)
class Assignment:
    """One campaign of this process: its follower, how many users it has, and its document at the start."""

    campaign: str
    follower: Follower
    users: int = 0
    found: dict[str, Any] | None = None


@dataclass(slots=True)
class LoadRun:
    """What the users of one process share. ``counts``, on the master, are those of each worker."""

    settings: Settings = field(default_factory=Settings)
    clauses: tuple[Clause, ...] = ()
    assignments: list[Assignment] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    redactor: Redactor = field(default_factory=Redactor)
    clock: WallClock = field(default_factory=lambda: WallClock(time=time.time, sleep=gevent.sleep))
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    arrived: int = 0
    finished: int = 0
    paused: int = 0
    reported: set[str] = field(default_factory=set)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)

    def open(self, campaigns: list[str], seed: int) -> None:
        """Start with these campaigns. The bodies are the same for the same seed and day."""
        tolerance = self.settings.resume_tolerance
        own = [Assignment(one, OwnCampaign(tolerance=tolerance)) for one in campaigns[:-1]]
        self.assignments = [*own, *(Assignment(one, SharedCampaign()) for one in campaigns[-1:])]
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        instants = pause_bodies(earliest=today + timedelta(2), latest=today + timedelta(360))
        self.bodies = draw(instants, seed=seed, count=_BODIES)
        self.arrived = self.finished = self.paused = 0
        self.reported, self.counts = set(), {}

    def take(self) -> tuple[int, Assignment]:
        """A number for a user, from 0, and the campaign that it works on."""
        number, self.arrived = self.arrived, self.arrived + 1
        return number, self.assignments[min(number, len(self.assignments) - 1)]


LOAD_RUN: Final = LoadRun()


def listen(events: Any) -> None:
    """Take part in the load runs of this process."""
    events.init_command_line_parser.add_listener(_add_options)
    events.init.add_listener(_prepare)
    events.test_start.add_listener(_assign)
    events.report_to_master.add_listener(_count)
    events.quitting.add_listener(_conclude)


def user_finished(environment: Any) -> None:
    """Take in that a user of this process is finished."""
    LOAD_RUN.finished += 1
    if isinstance(environment.runner, LocalRunner):
        _end_if_finished(environment, LOAD_RUN.finished)


def _add_options(parser: Any) -> None:
    def add(flag: str, metavar: str, default: Any, about: str, **more: Any) -> None:
        parser.add_argument(flag, metavar=metavar, default=default, help=about, **more)

    about = "a campaign that belongs to the load run; repeatable"
    add("--campaign-id", "ID", None, about, action="append", include_in_web_ui=False)
    add("--seed", "N", 0, "decides what is sent (0)", type=int)
    add("--iterations", "N", 0, "requests per user; 0: until the run is stopped (0)", type=int)
    add("--think-time", "S", 0.1, "seconds between two requests of a user (0.1)", type=float)
    about = "after so many requests a user waits 2 s and reads; 0: only at the end (20)"
    add("--settle-every", "N", 20, about, type=int)


def _prepare(environment: Any, **_: Any) -> None:
    """Read the settings; exit with 2 and one line if they cannot be used, before anything is sent."""
    runner, options = environment.runner, environment.parsed_options
    try:
        LOAD_RUN.settings = load({}, Path.cwd(), checked=False).settings
        LOAD_RUN.clauses = chosen(LOAD_RUN.settings.clauses)
        options.campaign_id = options.campaign_id or list(LOAD_RUN.settings.campaign_ids)
        _check(environment, workers=1)
    except (UsageError, ValueError) as error:
        LOG.error("%s", error)  # noqa: TRY400 - one line for a person
        sys.exit(2)
    settings = LOAD_RUN.settings
    LOAD_RUN.redactor = Redactor([settings.token or "", *(value for _, value in settings.headers)])
    if isinstance(runner, WorkerRunner):
        runner.register_message(_ASSIGN, _assigned)

    def counted(client_id: str, data: dict[str, Any], **_: Any) -> None:
        # Together with the statistics, so that a run that ends by these counts has all of them.
        LOAD_RUN.counts[client_id] = data[_COUNTS]
        _end_if_finished(environment, sum(one["finished"] for one in LOAD_RUN.counts.values()))

    if isinstance(runner, MasterRunner):
        environment.events.worker_report.add_listener(counted)


def _check(environment: Any, *, workers: int) -> None:
    """Raise ``UsageError`` for a token, campaigns or a host that this process cannot use."""
    settings, campaigns = LOAD_RUN.settings, environment.parsed_options.campaign_id
    if not settings.token and not isinstance(environment.runner, MasterRunner):
        raise UsageError("WHOP_API_TOKEN: not set; expected a token wherever users run")
    if isinstance(environment.runner, WorkerRunner):
        return
    if not campaigns:
        raise UsageError("--campaign-id: not given; expected at least one campaign that is ours for the run")
    if len(set(campaigns)) < len(campaigns):
        raise UsageError("--campaign-id: expected each campaign once")
    if len(campaigns) < workers:
        raise UsageError(f"--campaign-id: {len(campaigns)} given; expected one for each of {workers} workers")
    host = (urllib.parse.urlsplit(environment.host or "").hostname or "").rstrip(".")
    if host in settings.production_hosts and not settings.allow_production:
        raise UsageError(f"{host} is production; expected a staging host, or WHOP_CONTRACTS_ALLOW_PRODUCTION")


def _assign(environment: Any, **_: Any) -> None:
    """Give every worker campaigns of its own, before it starts."""
    runner, options = environment.runner, environment.parsed_options
    if isinstance(runner, WorkerRunner):
        return
    workers = list(runner.clients) if isinstance(runner, MasterRunner) else []
    try:
        _check(environment, workers=len(workers))
    except UsageError as error:
        LOG.error("%s", error)  # noqa: TRY400 - one line for a person
        environment.process_exit_code = 2
        gevent.spawn(runner.quit)
        return
    LOAD_RUN.open(options.campaign_id, options.seed)
    for index, worker in enumerate(workers):
        share = {"campaigns": options.campaign_id[index :: len(workers)], "seed": options.seed}
        runner.send_message(_ASSIGN, share, worker)


def _assigned(environment: Any, msg: Any, **_: Any) -> None:  # noqa: ARG001 - as Locust calls it
    LOAD_RUN.open(list(msg.data["campaigns"]), int(msg.data["seed"]))


def _count(data: dict[str, Any], **_: Any) -> None:
    data[_COUNTS] = {"finished": LOAD_RUN.finished, "paused": LOAD_RUN.paused}


def _end_if_finished(environment: Any, finished: int) -> None:
    runner = environment.runner
    if environment.parsed_options.iterations and 0 < runner.target_user_count <= finished:
        gevent.spawn(runner.quit)


def _conclude(environment: Any, **_: Any) -> None:
    """Set the exit code: 1 if a clause failed, 3 if no pause was accepted."""
    stats = environment.runner.stats
    if environment.process_exit_code is not None:
        return
    if any(error.method == "CLAUSE" for error in stats.errors.values()):
        environment.process_exit_code = 1
    elif not isinstance(environment.runner, WorkerRunner) and not (
        stats.errors or environment.runner.exceptions
    ):
        paused = LOAD_RUN.paused + sum(one["paused"] for one in LOAD_RUN.counts.values())
        environment.process_exit_code = None if paused else 3
        if not paused:
            LOG.error("inconclusive: no pause was accepted")
