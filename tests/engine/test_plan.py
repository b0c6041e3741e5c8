"""The plan: reproducible, countable, ordered; vectors and sequences by rank, and requests drawn for a
seed.
"""

import itertools
import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import pytest

from drawing import draw
from whop_contracts.cli import check as engine
from whop_contracts.cli import planning as preparing
from whop_contracts.cli.run import single
from whop_contracts.engine import build_plan
from whop_contracts.engine import plan as plans
from whop_contracts.engine.build_plan import classify, is_inconclusive, ranks
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause.request_classes import BY_ID, vectors
from whop_contracts.settings import Settings
from whop_contracts.steps import AdvanceClock, Capabilities, Case, Send, SymbolicInstant

batch = cache(build_plan.batch)
FULL = Capabilities(4, readonly=True, foreign=True, resting=True, loopback=True, clock="virtual")
POOR = Capabilities(1)
TINY = "omitted nothing method recased-id no-credential scheme permission foreign unknown-id"
"""Classes with so few requests that two seeds share more than a tenth of them."""
TARGETS = [
    Capabilities(campaigns, readonly=full, foreign=full, resting=full, loopback=full, clock=clock)
    for campaigns in (1, 2, 4) for clock in ("virtual", "test", "wall") for full in (True, False)
]  # fmt: skip


def requests(plan, origin=None):
    """The pauses of a plan, of one origin if given; without its reads."""
    return [case for _, case in plan.listed() if case.request_class and origin in (None, case.origin)]


@pytest.mark.parametrize(("profile", "means"), [("quick", FULL), ("standard", POOR)])
def test_the_same_seed_gives_the_same_plan_and_another_one_another(profile, means):
    first, other = (draw(PAUSE, profile, seed=seed, means=means) for seed in (0, 1))
    second = build_plan.draw(PAUSE, profile, seed=0, means=means)
    assert (*first.sequences, first.sha256) == (*second.sequences, second.sha256)
    assert first.sha256 != other.sha256


@pytest.mark.parametrize("means", [FULL, replace(FULL, clock="wall"), POOR])
def test_a_sequence_leaves_out_only_the_request_that_needs_a_read_only_token(means):
    able, unable = (PAUSE.sequences(replace(means, readonly=readonly)) for readonly in (True, False))
    less = [[case for case in one.cases() if case.request_class != "permission"] for one in able]
    assert [list(one.cases()) for one in unable] == less
    assert not any("readonly" in one.needs for one in unable)
    assert any("readonly" in one.needs for one in able) == (means.clock != "wall")


PRINTING = """
import sys
from whop_contracts.cli import main
main(["plan", "--json"])
"""


def test_a_plan_is_the_same_in_another_process_and_leaves_nothing_behind(tmp_path):
    hash_seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    environment = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", PRINTING], cwd=tmp_path, env=environment, capture_output=True, check=True
    )
    assert list(tmp_path.iterdir()) == []
    here = planned().outline()
    assert json.loads(ran.stdout) == json.loads(json.dumps(here)), "and in a process that has drawn before"


def test_the_hash_covers_the_versions(monkeypatch):
    plan = draw(PAUSE, "quick", seed=0, means=POOR)
    before = plan.sha256
    monkeypatch.setattr(plans, "version", lambda name: f"another {name}")
    assert plan.sha256 != before


DRAWING = """
import sys
from itertools import islice
from whop_contracts.engine.build_plan import draw
from whop_contracts.pause.contract import PAUSE
from whop_contracts.steps import Capabilities
plan = draw(PAUSE, "standard", seed=0, means=Capabilities(1))
first = list(islice(plan.sequences, 5))
assert plan.expected and not plan.is_drawn
print({"hypothesis", "schemathesis"} & set(sys.modules))
assert plan.sequences[:5] == tuple(first) and plan.is_drawn and plan.expected == plan.requests
"""


