"""Strategies: cases a second, against plain text drawn by the same means."""

from __future__ import annotations

import json

import pytest
from hypothesis import strategies as st
from running import best

from whop_contracts.instants import read_instant
from whop_contracts.pause import strategies
from whop_contracts.schemas import violations

COUNT = 100
CASES = {
    "ad_campaigns": lambda one: violations("ad-campaign", "", one) == (),
    "bad_pause_bodies": lambda one: isinstance(one[0], str) and isinstance(one[1], str | bytes),
    "campaign_ids": lambda one: one.startswith("adcamp_"),
    "pause_bodies": lambda one: violations("pause-request", "", one) == (),
    "rfc3339_instants": lambda one: read_instant(one) is not None,
}


def draw(strategy: st.SearchStrategy[object]) -> list[object]:
    return strategies.draw(strategy, seed=0, count=COUNT)


@pytest.mark.parametrize("name", CASES)
def test_cases_a_second(figures, fastest, name) -> None:
    strategy = getattr(strategies, name)()
    drawn = draw(strategy)
    assert len(drawn) == COUNT
    assert all(map(CASES[name], drawn))
    assert json.dumps(drawn, default=repr) == json.dumps(draw(strategy), default=repr)
    bare = best(lambda: draw(st.text()), rounds=3)
    figures.take(
        f"strategies.{name}: cases a second, of st.text()'s", bare / fastest(lambda: draw(strategy), rounds=3)
    )
