"""Runs that are killed at moments that the server chooses: every campaign is as before."""

import random
import shlex
import signal
from functools import partial

import pytest

from safety.nursery import SOAK
from safety.serving import ONE, THEIRS, TWO, Dropped
from whop_contracts.provider import SEED, Response

_OURS = (
    (ONE, TWO),
    (ONE, SEED.paused, SEED.paused_indefinitely),
    (SEED.paused, TWO),
    (SEED.paused_indefinitely, SEED.paused, SEED.campaigns[3]),
)
_LEAST = 250
"""Requests that the shortest of these runs sends, and a few less: moments are drawn from them."""
_MOMENTS = 30
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def moments(what):
    """Number of the request, whether before, after, or instead of the provider's work, and the campaigns."""
    rng = random.Random(f"moments of {what}")
    drawn = [
        (rng.randint(2, _LEAST), rng.choice(("before", "after", "instead")), _OURS[index % len(_OURS)])
        for index in range(_MOMENTS)
    ]
    return [
        pytest.param(at, when, ours, id=f"{at}-{when}-{_OURS.index(ours)}")
        for at, when, ours in drawn[:: 1 if SOAK else 5]
    ]


def interrupted(state, chosen, when, number, *more, campaigns=()):
    """The exit code and the output of a run that is signalled at the first request that is ``chosen``."""
    signalled = []

    def strike(seen, now):
        if now == (when == "after") and not signalled and chosen(seen):
            signalled.append(seen)
            state.nursery.signal(number)
            if when == "instead":
                raise Dropped

    def after(seen, answer):
        strike(seen, now=True)
        return answer

    state.before, state.after = partial(strike, now=False), after
    ended = state.run(*more, campaigns=campaigns)
    state.settle()
    return ended


@pytest.mark.parametrize(("at", "when", "ours"), moments("SIGKILL"))
def test_after_sigkill_restore_puts_everything_back(state, at, when, ours):
    code, _ = interrupted(state, lambda seen: seen.number == at, when, signal.SIGKILL, campaigns=ours)
    assert code == -signal.SIGKILL
    code, said = state.restore()
    assert code == 0, said
    assert state.states() == state.first
    assert state.journal.complete
    asked = len(state.requests)
    assert state.restore() == (0, "nothing to put back\n")
    assert len(state.requests) == asked


@pytest.mark.parametrize(("at", "when", "ours"), moments("signals"))
def test_after_an_interruption_nothing_is_left_to_restore(state, at, when, ours):
    number = _SIGNALS[at % 3]
    code, said = interrupted(state, lambda seen: seen.number == at, when, number, "--quiet", campaigns=ours)
    assert "Traceback" not in said
    if at <= len(ours) + 1:  # among the first reads
        assert (code, said.splitlines()[-1]) == (130, "whop-contracts: interrupted")
    else:
        assert code == 3
        assert "interrupted" in said
    assert state.states() == state.first
    assert state.journal.complete


@pytest.mark.parametrize("number", _SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("which", [1, 4])
def test_a_pause_under_way_when_a_run_is_interrupted_is_put_back_too(state, number, which):
    """The provider carries it out after the next two requests, or after a while."""
    pauses = []

    def before(seen):
        if seen.pauses and seen.campaign == ONE and b'"paused_until"' in seen.content:
            pauses.append(seen.number)
            if len(pauses) == which:
                state.nursery.signal(number)
                with state.busy:
                    state.busy.wait_for(lambda: len(state.requests) > seen.number + 2, timeout=0.5)

    state.before = before
    code, _ = state.run("--quiet")
    state.settle()
    assert code == 3
    assert state.states() == state.first
    assert state.journal.complete


def at_third_pause(state, then):
    """Have something done when a pause of the first campaign was accepted for the third time."""
    accepted = []

    def after(seen, answer):
        if seen.pauses and seen.campaign == ONE and answer.status == 200:
            accepted.append(seen.number)
            if len(accepted) == 3:
                then(seen)
        return answer

    state.after = after


@pytest.mark.parametrize("times", [2, 5])
@pytest.mark.parametrize("second", _SIGNALS[1:], ids=lambda number: number.name)
def test_further_signals_keep_a_run_neither_from_restoring_nor_from_its_result(state, second, times):
    """Signals one after the other while a pause is under way, and with every request from then on."""

    def impatient(seen):
        for _ in range(times):
            state.nursery.signal(second)
            with state.busy:
                state.busy.wait_for(lambda: len(state.requests) > seen.number, timeout=0.05)
        state.before = lambda _seen: state.nursery.signal(second)

    at_third_pause(state, impatient)
    assert state.run("--json", "r.json")[0] == 3
    state.settle()
    assert state.states() == state.first
    assert state.journal.complete
    assert state.result["reason"] == "the run was interrupted"


def test_a_second_ctrl_c_while_restoring_leaves_the_rest_to_restore(state):

    def interrupt(_seen):
        state.nursery.signal(signal.SIGINT)
        state.before = limited

    def limited(seen):
        if seen.path.endswith("/unpause"):
            state.nursery.signal(signal.SIGINT)
        return Response(429, (("retry-after", "3600"),))

    at_third_pause(state, interrupt)
    code, said = state.run("--json", "r.json")
    assert code == 4
    state.settle()
    assert f"restore: whop-contracts {shlex.join(state.restore_words)}\n" in said
    assert "restoring: the run was interrupted; a second Ctrl-C leaves the rest as it is\n" in said
    left = [f"{name}: not restored: restoring was interrupted" for name in (ONE, TWO)]
    # Another company's campaign is left as well, if it had got a request by then.
    assert state.result["put_back"]["failed"][: len(left)] == left
    assert state.result["exit_code"] == 4
    code, said = state.restore()
    assert code == 0, said
    assert state.states() == state.first


def test_ctrl_c_ends_restore_after_the_request_under_way(state):
    at_third_pause(state, lambda _seen: state.nursery.signal(signal.SIGKILL))
    assert state.run()[0] == -signal.SIGKILL
    state.settle()
    state.before = lambda _seen: state.nursery.signal(signal.SIGINT)
    asked = len(state.requests)
    code, said = state.restore()
    assert code == 4
    assert len(state.requests) == asked + 1
    assert said.count("NOT PUT BACK") == 2
    assert f"again with: whop-contracts {shlex.join(state.restore_words)}\n" in said


def theirs(action):
    return lambda seen: seen.path.endswith(f"{THEIRS}/{action}")


@pytest.mark.parametrize(("action", "when"), [("pause", "after"), ("unpause", "instead")])
def test_killed_while_another_companys_campaign_is_paused_restore_unpauses_it(serve, action, when):
    with serve(fault="foreign-pauses") as state:
        assert interrupted(state, theirs(action), when, signal.SIGKILL)[0] == -signal.SIGKILL
        assert state.states()[THEIRS][0] == "paused"
        code, said = state.restore()
        assert code == 0, said
        assert state.states() == state.first


def test_an_unpause_of_another_companys_campaign_is_journalled_even_where_it_cannot_be_read(serve):
    with serve(fault="foreign-unreadable-pauses") as state:
        assert interrupted(state, theirs("unpause"), "instead", signal.SIGKILL)[0] == -signal.SIGKILL
        record = state.journal.campaigns[THEIRS]
        assert not record.put_back
        assert [one.status for one in record.left] == ["active"]
        code, said = state.restore()
        assert code == 4
        assert f"NOT PUT BACK  {THEIRS}: left as it is" in said
