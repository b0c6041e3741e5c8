"""How long somebody waits before anything happens."""

from __future__ import annotations

import subprocess
import sys

from running import PROGRAM, environment

FIRST = """
import os, sys
from whop_contracts.cli import main as cli
from whop_contracts.target import mock

def send(self, request, *, timeout=None):
    sys.stdout.write(request.method)
    sys.stdout.flush()
    os._exit(0)

mock.MockTarget.send = send
cli.main(["run"])
"""
"""The command, ended by its first request."""


def said(*command: str, folder: object) -> str:
    done = subprocess.run(
        command, env=environment(), cwd=str(folder), capture_output=True, text=True, check=True
    )
    return done.stdout


def test_help(figures, fastest, tmp_path) -> None:
    assert "check-har" in said(*PROGRAM, "--help", folder=tmp_path)
    figures.take(
        "whop-contracts --help",
        fastest(lambda: said(*PROGRAM, "--help", folder=tmp_path), rounds=10),
        "s",
        most=0.25,
    )


def test_the_first_request(figures, fastest, tmp_path) -> None:
    command = (sys.executable, "-c", FIRST)
    assert said(*command, folder=tmp_path) == "GET"
    figures.take(
        "whop-contracts run: its first request",
        fastest(lambda: said(*command, folder=tmp_path), rounds=10),
        "s after it started",
        most=1,
    )
