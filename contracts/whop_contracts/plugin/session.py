"""What a pytest session makes and shows: its one run, the items, reports without credentials.

The run is made once per session, by one process, and read by all. The processes of pytest-xdist share a
folder with mode 0700 and an unguessable name; a lock in it lets one make the run while the others wait.
"""

from __future__ import annotations

import importlib
import io
import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from _pytest._code.code import TerminalRepr
from filelock import FileLock

from whop_contracts import plugin
from whop_contracts import report as reports
from whop_contracts.contract import Subject
from whop_contracts.pause import catalogue
from whop_contracts.redaction import Redactor
from whop_contracts.report import summary
from whop_contracts.report.summary import visible
from whop_contracts.settings import UsageError, in_words
from whop_contracts.signals import describe_internal_error

_RUN: Final = pytest.StashKey["Run"]()
_COMMAND: Final = re.compile(r"^[ \t]*::|##\[", re.MULTILINE)
"""What GitHub Actions takes for a workflow command."""


@dataclass(frozen=True, slots=True)
class Run:
    """The result of the session's run, or in one line why there is none."""

    result: Mapping[str, Any] | None = None
    error: str | None = None


def obtain(config: pytest.Config) -> Run:
    """The run of this session. The first caller makes it; a run that was aborted is not made again."""
    if _RUN in config.stash:
        return config.stash[_RUN]
    if not hasattr(config, "workerinput"):
        _make(config)
        return config.stash[_RUN]
    folder = config.stash[plugin.SHARED]
    folder.mkdir(mode=0o700, exist_ok=True)
    with FileLock(folder / "lock"):
        if (folder / "run.json").is_file():
            config.stash[_RUN] = _read(folder)
        else:
            _write(folder, Run(error="the process that made the run ended in the middle of it"))
            try:
                _make(config)
            finally:
                _write(folder, config.stash[_RUN])
    return config.stash[_RUN]


def made(config: pytest.Config) -> Mapping[str, Any] | None:
    """The result of this session, if any of its processes has made one."""
    folder = config.stash[plugin.SHARED]
    other = _read(folder) if (folder / "run.json").is_file() else Run()
    return config.stash.get(_RUN, other).result


def prepare(item: pytest.Item) -> None:
    """Make the run ahead of an item, unless the item may be skipped. The items report why it was aborted."""
    skipping = [mark.args or (True,) for name in ("skip", "skipif") for mark in item.iter_markers(name)]
    if any(map(any, skipping)) or item.config.getoption("setuponly", default=False):
        return
    try:
        obtain(item.config)
    except (KeyboardInterrupt, pytest.exit.Exception):
        raise
    except BaseException:  # noqa: BLE001 - remembered by ``obtain``
        return


def _make(config: pytest.Config) -> None:
    """Make the run and keep what became of it, also where an exception aborts it."""
    run = Run()
    try:
        settings = plugin.chosen(config)
        # The engine is imported here, in the one process that needs it.
        engine = importlib.import_module("whop_contracts.cli.check")
        result = engine.check(settings, tell=partial(_announce, config))
        reports.write(settings, result)
        run = Run(result=result)
    except UsageError as error:
        run = Run(error=in_words(str(error), {}, plugin.PREFIX))
    except BaseException as error:  # of ours, or a timeout of pytest-timeout, Ctrl-C, an exit
        ours = isinstance(error, Exception)
        cause = describe_internal_error(error) if ours else f"{type(error).__name__} {error}".rstrip()
        run = Run(error=f"the run was aborted and is not repeated: {cause}")
        raise
    finally:
        config.stash[_RUN] = run


def _announce(config: pytest.Config, line: str) -> None:
    """Print a line past pytest's capturing: it matters most where the session is killed."""
    capturing = config.pluginmanager.get_plugin("capturemanager")
    with capturing.global_and_fixture_disabled() if capturing else nullcontext():
        sys.stderr.write(f"\n{line}\n")
        sys.stderr.flush()


def _read(folder: Path) -> Run:
    return Run(**json.loads((folder / "run.json").read_text("utf-8")))


