"""The provider's test clock: moved, never trusted further than it shows, and given up with a reason where it cannot be."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target.hostile import get
from whop_contracts.cli import open_target as opening
from whop_contracts.exchange import Response
from whop_contracts.instants import read_instant, write_instant
from whop_contracts.provider import SEED, ManualClock, RunningClock, build, server
from whop_contracts.settings import Settings
from whop_contracts.target import ProviderTestClock, Reply

NANO = 1_000_000_000
MS = 1_000_000
WALL = 1_790_000_000.0
BEGIN = 1_893_456_000 * NANO
URL = "http://127.0.0.1:9/test_clock"


class Provider:
    """A test clock as a provider has it, and the sender's time beside it. ``speed`` is how fast it runs: 0 stands, 1 runs with time."""

    def __init__(self, *, speed=0.0, digits=6, keeps=1, latency=0.01, works=0):
        self.wall = WALL
        self.speed = speed
        self.digits = digits
        self.keeps = keeps
        self.latency = latency
        self.works = works
        self.reading = BEGIN
        self.asked = []
        self.headers = []
        self.script = []

    def time(self):
        return self.wall

    def sleep(self, seconds):
        self.pass_(seconds)

    def pass_(self, seconds):
        self.wall += seconds
        self.reading += int(seconds * self.speed * NANO)

    def exchange(self, method, url, headers, content):
        assert url == URL
        self.asked.append(method)
        self.headers.append(tuple(headers))
        sent = self.wall
        self.pass_(self.latency / 2)
        answer = self.script.pop(0) if self.script else self.answer(method, content)
        self.pass_(self.latency / 2)
        if isinstance(answer, str):
            return Reply(None, answer, sent, self.wall)
        return Reply(Response(answer[0], (), answer[1]), None, sent, self.wall)

    def answer(self, method, content):
        if method == "PUT":
            if self.works:
                self.works -= 1
                return 202, b""
            wanted = read_instant(json.loads(content)["now"]).ns
            if wanted < self.reading:
                return 409, b""
            self.reading = wanted // self.keeps * self.keeps
        return 200, json.dumps({"now": write_instant(self.reading, digits=self.digits)}).encode()

    def clock(self):
        clock = ProviderTestClock(
            URL, exchange=self.exchange, headers=[("a", "b")], time=self.time, sleep=self.sleep
        )
        clock.start()
        return clock

    def shown(self, clock):
        """The window of an exchange that takes no time; the true reading is within it."""
        window = clock.window(self.wall, self.wall)
        assert window.start <= self.reading <= window.end + 1_000
        return window


def test_it_is_moved_to_an_instant_and_read_again():
    provider = Provider()
    clock = provider.clock()
    assert clock.reach(BEGIN + 3_600 * NANO)
    assert provider.reading == BEGIN + 3_600 * NANO
    assert provider.asked == ["GET", "PUT", "GET"]
    assert set(provider.headers[0]) == {("a", "b")}
    assert ("content-type", "application/json") in provider.headers[1]
    assert clock.moved == (BEGIN, BEGIN + 3_600 * NANO)
    assert clock.waited_s == 0


def test_it_is_left_alone_where_it_is_past_an_instant():
    provider = Provider()
    assert provider.clock().reach(BEGIN)
    assert provider.asked == ["GET"]


def test_an_instant_between_milliseconds_is_passed_by_less_than_one():
    provider = Provider(digits=9)
    assert provider.clock().reach(BEGIN + 1_234_567)
    assert provider.reading == BEGIN + 2 * MS


@pytest.mark.parametrize("speed", [0.0, 0.5, 1.0])
def test_whether_it_stands_or_runs_its_window_holds_it(speed):
    provider = Provider(speed=speed)
    clock = provider.clock()
    for hours in (1, 2, 30):
        assert clock.reach(BEGIN + hours * 3_600 * NANO)
        window = provider.shown(clock)
        assert window.end - window.start < 50 * MS
        provider.pass_(20)
        assert provider.shown(clock).end - provider.shown(clock).start < 21 * NANO
    assert clock.trouble is None


