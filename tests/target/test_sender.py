"""Pacing, waiting, trying again, and budgets that are not passed."""

from __future__ import annotations

import itertools
import random

import pytest

from target.hostile import get, pause
from whop_contracts.exchange import Response
from whop_contracts.target import BudgetSpent, Reply, Sender

BASE = "http://127.0.0.1:9/api/v1"
START = 1_790_000_000.0
GET = get(BASE)
OK = Response(200, (), b"{}")


class Target:
    """A target that answers as scripted, then 200; time passes when somebody sleeps."""

    base_url = BASE

    def __init__(self, *script):
        self.script = list(script)
        self.now = START
        self.slept = []
        self.sent = []

    def time(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds

    def send(self, request):
        self.sent.append((self.now, request))
        answer = self.script.pop(0) if self.script else OK
        if isinstance(answer, str):
            return Reply(None, answer, self.now, self.now)
        return Reply(answer, None, self.now, self.now)

    def send_together(self, first, second):
        return self.send(first), self.send(second)


def courier(target, **how):
    return Sender(target, rng=random.Random(1), **how)


def refusal(message="", **headers):
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Response(429, pairs, b'{"error": {"message": "%s"}}' % message.encode())


def test_an_answer_is_delivered_and_nothing_said_of_it():
    target = Target()
    one = courier(target)
    assert [reply.response for reply in one.deliver(GET)] == [OK]
    assert (one.sent, one.notes, one.allowance, target.slept) == (1, [], None, [])


@pytest.mark.parametrize("status", [400, 401, 404, 409, 500, 501])
def test_a_refusal_is_an_answer_like_any_other(status):
    target = Target(Response(status))
    assert len(courier(target).deliver(GET)) == 1


@pytest.mark.parametrize(
    ("answer", "wait"),
    [
        (refusal("Too many requests. Try again in 7 seconds."), 7),
        (refusal("try again in 1 second"), 1),
        (refusal("Try again in 2.5 seconds."), 2.5),
        (refusal(Retry_After="9"), 9),
        (refusal("Try again in 3 seconds.", Retry_After="4"), 4),
        (refusal(Retry_After="Mon, 21 Sep 2026 14:13:32 GMT"), 12),
        (refusal(Retry_After="Mon, 21 Sep 2026 15:00:05 GMT", Date="Mon, 21 Sep 2026 15:00:00 GMT"), 5),
        (refusal(Retry_After="Mon, 21 Sep 2020 15:00:05 GMT"), 1),
        (refusal(Retry_After="soon"), 1),
        (refusal(Retry_After="-5"), 1),
        (refusal(), 1),
        (refusal("Try again in 86400 seconds."), 60),
        (refusal(Retry_After="999999"), 60),
    ],
)
def test_a_429_is_waited_out_as_it_says(answer, wait):
    target = Target(answer)
    one = courier(target)
    assert [reply.response.status for reply in one.deliver(GET)] == [429, 200]
    assert target.slept == [pytest.approx(wait)]
    assert one.waited_s == pytest.approx(wait)
    assert one.notes == [f"1 answer was 429; waited {wait:.0f} s"]


def test_twenty_seconds_of_429_are_outlasted():
    target = Target()
    send = target.send
    target.send = lambda request: (
        Reply(refusal("Try again in 1 seconds."), None, target.now, target.now)
        if target.now < START + 20
        else send(request)
    )
    assert courier(target).deliver(GET)[-1].response is OK


def test_a_429_for_ever_is_given_up():
    target = Target(*[refusal()] * 99)
    one = courier(target)
    assert {reply.response.status for reply in one.deliver(GET)} == {429}
    assert (one.sent, target.slept) == (6, [1, 2, 4, 8, 16])
    assert one.notes == ["6 answers were 429; waited 31 s"]


@pytest.mark.parametrize(
    "passing",
    [
        *(Response(status) for status in (502, 503, 504)),
        *("timed out", "connection reset", "connection refused"),
        *("connection closed before an answer", "connection closed in the middle of the answer"),
    ],
)
def test_what_may_pass_is_tried_again_three_times_with_growing_pauses(passing):
    target = Target(*[passing] * 99)
    one = courier(target)
    assert len(one.deliver(GET)) == 4
    assert [0.1 <= target.slept[0] < 0.3, 0.2 <= target.slept[1] < 0.6, 0.4 <= target.slept[2] < 1.2] == [
        True
    ] * 3
    assert one.notes[0].startswith("4 ")
    assert len(courier(Target(passing)).deliver(GET)) == 2


def test_pauses_are_drawn_from_what_was_handed_in():
    slept = []
    for seed in (1, 1, 2):
        target = Target("timed out")
        Sender(target, rng=random.Random(seed)).deliver(GET)
        slept.append(target.slept)
    assert slept[0] == slept[1] != slept[2]


@pytest.mark.parametrize(
    "trouble", ["TLS: no", "not HTTP/1.1: x", "too many headers", "the host's name is not known"]
)
def test_what_will_not_pass_is_not_tried_again(trouble):
    one = courier(Target(trouble))
    assert [reply.trouble for reply in one.deliver(GET)] == [trouble]
    assert one.notes == [f"1 request was not answered: {trouble}"]


def test_a_rate_is_kept_for_each_operation_in_any_minute():
    target = Target()
    one = courier(target, rate=3)
    for _ in range(7):
        one.deliver(GET)
        one.deliver(pause(BASE))
        target.now += 1
    for operation in ("pause", "retrieve"):
        times = [at for at, request in target.sent if request.operation == operation]
        assert all(later - earlier >= 60 for earlier, later in zip(times, times[3:], strict=False))
    assert target.now < START + 140
    assert one.notes == [f"waited {sum(target.slept):.0f} s to keep to 3 requests a minute"]


def test_retries_keep_the_rate_too():
    target = Target("timed out", "timed out")
    courier(target, rate=1).deliver(GET)
    times = [at for at, _ in target.sent]
    assert [later - earlier for earlier, later in itertools.pairwise(times)] == pytest.approx([60, 60])


def test_the_budget_of_requests_ends_before_it_is_passed_and_its_reserve_is_kept():
    target = Target()
    one = courier(target, max_requests=5, reserve=2)
    for left in (3, 2, 1):
        assert one.allowance == left
        one.deliver(GET)
    with pytest.raises(BudgetSpent, match="the budget of 5 requests is spent"):
        one.deliver(GET)
    assert one.sent == 3
    one.open_reserve()
    one.deliver(GET)
    one.deliver(GET)
    with pytest.raises(BudgetSpent):
        one.deliver(GET)
    assert len(target.sent) == 5


def test_a_retry_that_the_budget_does_not_allow_is_left_out():
    one = courier(Target("timed out"), max_requests=1)
    assert [reply.trouble for reply in one.deliver(GET)] == ["timed out"]


def test_a_budget_of_one_does_not_let_two_go_together():
    target = Target()
    one = courier(target, max_requests=1)
    with pytest.raises(BudgetSpent):
        one.deliver_together(pause(BASE), pause(BASE))
    assert target.sent == []


def test_two_go_together_and_are_counted():
    one = courier(Target(Response(503)))
    assert [reply.response.status for reply in one.deliver_together(pause(BASE), pause(BASE))] == [503, 200]
    assert (one.sent, one.notes) == (2, ["1 answer was 503"])


def test_the_budget_of_time_ends_before_it_is_passed():
    target = Target()
    one = courier(target, max_time=10)
    one.deliver(GET)
    target.now += 10
    with pytest.raises(BudgetSpent, match="the budget of 10 s is spent"):
        one.deliver(GET)
    one.open_reserve()
    one.deliver(GET)


def test_no_wait_goes_beyond_the_budget_of_time():
    target = Target(refusal("Try again in 30 seconds."))
    one = courier(target, max_time=10)
    assert [reply.response.status for reply in one.deliver(GET)] == [429]
    assert target.slept == []
    paced = courier(target, max_time=10, rate=1)
    paced.deliver(GET)
    with pytest.raises(BudgetSpent):
        paced.deliver(GET)
    assert target.slept == []
