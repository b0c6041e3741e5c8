"""However a run ends, campaigns are restored or named, and files are closed: over real sockets."""

import contextlib
import json
import math
import os
import re
import resource

import pytest

from engine.journals import state_of
from safety.nursery import SOAK
from safety.pretending import parties
from safety.serving import ONE, THEIRS, TWO
from whop_contracts.cli import check as engine
from whop_contracts.engine import teardown
from whop_contracts.engine.clause_runner import ClauseRunner
from whop_contracts.engine.journal import Journal
from whop_contracts.engine.run import restore
from whop_contracts.instants import NANO, write_instant
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause.evidence import read_state
from whop_contracts.pause.oracle import Oracle
from whop_contracts.provider import SEED, ManualClock, Response, build
from whop_contracts.target import LiveTarget
from whop_contracts.target.clocks import VirtualClock
from whop_contracts.target.wire import Wire

_MONTH = 30 * 86_400 * NANO


def check(state, **more):
    return state.check(har=state.folder / "r.har", profile="quick", **more)


def log_of(state):
    return json.loads((state.folder / "r.har").read_text())["log"]


@pytest.mark.parametrize("at", [1, 4, 9, 40] if SOAK else [1, 40])
@pytest.mark.parametrize("where", [(ClauseRunner, "add"), (Oracle, "follow")], ids=["judge", "expectation"])
@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
def test_after_an_unforeseen_exception_all_is_put_back_and_closed(state, monkeypatch, at, where, *, lasting):
    owner, name = where
    real, calls, opened = getattr(owner, name), [], []

    def breaks(*arguments):
        calls.append(arguments)
        if len(calls) == at or (lasting and len(calls) > at):
            raise LookupError(SEED.token)
        return real(*arguments)

    opens = engine.open_target
    monkeypatch.setattr(engine, "open_target", lambda how: opened.append(opens(how)) or opened[-1])
    monkeypatch.setattr(owner, name, breaks)
    result = check(state)
    assert len(calls) >= at
    assert result["exit_code"] == 3
    assert result["reason"].startswith("an internal error, please report it: LookupError at test_endings.py:")
    assert SEED.token not in json.dumps(result)
    assert state.states() == state.first
    assert state.journal.complete
    assert log_of(state)["_run"]["finished"]
    assert log_of(state)["_run"]["reason"] == result["reason"]
    assert opened[0][0]._wire._pools == {}


def no_unpause(seen):
    return Response(500) if seen.path.endswith("/unpause") else None


def test_what_cannot_be_put_back_after_it_is_exit_4(state, monkeypatch):
    real = ClauseRunner.add

    def breaks(*arguments):
        if state.states()[ONE][0] == "paused":
            raise LookupError
        return real(*arguments)

    monkeypatch.setattr(ClauseRunner, "add", breaks)
    state.before = no_unpause
    result = check(state)
    assert result["exit_code"] == 4
    assert result["put_back"]["failed"][0].startswith(f"{ONE}: was active, is paused")
    assert not state.journal.complete


def test_a_request_that_cannot_be_made_leaves_the_other_campaigns_to_be_put_back(state, monkeypatch):
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
    result = check(state)
    assert result["exit_code"] == 4
    assert [line.partition(":")[0] for line in result["put_back"]["failed"]] == [ONE]
    assert state.states()[TWO] == ("paused", None)


def full_from(state, at, further=lambda _seen: None):
    """From request number ``at`` on, files of the child cannot grow, as on a full disk; pauses after it."""
    pauses = []

    def before(seen):
        if seen.number == at:
            size = (state.folder / "journal.jsonl").stat().st_size
            resource.prlimit(state.nursery.pid, resource.RLIMIT_FSIZE, (size, size))
        elif seen.number > at and seen.pauses:
            pauses.append(seen.number)
        return further(seen)

    state.before = before
    return pauses


@pytest.mark.parametrize("at", [4, 5, 7, 20, 60] if SOAK else [4, 5, 20])
def test_where_the_disk_is_full_nothing_more_is_changed_and_all_is_put_back(state, at):
    full_from(state, at)
    code, said = state.run()
    assert code == 2, said
    assert re.fullmatch(r"journal: .*\n.*journal.jsonl: cannot be written: File too large.*\n", said)
    assert state.states() == state.first
    assert len(state.requests) < 200
    assert state.requests[-1].method == "GET"


def test_where_the_disk_is_full_and_something_cannot_be_put_back_the_exit_is_4(state):
    pauses = full_from(state, 6, no_unpause)
    code, said = state.run("--quiet")
    assert code == 4, said
    assert "Traceback" not in said
    assert "cannot be written: File too large" in said
    assert ONE in said
    assert len(pauses) < 10


