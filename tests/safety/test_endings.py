"""However a run ends, campaigns are restored or named, and files are closed: over real sockets."""

import json
import math
import os
import re
import resource
import signal

import pytest
from nursery import SOAK
from pretending import parties
from serving import served

from engine.journals import state_of
from whop_contracts.cli import check as engine
from whop_contracts.engine import teardown
from whop_contracts.engine.clause_runner import ClauseRunner
from whop_contracts.engine.journal import Journal
from whop_contracts.engine.run import restore
from whop_contracts.instants import NANO, write_instant
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause.evidence import read_state
from whop_contracts.pause.oracle import Oracle
from whop_contracts.provider import SEED, Answer, ManualClock, build
from whop_contracts.settings import Settings
from whop_contracts.target import LiveTarget
from whop_contracts.target.clocks import VirtualClock
from whop_contracts.target.wire import Wire

ONE, TWO = SEED.campaigns[:2]
THEIRS = SEED.foreign_campaign
_MONTH = 30 * 86_400 * NANO
_TOKENS = {"WHOP_API_TOKEN": SEED.token, "WHOP_READONLY_TOKEN": SEED.readonly_token}


def check(state, folder, **more):
    return engine.check(state.settings(folder, har=folder / "r.har", profile="quick", **more))


def words(state, *more):
    named = ("--journal", "journal.jsonl", "--foreign-campaign-id", THEIRS)
    return ["run", *state.words(), *named, *more]


@pytest.mark.parametrize("at", [1, 4, 9, 40] if SOAK else [1, 40])
@pytest.mark.parametrize("where", [(ClauseRunner, "add"), (Oracle, "follow")], ids=["judge", "expectation"])
@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
def test_after_an_unforeseen_exception_all_is_put_back_and_closed(
    state, tmp_path, monkeypatch, at, where, *, lasting
):
    owner, name = where
    real, calls, opened = getattr(owner, name), [], []

    def breaks(*arguments):
        calls.append(arguments)
        if len(calls) == at or (lasting and len(calls) > at):
            raise LookupError(SEED.token)
        return real(*arguments)

    def opening(chosen):
        opened.append(engine_opens(chosen))
        return opened[-1]

    engine_opens = engine.open_target
    monkeypatch.setattr(engine, "open_target", opening)
    monkeypatch.setattr(owner, name, breaks)
    first = state.states()
    result = check(state, tmp_path)
    assert len(calls) >= at
    assert result["exit_code"] == 3
    assert result["reason"].startswith("an internal error, please report it: LookupError at test_endings.py:")
    assert SEED.token not in json.dumps(result)
    assert state.states() == first
    assert Journal.read(tmp_path / "journal.jsonl", read_state).complete
    log = json.loads((tmp_path / "r.har").read_text())["log"]
    assert log["_run"]["finished"]
    assert log["_run"]["reason"] == result["reason"]
    assert opened[0][0]._wire._pools == {}


def test_what_cannot_be_put_back_after_it_is_exit_4(state, tmp_path, monkeypatch):
    real = ClauseRunner.add

    def breaks(*arguments):
        if state.states()[ONE][0] == "paused":
            raise LookupError
        return real(*arguments)

    monkeypatch.setattr(ClauseRunner, "add", breaks)
    state.before = lambda seen: Answer(500) if seen.path.endswith("/unpause") else None
    result = check(state, tmp_path)
    assert result["exit_code"] == 4
    assert result["put_back"]["failed"][0].startswith(f"{ONE}: was active, is paused")
    assert not Journal.read(tmp_path / "journal.jsonl", read_state).complete


def test_a_request_that_cannot_be_made_does_not_keep_the_other_campaigns_from_being_put_back(
    state, tmp_path, monkeypatch
):
    state.campaign(TWO).status = "paused"
    seen_pauses = []

    def after(seen, answer):
        if seen.pauses and seen.campaign == ONE and answer.status == 200:
            seen_pauses.append(seen)
            state.campaign(TWO).status = "active"
        return answer

    state.after = after
    real = Oracle.possible

    def breaks(self, campaign, now):
        if campaign == ONE and seen_pauses:
            raise LookupError
        return real(self, campaign, now)

    monkeypatch.setattr(Oracle, "possible", breaks)
    result = check(state, tmp_path)
    assert result["exit_code"] == 4
    assert [line.partition(":")[0] for line in result["put_back"]["failed"]] == [ONE]
    assert state.states()[TWO] == ("paused", None)


def full_at(nursery, state, folder, at):
    """From the child's request number ``at`` on, its files cannot grow, as on a full disk; later pauses."""
    pauses = []

    def before(seen):
        if seen.number == at:
            size = (folder / "journal.jsonl").stat().st_size
            resource.prlimit(nursery.pid, resource.RLIMIT_FSIZE, (size, size))
        elif seen.number > at and seen.pauses:
            pauses.append(seen.number)

    state.before = before
    return pauses


