"""What ``restore`` does, on a served provider and in this process."""

import os
from pathlib import Path

import pytest

from engine.journals import state_of
from safety.nursery import SOAK
from safety.serving import ONE, TWO
from whop_contracts import cli
from whop_contracts.engine.journal import Journal
from whop_contracts.engine.teardown import could_be
from whop_contracts.instants import NANO, read_instant, write_instant
from whop_contracts.pause.evidence import ACTIVE, State, read_state
from whop_contracts.provider import SEED, Response, variations

PATH = Path("journal.jsonl")
PAUSED, NOT_PAUSED = ("paused", None), ("active", None)


@pytest.fixture(autouse=True)
def _place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WHOP_API_TOKEN", SEED.token)
    for name in ("WHOP_CONTRACTS_BASE_URL", "WHOP_CONTRACTS_TOKEN", "WHOP_READONLY_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def journal(url, first=None, intended=None):
    """A journal of a killed run, with the first states of campaigns and those that it intended last."""
    kept = Journal.create(PATH, url, "r1", read_state)
    for name, state in (first or {}).items():
        kept.first(name, state_of(*state))
    for name, state in (intended or {}).items():
        kept.intend(name, state_of(*state))
    kept.close()


def complete():
    return Journal.read(PATH, read_state).complete


def run(*words):
    return cli.main(["restore", str(PATH), *words])


def sent(state):
    return [f"{seen.method} {seen.path.removeprefix('/api/v1/ad_campaigns')}" for seen in state.requests]


def after_days(now, status, days):
    """A state as a journal has it; ``days`` from now, if it is dated."""
    return status, None if days is None else write_instant(now + days * 86_400 * NANO)


@pytest.mark.parametrize(
    ("first", "intended", "found", "code", "became", "said"),
    [
        (NOT_PAUSED, ("paused", 1), ("paused", 1), 0, NOT_PAUSED, "was paused until {}, is active again"),
        (NOT_PAUSED, PAUSED, NOT_PAUSED, 0, None, "is active, as it was"),
        (("paused", 9), NOT_PAUSED, NOT_PAUSED, 0, ("paused", 9), "was active, is paused until"),
        (("paused", -1), PAUSED, PAUSED, 0, NOT_PAUSED, "was paused indefinitely, is active again"),
        (NOT_PAUSED, ("paused", 1), ("paused", 3), 4, None, "no request of the run could have left it so"),
        (None, PAUSED, PAUSED, 4, None, "the journal does not have its state before"),
    ],
)
def test_only_what_the_run_has_left_is_put_back(state, capsys, first, intended, found, code, became, said):
    now = state.provider.now()
    states = first, intended, found, became
    first, intended, found, became = (one and after_days(now, *one) for one in states)
    journal(state.base_url, {ONE: first} if first else {}, {ONE: intended})
    one = state.campaign(ONE)
    one.status, one.paused_until = found[0], found[1] and read_instant(found[1]).ns
    assert run("--base-url", f"{state.base_url}/", "--test-clock", state.clock_url) == code
    status, until = state.states()[ONE]
    assert (status, until and write_instant(until)) == (became or found)
    request = "POST /{}/unpause" if became == NOT_PAUSED else "POST /{}/pause"
    asked = ["GET /{}", request, "GET /{}"] if became else ["GET /{}"]
    assert sent(state) == [one.format(ONE) for one in asked]
    out = capsys.readouterr().out
    assert f"{ONE}: " in out
    assert said.format(found[1]) in out
    assert complete() is (code == 0)
    if code == 0:
        assert out.endswith("1 put back\n")
        assert run() == 0
        assert capsys.readouterr().out == "nothing to put back\n"
        assert len(sent(state)) == len(asked)


@pytest.mark.parametrize("full", [False, True])
def test_the_others_are_put_back_where_one_cannot_be(state, capsys, monkeypatch, full):
    """One is not there, the unpause of another fails; also with a full disk."""
    names = (ONE, "adcamp_gone", TWO)
    journal(state.base_url, dict.fromkeys(names, NOT_PAUSED), dict.fromkeys(names, PAUSED))
    state.campaign(ONE).status = state.campaign(TWO).status = "paused"
    state.before = lambda seen: Response(500) if seen.path.endswith(f"{ONE}/unpause") else None
    monkeypatch.setattr(os, "fsync", os.fsync if not full else lambda _: Path("absent").stat())
    assert run() == 4
    assert (state.states()[ONE], state.states()[TWO]) == (PAUSED, NOT_PAUSED)
    out, err = capsys.readouterr()
    assert (f"restoring: {PATH}: cannot be written: " in err) is full
    fails, gone = out.splitlines()[-2:]
    assert fails.startswith(f"NOT PUT BACK  {ONE}: was active, is paused indefinitely")
    why = "left as it is: its state cannot be read (status code 404)"
    assert gone.startswith(f"NOT PUT BACK  adcamp_gone: {why}")
    assert not complete()


def test_a_campaign_that_was_changed_along_with_another_is_said_until_it_is_as_it_was(state, capsys):
    journal(state.base_url, dict.fromkeys((TWO, ONE), NOT_PAUSED), {ONE: PAUSED})
    state.campaign(ONE).status = state.campaign(TWO).status = "paused"
    for _ in range(2):
        assert run() == 4
        said = capsys.readouterr().out.splitlines()
        assert said[-1].startswith(f"NOT PUT BACK  {TWO}: left as it is, paused indefinitely")
        assert (state.states()[ONE], state.states()[TWO]) == (NOT_PAUSED, PAUSED)
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
        journal(url, {ONE: NOT_PAUSED}, {ONE: PAUSED})
        assert run(*words) == 2
        err = capsys.readouterr().err
        assert said in err
        assert err.count("\n") == 1
        assert "canary" not in err
        PATH.unlink()


def test_a_journal_that_others_can_write_needs_the_base_url(capsys, monkeypatch):
    url = "https://staging.example/api/v1"
    journal(url)
    PATH.chmod(0o640)
    assert run() == 2
    said = f"{PATH}: names {url}, and is no file of this user with mode 0600; expected --base-url {url}"
    assert said in capsys.readouterr().err
    assert run("--base-url", url) == 0
    PATH.chmod(0o600)
    assert run() == 0
    monkeypatch.setattr(os, "getuid", lambda: PATH.stat().st_uid + 1)
    assert run() == 2


def test_what_is_no_journal_is_refused(capsys):
    for content in (None, b"", b"{}\n", b"\xff\xfe\n", b'{"journal": 7}\n'):
        if content is not None:
            PATH.write_bytes(content)
        assert run() == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_without_a_credential_that_works_nothing_is_put_back(state, capsys, monkeypatch):
    journal(state.base_url, {ONE: NOT_PAUSED}, {ONE: PAUSED})
    monkeypatch.delenv("WHOP_API_TOKEN")
    assert run() == 2
    assert "WHOP_API_TOKEN" in capsys.readouterr().err
    assert not state.requests
    monkeypatch.setenv("WHOP_API_TOKEN", "wk_revoked_since_the_run")
    assert run() == 3
    out = capsys.readouterr().out
    assert "inconclusive" in out
    assert "wk_revoked" not in out


def test_a_host_that_is_gone_is_inconclusive(serve, capsys):
    with serve() as state:
        journal(state.base_url, {ONE: NOT_PAUSED}, {ONE: PAUSED})
    assert run() == 3
    assert "connection refused" in capsys.readouterr().out
    assert not complete()


_DIFFERENT = [None, "past-accepted", "any-case-of-id", "second-pause-409", "resume-lazily"]
_DIFFERENT += ["bad-utf-8-replaced"]
"""Variations that differ most in the state that a request leaves; the others in soak."""


@pytest.mark.parametrize("variation", (None, *(one.name for one in variations())) if SOAK else _DIFFERENT)
def test_the_journal_explains_every_state_at_every_moment(variation, serve):
    """What would be found after kill -9 at any request at all, without the killing."""
    unexplained, ours = [], (ONE, TWO, SEED.paused)

    with serve(variation=variation) as state:

        def after(seen, answer):
            record = state.journal
            for name in ours:
                shown = State(state.campaign(name).status, state.campaign(name).paused_until)
                kept = record.campaigns.get(name)
                if kept and not could_be(kept, shown, ACTIVE):
                    unexplained.append(f"{seen}: {name} {shown}")
            return answer

        state.after = after
        state.check(campaign_ids=ours, foreign_campaign_id=None, profile="standard" if SOAK else "quick")
    assert unexplained == []
