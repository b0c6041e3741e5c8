"""What ``explain`` says is what is sent, what the tables hold, and what the proof has seen."""

from __future__ import annotations

import random
import re

import pytest

from whop_contracts import provider
from whop_contracts.cli import check as engine
from whop_contracts.cli import explain_data as explaining
from whop_contracts.cli import main as cli
from whop_contracts.cli.open_target import run_in_process
from whop_contracts.engine.clause_runner import ClauseRunner
from whop_contracts.pause import catalogue
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause.request_classes import CLASSES
from whop_contracts.proof import START
from whop_contracts.settings import Settings

IDS = [clause.id for clause in catalogue.clauses()]
CLAUSES = dict(zip(IDS, catalogue.clauses(), strict=True))
FAULTS = [fault.name for fault in provider.faults()]
SOME = FAULTS[:: max(1, len(FAULTS) // 10)]


@pytest.fixture(scope="module")
def plan():
    return engine.planned(Settings())


def test_the_proofs_data_is_about_the_clauses_and_faults_that_there_are() -> None:
    """Else `whop-contracts prove --write docs/proof.md` is due."""
    for id_ in IDS:
        names = explaining.tripping(id_)
        assert set(names) <= set(FAULTS)
        assert len(names) == len(set(names))
        assert names or CLAUSES[id_].level == "should"


def test_the_proofs_data_and_its_page_count_alike() -> None:
    page = explaining.proof_path().with_suffix(".md").read_text("utf-8")
    rows = re.findall(r"^\| `([a-z_]+\.[a-z0-9-]+)` \| (?:must|should) \| (\d+) \|", page, re.MULTILINE)
    assert {id_: int(count) for id_, count in rows} == {id_: len(explaining.tripping(id_)) for id_ in IDS}


@pytest.mark.parametrize("name", SOME)
def test_a_fault_trips_the_clauses_that_the_data_says(name, plan) -> None:
    tally = ClauseRunner(catalogue.clauses(), PAUSE)
    built = provider.build(fault=name, clock=provider.ManualClock(START))
    run_in_process(plan, built, random.Random(f"{name} {plan.seed}"), tally.add)
    broken = {id_ for id_, count in tally.counts.items() if count.broken}
    assert broken == {id_ for id_ in IDS if name in explaining.tripping(id_)}


@pytest.mark.parametrize("one", CLASSES, ids=lambda one: one.id)
def test_the_statuses_of_a_request_class_are_complete(one) -> None:
    bounds = explaining.bounds(CLAUSES[one.clause])
    assert bounds
    told = {"conforms": bounds.conforms, "warns": bounds.warns, "fails": bounds.fails}
    assert ("200" if one.accept == "conforms" else "a 2xx") in told[one.accept]
    assert "a 5xx" in bounds.fails
    for status in one.never:
        assert f"a {status}" in bounds.fails


def test_a_member_is_told_by_its_schema() -> None:
    bounds = explaining.bounds(CLAUSES["response.status"])
    assert bounds == explaining.Bounds(
        conforms="text; one of active, paused, inactive, stale",
        warns="",
        fails="the member absent, null, another JSON type or value",
    )
    nullable = explaining.bounds(CLAUSES["timestamps.paused-until"])
    assert nullable
    assert "or null" in nullable.conforms
    assert "null" not in nullable.fails
    assert explaining.bounds(CLAUSES["pausing.until-is-kept"]) is None


def test_what_is_sent_is_what_the_plan_says_serves_it(plan) -> None:
    served = explaining.served(CLAUSES["refusals.loose-date"], plan)
    assert served.of == plan.requests
    assert served.requests == len(served.names) > 2
    assert any(name.endswith(": a bare date") for name in served.names)


def test_a_clause_in_full(capsys) -> None:
    assert cli.main(["explain", "pausing.until-is-kept"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    labels = [line[2:13].strip() for line in lines[1:] if line[2:3] != " "]
    assert labels == [
        "promise",
        "says",
        "level",
        "needs",
        "sent",
        "conforms",
        "does not",
        "tripped by",
        "alone",
    ]
    text = " ".join(" ".join(lines).split())
    first = explaining.tripping("pausing.until-is-kept")[0]
    assert f"(fault {first}: " in text
    assert "requests of a standard run" in text
