"""Over a socket of this machine: the executor against a bare httpx loop, and the whole command against the schemathesis command."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from running import SEED, Served, bare_httpx, best, environment, on_the_served

from whop_contracts.cli import check as engine
from whop_contracts.pause.evidence import Evidence
from whop_contracts.schemas import document_path


def test_the_executor_against_a_bare_httpx_loop(figures, fastest, served: Served, tmp_path) -> None:
    """The bare loop sends the requests of the run; the clock's are the executor's alone."""
    settings = served.settings(tmp_path / "journal")
    plan = engine.planned(settings)
    seen: list[Evidence] = []
    executor = on_the_served(settings, plan, lambda evidence, _sequence: seen.append(evidence))
    assert executor.outcome.failed == []
    assert executor.outcome.stopped is None
    assert all(one.breach is None for one in seen)
    requests = [one.exchange.request for one in seen]
    assert bare_httpx(requests) == len(requests)
    seconds = fastest(lambda: on_the_served(settings, plan, lambda _evidence, _sequence: None))
    bare = best(lambda: bare_httpx(requests))
    figures.take(
        "live: exchanges a second of the executor, of the bare httpx loop's", bare / seconds, least=0.5
    )


def run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, env=environment(), cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_whole_command_against_schemathesis(figures, fastest, served: Served, tmp_path) -> None:
    """Both by their commands, in processes of their own, on the same server; schemathesis at its defaults."""
    name = shutil.which("st", path=str(Path(sys.executable).parent)) or shutil.which("st")
    if name is None:
        pytest.fail("the schemathesis command is not there, though the package depends on it")
    theirs = [name, "run", str(document_path("openapi.json")), "--url", served.base_url,
              "-H", f"Authorization: Bearer {SEED.token}"]  # fmt: skip
    ours = served.command("--json", "result.json", "--quiet")
    run(ours, tmp_path)
    result = json.loads((tmp_path / "result.json").read_text("utf-8"))
    assert result["verdict"] == "conforms"
    assert all(row["verdict"] == "passed" for row in result["clauses"])
    figures.take("standard, live: requests", result["requests"], most=400)
    seconds = fastest(lambda: run(ours, tmp_path), rounds=3)
    figures.take(
        "standard, live: wall time of the command, of `st run` at its defaults",
        seconds / best(lambda: run(theirs, tmp_path), rounds=3),
        most=0.5,
    )


def test_quick(figures, fastest, served: Served, tmp_path) -> None:
    ours = served.command("--profile", "quick", "--json", "result.json", "--quiet")
    run(ours, tmp_path)
    result = json.loads((tmp_path / "result.json").read_text("utf-8"))
    assert result["verdict"] == "conforms"
    figures.take("quick, live: requests", result["requests"], most=120)
    figures.take(
        "quick, live: wall time of the command", fastest(lambda: run(ours, tmp_path), rounds=3), "s", most=3
    )
