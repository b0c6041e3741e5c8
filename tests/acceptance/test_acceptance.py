"""The command line and the engine as a user sees them: over sockets, and as a process where that matters."""

import json
import sys
import zipfile
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path

import pytest

from commands import command, environment, process
from report.making import failing, verdicts
from safety.nursery import SOAK
from safety.pretending import WallTarget, judged
from safety.serving import served
from whop_contracts import schemas
from whop_contracts.cli import check as engine
from whop_contracts.provider import SEED, ManualClock, Response, build
from whop_contracts.settings import Settings
from whop_contracts.steps import Actors

ROOT = Path(__file__).parents[2]
EXAMPLE = schemas.document_path("documented/ad-campaign.json").read_bytes()


def python(*words, cwd, **more):
    return process(sys.executable, *words, cwd=cwd, env=environment(**more))


@contextmanager
def answering(status, body):
    """A server that responds to everything alike."""
    with served() as state:
        headers = (("content-type", "application/json"), ("date", formatdate(usegmt=True)))
        state.before = lambda _: Response(status, headers, body)
        yield state


def test_over_http_the_same_clauses_have_the_same_verdicts(tmp_path):
    mock = engine.check(Settings())
    with served() as state:
        live = engine.check(state.settings(tmp_path))
    assert verdicts(live) == verdicts(mock)
    assert live["exit_code"] == 0
    assert live["requests"] <= 400
    assert live["put_back"] == {"campaigns": 2, "failed": []}
    assert live["resumes"]


@pytest.mark.parametrize("profile", ["quick", "standard", *(["thorough"] if SOAK else [])])
def test_a_conforming_target_is_sent_about_as_many_requests_as_were_planned(profile, tmp_path):
    planned = json.loads(command("plan", "--profile", profile, "--json", cwd=tmp_path).stdout)
    result = engine.check(Settings(profile=profile))
    assert planned["requests"] == len(planned["cases"])
    # Whether a pause of another sequence is over by then decides whether a campaign has to be unpaused.
    assert abs(result["requests"] - planned["requests"]) <= planned["requests"] / 100


def test_quick_is_frugal_and_says_what_it_left_out(tmp_path):
    with served() as state:
        live = engine.check(state.settings(tmp_path, profile="quick"))
    assert live["verdict"] == "conforms"
    assert live["requests"] <= 120
    reasons = {row["reason"] for row in live["clauses"] if row["verdict"] == "not_tested"}
    assert reasons <= {"no request of the quick profile tested it"}


def test_each_untested_clause_says_its_own_reason(tmp_path):
    """Without Date headers the accepted pauses tell the time; one campaign and one credential are given."""
    clock = ManualClock(1_790_000_000.0)
    target = WallTarget(build(variation="no-date-header", clock=clock), clock)
    who = {"campaign_ids": SEED.campaigns[:1], "foreign_campaign_id": SEED.foreign_campaign}
    given = Settings(base_url=target.base_url, journal=tmp_path / "journal.jsonl", **who)
    actors = Actors(SEED.token, SEED.campaigns[:1], None, SEED.foreign_campaign)
    result = judged(target, given, actors)
    reasons = {row["id"]: row["reason"] for row in result["clauses"] if row["verdict"] == "not_tested"}
    assert "(--campaign-id)" in reasons.pop("pausing.others-are-left-alone")
    assert "(--readonly-token)" in reasons.pop("authorization.missing-permission")
    # Only a dated pause is watched on a wall clock.
    reasons.pop("auto_resume.indefinite-pause-stays", None)
    assert not [id_ for id_ in reasons if id_.startswith("auto_resume.")], reasons
    assert result["verdict"] == "conforms"


def test_the_documented_example_verbatim_breaks_what_it_breaks(tmp_path):
    """The example is the response to every request: many clauses fail, none about its own shape."""
    with answering(200, EXAMPLE) as state:
        words = ["--base-url", state.base_url, "--campaign-id", SEED.campaigns[0], "--profile", "quick"]
        done = command("run", *words, "--json", "result.json", cwd=tmp_path, WHOP_API_TOKEN=SEED.token)
    assert done.returncode == 1, done.stdout
    failed = set(failing(json.loads((tmp_path / "result.json").read_text())))
    assert failed >= {
        *("pausing.status-is-paused", "pausing.until-is-kept", "identifiers.same-campaign"),
        *("refusals.not-a-date", "refusals.wrong-type", "refusals.malformed-json", "refusals.unknown-id"),
        *("authorization.no-credential", "authorization.wrong-credential"),
    }
    assert not {name for name in failed if name.startswith("response.")}, "the example keeps its own shape"


def test_a_dry_run_and_the_plan_agree_and_send_nothing(tmp_path):
    with answering(200, EXAMPLE) as state:
        words = ["--base-url", state.base_url, "--campaign-id", "adcamp_1", "--test-clock", state.base_url]
        dry = command("run", "--dry-run", *words, cwd=tmp_path, WHOP_API_TOKEN="t" * 20)
        plan = command("plan", *words, cwd=tmp_path, WHOP_API_TOKEN="t" * 20)
    assert state.requests == []
    assert (dry.returncode, plan.returncode) == (0, 0), dry.stderr + plan.stderr
    assert dry.stdout == plan.stdout
    assert dry.stdout.rstrip().endswith("requests planned, none sent")


def test_a_project_with_a_contracts_package_of_its_own_is_undisturbed(tmp_path):
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "__init__.py").write_text("OURS = True\n")
    ours = "import contracts\n\ndef test_ours():\n    assert contracts.OURS\n"
    (tmp_path / "test_ours.py").write_text(ours)
    plugins = ["-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:asyncio"]
    done = python("-W", "error", "-m", "pytest", "-q", *plugins, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
    assert "contract" not in done.stdout.replace("contracts", "")


def test_the_wheel_does_it_without_a_checkout(tmp_path):
    built = python("-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path), cwd=ROOT)
    assert built.returncode == 0, built.stdout
    inside, elsewhere = tmp_path / "inside", tmp_path / "elsewhere"
    zipfile.ZipFile(next(tmp_path.glob("*.whl"))).extractall(inside)
    elsewhere.mkdir()
    for words in ("derive --check", "run --profile quick"):
        done = python("-m", "whop_contracts", *words.split(), cwd=elsewhere, PYTHONPATH=str(inside))
        assert done.returncode == 0, done.stdout
    where = "from whop_contracts import schemas; print(schemas.document_path('openapi.json'))"
    found = python("-c", where, cwd=elsewhere, PYTHONPATH=str(inside))
    assert found.stdout.startswith(str(inside))