@pytest.mark.parametrize("at", [4, 5, 7, 20, 60] if SOAK else [4, 5, 20])
def test_where_the_disk_is_full_nothing_more_is_changed_and_all_is_put_back(nursery, state, tmp_path, at):
    first = state.states()
    full_at(nursery, state, tmp_path, at)
    code, said = nursery.run(*words(state), cwd=tmp_path, **_TOKENS)
    assert code == 2, said
    assert re.fullmatch(r"journal: .*\n.*journal.jsonl: cannot be written: File too large.*\n", said)
    assert state.states() == first
    assert len(state.requests) < 200
    assert state.requests[-1].method == "GET"


def test_where_the_disk_is_full_and_something_cannot_be_put_back_the_exit_is_4(nursery, state, tmp_path):
    pauses = full_at(nursery, state, tmp_path, 6)
    limits = state.before

    def before(seen):
        limits(seen)
        return Answer(500) if seen.path.endswith("/unpause") else None

    state.before = before
    code, said = nursery.run(*words(state, "--quiet"), cwd=tmp_path, **_TOKENS)
    assert code == 4, said
    assert "Traceback" not in said
    assert "cannot be written: File too large" in said
    assert ONE in said
    assert len(pauses) < 10


def test_a_journal_that_fails_at_the_first_reads_ends_the_run_before_anything_is_sent(
    state, tmp_path, monkeypatch
):
    real = os.fsync
    calls = []

    def fsync(descriptor):
        calls.append(descriptor)
        if len(calls) > 2:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(engine.UsageError, match=r"--journal: .*No space left on device"):
        check(state, tmp_path)
    assert {seen.method for seen in state.requests} == {"GET"}
    assert json.loads((tmp_path / "r.har").read_text())["log"]["_run"]["finished"]


def reached_by_hand(state, clock):
    """The served provider over its socket, by the clock that the provider goes by."""
    wire = Wire(time=clock.now)
    return LiveTarget(state.base_url, wire=wire, clock=VirtualClock(time=clock.now, sleep=clock.advance))


def passing(monkeypatch, state, clock, until):
    """Let the date pass while the pause that would put it back is on its way; restoring takes as long."""
    monkeypatch.setattr(teardown, "_LONGEST_S", math.inf)
    late = []

    def before(seen):
        if seen.pauses and until.encode() in seen.content and not late:
            late.append(seen.path)
            clock.advance(2 * _MONTH / NANO)

    state.before = before
    return late


@pytest.mark.parametrize("variation", [None, "past-accepted"])
def test_a_date_that_passes_while_it_is_put_back_is_put_back_as_active(tmp_path, monkeypatch, variation):
    clock = ManualClock()
    with served(build(variation=variation, clock=clock)) as state:
        one = state.campaign(ONE)
        one.status, one.paused_until = "paused", state.provider.now() + _MONTH
        late = passing(monkeypatch, state, clock, write_instant(one.paused_until))
        monkeypatch.setattr(
            engine, "open_target", lambda _: (reached_by_hand(state, clock), parties((ONE, TWO)))
        )
        result = check(state, tmp_path, restore_time=math.inf)
        assert late
        assert result["put_back"] == {"campaigns": 2, "failed": []}
        assert state.states()[ONE] == ("active", None)
    assert Journal.read(tmp_path / "journal.jsonl", read_state).complete


def restored_by_hand(state, clock, path, campaigns, **more):
    """What ``restore`` reports of a run that was killed when it had sent these, as (first, intended)."""
    journal = Journal.create(path, state.base_url, "r1", read_state)
    for name, (first, intended) in campaigns.items():
        journal.first(name, state_of(*first))
        journal.intend(name, state_of(*intended))
    journal.close()
    settings = Settings(base_url=state.base_url, token=SEED.token, restore_time=more.pop("restore_time"))
    how = {"open_target": lambda *_: reached_by_hand(state, clock), "rate": lambda *_: None}
    return restore(path, settings, PAUSE, **how, **more)


def test_restore_puts_a_date_that_passes_meanwhile_back_as_active(tmp_path, monkeypatch):
    clock = ManualClock()
    with served(build(clock=clock)) as state:
        until = write_instant(state.provider.now() + _MONTH)
        late = passing(monkeypatch, state, clock, until)
        left = {ONE: (("paused", until), ("active", None))}
        restored = restored_by_hand(state, clock, tmp_path / "j.jsonl", left, restore_time=math.inf)
        assert late
        assert (restored.failed, restored.inconclusive) == ([], None)
        assert "is active again" in restored.restored[0]
        assert state.states()[ONE] == ("active", None)


