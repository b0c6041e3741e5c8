"""While a sequence waits on a wall clock, sequences for other campaigns are sent. No test really waits."""

import random
import sys
from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import pytest

from drawing import draw
from safety.pretending import WallTarget
from whop_contracts.cli.planning import mock_actors
from whop_contracts.engine import executor
from whop_contracts.engine.clause_runner import ClauseRunner
from whop_contracts.engine.plan import Plan
from whop_contracts.engine.request_builder import RequestBuilder
from whop_contracts.engine.run import execute
from whop_contracts.engine.session import Session
from whop_contracts.instants import NANO
from whop_contracts.pause import catalogue
from whop_contracts.pause.contract import PAUSE
from whop_contracts.provider import SEED, ManualClock, build
from whop_contracts.steps import (
    AdvanceClock,
    AwaitResume,
    Capabilities,
    Case,
    Send,
    Sequence,
    SymbolicInstant,
)
from whop_contracts.steps import read as reading
from whop_contracts.target.sender import Sender

START = 1_790_000_000.0
BY_TIME = (
    "one-resume-per-round",
    "past-day-means-for-ever",
    *("never-resumes", "resumes-10-s-early", "timer-survives-unpause", "resume-keeps-date"),
    "resumes-to-stale",
)


@cache
def plan_for(campaigns):
    means = Capabilities(campaigns, readonly=True, foreign=True, resting=True, loopback=True, clock="wall")
    return draw(PAUSE, "standard", seed=0, means=means)


def run(plan, fault=None, latency=0.004, interrupt_at=0, **sender):
    """One run on a wall clock that is moved by hand: what was sent, what failed, how long it was idle.

    ``interrupt_at`` is the number of the sleep that a Ctrl-C ends.
    """
    manual, late, slept = ManualClock(START), [0.0], [0]
    provider = build(fault=fault, clock=manual)

    class Target(WallTarget):
        def sleep(self, seconds):
            slept[0] += 1
            if slept[0] == interrupt_at:
                raise KeyboardInterrupt
            super().sleep(seconds)

    target = Target(provider, manual, latency=latency)
    reach = target.clock.reach

    def watched(ns):
        window = target.clock.window(manual.now(), manual.now())
        late[0] = max(late[0], (window.start - ns) / NANO) if window else late[0]
        return reach(ns)

    target.clock.reach = watched
    actors = replace(mock_actors(), campaigns=mock_actors().campaigns[: plan.means.campaigns])
    runner, sent = ClauseRunner(catalogue.clauses(), PAUSE), []

    def take(evidence, sequence, sound):
        sent.append((sequence, evidence.exchange.request.campaign))
        if sound:
            runner.add(evidence, sequence)

    rng = random.Random(0)
    builder = RequestBuilder(target.base_url, actors, PAUSE, agent="x", rng=rng)
    session = Session(Sender(target, rng=rng, **sender), builder, tolerance=60.0, watch=take)
    state = execute(session, plan)
    counts = {clause.id: runner.counts[clause.id] for clause in runner.clauses}
    musts = {clause.id for clause in runner.clauses if clause.level == "must"}
    return SimpleNamespace(
        state=state,
        sent=sent,
        must_fail={id_ for id_, count in counts.items() if count.broken} & musts,
        untested={id_ for id_, count in counts.items() if not count.exchanges},
        idle_s=target.clock.waited_s,
        late_s=late[0],
        left=provider.state,
    )


def timed(name, number, seconds):
    """A pause of a campaign, and the wait for its end."""
    own = f"own:{number}"
    until = SymbolicInstant(plus_ms=int(seconds * 1_000))
    body = '{"paused_until": "{until}"}'
    case = Case(name, campaign=own, body=body, until=until, mark="a", request_class="instant")
    return Sequence(name, (Send(case), Send(reading(own)), AwaitResume("a", own)), campaign=own)


def reads(name, *symbols):
    return Sequence(name, tuple(Send(reading(symbol)) for symbol in symbols))


def order(sequences, campaigns):
    """The names of the sequences of a run, one for each request."""
    means = Capabilities(campaigns, clock="wall")
    done = run(Plan("quick", 0, means, sequences), latency=0.1)
    return [name for name, _ in done.sent if name not in ("preflight", "put back")]


def test_others_are_sent_while_one_waits_and_it_goes_on_when_it_is_due():
    many = tuple(reads(f"r{number}", "own:1") for number in range(60))
    names = order((timed("t", 0, 1.0), *many), 2)
    assert names[:3] == ["t", "t", "r0"]
    assert 10 < names.index("t", 2) < 60, "the last read is between the others"