@given(
    speed=st.floats(0, 1),
    latency=st.floats(0, 1.5),
    steps=st.lists(st.tuples(st.floats(0, 50), st.floats(0, 10_000)), max_size=10),
    digits=st.sampled_from([0, 3, 6, 9]),
)
def test_the_true_reading_is_never_outside_the_window(speed, latency, steps, digits):
    provider = Provider(speed=speed, latency=latency, digits=digits, keeps=NANO if digits == 0 else 1)
    clock = provider.clock()
    instant = BEGIN
    for pause, step in steps:
        provider.pass_(pause)
        instant += int(step * NANO)
        assert clock.reach(instant), clock.trouble
        assert provider.shown(clock).start >= instant
        sent, low = provider.wall, provider.reading
        provider.pass_(latency)
        window = clock.window(sent, provider.wall)
        assert window.start <= low
        assert window.end + 1_000 >= provider.reading


def test_a_window_is_what_was_known_at_its_time():
    provider = Provider()
    clock = provider.clock()
    sent = provider.wall
    provider.pass_(0.5)
    received = provider.wall
    clock.reach(BEGIN + 3_600 * NANO)
    window = clock.window(sent, received)
    assert window.start == BEGIN
    assert window.end < BEGIN + NANO


@pytest.mark.parametrize("keeps", [1, MS, NANO])
@pytest.mark.parametrize("digits", [0, 3, 6])
def test_a_clock_that_keeps_or_shows_whole_seconds_is_understood(keeps, digits):
    provider = Provider(keeps=keeps, digits=digits)
    clock = provider.clock()
    for ms in (1_500, 2_001, 90_000, 90_999):
        assert clock.reach(BEGIN + ms * MS)
        assert provider.shown(clock).start >= BEGIN + ms * MS
        assert provider.reading - (BEGIN + ms * MS) < NANO


def test_work_that_takes_its_time_is_waited_for():
    provider = Provider(works=5)
    clock = provider.clock()
    assert clock.reach(BEGIN + NANO)
    assert provider.asked == ["GET", *["PUT"] * 6, "GET"]
    assert clock.waited_s > 0


def test_work_that_never_ends_is_trouble():
    provider = Provider(works=10**9)
    clock = provider.clock()
    assert not clock.reach(BEGIN + NANO)
    assert clock.trouble == "the test clock did not finish within 30 s what fell due"


def test_a_clock_that_ran_past_the_instant_by_itself_is_there():
    provider = Provider(speed=1.0)
    clock = provider.clock()
    provider.pass_(0.9)
    assert clock.reach(BEGIN + 500 * MS)
    assert provider.asked == ["GET", "PUT", "GET"]
    assert clock.trouble is None


@pytest.mark.parametrize("trouble", ["connection reset", "timed out", (503, b""), (429, b"")])
def test_what_the_network_does_to_it_is_tried_again(trouble):
    provider = Provider()
    clock = provider.clock()
    provider.script = [trouble, trouble]
    assert clock.reach(BEGIN + NANO)
    assert provider.reading == BEGIN + NANO


@pytest.mark.parametrize("speed", [0.0, 1.0])
def test_an_answer_that_was_lost_after_moving_does_no_harm(speed):
    provider = Provider(speed=speed)
    clock = provider.clock()
    provider.script = ["connection reset"]
    provider.reading = BEGIN + NANO
    assert clock.reach(BEGIN + NANO)
    provider.shown(clock)
    assert clock.trouble is None


@pytest.mark.parametrize(
    ("answer", "phrase"),
    [
        ("connection refused", "cannot be reached: connection refused"),
        ((401, b""), "answered a GET with 401"),
        ((404, b"{}"), "answered a GET with 404"),
        ((500, b""), "answered a GET with 500"),
        ((302, b""), "answered a GET with 302"),
        ((200, b""), "did not answer with JSON"),
        ((200, b"[" * 100_000), "did not answer with JSON"),
        ((200, b"\xff"), "did not answer with JSON"),
        ((200, b"[]"), 'did not answer {"now": "<RFC 3339>"}'),
        ((200, b"{}"), 'did not answer {"now": "<RFC 3339>"}'),
        ((200, b'{"now": 1790000000}'), 'did not answer {"now": "<RFC 3339>"}'),
        ((200, b'{"now": "2026-09-21"}'), 'did not answer {"now": "<RFC 3339>"}'),
        ((200, b'{"now": "9999-12-31T23:59:59Z"}'), 'did not answer {"now": "<RFC 3339>"}'),
    ],
)
def test_nonsense_is_trouble_from_the_start(answer, phrase):
    provider = Provider()
    provider.script = [answer] * 4
    clock = provider.clock()
    assert clock.trouble == f"the test clock {phrase}"
    assert (clock.window(WALL, WALL), clock.reach(BEGIN), clock.moved) == (None, False, None)
    provider.script = []
    clock.lag(1)
    assert "PUT" not in provider.asked


