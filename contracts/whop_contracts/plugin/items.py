"""The items of the plugin: what a test run shows of a result."""

from __future__ import annotations

import importlib
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from whop_contracts import plugin
from whop_contracts.contract import Subject
from whop_contracts.pause import catalogue
from whop_contracts.plugin import ContractWarning
from whop_contracts.report import summary
from whop_contracts.report.sanitize import visible
from whop_contracts.settings import UsageError


class Broken(Exception):  # noqa: N818 - a promise is, no code
    """A failure, with the text that the report has for it."""


def collected(
    collector: pytest.Collector, name: str, subject: Subject
) -> list[pytest.Item | pytest.Collector]:
    """What stands in the place of a subject: an item for every chosen clause, or the two of the run."""
    try:
        settings = plugin.chosen(collector.config).settings
    except UsageError as error:
        raise collector.CollectError(str(error)) from None
    if subject.kind == "run":
        return [RunItems.from_parent(collector, name=name, nodeid=_nodeid(collector, name))]
    named = {f"{name}[{clause.id}]": clause.id for clause in catalogue.chosen(settings.clauses)}
    return [
        ClauseItem.from_parent(collector, name=title, nodeid=_nodeid(collector, title), clause=id_)
        for title, id_ in named.items()
    ]


def _nodeid(parent: pytest.Collector, name: str) -> str:
    """Where pytest has no name for a module outside its root folder, ours is called as it is imported."""
    return f"{parent.nodeid or 'whop_contracts/contract.py'}::{name}"


class ContractItem(pytest.Item):
    """An item whose failure is told in the report's words, without a traceback."""

    def result(self) -> Mapping[str, Any]:
        """The result of this session's run."""
        run = importlib.import_module("whop_contracts.plugin.run").obtain(self.config)
        if run.result is None:
            raise Broken(run.trouble)
        found: Mapping[str, Any] = run.result
        return found

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The report's text for a broken promise; pytest's own for anything else."""
        return (
            str(excinfo.value) if isinstance(excinfo.value, Broken) else super().repr_failure(excinfo, style)
        )

    def reportinfo(self) -> tuple[Path, int, str]:
        """The module that asked for the item, at its beginning."""
        return self.path, 0, self.name


class ClauseItem(ContractItem):
    """One clause: failed where it failed, skipped where it met no evidence, with a warning where it warned, xfailed where it is waived."""

    def __init__(self, *, clause: str, **more: Any) -> None:
        super().__init__(**more)
        self._clause = clause

    def runtest(self) -> None:
        """Read the verdict off the result."""
        result = self.result()
        row = next(row for row in result["clauses"] if row["id"] == self._clause)
        verdict = row["verdict"]
        strict = plugin.chosen(self.config).settings.strict
        if verdict == "failed" or (verdict == "warned" and strict):
            raise Broken(_told(result, row))
        if verdict == "warned":
            self.warn(ContractWarning(summary.brief(row)))
        elif verdict == "not_tested":
            pytest.skip(visible(row["reason"] or "not tested"))
        elif verdict == "waived":
            pytest.xfail(visible(row["reason"] or "waived"))


class RunItems(pytest.Collector):
    """What the run itself owes, beside the clauses."""

    def collect(self) -> Iterator[pytest.Item]:
        """Two items."""
        yield Conclusive.from_parent(self, name="conclusive")
        yield PutBack.from_parent(self, name="put-back")


class Conclusive(ContractItem):
    """Fails where the command would exit 3."""

    def runtest(self) -> None:
        """Read the verdict off the result."""
        result = self.result()
        if result["verdict"] == "inconclusive":
            raise Broken(summary.sentence(result))


class PutBack(ContractItem):
    """Fails where the command would exit 4."""

    def runtest(self) -> None:
        """Read off the result what could not be put back."""
        left = summary.lasting(self.result())
        if left:
            raise Broken("\n".join(left))


def _told(result: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    text = io.StringIO()
    importlib.import_module("whop_contracts.report.terminal").show_failure(result, row, text)
    return text.getvalue().strip("\n")
