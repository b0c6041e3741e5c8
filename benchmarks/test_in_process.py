"""Our own overhead without a network: runs, checks, plans, reports, strategies."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest
from hypothesis import strategies as st
from running import MOCK_MEANS, bare_respx, best, exchanged, standard

from whop_contracts.cli import check as engine
from whop_contracts.engine.build_plan import draw
from whop_contracts.engine.clause_runner import ClauseRunner
from whop_contracts.instants import read_instant
from whop_contracts.pause import catalogue, strategies
from whop_contracts.pause.contract import PAUSE
from whop_contracts.report import WRITERS, render, terminal
from whop_contracts.schemas import violations
from whop_contracts.settings import Settings


@pytest.fixture(scope="module")
def evidence():
    return exchanged()


@pytest.fixture(scope="module")
def bare(evidence):
    """Exchanges per second of the loop that checks nothing."""
    requests = [one.exchange.request for one in evidence]
    assert bare_respx(requests) == len(requests)
    return len(requests) / best(lambda: bare_respx(requests))


def test_a_run_against_the_loop_that_checks_nothing(figures, fastest, bare) -> None:
    """The whole run is timed, its plan and its result included."""
    result = engine.check(Settings())
    assert result["verdict"] == "conforms"
    assert not any(row["exchanges"] == 0 for row in result["clauses"])
    checked = result["requests"] / fastest(lambda: engine.check(Settings()))
    figures.take("in process: exchanges per second, of the bare respx loop's", checked / bare, least=0.5)


def test_checking_alone(figures, fastest, bare, evidence) -> None:
    def check() -> ClauseRunner:
        runner = ClauseRunner(catalogue.clauses(), PAUSE)
        for one in evidence:
            runner.add(one)
        return runner

    runner = check()
    assert not any(count.broken for count in runner.counts.values())
    assert all(count.exchanges for count in runner.counts.values())
    figures.take(
        "checking by all clauses: exchanges per second, of the bare respx loop's",
        len(evidence) / fastest(check) / bare,
        least=1,
    )


@pytest.mark.parametrize("profile", ["quick", "standard"])
def test_drawing_a_plan(figures, fastest, bare, profile) -> None:
    """With another seed each time, so that Hypothesis draws again."""
    plan = draw(profile, seed=0, means=MOCK_MEANS)
    assert plan.sha256 == draw(profile, seed=0, means=MOCK_MEANS).sha256
    seeds = iter(range(1_000))
    seconds = fastest(lambda: draw(profile, seed=next(seeds), means=MOCK_MEANS))
    figures.take(
        f"drawing a {profile} plan: its time, of the bare loop's for as many requests",
        seconds * bare / plan.requests,
        most=1,
    )


def test_the_standard_plan_is_what_a_run_sends() -> None:
    assert standard().requests == len(exchanged())


# -- reports: as a share of the shortest run that there is to report -----------------------------------------


def _terminal(result: Mapping[str, Any]) -> str:
    text = io.StringIO()
    terminal.show(result, text, verbose=True)
    return text.getvalue()


def writer(name: str) -> Callable[[Mapping[str, Any]], str]:
    if name == "terminal":
        return _terminal
    return partial(render, name)


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
def test_writing(figures, fastest, result, name) -> None:
    write = writer(name)
    text = write(result)
    assert all(row["id"] in text for row in result["clauses"][::3])
    share = fastest(lambda: write(result)) / best(lambda: engine.check(Settings()), rounds=3)
    figures.take(f"writing {name}: its time, of a standard run's in process", share, most=1)


# -- strategies: cases per second, against plain text drawn in the same way ----------------------------------

COUNT = 100
CASES = {
    "ad_campaigns": lambda one: violations("ad-campaign", "", one) == (),
    "bad_pause_bodies": lambda one: isinstance(one[0], str) and isinstance(one[1], str | bytes),
    "campaign_ids": lambda one: one.startswith("adcamp_"),
    "pause_bodies": lambda one: violations("pause-request", "", one) == (),
    "rfc3339_instants": lambda one: read_instant(one) is not None,
}


def cases(strategy: st.SearchStrategy[object]) -> list[object]:
    return strategies.draw(strategy, seed=0, count=COUNT)


@pytest.mark.parametrize("name", CASES)
def test_cases_per_second(figures, fastest, name) -> None:
    strategy = getattr(strategies, name)()
    drawn = cases(strategy)
    assert len(drawn) == COUNT
    assert all(map(CASES[name], drawn))
    assert json.dumps(drawn, default=repr) == json.dumps(cases(strategy), default=repr)
    share = best(lambda: cases(st.text()), rounds=3) / fastest(lambda: cases(strategy), rounds=3)
    figures.take(f"strategies.{name}: cases per second, of st.text()'s", share)
