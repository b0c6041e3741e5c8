"""Two runs on one campaign, and the journals of runs that have restored everything."""

from dataclasses import replace

import pytest
from serving import served

from whop_contracts.cli.check import check
from whop_contracts.engine.journal import exclusive, resources_of
from whop_contracts.engine.run import restore
from whop_contracts.pause.contract import PAUSE
from whop_contracts.provider import SEED
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
