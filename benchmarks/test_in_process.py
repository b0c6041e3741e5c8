"""Our own overhead without a network: runs, checks, plans, trials, reports."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import pytest
from running import cpu

from whop_contracts import report
from whop_contracts.cli import check as engine
from whop_contracts.cli.planning import planned
from whop_contracts.engine.clause_runner import ClauseRunner
from whop_contracts.pause import catalogue
from whop_contracts.pause.contract import PAUSE
from whop_contracts.proof import Trial
from whop_contracts.proof.trials import attempt
from whop_contracts.report import WRITERS, terminal
from whop_contracts.settings import Settings


def test_a_run_against_the_loop_that_checks_nothing(figures, bare) -> None:
    """The whole run is timed, its plan and its result included."""
    result = engine.check(Settings())
    assert result["verdict"] == "conforms"
    assert not any(row["exchanges"] == 0 for row in result["clauses"])
    share = cpu(lambda: engine.check(Settings())) / result["requests"] / bare
    figures.take("in process: time of a run per exchange, of the bare respx loop's", share, most=5)


def test_checking_alone(figures, bare, evidence) -> None:
    def check() -> ClauseRunner:
        runner = ClauseRunner(catalogue.clauses(), PAUSE)
        for one in evidence:
            runner.add(one)
        return runner

    runner = check()
    assert not any(count.broken for count in runner.counts.values())
    assert all(count.exchanges for count in runner.counts.values())
    share = cpu(check) / len(evidence) / bare
    figures.take("checking by all clauses: time per exchange, of the bare respx loop's", share, most=1)


def test_a_trial_of_the_proof(figures, bare) -> None:
    """Without the plan, which the trials of a seed share."""
    task = Trial("conforming", "conforming")
    trial = attempt(task)
    assert (trial.failed, trial.inconclusive, trial.left) == ((), None, ())
    share = cpu(lambda: attempt(task)) / trial.requests / bare
    figures.take("a trial of the proof: time per request, of the bare respx loop's", share, most=1.5)


@pytest.mark.parametrize(("profile", "most"), [("quick", 2), ("standard", 3)])
def test_drawing_a_plan(figures, bare, profile, most) -> None:
    """With another seed each time, so that Hypothesis draws again."""
    plan = planned(Settings(profile=profile))
    assert plan.sha256 == planned(Settings(profile=profile)).sha256
    seeds = iter(range(1, 1_000))
    seconds = cpu(lambda: planned(Settings(profile=profile, seed=next(seeds))).requests)
    share = seconds / plan.requests / bare
    figures.take(
        f"drawing a {profile} plan: its time, of the bare loop's for as many requests", share, most=most
    )


# -- reports: as a share of the shortest run that there is to report -----------------------------------------


@pytest.fixture(scope="module")
def result() -> Mapping[str, Any]:
    """A run in which every third clause failed, with a large response."""
    made = json.loads(json.dumps(engine.check(Settings())))
    body = json.dumps({"title": "x" * 3_000})
    response = {"status": 200, "headers": {"content-type": "application/json"}, "body": body}
    request = {"number": 7, "case": "a word", "sequence": "a word", "method": "POST", "headers": {}}
    failure = {
        "expected": "200",
        "actual": "500",
        "pointer": "/title",
        "request": request | {"url": "http://x.invalid/y", "body": "{}"},
        "response": response,
        "curl": "curl -i http://x.invalid/y",
        "first_request": 7,
        "count": 1,
    }
    for row in made["clauses"][::3]:
        row |= {"verdict": "failed", "failure": failure}
    return made | {"verdict": "violates", "exit_code": 1}


@pytest.mark.parametrize("name", [*WRITERS, "terminal"])
def test_writing(figures, result, name) -> None:
    def write() -> str:
        text = io.StringIO()
        if name != "terminal":
            return report.render(name, result)
        terminal.print_result(result, text, verbose=True)
        return text.getvalue()

    assert all(row["id"] in write() for row in result["clauses"][::3])
    share = cpu(write) / cpu(lambda: engine.check(Settings()), rounds=2)
    figures.take(f"writing {name}: its time, of a standard run's in process", share, most=1)
