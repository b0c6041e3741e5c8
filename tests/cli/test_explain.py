"""What ``explain`` prints is what is sent, what the tables hold, and what the proof found."""

import random
import re

import pytest

from whop_contracts import cli, proof, provider
from whop_contracts.cli import explain as explaining
from whop_contracts.cli.planning import planned, run_in_process
from whop_contracts.engine.clause_runner import ClauseRunner
from whop_contracts.pause import catalogue
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause.request_classes import CLASSES
from whop_contracts.proof import START
from whop_contracts.settings import Settings

CLAUSES = {clause.id: clause for clause in catalogue.clauses()}
FAULTS = [fault.name for fault in provider.faults()]


@pytest.fixture(scope="module")
def plan():
    return planned(Settings())


def test_the_proofs_data_is_about_these_clauses_and_faults_and_agrees_with_its_page():
    """Otherwise `whop-contracts prove --write docs/proof.md` is due."""
    text = proof.data_path().with_suffix(".md").read_text("utf-8")
    rows = re.findall(r"^\| `([a-z_]+\.[a-z0-9-]+)` \| (?:must|should) \| (\d+) \|", text, re.MULTILINE)
    found = {id_: proof.faults_found_by(id_) for id_ in CLAUSES}
    assert {id_: int(count) for id_, count in rows} == {id_: len(names) for id_, names in found.items()}
    for id_, names in found.items():
        assert len(names) == len(set(names) & set(FAULTS))
        assert names or CLAUSES[id_].level == "should"


def test_a_fault_is_found_by_the_clauses_that_the_data_names(plan):
    for name in FAULTS[:: len(FAULTS) // 5]:
        runner = ClauseRunner(catalogue.clauses(), PAUSE)
        faulty = provider.build(fault=name, clock=provider.ManualClock(START))
        run_in_process(plan, faulty, random.Random(f"{name} {plan.seed}"), runner.add)
        broken = {id_ for id_, count in runner.counts.items() if count.broken}
        assert broken == {id_ for id_ in CLAUSES if name in proof.faults_found_by(id_)}, name


def test_a_row_of_the_conformance_table_is_described_whole_and_a_member_by_its_schema():
    for one in CLASSES:
        bounds = explaining.bounds(CLAUSES[one.clause])
        column, word = ("warns", "another 2xx") if one.accept == "conforms" else (one.accept, "a 2xx")
        assert word in bounds[column], one.id
        assert ("other 4xx" in str(bounds)) is (0 < len(one.reject) < 100), one.id
        for status in ("a 5xx", *(f"a {status}" for status in one.never)):
            assert status in bounds["fails"], one.id
    assert explaining.bounds(CLAUSES["response.status"]) == {
        "conforms": "text; one of active, paused, inactive, stale",
        "warns": "",
        "fails": "the member absent, null, another JSON type or value",
    }
    nullable = explaining.bounds(CLAUSES["timestamps.paused-until"])
    assert ("or null" in nullable["conforms"], "null" in nullable["fails"]) == (True, False)
    assert explaining.bounds(CLAUSES["pausing.until-is-kept"]) == {}


def test_what_is_sent_are_the_requests_of_the_plan_that_test_the_clause(plan):
    count, names = explaining.requests_for(CLAUSES["refusals.loose-date"], plan)
    assert count >= len(names) > 2
    assert "a bare date" in names


def test_every_clause_is_explained(capsys, monkeypatch, plan):
    monkeypatch.setattr(explaining, "planned", lambda _: plan)
    monkeypatch.setattr(explaining, "requests_for", lambda *_: (1, ["a word"] * 9))
    for id_, clause in CLAUSES.items():
        assert cli.main(["explain", id_]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert max(map(len, lines)) <= 80
        labels = " ".join(line[2:13].strip() for line in lines[1:] if line[2:3] != " ")
        wanted = "statement source level needs sent( conforms)?( warns)?( fails)? faults run it"
        assert re.fullmatch(wanted, labels), id_
        sent = f"1 of {plan.requests} requests of a standard run test it; 9 names:"
        parts = [clause.statement, str(clause.source), sent, "and 1 more (whop-contracts plan --why --json"]
        parts += [f"(fault {name})" for name in proof.faults_found_by(id_)[:1]]
        assert all(part in " ".join(" ".join(lines).split()) for part in parts)
