"""The provider's test clock: moved by one request, given up with a reason if it does not behave as one."""

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whop_contracts.cli import planning as opening
from whop_contracts.exchange import Response
from whop_contracts.instants import read_instant, write_instant
from whop_contracts.settings import Settings, UsageError
from whop_contracts.target.remote_clock import ProviderTestClock
from whop_contracts.target.responses import Reply

NANO = 1_000_000_000
MS = 1_000_000
WALL = 1_790_000_000.0
BEGIN = 1_893_456_000 * NANO
URL = "https://me:secret@clock.invalid:8443/now?key=secret"


class Provider:
    """A provider's test clock and the sender's time: at ``speed`` 0 the clock stands still, at 1 it runs.

    ``silent``: the response to a PUT does not contain the clock's reading.
    """

    speed, digits, keeps, latency, works, silent = 0.0, 6, 1, 0.01, 0, False

    def __init__(self, **how):
        vars(self).update(how)
        self.wall, self.reading = WALL, BEGIN
        self.methods, self.headers = [], []
        self.script = how.get("script", [])

    def pass_(self, seconds):
        self.wall += seconds
        self.reading += int(seconds * self.speed * NANO)

    def exchange(self, request):
        assert request.url == URL
        self.methods.append(request.method)
        self.headers.append(request.headers)
        sent = self.wall
        self.pass_(self.latency / 2)
        given = self.script.pop(0) if self.script else self.respond(request.method, request.content)
        self.pass_(self.latency / 2)
        if isinstance(given, str):
            return Reply(None, given, sent, self.wall)
        return Reply(Response(given[0], (), given[1]), None, sent, self.wall)

    def respond(self, method, content):
        if method == "PUT":
            if self.works:
                self.works -= 1
                return 202, b""
            wanted = read_instant(json.loads(content)["now"]).ns
            if wanted < self.reading:
                return 409, b""
            self.reading = wanted // self.keeps * self.keeps
            if self.silent:
                return 200, b""
        return 200, json.dumps({"now": write_instant(self.reading, digits=self.digits)}).encode()

    def clock(self):
        how = {"time": lambda: self.wall, "sleep": self.pass_}
        clock = ProviderTestClock(URL, exchange=self.exchange, headers=[("a", "b")], **how)
        clock.start()
        return clock

    def shown(self, clock):
        """The window of an exchange that takes no time; the true reading is within it."""
        window = clock.window(self.wall, self.wall)
        assert window.start <= self.reading <= window.end + 10_000
        return window


def test_a_move_is_one_request_if_the_response_shows_the_clock_and_two_otherwise():
    """Whether it stands still or runs, it is there, and the window stays narrow."""
    for speed, silent in itertools.product((0.0, 0.5, 1.0), (False, True)):
        provider = Provider(speed=speed, silent=silent)
        clock = provider.clock()
        for hours in (1, 2, 30):
            provider.pass_(20)
            assert width(provider.shown(clock)) < 21 * NANO
            assert clock.reach(BEGIN + hours * 3_600 * NANO)
            assert 0 <= provider.reading - (BEGIN + hours * 3_600 * NANO) < 50 * MS
            assert width(provider.shown(clock)) < 50 * MS
        assert provider.methods == ["GET", *(["PUT", "GET"] if silent else ["PUT"]) * 3]
        assert set(provider.headers[0]) == {("a", "b")}
        assert ("content-type", "application/json") in provider.headers[1]
        assert speed or clock.moved == (BEGIN, BEGIN + 30 * 3_600 * NANO)
        assert (clock.waited_s, clock.trouble) == (0, None)


def width(window):
    return window.end - window.start


def test_it_is_moved_to_the_next_millisecond_and_not_if_it_is_past_it():
    for ns, methods in ((0, ["GET"]), (1_234_567, ["GET", "PUT"])):
        provider = Provider(digits=9)
        assert provider.clock().reach(BEGIN + ns)
        assert provider.methods == methods
        assert provider.reading == BEGIN + (2 * MS if ns else 0)


