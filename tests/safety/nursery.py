"""Child processes that run the command line: one process imports everything and forks itself for each."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, Final

_MOTHER = """
import gc, json, os, signal, sys
import whop_contracts.cli.main, whop_contracts.cli.check, whop_contracts.cli.run
import whop_contracts.engine.run
import whop_contracts.report.terminal, whop_contracts.provider
from whop_contracts import schemas
from whop_contracts.cli.planning import planned
from whop_contracts.settings import Settings
schemas.self_test()
planned(Settings()).outline()
gc.freeze()
print(json.dumps("ready"), flush=True)
for line in sys.stdin:
    order = json.loads(line)
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        # Under nohup it is ignored, and a run leaves it at that.
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        out = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(out, 1); os.dup2(out, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.chdir(order["cwd"])
        os.environ.update(order["environment"])
        code = 99
        try:
            code = whop_contracts.cli.main.main(order["words"])
            sys.stdout.flush(); sys.stderr.flush()
        finally:
            os._exit(code)
    print(json.dumps(pid), flush=True)
    _, status, usage = os.wait4(pid, 0)
    print(json.dumps([os.waitstatus_to_exitcode(status), usage.ru_maxrss]), flush=True)
"""


SOAK: Final = bool(os.environ.get("WHOP_TESTS_SOAK"))
"""Whether there is time for everything: all moments, all examples."""


class Nursery:
    """Starts children and waits for them, one at a time."""

    def __init__(self) -> None:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("WHOP_", "PYTEST_", "COV_"))}
        self._born = threading.Event()
        self._pid = 0
        self.peak_mb = 0.0
        """The most memory that the child waited for last had at once."""
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close
        self._process = subprocess.Popen(
            [sys.executable, "-c", _MOTHER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=clean,
        )
        assert self._said() == "ready"

    def _said(self) -> Any:
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            raise AssertionError(self._errors.read().decode())
        return json.loads(line)

    def run(self, *words: str, cwd: Path, **environment: str) -> tuple[int, str]:
        """One child from beginning to end: its exit code, negative for a signal, and all that it said."""
        output = cwd / "output.txt"
        order = {"words": words, "cwd": str(cwd), "environment": environment, "output": str(output)}
        self._born.clear()
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        self._pid = self._said()
        self._born.set()
        code, kilobytes = self._said()
        self.peak_mb = kilobytes / 1_024
        return code, output.read_text("utf-8", "replace")

    @property
    def pid(self) -> int:
        """The child that runs, for other threads."""
        assert self._born.wait(20)
        return self._pid

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()
        self._errors.close()
