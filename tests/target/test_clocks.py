"""The virtual clock and the wall clock: what is known of the provider's time, how instants are reached."""

import email.utils

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target.hostile import FakeTime
from whop_contracts.exchange import Response, Window
from whop_contracts.instants import NANO
from whop_contracts.provider import ManualClock
from whop_contracts.target.clocks import VirtualClock, WallClock
from whop_contracts.target.responses import Reply

START = 1_790_000_000.0


def dated(date, sent=START, received=None, status=200, **headers):
    """A reply whose response has a ``Date``, of ``date`` seconds or as the text says."""
    pairs = list(headers.items())
    if date is not None:
        pairs.append(("Date", date if isinstance(date, str) else email.utils.formatdate(date, usegmt=True)))
    return Reply(Response(status, tuple(pairs)), None, sent, sent if received is None else received)


def ns(seconds):
    return round(seconds * 1_000) * 1_000_000


@pytest.fixture
def wall():
    return FakeTime()


@pytest.fixture
def clock(wall):
    return WallClock(time=wall.time, sleep=wall.sleep, max_wait_s=100)


def test_before_the_first_date_nothing_is_known(clock, wall):
    for reply in (Reply(None, "timed out", START, START), dated(None)):
        clock.learn(reply)
    assert [clock.window(START, START), clock.moved, clock.trouble] == [None] * 3
    assert not clock.reach(0)
    assert wall.slept == []


def test_a_date_bounds_the_providers_clock_and_another_one_narrows_the_bounds(clock):
    clock.learn(dated(START + 90, START, START + 0.5))
    assert clock.window(START + 10, START + 11) == Window(ns(START + 99.5), ns(START + 103.5))
    clock.learn(dated(START + 91, START + 0.6))
    assert clock.window(START, START) == Window(ns(START + 90.4), ns(START + 92.5))
    assert clock.moved == (ns(START + 91.45), ns(START + 92.05))


def test_a_date_that_is_unreadable_or_not_the_providers_is_ignored(clock):
    for reply in (
        *map(dated, ("yesterday", "", "Mon, 99 Foo 2026 10:00:00 GMT", "9" * 5_000)),
        dated("Mon, 21 Sep 99999999999 10:00:00 GMT"),
        dated(START - 3600, Age="3600"),
        *(dated(START - 3600, status=status) for status in (429, 502, 503, 504, 520, 527)),
        dated(START, Date="Mon, 21 Sep 2020 10:00:00 GMT"),
    ):
        clock.learn(reply)
        assert clock.window(START, START) is None
    clock.learn(dated(START))
    for status in (502, 527):
        clock.learn(dated(START - 3600, status=status))
    assert clock.trouble is None


def test_a_clock_that_jumps_or_stalls_is_unusable():
    """Each row is a list of dates and when they were received, in seconds from the start."""
    for *dates, unusable in (
        *([(0, 0), (10 + jump, 10), True] for jump in (-3600, -5, 5, 3600)),
        [*((0, seconds) for seconds in range(6)), True],
        [(0, 0), (3, 0), False],
    ):
        clock = WallClock(time=lambda: START, sleep=None)
        for date, at in dates:
            clock.learn(dated(START + date, START + at))
        trouble = "the provider's clock jumped or stalled, as its Date headers show"
        assert clock.trouble == (trouble if unusable else None)
        if unusable:
            assert (clock.window(START, START), clock.reach(ns(START))) == (None, False)
        else:
            assert clock.window(START, START) == Window(ns(START + 2.5), ns(START + 3))


def test_a_clock_that_was_doubted_is_unusable_for_the_first_reason(clock):
    clock.learn(dated(START))
    clock.doubt("one")
    clock.doubt("two")
    clock.learn(dated(START))
    assert (clock.trouble, clock.window(START, START)) == ("one", None)


