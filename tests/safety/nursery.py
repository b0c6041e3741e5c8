"""Child processes that run the command line: one process imports everything and forks itself for each."""

import multiprocessing
import os
import resource
import signal
import sys
import threading
from multiprocessing.forkserver import ensure_running
from pathlib import Path
from typing import Final
from unittest.mock import patch

from commands import environment
from whop_contracts import cli

SOAK: Final = bool(os.environ.get("WHOP_TESTS_SOAK"))
"""Whether there is time for everything: all moments, all examples."""


class Nursery:
    """Starts children and waits for them, one at a time."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["warm"])
        with patch.dict(os.environ, environment(PYTHONPATH=str(Path(__file__).parent)), clear=True):
            ensure_running()
        self._peak = self._context.RawValue("d")
        self._born = threading.Event()

    def run(self, *words: str, cwd: Path, **environment: str) -> tuple[int, str]:
        """One child from beginning to end: its exit code, negative for a signal, and all that it said."""
        output = cwd / "output.txt"
        self._born.clear()
        order = (words, cwd, environment, output, self._peak)
        self._child = self._context.Process(target=_command, args=order)
        self._child.start()
        self._born.set()
        self._child.join()
        return self._child.exitcode, output.read_text("utf-8", "replace")

    @property
    def peak_mb(self) -> float:
        """The most memory that the last child had at once, unless it was killed."""
        return self._peak.value / 1_024

    @property
    def pid(self) -> int:
        """The child that runs, for other threads."""
        assert self._born.wait(20)
        return self._child.pid

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)


def _command(words, cwd, environment, output, peak):
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Under nohup it is ignored, and a run leaves it at that.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    written = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(written, 1)
    os.dup2(written, 2)
    os.chdir(cwd)
    os.environ.update(environment)
    code = 99
    try:
        code = cli.main(words)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        peak.value = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        os._exit(code)
