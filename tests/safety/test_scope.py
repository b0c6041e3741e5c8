"""Whom a run touches, and how often."""

import itertools
import json

import pytest
from nursery import SOAK
from pretending import Answering, judged, parties
from serving import served

from whop_contracts.cli import check as engine
from whop_contracts.cli import main as cli
from whop_contracts.exchange import Response
from whop_contracts.provider import SEED, ManualClock, Provider, RunningClock, build
from whop_contracts.settings import Settings

_FAULT = "stores-no-date"
ONE, TWO = SEED.campaigns[:2]


def settings(base, folder, **more):
    return Settings(
        base_url=base,
        token=SEED.token,
        readonly_token=SEED.readonly_token,
        foreign_campaign_id=SEED.foreign_campaign,
        campaign_ids=(ONE, TWO),
        journal=folder / "journal.jsonl",
        **more,
    )


@pytest.mark.parametrize("variation", [None, "any-case-of-id"])
def test_only_named_campaigns_are_ever_paused(variation, tmp_path):
    with served(build(variation=variation, clock=RunningClock())) as state:
        first = state.states()
        engine.check(settings(state.base_url, tmp_path, test_clock=state.clock_url))
        taken = {seen.campaign.lower() for seen, status in state.answers if seen.pauses and status < 300}
        assert taken == {ONE.lower(), TWO.lower()}
        assert all(seen.path.startswith("/api/v1/ad_campaigns/") for seen in state.requests)
        assert state.states() == first


@pytest.mark.parametrize("fault", ["foreign-pauses", "foreign-unreadable-pauses"])
def test_a_foreign_campaign_that_was_paused_is_unpaused_each_time(fault, tmp_path):
    with served(build(fault=fault, clock=RunningClock())) as state:
        result = engine.check(settings(state.base_url, tmp_path, test_clock=state.clock_url))
        assert result["exit_code"] == 1
        unpauses = [
            s for s in state.requests if s.campaign == SEED.foreign_campaign and s.path.endswith("/unpause")
        ]
        paused = [
            s
            for s, status in state.answers
            if s.pauses and s.campaign == SEED.foreign_campaign and status < 300
        ]
        assert len(unpauses) == len(paused) > 0
    assert any(SEED.foreign_campaign in note for note in result["notes"])


@pytest.mark.parametrize("status", ["paused", "inactive", "stale"])
def test_away_from_loopback_only_active_campaigns_are_taken(status, tmp_path, monkeypatch):
    provider = Provider(ManualClock(1_790_000_000.0))
    provider.state.campaigns[TWO].status = status

    def answer(_number, request):
        path = request.url.removeprefix("https://staging.example")
        made = provider.handle(request.method, path, request.headers, request.content)
        return Response(made.status, made.headers, made.content)

    target = Answering(answer, kind="live", loopback=False)
    result = judged(monkeypatch, target, Settings(journal=tmp_path / "j.jsonl"), parties((ONE, TWO)))
    assert (result["exit_code"], result["verdict"]) == (3, "inconclusive")
    assert TWO in result["reason"]
    assert "not active" in result["reason"]
    assert {request.method for request in target.requests} == {"GET"}
    assert len(target.requests) <= 3


@pytest.mark.parametrize(
    "url", ["https://api.whop.com/api/v1", "https://API.WHOP.COM./api/v1", "http://api.whop.com:80"]
)
def test_production_is_refused(url, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(engine, "check", lambda *_, **__: pytest.fail("it was not refused"))
    monkeypatch.setenv("WHOP_API_TOKEN", SEED.token)
    assert cli.main(["run", "--base-url", url, "--campaign-id", ONE]) == 2
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert "production" in said.err
    assert SEED.token not in said.out + said.err
    assert not list(tmp_path.iterdir())


_BUDGETS = [(1, None), (5, None), (9, None), (21, None), (10, _FAULT), (40, _FAULT)]


@pytest.mark.parametrize(
    ("most", "fault"),
    itertools.product([1, 2, 3, 5, 8, 9, 10, 13, 21, 40, 77, 150, 299], [None, _FAULT]) if SOAK else _BUDGETS,
)
def test_no_more_requests_than_allowed_and_put_back_still(most, fault, tmp_path):
    with served(build(fault=fault, clock=RunningClock())) as state:
        first = state.states()
        result = engine.check(
            settings(state.base_url, tmp_path, test_clock=state.clock_url, max_requests=most)
        )
        assert len(state.requests) <= most
        assert result["requests"] == len(state.requests)
        assert state.states() == first
    assert result["exit_code"] in {0, 1, 3}
    assert result["put_back"]["failed"] == []
    json.dumps(result)
    reasons = {row["reason"] for row in result["clauses"] if row["verdict"] == "not_tested"}
    assert most > 100 or (reasons and all("the budget of" in str(reason) for reason in reasons))


@pytest.mark.parametrize("seconds", [0.001, 0.02, 0.1, 0.3])
def test_no_longer_than_allowed_and_put_back_still(seconds, tmp_path):
    with served(build(clock=RunningClock())) as state:
        first = state.states()
        result = engine.check(
            settings(state.base_url, tmp_path, test_clock=state.clock_url, max_time=seconds)
        )
        assert state.states() == first
    assert result["exit_code"] in {0, 3}
    assert result["put_back"]["failed"] == []
    assert result["exit_code"] == 0 or f"the budget of {seconds:g} s is spent" in json.dumps(result)