@pytest.mark.parametrize(("own", "each", "total"), [(2, 60, 120), (8, 60, 300), (2, 7, 14)])
def test_restoring_ends_within_its_limit_whatever_a_429_asks_for(tmp_path, own, each, total):
    clock, told = ManualClock(), []
    left = {f"adcamp_{index}": (("active", None), ("paused", None)) for index in range(own)}
    names = list(left)
    with served(build(clock=clock)) as state:
        state.before = lambda _seen: Answer(429, (("retry-after", "3600"),))
        began = clock.now()
        path = tmp_path / "j.jsonl"
        restored = restored_by_hand(state, clock, path, left, restore_time=each, tell=told.append)
    assert total / 2 < clock.now() - began <= total
    assert [line.partition(":")[0] for line in restored.failed] == names
    assert [line for line in told if line.startswith("adcamp_")] == names
    assert f"GET {names[0]}: 429; sent again in {each / 2:.0f} s, for at most {each} s more" in told


def test_another_companys_campaign_is_journalled_before_anything_is_changed(tmp_path, nursery):
    with served(fault="foreign-pauses") as state:
        kept = []

        def before(seen):
            if seen.method == "POST" and not kept:
                kept.append(Journal.read(tmp_path / "journal.jsonl", read_state).campaigns[THEIRS].first)

        state.before = before
        code, _ = nursery.run(*words(state), cwd=tmp_path, **_TOKENS)
        assert code == 1
        assert [str(one) for one in kept] == ["active"]
        assert any(seen.pauses and seen.campaign == THEIRS for seen in state.requests)
    record = Journal.read(tmp_path / "journal.jsonl", read_state)
    assert record.campaigns[THEIRS].put_back
    assert record.complete


@pytest.mark.parametrize("moment", ["pause", "unpause"])
def test_killed_while_another_companys_campaign_is_paused_restore_unpauses_it(nursery, tmp_path, moment):
    with served(fault="foreign-pauses") as state:
        first = state.states()
        killed = []

        def after(seen, answer):
            if moment == "pause" and seen.campaign == THEIRS and seen.pauses and not killed:
                killed.append(seen.number)
                nursery.signal(signal.SIGKILL)
            return answer

        def before(seen):
            if moment == "unpause" and seen.path.endswith(f"{THEIRS}/unpause") and not killed:
                killed.append(seen.number)
                nursery.signal(signal.SIGKILL)
                return Answer(500)
            return None

        state.before, state.after = before, after
        assert nursery.run(*words(state), cwd=tmp_path, **_TOKENS)[0] == -signal.SIGKILL
        state.settle()
        assert state.states()[THEIRS][0] == "paused"
        code, said = nursery.run(
            "restore", "journal.jsonl", "--test-clock", state.clock_url, cwd=tmp_path, **_TOKENS
        )
        assert code == 0, said
        assert state.states() == first


def test_an_unpause_of_another_companys_campaign_is_journalled_even_where_it_cannot_be_read(
    nursery, tmp_path
):
    with served(fault="foreign-unreadable-pauses") as state:

        def before(seen):
            if seen.path.endswith(f"{THEIRS}/unpause"):
                nursery.signal(signal.SIGKILL)
                return Answer(500)
            return None

        state.before = before
        assert nursery.run(*words(state), cwd=tmp_path, **_TOKENS)[0] == -signal.SIGKILL
        record = Journal.read(tmp_path / "journal.jsonl", read_state).campaigns[THEIRS]
        assert not record.put_back
        assert [one.status for one in record.left] == ["active"]
        code, said = nursery.run("restore", "journal.jsonl", cwd=tmp_path, **_TOKENS)
        assert code == 4
        assert f"NOT PUT BACK  {THEIRS}: left as it is" in said


@pytest.mark.parametrize("fault", ["foreign-pauses", "foreign-unreadable-pauses"])
def test_another_companys_campaign_that_stays_paused_is_listed_last(fault, tmp_path):
    with served(fault=fault) as state:
        state.before = lambda seen: Answer(403) if seen.path.endswith(f"{THEIRS}/unpause") else None
        result = check(state, tmp_path)
        assert result["exit_code"] == 4
        assert result["put_back"]["failed"][-1].startswith(f"{THEIRS}, another company's: was ")
        assert state.states()[ONE] == state.states()[TWO] == ("active", None)
    assert not Journal.read(tmp_path / "journal.jsonl", read_state).complete


def test_another_companys_campaign_that_was_paused_already_is_not_resumed(tmp_path):
    with served(fault="foreign-pauses") as state:
        state.campaign(THEIRS).status = "paused"
        result = check(state, tmp_path)
        assert result["exit_code"] in {1, 4}
        assert any("was left alone" in note for note in result["notes"])
        assert not [seen for seen in state.requests if seen.path.endswith(f"{THEIRS}/unpause")]
        assert state.states()[THEIRS][0] == "paused"
