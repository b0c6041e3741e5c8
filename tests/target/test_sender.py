"""The sender spreads requests, waits as a 429 asks, retries what may pass, and never exceeds a budget."""

import itertools
import random

import pytest

from target.hostile import FakeTime, get, lines, pause
from whop_contracts.exchange import INFRASTRUCTURE, Response
from whop_contracts.target.responses import Reply
from whop_contracts.target.sender import BudgetSpent, Sender

BASE = "http://127.0.0.1:9/api/v1"
START = 1_790_000_000.0
GET = get(BASE)
OK = Response(200, (), b"{}")


class Target(FakeTime):
    """Responds as scripted, then with a 200."""

    base_url = BASE

    def __init__(self, *script):
        super().__init__(START)
        self.script, self.sent, self.limits = list(script), [], []

    def send(self, request, *, timeout=None):
        self.sent.append((self.now, request))
        self.limits.append(timeout)
        given = self.script.pop(0) if self.script else OK
        response, trouble = (None, given) if isinstance(given, str) else (given, None)
        return Reply(response, trouble, self.now, self.now)


def sender(target, **how):
    return Sender(target, rng=random.Random(1), **how)


def delivered(one):
    return [reply.trouble or reply.response.status for reply in one.deliver(GET)]


def too_many(message="", **headers):
    return Response(429, lines(headers), b'{"error": {"message": "%s"}}' % message.encode())


def test_what_the_provider_did_and_what_will_not_pass_is_delivered_once():
    troubles = ("TLS: no", "not HTTP/1.1: x", "too many headers", "the host's name is not known")
    for given, notes in (
        *((Response(status), []) for status in (200, 400, 401, 404, 409, 500, 501, 505, 519, 528)),
        *((trouble, [f"1 request got no response: {trouble}"]) for trouble in troubles),
    ):
        target = Target(given)
        one = sender(target)
        assert delivered(one) == [getattr(given, "status", given)]
        assert (one.sent, one.notes, one.allowance, target.slept) == (1, notes, None, [])


def test_a_429_is_waited_out_as_it_asks_for_at_most_a_minute():
    for response, wait in (
        (too_many("Too many requests. Try again in 7 seconds."), 7),
        (too_many("try again in 1 second"), 1),
        (too_many("Try again in 2.5 seconds."), 2.5),
        (too_many(Retry_After="9"), 9),
        (too_many("Try again in 3 seconds.", Retry_After="4"), 4),
        (too_many(Retry_After="Mon, 21 Sep 2026 14:13:32 GMT"), 12),
        (too_many(Retry_After="Mon, 21 Sep 2026 15:00:05 GMT", Date="Mon, 21 Sep 2026 15:00:00 GMT"), 5),
        (too_many(Retry_After="Mon, 21 Sep 2020 15:00:05 GMT"), 1),
        *((too_many(Retry_After=wrong), 1) for wrong in ("soon", "-5", "")),
        (too_many("Try again in 86400 seconds."), 60),
        (too_many(Retry_After="999999"), 60),
    ):
        target = Target(response)
        one = sender(target)
        assert delivered(one) == [429, 200]
        assert target.slept == [pytest.approx(wait)], response
        assert one.waited_s == pytest.approx(wait)
        assert one.notes == [f"1 response was 429; waited {wait:.0f} s"]


def test_each_wait_after_a_429_is_twice_the_one_before_and_there_are_five():
    target = Target(*[too_many("Try again in 1 seconds.")] * 99)
    one = sender(target)
    assert delivered(one) == [429] * 6
    assert target.slept == [1, 2, 4, 8, 16]
    assert one.notes == ["6 responses were 429; waited 31 s"]


def test_what_may_pass_is_retried_three_times_with_growing_pauses():
    statuses = [502, 503, 504, *range(520, 528)]
    assert sorted(INFRASTRUCTURE) == [429, *statuses]
    for passing in (
        *map(Response, statuses),
        *("timed out", "connection reset", "connection refused"),
        *("connection closed before a response", "connection closed in the middle of the response"),
    ):
        target = Target(*[passing] * 99)
        one = sender(target)
        assert len(one.deliver(GET)) == 4
        first, second, third = target.slept
        assert 0.1 <= first < 0.3
        assert 0.2 <= second < 0.6
        assert 0.4 <= third < 1.2
        assert one.notes[0].startswith("4 ")
        assert one.waited_s == 0
        assert len(sender(Target(passing)).deliver(GET)) == 2