def _write(folder: Path, run: Run) -> None:
    draft = folder / "draft"
    draft.write_text(json.dumps(asdict(run)), "utf-8")
    draft.replace(folder / "run.json")


class ContractFailure(Exception):  # noqa: N818 - a failed test, not an error of the code
    """A failed item, with the text that the report has for it."""


def collected(
    collector: pytest.Collector, name: str, subject: Subject
) -> list[pytest.Item | pytest.Collector]:
    """The items in place of a subject: one per chosen clause, or the two of the run."""
    try:
        settings = plugin.chosen(collector.config)
    except UsageError as error:
        raise collector.CollectError(str(error)) from None
    # pytest has no name for a module outside its root folder: ours is then called as it is imported.
    start = f"{collector.nodeid or 'whop_contracts/contract.py'}::{name}"
    if subject.kind == "run":
        return [RunItems.from_parent(collector, name=name, nodeid=start)]
    return [
        ClauseItem.from_parent(collector, name=f"{name}[{id_}]", nodeid=f"{start}[{id_}]", clause=id_)
        for id_ in (clause.id for clause in catalogue.chosen(settings.clauses))
    ]


class ContractItem(pytest.Item):
    """An item whose failure is shown in the report's words, without a traceback."""

    def result(self) -> Mapping[str, Any]:
        """The result of this session's run."""
        run = obtain(self.config)
        if run.result is None:
            raise ContractFailure(run.error)
        return run.result

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The report's text for a failed clause; pytest's own for anything else."""
        if isinstance(excinfo.value, ContractFailure):
            return _inert(str(excinfo.value))
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """The module that asked for the item, at its first line."""
        return self.path, 0, self.name


class ClauseItem(ContractItem):
    """One clause: fails, warns, is skipped (not tested) or xfails (waived) as its verdict says."""

    def __init__(self, *, clause: str, **more: Any) -> None:
        super().__init__(**more)
        self._clause = clause

    def runtest(self) -> None:
        """Look the verdict up in the result."""
        result = self.result()
        row = next(row for row in result["clauses"] if row["id"] == self._clause)
        verdict, reason = row["verdict"], _inert(visible(in_words(row["reason"] or "", {}, plugin.PREFIX)))
        strict = plugin.chosen(self.config).strict
        if verdict == "failed" or (verdict == "warned" and strict):
            text, terminal = io.StringIO(), importlib.import_module("whop_contracts.report.terminal")
            terminal.show_failure(result, row, terminal.Page(text))
            raise ContractFailure(text.getvalue().strip("\n"))
        if verdict == "warned":
            self.warn(plugin.ContractWarning(_inert(summary.brief(row))))
        elif verdict == "not_tested":
            pytest.skip(reason or "not tested")
        elif verdict == "waived":
            pytest.xfail(reason or "waived")


class RunItems(pytest.Collector):
    """The items about the run itself: they fail where the command would exit with 3 or 4."""

    def collect(self) -> Iterator[pytest.Item]:
        """Two items."""
        return (RunItem.from_parent(self, name=name) for name in ("conclusive", "put-back"))


class RunItem(ContractItem):
    """Fails where the run is inconclusive, or where a campaign was not restored."""

    def runtest(self) -> None:
        """Look for the problem in the result."""
        result = self.result()
        lines = summary.lasting(result)
        if self.name == "conclusive":
            lines = [summary.sentence(result)] if result["verdict"] == "inconclusive" else []
        if lines:
            raise ContractFailure("\n".join(lines))


def _inert(text: str) -> str:
    """Under GitHub Actions, break every workflow command in text from the target with a backslash."""
    return _COMMAND.sub(lambda m: f"{m[0][:-1]}\\{m[0][-1]}", text) if reports.on_github() else text


def redacted(value: Any, redactor: Redactor) -> Any:
    """A part of a report without secrets; what is no text, as redacted text if its text holds a secret."""
    if type(value) in (list, tuple):
        return type(value)(redacted(one, redactor) for one in value)
    if isinstance(value, TerminalRepr) or type(value).__name__ == "ReprFileLocation":
        for name, part in vars(value).items():
            setattr(value, name, redacted(part, redactor))
        return value
    text = str(value)
    clean = redactor.text(text)
    return value if clean == text else clean
