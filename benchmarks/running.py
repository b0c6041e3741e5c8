"""What the benchmarks send and to whom: requests as a run sends them, the bare loops that send the same, a provider in its own process."""

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
from whop_contracts.cli.open_target import mock_actors, session_in_process
from whop_contracts.engine.build_plan import draw
from whop_contracts.engine.executor import Executor
from whop_contracts.engine.plan import Plan
from whop_contracts.engine.teardown import restore_campaigns, wanted_by_run
from whop_contracts.exchange import Request
from whop_contracts.pause.evidence import Evidence
from whop_contracts.provider import SEED
from whop_contracts.settings import Settings
from whop_contracts.steps import Capabilities

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
        flags = ["--base-url", self.base_url, "--test-clock", self.clock_url, "--readonly-token", SEED.readonly_token,
                 "--foreign-campaign-id", SEED.foreign_campaign]  # fmt: skip
        campaigns = [part for campaign in SEED.campaigns for part in ("--campaign-id", campaign)]
        return [*PROGRAM, "run", *flags, *campaigns, *more]


@contextmanager
def provider_process(folder: Path) -> Iterator[Served]:
    """``whop-contracts serve`` on a free port."""
    with subprocess.Popen(
        [*PROGRAM, "serve", "--port", "0"], stdout=subprocess.PIPE, text=True, cwd=folder
    ) as process:
        assert process.stdout is not None
        try:
            base_url, clock_url = (process.stdout.readline().split()[-1] for _ in range(2))
            yield Served(base_url, clock_url)
        finally:
            process.terminate()


def environment() -> dict[str, str]:
    """This process's variables with the token, and none of a run's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WHOP_")}
    return kept | {"WHOP_API_TOKEN": SEED.token}


def on_the_mock(
    plan: Plan, watch: Callable[[Evidence, str], None], again: Callable[[], bool] = lambda: False
) -> Executor:
    """Preflight, the plan, and the plan again while ``again`` says so; every exchange goes to ``watch``."""
    reference = provider.build(clock=provider.ManualClock(1_790_000_000.0))
    session = session_in_process(reference, mock_actors(), random.Random(0), watch)
    executor = Executor(session)
    _, first = executor.preflight(foreign=plan.means.foreign)
    executor.run(plan)
    while again():
        executor.run(plan)
    restore_campaigns(session, wanted_by_run(session.actors.campaigns, first))
    session.target.close()
    return executor


def best(work: Callable[[], object], rounds: int = 5) -> float:
    """The shortest time that ``work`` took, in seconds; once before it counts."""
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
    """The evidence of one ``standard`` run on the honest provider in this process."""
    seen: list[Evidence] = []
    on_the_mock(standard(), lambda evidence, _sequence: seen.append(evidence))
    return seen


def bare_respx(requests: list[Request]) -> int:
    """Send requests by httpx to the same provider behind respx, judging nothing; how many were answered."""
    answering = provider.build(clock=provider.ManualClock(time.time()))

    def answer(request: httpx.Request) -> httpx.Response:
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw]
        got = answering.handle(request.method, request.url.raw_path.decode(), headers, request.content)
        return httpx.Response(got.status, headers=list(got.headers), content=got.content)

    with respx.mock(assert_all_called=False) as router, httpx.Client() as client:
        router.route(host=httpx.URL(requests[0].url).host).mock(side_effect=answer)
        return _send(client, requests)


def bare_httpx(requests: list[Request]) -> int:
    """Send requests by httpx over the network, judging nothing; how many were answered."""
    with httpx.Client() as client:
        return _send(client, requests)


def _send(client: httpx.Client, requests: list[Request]) -> int:
    return sum(
        client.request(
            r.method, r.url, headers=[(n.encode(), v.encode()) for n, v in r.headers], content=r.content
        ).status_code
        > 0
        for r in requests
    )