def test_an_instant_without_a_date_bounds_the_clock_within_a_millisecond(clock):
    clock.learn_instant(ns(START + 90.25), START, START + 0.5)
    assert clock.window(START + 10, START + 11) == Window(ns(START + 99.75), ns(START + 101.251))
    clock.learn_instant(ns(START + 95.5), START + 5.25, START + 5.375)
    assert clock.window(START, START) == Window(ns(START + 90.125), ns(START + 90.251))
    assert clock.moved[1] - clock.moved[0] == ns(5.375)
    clock.learn(dated(START + 90, START))
    assert clock.window(START, START) == Window(ns(START + 90.125), ns(START + 90.251))


def test_instants_that_contradict_each_other_by_more_than_a_second_make_the_clock_unusable(clock):
    for seconds, trouble in (
        (0, None),
        (0.9, None),
        (2, "the provider's clock jumped or stalled, as its responses show"),
    ):
        clock.learn_instant(ns(START + seconds), START, START)
        assert clock.trouble == trouble


@given(
    ahead=st.floats(-200, 200),
    exchanges=st.lists(
        st.tuples(st.floats(0, 2), st.floats(0, 2), st.floats(0, 1.4), st.floats(0, 30), st.booleans()),
        min_size=1,
        max_size=20,
    ),
)
def test_the_true_reading_is_never_outside_the_window(ahead, exchanges):
    """For any skew, latency, age of a cached header, and time between requests."""
    wall = FakeTime()
    clock = WallClock(time=wall.time, sleep=wall.sleep)
    for there, back, cached, pause, has_date in exchanges:
        sent = wall.now
        at = sent + there
        received = at + back
        if has_date:
            clock.learn(dated(int(at + ahead - cached), sent, received))
        else:
            clock.learn_instant(int((at + ahead) * 1_000) * 1_000_000, sent, received)
        window = clock.window(sent, received)
        assert window.start - 10_000 <= (sent + ahead) * NANO
        assert window.end + 10_000 >= (received + ahead) * NANO
        wall.now = received + pause
    assert clock.trouble is None


def test_an_instant_is_reached_when_it_is_certainly_past(clock, wall):
    clock.learn(dated(START + 90, START, START + 0.5))
    assert clock.reach(ns(START + 100))
    assert wall.now == pytest.approx(START + 10.5)
    assert clock.window(wall.now, wall.now).start >= ns(START + 100) - 1000
    assert clock.waited_s == pytest.approx(10.5)
    assert clock.reach(ns(START + 50))
    assert len(wall.slept) == 1
    clock.sleep = lambda seconds: wall.sleep(seconds * 0.75)
    assert clock.reach(ns(START + 120))
    assert clock.window(wall.now, wall.now).start >= ns(START + 120) - 1000


def test_no_wait_is_longer_than_the_longest_and_a_lag_does_not_count(clock, wall):
    clock.lag(150)
    assert wall.now >= START + 150
    clock.learn(dated(wall.now, wall.now))
    for seconds, reached in ((60, True), (120, False), (99, True)):
        assert clock.reach(ns(START + 150 + seconds)) is reached
    assert wall.now == pytest.approx(START + 249)
    assert clock.trouble is None


def virtual():
    manual = ManualClock(START)
    return VirtualClock(time=manual.now, sleep=manual.advance)


@given(st.lists(st.integers(0, 40 * 365 * 86_400 * NANO), max_size=8))
def test_the_virtual_clock_reaches_any_instant_to_the_microsecond(steps):
    clock = virtual()
    for step in steps:
        wanted = int(START) * NANO + step
        before = clock.window(clock.time(), clock.time()).start
        assert clock.reach(wanted)
        after = clock.window(clock.time(), clock.time()).start
        assert after == before if before >= wanted else 0 <= after - wanted <= 2_000


def test_the_virtual_clock_is_known_whatever_responses_say():
    clock = virtual()
    clock.lag(2)
    clock.lag(-1)
    clock.learn(dated(START - 3600))
    clock.learn_instant(0, START, START)
    assert clock.moved == (ns(START), ns(START + 2))
    assert (clock.waited_s, clock.trouble) == (0, None)
