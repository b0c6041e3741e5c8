"""The law of ``restore``, on a served provider and in this process."""

import os
from pathlib import Path

import pytest
from nursery import SOAK
from serving import served

from engine.journals import state_of
from whop_contracts import cli
from whop_contracts.cli import check as engine
from whop_contracts.engine.journal import Journal
from whop_contracts.engine.teardown import could_be
from whop_contracts.instants import NANO, read_instant, write_instant
from whop_contracts.pause.evidence import ACTIVE, State, read_state
from whop_contracts.provider import SEED, Answer, build, variations

ONE, TWO = SEED.campaigns[:2]
_DAY = 86_400 * NANO


@pytest.fixture(autouse=True)
def _place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WHOP_API_TOKEN", SEED.token)
    for name in ("WHOP_CONTRACTS_BASE_URL", "WHOP_CONTRACTS_TOKEN", "WHOP_READONLY_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def left(state, first="active", until=None, *more):
    """The journal of a run that had sent these and was killed."""
    journal(state.base_url, {ONE: state_of(first, until)}, {ONE: [state_of(*one) for one in more]})


def journal(url, first=None, intended=None):
    """A journal with the first and the intended states of campaigns."""
    kept = Journal.create(Path("j.jsonl"), url, "r1", read_state)
    for name, state in (first or {}).items():
        kept.first(name, state)
    for name, states in (intended or {}).items():
        for state in states:
            kept.intend(name, state)
    kept.close()


def complete():
    return Journal.read(Path("j.jsonl"), read_state).complete


PAUSED = State("paused")


def dated(state, ns, name=ONE):
    """Pause a campaign in the provider's store, and say until when."""
    whole = ns - ns % 1_000_000
    one = state.campaign(name)
    one.status, one.paused_until = "paused", whole
    return write_instant(whole)


def run(*words):
    return cli.main(["restore", "j.jsonl", *words])


def sent(state):
    return [f"{seen.method} {seen.path.removeprefix('/api/v1/ad_campaigns')}" for seen in state.requests]


def test_a_pause_of_the_run_is_ended_and_read_again(state, capsys):
    until = dated(state, state.provider.now() + _DAY)
    left(state, "active", None, ("paused", until))
    assert run() == 0
    assert state.states()[ONE] == ("active", None)
    assert sent(state) == [f"GET /{ONE}", f"POST /{ONE}/unpause", f"GET /{ONE}"]
    assert complete()
    said = capsys.readouterr().out
    assert f"{ONE}: was paused until {until}, is active again" in said
    assert said.endswith("1 put back\n")
    assert run() == 0
    assert capsys.readouterr().out == "nothing to put back\n"
    assert len(sent(state)) == 3


def test_what_is_as_it_was_is_only_read(state, capsys):
    left(state, "active", None, ("paused", None))
    assert run("--base-url", f"{state.base_url}/") == 0
    assert sent(state) == [f"GET /{ONE}"]
    assert f"{ONE}: is active, as it was" in capsys.readouterr().out
    assert complete()


def test_a_date_that_was_is_a_date_again(state):
    until = dated(state, state.provider.now() + 9 * _DAY)
    left(state, "paused", until, ("active", None))
    one = state.campaign(ONE)
    one.status, one.paused_until = "active", None
    assert run() == 0
    assert state.states()[ONE] == ("paused", read_instant(until).ns)


def test_a_date_that_has_passed_is_put_back_as_active(state, capsys):
    until = write_instant(state.provider.now() - _DAY)
    left(state, "paused", until, ("paused", None))
    one = state.campaign(ONE)
    one.status, one.paused_until = "paused", None
    assert run("--test-clock", state.clock_url) == 0
    assert state.states()[ONE] == ("active", None)
    assert "is active again" in capsys.readouterr().out


def test_a_state_of_somebody_elses_is_left_alone(state, capsys):
    ours = write_instant(state.provider.now() + _DAY)
    dated(state, state.provider.now() + 3 * _DAY)
    left(state, "active", None, ("paused", ours))
    before = state.states()
    assert run() == 4
    assert state.states() == before
    assert sent(state) == [f"GET /{ONE}"]
    assert "no request of the run could have left it so" in capsys.readouterr().out
    assert not complete()


def test_a_campaign_without_a_first_state_is_left_alone(state, capsys):
    journal(state.base_url, intended={ONE: [PAUSED]})
    state.campaign(ONE).status = "paused"
    assert run() == 4
    assert "does not have its state before" in capsys.readouterr().out
    assert state.states()[ONE] == ("paused", None)


def test_the_others_are_put_back_where_one_cannot_be(state, capsys):
    both = ("adcamp_gone", TWO)
    journal(state.base_url, dict.fromkeys(both, ACTIVE), {name: [PAUSED] for name in both})
    state.campaign(TWO).status = "paused"
    assert run() == 4
    assert state.states()[TWO] == ("active", None)
    said = capsys.readouterr().out.splitlines()
    assert said[-1].startswith(
        "NOT PUT BACK  adcamp_gone: left as it is: its state cannot be read (status code 404)"
    )


def test_an_unpause_that_does_not_take_is_said(state, capsys):
    state.campaign(ONE).status = "paused"
    left(state, "active", None, ("paused", None))
    state.before = lambda seen: Answer(500) if seen.path.endswith("/unpause") else None
    assert run() == 4
    assert "was active, is paused indefinitely" in capsys.readouterr().out
    assert not complete()


def test_a_campaign_that_was_changed_along_with_another_is_said_until_it_is_as_it_was(state, capsys):
    journal(state.base_url, dict.fromkeys((TWO, ONE), ACTIVE), {ONE: [PAUSED]})
    for name in (ONE, TWO):
        state.campaign(name).status = "paused"
    for _ in range(2):
        assert run() == 4
        said = capsys.readouterr().out.splitlines()
        assert said[-1].startswith(f"NOT PUT BACK  {TWO}: left as it is, paused indefinitely")
        assert state.states()[ONE] == ("active", None)
        assert state.states()[TWO] == ("paused", None)
    state.campaign(TWO).status = "active"
    assert run() == 0
    assert complete()


def test_a_journal_of_another_url_of_production_or_with_a_token_in_its_url_is_refused(capsys):
    ours, other = "http://127.0.0.1:9/api/v1", "https://staging.example/api/v1"
    for url, words, said in (
        (ours, ("--base-url", other), ours),
        ("https://API.whop.com/api/v1", (), "--allow-production"),
        ("https://h/api?token=canary", (), "(not shown)"),
    ):
        journal(url, {ONE: ACTIVE}, {ONE: [PAUSED]})
        assert run(*words) == 2
        err = capsys.readouterr().err
        assert said in err
        assert err.count("\n") == 1
        assert "canary" not in err
        Path("j.jsonl").unlink()


def test_a_journal_that_others_can_write_needs_the_base_url(capsys, monkeypatch):
    url = "https://staging.example/api/v1"
    journal(url)
    path = Path("j.jsonl")
    path.chmod(0o640)
    assert run() == 2
    assert f"j.jsonl: names {url}, and is no file of this user with mode 0600; expected --base-url {url}" in (
        capsys.readouterr().err
    )
    assert run("--base-url", url) == 0
    path.chmod(0o600)
    assert run() == 0
    monkeypatch.setattr(os, "getuid", lambda: path.stat().st_uid + 1)
    assert run() == 2


@pytest.mark.parametrize("content", [None, b"", b"{}\n", b"\xff\xfe\n", b'{"journal": 7}\n'])
def test_what_is_no_journal_is_refused(content, capsys):
    if content is not None:
        Path("j.jsonl").write_bytes(content)
    assert run() == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_without_a_token_nothing_is_sent(state, capsys, monkeypatch):
    monkeypatch.delenv("WHOP_API_TOKEN")
    left(state, "active", None, ("paused", None))
    assert run() == 2
    assert "WHOP_API_TOKEN" in capsys.readouterr().err
    assert not state.requests


def test_a_dead_credential_is_inconclusive(state, capsys, monkeypatch):
    monkeypatch.setenv("WHOP_API_TOKEN", "wk_revoked_since_the_run")
    left(state, "active", None, ("paused", None))
    assert run() == 3
    out = capsys.readouterr().out
    assert "inconclusive" in out
    assert "wk_revoked" not in out


def test_a_host_that_is_gone_is_inconclusive(capsys):
    with served(build()) as state:
        left(state, "active", None, ("paused", None))
    assert run() == 3
    assert "connection refused" in capsys.readouterr().out
    assert not complete()


_TELLING = (
    *(None, "past-accepted", "any-case-of-id", "second-pause-409", "resume-lazily", "bad-utf-8-replaced"),
)
"""Variations that differ most in the state that a request leaves; the others in soak."""
_TRIED = (None, *(one.name for one in variations())) if SOAK else _TELLING


@pytest.mark.parametrize("variation", _TRIED)
def test_the_journal_explains_every_state_at_every_moment(variation, tmp_path):
    """What would be found after kill -9 at any request at all, without the killing."""
    path = tmp_path / "journal.jsonl"
    unexplained = []
    ours = (ONE, TWO, SEED.paused)

    with served(variation=variation) as state:

        def after(seen, answer):
            record = Journal.read(path, read_state)
            for name in ours:
                one = state.campaign(name)
                shown = State(one.status, one.paused_until)
                kept = record.campaigns.get(name)
                if kept and not could_be(kept, shown, ACTIVE):
                    unexplained.append(f"{seen}: {name} {shown}")
            return answer

        state.after = after
        profile = "standard" if SOAK else "quick"
        engine.check(state.settings(tmp_path, campaign_ids=ours, foreign_campaign_id=None, profile=profile))
    assert unexplained == []
