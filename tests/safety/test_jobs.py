"""``--jobs``: the requests of a group that must be rejected are sent over several connections at once."""

import os
import signal
from functools import partial

import pytest

from whop_contracts.cli.check import check
from whop_contracts.engine.plan import Plan
from whop_contracts.pause.request_classes import vectors
from whop_contracts.pause.sequences import together
from whop_contracts.settings import Settings
from whop_contracts.steps import Capabilities

ALL_OF_A_GROUP = (
    *("zero-for-date", "array-as-body", "text-as-body", "very-long-text"),
    *("true-for-date", "number-as-body", "true-as-body", "not-json"),
)
GROUP = together(*(vectors()[id_] for id_ in ALL_OF_A_GROUP))
ONE_GROUP = Plan("quick", 0, Capabilities(2, clock="test"), (GROUP,))


@pytest.mark.parametrize("fault", [None, "refusal-forgets-date", "accepts-any-type", "accepts-any-string"])
def test_the_verdicts_are_those_of_one_connection(fault, serve):
    verdicts = []
    for jobs in (1, 4):
        with serve(fault=fault) as state:
            result = state.check(profile="quick", jobs=jobs)
            assert not result["put_back"]["failed"]
            assert state.states() == state.first
        verdicts.append({row["id"]: row["verdict"] for row in result["clauses"]})
    assert verdicts[0] == verdicts[1]
    assert ("failed" in verdicts[0].values()) == (fault is not None)


@pytest.mark.parametrize("jobs", [2, 3])
def test_so_many_requests_are_under_way_at_once_and_no_more(jobs, state):
    most = [0]

    def before(seen):
        with state.busy:
            most[0] = max(most[0], state.working)
            state.busy.notify_all()
            if seen.pauses:
                assert state.busy.wait_for(lambda: most[0] >= jobs, timeout=20)

    state.before = before
    result = state.check(ONE_GROUP, jobs=jobs)
    assert most[0] == jobs
    assert result["requests"] == 2 + len(ALL_OF_A_GROUP) + 1 + 2
    assert len({seen.content for seen in state.requests if seen.pauses}) == len(ALL_OF_A_GROUP)


def test_budget_and_rate_hold_across_connections(state):
    result = state.check(ONE_GROUP, jobs=4, max_requests=13, rate=6_000)
    # Two campaigns are read first; three requests for each and one for the foreign one are kept back.
    assert sum(seen.pauses for seen in state.requests) == 13 - 2 - 2 * 3 - 1
    assert any("1 of 1 sequences were not finished" in note for note in result["notes"])
    assert not result["put_back"]["failed"]


@pytest.mark.parametrize("fault", [None, "accepts-any-type"])
def test_ctrl_c_waits_for_what_is_under_way_and_restores(fault, serve, request):
    # The workers of pytest-xdist ignore it, and what is ignored stays so.
    request.addfinalizer(partial(signal.signal, signal.SIGINT, signal.getsignal(signal.SIGINT)))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with serve(fault=fault) as state:

        def before(seen):
            if seen.pauses:
                state.before = lambda _seen: None
                os.kill(os.getpid(), signal.SIGINT)

        state.before = before
        result = state.check(ONE_GROUP, jobs=2)
        assert state.states() == state.first
    assert sum(seen.pauses for seen in state.requests) < len(ALL_OF_A_GROUP)
    assert not result["put_back"]["failed"]
    assert fault or result["reason"] == "the run was interrupted"


def test_the_mock_is_sent_one_request_after_the_other():
    assert check(Settings(profile="quick", jobs=8))["exit_code"] == 0
