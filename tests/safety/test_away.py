"""A target that is not this machine (loopback is its proxy): what is stricter there than on loopback."""

import dataclasses
import json
import re
from collections import Counter

import pytest
from nursery import SOAK
from pretending import opening

from whop_contracts.cli import check as engine
from whop_contracts.provider import SEED, Answer

ONE, TWO = SEED.campaigns[:2]
AWAY = "http://staging.example/api/v1"
CLOCK = "http://staging.example/test_clock"


def away(state):
    """The environment in which every host is reached by way of the served provider."""
    proxy = state.base_url.removesuffix("/api/v1")
    proxies = {"HTTP_PROXY": proxy, "http_proxy": proxy, "NO_PROXY": "", "no_proxy": ""}
    return proxies | {"WHOP_API_TOKEN": SEED.token}


def words(*more, base=AWAY):
    return [
        *("run", "--base-url", base, "--journal", "j.jsonl", "--json", "r.json", "--profile", "quick"),
        *("--campaign-id", ONE, "--campaign-id", TWO, "--test-clock", CLOCK, "--rate", "60000", *more),
    ]


PAUSING = ("--clause", "pausing.*")


@pytest.mark.parametrize("body", [b"[1]", b'{"status": 7}', b'{"id": "adcamp_'])
def test_what_cannot_be_understood_is_a_finding_and_is_not_paused(nursery, state, tmp_path, body):
    state.before = lambda _seen: Answer(200, (("content-type", "application/json"),), body)
    code, said = nursery.run(*words(), cwd=tmp_path, **away(state))
    assert {seen.method for seen in state.requests} == {"GET"}
    result = json.loads((tmp_path / "r.json").read_text())
    found = [row["id"] for row in result["clauses"] if row["failure"]]
    # What the page says of retrieving is less than of pausing: some of it only warns.
    assert found, said
    assert code in {1, 3}


@pytest.mark.parametrize("more", [(), ("--allow-production",)])
def test_production_is_refused_or_told_first_what_will_be_done(nursery, state, tmp_path, more):
    (tmp_path / "whop-contracts.toml").write_text('production-hosts = ["ads.example"]\n')
    arguments = words(*PAUSING, *more, base="http://ads.example/api/v1")
    first = state.states()
    code, said = nursery.run(*arguments, cwd=tmp_path, **away(state))
    if not more:
        assert (code, said.count("\n"), state.requests) == (2, 1, [])
        assert "ads.example is production" in said
        return
    assert code == 0, said
    journal, production = said.splitlines()[:2]
    assert journal == "journal: j.jsonl"
    assert production.startswith(
        f"production: ads.example: {ONE}, {TWO} will be paused and resumed many times, by "
    )
    assert state.states() == first


@pytest.mark.parametrize("rate", [5, 1_000_000])
def test_the_rate_is_kept_for_each_operation(state, tmp_path, monkeypatch, rate):
    for name, value in away(state).items():
        monkeypatch.setenv(name, value)
    slept = []
    monkeypatch.setattr(engine, "open_target", opening(slept.append))
    more = {"base_url": AWAY, "test_clock": CLOCK, "clauses": ("pausing.*",), "rate": rate}
    settings = state.settings(tmp_path, profile="quick", **more)
    paced = []
    result = engine.check(settings, tell=lambda line: paced.append((line[:6], len(state.requests))))
    asked = Counter("pause" if s.pauses else s.path.rpartition("/")[2][:7] for s in state.requests)
    waits = [seconds for seconds in slept if seconds > 10]
    assert result["exit_code"] == 0
    assert asked["pause"] > 5
    assert bool(waits) is (rate == 5)
    assert any(f"to keep to {rate} requests a minute" in note for note in result["notes"]) is (rate == 5)
    paced = [sent for what, sent in paced if what == "pacing"]
    assert paced == ([0] if rate == 5 else []), "it is said once, before the first request"
    quiet, said = dataclasses.replace(settings, quiet=True, max_requests=9), []
    engine.check(quiet, tell=said.append)
    assert not any(line.startswith("pacing") for line in said)


def test_nobody_is_hurried_on_loopback(state, tmp_path, monkeypatch):
    slept = []
    monkeypatch.setattr(engine, "open_target", opening(slept.append))
    said = []
    settings = state.settings(tmp_path, profile="quick")
    assert engine.check(settings, tell=said.append)["exit_code"] == 0
    assert said == [f"journal: {settings.journal}"]
    assert [seconds for seconds in slept if seconds > 30] == []


def test_the_user_agent_names_the_run_invented_ids_are_random_named_ones_change_in_prefix_or_case(
    nursery, state, tmp_path
):
    invented, named = [], []
    for _ in range(2):
        state.requests.clear()
        nursery.run(*words(), cwd=tmp_path, **away(state))
        named += {dict(seen.headers)["user-agent"] for seen in state.requests}
        ids = {seen.campaign for seen in state.requests} - {ONE, TWO}
        assert not ids & state.provider.state.campaigns.keys()
        assert {seen.path.startswith("/api/v1/ad_campaigns/") for seen in state.requests} == {True}
        invented.append({one for one in ids if one.startswith("adcamp_") and len(one) >= len(ONE)})
    assert invented[0] - invented[1]
    first, second = named
    assert re.fullmatch(r"whop-contracts/\S+ \([0-9a-f]{8}\)", first)
    assert first != second


def dies(state, at):
    """Have the credential be revoked from the request number ``at`` on."""
    after = []

    def before(seen):
        if seen.number >= at:
            after.append(seen)
            return Answer(401, (("content-type", "application/json"), ("www-authenticate", "Bearer")), b"{}")
        return None

    state.before = before
    return after


@pytest.mark.parametrize("at", range(3, 13) if SOAK else (3, 4, 8, 12))
def test_a_credential_that_dies_makes_a_run_inconclusive_and_what_stays_paused_is_exit_4(
    nursery, state, tmp_path, at
):
    first = state.states()
    after = dies(state, at)
    code, said = nursery.run(*words(), cwd=tmp_path, **away(state))
    result = json.loads((tmp_path / "r.json").read_text())
    assert result["verdict"] == "inconclusive", said
    assert "revoked or has expired" in result["reason"]
    assert code == 4
    own = ("authorization", f"Bearer {SEED.token}")
    assert sum(seen.pauses and own in seen.headers and seen.campaign in {ONE, TWO} for seen in after) <= 1
    if state.states() != first:
        assert result["put_back"]["failed"]