def test_a_journal_that_fails_at_the_first_reads_ends_the_run_before_anything_is_sent(state, monkeypatch):
    real, calls = os.fsync, []

    def fsync(descriptor):
        calls.append(descriptor)
        if len(calls) > 2:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(engine.UsageError, match=r"--journal: .*No space left on device"):
        check(state)
    assert {seen.method for seen in state.requests} == {"GET"}
    assert log_of(state)["_run"]["finished"]


@pytest.fixture
def by_hand(serve, monkeypatch):
    """A function that serves a provider with a clock that is moved by hand, also by the runs against it."""

    @contextlib.contextmanager
    def serving(variation=None):
        clock = ManualClock()
        with serve(build(variation=variation, clock=clock)) as state:
            time = VirtualClock(time=clock.now, sleep=clock.advance)
            target = LiveTarget(state.base_url, wire=Wire(time=clock.now), clock=time)
            monkeypatch.setattr(engine, "open_target", lambda _: (target, parties((ONE, TWO))))
            yield state, clock

    return serving


def restored(state, campaigns, restore_time, tell=lambda _: None):
    """What ``restore`` reports of a run that was killed when it had sent these, as (first, intended)."""
    path = state.folder / "journal.jsonl"
    journal = Journal.create(path, state.base_url, "r1", read_state)
    for name, (first, intended) in campaigns.items():
        journal.first(name, state_of(*first))
        journal.intend(name, state_of(*intended))
    journal.close()
    how = {"open_target": lambda *_: engine.open_target(None)[0], "rate": lambda *_: None}
    return restore(path, state.settings(state.folder, restore_time=restore_time), PAUSE, tell=tell, **how)


@pytest.mark.parametrize("run", [None, "conforming", "past-accepted"])
def test_a_date_that_passes_while_it_is_put_back_is_put_back_as_active(by_hand, monkeypatch, run):
    """While the pause that would put it back is sent, by a run or ``restore``; restoring takes as long."""
    monkeypatch.setattr(teardown, "_LONGEST_S", math.inf)
    late = []
    with by_hand(run if run == "past-accepted" else None) as (state, clock):
        until = state.provider.now() + _MONTH
        written = write_instant(until)

        def before(seen):
            if seen.pauses and written.encode() in seen.content and not late:
                late.append(seen.path)
                clock.advance(2 * _MONTH / NANO)

        state.before = before
        if run:
            state.campaign(ONE).status, state.campaign(ONE).paused_until = "paused", until
            assert check(state, restore_time=math.inf)["put_back"] == {"campaigns": 2, "failed": []}
            assert state.journal.complete
        else:
            done = restored(state, {ONE: (("paused", written), ("active", None))}, math.inf)
            assert (done.failed, done.inconclusive) == ([], None)
            assert "is active again" in done.restored[0]
        assert late
        assert state.states()[ONE] == ("active", None)


@pytest.mark.parametrize(("own", "each", "total"), [(2, 60, 120), (8, 60, 300), (2, 7, 14)])
def test_restoring_ends_within_its_limit_whatever_a_429_asks_for(by_hand, own, each, total):
    told = []
    left = {f"adcamp_{index}": (("active", None), ("paused", None)) for index in range(own)}
    with by_hand() as (state, clock):
        began = clock.now()
        state.before = lambda _seen: Response(429, (("retry-after", "3600"),))
        done = restored(state, left, each, told.append)
    assert total / 2 < clock.now() - began <= total
    assert [line.partition(":")[0] for line in done.failed] == list(left)
    assert [line for line in told if line.startswith("adcamp_")] == list(left)
    assert f"GET adcamp_0: 429; sent again in {each / 2:.0f} s, for at most {each} s more" in told


@pytest.mark.parametrize("fault", ["foreign-pauses", "foreign-unreadable-pauses"])
def test_another_companys_campaign_that_stays_paused_is_listed_last(fault, serve):
    with serve(fault=fault) as state:
        state.before = lambda seen: Response(403) if seen.path.endswith(f"{THEIRS}/unpause") else None
        result = check(state)
        assert result["exit_code"] == 4
        assert result["put_back"]["failed"][-1].startswith(f"{THEIRS}, another company's: was ")
        assert state.states()[ONE] == state.states()[TWO] == ("active", None)
        assert not state.journal.complete


def test_another_companys_campaign_that_was_paused_already_is_not_resumed(serve):
    with serve(fault="foreign-pauses") as state:
        state.campaign(THEIRS).status = "paused"
        result = check(state)
        assert result["exit_code"] in {1, 4}
        assert any("was left alone" in note for note in result["notes"])
        assert not [seen for seen in state.requests if seen.path.endswith(f"{THEIRS}/unpause")]
        assert state.states()[THEIRS][0] == "paused"
