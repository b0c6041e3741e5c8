"""A Locust user that checks every response, on one machine or several; ``docs/generators.md`` shows how to
run it.

Every user pauses, reads and unpauses in the order that its seed gives. In Locust's statistics a failed clause
is a row of type CLAUSE, one that warns a row of type SHOULD and no failure, and a response of infrastructure
has a row of its own. Each process reads its own credential; campaigns, seed and counts come from the master.
"""

from __future__ import annotations

import json
import logging
import random
import time
from typing import Any, Final

import gevent
from locust import HttpUser, events, task
from locust.exception import StopUser

from whop_contracts.exchange import INFRASTRUCTURE, Exchange, Finding, Operation, Request, Response
from whop_contracts.integrations.locust import failures
from whop_contracts.integrations.locust.load_run import LOAD_RUN, LOG, listen, user_finished
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause.evidence import Evidence
from whop_contracts.pause.oracle.states import LAG
from whop_contracts.target.responses import Reply

__all__ = ["CampaignUser", "ClauseFailed"]

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
        if not LOAD_RUN.assignments:
            LOG.error("this worker has no campaign: it came after the start")
            return
        options: Any = self.environment.parsed_options
        self.number, self.assignment = LOAD_RUN.take()
        self.assignment.users += 1
        index = getattr(self.environment.runner, "worker_index", 0)
        self.rng = random.Random(f"{options.seed} {index} {self.number}")  # noqa: S311 - repeatable on purpose
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
        body = json.dumps(self.rng.choice(LOAD_RUN.bodies)) if operation == "pause" else ""
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
        user_finished(self.environment)

    def send(self, operation: Operation, body: str = "") -> Evidence:
        """Send one request, and report what its response fails."""
        request = self._request(operation, body)
        number, sent = next(LOAD_RUN.numbers), time.time()
        self.assignment.follower.begin(number, request, sent)
        response, error = None, "stopped"
        try:
            response, error = self._exchanged(request)
        finally:
            received = time.time()
            LOAD_RUN.clock.learn(Reply(response, None if response else error, sent, received))
            exchange = Exchange(
                number,
                request,
                response,
                sent,
                received,
                LOAD_RUN.clock.window(sent, received),
                role="full",
                scope="named",
                trouble=error or None,
            )
            evidence = self.assignment.follower.follow(exchange)
        LOAD_RUN.paused += operation == "pause" and evidence.accepted
        for clause, finding in failures(evidence, LOAD_RUN.clauses):
            self._report(clause, finding, exchange)
        return evidence

    def _request(self, operation: Operation, body: str) -> Request:
        settings, campaign = LOAD_RUN.settings, self.assignment.campaign
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
            timeout=LOAD_RUN.settings.timeout,
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
        fails = clause.level == "must" or LOAD_RUN.settings.strict
        if clause.id not in LOAD_RUN.reported:
            LOAD_RUN.reported.add(clause.id)
            at = f" at {finding.pointer}" if finding.pointer else ""
            request = f"{exchange.request.method} {exchange.request.url}"
            found = f"expected {finding.expected}, actual {finding.actual}{at}"
            line = f"{clause.id}: {clause.statement} {request}: {found}"
            LOG.log(logging.ERROR if fails else logging.WARNING, "%s", LOAD_RUN.redactor.text(line))
        self.environment.events.request.fire(
            request_type="CLAUSE" if fails else "SHOULD",
            name=clause.id,
            response_time=None,
            response_length=0,
            exception=ClauseFailed(clause.statement) if fails else None,
            context={},
        )


listen(events)
