"""The plugin, as a project that uses it sees it, and as one that does not."""

import xml.etree.ElementTree as ET

import pytest

from plugin.conftest import IDS, QUIETLY

ALL = len(IDS) + 2
WARNED = ("-W", "default::whop_contracts.plugin.ContractWarning")
"""These tests turn warnings into errors, and so would the sessions inside."""


def settings_of(project):
    return [f"{settings.seed} {settings.profile}" for settings in project.runs]


def test_there_is_one_item_per_clause_and_two_for_the_run(project):
    done = project.run("--collect-only", "-q")
    assert [line for line in done.outlines if "::" in line] == [
        *(f"test_contract.py::clause[{id_}]" for id_ in IDS),
        "test_contract.py::run::conclusive",
        "test_contract.py::run::put-back",
    ]


def test_each_verdict_has_the_outcome_that_pytest_users_expect_and_the_run_is_made_once(project):
    """A failure is the report's text without a traceback."""
    failed, warned, waived, silent = IDS[:4]
    project.holds({failed: "failed", warned: "warned", waived: "waived", silent: "not_tested"})
    done = project.run("-rsx", "-v", "--junitxml=j.xml", *WARNED)
    done.assert_outcomes(failed=1, skipped=1, xfailed=1, passed=ALL - 3, warnings=1)
    done.stdout.fnmatch_lines([f"*clause?{failed}? FAILED*"])
    done.stdout.fnmatch_lines(["*no second campaign was given"])
    done.stdout.fnmatch_lines([f"*ContractWarning: {warned}: expected paused; actual active (at /status)"])
    done.stdout.fnmatch_lines(["the built-in mock: violates: *", "241 requests in 2.5 s"])
    text = done.stdout.str().partition("short test summary")[0]
    for part in (f"What {failed} requires, in one sentence.", "expected  paused", "curl -i -X POST"):
        assert part in text
    assert "Traceback" not in text
    assert "plugin/session.py" not in text
    assert settings_of(project) == ["0 standard"]
    suite = ET.parse(project.path / "j.xml").getroot().find("testsuite")
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": str(ALL), "failures": "1", "errors": "0", "skipped": "2"}


def test_a_run_that_ends_badly_fails_by_its_own_item_alone(project):
    left = {"campaigns": 0, "failed": ["adcamp_1: is paused"]}
    inconclusive = {"verdict": "inconclusive", "exit_code": 3, "reason": "no pause got a 2xx"}
    for result, lines in (
        (inconclusive, ["*conclusive*", "inconclusive: no pause got a 2xx"]),
        ({"exit_code": 4, "put_back": left}, ["*put-back*", "*adcamp_1: is paused"]),
    ):
        done = project.holds(**result).run()
        done.assert_outcomes(failed=1, passed=ALL - 1)
        done.stdout.fnmatch_lines(lines)


def test_a_warning_fails_where_strictness_is_asked_for(project):
    project.holds({IDS[0]: "warned"})
    project.run(*WARNED).assert_outcomes(passed=ALL, warnings=1)
    project.run("--contract-strict").assert_outcomes(failed=1, passed=ALL - 1)


def test_a_selected_item_needs_the_whole_run_and_a_chosen_clause_is_an_item(project):
    selected = [id_ for id_ in IDS if "pausing" in id_ and "until" in id_]
    done = project.run("-k", "pausing and until", "--contract-seed=3")
    done.assert_outcomes(passed=len(selected), deselected=ALL - len(selected))
    assert settings_of(project) == ["3 standard"]
    chosen = [id_ for id_ in IDS if id_.startswith("pausing.")]
    project.run("--contract-clause=pausing.*").assert_outcomes(passed=len(chosen) + 2)


def test_nothing_is_sent_where_nothing_runs(project):
    project.write(
        """
        import pytest
        from whop_contracts.contract import clause, run
        pytestmark = pytest.mark.skipif(True, reason="no target here")

        @pytest.mark.skip
        def test_it(contract_run): pass
        """
    )
    project.run("--collect-only")
    project.run("--setup-plan")
    project.run("-k", "no_such_item")
    project.run().assert_outcomes(skipped=ALL + 1)
    assert project.runs == []


def test_a_random_order_and_the_first_failure_s_end_are_respected(project):
    project.holds({IDS[0]: "failed", IDS[1]: "failed"})
    done = project.pytester.runpytest_inprocess("-p", "randomly", *QUIETLY[2:])
    done.assert_outcomes(failed=2, passed=ALL - 2)
    project.run("-x").assert_outcomes(failed=1)


def test_misused_options_end_the_session_in_one_line(project):
    for option, said in {
        "seed=x": "--contract-seed 'x': expected a whole number",
        "base-url=staging": "--contract-base-url 'staging': expected a URL",
        "clause=no.such": "--contract-clause: 'no.such' matches no clause",
        "base-url=http://127.0.0.1:9": "*a live target (or --contract-token-file, --contract-token)",
        "json=no/r.json": "--contract-json 'no/r.json': expected a file that can be written",
    }.items():
        done = project.run(f"--contract-{option}")
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        done.stderr.fnmatch_lines([f"ERROR: {said}*"])
        assert "Traceback" not in done.stderr.str() + done.stdout.str()
    assert project.runs == []


def test_variables_and_files_apply_and_a_misused_one_is_reported_where_the_items_would_be(
    project, monkeypatch
):
    (project.path / "whop-contracts.toml").write_text('seed = 4\nprofile = "quick"')
    monkeypatch.setenv("WHOP_CONTRACTS_SEED", "5")
    project.run("-k", "conclusive")
    assert settings_of(project) == ["5 quick"]
    (project.path / "whop-contracts.toml").write_text("sead = 1")
    # Wrappers of the old kind, as older plugins have them, warn of whatever is raised inside them.
    done = project.run("-W", "ignore::pluggy.PluggyTeardownRaisedWarning")
    assert done.ret == pytest.ExitCode.INTERRUPTED
    line = "whop-contracts.toml, sead: no such key; did you mean seed?"
    done.stdout.fnmatch_lines([line])
    assert "Traceback" not in done.stdout.str()
    done = project.write("def test_it(contract_run): pass\ndef test_that(contract_target): pass").run()
    done.assert_outcomes(errors=2)
    done.stdout.fnmatch_lines([line] * 2)
    assert "Traceback" not in done.stdout.str()


def test_a_project_that_does_not_use_the_plugin_is_undisturbed(pytester, monkeypatch):
    """Its variables and files do not matter, nothing large is imported, no collected object is touched."""
    monkeypatch.setenv("WHOP_CONTRACTS_SEED", "nonsense")
    (pytester.path / "whop-contracts.toml").write_text("nonsense")
    pytester.makepyfile(
        """
        import sys, warnings
        import pytest

        class Lazy:
            @property
            def __class__(self):
                raise RuntimeError("looked at")

        clause = run = object()
        OURS = {"cli.check", "pause.catalogue", "contract", "plugin.session"}

        @pytest.mark.parametrize("text", ["a parameter"])
        def test_ours(text, record_property):
            record_property("text", text)
            with pytest.warns(UserWarning): warnings.warn("a warning")
            assert not {f"whop_contracts.{name}" for name in OURS} & set(sys.modules)
        """
    )
    strict = ("-W", "error", "--strict-markers", "--strict-config", "-p", "no:schemathesis")
    done = pytester.runpytest_subprocess(*QUIETLY, *strict)
    done.assert_outcomes(passed=1)
    done.stdout.no_fnmatch_line("*- contract -*")
