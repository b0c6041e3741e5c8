"""No false alarm on a conforming provider, with one seed, or WHOP_TESTS_SEEDS of them (`tox -e seeds`)."""

from __future__ import annotations

import os
from typing import Final

import pytest

from safety.pretending import opening
from whop_contracts.cli import check as engine
from whop_contracts.proof import START, Trial
from whop_contracts.proof.trials import attempt
from whop_contracts.provider import SEED, ManualClock, build, variations
from whop_contracts.provider.server import clock_url, running
from whop_contracts.settings import Settings

SEEDS: Final = int(os.environ.get("WHOP_TESTS_SEEDS", "1"))
PROFILE: Final = "standard" if SEEDS > 1 else "quick"
TIMES: Final = ("resume-late", "resume-lazily", "clock-ahead", "clock-behind", "reads-lag", "no-date-header")
"""The variations that differ in time, and may therefore look different over a socket."""
EVERY: Final = [one.name for one in variations()][:: 1 if SEEDS > 1 else 6]
"""Every sixth by default: ``whop-contracts prove --profile quick`` in CI takes all."""


@pytest.mark.parametrize("variation", [None, *TIMES])
@pytest.mark.parametrize("seed", range(SEEDS))
def test_over_a_socket_with_a_test_clock(
    seed: int, variation: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    with running(provider := build(variation=variation, clock=ManualClock(START))) as base_url:
        # Nobody sleeps here: reads lag by the time that would have been slept.
        provider.lag_time = lambda: sum(slept)
        monkeypatch.setattr(engine, "open_target", opening(slept.append))
        settings = Settings(
            base_url=base_url,
            token=SEED.token,
            readonly_token=SEED.readonly_token,
            foreign_campaign_id=SEED.foreign_campaign,
            campaign_ids=SEED.campaigns[:4],
            test_clock=clock_url(base_url),
            profile=PROFILE,
            seed=seed,
        )
        result = engine.check(settings)
    assert [(row["id"], row["failure"]) for row in result["clauses"] if row["verdict"] == "failed"] == []
    assert (result["verdict"], result["reason"], result["put_back"]["failed"]) == ("conforms", None, [])


@pytest.mark.parametrize("seed", range(SEEDS))
def test_in_this_process(seed: int) -> None:
    for variation in (None, *EVERY):
        name = variation or "conforming"
        trial = attempt(Trial("variation", name, variation=variation, profile=PROFILE, seed=seed))
        assert (trial.failed, trial.inconclusive, trial.left, trial.crash) == ((), None, (), None), name
