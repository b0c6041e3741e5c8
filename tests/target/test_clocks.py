"""The virtual clock and the wall clock: what may be known of the provider's time, and how instants are reached."""

from __future__ import annotations

import email.utils

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whop_contracts.exchange import Response, Window
from whop_contracts.provider import ManualClock
from whop_contracts.target import Reply, VirtualClock, WallClock

NANO = 1_000_000_000
START = 1_790_000_000.0


class Wall:
    """The sender's time, which passes only when a test says so, or when somebody sleeps."""

    def __init__(self):
        self.now = START
        self.slept = []

    def time(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


def told(date, sent, received, status=200, **headers):
    pairs = list(headers.items())
    if date is not None:
        pairs.append(("Date", date if isinstance(date, str) else email.utils.formatdate(date, usegmt=True)))
    return Reply(Response(status, tuple(pairs)), None, sent, received)


@pytest.fixture
def wall():
    return Wall()


@pytest.fixture
def clock(wall):
    return WallClock(time=wall.time, sleep=wall.sleep, max_wait_s=100)


def test_before_the_first_date_nothing_is_known(clock, wall):
    for reply in (Reply(None, "timed out", START, START), told(None, START, START)):
        clock.learn(reply)
    assert (clock.window(START, START), clock.reach(0), clock.moved, clock.trouble) == (
        None,
        False,
        None,
        None,
    )
    assert wall.slept == []


def test_a_date_bounds_the_providers_clock(clock):
    clock.learn(told(START + 90, START, START + 0.5))
    assert clock.window(START + 10, START + 11) == Window(
        int((START + 99.5) * NANO), int((START + 103.5) * NANO)
    )


def test_dates_narrow_each_other(clock):
    clock.learn(told(START, START, START))
    clock.learn(told(START, START + 0.9, START + 0.9))
    clock.learn(told(START + 2, START + 1.1, START + 1.1))
    window = clock.window(START, START)
    assert (window.start, window.end) == (int((START + 0.9) * NANO), int((START + 1.6) * NANO))


@pytest.mark.parametrize(
    "reply",
    [
        told("yesterday", START, START),
        told("", START, START),
        told("Mon, 99 Foo 2026 10:00:00 GMT", START, START),
        told("Mon, 21 Sep 99999999999 10:00:00 GMT", START, START),
        told("9" * 5000, START, START),
        told(START - 3600, START, START, Age="3600"),
        told(START - 3600, START, START, status=502),
    ],
)
def test_a_date_that_is_none_or_not_the_providers_is_passed_over(clock, reply):
    clock.learn(reply)
    assert clock.window(START, START) is None
    clock.learn(told(START, START, START))
    clock.learn(reply)
    assert clock.trouble is None


@pytest.mark.parametrize("jump", [-3600, -5, 5, 3600])
def test_a_clock_that_jumps_cannot_be_judged_by(clock, jump):
    clock.learn(told(START, START, START))
    clock.learn(told(START + 10 + jump, START + 10, START + 10))
    assert "jumped" in clock.trouble
    assert (clock.window(START, START), clock.reach(int(START * NANO))) == (None, False)


def test_a_clock_that_stalls_cannot_be_judged_by(clock):
    for seconds in range(6):
        clock.learn(told(START, START + seconds, START + seconds))
    assert clock.trouble


def test_machines_that_differ_by_less_than_a_second_are_one_clock(clock):
    clock.learn(told(START, START, START))
    clock.learn(told(START + 3, START, START))
    assert clock.trouble is None
    assert clock.window(START, START) == Window(int((START + 2.5) * NANO), int((START + 3) * NANO))


@given(
    ahead=st.floats(-200, 200),
    latencies=st.lists(
        st.tuples(st.floats(0, 2), st.floats(0, 2), st.floats(0, 1.4), st.floats(0, 30)),
        min_size=1,
        max_size=20,
    ),
)
def test_the_true_reading_is_never_outside_the_window(ahead, latencies):
    """Whatever the skew, the way there and back, how old the cached header is and how long lies between requests."""
    wall = Wall()
    clock = WallClock(time=wall.time, sleep=wall.sleep)
    for there, back, cached, pause in latencies:
        sent = wall.now
        at = sent + there
        received = at + back
        clock.learn(told(int(at + ahead - cached), sent, received))
        window = clock.window(sent, received)
        assert window.start - 1000 <= (sent + ahead) * NANO
        assert window.end + 1000 >= (received + ahead) * NANO
        wall.now = received + pause
    assert clock.trouble is None


def test_an_instant_is_reached_when_it_is_surely_past(clock, wall):
    clock.learn(told(START + 90, START, START + 0.5))
    assert clock.reach(int((START + 100) * NANO))
    assert wall.now == pytest.approx(START + 10.5)
    assert clock.window(wall.now, wall.now).start >= int((START + 100) * NANO) - 1000
    assert clock.waited_s == pytest.approx(10.5)
    assert clock.reach(int((START + 50) * NANO))
    assert len(wall.slept) == 1


def test_what_may_be_waited_in_all_is_not_passed(clock, wall):
    clock.learn(told(START, START, START))
    assert clock.reach(int((START + 60) * NANO))
    assert not clock.reach(int((START + 120) * NANO))
    assert clock.reach(int((START + 99) * NANO))
    assert wall.now == pytest.approx(START + 99)
    assert clock.trouble is None


def test_a_sleep_that_ends_early_is_gone_on_with(wall):
    clock = WallClock(time=wall.time, sleep=lambda seconds: wall.sleep(seconds * 0.75))
    clock.learn(told(START, START, START))
    assert clock.reach(int((START + 10) * NANO))


def test_a_lag_passes_without_being_counted_against_waits(clock, wall):
    clock.lag(150)
    assert wall.now >= START + 150
    clock.learn(told(wall.now, wall.now, wall.now))
    assert clock.reach(int((wall.now + 99) * NANO))


def test_from_where_to_where_the_wall_clock_went(clock):
    clock.learn(told(START, START, START))
    clock.learn(told(START + 10, START + 10, START + 10))
    began, ended = clock.moved
    assert ended - began == 10 * NANO
    assert began == pytest.approx((START + 1.25) * NANO, abs=1_000)


# -- virtual -----------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 40 * 365 * 86_400 * NANO), max_size=8))
def test_the_virtual_clock_reaches_any_instant_to_the_microsecond(steps):
    clock = VirtualClock(ManualClock(START))
    for step in steps:
        ns = int(START) * NANO + step
        before = clock.window(clock.now(), clock.now()).start
        assert clock.reach(ns)
        after = clock.window(clock.now(), clock.now()).start
        assert after >= ns
        assert after == before if before >= ns else after - ns <= 2_000


def test_the_virtual_clock_tells_from_where_to_where():
    clock = VirtualClock(ManualClock(START))
    clock.lag(2)
    clock.lag(-1)
    assert clock.moved == (int(START) * NANO, (int(START) + 2) * NANO)
    assert clock.waited_s == 0
