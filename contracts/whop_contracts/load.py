"""Load tests with Locust, on one machine or several. ``docs/generators.md`` shows how to run them.

Every user pauses, reads and unpauses in the order that its seed gives. In Locust's statistics a failed clause
is a row of type CLAUSE, one that warns a row of type SHOULD and no failure, and a response of infrastructure
has a row of its own. Each process reads its own credential; campaigns, seed and counts come from the master.
"""

from __future__ import annotations

import json
import logging
import random
import sys
import time
import urllib.parse
from pathlib import Path
from typing import Any, Final

import gevent
from locust import HttpUser, events, task
from locust.exception import StopUser
from locust.runners import LocalRunner, MasterRunner, WorkerRunner

from whop_contracts.exchange import INFRASTRUCTURE, Exchange, Finding, Operation, Request, Response
from whop_contracts.integrations.locust import LoadRun, failures
from whop_contracts.pause.catalogue import chosen
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause.evidence import Evidence
from whop_contracts.pause.oracle.states import LAG
from whop_contracts.redaction import Redactor
from whop_contracts.settings import UsageError
from whop_contracts.settings.sources import load
from whop_contracts.target.responses import Reply

__all__ = ["CampaignUser", "ClauseFailed"]

LOG: Final = logging.getLogger("whop_contracts.load")
LOAD: Final = LoadRun()
_ASSIGN: Final = "whop_contracts.assign"
_COUNTS: Final = "whop_contracts"
_OPERATIONS: Final[tuple[Operation, ...]] = ("pause", "retrieve", "unpause")
_WEIGHTS: Final = (5, 4, 2)


class ClauseFailed(AssertionError):  # noqa: N818 - so it reads in Locust's own table
    """A clause that a response failed; shown in Locust's statistics as the clause's statement."""

    def __repr__(self) -> str:
        return str(self)


class CampaignUser(HttpUser):
    """Pauses, reads and unpauses one campaign, and checks every response. Subclass it to change how often."""

    ready = False
    """Whether the user has a campaign that can be paused and restored."""

    def on_start(self) -> None:
        """Take a campaign and read it."""
        if not LOAD.assignments:
            LOG.error("this worker has no campaign: it came after the start")
            return
        options: Any = self.environment.parsed_options
        self.number, self.assignment = LOAD.take()
        self.assignment.users += 1
        index = getattr(self.environment.runner, "worker_index", 0)
        self.rng = random.Random(f"{options.seed} {index} {self.number}")  # noqa: S311 - repeatable
        self.iterations, self.think_time = int(options.iterations), float(options.think_time)
        self.settle_every, self.sent = int(options.settle_every), 0
        self.client.trust_env = False
        evidence = self.send("retrieve")
        if self.assignment.found is None:
            self.assignment.found = dict(evidence.document or {})
        self.ready = self.assignment.found.get("status") in {"active", "paused"}
        if not self.ready:
            LOG.error("%s: expected a campaign that is active or paused", self.assignment.campaign)

    def wait_time(self) -> float:
        """Seconds between two requests."""
        return self.think_time if self.ready else 0

    @task
    def work(self) -> None:
        """Send one request. After every so many, and after the last, read when no reader may lag any more."""
        if not self.ready:
            raise StopUser
        operation = self.rng.choices(_OPERATIONS, _WEIGHTS)[0]
        body = json.dumps(self.rng.choice(LOAD.bodies)) if operation == "pause" else ""
        self.send(operation, body)
        self.sent += 1
        last = self.sent == self.iterations
        if last or (self.settle_every and self.sent % self.settle_every == 0):
            gevent.sleep(LAG + 0.1)
            self.send("retrieve")
        if last:
            raise StopUser

    def on_stop(self) -> None:
        """Restore the campaign if no other user works on it, and report that this user is finished."""
        if self.ready:
            self.assignment.users -= 1
            found = self.assignment.found or {}
            if not self.assignment.users:
                until = found.get("paused_until")
                body = json.dumps({} if until is None else {"paused_until": until})
                self.send(*(("pause", body) if found["status"] == "paused" else ("unpause", "")))
        LOAD.finished += 1
        if isinstance(self.environment.runner, LocalRunner):
            _end_if_finished(self.environment, LOAD.finished)

    def send(self, operation: Operation, body: str = "") -> Evidence:
        """Send one request, and report what its response fails."""
        request = self._request(operation, body)
        number, sent = next(LOAD.numbers), time.time()
        self.assignment.follower.begin(number, request, sent)
        response, error = None, "stopped"
        try:
            response, error = self._exchanged(request)
        finally:
            received = time.time()
            LOAD.clock.learn(Reply(response, None if response else error, sent, received))
            now = LOAD.clock.window(sent, received)
            whose: Any = {"role": "full", "scope": "named", "trouble": error or None}
            exchange = Exchange(number, request, response, sent, received, now, **whose)
            evidence = self.assignment.follower.follow(exchange)
        LOAD.paused += operation == "pause" and evidence.accepted
        for clause, finding in failures(evidence, LOAD.clauses):
            self._report(clause, finding, exchange)
        return evidence

    def _request(self, operation: Operation, body: str) -> Request:
        settings, campaign = LOAD.settings, self.assignment.campaign
        headers = [("Accept", "application/json"), ("User-Agent", "whop-contracts"), *settings.headers]
        headers += [("Accept-Encoding", "identity"), ("Authorization", f"Bearer {settings.token}")]
        headers += [("Content-Type", "application/json")] if body else []
        method = "GET" if operation == "retrieve" else "POST"
        url = str(self.host).rstrip("/") + PAUSE.path(campaign, operation)
        return Request(method, url, operation, campaign, tuple(headers), body.encode())

    def _exchanged(self, request: Request) -> tuple[Response | None, str]:
        """The response and an empty text, or None and the kind of error."""
        with self.client.request(
            request.method,
            request.url,
            name=str(request.operation),
            headers=dict(request.headers),
            data=request.content or None,
            catch_response=True,
            allow_redirects=False,
            timeout=LOAD.settings.timeout,
        ) as got:
            got.success()
            error = "" if got.status_code else type(got.error).__name__
            if error or got.status_code in INFRASTRUCTURE:
                got.request_meta["name"] = f"{request.operation}: {error or got.status_code}"
            if error:
                return None, error
            lines = tuple((str(name), str(value)) for name, value in got.raw.headers.items())
            return Response(got.status_code, lines, got.content or b""), ""

    def _report(self, clause: Clause, finding: Finding, exchange: Exchange) -> None:
        """Add a row to Locust's statistics; the first finding of each clause goes to the log."""
        fails = clause.level == "must" or LOAD.settings.strict
        if clause.id not in LOAD.reported:
            LOAD.reported.add(clause.id)
            at = f" at {finding.pointer}" if finding.pointer else ""
            request = f"{exchange.request.method} {exchange.request.url}"
            found = f"expected {finding.expected}, actual {finding.actual}{at}"
            line = LOAD.redactor.text(f"{clause.id}: {clause.statement} {request}: {found}")
            LOG.log(logging.ERROR if fails else logging.WARNING, "%s", line)
        self.environment.events.request.fire(
            request_type="CLAUSE" if fails else "SHOULD",
            name=clause.id,
            response_time=None,
            response_length=0,
            exception=ClauseFailed(clause.statement) if fails else None,
            context={},
        )


