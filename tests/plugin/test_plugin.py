"""The plugin, as a project that uses it sees it, and as one that does not."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

from report import handmade
from whop_contracts import report as reports
from whop_contracts.cli import check as engine
from whop_contracts.pause import catalogue
from whop_contracts.plugin import items
from whop_contracts.plugin import run as plugin_run
from whop_contracts.report import document, junit, markdown, terminal

LOADED = (items, plugin_run, reports, document, junit, markdown, terminal)
"""Imported once, here, so that the sessions inside need not."""

pytestmark = pytest.mark.filterwarnings("default::pytest.PytestAssertRewriteWarning")
IDS = [clause.id for clause in catalogue.clauses()]
MODULE = "from whop_contracts.contract import clause, run\n"
ENGINE = """
import json, pathlib
from whop_contracts.cli import check as engine

def judge(settings, *, watch=None):
    with pathlib.Path("runs").open("a") as runs:
        runs.write(f"{settings.seed} {settings.profile}\\n")
    return json.loads(pathlib.Path("result.json").read_text())

engine.check = judge
"""
"""The engine, standing in, for workers; in this process the same is patched in."""


@pytest.fixture(autouse=True)
def _clean(monkeypatch):
    for name in ("WHOP_API_TOKEN", "PYTEST_ADDOPTS", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def project(pytester, monkeypatch):
    """A project with the items, whose engine gives the result that it is told."""

    def judge(settings, *, watch=None):
        with (pytester.path / "runs").open("a") as runs:
            runs.write(f"{settings.seed} {settings.profile}\n")
        return json.loads((pytester.path / "result.json").read_text())

    def project(verdicts=None, **more):
        rows = [handmade.clause(id_, (verdicts or {}).get(id_, "passed")) for id_ in IDS]
        pytester.makepyfile(test_contract=MODULE)
        (pytester.path / "result.json").write_text(json.dumps(handmade.result(*rows, **more)))
        monkeypatch.setattr(engine, "check", judge)
        return pytester

    return project


WARNED = ("-W", "default::whop_contracts.plugin.ContractWarning")
"""These tests turn warnings into errors, and so would the sessions inside."""
QUIETLY = ("-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:asyncio")


def run(pytester, *args):
    return pytester.runpytest_inprocess(*QUIETLY, *args)


def runs(pytester):
    path = pytester.path / "runs"
    return path.read_text().splitlines() if path.exists() else []


def test_one_item_a_clause_and_two_for_the_run(project):
    done = run(project(), "--collect-only", "-q")
    assert [line for line in done.outlines if "::" in line] == [
        *(f"test_contract.py::clause[{id_}]" for id_ in IDS),
        "test_contract.py::run::conclusive",
        "test_contract.py::run::put-back",
    ]


def test_each_verdict_is_the_outcome_that_pytest_users_expect_and_the_run_is_made_once(project):
    failed, warned, waived, silent = IDS[:4]
    pytester = project({failed: "failed", warned: "warned", waived: "waived", silent: "not_tested"})
    done = run(pytester, "-rsx", "-v", *WARNED)
    done.assert_outcomes(failed=1, skipped=1, xfailed=1, passed=len(IDS) - 3 + 2, warnings=1)
    done.stdout.fnmatch_lines([f"*clause?{failed}? FAILED*"])
    done.stdout.fnmatch_lines(["*no second campaign was given"])
    done.stdout.fnmatch_lines([f"*ContractWarning: {warned}: expected paused; actual active (at /status)"])
    assert runs(pytester) == ["0 standard"]


def test_a_failure_is_the_reports_text_without_a_traceback(project):
    done = run(project({IDS[0]: "failed"}))
    text = done.stdout.str()
    assert f"promise   What {IDS[0]} promises, in one sentence." in text
    assert "expected  paused" in text
    assert "curl -i -X POST" in text
    assert "Traceback" not in text
    assert "plugin/items.py" not in text
    done.stdout.fnmatch_lines(["*violates: 1 promise is broken", "241 requests in 2.5 s"])


def test_a_run_that_says_too_little_fails_by_its_own_item_alone(project):
    done = run(project(verdict="inconclusive", exit_code=3, reason="no pause was answered 2xx"))
    done.assert_outcomes(failed=1, passed=len(IDS) + 1)
    done.stdout.fnmatch_lines(["*conclusive*", "inconclusive: no pause was answered 2xx"])


def test_a_campaign_that_was_not_put_back_fails_by_its_own_item_alone(project):
    done = run(project(exit_code=4, put_back={"campaigns": 0, "failed": ["adcamp_1: is paused"]}))
    done.assert_outcomes(failed=1, passed=len(IDS) + 1)
    done.stdout.fnmatch_lines(["*put-back*", "NOT PUT BACK: adcamp_1: is paused"])


def test_a_warning_fails_where_strictness_is_asked_for(project):
    pytester = project({IDS[0]: "warned"})
    run(pytester, *WARNED).assert_outcomes(passed=len(IDS) + 2, warnings=1)
    run(pytester, "-W", "ignore::whop_contracts.plugin.ContractWarning").assert_outcomes(passed=len(IDS) + 2)
    run(pytester, "--contract-strict").assert_outcomes(failed=1, passed=len(IDS) + 1)


def test_a_chosen_item_still_stands_on_the_whole_run(project):
    pytester = project()
    run(pytester, "-k", "pausing and until", "--contract-seed=3").assert_outcomes(
        passed=len([id_ for id_ in IDS if "pausing" in id_ and "until" in id_]),
        deselected=len(IDS) + 2 - len([id_ for id_ in IDS if "pausing" in id_ and "until" in id_]),
    )
    assert runs(pytester) == ["3 standard"]


def test_chosen_clauses_are_the_items(project):
    pytester = project()
    chosen = [id_ for id_ in IDS if id_.startswith("pausing.")]
    run(pytester, "--contract-clause=pausing.*").assert_outcomes(passed=len(chosen) + 2)


def test_nothing_is_sent_where_nothing_is_run(project):
    pytester = project()
    run(pytester, "--collect-only")
    run(pytester, "-k", "no_such_item")
    assert runs(pytester) == []


def test_workers_share_one_run(project, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    pytester = project({IDS[0]: "failed", IDS[1]: "not_tested"})
    pytester.makeconftest(ENGINE)
    done = pytester.runpytest_subprocess(*QUIETLY, "-n", "2")
    done.assert_outcomes(failed=1, skipped=1, passed=len(IDS))
    done.stdout.fnmatch_lines(["*violates: 1 promise is broken"])
    assert runs(pytester) == ["0 standard"]
    assert not list(tmp_path.glob("whop-contracts-*"))


def test_a_random_order_changes_nothing(project):
    pytester = project({IDS[0]: "failed"})
    done = pytester.runpytest_inprocess("-p", "randomly", *QUIETLY[2:])
    done.assert_outcomes(failed=1, passed=len(IDS) + 1)


def test_the_first_failure_ends_the_session_where_that_is_asked_for(project):
    run(project({IDS[0]: "failed", IDS[1]: "failed"}), "-x").assert_outcomes(failed=1)


def test_pytests_own_junit_has_a_case_an_item(project):
    pytester = project({IDS[0]: "failed", IDS[1]: "not_tested"})
    run(pytester, "--junitxml=j.xml")
    suite = ET.parse(pytester.path / "j.xml").getroot().find("testsuite")
    told = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert told == {"tests": str(len(IDS) + 2), "failures": "1", "errors": "0", "skipped": "1"}


def test_reports_are_written_by_options(project):
    pytester = project()
    run(pytester, "--contract-json=r.json", "--contract-markdown=r.md")
    assert json.loads((pytester.path / "r.json").read_text())["verdict"] == "conforms"
    assert (pytester.path / "r.md").exists()


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--contract-seed=x", "--contract-seed 'x': expected a whole number"),
        ("--contract-base-url=staging", "--contract-base-url 'staging': expected a URL"),
        ("--contract-clause=no.such", "--contract-clause: 'no.such' matches no clause"),
        ("--contract-base-url=http://127.0.0.1:9", "WHOP_API_TOKEN: not set"),
        (
            "--contract-json=no/such/r.json",
            "--contract-json 'no/such/r.json': expected a file that can be written",
        ),
    ],
)
def test_misused_options_end_the_session_in_one_line(project, option, said):
    pytester = project()
    done = run(pytester, option)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: {said}" in done.stderr.str()
    assert "Traceback" not in done.stderr.str() + done.stdout.str()
    assert runs(pytester) == []


def test_a_misused_variable_or_file_is_told_where_the_items_would_be(project, monkeypatch):
    pytester = project()
    (pytester.path / "whop-contracts.toml").write_text("sead = 1")
    # Wrappers of the old kind, as older plugins have them, warn of whatever is raised inside them.
    done = run(pytester, "-W", "ignore::pluggy.PluggyTeardownRaisedWarning")
    assert done.ret == pytest.ExitCode.INTERRUPTED
    done.stdout.fnmatch_lines(["whop-contracts.toml, sead: no such key; did you mean seed?"])
    assert "Traceback" not in done.stdout.str()


def test_variables_and_files_apply(project, monkeypatch):
    pytester = project()
    (pytester.path / "whop-contracts.toml").write_text('seed = 4\nprofile = "quick"')
    monkeypatch.setenv("WHOP_CONTRACTS_SEED", "5")
    run(pytester)
    assert runs(pytester) == ["5 quick"]


def test_a_secret_is_in_nothing_that_pytest_prints(project):
    pytester = project({IDS[0]: "failed"})
    done = run(
        pytester, "--contract-token=canary-7Qd2", "-vv", "--showlocals", "--tb=long", "--junitxml=j.xml"
    )
    assert done.ret == 1
    written = done.stdout.str() + done.stderr.str() + (pytester.path / "j.xml").read_text()
    assert "canary" not in written


def test_the_installed_package_is_collected_from_anywhere_and_judges_the_mock(pytester):
    done = run(pytester, "--pyargs", "whop_contracts.contract", "-v", "--contract-profile=quick")
    done.stdout.fnmatch_lines(["whop_contracts/contract.py::clause?pausing.until-is-kept? PASSED*"])
    done.stdout.fnmatch_lines(["the built-in mock: conforms: *"])
    assert done.ret == 0


def test_a_project_that_does_not_use_it_is_undisturbed(pytester, monkeypatch):
    """Not by its presence, its variables, its files, nor by what a look at a collected name would set off."""
    monkeypatch.setenv("WHOP_CONTRACTS_SEED", "nonsense")
    (pytester.path / "whop-contracts.toml").write_text("nonsense")
    pytester.makepyfile(
        """
        import sys

        class Lazy:
            @property
            def __class__(self):
                raise RuntimeError("looked at")

        clause = run = object()

        def test_ours():
            assert not {"whop_contracts.cli.check", "whop_contracts.pause.catalogue", "whop_contracts.contract"} & set(sys.modules)
        """
    )
    done = pytester.runpytest_subprocess(
        *QUIETLY, "-W", "error", "--strict-markers", "--strict-config", "-p", "no:schemathesis"
    )
    done.assert_outcomes(passed=1)
    done.stdout.no_fnmatch_line("*- contract -*")
