"""The plan: the same for the same seed, its names unique, what tells most first, and what it goes on with."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

from whop_contracts.cli import check as engine
from whop_contracts.cli import planning as preparing
from whop_contracts.cli import replaying
from whop_contracts.engine.build_plan import draw, further, ranks
from whop_contracts.engine.plan import Plan
from whop_contracts.pause.sequences import sequence_ids
from whop_contracts.pause.vectors import vectors
from whop_contracts.settings import Settings
from whop_contracts.steps import Capabilities

FULL = Capabilities(4, readonly=True, foreign=True, resting=True, loopback=True, clock="virtual")
POOR = Capabilities(1)
PROOF = Path(__file__).parents[2] / "docs" / "proof.md"


@pytest.mark.parametrize("profile", ["quick", "standard", "thorough"])
@pytest.mark.parametrize("means", [FULL, POOR])
def test_the_same_seed_draws_the_same_plan(profile, means) -> None:
    first, second = (draw(profile, seed=3, means=means) for _ in range(2))
    assert (first, first.sha256) == (second, second.sha256)


def test_another_seed_draws_another_plan_but_where_all_cases_have_names() -> None:
    assert draw("quick", seed=1, means=FULL).sha256 == draw("quick", seed=2, means=FULL).sha256
    for profile in ("standard", "thorough"):
        assert draw(profile, seed=1, means=FULL).sha256 != draw(profile, seed=2, means=FULL).sha256


def test_standard_sends_every_ranked_vector_once_and_what_has_no_date_in_two_states() -> None:
    sent = Counter(
        case.id for _, case in draw("standard", seed=0, means=FULL).listed() if case.origin == "vector"
    )
    twice = {"no-body", "null-date", "null-body"}
    ranked = {id_ for part in ranks() for group in part for id_ in group} & vectors().keys()
    assert sent == {id_: 1 + (id_ in twice) for id_ in ranked}
    assert vectors().keys() - ranked == {"empty-object", "empty-object-on-two-lines"}


def test_each_row_of_quick_is_the_first_to_show_some_fault() -> None:
    """What another row shows as well and earlier is not in it."""
    page = PROOF.read_text(encoding="utf-8")
    showing = set(re.findall(r"^\| `[\w-]+` \|.* \| \d+ \| ([^|]+) \| \d+ \|$", page, re.MULTILINE))
    rows = [sequence.name for sequence in draw("quick", seed=0, means=FULL).sequences]
    assert [name for name in rows if name not in showing] == []
    assert len(rows) > 20


def test_every_sequence_is_ranked_once() -> None:
    ranked = Counter(id_ for part in ranks() for group in part for id_ in group)
    others = {f"another-campaign-{index}" for index in (4, 5)}
    assert sequence_ids() - others <= ranked.keys()
    assert [id_ for id_ in sequence_ids() if ranked[id_] > 1] == []


@pytest.mark.parametrize("profile", ["quick", "standard", "thorough"])
@pytest.mark.parametrize("means", [FULL, POOR])
def test_no_two_sequences_share_a_name(profile, means) -> None:
    plan = draw(profile, seed=0, means=means)
    every = [*plan.sequences, *(one for number in (1, 2) for one in further(plan, number).sequences)]
    assert Counter(sequence.name for sequence in every).most_common(1)[0][1] == 1


def test_a_shorter_profile_begins_as_a_longer_one() -> None:
    quick, standard = (draw(profile, seed=0, means=FULL).sequences for profile in ("quick", "standard"))
    assert standard[: len(quick)] == quick


def test_thorough_has_histories_and_leaves_a_wall_clock_alone() -> None:
    for clock, moves in (("virtual", True), ("test", True), ("wall", False)):
        plan = draw("thorough", seed=0, means=Capabilities(2, clock=clock))
        explored = [sequence for sequence in plan.sequences if sequence.name.startswith("explored ")]
        steps = [type(step).__name__ for sequence in explored for step in sequence.steps]
        assert len(explored) == 60
        assert ("AdvanceClock" in steps) == moves


def test_rounds_are_repeatable_and_each_is_another() -> None:
    plan = draw("thorough", seed=5, means=FULL)
    one, two = further(plan, 1), further(plan, 2)
    assert one == further(plan, 1)
    bodies = [{case.body for s in each.sequences for case in s.cases()} for each in (plan, one, two)]
    for first, second in itertools.combinations(bodies, 2):
        assert len(second - first) > 100
    assert not any(type(step).__name__ == "AdvanceClock" for s in one.sequences for step in s.steps)


def planned(**more) -> Plan:
    return preparing.planned(Settings(**more))


def test_only_thorough_goes_on_and_only_where_it_is_given_time() -> None:
    assert planned(profile="thorough", max_time=60.0).goes_on
    assert planned(profile="thorough", max_time=60.0, max_requests=9_999).goes_on
    assert not planned(profile="thorough", max_time=60.0, max_requests=99).goes_on
    assert not planned(profile="thorough").goes_on
    assert not planned(profile="standard", max_time=60.0).goes_on
    assert not planned(profile="thorough", max_time=60.0, clauses=("pausing.*",)).goes_on


def test_a_plan_that_is_cut_fits_and_keeps_its_order() -> None:
    whole = draw("standard", seed=0, means=FULL)
    for most in (12, 50, 200):
        cut = whole.cut(most)
        assert cut.cut_short
        assert cut.requests <= most
        assert cut.sequences == whole.sequences[: len(cut.sequences)]
    assert whole.cut(whole.requests) is whole


@pytest.mark.parametrize(
    ("base_url", "sent"),
    [
        (None, True),
        ("http://127.0.0.1:8089/api/v1", True),
        ("http://localhost/api/v1", True),
        ("https://[::1]:8443/api/v1", True),
        ("https://staging.example.com/api/v1", False),
        ("http://10.0.0.7/api/v1", False),
        ("https://localhost.example.com/api/v1", False),
    ],
)
def test_what_could_not_be_put_back_is_not_asked_of_anybodys_staging(base_url, sent) -> None:
    live = {} if base_url is None else {"base_url": base_url, "campaign_ids": ("adcamp_1",)}
    for profile in ("standard", "thorough"):
        names = {case.name for _, case in planned(profile=profile, **live).listed()}
        assert ("until tomorrow, and members of the response" in names) == sent


def going_on(monkeypatch) -> dict:
    """A thorough run on the mock that is given time for a round or two: each look at the clock takes some."""
    ticks = itertools.count()
    monkeypatch.setattr(engine, "time", SimpleNamespace(monotonic=lambda: next(ticks) / 1_000))
    return engine.check(Settings(profile="thorough", max_time=5.0, seed=4))


def test_a_run_goes_on_until_its_time_is_spent(monkeypatch) -> None:
    result = going_on(monkeypatch)
    assert (result["verdict"], result["put_back"]["failed"]) == ("conforms", [])
    assert result["requests"] > planned(profile="thorough", seed=4).requests + 500
    assert [note for note in result["notes"] if "of batch" in note] == [
        note for note in result["notes"] if note.startswith("the budget of 5 s is spent")
    ]
    assert result["plan"]["sha256"] == planned(profile="thorough", seed=4).sha256


def test_a_failure_of_a_round_is_replayed() -> None:
    plan = draw("thorough", seed=0, means=preparing.capabilities(Settings()))
    wanted = further(plan, 12).sequences[7]
    found = replaying.single(wanted.name, Settings(profile="thorough"))
    assert found.sequences == (wanted,)
