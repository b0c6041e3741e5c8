"""Commands and long runs in processes of their own, and the executor over a socket of this machine."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from running import PROGRAM, SEED, Served, bare_httpx, best, command, on_the_served

from whop_contracts.cli.planning import planned
from whop_contracts.pause.evidence import Evidence
from whop_contracts.schemas import document_path

# -- over a socket -------------------------------------------------------------------------------------------


def test_the_executor_against_a_bare_httpx_loop(figures, fastest, served: Served, tmp_path) -> None:
    """The bare loop sends the requests of the run, without those to the test clock."""
    settings = served.settings(tmp_path / "journal")
    plan = planned(settings)
    seen: list[Evidence] = []
    state = on_the_served(settings, plan, lambda evidence, _sequence: seen.append(evidence))
    assert state.failed == []
    assert state.inconclusive is None
    requests = [one.exchange.request for one in seen]
    assert bare_httpx(requests) == len(requests)
    seconds = fastest(lambda: on_the_served(settings, plan, lambda _evidence, _sequence: None))
    share = best(lambda: bare_httpx(requests)) / seconds
    figures.take("live: exchanges per second of the executor, of the bare httpx loop's", share, least=0.5)


def test_the_whole_command_against_schemathesis(figures, fastest, served: Served, tmp_path) -> None:
    """Both commands on the same server; schemathesis with its defaults."""
    name = shutil.which("st", path=str(Path(sys.executable).parent)) or shutil.which("st")
    if name is None:
        pytest.fail("the schemathesis command is not there, though the package depends on it")
    bearer = f"Authorization: Bearer {SEED.token}"
    theirs = [name, "run", str(document_path("openapi.json")), "--url", served.base_url, "-H", bearer]
    ours = served.command("--json", "result.json", "--quiet")
    command(ours, tmp_path)
    result = json.loads((tmp_path / "result.json").read_text("utf-8"))
    assert result["verdict"] == "conforms"
    assert all(row["verdict"] == "passed" for row in result["clauses"])
    figures.take("standard, live: requests", result["requests"], most=400)
    seconds = fastest(lambda: command(ours, tmp_path), rounds=3)
    share = seconds / best(lambda: command(theirs, tmp_path), rounds=3)
    figures.take("standard, live: wall time of the command, of `st run` at its defaults", share, most=0.5)


def test_quick(figures, fastest, served: Served, tmp_path) -> None:
    ours = served.command("--profile", "quick", "--json", "result.json", "--quiet")
    command(ours, tmp_path)
    result = json.loads((tmp_path / "result.json").read_text("utf-8"))
    assert result["verdict"] == "conforms"
    figures.take("quick, live: requests", result["requests"], most=120)
    seconds = fastest(lambda: command(ours, tmp_path), rounds=3)
    figures.take("quick, live: wall time of the command", seconds, "s", most=3)


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
cli.main(["run"])
"""
"""The command, ended by its first request."""


def test_help(figures, fastest, tmp_path) -> None:
    program = [*PROGRAM, "--help"]
    assert "check-har" in command(program, tmp_path)
    figures.take(
        "whop-contracts --help", fastest(lambda: command(program, tmp_path), rounds=10), "s", most=0.25
    )


def test_the_first_request(figures, fastest, tmp_path) -> None:
    program = [sys.executable, "-c", FIRST]
    assert command(program, tmp_path) == "GET"
    seconds = fastest(lambda: command(program, tmp_path), rounds=10)
    figures.take("whop-contracts run: its first request", seconds, "s after it started", most=1)


# -- long runs: exchanges are let go, so memory stays the same and time grows with their number alone --------

FEW, MANY = 10_000, 100_000
LENGTH = """
import re, resource, sys, time
from pathlib import Path
from running import on_the_mock, standard
from whop_contracts.engine.clause_runner import ClauseRunner
from whop_contracts.pause import catalogue
from whop_contracts.pause.contract import PAUSE

runner, plan = ClauseRunner(catalogue.clauses(), PAUSE), standard()
began = time.process_time()
on_the_mock(plan, lambda evidence, sequence: runner.add(evidence, sequence), least=int(sys.argv[1]))
seconds = time.process_time() - began
assert not any(count.broken for count in runner.counts.values())
status = Path("/proc/self/status")
if status.exists():  # Linux hands ru_maxrss on from the process that started this one.
    most = re.search(r"VmHWM:\\s+(\\d+) kB", status.read_text())[1]
else:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_024
print(runner.requests, seconds, most)
"""


def run(exchanges: int) -> tuple[int, float, float]:
    """Exchanges checked, seconds of CPU and megabytes of memory at most, of a process that checks so many."""
    done = subprocess.run(
        [sys.executable, "-c", LENGTH, str(exchanges)],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    checked, seconds, kilobytes = done.stdout.split()
    return int(checked), float(seconds), int(kilobytes) / 1_024


def test_a_hundred_thousand_exchanges(figures, benchmark) -> None:
    """Seconds are those of the CPU, because other work on the machine does not count."""
    few, few_s, few_mb = min((run(FEW) for _ in range(3)), key=lambda seen: seen[1])
    many, many_s, many_mb = benchmark.pedantic(run, args=(MANY,), rounds=1)
    assert few >= FEW
    assert many >= MANY
    figures.take("100,000 exchanges: memory beyond that of 10,000", many_mb - few_mb, "MB", most=50)
    share = (many_s / many) / (few_s / few)
    figures.take("100,000 exchanges: time for each, of that at 10,000", share, most=1.15)
