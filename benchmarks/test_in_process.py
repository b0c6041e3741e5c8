"""Our own overhead, with no network in the way."""

from __future__ import annotations

import pytest
from running import MOCK_MEANS, bare_respx, best, exchanged, standard

from whop_contracts.cli import check as engine
from whop_contracts.engine.build_plan import draw
from whop_contracts.engine.clause_runner import ClauseRunner
from whop_contracts.pause import catalogue
from whop_contracts.pause.contract import PAUSE
from whop_contracts.settings import Settings


@pytest.fixture(scope="module")
def evidence():
    return exchanged()


@pytest.fixture(scope="module")
def bare(evidence):
    """Exchanges a second of the loop that judges nothing."""
    requests = [one.exchange.request for one in evidence]
    assert bare_respx(requests) == len(requests)
    return len(requests) / best(lambda: bare_respx(requests))


def test_a_run_against_the_loop_that_judges_nothing(figures, fastest, bare) -> None:
    """The whole of a run is timed, its plan and its result included."""
    result = engine.check(Settings())
    assert result["verdict"] == "conforms"
    assert not any(row["exchanges"] == 0 for row in result["clauses"])
    judged = result["requests"] / fastest(lambda: engine.check(Settings()))
    figures.take("in process: judged exchanges a second, of the bare respx loop's", judged / bare, least=0.5)


def test_judging_alone(figures, fastest, bare, evidence) -> None:
    def judge() -> ClauseRunner:
        tally = ClauseRunner(catalogue.clauses(), PAUSE)
        for one in evidence:
            tally.add(one)
        return tally

    tally = judge()
    assert not any(count.broken for count in tally.counts.values())
    assert all(count.exchanges for count in tally.counts.values())
    figures.take(
        "judging by all clauses: exchanges a second, of the bare respx loop's",
        len(evidence) / fastest(judge) / bare,
        least=1,
    )


@pytest.mark.parametrize("profile", ["quick", "standard"])
def test_drawing_a_plan(figures, fastest, bare, profile) -> None:
    """Another seed each time: Hypothesis draws anew. Told in exchanges of the bare loop that could be made meanwhile."""
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
