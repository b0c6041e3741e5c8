"""Commands and long runs in processes of their own, and runs over a socket of this machine."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from running import PROGRAM, SEED, Served, bare_httpx, cpu, metered, on_the_served, provider_process, record

from whop_contracts.cli.planning import planned
from whop_contracts.schemas import document_path

# -- over a socket -------------------------------------------------------------------------------------------


def test_the_executor_against_a_bare_httpx_loop(figures, served: Served, tmp_path) -> None:
    """The bare loop sends the requests of the run, without those to the test clock."""
    settings = served.settings(tmp_path / "journal", test_clock=served.clock_url)
    plan = planned(settings)
    requests = [one.exchange.request for one in on_the_served(settings, plan).seen]
    assert bare_httpx(requests) == len(requests)
    share = cpu(lambda: on_the_served(settings, plan)) / cpu(lambda: bare_httpx(requests))
    figures.take("live: time of the executor, of the bare httpx loop's", share, most=2)


def test_the_whole_command_against_schemathesis(figures, served: Served, tmp_path) -> None:
    """Both commands on the same server; schemathesis with its defaults."""
    name = shutil.which("st", path=str(Path(sys.executable).parent)) or shutil.which("st")
    assert name, "the schemathesis command is not there, though the package depends on it"
    bearer = f"Authorization: Bearer {SEED.token}"
    theirs = [name, "run", str(document_path("openapi.json")), "--url", served.base_url, "-H", bearer]
    ours = metered(served.command("--json", "result.json", "--quiet"), tmp_path)
    result = json.loads((tmp_path / "result.json").read_text("utf-8"))
    assert result["verdict"] == "conforms"
    assert all(row["verdict"] == "passed" for row in result["clauses"])
    figures.take("standard, live: requests", result["requests"], most=450)
    share = ours.seconds / metered(theirs, tmp_path, rounds=1).seconds
    figures.take("standard, live: time of the command, of `st run` at its defaults", share, most=0.75)


def test_quick(figures, served: Served, imports, tmp_path) -> None:
    ours = metered(served.command("--profile", "quick", "--json", "result.json", "--quiet"), tmp_path)
    result = json.loads((tmp_path / "result.json").read_text("utf-8"))
    assert result["verdict"] == "conforms"
    figures.take("quick, live: requests", result["requests"], most=140)
    share = ours.seconds / imports
    figures.take("quick, live: time of the command, of importing Hypothesis and schemathesis", share, most=4)


def test_recording_a_run_with_a_long_token(figures, tmp_path) -> None:
    token = "wk_" + "".join(f"{n:03}" for n in range(300))[:897]
    with provider_process(tmp_path, token) as served:
        share = []
        for more in ((), ("--har", "run.har")):
            ours = served.command("--quiet", "--json", "result.json", *more)
            share.append(metered(ours, tmp_path, rounds=5).seconds)
            assert json.loads((tmp_path / "result.json").read_text("utf-8"))["verdict"] == "conforms"
    assert "wk_000001" not in (tmp_path / "run.har").read_text("utf-8")
    what = "a run with --har and a token of 900 characters: its time, of that without --har"
    figures.take(what, share[1] / share[0], most=1.15)


@pytest.mark.parametrize(("latency_s", "most"), [(0.0, 8.0), (0.1, 3.0)])
def test_idle_seconds_on_the_wall_clock(figures, served: Served, tmp_path, latency_s, most) -> None:
    """What the clock waits, while nothing is sent: for a pause to end, and for reads that may lag."""
    settings = served.settings(tmp_path / "journal")
    run = on_the_served(settings, planned(settings), latency_s=latency_s)
    assert len(run.seen) > 300
    what = f"standard, live, wall clock, {latency_s * 1_000:.0f} ms latency: seconds of waiting"
    figures.take(what, run.waited_s, "s", most=most)


# -- start-up: how long somebody waits before anything happens -----------------------------------------------

FIRST = """
import os, sys
from whop_contracts.cli import main as cli
from whop_contracts import target

def send(self, request, *, timeout=None):
    sys.stdout.write(request.method)
    sys.stdout.flush()
    os._exit(0)

target.MockTarget.send = send
cli.main(["run", "--profile", sys.argv[1]])
"""
"""The command, ended by its first request."""


@pytest.mark.parametrize("command", ["--help", "clauses"])
def test_commands_that_send_nothing(figures, imports, tmp_path, command) -> None:
    done = metered([*PROGRAM, command], tmp_path)
    assert {"--help": "check-har", "clauses": "pausing.status-is-paused"}[command] in done.output
    what = f"whop-contracts {command}: time, of importing Hypothesis and schemathesis"
    figures.take(what, done.seconds / imports, most=0.5)


@pytest.mark.parametrize("profile", ["quick", "standard", "thorough"])
def test_the_first_request(figures, imports, tmp_path, profile) -> None:
    done = metered(["-c", FIRST, profile], tmp_path)
    assert done.output == "GET"
    what = f"run --profile {profile}: time to the first request, of importing Hypothesis and schemathesis"
    figures.take(what, done.seconds / imports, most=4)


# -- long runs and recordings: memory stays the same, and time grows with their number alone -----------------

LENGTH = """
import random, sys
from running import standard
from whop_contracts import provider
from whop_contracts.cli.planning import mock_actors, session_in_process
from whop_contracts.engine.clause_runner import ClauseRunner
from whop_contracts.engine.run import execute
from whop_contracts.pause import catalogue
from whop_contracts.pause.contract import PAUSE
from whop_contracts.target.sender import Sender

runner, plan, rng = ClauseRunner(catalogue.clauses(), PAUSE), standard(), random.Random(0)
reference = provider.build(clock=provider.ManualClock(1_790_000_000.0))
session = session_in_process(reference, mock_actors(), rng, runner.add)
most = int(sys.argv[1])
session.sender = Sender(session.target, rng=rng, max_requests=most + 200, reserve=100)
execute(session, plan, more=lambda number: plan)
assert not any(count.broken for count in runner.counts.values())
assert runner.requests >= most, runner.requests
"""
FEW, MANY = 10_000, 100_000


def test_a_hundred_thousand_exchanges(figures) -> None:
    few, many = (
        metered(["-c", LENGTH, str(count)], Path(__file__).parent, rounds=1) for count in (FEW, MANY)
    )
    more = many.megabytes - few.megabytes
    figures.take("100,000 exchanges: memory beyond that of 10,000", more, "MB", most=50)
    share = many.seconds / few.seconds * FEW / MANY
    figures.take("100,000 exchanges: time for each, of that at 10,000", share, most=1.15)


def test_a_recording_of_a_hundred_thousand_entries(figures, tmp_path) -> None:
    used = {}
    for count in (1_000, FEW, MANY):
        path = record(tmp_path / "long.har", count)
        program = [*PROGRAM, "check-har", str(path), "--json", "result.json", "--quiet"]
        used[count] = metered(program, tmp_path, rounds=1 if count == MANY else 2)
        result = json.loads((tmp_path / "result.json").read_text("utf-8"))
        assert result["verdict"] == "conforms"
        assert result["notes"][0].startswith(f"{count} recorded exchanges")
    more = used[MANY].megabytes - used[1_000].megabytes
    figures.take("check-har, 100,000 entries: memory beyond that of 1,000", more, "MB", most=60)
    each = [(used[n].seconds - used[1_000].seconds) / (n - 1_000) for n in (FEW, MANY)]
    figures.take("check-har, 100,000 entries: time for each, of that at 10,000", each[1] / each[0], most=1.2)
