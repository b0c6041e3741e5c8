"""Two runs on one campaign, and the journals of runs that have restored everything."""

from dataclasses import replace

import pytest
from serving import served

from whop_contracts.cli.check import check
from whop_contracts.engine.journal import exclusive, resources_of
from whop_contracts.engine.run import restore
from whop_contracts.pause.contract import PAUSE
from whop_contracts.provider import SEED, Answer
from whop_contracts.settings import UsageError

ONE = SEED.campaigns[0]


def test_a_second_run_sends_nothing_and_names_the_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with served() as state:
        settings = state.settings(tmp_path, campaign_ids=(ONE,), journal=None, profile="quick")
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
        state_of_restore = restore(
            kept, settings, PAUSE, open_target=lambda *_: pytest.fail("opened"), rate=lambda *_: None
        )
        assert (state_of_restore.restored, state_of_restore.failed) == ([], [])


def without_dates(_seen, answer):
    return replace(answer, content=answer.content.replace(b'"paused_until":', b'"ends":'))


def forbidden(seen):
    return Answer(403) if seen.method == "POST" else None


@pytest.mark.parametrize(("hook", "code"), [({"after": without_dates}, 1), ({"before": forbidden}, 3)])
def test_an_active_campaign_is_active_again_and_no_journal_is_left(hook, code, tmp_path, monkeypatch):
    """Also if no response shows a date, and if no request was ever accepted."""
    monkeypatch.chdir(tmp_path)
    with served() as state:
        for name, function in hook.items():
            setattr(state, name, function)
        result = check(state.settings(tmp_path, campaign_ids=(ONE,), journal=None, profile="quick"))
        assert (result["exit_code"], state.states()[ONE]) == (code, ("active", None))
        assert (result["put_back"]["failed"], list(tmp_path.iterdir())) == ([], [])


def test_a_date_of_another_client_is_a_finding_and_a_note_names_the_likely_cause(tmp_path):
    """The run reads twice without a write between; before the second read somebody else pauses."""
    with served() as state:
        foreign = b'{"paused_until": "2033-03-03T03:03:03.000Z"}'
        before = []

        def pause_once(seen):
            last = before[-1].method if before else "POST"
            before.append(seen)
            if (last, seen.method) == ("GET", "GET") and state.campaign(ONE).paused_until:
                headers = (("authorization", f"Bearer {SEED.token}"), ("content-type", "application/json"))
                state.provider.handle("POST", f"{seen.path}/pause", headers, foreign)
                state.before = lambda _seen: None

        state.before = pause_once
        result = check(state.settings(tmp_path, campaign_ids=(ONE,), profile="standard"))
    assert result["verdict"] == "violates", "the note hides nothing"
    assert [note for note in result["notes"] if "another client" in note] == [
        "likely cause: another client may be active: a read showed a date that this run never requested"
    ]
