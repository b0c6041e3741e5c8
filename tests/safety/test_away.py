"""A target that is not this machine (loopback is its proxy): what is stricter there than on loopback."""

import dataclasses
import re
from collections import Counter

import pytest

from safety.nursery import SOAK
from safety.serving import JSON, ONE, TWO
from whop_contracts.cli import check as engine
from whop_contracts.provider import SEED, Response

AWAY = "http://staging.example/api/v1"
CLOCK = "http://staging.example/test_clock"


def proxies(state):
    """The environment in which every host is reached by way of the served provider."""
    proxy = state.base_url.removesuffix("/api/v1")
    return {"HTTP_PROXY": proxy, "http_proxy": proxy, "NO_PROXY": "", "no_proxy": ""}


def run(state, *more, base=AWAY):
    where = ("--base-url", base, "--test-clock", CLOCK, "--rate", "60000", "--profile", "quick")
    return state.run(*where, "--json", "r.json", *more, **proxies(state))


@pytest.mark.parametrize("body", [b"[1]", b'{"status": 7}', b'{"id": "adcamp_'])
def test_what_cannot_be_understood_is_a_finding_and_is_not_paused(state, body):
    state.before = lambda _seen: Response(200, JSON, body)
    code, said = run(state)
    assert {seen.method for seen in state.requests} == {"GET"}
    # What the page says of retrieving is less than of pausing: some of it only warns.
    assert any(row["failure"] for row in state.result["clauses"]), said
    assert code in {1, 3}


def test_production_is_refused_or_told_first_what_will_be_done(state):
    (state.folder / "whop-contracts.toml").write_text('production-hosts = ["ads.example"]\n')
    words = ("--clause", "pausing.*")
    code, said = run(state, *words, base="http://ads.example/api/v1")
    assert (code, said.count("\n"), state.requests) == (2, 1, [])
    assert "ads.example is production" in said
    code, said = run(state, *words, "--allow-production", base="http://ads.example/api/v1")
    assert code == 0, said
    journal, production = said.splitlines()[:2]
    assert journal == "journal: journal.jsonl"
    assert production.startswith(
        f"production: ads.example: {ONE}, {TWO} will be paused and resumed many times, by "
    )
    assert state.states() == state.first


@pytest.mark.parametrize("rate", [5, 1_000_000])
def test_the_rate_is_kept_for_each_operation(state, monkeypatch, slept, rate):
    for name, value in proxies(state).items():
        monkeypatch.setenv(name, value)
    more = {"base_url": AWAY, "test_clock": CLOCK, "clauses": ("pausing.*",), "rate": rate}
    settings = state.settings(state.folder, profile="quick", **more)
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


def test_nobody_is_hurried_on_loopback(state, slept):
    said = []
    settings = state.settings(state.folder, profile="quick")
    assert engine.check(settings, tell=said.append)["exit_code"] == 0
    assert said == [f"journal: {settings.journal}"]
    assert [seconds for seconds in slept if seconds > 30] == []


def test_the_user_agent_names_the_run_invented_ids_are_random_named_ones_change_in_prefix_or_case(state):
    invented, named = [], []
    for _ in range(2):
        state.requests.clear()
        run(state)
        named += {dict(seen.headers)["user-agent"] for seen in state.requests}
        ids = {seen.campaign for seen in state.requests} - {ONE, TWO}
        assert ids & state.provider.state.campaigns.keys() == {SEED.foreign_campaign}
        assert {seen.path.startswith("/api/v1/ad_campaigns/") for seen in state.requests} == {True}
        invented.append({one for one in ids if one.startswith("adcamp_") and len(one) >= len(ONE)})
    assert invented[0] - invented[1]
    first, second = named
    assert re.fullmatch(r"whop-contracts/\S+ \([0-9a-f]{8}\)", first)
    assert first != second


@pytest.mark.parametrize("at", range(3, 13) if SOAK else (3, 4, 8, 12))
def test_a_credential_that_dies_makes_a_run_inconclusive_and_what_stays_paused_is_exit_4(state, at):
    """From the request number ``at`` on it is revoked."""
    after = []

    def before(seen):
        if seen.number < at:
            return None
        after.append(seen)
        return Response(401, (*JSON, ("www-authenticate", "Bearer")), b"{}")

    state.before = before
    code, said = run(state)
    assert state.result["verdict"] == "inconclusive", said
    assert "revoked or has expired" in state.result["reason"]
    assert code == 4
    own = ("authorization", f"Bearer {SEED.token}")
    assert sum(seen.pauses and own in seen.headers and seen.campaign in {ONE, TWO} for seen in after) <= 1
    if state.states() != state.first:
        assert state.result["put_back"]["failed"]
