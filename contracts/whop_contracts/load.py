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
from pathlib import Path
from typing import Any, Final

import gevent
from locust import HttpUser, events, task
from locust.exception import StopUser
from locust.runners import MasterRunner, WorkerRunner

from whop_contracts.exchange import INFRASTRUCTURE, Exchange, Finding, Operation, Request, Response
from whop_contracts.integrations.locust import LoadRun
from whop_contracts.pause.catalogue import chosen
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause.evidence import Evidence, State, read_state
from whop_contracts.pause.oracle.states import LAG
from whop_contracts.redaction import Redactor
from whop_contracts.settings import UsageError, host_of
from whop_contracts.settings.sources import load
from whop_contracts.target.responses import Reply

__all__ = ["CampaignUser", "ClauseFailed"]

LOG: Final = logging.getLogger("whop_contracts.load")
LOAD: Final = LoadRun()
_OURS: Final = "whop_contracts"
_WEIGHTS: Final[dict[Operation, int]] = {"pause": 5, "retrieve": 4, "unpause": 2}


class ClauseFailed(AssertionError):  # noqa: N818 - so it reads in Locust's own table
    """A clause that a response failed; shown in Locust's statistics as the clause's statement."""

    __repr__ = AssertionError.__str__


class CampaignUser(HttpUser):
    """Pauses, reads and unpauses one campaign, and checks every response. Subclass it to change how often."""

    campaign = ""
    ready = False  # whether it has a campaign that can be paused and restored

    def on_start(self) -> None:
        """Take a campaign and read it."""
        if not LOAD.followers:
            LOG.error("this worker has no campaign: it came after the start")
            return
        self.options: Any = self.environment.parsed_options
        number, LOAD.arrived = LOAD.arrived, LOAD.arrived + 1
        campaigns = list(LOAD.followers)
        self.campaign = campaigns[min(number, len(campaigns) - 1)]
        LOAD.users[self.campaign] += 1
        index = getattr(self.environment.runner, "worker_index", 0)
        self.rng = random.Random(f"{self.options.seed} {index} {number}")  # noqa: S311 - repeatable
        self.sent, self.client.trust_env = 0, False
        shown = read_state(self.send("retrieve").document or {})
        if shown.status == "active" or (shown.status == "paused" and shown.whole):
            LOAD.found.setdefault(self.campaign, shown if shown.whole else PAUSE.baseline)
        self.ready = self.campaign in LOAD.found
        if not self.ready:
            LOG.error("%s: expected a campaign that is active or paused", self.campaign)

    def wait_time(self) -> float:
        """Seconds between two requests."""
        return float(self.options.think_time) if self.ready else 0

    @task
    def work(self) -> None:
        """Send one request. After every so many, and after the last, read when no reader may lag any more."""
        if not self.ready:
            raise StopUser
        operation = self.rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
        body = json.dumps(self.rng.choice(LOAD.bodies)) if operation == "pause" else ""
        self.send(operation, body)
        self.sent += 1
        last, settle_every = self.sent == self.options.iterations, self.options.settle_every
        if last or (settle_every and self.sent % settle_every == 0):
            gevent.sleep(LAG + 0.1)
            self.send("retrieve")
        if last:
            raise StopUser

    def on_stop(self) -> None:
        """Restore the campaign if no other user works on it, and report that this user is finished."""
        if self.campaign:
            LOAD.users[self.campaign] -= 1
            if not LOAD.users[self.campaign] and (first := LOAD.found.get(self.campaign)):
                self._restore(first)
        LOAD.counts["finished"] += 1
        _end_if_finished(self.environment)

    def _restore(self, first: State) -> None:
        """Bring the campaign into its first state and read it, within ``restore_time``; else exit with 4."""
        restored, before, until = False, None, time.monotonic() + LOAD.settings.restore_time
        try:
            while not restored and (before is None or time.monotonic() < until):
                wanted = PAUSE.elapsed(first, LOAD.clock.window(time.time(), time.time()))
                for case in PAUSE.requests_to_restore(before, wanted, ""):
                    self.send(case.operation, str(case.body or ""))
                gevent.sleep(LAG + 0.1)
                shown = read_state(self.send("retrieve").document or {})
                # From then on by way of the baseline: some providers refuse to pause what is paused.
                restored, before = shown.status is not None and shown.matches(wanted), PAUSE.baseline
        finally:  # also if Locust kills this user meanwhile
            if not restored:
                LOAD.counts["left"] += 1
                self.environment.process_exit_code = 4
                LOG.error("NOT PUT BACK  %s: was %s", self.campaign, first)

    def send(self, operation: Operation, body: str = "") -> Evidence:
        """Send one request, and report what its response fails."""
        settings, follower = LOAD.settings, LOAD.followers[self.campaign]
        headers = [("Accept", "application/json"), ("User-Agent", "whop-contracts"), *settings.headers]
        headers += [("Accept-Encoding", "identity"), ("Authorization", f"Bearer {settings.token}")]
        headers += [("Content-Type", "application/json")] if body else []
        method = "GET" if operation == "retrieve" else "POST"
        url = str(self.host).rstrip("/") + PAUSE.path(self.campaign, operation)
        request = Request(method, url, operation, self.campaign, tuple(headers), body.encode())
        sent, response = time.time(), None
        trouble: str | None = "stopped"
        follower.begin(request, sent)
        try:
            response, trouble = self._exchanged(request)
        finally:
            received = time.time()
            LOAD.clock.learn(Reply(response, trouble, sent, received))
            times = sent, received, LOAD.clock.window(sent, received)
            exchange = Exchange(1, request, response, *times, "full", "named", trouble=trouble)
            evidence = follower.follow(exchange)
        LOAD.counts["paused"] += operation == "pause" and evidence.accepted
        for clause in LOAD.clauses:
            if clause.applies(evidence) and (finding := next(clause.check(evidence), None)):
                self._report(clause, finding, exchange)
        return evidence

    def _exchanged(self, request: Request) -> tuple[Response | None, str | None]:
        """The response, or the kind of error."""
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
            error = None if got.status_code else type(got.error).__name__
            if error or got.status_code in INFRASTRUCTURE:
                got.request_meta["name"] = f"{request.operation}: {error or got.status_code}"
            if error:
                return None, error
            return Response(got.status_code, tuple(got.raw.headers.items()), got.content or b""), None

    def _report(self, clause: Clause, finding: Finding, exchange: Exchange) -> None:
        """Add a row to Locust's statistics; the first finding of each clause goes to the log."""
        fails = clause.level == "must" or LOAD.settings.strict
        if clause.id not in LOAD.reported:
            LOAD.reported.add(clause.id)
            redactor = Redactor([LOAD.settings.token or "", *(value for _, value in LOAD.settings.headers)])
            at = f" at {finding.pointer}" if finding.pointer else ""
            request = f"{exchange.request.method} {exchange.request.url}"
            found = f"expected {finding.expected}, actual {finding.actual}{at}"
            line = redactor.text(f"{clause.id}: {clause.statement} {request}: {found}")
            LOG.log(logging.ERROR if fails else logging.WARNING, "%s", line)
        self.environment.events.request.fire(
            request_type="CLAUSE" if fails else "SHOULD",
            name=clause.id,
            response_time=None,
            response_length=0,
            exception=ClauseFailed(clause.statement) if fails else None,
            context={},
        )


