"""No false alarm on a conforming provider, with one seed, or WHOP_TESTS_SEEDS of them (`tox -e seeds`)."""

import os
from functools import partial

import pytest

from safety.serving import served
from whop_contracts.cli import check as engine
from whop_contracts.cli import planning
from whop_contracts.proof import START, Trial
from whop_contracts.proof.trials import attempt
from whop_contracts.provider import SEED, ManualClock, build, variations

SEEDS = int(os.environ.get("WHOP_TESTS_SEEDS", "1"))
PROFILE = "standard" if SEEDS > 1 else "quick"
TIMES = ("resume-late", "resume-lazily", "clock-ahead", "clock-behind", "reads-lag", "no-date-header")
"""The variations that differ in time, and may therefore look different over a socket."""
EVERY = [one.name for one in variations()][:: 1 if SEEDS > 1 else 6]
"""Every sixth by default: ``whop-contracts prove --profile quick`` in CI takes all."""


@pytest.mark.parametrize("variation", [None, *TIMES])
@pytest.mark.parametrize("seed", range(SEEDS))
def test_over_a_socket_with_a_test_clock(seed, variation, monkeypatch, tmp_path):
    slept, provider = [], build(variation=variation, clock=ManualClock(START))
    with served(provider) as state:
        # Nobody sleeps here: reads lag by the time that would have been slept.
        provider.lag_time = lambda: sum(slept)
        monkeypatch.setattr(planning, "open_live", partial(planning.open_live, sleep=slept.append))
        how = {"campaign_ids": SEED.campaigns[:4], "profile": PROFILE, "seed": seed}
        result = engine.check(state.settings(tmp_path, **how))
    assert [(row["id"], row["failure"]) for row in result["clauses"] if row["verdict"] == "failed"] == []
    assert (result["verdict"], result["reason"], result["put_back"]["failed"]) == ("conforms", None, [])


@pytest.mark.parametrize("seed", range(SEEDS))
def test_in_this_process(seed):
    for variation in (None, *EVERY):
        name = variation or "conforming"
        trial = attempt(Trial("variation", name, variation=variation, profile=PROFILE, seed=seed))
        assert (trial.failed, trial.inconclusive, trial.left) == ((), None, ()), name
