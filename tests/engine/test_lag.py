"""Behind a test clock, a resume that is early is not taken for a read that lags. No test really waits."""

import random

import pytest

from safety.pretending import WallTarget
from whop_contracts.cli.planning import mock_actors
from whop_contracts.engine.clause_runner import ClauseRunner
from whop_contracts.engine.plan import Plan
from whop_contracts.engine.request_builder import RequestBuilder
from whop_contracts.engine.run import execute
from whop_contracts.engine.session import Session
from whop_contracts.pause import catalogue
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause.sequences import sequences
from whop_contracts.provider import ManualClock, build
from whop_contracts.provider.server import show_or_move_clock
from whop_contracts.steps import Capabilities
from whop_contracts.target.remote_clock import ProviderTestClock
from whop_contracts.target.responses import Reply
from whop_contracts.target.sender import Sender

EARLY, AT_ONCE = "auto_resume.not-before-its-instant", "pausing.read-agrees-at-once"
TIMED = frozenset({"dated-pause-ends", "short-pause-ends", "pause-is-extended"})


class Running(ManualClock):
    """A provider's clock that is moved by hand, and also runs with the sender's."""

    def __init__(self, sender):
        super().__init__()
        self.sender, self.since = sender, sender.now()

    def now(self):
        return self._now + self.sender.now() - self.since

    def set(self, instant):
        super().set(instant)
        self.since = self.sender.now()


def broken_clauses(*, runs, ids=TIMED, **which):
    """The must clauses and the others that fail in timed sequences."""
    sender = ManualClock(1_800_000_000.0)
    clock_ = Running(sender) if runs else ManualClock()
    provider = build(clock=clock_, lag_time=sender.now, **which)

    def exchange(method, _url, _headers, content):
        sent = sender.now()
        sender.advance(0.01)
        return Reply(show_or_move_clock(provider, method, content), None, sent, sender.now())

    target = WallTarget(provider, sender)
    target.clock = clock = ProviderTestClock(
        "http://127.0.0.1:9/clock", exchange=exchange, headers=[], time=sender.now, sleep=sender.advance
    )
    clock.start()
    means = Capabilities(4, clock="test")
    timed = tuple(one for one in sequences(means) if one.id in ids)
    runner = ClauseRunner(catalogue.clauses(), PAUSE)
    actors = mock_actors()
    builder = RequestBuilder(target.base_url, actors, PAUSE, agent="a", rng=random.Random(0))
    session = Session(
        Sender(target, rng=random.Random(0)), builder, tolerance=60.0,
        watch=lambda evidence, sequence, sound: runner.add(evidence, sequence) if sound else None,
    )  # fmt: skip
    state = execute(session, Plan("standard", 0, means, timed))
    assert state.inconclusive is None
    broken = [one for one in runner.clauses if runner.counts[one.id].broken]
    must = {one.id for one in broken if one.level == "must"}
    return must, {one.id for one in broken} - must


@pytest.mark.parametrize("runs", [False, True])
@pytest.mark.parametrize("seconds", ["a-second", "two-seconds", "10-s"])
def test_an_early_resume_fails_although_reads_may_lag(seconds, runs):
    assert EARLY in broken_clauses(runs=runs, fault=f"resumes-{seconds}-early")[0]


@pytest.mark.parametrize("runs", [False, True])
def test_an_older_state_again_and_again_after_the_present_one_fails(runs):
    """A day is too long to be waited for once more."""
    ids = frozenset({"indefinite-pause-stays-a-day"})
    assert EARLY in broken_clauses(runs=runs, ids=ids, fault="delay-without-its-days")[0]
    assert not broken_clauses(runs=runs, ids=ids, variation="reads-lag")[0]


@pytest.mark.parametrize("runs", [False, True])
def test_a_lag_only_warns(runs):
    assert broken_clauses(runs=runs, variation="reads-lag")[:2] == (set(), {AT_ONCE})
    assert broken_clauses(runs=runs) == (set(), set())
