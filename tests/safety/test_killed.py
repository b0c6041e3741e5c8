"""Runs that are killed at moments that the server chooses: every campaign is as before."""

import json
import random
import shlex
import signal

import pytest
from nursery import SOAK
from serving import Dropped, served

from whop_contracts.engine.journal import Journal
from whop_contracts.pause.evidence import read_state
from whop_contracts.provider import SEED, Answer

_OURS = (
    (SEED.campaigns[0], SEED.campaigns[1]),
    (SEED.campaigns[0], SEED.paused, SEED.paused_indefinitely),
    (SEED.paused, SEED.campaigns[1]),
    (SEED.paused_indefinitely, SEED.paused, SEED.campaigns[3]),
)
_LEAST = 250
"""Requests that the shortest of these runs sends, and a few less: moments are drawn from them."""
_MOMENTS = 30
_SOME = range(_MOMENTS) if SOAK else range(0, _MOMENTS, 5)


_TOKENS = {"WHOP_API_TOKEN": SEED.token, "WHOP_READONLY_TOKEN": SEED.readonly_token}


def run(nursery, folder, state, ours, *more):
    """The exit code and the output of a run on these campaigns."""
    named = ("--foreign-campaign-id", SEED.foreign_campaign, "--journal", "journal.jsonl")
    return nursery.run("run", *state.words(*ours), *named, *more, cwd=folder, **_TOKENS)


def moments(what):
    """Number of the request, whether before, after, or instead of the provider's work, and the campaigns."""
    rng = random.Random(f"moments of {what}")
    drawn = [
        (rng.randint(2, _LEAST), rng.choice(("before", "after", "instead")), _OURS[index % len(_OURS)])
        for index in range(_MOMENTS)
    ]
    return [
        pytest.param(at, when, ours, id=f"{at}-{when}-{_OURS.index(ours)}")
        for at, when, ours in (drawn[index] for index in _SOME)
    ]


def arm(state, nursery, at, when, number):
    """Have the child signalled at its request number ``at``."""

    def before(seen):
        if seen.number == at and when != "after":
            nursery.signal(number)
            if when == "instead":
                raise Dropped

    def after(seen, answer):
        if seen.number == at and when == "after":
            nursery.signal(number)
        return answer

    state.before, state.after = before, after


def disarm(state):
    state.before, state.after = (lambda _seen: None), (lambda _seen, answer: answer)


def restoring(state):
    return ["restore", "journal.jsonl", "--base-url", state.base_url, "--test-clock", state.clock_url]


@pytest.mark.parametrize(("at", "when", "ours"), moments("SIGKILL"))
def test_after_sigkill_restore_puts_everything_back(nursery, tmp_path, at, when, ours):
    with served() as state:
        first = state.states()
        arm(state, nursery, at, when, signal.SIGKILL)
        assert run(nursery, tmp_path, state, ours)[0] == -signal.SIGKILL
        state.settle()
        disarm(state)
        code, said = nursery.run(*restoring(state), cwd=tmp_path, **_TOKENS)
        assert code == 0, said
        assert state.states() == first
        assert Journal.read(tmp_path / "journal.jsonl", read_state).complete
        asked = len(state.requests)
        assert nursery.run(*restoring(state), cwd=tmp_path, **_TOKENS) == (0, "nothing to put back\n")
        assert len(state.requests) == asked


@pytest.mark.parametrize(("at", "when", "ours"), moments("signals"))
def test_after_an_interruption_nothing_is_left_to_restore(nursery, tmp_path, at, when, ours):
    number = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)[at % 3]
    with served() as state:
        first = state.states()
        arm(state, nursery, at, when, number)
        code, said = run(nursery, tmp_path, state, ours, "--quiet")
        assert "Traceback" not in said
        if at <= len(ours) + 1:  # among the first reads
            assert (code, said.splitlines()[-1]) == (130, "whop-contracts: interrupted")
        else:
            assert code == 3
            assert "interrupted" in said
        state.settle()
        assert state.states() == first
        assert Journal.read(tmp_path / "journal.jsonl", read_state).complete


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name
)
@pytest.mark.parametrize("which", [1, 4])
def test_a_pause_under_way_when_a_run_is_interrupted_is_put_back_too(nursery, tmp_path, number, which):
    """The provider carries it out after the next two requests, or after a while."""
    ours = _OURS[0]
    with served() as state:
        first = state.states()
        pauses = []

        def before(seen):
            if seen.pauses and seen.campaign == ours[0] and b'"paused_until"' in seen.content:
                pauses.append(seen.number)
                if len(pauses) == which:
                    nursery.signal(number)
                    with state.busy:
                        state.busy.wait_for(lambda: len(state.requests) > seen.number + 2, timeout=0.5)

        state.before = before
        code, _ = run(nursery, tmp_path, state, ours, "--quiet")
        state.settle()
        assert code == 3
        assert state.states() == first
        assert Journal.read(tmp_path / "journal.jsonl", read_state).complete