def test_the_first_requests_do_not_wait_for_what_is_drawn():
    ran = subprocess.run([sys.executable, "-c", DRAWING], capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"


@pytest.mark.parametrize("means", TARGETS, ids=str)
def test_plans_keep_to_their_limits_and_have_enough_drawn_requests(means):
    for profile, most, least in (("quick", 120, 20), ("standard", 400, 150)):
        plan = draw(PAUSE, profile, seed=0, means=means)
        outline = plan.outline()
        drawn = [case for case in outline["cases"] if case["origin"] == "drawn" and case["class"]]
        assert outline["requests"] == len(outline["cases"]) == plan.requests <= most
        assert outline["drawn"] == len(drawn) >= least
        assert {case["sequence"] for case in drawn} <= {one.name for one in plan.sequences}


def test_placing_counts_the_requests_that_a_plan_lists() -> None:
    for means in TARGETS:
        plan, placement = draw(PAUSE, "quick", seed=0, means=means), plans.Placement(means)
        placed = tuple(map(placement.place, plan.sequences))
        assert placement.requests == replace(plan, sequences=placed).requests


def test_two_seeds_share_at_most_a_tenth_of_their_drawn_requests():
    drawn = [requests(draw(PAUSE, "standard", seed=seed, means=FULL), "drawn") for seed in range(3)]
    seeds = [{case for case in cases if case.request_class not in TINY.split()} for cases in drawn]
    for one, other in itertools.combinations(seeds, 2):
        assert len(one & other) <= len(one) / 10


def test_only_drawn_requests_on_demand():
    plan = draw(PAUSE, "standard", seed=0, means=FULL, only="drawn")
    assert {case.origin for case in requests(plan)} == {"drawn"}
    assert len(requests(plan)) >= 150


def test_a_shorter_profile_begins_as_a_longer_one():
    quick, standard = (draw(PAUSE, one, seed=0, means=FULL).sequences for one in ("quick", "standard"))
    assert quick[:8] == standard[:8]


def test_every_request_has_the_class_that_the_oracle_gives_it_and_a_read_the_origin_of_what_it_serves():
    for case in requests(draw(PAUSE, "standard", seed=0, means=FULL)):
        if case.origin != "sequence":
            first = case.shifted(-int(case.campaign[4]), 4) if case.campaign[:4] == "own:" else case
            assert classify(PAUSE, first) == case.request_class, case
    for row in draw(PAUSE, "standard", seed=0, means=FULL).outline()["cases"]:
        assert (row["class"] is None) == (row["name"].startswith(("read ", "unpause "))), row
        assert row["origin"] == "drawn" or not row["sequence"].startswith("drawn")


def test_of_each_class_the_smallest_drawn_request_goes_first():
    sizes = {}
    for case in requests(draw(PAUSE, "standard", seed=0, means=POOR), "drawn"):
        if BY_ID[case.request_class].effect != "expected":
            sizes.setdefault(case.request_class, []).append(
                len(case.body or "") + len(case.campaign) + len(case.credential)
            )
    assert len(sizes) > 10
    assert all(found == sorted(found) for found in sizes.values())


def test_after_the_first_sixty_requests_every_third_sequence_is_a_drawn_one_until_they_are_used_up():
    for means in (FULL, POOR):
        plan = draw(PAUSE, "standard", seed=0, means=means)
        numbers = [row["number"] for row in plan.outline()["cases"] if row["origin"] == "drawn"]
        assert numbers[0] > 60
        kinds = "".join("D" if one.origin == "drawn" else "R" for one in plan.sequences)
        rest = kinds[kinds.index("D") - 2 :].replace("RRD", "")
        assert rest.strip("D") in ("", "R", "RD") or rest.strip("R") == ""


def test_eight_rejected_requests_share_a_read_and_what_may_be_accepted_has_its_own():
    plan = draw(PAUSE, "standard", seed=0, means=FULL)
    for sequence in plan.sequences:
        sends = [step.case for step in sequence.steps if isinstance(step, Send)]
        effects = [BY_ID[case.request_class].effect if case.request_class else "read" for case in sends]
        if sequence.origin == "sequence" or "expected" in effects:
            continue
        assert effects.count("none") <= 8
        order = [effect for effect, _ in itertools.groupby(effects)]
        allowed = (["none", "read"], ["possible", "read"], ["none", "read", "possible", "read"])
        assert order in allowed, sequence.name
        assert sequence.start == "active"
        if any(case.campaign == "foreign" for case in sends[:-1]):
            assert sends[-1].campaign == "foreign"
            assert sends[-1].operation == "retrieve"


def test_sequences_are_distributed_over_all_campaigns():
    plan = draw(PAUSE, "standard", seed=0, means=FULL)
    pauses = Counter(case.campaign for case in requests(plan) if case.operation == "pause" and case.leaves)
    counts = [pauses[f"own:{index}"] for index in range(4)]
    assert min(counts) > max(counts) / 3
    drawn = Counter(case.campaign for case in requests(plan, "drawn"))
    assert min(drawn[f"own:{index}"] for index in range(4)) > 10


def test_no_drawn_request_can_hit_a_campaign_of_somebody_else():
    for seed in range(3):
        for case in requests(draw(PAUSE, "standard", seed=seed, means=FULL), "drawn"):
            whose = case.campaign.partition(":")[0]
            assert whose in ("own", "foreign", "invented") or (whose, case.request_class) in {
                ("raw", "malformed-id"), ("raw", "several"),
            }, case  # fmt: skip


def test_a_body_from_which_nothing_could_be_concluded_is_not_sent():
    other_encodings = ["{}".encode(name) for name in ("utf-8-sig", "utf-16", "utf-16-le", "utf-32")]
    for body in (*other_encodings, '{"paused_until": null, "paused_until": null}', b"1\x00"):
        assert is_inconclusive(Case("a body", body=body)), body
    for body in ("{}", None, b'{"paused_until": "\xff"}'):
        assert not is_inconclusive(Case("a body", body=body)), body


def test_a_request_that_fits_no_class_is_dropped_and_counted(monkeypatch):
    beyond = Case(
        "beyond", body='{"paused_until": "{until}"}', until=SymbolicInstant("9999-12-31", time="23:59:60")
    )
    assert classify(PAUSE, beyond) == "unclear"
    monkeypatch.setattr("whop_contracts.engine.build_plan.classify", lambda *_: "unclear")
    assert build_plan.draw(PAUSE, "quick", seed=0, means=POOR).outline()["dropped"] > 15


@pytest.mark.parametrize("clock", ["movable", "wall"])
def test_the_ranks_have_every_id_once_at_most(clock):
    ranked = Counter(id_ for group in ranks(clock) for id_ in group)
    assert [id_ for id_, count in ranked.items() if count > 1] == []
    assert all(len(group) <= 8 for group in ranks(clock))


def test_thorough_sends_every_vector_and_standard_those_of_the_first_ranks():
    sent = {
        profile: {case.id for case in requests(draw(PAUSE, profile, seed=0, means=FULL), "vector")}
        for profile in ("standard", "thorough")
    }
    assert sent["thorough"] == vectors().keys()
    for group in ranks("movable")[:20]:
        assert not {*group} & vectors().keys() - sent["standard"]


def test_on_every_clock_some_dated_pause_is_watched_until_it_resumes():
    for means in TARGETS:
        for profile in ("quick", "standard"):
            plan = draw(PAUSE, profile, seed=0, means=means)
            assert any(case.mark == "awaited" for _, case in plan.listed()), (profile, means)


@pytest.mark.parametrize(("profile", "means"), [("quick", POOR), ("standard", FULL), ("thorough", FULL)])
def test_no_two_sequences_share_a_name_or_an_id(profile, means):
    plan = draw(PAUSE, profile, seed=0, means=means)
    batches = (1, 2) if profile == "thorough" else ()
    every = [*plan.sequences, *(one for number in batches for one in batch(PAUSE, plan, number).sequences)]
    for texts in ([one.name for one in every], [one.id for one in every]):
        assert [text for text, count in Counter(texts).items() if count > 1] == []


def test_thorough_has_histories_and_leaves_a_wall_clock_alone():
    for means, moves in ((FULL, True), (Capabilities(2, clock="wall"), False)):
        plan = draw(PAUSE, "thorough", seed=0, means=means)
        explored = [sequence for sequence in plan.sequences if sequence.name.startswith("explored ")]
        steps = [type(step) for sequence in explored for step in sequence.steps]
        assert len(explored) == 60
        assert (AdvanceClock in steps) == moves


def test_batches_are_reproducible_each_is_another_and_none_moves_the_clock():
    plan = draw(PAUSE, "thorough", seed=0, means=FULL)
    one, two = batch(PAUSE, plan, 1), batch(PAUSE, plan, 2)
    assert one == build_plan.batch(PAUSE, plan, 1)
    bodies = [{case.body for case in requests(each)} for each in (plan, one, two)]
    for first, second in itertools.combinations(bodies, 2):
        assert len(second - first) > 100
    assert not any(isinstance(step, AdvanceClock) for sequence in one.sequences for step in sequence.steps)
    assert all(sequence.name.startswith("batch 1: ") for sequence in one.sequences)


def planned(**more):
    return preparing.planned(Settings(**more))


def test_only_thorough_goes_on_and_only_where_it_is_given_time():
    assert planned(profile="thorough", max_time=60.0).goes_on
    assert planned(profile="thorough", max_time=60.0, max_requests=9_999).goes_on
    assert not planned(profile="thorough", max_time=60.0, max_requests=99).goes_on
    assert not planned(profile="thorough").goes_on
    assert not planned(profile="standard", max_time=60.0).goes_on
    assert not planned(profile="thorough", max_time=60.0, clauses=("pausing.*",)).goes_on


def test_a_plan_that_is_cut_fits_and_keeps_its_order():
    whole = draw(PAUSE, "standard", seed=0, means=FULL)
    for most in (12, 50, 200):
        cut = whole.cut(most)
        assert cut.cut_short
        assert cut.requests <= most
        assert cut.sequences == whole.sequences[: len(cut.sequences)]
    assert whole.cut(whole.requests) is whole


def test_what_could_not_be_put_back_is_sent_to_the_mock_and_to_loopback_only():
    loopback = ("http://127.0.0.1:8089", "http://localhost", "https://[::1]:8443")
    for url in (None, *loopback, "https://staging.example.com", "http://10.0.0.7", "https://localhost.x.com"):
        live = {"base_url": f"{url}/api/v1", "campaign_ids": ("adcamp_1",)} if url else {}
        names = {case.name for _, case in planned(profile="thorough", **live).listed()}
        assert ("until tomorrow, and members of the response" in names) == (url in (None, *loopback)), url


def going_on(monkeypatch):
    """A thorough run on the mock that is given time for a batch or two: each look at the clock takes some."""
    ticks = itertools.count()
    monkeypatch.setattr(engine, "time", SimpleNamespace(monotonic=lambda: next(ticks) / 1_000))
    return engine.check(Settings(profile="thorough", max_time=3.0))


def test_a_run_goes_on_until_its_time_is_spent(monkeypatch):
    result = going_on(monkeypatch)
    assert (result["verdict"], result["put_back"]["failed"]) == ("conforms", [])
    assert result["requests"] > planned(profile="thorough").requests + 100
    assert [note for note in result["notes"] if "of batch" in note] == [
        note for note in result["notes"] if note.startswith("the budget of 3 s is spent")
    ]
    assert result["plan"]["sha256"] == planned(profile="thorough").sha256


def test_a_failure_of_a_batch_is_replayed():
    plan = draw(PAUSE, "thorough", seed=0, means=preparing.capabilities(Settings()))
    wanted = batch(PAUSE, plan, 2).sequences[7]
    found = single(wanted.name, Settings(profile="thorough"))
    assert found.sequences == (wanted,)