@settings(max_examples=100)
@given(
    silent=st.booleans(),
    speed=st.floats(0, 1),
    latency=st.floats(0, 1.5),
    steps=st.lists(st.tuples(st.floats(0, 50), st.floats(0, 10_000)), max_size=10),
    digits=st.sampled_from([0, 3, 6, 9]),
)
def test_the_true_reading_is_never_outside_the_window(silent, speed, latency, steps, digits):
    keeps = NANO if digits == 0 else 1
    provider = Provider(speed=speed, latency=latency, digits=digits, keeps=keeps, silent=silent)
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
        assert window.start <= low + 10_000
        assert window.end + 10_000 >= provider.reading


def test_a_clock_that_keeps_or_shows_whole_seconds_is_understood():
    for keeps, digits in itertools.product((1, MS, NANO), (0, 3, 6)):
        provider = Provider(keeps=keeps, digits=digits)
        clock = provider.clock()
        for ms in (1_500, 2_001, 90_000, 90_999):
            assert clock.reach(BEGIN + ms * MS)
            assert provider.shown(clock).start >= BEGIN + ms * MS
            assert provider.reading - (BEGIN + ms * MS) < NANO


def test_work_that_is_pending_is_waited_for_at_most_30_seconds():
    provider = Provider(works=5)
    clock = provider.clock()
    assert clock.reach(BEGIN + NANO)
    assert provider.methods == ["GET", *["PUT"] * 6]
    assert clock.waited_s > 0
    provider.works = 10**9
    assert not clock.reach(BEGIN + 2 * NANO)
    assert clock.trouble == "the test clock did not finish within 30 s what fell due"


def test_a_clock_that_is_past_the_instant_is_there():
    """It ran past it by itself, or the response to an earlier try was lost."""
    provider = Provider(speed=1.0)
    clock = provider.clock()
    provider.pass_(0.9)
    assert clock.reach(BEGIN + 500 * MS)
    assert provider.methods == ["GET", "PUT", "GET"]
    for speed in (0.0, 1.0):
        provider = Provider(speed=speed)
        clock = provider.clock()
        provider.script = ["connection reset"]
        provider.reading = BEGIN + NANO
        assert clock.reach(BEGIN + NANO)
        provider.shown(clock)
        assert clock.trouble is None


def test_an_error_of_the_infrastructure_is_retried():
    for error in ("connection reset", "timed out", (503, b""), (429, b""), (522, b"")):
        provider = Provider()
        provider.script = [error, error]
        clock = provider.clock()
        assert clock.trouble is None
        provider.script = [error, error, error]
        assert clock.reach(BEGIN + NANO)
        assert provider.reading == BEGIN + NANO


CREDENTIAL = "the clock needs a credential, which is sent to it only on the origin of the base URL"
OTHER = "the URL is not that of a test clock"
SHAPE = 'did not respond with {"now": "<RFC 3339>"}'
MISFITS = [
    ((401, b""), "responded to a GET with 401", CREDENTIAL),
    ((403, b""), "responded to a GET with 403", CREDENTIAL),
    ((404, b"{}"), "responded to a GET with 404", "the path is wrong, or this environment has no test clock"),
    ((302, b""), "responded to a GET with 302", "the clock has moved; redirects are not followed"),
    ((405, b""), "responded to a GET with 405", OTHER),
    ((204, b""), "responded to a GET with 204", OTHER),
    *(
        ((200, body), SHAPE, OTHER)
        for body in (
            *(b"", b"<html>", b"[" * 100_000, b"\xff", b"[]", b"{}", b'{"now": 1790000000}'),
            *(b'{"now": "2026-09-21"}', b'{"now": "9999-12-31T23:59:59Z"}', b'{"now": "%s"}' % (b"9" * 99)),
        )
    ),
]


