"""Whom a run touches, and how often."""

import itertools
import json

import pytest

from safety.nursery import SOAK
from safety.pretending import WallTarget, judged, parties
from safety.serving import ONE, THEIRS, TWO
from whop_contracts.provider import ManualClock, Provider
from whop_contracts.settings import Settings

_FAULT = "stores-no-date"


@pytest.mark.parametrize("variation", [None, "any-case-of-id"])
def test_only_named_campaigns_are_ever_paused(variation, serve):
    with serve(variation=variation) as state:
        state.check()
        taken = {seen.campaign.lower() for seen, status in state.answers if seen.pauses and status < 300}
        assert taken == {ONE.lower(), TWO.lower()}
        assert all(seen.path.startswith("/api/v1/ad_campaigns/") for seen in state.requests)
        assert state.states() == state.first


@pytest.mark.parametrize("fault", ["foreign-pauses", "foreign-unreadable-pauses"])
def test_a_foreign_campaign_that_was_paused_is_unpaused_each_time(fault, serve):
    with serve(fault=fault) as state:
        result = state.check()
        assert result["exit_code"] == 1
        theirs = [(seen, status) for seen, status in state.answers if seen.campaign == THEIRS]
        unpauses = sum(seen.path.endswith("/unpause") for seen, _ in theirs)
        assert unpauses == sum(seen.pauses and status < 300 for seen, status in theirs) > 0
    assert any(THEIRS in note for note in result["notes"])
    assert state.journal.complete
    assert state.journal.campaigns[THEIRS].put_back


@pytest.mark.parametrize("status", ["paused", "inactive", "stale"])
def test_away_from_loopback_only_active_campaigns_are_taken(status, tmp_path):
    provider = Provider(clock := ManualClock(1_790_000_000.0))
    provider.state.campaigns[TWO].status = status
    target = WallTarget(provider, clock, known=True, kind="live", loopback=False)
    result = judged(target, Settings(journal=tmp_path / "j.jsonl"), parties((ONE, TWO)))
    assert (result["exit_code"], result["verdict"]) == (3, "inconclusive")
    assert TWO in result["reason"]
    assert "not active" in result["reason"]
    assert {request.method for request in target.requests} == {"GET"}
    assert len(target.requests) <= 3


_BUDGETS = [(1, None), (5, None), (9, None), (21, None), (10, _FAULT), (40, _FAULT)]


@pytest.mark.parametrize(
    ("most", "fault"),
    [*itertools.product([1, 2, 3, 5, 8, 9, 10, 13, 21, 40, 77, 150, 299], [None, _FAULT])]
    if SOAK
    else _BUDGETS,
)
def test_no_more_requests_than_allowed_and_put_back_still(most, fault, serve):
    with serve(fault=fault) as state:
        result = state.check(max_requests=most)
        assert len(state.requests) <= most
        assert result["requests"] == len(state.requests)
        assert state.states() == state.first
    assert result["exit_code"] in {0, 1, 3}
    assert result["put_back"]["failed"] == []
    json.dumps(result)
    reasons = {row["reason"] for row in result["clauses"] if row["verdict"] == "not_tested"}
    assert most > 100 or (reasons and all("the budget of" in str(reason) for reason in reasons))


@pytest.mark.parametrize("seconds", [0.001, 0.02, 0.1, 0.3])
def test_no_longer_than_allowed_and_put_back_still(seconds, state):
    result = state.check(max_time=seconds)
    assert state.states() == state.first
    assert result["exit_code"] in {0, 3}
    assert result["put_back"]["failed"] == []
    assert result["exit_code"] == 0 or f"the budget of {seconds:g} s is spent" in json.dumps(result)
