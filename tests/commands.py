"""``whop-contracts`` in this process: a tenth of the time of a process of its own."""

import contextlib
import io
import os
import runpy
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from unittest.mock import patch

from whop_contracts.cli import main

Process = subprocess.CompletedProcess[str]
FOREIGN = ("WHOP_", "PYTEST_", "GITHUB_", "COVERAGE_", "SCHEMATHESIS_")


def environment(**more: str) -> dict[str, str]:
    """The variables of this process without those that configure a run or a test runner, and ``more``."""
    return {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)} | more


def process(*words: object, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Process:
    """Run a program to its end; what it prints is text, errors are printed to ``stdout`` too."""
    to = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.run(list(map(str, words)), cwd=cwd, env=env, timeout=300, check=False, **to)


def command(*words: str, cwd: Path, variables: Mapping[str, str] | None = None, **more: str) -> Process:
    """Run one command in ``cwd``; ``variables`` (default: `environment`) and ``more`` are its environment."""
    return _ended(lambda: main(words), cwd, {**(environment() if variables is None else variables), **more})


def script(path: Path, variables: Mapping[str, str]) -> Process:
    """Run a Python file in its folder; what it imports from there is forgotten."""

    def run() -> int:
        known = set(sys.modules)
        with patch.object(sys, "argv", [path.name]), patch.object(sys, "path", [str(path.parent), *sys.path]):
            runpy.run_path(str(path), run_name="__main__")
        for name in set(sys.modules) - known:
            if str(getattr(sys.modules[name], "__file__", "")).startswith(str(path.parent)):
                del sys.modules[name]
        return 0

    return _ended(run, path.parent, variables)


def _ended(run: Callable[[], int], cwd: Path, variables: Mapping[str, str]) -> Process:
    out, error = io.StringIO(), io.StringIO()
    with (
        patch.dict(os.environ, variables, clear=True),
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(error),
    ):
        code = run()
    return Process((), code, out.getvalue(), error.getvalue())
