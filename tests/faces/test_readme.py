"""Every command of the README does what it stands there for, and CI does what the README says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from whop_contracts.provider import SEED, RunningClock, build
from whop_contracts.provider.server import running

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = [
    line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines() if line
]
FIRST, SECOND = COMMANDS[:2]
BY_CI = {FIRST, SECOND}
SERVES = ".venv/bin/whop-contracts serve"
REST = [line for line in COMMANDS if line not in BY_CI and not line.startswith("export ") and line != SERVES]
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("WHOP_", "PYTEST_"))}


def here(line):
    """A line of the README for the interpreter that runs this test."""
    program, *words = shlex.split(line)
    module = {".venv/bin/whop-contracts": "whop_contracts", ".venv/bin/pytest": "pytest"}[program]
    return [sys.executable, "-m", module, *words]


def test_the_first_two_commands_are_the_set_up_with_the_main_job_and_the_tests():
    assert "pip install" in FIRST
    assert FIRST.endswith(".venv/bin/whop-contracts run")
    assert SECOND.startswith(".venv/bin/pytest")
    assert not any("pip" in line for line in COMMANDS[1:])


def test_ci_runs_the_readmes_two_commands_as_they_stand_there():
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert "set -euo pipefail" in lines
    assert lines.index(FIRST) < lines.index(SECOND)


@pytest.mark.parametrize("line", REST)
def test_every_other_command_works(tmp_path, line):
    """The staging system is ours here."""
    with running(build(clock=RunningClock())) as base_url:
        line = line.replace("https://staging.example.com/api/v1", base_url).replace(
            "adcamp_XXXXXXXX", SEED.campaigns[0]
        )
        quick = ["--profile", "quick", "--resume-tolerance", "5s"] if "--base-url" in line else []
        done = subprocess.run(
            [*here(line), *quick],
            cwd=tmp_path,
            env=ENVIRONMENT | {"WHOP_API_TOKEN": SEED.token},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr


def test_serve_serves_until_it_is_ended(tmp_path):
    assert SERVES in COMMANDS
    with subprocess.Popen(
        [*here(SERVES), "--port", "0"], cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    ) as served:
        assert served.stdout is not None
        assert served.stdout.readline().startswith("base URL    http://127.0.0.1:")
        served.terminate()
        assert served.wait(timeout=30) == 0


def test_the_sample_output_is_what_a_run_on_the_mock_prints(tmp_path):
    """All of it but the seconds and the counts, which change with the catalogue."""
    sample = re.findall(r"```text\n(.*?)```", README, re.DOTALL)[0]
    done = subprocess.run(
        [sys.executable, "-m", "whop_contracts", "run"],
        cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert shape(sample) == shape(done.stdout)


def shape(text):
    return [" ".join(re.sub(r"[0-9.]+|-", "#", line).split()) for line in text.strip().splitlines()]