def test_no_sequence_uses_the_campaign_of_one_that_waits():
    own, other = reads("own", "own:0"), reads("other", "own:1")
    both = reads("both", "own:1", "own:0")
    altered = replace(reads("altered", "own:1"), steps=(Send(Case("x", campaign="own:0:half")),))
    assert order((timed("t", 0, 1.0), own, both, altered, other), 2) == [
        "t", "t", "other", "t", "own", "both", "both", "altered",
    ]  # fmt: skip


def test_with_one_campaign_the_order_is_that_of_the_plan():
    names = order((timed("t", 0, 1.0), reads("r", "own:0"), timed("u", 0, 1.0)), 1)
    assert names == ["t", "t", "t", "r", "u", "u", "u"]


def test_a_second_wait_begins_when_nothing_else_can_be_sent():
    names = order((timed("t", 0, 3.0), timed("u", 1, 1.0), reads("r", "own:1")), 2)
    assert names == ["t", "t", "r", "u", "u", "u", "t"]


@pytest.mark.parametrize("campaigns", [2, 4])
@pytest.mark.parametrize(("latency", "most"), [(0.1, 3.0), (0.004, 8.0)])
def test_a_standard_run_is_hardly_idle_and_its_reads_are_in_time(campaigns, latency, most):
    done = run(plan_for(campaigns), latency=latency)
    assert done.must_fail == set()
    assert done.untested == set()
    assert done.idle_s <= most
    # What is due waits for the request under way, and for that of another sequence that was due before.
    assert done.late_s <= 3 * latency + 0.01
    assert not done.state.failed


@pytest.mark.parametrize("fault", [None, *BY_TIME])
def test_verdicts_are_those_of_a_run_without_overlap(monkeypatch, fault):
    done = run(plan_for(4), fault)
    begun = executor.Schedule
    monkeypatch.setattr(executor, "Schedule", lambda sequences, **_: begun(sequences, overlap=False))
    alone = run(plan_for(4), fault)
    assert done.must_fail == alone.must_fail
    assert bool(done.must_fail) == (fault is not None)
    assert alone.idle_s > done.idle_s or fault


def test_on_a_virtual_clock_nothing_overlaps():
    schedule = executor.Schedule((timed("t", 0, 1.0), reads("r", "own:1")), overlap=False)

    def begin(sequence):
        yield 5 if sequence.name == "t" else None
        return True

    first = schedule.next(lambda _ns: False, begin)
    assert first
    first.due = 5
    assert schedule.next(lambda _ns: False, begin) is first


def test_a_spent_budget_counts_the_sequences_that_wait_as_unfinished():
    means = Capabilities(2, clock="wall")
    plan = Plan("quick", 0, means, (timed("t", 0, 60.0), *(reads(f"r{n}", "own:1") for n in range(9))))
    done = run(plan, max_requests=10, reserve=4)
    assert done.state.cut == len(plan.sequences) - 2, "two reads were finished"
    assert not done.state.failed
    assert len(done.state.restored) == 2


def test_an_interrupted_wait_leaves_no_campaign_paused():
    means = Capabilities(2, clock="wall")
    done = run(Plan("quick", 0, means, (timed("t", 0, 5.0), timed("u", 1, 6.0))), interrupt_at=1)
    assert done.state.inconclusive == "the run was interrupted"
    assert not done.state.failed
    assert {done.left.campaigns[name].status for name in SEED.campaigns[:2]} == {"active"}


def test_a_pause_that_got_a_409_is_not_waited_for():
    course, clock = executor.Course("t", {"a": 7}, {"a"}), ManualClock(START)
    sender = Sender(WallTarget(build(clock=clock), clock), rng=random.Random(0))
    builder = RequestBuilder("", mock_actors(), PAUSE, agent="x", rng=random.Random(0))
    session = Session(sender, builder, tolerance=60.0, watch=lambda *_: None)
    taking = executor.Executor(session).take(AwaitResume("a"), course)
    with pytest.raises(StopIteration) as ended:
        next(taking)
    assert ended.value.value
    assert next(executor.Executor(session).take(AdvanceClock("a", 1), course)) == 1_000_007


@pytest.mark.parametrize("campaigns", [1, 2, 4])
def test_reads_that_lag_for_a_second_warn_and_for_four_seconds_fail(campaigns, monkeypatch):
    plan, made = plan_for(campaigns), build
    for lag, broken in ((1.0, set()), (4.0, {"pausing.read-agrees"})):

        def lagging(lag=lag, **which):
            provider = made(variation="reads-lag", clock=which["clock"])
            provider.options = replace(provider.options, read_lag=lag)
            return provider

        monkeypatch.setattr(sys.modules[__name__], "build", lagging)
        assert run(plan).must_fail & {"pausing.read-agrees"} == broken
        assert broken or not run(plan).must_fail