def test_a_first_reading_that_no_test_clock_gives_is_an_error_of_the_user():
    """It shows neither the query nor a credential of the URL."""
    for response, what, cause in MISFITS:
        provider = Provider(script=[response])
        with pytest.raises(UsageError) as raised:
            provider.clock()
        expected = 'expected 200 with {"now": "<RFC 3339>"}'
        shown = "--test-clock https://clock.invalid:8443/now"
        assert str(raised.value) == f"{shown}: it {what}; {expected}; likely cause: {cause}"


def test_an_error_of_the_infrastructure_prevents_the_first_reading():
    for response, trouble in (
        ("connection refused", "cannot be reached: connection refused"),
        ((429, b""), "responded with 429"),
        ((503, b""), "responded with 503"),
        ((500, b""), "responded to a GET with 500"),
        ((202, b""), "did not finish within 30 s what fell due"),
    ):
        provider = Provider(script=[response] * 99)
        clock = provider.clock()
        assert clock.trouble == f"the test clock {trouble}"
        assert (clock.window(WALL, WALL), clock.reach(BEGIN), clock.moved) == (None, False, None)
        clock.lag(1)
        assert "PUT" not in provider.methods


FAST = "runs faster than time does, or somebody else moves it"


def showing(ns):
    return 200, json.dumps({"now": write_instant(ns)}).encode()


NOT_MOVED = [
    ([(409, b"")], "would not be moved forwards to 2030-01-01T02:00:00.000Z (409)"),
    ([(500, b"")], "responded to a PUT with 500"),
    (["connection refused"] * 4, "cannot be reached: connection refused"),
    ([showing(BEGIN + 3_600 * NANO)] * 9, "did not go where it was moved to, though it said so"),
    ([showing(BEGIN)] * 9, "went backwards"),
    ([showing(BEGIN + 9_999 * NANO)] * 9, FAST),
    ([(409, b""), showing(BEGIN + 9_999 * NANO)], FAST),
]


def test_a_clock_that_does_not_go_where_it_is_moved_is_unusable():
    for (script, trouble), silent in itertools.product(NOT_MOVED, (False, True)):
        provider = Provider(silent=silent)
        clock = provider.clock()
        assert clock.reach(BEGIN + 3_600 * NANO)
        provider.pass_(5)
        provider.script = list(script)
        assert not clock.reach(BEGIN + 7_200 * NANO)
        assert clock.trouble == f"the test clock {trouble}"
        assert clock.window(provider.wall, provider.wall) is None
        assert not clock.reach(BEGIN)


def test_it_is_moved_48_hours_at_most():
    provider = Provider()
    clock = provider.clock()
    for hours, reached in ((47, True), (49, False), (48, True)):
        assert clock.reach(BEGIN + hours * 3_600 * NANO) is reached
    assert clock.trouble is None


def test_a_lag_passes_for_both_sides():
    for speed in (0.0, 1.0):
        provider = Provider(speed=speed)
        clock = provider.clock()
        wall, reading = provider.wall, provider.reading
        clock.lag(2)
        assert provider.wall >= wall + 2
        assert provider.reading >= reading + 2 * NANO
        assert clock.waited_s == pytest.approx(2)


def test_the_credential_goes_to_the_targets_own_origin_alone():
    given_settings = Settings(token="secret-token", headers=(("x-gateway", "secret-too"),))
    for clock_url, ours in {
        "https://staging.invalid/clock": True,
        "https://STAGING.invalid:443/clock?x=1": True,
        "http://staging.invalid/clock": False,
        "https://staging.invalid:8443/clock": False,
        "https://clock.staging.invalid/clock": False,
        "https://staging.invalid.example.com/clock": False,
    }.items():
        headers = opening.clock_headers(given_settings, "https://staging.invalid/api/v1", clock_url)
        sent = {name: value for name, value in headers if "secret" in value}
        both = {"authorization": "Bearer secret-token", "x-gateway": "secret-too"}
        assert sent == (both if ours else {}), clock_url