def _add_options(parser: Any) -> None:
    add = parser.add_argument
    about = "a campaign that belongs to the load run; repeatable"
    add("--campaign-id", metavar="ID", action="append", include_in_web_ui=False, help=about)
    add("--seed", metavar="N", type=int, default=0, help="decides what is sent (0)")
    add("--iterations", metavar="N", type=int, default=0, help="requests per user; 0: until stopped (0)")
    add("--think-time", metavar="S", type=float, default=0.1, help="seconds between a user's requests (0.1)")
    about = "after so many requests a user waits 2 s and reads; 0: only at the end (20)"
    add("--settle-every", metavar="N", type=int, default=20, help=about)


def _prepare(environment: Any, **_: Any) -> None:
    """Read the settings; exit with 2 and one line if they cannot be used, before anything is sent."""
    options = environment.parsed_options
    try:
        LOAD.settings = load({}, Path.cwd(), checked=False)
        LOAD.clauses = chosen(LOAD.settings.clauses)
        options.campaign_id = options.campaign_id or list(LOAD.settings.campaign_ids)
        _check(environment, workers=1)
    except (UsageError, ValueError) as error:
        LOG.error("%s", error)  # noqa: TRY400 - one line for a person
        sys.exit(2)
    environment.runner.register_message(_OURS, lambda msg, **_: LOAD.open(**msg.data))

    def add_counts(data: dict[str, Any], **_: Any) -> None:
        # Together with the statistics, so that a run that ends by these counts has all of them.
        LOAD.counts.update(data[_OURS])
        if LOAD.counts["left"]:
            environment.process_exit_code = 4
        _end_if_finished(environment)

    environment.events.worker_report.add_listener(add_counts)


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
    host = host_of(environment.host or "")
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
        runner.send_message(_OURS, share, worker)


def _count(data: dict[str, Any], **_: Any) -> None:
    data[_OURS] = dict(LOAD.counts)
    LOAD.counts.clear()


def _end_if_finished(environment: Any) -> None:
    runner, iterations = environment.runner, environment.parsed_options.iterations
    finished = 0 < runner.target_user_count <= LOAD.counts["finished"]
    if iterations and finished and not isinstance(runner, WorkerRunner):
        gevent.spawn(runner.quit)


def _conclude(environment: Any, **_: Any) -> None:
    """Set the exit code: 1 if a clause failed, 3 if no pause was accepted."""
    runner, errors = environment.runner, environment.runner.stats.errors
    if environment.process_exit_code is not None:
        return
    if any(error.method == "CLAUSE" for error in errors.values()):
        environment.process_exit_code = 1
    elif not (isinstance(runner, WorkerRunner) or errors or runner.exceptions or LOAD.counts["paused"]):
        environment.process_exit_code = 3
        LOG.error("inconclusive: no pause was accepted")


_EVENTS: Any = events
_EVENTS.init_command_line_parser.add_listener(_add_options)
_EVENTS.init.add_listener(_prepare)
_EVENTS.test_start.add_listener(_assign)
_EVENTS.report_to_master.add_listener(_count)
_EVENTS.quitting.add_listener(_conclude)
