"""The one run of a pytest session: made before the first item, by one process, and read by all.

The folder that the processes share is 0700 and has a name that nobody can guess; a lock in it lets one process make the run while the others
wait, and a process that dies lets go of the lock.
"""

from __future__ import annotations

import fcntl
import json
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from whop_contracts import plugin
from whop_contracts import report as reports
from whop_contracts.cli import check as engine
from whop_contracts.settings import UsageError

_RUN: Final = pytest.StashKey["Run"]()


@dataclass(frozen=True, slots=True)
class Run:
    """What became of the run: its result, or in one line why there is none."""

    result: Mapping[str, Any] | None = None
    trouble: str | None = None


def obtain(config: pytest.Config) -> Run:
    """The run of this session; the first to ask makes it."""
    if _RUN not in config.stash:
        config.stash[_RUN] = _once(config)
    return config.stash[_RUN]


def made(config: pytest.Config) -> Mapping[str, Any] | None:
    """The result of this session, if any process has made one."""
    if _RUN in config.stash:
        return config.stash[_RUN].result
    path = plugin.shared(config) / "run.json"
    return _read(path).result if path.is_file() else None


def _once(config: pytest.Config) -> Run:
    if not hasattr(config, "workerinput"):
        return _make(config)
    folder = plugin.shared(config)
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        begun, done = folder / "begun", folder / "run.json"
        if done.is_file():
            return _read(done)
        if begun.is_file():
            return Run(trouble="the process that made the run came to an end in the middle of it")
        begun.touch()
        run = _make(config)
        draft = folder / "draft"
        draft.write_text(json.dumps({"result": run.result, "trouble": run.trouble}), "utf-8")
        draft.replace(done)
        return run


def _make(config: pytest.Config) -> Run:
    settings = plugin.chosen(config).settings

    def watch(progress: engine.Progress) -> None:
        if progress.part in {"journal", "production"}:
            _aloud(config, f"{progress.part}: {progress.case}")

    try:
        result = engine.check(settings, watch=watch)
        reports.write(settings, result)
    except UsageError as error:
        return Run(trouble=str(error))
    return Run(result=result)


def _aloud(config: pytest.Config, line: str) -> None:
    """Say a line past pytest's capturing: it is needed most where the session is killed."""
    capturing = config.pluginmanager.get_plugin("capturemanager")
    with capturing.global_and_fixture_disabled() if capturing else nullcontext():
        sys.stderr.write(f"\n{line}\n")
        sys.stderr.flush()


def _read(path: Path) -> Run:
    return Run(**json.loads(path.read_text("utf-8")))