# -- one load run: its options, what its processes share, how it ends ---------------------------------------


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
        LOAD.settings = load({}, Path.cwd(), checked=False)
        LOAD.clauses = chosen(LOAD.settings.clauses)
        options.campaign_id = options.campaign_id or list(LOAD.settings.campaign_ids)
        _check(environment, workers=1)
    except (UsageError, ValueError) as error:
        LOG.error("%s", error)  # noqa: TRY400 - one line for a person
        sys.exit(2)
    settings = LOAD.settings
    LOAD.redactor = Redactor([settings.token or "", *(value for _, value in settings.headers)])
    if isinstance(runner, WorkerRunner):
        runner.register_message(_ASSIGN, _assigned)

    def counted(client_id: str, data: dict[str, Any], **_: Any) -> None:
        # Together with the statistics, so that a run that ends by these counts has all of them.
        LOAD.counts[client_id] = data[_COUNTS]
        _end_if_finished(environment, sum(one["finished"] for one in LOAD.counts.values()))

    if isinstance(runner, MasterRunner):
        environment.events.worker_report.add_listener(counted)


def _check(environment: Any, *, workers: int) -> None:
    """Raise ``UsageError`` for a token, campaigns or a host that this process cannot use."""
    settings, campaigns = LOAD.settings, environment.parsed_options.campaign_id
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
    LOAD.open(options.campaign_id, options.seed)
    for index, worker in enumerate(workers):
        share = {"campaigns": options.campaign_id[index :: len(workers)], "seed": options.seed}
        runner.send_message(_ASSIGN, share, worker)


def _assigned(environment: Any, msg: Any, **_: Any) -> None:  # noqa: ARG001 - as Locust calls it
    LOAD.open(list(msg.data["campaigns"]), int(msg.data["seed"]))


def _count(data: dict[str, Any], **_: Any) -> None:
    data[_COUNTS] = {"finished": LOAD.finished, "paused": LOAD.paused}


def _end_if_finished(environment: Any, finished: int) -> None:
    runner = environment.runner
    if environment.parsed_options.iterations and 0 < runner.target_user_count <= finished:
        gevent.spawn(runner.quit)


def _conclude(environment: Any, **_: Any) -> None:
    """Set the exit code: 1 if a clause failed, 3 if no pause was accepted."""
    runner = environment.runner
    errors = runner.stats.errors
    if environment.process_exit_code is not None:
        return
    if any(error.method == "CLAUSE" for error in errors.values()):
        environment.process_exit_code = 1
    elif not (isinstance(runner, WorkerRunner) or errors or runner.exceptions):
        paused = LOAD.paused + sum(one["paused"] for one in LOAD.counts.values())
        if not paused:
            environment.process_exit_code = 3
            LOG.error("inconclusive: no pause was accepted")


_LISTENERS: Final = {
    "init_command_line_parser": _add_options,
    "init": _prepare,
    "test_start": _assign,
    "report_to_master": _count,
    "quitting": _conclude,
}
for _name, _listener in _LISTENERS.items():
    getattr(events, _name).add_listener(_listener)
