"""Errors of the infrastructure are no findings, and hide none."""

import email.utils
import random
import threading
import time

import pytest

from report.making import failing
from safety.nursery import SOAK
from safety.serving import Dropped
from whop_contracts.provider import Response

_JITTER_S = 0.2 if SOAK else 0.001
_FAULTS = ("stores-no-date", "status-in-review")


def assert_verdict(result, fault):
    """That a run conforms, unless there is a fault, and that the fault is found."""
    found = (result["exit_code"], bool(failing(result)))
    assert found == ((1, True) if fault else (0, False)), result["reason"]


_DROPPED = [(None, seed, None) for seed in range(12 if SOAK else 2)]
_DROPPED += [(None, 5, fault) for fault in _FAULTS]


@pytest.mark.parametrize(
    ("status", "seed", "fault"), [*_DROPPED, (502, 1, None), (503, 1, _FAULTS[0]), (527, 1, _FAULTS[1])]
)
def test_what_fails_on_the_way_is_no_finding_and_hides_none(status, seed, fault, serve, slept):
    """One exchange in twenty, before or after the provider's work; responses are delayed."""
    rng, pause = random.Random(seed), threading.Event()

    def failing_now():
        if rng.random() >= 0.025:
            return None
        if status is None:
            raise Dropped
        return Response(status)

    def before(_seen):
        pause.wait(rng.uniform(0, _JITTER_S))
        return failing_now()

    with serve(fault=fault) as state:
        state.before, state.after = before, lambda _seen, answer: failing_now() or answer
        result = state.check()
        assert_verdict(result, fault)
        assert any(
            (f"responses were {status}" if status else "no response") in one for one in result["notes"]
        )
        assert fault or (result["reason"], state.states()) == (None, state.first)
    assert slept
    assert max(slept) < 3


@pytest.mark.parametrize(
    ("told_by", "fault"), [("message", _FAULTS[0]), ("header", _FAULTS[1]), ("date", None)]
)
def test_twenty_seconds_of_429_are_waited_out(told_by, fault, serve, slept):
    began = []

    def before(seen):
        if seen.number < 30:
            return None
        began.append(sum(slept))
        if sum(slept) - began[0] >= 20:
            return None
        if told_by == "date":
            at = email.utils.formatdate(time.time() + 7, usegmt=True)
            return Response(429, (("retry-after", at), ("date", email.utils.formatdate(usegmt=True))), b"")
        if told_by == "header":
            return Response(429, (("retry-after", "7"),), b"")
        return Response(429, (), b'{"error": {"message": "Rate limited. Try again in 7 seconds."}}')

    with serve(fault=fault) as state:
        state.before = before
        result = state.check()
    assert_verdict(result, fault)
    assert any(note.startswith("3 responses were 429") for note in result["notes"])


@pytest.mark.usefixtures("slept")
@pytest.mark.parametrize(
    ("status", "lost"),
    [(504, range(600)), (520, range(600)), (None, range(600)), (None, range(200, 300))],
    ids=["gateway", "another gateway", "dropped", "only what is accepted"],
)
def test_a_run_ends_if_its_first_eight_pauses_get_no_response_of_the_provider(status, lost, state):

    def after(seen, answer):
        if not seen.pauses or answer.status not in lost:
            return answer
        if status is None:
            raise Dropped
        return Response(status)

    state.after = after
    result = state.check()
    assert state.states() == state.first
    assert result["exit_code"] == 3
    assert result["reason"].startswith("no pause got a 2xx, and 8 got no response at all: ")
    assert failing(result) == []
    assert result["requests"] < 100
