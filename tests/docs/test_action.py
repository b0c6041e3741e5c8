"""The GitHub Action: its steps run as GitHub runs them, and no input is executed."""

import os
import re
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from commands import process
from report.reader import ENVIRONMENT, blocks
from whop_contracts.engine.journal import Journal
from whop_contracts.pause.evidence import State, read_state
from whop_contracts.provider import SEED, RunningClock, build
from whop_contracts.provider.server import clock_url, running

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
STEPS = ACTION["runs"]["steps"]
RECIPE = next(block for block in blocks((ROOT / "docs" / "ci.md").read_text("utf-8")) if block.kind == "yaml")
EXPRESSION = re.compile(r"\$\{\{ *(.+?) *\}\}")
BASH = shutil.which("bash") or "bash"
PYTHON = """#!/bin/sh
if [ "$1 $2" = "-m pip" ] || [ "$ONLY_WRITTEN_DOWN" ]; then printf '%s\\0' "$@" >> "$CALLS"; exit 0; fi
exec "{python}" "$@"
"""
"""Python on the path: the one that runs this test; of pip, or of all calls, the words are written down."""


def evaluated(text, inputs):
    known = {f"inputs.{name}": value for name, value in inputs.items()} | {"github.action_path": str(ROOT)}
    return EXPRESSION.sub(lambda found: known[found[1]], text)


def perform(folder, *, written_down=False, **given):
    """The shell steps of the action in their order; after one that fails, those alone that always run.

    Returns what is left of the job: its exit code, all that it printed, its summary, outputs, and the words
    of the ``calls`` of Python that were only ``written_down``, those of pip in any case.
    """
    inputs = {name: one.get("default", "") for name, one in ACTION["inputs"].items()}
    inputs |= {name.replace("_", "-"): value for name, value in given.items()}
    files = {name: folder / name for name in ("summary", "outputs", "calls")}
    work, programs = folder / "work", folder / "bin"
    for made in (work, programs):
        made.mkdir(exist_ok=True)
    (programs / "python").write_text(PYTHON.format(python=sys.executable))
    (programs / "python").chmod(0o755)
    for path in files.values():
        path.write_text("")
    assert ENVIRONMENT["XDG_STATE_HOME"] == os.environ["XDG_STATE_HOME"], "locks are in the user's folder"
    runner = ENVIRONMENT | {
        "PATH": f"{programs}{os.pathsep}{ENVIRONMENT['PATH']}",
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(files["summary"]),
        "GITHUB_OUTPUT": str(files["outputs"]),
        "CALLS": str(files["calls"]),
        "ONLY_WRITTEN_DOWN": "yes" if written_down else "",
    }
    code, said = 0, []
    for step in STEPS:
        if "run" not in step or (code and "always()" not in step.get("if", "")):
            continue
        (folder / "step.sh").write_text(step["run"])
        variables = {name: evaluated(text, inputs) for name, text in step.get("env", {}).items()}
        words = (BASH, "--noprofile", "--norc", "-eo", "pipefail", folder / "step.sh")
        done = process(*words, cwd=work, env=runner | variables)
        said.append(done.stdout)
        code = code or done.returncode
    job = SimpleNamespace(code=code, said="".join(said), summary=files["summary"].read_text("utf-8"))
    job.outputs = dict(line.split("=", 1) for line in files["outputs"].read_text().splitlines())
    job.calls = files["calls"].read_text().split("\0")[:-1]
    assert SEED.token not in job.said + job.summary + "".join(job.outputs.values())
    for path in work.rglob("*"):
        assert path.is_dir() or SEED.token.encode() not in path.read_bytes(), path
    return job


def ours(base_url, **more):
    """Inputs for a provider that is served here."""
    return {
        "base_url": base_url,
        "token": SEED.token,
        "campaign_ids": "\n".join(SEED.campaigns[:2]),
        "test_clock": clock_url(base_url),
        "profile": "quick",
    } | more


@pytest.fixture
def served():
    with running(build(clock=RunningClock())) as base_url:
        yield base_url


def test_a_conforming_provider_passes_and_the_reports_are_there(tmp_path, served):
    """In a folder whose name looks like a flag."""
    roles = {"readonly_token": SEED.readonly_token, "foreign_campaign_id": SEED.foreign_campaign}
    job = perform(tmp_path, **ours(served, drift_ledger="drift.json", reports="-rf", **roles))
    assert job.code == 0, job.said
    assert job.outputs == {"exit-code": "0", "verdict": "conforms"}
    assert "conforms" in job.summary
    assert "no credential without" not in job.summary
    reports = {path.name for path in (tmp_path / "work" / "-rf").iterdir()}
    assert reports == {"result.json", "summary.md", "junit.xml", "report.html", "journal.jsonl"}
    assert (tmp_path / "work" / "drift.json").is_file()
    assert job.said.rstrip().endswith("nothing to put back")


def test_a_failure_fails_the_job_and_is_in_the_summary(tmp_path):
    with running(build(fault="offset-dropped", clock=RunningClock())) as base_url:
        job = perform(tmp_path, **ours(base_url, args="--clause pausing.*"))
    assert job.code == 1, job.said
    assert job.outputs == {"exit-code": "1", "verdict": "violates"}
    assert "pausing.offset-is-honoured" in job.summary
    assert "| Refusals |" not in job.summary
    assert "::error" in job.said


