"""What the benchmarks send and where: runs, bare loops with the same requests, a provider in a process."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import respx

from whop_contracts import provider
from whop_contracts.actors import Actors
from whop_contracts.cli.open_target import mock_actors, open_mock, open_target
from whop_contracts.engine.build_plan import draw
from whop_contracts.engine.plan import Plan
from whop_contracts.engine.request_builder import RequestBuilder
from whop_contracts.engine.run import execute
from whop_contracts.engine.run_state import RunState
from whop_contracts.engine.session import Session
from whop_contracts.exchange import Request
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause.evidence import Evidence
from whop_contracts.provider import SEED
from whop_contracts.settings import Settings
from whop_contracts.steps import Capabilities
from whop_contracts.target import Target
from whop_contracts.target.sender import Sender

Watch = Callable[[Evidence, str], None]
PROGRAM = [sys.executable, "-m", "whop_contracts"]
MOCK_MEANS = Capabilities(
    len(mock_actors().campaigns), readonly=True, foreign=True, resting=True, loopback=True, clock="virtual"
)


@dataclass(frozen=True)
class Served:
    """A provider on a port: where it is and where its clock is."""

    base_url: str
    clock_url: str

    def settings(self, journal: Path, **more: Any) -> Settings:
        return Settings(
            base_url=self.base_url,
            test_clock=self.clock_url,
            token=SEED.token,
            campaign_ids=tuple(SEED.campaigns),
            readonly_token=SEED.readonly_token,
            foreign_campaign_id=SEED.foreign_campaign,
            journal=journal,
            **more,
        )

    def command(self, *more: str) -> list[str]:
        named = {
            "--base-url": self.base_url,
            "--test-clock": self.clock_url,
            "--readonly-token": SEED.readonly_token,
            "--foreign-campaign-id": SEED.foreign_campaign,
        }
        flags = [part for pair in named.items() for part in pair]
        campaigns = [part for campaign in SEED.campaigns for part in ("--campaign-id", campaign)]
        return [*PROGRAM, "run", *flags, *campaigns, *more]


@contextmanager
def provider_process(folder: Path) -> Iterator[Served]:
    """``whop-contracts serve`` on a free port."""
    program = [*PROGRAM, "serve", "--port", "0"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True, cwd=folder) as process:
        assert process.stdout is not None
        try:
            base_url, clock_url = (process.stdout.readline().split()[-1] for _ in range(2))
            yield Served(base_url, clock_url)
        finally:
            process.terminate()


def command(program: list[str], folder: Path) -> str:
    """The output of a command that succeeds; of a run's settings, only the token is in the environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WHOP_")}
    environ = kept | {"WHOP_API_TOKEN": SEED.token}
    done = subprocess.run(program, env=environ, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run_on(target: Target, actors: Actors, plan: Plan, watch: Watch, *, least: int = 0) -> RunState:
    """One run on a target; the plan is repeated until ``least`` requests. Evidence goes to ``watch``."""
    rng = random.Random(0)
    builder = RequestBuilder(target.base_url, actors, PAUSE, agent="whop-contracts", rng=rng)
    sender = Sender(target, rng=rng, max_requests=least + 200 if least else None, reserve=100)

    def take(evidence: Evidence, sequence: str, _sound: bool) -> None:  # noqa: FBT001 - the session calls it
        watch(evidence, sequence)

    session = Session(target, sender, builder, actors, PAUSE, tolerance=60.0, journal=None, watch=take)
    try:
        return execute(session, plan, more=(lambda _number: plan) if least else None)
    finally:
        target.close()


def on_the_mock(plan: Plan, watch: Watch, *, least: int = 0) -> RunState:
    target = open_mock(provider.build(clock=provider.ManualClock(1_790_000_000.0)))
    return run_on(target, mock_actors(), plan, watch, least=least)


def on_the_served(settings: Settings, plan: Plan, watch: Watch) -> RunState:
    target, actors = open_target(settings)
    return run_on(target, actors, plan, watch)


def best(work: Callable[[], object], rounds: int = 5) -> float:
    """The shortest time that ``work`` took, in seconds; the first call does not count."""
    work()
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def standard() -> Plan:
    return draw("standard", seed=0, means=MOCK_MEANS)


def exchanged() -> list[Evidence]:
    """The evidence of one ``standard`` run on the conforming provider in this process."""
    seen: list[Evidence] = []
    on_the_mock(standard(), lambda evidence, _sequence: seen.append(evidence))
    return seen


def bare_respx(requests: list[Request]) -> int:
    """Send requests with httpx to a provider behind respx, checking nothing; the number of responses."""
    reference = provider.build(clock=provider.ManualClock(time.time()))

    def respond(request: httpx.Request) -> httpx.Response:
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw]
        got = reference.handle(request.method, request.url.raw_path.decode(), headers, request.content)
        return httpx.Response(got.status, headers=list(got.headers), content=got.content)

    with respx.mock(assert_all_called=False) as router, httpx.Client() as client:
        router.route(host=httpx.URL(requests[0].url).host).mock(side_effect=respond)
        return _send(client, requests)


def bare_httpx(requests: list[Request]) -> int:
    """Send requests with httpx over the network, checking nothing; the number of responses."""
    with httpx.Client() as client:
        return _send(client, requests)


def _send(client: httpx.Client, requests: list[Request]) -> int:
    responses = 0
    for one in requests:
        headers = [(name.encode(), value.encode()) for name, value in one.headers]
        client.request(one.method, one.url, headers=headers, content=one.content)
        responses += 1
    return responses
