"""A Locust file: whether the contract is kept under load, and past one machine.

    pip install 'whop-contracts[load]'
    export WHOP_API_TOKEN=...
    locust -f locustfile.py --headless -u 8 -r 8 -H https://staging.example.com/api/v1 --campaign-id adcamp_XXXXXXXX --iterations 100

``locustfile.py`` is one line, ``from whop_contracts.integrations.locust import CampaignUser``. On several machines the same with ``--master --expect-workers 2``,
and ``locust -f locustfile.py --worker --master-host HOST`` on each. A token is read where it is used, from the worker's own environment;
campaigns, seed and counts come from the master. Further settings (headers, clauses, strict, timeout) are those of ``whop-contracts run``, from
``WHOP_CONTRACTS_...`` variables or a ``whop-contracts.toml``.

Every user pauses, reads and unpauses, as its seed has it, with bodies of :func:`whop_contracts.pause.strategies.pause_bodies`. The campaigns are dealt out to
the workers, at least one each; there every user has one for itself, and those for whom none is left share the last. Every answer is held against
the clauses (see :mod:`whop_contracts.pause.oracle.concurrency`). One that is broken is a row of type CLAUSE in Locust's failure statistics, under its id; what only
warns is a row of type SHOULD and no failure. An answer of the environment (429, 502, 503, 504, none) is no finding: it has a row of its own.
Locust exits with 1 where a clause failed, with 2 for usage, with 3 where no pause was accepted. Campaigns are put back as they were found.
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
from whop_contracts.integrations.locust.load_run import LOAD_RUN, LOG, done, listen
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.evidence import Evidence
from whop_contracts.pause.oracle.concurrency import failures
from whop_contracts.pause.oracle.states import LAG
from whop_contracts.target.protocol import Reply

__all__ = ["BrokenPromise", "CampaignUser"]

_OPERATIONS: Final[tuple[Operation, ...]] = ("pause", "retrieve", "unpause")
_WEIGHTS: Final = (5, 4, 2)


class BrokenPromise(AssertionError):  # noqa: N818 - so it reads in Locust's own table
    """A clause that an answer broke; in Locust's statistics, by the clause's statement."""

    def __repr__(self) -> str:
        return str(self)


class CampaignUser(HttpUser):
    """Pauses, reads and unpauses one campaign, and judges every answer. Subclass it to change how often, or to give it company."""

    def on_start(self) -> None:
        """Take a campaign and look at it."""
        if not LOAD_RUN.places:
            LOG.error("no campaign was dealt to this worker: it came after the start")
            raise StopUser
        options: Any = self.environment.parsed_options
        self.number, self.place = LOAD_RUN.take()
        self.place.users += 1
        index = getattr(self.environment.runner, "worker_index", 0)
        self.rng = random.Random(f"{options.seed} {index} {self.number}")  # noqa: S311 - repeatable on purpose
        self.iterations, self.think_time = int(options.iterations), float(options.think_time)
        self.settle_every, self.sent = int(options.settle_every), 0
        self.client.trust_env = False
        evidence = self.send("retrieve")
        if self.place.found is None:
            self.place.found = dict(evidence.document or {})
        if self.place.found.get("status") not in {"active", "paused"}:
            LOG.error("%s: expected a campaign that is active or paused", self.place.campaign)
            raise StopUser

    def wait_time(self) -> float:
        """Seconds between two requests."""
        return self.think_time

    @task
    def work(self) -> None:
        """One request; after every so many, and after the last, a look that no lag of readers can excuse."""
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
        """Put the campaign back, if nobody else is at it, and say that this user is done."""
        place = getattr(self, "place", None)
        if place is not None:
            place.users -= 1
            found = place.found or {}
            if not place.users and found.get("status") in {"active", "paused"}:
                until = found.get("paused_until")
                body = json.dumps({} if until is None else {"paused_until": until})
                self.send(*(("pause", body) if found["status"] == "paused" else ("unpause", "")))
        done(self.environment)

    def send(self, operation: Operation, body: str = "") -> Evidence:
        """Send one request, and tell what its answer breaks."""
        settings, place = LOAD_RUN.settings, self.place
        headers = [("Accept", "application/json"), ("User-Agent", "whop-contracts"), *settings.headers]
        headers += [("Accept-Encoding", "identity"), ("Authorization", f"Bearer {settings.token}")]
        headers += [("Content-Type", "application/json")] if body else []
        method, tail = ("GET", "") if operation == "retrieve" else ("POST", f"/{operation}")
        path = f"/ad_campaigns/{place.campaign}{tail}"
        url = f"{str(self.host).rstrip('/')}{path}"
        request = Request(method, url, operation, place.campaign, tuple(headers), body.encode())
        number, sent = next(LOAD_RUN.numbers), time.time()
        place.desk.begin(number, request, sent)
        answer, trouble = None, "stopped"
        try:
            answer, trouble = self._exchanged(request)
        finally:
            received = time.time()
            LOAD_RUN.clock.learn(Reply(answer, None if answer else trouble, sent, received))
            exchange = Exchange(
                number,
                request,
                answer,
                sent,
                received,
                LOAD_RUN.clock.window(sent, received),
                role="full",
                scope="named",
                trouble=trouble or None,
            )
            evidence = place.desk.follow(exchange)
        LOAD_RUN.paused += operation == "pause" and evidence.accepted
        for clause, found in failures(evidence, LOAD_RUN.clauses):
            self._tell(clause, found, exchange)
        return evidence

    def _exchanged(self, request: Request) -> tuple[Response | None, str]:
        """The answer, or what there was instead."""
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
            if not got.status_code:
                trouble = type(got.error).__name__
                got.request_meta["name"] = f"{request.operation}: {trouble}"
                return None, trouble
            if got.status_code in INFRASTRUCTURE:
                got.request_meta["name"] = f"{request.operation}: {got.status_code}"
            lines = tuple((str(name), str(value)) for name, value in got.raw.headers.items())
            return Response(got.status_code, lines, got.content or b""), ""

    def _tell(self, clause: Clause, found: Finding, exchange: Exchange) -> None:
        """A row in Locust's statistics; what was found goes to the log, once a clause."""
        fails = clause.level == "must" or LOAD_RUN.settings.strict
        if clause.id not in LOAD_RUN.told:
            LOAD_RUN.told.add(clause.id)
            said = f"{clause.id}: {clause.statement} {exchange.request.method} {exchange.request.url}: expected {found.expected}, actual {found.actual}"
            said += f" at {found.pointer}" if found.pointer else ""
            LOG.log(logging.ERROR if fails else logging.WARNING, "%s", LOAD_RUN.redactor.text(said))
        self.environment.events.request.fire(
            request_type="CLAUSE" if fails else "SHOULD",
            name=clause.id,
            response_time=None,
            response_length=0,
            exception=BrokenPromise(clause.statement) if fails else None,
            context={},
        )


listen(events)
