"""Projects that use the plugin, with an engine that returns a given result instead of making a run."""

import json

import pytest

from report import handmade
from whop_contracts import report as reports
from whop_contracts.cli import check as engine
from whop_contracts.pause import catalogue
from whop_contracts.plugin import fixtures, session
from whop_contracts.report import documents, terminal

LOADED = (fixtures, session, reports, documents, terminal)
"""Imported once, here, so that the sessions inside need not."""
QUIETLY = ("-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:asyncio")
IDS = [clause.id for clause in catalogue.clauses()]


def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.filterwarnings("default::pytest.PytestAssertRewriteWarning"))


@pytest.fixture(autouse=True)
def _clean(monkeypatch):
    for name in ("WHOP_API_TOKEN", "WHOP_BASE_URL", "PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


class Project:
    """A folder with the items in ``test_contract.py``; ``runs`` has the settings of each run made."""

    def __init__(self, pytester):
        self.pytester, self.path, self.runs = pytester, pytester.path, []
        self.on_run = lambda: None
        self.holds()

    def check(self, settings, *, watch=None):
        self.runs.append(settings)
        self.on_run()
        return self.result

    def holds(self, verdicts=None, *, rows=None, **result):
        """Let the result have these verdicts, by clause; every other clause passed. Returns the project."""
        verdicts = verdicts or {}
        made = {id_: handmade.clause(id_, verdicts.get(id_, "passed")) for id_ in IDS} | (rows or {})
        self.result = json.loads(json.dumps(handmade.result(*made.values(), **result)))
        return self

    def write(self, text, **more):
        """Write the test module, in place of the one with the items alone."""
        self.pytester.makepyfile(test_contract=text, **more)
        return self

    def run(self, *args):
        return self.pytester.runpytest_inprocess(*QUIETLY, *args)


@pytest.fixture
def project(pytester, monkeypatch):
    made = Project(pytester)
    monkeypatch.setattr(engine, "check", made.check)
    return made.write("from whop_contracts.contract import clause, run\n")
