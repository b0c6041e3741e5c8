"""Two runs on one campaign, and the journals of runs that have restored everything."""

from dataclasses import replace
from functools import partial

import pytest

from safety.serving import ONE
from whop_contracts.cli.check import check
from whop_contracts.engine.journal import exclusive, resources_of
from whop_contracts.engine.run import restore
from whop_contracts.pause.contract import PAUSE
from whop_contracts.provider import SEED, Answer
from whop_contracts.settings import UsageError


@pytest.fixture
def serve(serve, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return partial(serve, alone=True)


def test_a_second_run_sends_nothing_and_names_the_first(state, tmp_path):
    settings = state.settings(tmp_path, journal=None, profile="quick")
    with exclusive(resources_of(state.base_url, [ONE], None), "other-run"):
        with pytest.raises(UsageError, match=f"campaign {ONE} at .*run other-run"):
            check(settings)
        assert state.requests == []
    assert check(settings)["verdict"] == "conforms"
    assert list(tmp_path.iterdir()) == [], "a journal is removed once everything is restored"
    kept = tmp_path / "kept.jsonl"
    settings = replace(settings, journal=kept)
    assert check(settings)["verdict"] == "conforms"
    assert kept.exists(), "one that was named is kept"
    how = {"open_target": lambda *_: pytest.fail("opened"), "rate": lambda *_: None}
    restored = restore(kept, settings, PAUSE, **how)
    assert (restored.restored, restored.failed) == ([], [])


def without_dates(_seen, answer):
    return replace(answer, content=answer.content.replace(b'"paused_until":', b'"ends":'))


def forbidden(seen):
    return Answer(403) if seen.method == "POST" else None


@pytest.mark.parametrize(("hook", "code"), [({"after": without_dates}, 1), ({"before": forbidden}, 3)])
def test_an_active_campaign_is_active_again_and_no_journal_is_left(hook, code, state, tmp_path):
    """Also if no response shows a date, and if no request was ever accepted."""
    vars(state).update(hook)
    result = state.check(journal=None, profile="quick")
    assert (result["exit_code"], state.states()[ONE]) == (code, ("active", None))
    assert (result["put_back"]["failed"], list(tmp_path.iterdir())) == ([], [])


def test_a_date_of_another_client_is_a_finding_and_a_note_names_the_likely_cause(state):
    """The run reads twice without a write between; before the second read somebody else pauses."""
    foreign = b'{"paused_until": "2033-03-03T03:03:03.000Z"}'

    def pause_once(seen):
        last = state.requests[-2].method if seen.number > 1 else "POST"
        if (last, seen.method) == ("GET", "GET") and state.campaign(ONE).paused_until:
            headers = (("authorization", f"Bearer {SEED.token}"), ("content-type", "application/json"))
            state.provider.handle("POST", f"{seen.path}/pause", headers, foreign)
            state.before = lambda _seen: None

    state.before = pause_once
    result = state.check()
    assert result["verdict"] == "violates", "the note hides nothing"
    assert [note for note in result["notes"] if "another client" in note] == [
        "likely cause: another client may be active: a read showed a date that this run never requested"
    ]
