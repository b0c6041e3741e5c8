"""No false alarm on honest providers, whatever the seed: one seed here, WHOP_TESTS_SEEDS of them where there is time (`tox -e seeds`)."""

from __future__ import annotations

import os
import time
from typing import Final

import pytest

from safety.pretending import opening
from whop_contracts.cli import check as engine
from whop_contracts.proof import START
from whop_contracts.proof.trials import Task, attempt
from whop_contracts.provider import SEED, RunningClock, build, variations
from whop_contracts.provider.server import clock_url, running
from whop_contracts.settings import Settings

SEEDS: Final = int(os.environ.get("WHOP_TESTS_SEEDS", "1"))
PROFILE: Final = "standard" if SEEDS > 1 else "quick"
TIMES: Final = (
    "resume-late", "resume-lazily", "slow", "clock-ahead", "clock-behind", "microseconds", "reads-lag", "no-date-header",
)  # fmt: skip
"""The variations that differ in time, and therefore otherwise over a socket than in this process."""


@pytest.mark.parametrize("variation", [None, *TIMES])
@pytest.mark.parametrize("seed", range(SEEDS))
def test_over_a_socket_with_a_test_clock(
    seed: int, variation: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    provider = build(variation=variation, clock=RunningClock())
    with running(provider) as base_url:
        # Nobody waits here: what would have been slept away is added to the time by which reads lag.
        provider.lag_time = lambda: time.monotonic() + sum(slept)
        monkeypatch.setattr(engine, "open_target", opening(slept.append))
        result = engine.check(
            Settings(
                base_url=base_url,
                token=SEED.token,
                readonly_token=SEED.readonly_token,
                foreign_campaign_id=SEED.foreign_campaign,
                campaign_ids=SEED.campaigns[:4],
                test_clock=clock_url(base_url),
                profile=PROFILE,
                seed=seed,
            )
        )
    alarms = [
        (row["id"], row["failure"]["expected"], row["failure"]["actual"], row["failure"]["first_request"])
        for row in result["clauses"]
        if row["verdict"] == "failed"
    ]
    assert alarms == []
    assert (result["verdict"], result["reason"], result["put_back"]["failed"]) == ("conforms", None, [])


@pytest.mark.parametrize("variation", [None, *(one.name for one in variations())])
@pytest.mark.parametrize("seed", range(SEEDS))
def test_in_this_process(seed: int, variation: str | None) -> None:
    name = variation or "honest"
    trial = attempt(Task("variation", name, variation=variation, profile=PROFILE, seed=seed, start=START))
    assert (trial.failed, trial.inconclusive, trial.left, trial.crash) == ((), None, (), None)