def test_pauses_are_drawn_from_the_given_generator():
    slept = []
    for seed in (1, 1, 2):
        target = Target("timed out")
        Sender(target, rng=random.Random(seed)).deliver(GET)
        slept.append(target.slept)
    assert slept[0] == slept[1] != slept[2]


def test_a_note_counts_each_kind_of_trouble():
    one = sender(Target("timed out", Response(522), OK, too_many(), Response(522)))
    delivered(one)
    delivered(one)
    assert one.notes == [
        "1 response was 429; waited 1 s",
        "2 responses were 522",
        "1 request got no response: timed out",
    ]


def test_requests_of_one_operation_are_spread_evenly_and_those_of_another_are_not_delayed():
    """Retries count too: a token bucket of the same rate never overflows."""
    target = Target(*["timed out"] * 2)
    one = sender(target, rate=30)
    for _ in range(5):
        one.deliver(GET)
        one.deliver(pause(BASE))
    for operation, count in (("pause", 5), ("retrieve", 7)):
        times = [at for at, request in target.sent if request.operation == operation]
        assert [later - earlier for earlier, later in itertools.pairwise(times)] == pytest.approx(
            [2] * (count - 1)
        )
    assert target.now == pytest.approx(START + 12)
    assert one.notes[1] == "waited 11 s to keep to 30 requests a minute"
    assert one.waited_s == pytest.approx(11.3, abs=0.3)


def test_time_that_passes_by_itself_is_not_waited_again_and_saves_nothing_for_a_burst():
    target = Target()
    one = sender(target, rate=60)
    for passed in (0.4, 30.0, 0.0, 0.0):
        one.deliver(GET)
        target.now += passed
    assert target.slept == pytest.approx([0.6, 1.0])


def test_the_budget_of_requests_is_never_exceeded_and_its_reserve_is_kept():
    target = Target()
    one = sender(target, max_requests=5, reserve=2)
    for left in (3, 2, 1):
        assert one.allowance == left
        one.deliver(GET)
    with pytest.raises(BudgetSpent, match="the budget of 5 requests is spent"):
        one.deliver(GET)
    assert one.sent == 3
    one.restore_within(60, print)
    one.deliver(GET)
    one.deliver(GET)
    with pytest.raises(BudgetSpent):
        one.deliver(GET)
    assert len(target.sent) == 5


def test_a_retry_that_a_budget_excludes_is_left_out():
    assert delivered(sender(Target("timed out"), max_requests=1)) == ["timed out"]
    for response, how in ((too_many("Try again in 30 seconds."), {}), ("timed out", {"rate": 1})):
        target = Target(response)
        assert len(sender(target, max_time=10, **how).deliver(GET)) == 1
        assert target.slept == []


def test_the_budget_of_time_is_never_exceeded():
    target = Target()
    one = sender(target, max_time=10)
    one.deliver(GET)
    target.now += 10
    with pytest.raises(BudgetSpent, match="the budget of 10 s is spent"):
        one.deliver(GET)
    one.restore_within(60, print)
    one.deliver(GET)
    paced = sender(target, max_time=10, rate=1)
    paced.deliver(GET)
    with pytest.raises(BudgetSpent):
        paced.deliver(GET)
    assert target.slept == []


def test_restoring_waits_for_half_of_the_time_that_is_left_and_reports_each_retry():
    target = Target(*[too_many(Retry_After="3600")] * 99)
    one, notes = sender(target, max_time=5), []
    one.restore_within(60, notes.append)
    assert delivered(one) == [429] * 6
    assert target.slept == [30, 15, 7.5, 3.75, 1.875]
    assert target.limits == [60, 30, 15, 7.5, 3.75, 1.875]
    assert notes[0].startswith("GET adcamp_")
    assert notes[0].endswith(": 429; sent again in 30 s, for at most 60 s more")
    target.now += 2
    with pytest.raises(BudgetSpent, match="--restore-time"):
        one.deliver(GET)
    one.restore_within(1, notes.append)
    assert (delivered(one), len(notes)) == ([429], 5)
