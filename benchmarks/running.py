"""What the benchmarks measure: runs, processes, and bare loops that send the same requests."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import respx

from whop_contracts import provider, schemas
from whop_contracts.cli.planning import open_target, planned, run_in_process
from whop_contracts.engine.plan import Plan
from whop_contracts.engine.run import execute
from whop_contracts.engine.session import Session
from whop_contracts.exchange import Request
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause.evidence import Evidence
from whop_contracts.provider import SEED
from whop_contracts.settings import Settings
from whop_contracts.target.sender import Sender

PROGRAM = ("-m", "whop_contracts")
METER = """
import resource, subprocess, sys
done = subprocess.run([sys.executable, *sys.argv[1:]])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1_024, file=sys.stderr)
sys.exit(done.returncode)
"""
"""Runs a command and prints what it used: measured from a small process, whose own memory does not count."""


@dataclass(frozen=True)
class Used:
    """What a process printed, and what it used: seconds of the CPU, and megabytes of memory at most."""

    output: str
    seconds: float
    megabytes: float


def metered(arguments: list[str], folder: Path, *, rounds: int = 3) -> Used:
    """Run Python, which has to succeed; the round that took the shortest time."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WHOP_")}
    environ = kept | {"WHOP_API_TOKEN": SEED.token}
    found = []
    for _ in range(rounds):
        program = [sys.executable, "-c", METER, *arguments]
        done = subprocess.run(program, env=environ, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        seconds, megabytes = done.stderr.splitlines()[-1].split()
        found.append(Used(done.stdout, float(seconds), float(megabytes)))
    return min(found, key=lambda one: one.seconds)


def cpu(work: Callable[[], object], rounds: int = 3) -> float:
    """The shortest time that ``work`` takes in this process, in seconds of the CPU, after a first time."""
    work()
    times = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


@dataclass(frozen=True)
class Served:
    """A provider on a port: where it and its clock are, and its token."""

    base_url: str
    clock_url: str
    token: str = SEED.token

    def settings(self, journal: Path, **more: Any) -> Settings:
        return Settings(
            base_url=self.base_url,
            token=self.token,
            campaign_ids=tuple(SEED.campaigns),
            readonly_token=SEED.readonly_token,
            foreign_campaign_id=SEED.foreign_campaign,
            journal=journal,
            **more,
        )

    def command(self, *more: str) -> list[str]:
        flags = ["--base-url", self.base_url, "--test-clock", self.clock_url]
        flags += ["--readonly-token", SEED.readonly_token, "--foreign-campaign-id", SEED.foreign_campaign]
        campaigns = [part for campaign in SEED.campaigns for part in ("--campaign-id", campaign)]
        return [*PROGRAM, "run", *flags, *campaigns, *more]


@contextmanager
def provider_process(folder: Path, token: str = SEED.token) -> Iterator[Served]:
    """``whop-contracts serve`` on a free port."""
    program = [sys.executable, *PROGRAM, "serve", "--port", "0", "--token", token]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True, cwd=folder) as process:
        assert process.stdout is not None
        try:
            base_url, clock_url = (process.stdout.readline().split()[-1] for _ in range(2))
            yield Served(base_url, clock_url, token)
        finally:
            process.terminate()


def standard() -> Plan:
    return planned(Settings())


def on_the_mock(plan: Plan, watch: Callable[[Evidence, str], object]) -> None:
    """One run in this process, without respx."""
    reference = provider.build(clock=provider.ManualClock(1_790_000_000.0))
    state = run_in_process(plan, reference, random.Random(0), watch)
    assert (state.failed, state.inconclusive) == ([], None)


def exchanged() -> list[Evidence]:
    seen: list[Evidence] = []
    on_the_mock(standard(), lambda evidence, _sequence: seen.append(evidence))
    return seen


@dataclass(frozen=True)
class Run:
    """A run on a served provider: its exchanges, and the seconds that its clock waited."""

    seen: list[Evidence]
    waited_s: float


def on_the_served(settings: Settings, plan: Plan, *, latency_s: float = 0.0) -> Run:
    """One run over a socket; each response takes ``latency_s`` longer."""
    target, actors = open_target(settings)
    send, seen, rng = target.send, list[Evidence](), random.Random(0)

    def late(*args: Any, **more: Any) -> Any:
        time.sleep(latency_s)
        return send(*args, **more)

    if latency_s:
        target.send = late  # type: ignore[method-assign]

    def take(evidence: Evidence, _sequence: str, _sound: bool) -> None:  # noqa: FBT001 - the session calls it
        seen.append(evidence)

    session = Session(Sender(target, rng=rng), actors, PAUSE, tolerance=60.0, watch=take)
    try:
        state = execute(session, plan)
    finally:
        target.close()
    assert (state.failed, state.inconclusive) == ([], None)
    return Run(seen, target.clock.waited_s)


def bare_respx(requests: list[Request]) -> int:
    """Send requests with httpx to a provider behind respx, checking nothing; the number of responses."""
    reference = provider.build(clock=provider.ManualClock(time.time()))

    def respond(request: httpx.Request) -> httpx.Response:
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw]
        got = reference.handle(request.method, request.url.raw_path.decode(), headers, request.content)
        return httpx.Response(got.status, headers=list(got.headers), content=got.content)

    with respx.mock(assert_all_called=False) as router:
        router.route(host=httpx.URL(requests[0].url).host).mock(side_effect=respond)
        return bare_httpx(requests)


def bare_httpx(requests: list[Request]) -> int:
    """Send requests with httpx, checking nothing; the number of responses."""
    with httpx.Client() as client:
        for one in requests:
            headers = [(name.encode(), value.encode()) for name, value in one.headers]
            client.request(one.method, one.url, headers=headers, content=one.content)
    return len(requests)


def record(path: Path, count: int) -> Path:
    """A browser's recording with so many entries: one campaign is paused, read, unpaused and read."""
    example = json.loads((schemas.document_path("documented") / "ad-campaign.json").read_text("utf-8"))
    url = f"https://api.example.com/api/v1/ad_campaigns/{example['id']}"
    json_type = {"name": "content-type", "value": "application/json"}
    started = datetime(2026, 9, 21, 10, tzinfo=UTC)
    with path.open("w", encoding="utf-8") as file:
        file.write('{"log": {"version": "1.2", "creator": {"name": "Firefox", "version": "1"}, "entries": [')
        for number in range(count):
            paused = number % 4 < 2
            method, there = "GET", url
            if number % 2 == 0:
                method, there = "POST", f"{url}/{'pause' if paused else 'unpause'}"
            request: dict[str, Any] = {"method": method, "url": there, "headers": [json_type], "bodySize": 0}
            if number % 4 == 0:
                request |= {"postData": {"mimeType": "application/json", "text": "{}"}, "bodySize": 2}
            at = started + timedelta(seconds=number)
            shown = {"status": "paused" if paused else "active", "paused_until": None}
            body = json.dumps(example | shown)
            headers = [json_type, {"name": "date", "value": format_datetime(at, usegmt=True)}]
            content = {"size": len(body), "mimeType": "application/json", "text": body}
            response = {"status": 200, "headers": headers, "content": content}
            entry = {
                "startedDateTime": at.isoformat(),
                "time": 80.5,
                "request": request,
                "response": response,
            }
            file.write((",\n" if number else "") + json.dumps(entry))
        file.write("]}}")
    return path