def test_a_clock_that_does_not_move_is_trouble():
    provider = Provider()
    clock = provider.clock()
    provider.keeps = 10**20
    provider.answer = lambda _method, _content: (200, json.dumps({"now": write_instant(BEGIN)}).encode())
    assert not clock.reach(BEGIN + 60 * NANO)
    assert clock.trouble == "the test clock did not go where it was moved to, though it said so"


def test_a_clock_that_refuses_to_move_is_trouble():
    provider = Provider()
    clock = provider.clock()
    provider.script = [(409, b"")]
    assert not clock.reach(BEGIN + 60 * NANO)
    assert "(409)" in clock.trouble
    assert clock.window(provider.wall, provider.wall) is None


def test_a_clock_that_goes_backwards_is_trouble():
    provider = Provider()
    clock = provider.clock()
    clock.reach(BEGIN + 3_600 * NANO)
    provider.pass_(5)
    provider.reading -= 10 * NANO
    assert not clock.reach(BEGIN + 7_200 * NANO)
    assert clock.trouble == "the test clock went backwards"


@pytest.mark.parametrize("speed", [1.5, 60.0])
def test_a_clock_that_runs_faster_than_time_is_trouble(speed):
    provider = Provider(speed=speed)
    clock = provider.clock()
    provider.pass_(5)
    assert not clock.reach(BEGIN + 7_200 * NANO)
    assert clock.trouble.startswith("the test clock runs faster than time does")


def test_a_clock_that_somebody_else_moves_is_trouble():
    provider = Provider()
    clock = provider.clock()
    provider.pass_(2)
    provider.reading += 1_000 * NANO
    assert not clock.reach(BEGIN + 7_200 * NANO)
    assert "somebody else" in clock.trouble


def test_it_is_moved_48_hours_at_most():
    provider = Provider()
    clock = provider.clock()
    assert clock.reach(BEGIN + 47 * 3_600 * NANO)
    assert not clock.reach(BEGIN + 49 * 3_600 * NANO)
    assert clock.trouble is None
    assert clock.reach(BEGIN + 48 * 3_600 * NANO)


@pytest.mark.parametrize("speed", [0.0, 1.0])
def test_a_lag_passes_for_both_sides(speed):
    provider = Provider(speed=speed)
    clock = provider.clock()
    wall, reading = provider.wall, provider.reading
    clock.lag(2)
    assert provider.wall >= wall + 2
    assert provider.reading >= reading + 2 * NANO
    assert clock.waited_s == pytest.approx(2)


# -- over a socket -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [ManualClock, RunningClock])
def test_the_served_providers_test_clock(kind):
    with server.running(build(clock=kind())) as url:
        settings = Settings(
            base_url=url, token=SEED.token, campaign_ids=SEED.campaigns[:1], test_clock=server.clock_url(url)
        )
        target = opening.open_live(settings, url)
        try:
            now = target.clock.window(target.time(), target.time())
            assert target.clock.reach(now.start + 3_600 * NANO)
            request = get(url, f"/ad_campaigns/{SEED.campaigns[0]}", Authorization=f"Bearer {SEED.token}")
            reply = target.send(request)
            assert reply.response.status == 200
            window = target.clock.window(reply.sent, reply.received)
            assert 0 <= window.start - now.start - 3_600 * NANO < NANO
            assert target.clock.trouble is None
            assert target.clock.kind == "test"
        finally:
            target.close()


@pytest.mark.parametrize(
    ("clock_url", "ours"),
    [
        ("https://staging.invalid/clock", True),
        ("https://STAGING.invalid:443/clock?x=1", True),
        ("http://staging.invalid/clock", False),
        ("https://staging.invalid:8443/clock", False),
        ("https://clock.staging.invalid/clock", False),
        ("https://staging.invalid.example.com/clock", False),
    ],
)
def test_the_credential_goes_to_the_targets_own_origin_alone(clock_url, ours):
    settings = Settings(token="secret-token", headers=(("x-gateway", "secret-too"),))
    headers = opening.clock_headers(settings, "https://staging.invalid/api/v1", clock_url)
    sent = {name: value for name, value in headers if "secret" in value}
    assert sent == ({"authorization": "Bearer secret-token", "x-gateway": "secret-too"} if ours else {})