def _pauses(state, campaign, which, then):
    """Have something done when a pause of a campaign was accepted for the so manieth time."""
    accepted = []

    def after(seen, answer):
        if seen.pauses and seen.campaign == campaign and answer.status == 200:
            accepted.append(seen.number)
            if len(accepted) == which:
                then(seen)
        return answer

    state.after = after


@pytest.mark.parametrize("times", [2, 5])
@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_further_signals_keep_a_run_neither_from_restoring_nor_from_its_result(
    nursery, tmp_path, second, times
):
    """Signals one after the other while a pause is under way, and with every request from then on."""
    ours = _OURS[0]
    with served() as state:
        first = state.states()

        def impatient(seen):
            for _ in range(times):
                nursery.signal(second)
                with state.busy:
                    state.busy.wait_for(lambda: len(state.requests) > seen.number, timeout=0.05)
            state.before = lambda _seen: nursery.signal(second)

        _pauses(state, ours[0], 3, impatient)
        assert run(nursery, tmp_path, state, ours, "--json", "r.json")[0] == 3
        state.settle()
        assert state.states() == first
    assert Journal.read(tmp_path / "journal.jsonl", read_state).complete
    assert json.loads((tmp_path / "r.json").read_text())["reason"] == "the run was interrupted"


def test_a_second_ctrl_c_while_restoring_leaves_the_rest_to_restore(nursery, tmp_path):
    ours = _OURS[0]
    with served() as state:
        first = state.states()
        waiting = Answer(429, (("retry-after", "3600"),))

        def interrupt(seen):
            nursery.signal(signal.SIGINT)
            state.before = limited

        def limited(seen):
            if seen.path.endswith("/unpause"):
                nursery.signal(signal.SIGINT)
            return waiting

        _pauses(state, ours[0], 3, interrupt)
        code, said = run(nursery, tmp_path, state, ours, "--json", "r.json")
        assert code == 4
        disarm(state)
        again = shlex.join(restoring(state))
        assert f"restore: whop-contracts {again}\n" in said
        assert "restoring: the run was interrupted; a second Ctrl-C leaves the rest as it is\n" in said
        result = json.loads((tmp_path / "r.json").read_text())
        left = [f"{name}: not restored: restoring was interrupted" for name in ours]
        # Another company's campaign is left as well, if it had got a request by then.
        assert result["put_back"]["failed"][: len(left)] == left
        assert result["exit_code"] == 4
        code, said = nursery.run(*shlex.split(again), cwd=tmp_path, **_TOKENS)
        assert code == 0, said
        assert state.states() == first


def test_ctrl_c_ends_restore_after_the_request_under_way(nursery, tmp_path):
    ours = _OURS[0]
    with served() as state:
        _pauses(state, ours[0], 3, lambda _seen: nursery.signal(signal.SIGKILL))
        assert run(nursery, tmp_path, state, ours)[0] == -signal.SIGKILL
        state.settle()
        disarm(state)
        state.before = lambda _seen: nursery.signal(signal.SIGINT)
        asked = len(state.requests)
        code, said = nursery.run(*restoring(state), cwd=tmp_path, **_TOKENS)
        assert code == 4
        assert len(state.requests) == asked + 1
        assert said.count("NOT PUT BACK") == len(ours)
        assert f"again with: whop-contracts {shlex.join(restoring(state))}\n" in said
