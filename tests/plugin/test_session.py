"""The one run of a session is made once, also by workers and where it is aborted; what it shows is safe."""

import signal
from fnmatch import fnmatchcase
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from plugin.conftest import IDS
from report import handmade
from report.making import runner_commands
from whop_contracts.plugin import session
from whop_contracts.settings import UsageError

ALL = len(IDS) + 2
USES_RUN = """
from whop_contracts.contract import clause, run

def test_it(contract_run): pass
"""
ASKS_LATE = """
import pytest

@pytest.mark.timeout(600)
def test_first(request):
    request.getfixturevalue("contract_run")

from whop_contracts.contract import clause, run
"""


def raising(error):
    return Mock(side_effect=error)


def worker(folder, stash=session.plugin.SHARED):
    """The config of a worker, as far as the run needs it."""
    config = SimpleNamespace(workerinput={}, stash=pytest.Stash())
    config.invocation_params = SimpleNamespace(dir=folder)
    config.getoption = lambda _name, default=None: default
    config.pluginmanager = SimpleNamespace(get_plugin=lambda _name: None)
    config.stash[stash] = folder / "shared"
    return config


ENDINGS = {
    "Failed Timeout (>5.0s) from*": pytest.fail.Exception("Timeout (>5.0s) from pytest-timeout."),
    "KeyboardInterrupt": KeyboardInterrupt(),
    "SystemExit 3": SystemExit(3),
    "an internal error, please report it: RuntimeError at *": RuntimeError("canary"),
}


@pytest.mark.parametrize("said", ENDINGS)
def test_an_aborted_run_is_repeated_by_no_worker(project, said):
    project.on_run, error = raising(ENDINGS[said]), ENDINGS[said]
    first, second = worker(project.path), worker(project.path)
    with pytest.raises(type(error)):
        session.obtain(first)
    assert session.obtain(first) == session.obtain(second)
    line = session.obtain(second).error
    assert fnmatchcase(line, f"the run was aborted and is not repeated: {said}")
    assert "canary" not in line
    assert len(project.runs) == 1
    assert session.made(second) is None


def test_a_worker_reads_the_run_of_another_one_and_reports_one_that_was_killed_in_it(project):
    first, file, left = worker(project.path), project.path / "shared" / "run.json", []
    project.on_run = lambda: left.append(file.read_text())
    second = worker(project.path)
    assert session.obtain(first).result == session.obtain(second).result == project.result
    assert session.made(second) == project.result
    file.write_text(left[0])
    error = session.obtain(worker(project.path)).error
    assert error == "the process that made the run ended in the middle of it"
    assert len(project.runs) == 1


def test_no_item_s_timeout_counts_the_run(project):
    timers = []
    project.on_run = lambda: timers.append(signal.getitimer(signal.ITIMER_REAL))
    project.write(
        """
        import signal
        from whop_contracts.contract import clause, run

        def test_the_timer_runs_here(contract_run): assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
        """
    )
    project.run("--timeout=600").assert_outcomes(passed=ALL + 1)
    assert timers == [(0.0, 0.0)]


def test_a_run_that_a_timeout_aborts_is_not_repeated(project):
    project.on_run = lambda: signal.raise_signal(signal.SIGALRM)
    done = project.write(ASKS_LATE).run("--timeout-method=signal")
    done.assert_outcomes(failed=ALL + 1)
    assert len(project.runs) == 1
    line = "the run was aborted and is not repeated: Failed Timeout (>600.0s) from pytest-timeout."
    assert done.outlines.count(line) == ALL


ABORTED = "the run was aborted and is not repeated: "
ERRORS = {
    "--contract-journal: it cannot be written": UsageError("--journal: it cannot be written"),
    f"{ABORTED}an internal error*: RuntimeError at*": RuntimeError("canary"),
}


@pytest.mark.parametrize("said", ERRORS, ids=["usage", "bug"])
def test_an_error_of_the_run_fails_each_item_in_one_line(project, said):
    project.on_run = raising(ERRORS[said])
    done = project.write(USES_RUN).run()
    done.assert_outcomes(failed=ALL, errors=1)
    assert len(project.runs) == 1
    assert "canary" not in done.stdout.str()
    done.stdout.fnmatch_lines([said] * (ALL + 1))


TOKEN = "canary-7Qd2mXv9"


def test_without_a_live_target_nothing_is_changed(project, monkeypatch):
    monkeypatch.setenv("WHOP_API_TOKEN", TOKEN)
    text = f"import pytest\n\n@pytest.mark.parametrize('x', ['{TOKEN}'])\ndef test_it(x): pass"
    project.write(text).run("-v").stdout.fnmatch_lines([f"*test_it?{TOKEN}? PASSED*"])


HOSTILE = "::error title=y::z ##[error]x"


def test_a_target_cannot_give_the_runner_commands(project, monkeypatch):
    failure = handmade.failure(expected=HOSTILE, actual=HOSTILE)
    failure["request"]["body"] = HOSTILE
    failure["response"] = {"status": 200, "headers": {"content-type": HOSTILE}, "body": HOSTILE}
    verdicts = zip(IDS, ("failed", "warned", "waived", "not_tested"), strict=False)
    rows = {id_: handmade.clause(id_, verdict, failure=failure, reason=HOSTILE) for id_, verdict in verdicts}
    lost = {"campaigns": 0, "failed": [HOSTILE]}
    project.holds(rows=rows, verdict="inconclusive", exit_code=4, reason=HOSTILE, put_back=lost)
    args = ("-v", "-rA", "-W", "default")
    assert len(runner_commands(project.run(*args).stdout.str())) > 5
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    for style in ("--tb=auto", "--tb=line"):
        done = project.run(*args, style)
        done.assert_outcomes(failed=3, skipped=1, xfailed=1, warnings=1, passed=ALL - 5)
        assert runner_commands(done.stdout.str()) == []