def test_what_cannot_be_used_ends_the_job_before_anything_is_sent(tmp_path):
    job = perform(tmp_path, base_url="", token=SEED.token, campaign_ids=SEED.campaigns[0])
    assert job.code == 2
    assert job.outputs == {"exit-code": "2", "verdict": ""}
    assert job.summary == "whop-contracts: no run, exit code 2\n"


HOSTILE = ["$(touch pwned)", "'\"; touch pwned; `touch pwned` ${{ github.token }}"]


def test_flags_are_read_as_on_a_command_line_and_nothing_in_an_input_is_executed(tmp_path):
    cases = {
        "--clause=pausing.*\r\n\n  --max-requests\n90\n": "--clause=pausing.*|--max-requests|90",
        "--clause a.* --header X-A: b c=d --strict": "--clause|a.*|--header|X-A: b c=d|--strict",
        "--header=X-A: b\n--seed=9  --clause\na.*\n": "--header=X-A: b|--seed=9|--clause|a.*",
    }
    for args, words in (cases | {hostile: hostile for hostile in HOSTILE}).items():
        names = (name.replace("-", "_") for name in ACTION["inputs"])
        others = dict.fromkeys(names, f"{HOSTILE[1]}\ntouch pwned")
        job = perform(tmp_path, written_down=True, **others | {"args": args})
        assert "|".join(job.calls[job.calls.index("run") :]).endswith(f"|{words}")
        assert f"whop-contracts=={others['version']}" in job.calls
    assert [str(path) for path in tmp_path.rglob("pwned") if path.is_file()] == []


def test_campaigns_are_put_back_after_a_run_that_was_killed(tmp_path, served):
    """The run cannot begin because of the unfinished journal; the action then restores the campaigns."""
    journal = tmp_path / "work" / "whop-contracts-reports" / "journal.jsonl"
    journal.parent.mkdir(parents=True)
    left = Journal.create(journal, served, "killed", read_state)
    left.first(SEED.campaigns[0], State("active"))
    left.intend(SEED.campaigns[0], State("paused"))
    left.close()
    job = perform(tmp_path, **ours(served))
    assert job.code == 2
    assert "restore them first" in job.said
    assert Journal.read(journal, read_state).complete
    assert "1 put back" in job.said


def test_what_is_installed_is_this_or_the_release_that_is_named(tmp_path):
    releases = {"": str(ROOT), "1.2.3": "whop-contracts==1.2.3", "1 --pre": "whop-contracts==1 --pre"}
    for version, wanted in releases.items():
        calls = perform(tmp_path, written_down=True, base_url="", version=version).calls
        assert calls[:3] == ["-m", "pip", "install"]
        assert calls[calls.index("run") - 3] == wanted


def test_no_script_holds_an_expression_and_every_input_is_used():
    for step in STEPS:
        assert "${{" not in step.get("run", "")
        assert ("run" in step) == ("shell" in step)
    used = set(re.findall(r"inputs\.([\w-]+)", yaml.safe_dump(STEPS)))
    assert used == set(ACTION["inputs"])
    outputs = re.findall(r"steps\.run\.outputs\.([\w-]+)", yaml.safe_dump(ACTION["outputs"]))
    assert sorted(outputs) == sorted(ACTION["outputs"])


def test_the_gitlab_template_runs_what_the_program_knows(tmp_path):
    job = yaml.safe_load((ROOT / "docs" / "gitlab-ci.yml").read_text("utf-8"))["contract"]
    assert job["artifacts"]["reports"]["junit"] == "reports/junit.xml"
    program = tmp_path / "whop-contracts"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m whop_contracts "$@"\n')
    program.chmod(0o755)
    with running(build(fault="missing-id", clock=RunningClock())) as base_url:
        variables = ENVIRONMENT | {
            "PATH": f"{tmp_path}{os.pathsep}{ENVIRONMENT['PATH']}",
            "WHOP_API_TOKEN": SEED.token,
            "WHOP_CONTRACTS_BASE_URL": base_url,
            "WHOP_CONTRACTS_CAMPAIGN_ID": SEED.campaigns[0],
            "WHOP_CONTRACTS_PROFILE": "quick",
            "WHOP_CONTRACTS_TEST_CLOCK": clock_url(base_url),
        }
        for script, code in (("script", 1), ("after_script", 0)):
            line = "\n".join(["set -e", *job[script]])
            done = process(BASH, "-c", line, cwd=tmp_path, env=variables)
            assert done.returncode == code, done.stdout
    assert "nothing to put back" in done.stdout
    assert "identifiers.campaign-id" in done.stdout
    assert (tmp_path / "reports" / "junit.xml").is_file()


def test_the_recipe_uses_the_action_as_it_is_and_keeps_secrets_out_of_scripts():
    recipe = yaml.safe_load(RECIPE.text)
    steps = recipe["jobs"]["staging"]["steps"]
    (step,) = (step for step in steps if "whop-contracts" in step.get("uses", ""))
    required = {name for name, one in ACTION["inputs"].items() if one.get("required")}
    assert required <= set(step["with"]) <= set(ACTION["inputs"])
    assert [one for one in steps if "run" in one] == []
    ledgers = [one["with"]["path"] for one in steps if "cache" in one["uses"]]
    assert ledgers == [step["with"]["drift-ledger"]] * 2
    assert "schedule" in recipe[True]  # YAML 1.1 reads the key `on` as a truth value; GitHub does not
