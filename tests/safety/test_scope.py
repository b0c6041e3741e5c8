"""Which campaigns a run touches, how often, and beside whom."""

import itertools
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from safety.nursery import SOAK
from safety.pretending import WallTarget, judged, parties
from safety.serving import ONE, THEIRS, TWO
from whop_contracts.cli.check import check
from whop_contracts.engine.journal import Journal, exclusive, resources_of
from whop_contracts.engine.run import restore
from whop_contracts.pause.contract import PAUSE
from whop_contracts.provider import SEED, ManualClock, Provider, Response
from whop_contracts.settings import Settings, UsageError

_FAULT = "stores-no-date"
UNOPENED = {"open_target": lambda *_: pytest.fail("opened"), "rate": lambda *_: None}


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
    assert f"{TWO} is not active" in result["reason"]
    assert {request.method for request in target.requests} == {"GET"}
    assert len(target.requests) <= 3


_BUDGETS = [(1, None), (5, None), (9, None), (21, None), (10, _FAULT), (40, _FAULT)]
if SOAK:
    _BUDGETS = [*itertools.product([1, 2, 3, 5, 8, 9, 10, 13, 21, 40, 77, 150, 299], [None, _FAULT])]


@pytest.mark.parametrize(("most", "fault"), _BUDGETS)
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


@pytest.fixture
def alone(serve, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with serve(alone=True) as made:
        yield made


def test_a_second_run_sends_nothing_and_names_the_first(alone, tmp_path):
    settings, told = alone.settings(tmp_path, journal=None, profile="quick"), []
    with exclusive(resources_of(alone.base_url, [ONE], None, tmp_path), "other-run"):
        with pytest.raises(UsageError, match=f"campaign {ONE} at .*run other-run"):
            check(settings)
        assert alone.requests == []
    assert check(settings, tell=told.append)["verdict"] == "conforms"
    assert re.fullmatch(r"journal: whop-contracts-[0-9a-f]{8}\.journal\.jsonl", told[0])
    assert list(tmp_path.iterdir()) == [], "a journal is removed once everything is restored"
    kept = tmp_path / "kept.jsonl"
    settings = replace(settings, journal=kept)
    assert check(settings)["verdict"] == "conforms"
    assert kept.exists(), "one that was named is kept"
    restored = restore(kept, settings, PAUSE, **UNOPENED)
    assert (restored.restored, restored.failed) == ([], [])


def test_a_journal_is_of_one_run_at_a_time(alone, tmp_path):
    """A run on another campaign does not replace it, and ``restore`` cuts off no unfinished line."""
    settings = alone.settings(tmp_path, journal=Path("kept.jsonl"), profile="quick")
    Journal.create(kept := tmp_path / "kept.jsonl", alone.base_url, "r1", PAUSE.read_state).close()
    with kept.open("ab") as file:
        file.write(b'{"campaign": "adc')
    before = kept.read_bytes()
    with exclusive(resources_of(alone.base_url, [TWO], None, kept), "other-run"):
        for begin in (check, lambda settings: restore(kept, settings, PAUSE, **UNOPENED)):
            with pytest.raises(UsageError, match=rf"journal {kept} is in use .*run other-run"):
                begin(settings)
    assert (kept.read_bytes(), alone.requests) == (before, [])


def without_dates(_seen, answer):
    return replace(answer, content=answer.content.replace(b'"paused_until":', b'"ends":'))


FORBIDDEN = {"before": lambda seen: Response(403) if seen.method == "POST" else None}


@pytest.mark.parametrize(("hook", "code"), [({"after": without_dates}, 1), (FORBIDDEN, 3)])
def test_an_active_campaign_is_active_again_and_no_journal_is_left(hook, code, alone, tmp_path):
    """Also if no response shows a date, and if no request was ever accepted."""
    vars(alone).update(hook)
    result = alone.check(journal=None, profile="quick")
    assert (result["exit_code"], alone.states()[ONE]) == (code, ("active", None))
    assert (result["put_back"]["failed"], list(tmp_path.iterdir())) == ([], [])


def test_a_date_of_another_client_is_a_finding_and_a_note_names_the_likely_cause(alone):
    """The run reads twice without a write between; before the second read somebody else pauses."""
    foreign = b'{"paused_until": "2033-03-03T03:03:03.000Z"}'

    def pause_once(seen):
        last = alone.requests[-2].method if seen.number > 1 else "POST"
        if (last, seen.method) == ("GET", "GET") and alone.campaign(ONE).paused_until:
            headers = (("authorization", f"Bearer {SEED.token}"), ("content-type", "application/json"))
            alone.provider.handle("POST", f"{seen.path}/pause", headers, foreign)
            alone.before = lambda _seen: None

    alone.before = pause_once
    result = alone.check()
    assert result["verdict"] == "violates", "the note hides nothing"
    cause = "likely cause: another client may be active: a read showed a date that this run never requested"
    assert [note for note in result["notes"] if "another client" in note] == [cause]
