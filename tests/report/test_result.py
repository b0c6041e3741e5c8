"""The result: it keeps to the schema that is installed with the package, whatever the target sends."""

import copy
import json
from dataclasses import replace
from functools import reduce
from operator import getitem
from pathlib import Path

import pytest

from report import handmade
from report.making import judged
from whop_contracts import provider, schemas
from whop_contracts.cli import check as engine
from whop_contracts.cli.planning import mock_actors
from whop_contracts.engine.clause_runner import ClauseRunner
from whop_contracts.exchange import Exchange, Finding, Request, Response
from whop_contracts.pause import catalogue
from whop_contracts.pause.clause import Clause, Source
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause.evidence import Evidence
from whop_contracts.redaction import Redactor
from whop_contracts.report.result import Circumstances, build
from whop_contracts.settings import Settings

WARNED = "status-201"
SCHEMA = schemas.load("result")
BOTH = (schemas._fast(SCHEMA), schemas._plain(SCHEMA))
SINCE = {"started_at", "finished_at"}
"""Members that results of earlier versions do not have; they can still be compared and replayed."""


@pytest.fixture
def conforming():
    """The result of a run with no configuration."""
    return judged(Settings())


@pytest.fixture
def faulty():
    return judged(Settings(), fault="liar-15-drops-until")


def held(result):
    assert schemas.violations("result", "", result) == ()
    for validator in BOTH:
        validator.validate(result)
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    return result


def test_a_conforming_provider_conforms_and_every_clause_is_tested(conforming):
    result = held(conforming)
    assert (result["verdict"], result["exit_code"], result["reason"]) == ("conforms", 0, None)
    assert result["put_back"]["failed"] == []
    assert result["requests"] > 0
    assert [row["id"] for row in result["clauses"]] == [clause.id for clause in catalogue.clauses()]
    assert len(result["clauses"]) >= 60
    for row in result["clauses"]:
        assert (row["verdict"], row["cause"], row["kinds"]) == ("passed", None, [])
    assert result["plan"]["drawn"] > 0
    assert result["started_at"] < result["finished_at"]
    # The members are those that the design fixes.
    assert list(result) == list(SCHEMA["properties"])
    assert set(SCHEMA["required"]) == result.keys() - SINCE


def test_a_faulty_provider_violates_and_each_failure_has_its_kinds(faulty):
    result = held(faulty)
    assert (result["verdict"], result["exit_code"]) == ("violates", 1)
    failed = [row for row in result["clauses"] if row["verdict"] == "failed"]
    assert failed
    for row in failed:
        failure, kinds = row["failure"], row["kinds"]
        assert row["level"] == "must"
        assert 1 <= failure["first_request"] <= result["requests"]
        assert sum(kind["count"] for kind in kinds) <= failure["count"] <= row["exchanges"]
        assert min(kind["first_request"] for kind in kinds) == failure["first_request"]
        assert kinds == sorted(kinds, key=lambda kind: -kind["count"])
        replayed = bool(failure["request"].get("before"))
        assert failure["curl"].startswith("whop-contracts replay" if replayed else "curl ")
        assert mock_actors().token not in json.dumps(row)


def test_a_warning_carries_its_failure_and_violates_under_strict():
    for strict, outcome in ((False, ("conforms", 0)), (True, ("violates", 1))):
        result = held(judged(Settings(profile="quick", strict=strict), variation=WARNED))
        warned = [row for row in result["clauses"] if row["verdict"] == "warned"]
        assert warned
        assert all(row["level"] == "should" and row["failure"] and row["kinds"] for row in warned)
        assert (result["verdict"], result["exit_code"]) == outcome


def test_json_that_not_every_reader_holds_stops_no_run(monkeypatch):
    """Half a surrogate pair, a number beyond all floats: JSON's grammar has both."""
    handle = provider.Provider.handle
    for there, instead, verdict in (
        (b'"title":"', rb'"title":"\ud800', "conforms"),
        (b'"created_at":"', rb'"created_at":"\ud800', "violates"),
        (b'{"id":', rb'{"\ud800":1,"id":', "conforms"),
        (b'"revenue":', b'"revenue":1e999,"gains":', "conforms"),
    ):

        def altered(self, *arguments, there=there, instead=instead):
            given = handle(self, *arguments)
            kept = tuple(line for line in given.headers if line[0].lower() != "content-length")
            return replace(given, content=given.content.replace(there, instead, 1), headers=kept)

        monkeypatch.setattr(provider.Provider, "handle", altered)
        assert engine.check(Settings(profile="quick"))["verdict"] == verdict, instead


def causes(result):
    return {row["id"]: row["cause"] for row in result["clauses"] if row["verdict"] == "not_tested"}


def test_what_a_budget_leaves_out_was_chosen(conforming):
    result = held(judged(Settings(max_requests=20)))
    untested = [row for row in result["clauses"] if row["verdict"] == "not_tested"]
    assert all(row["reason"] and row["exchanges"] == 0 and row["failure"] is None for row in untested)
    assert set(causes(result).values()) == {"chosen"}
    assert result["requests"] < conforming["requests"]


def test_what_the_target_never_shows_is_not_applicable():
    result = held(judged(Settings(), fault="missing-billing-ledger-account"))
    assert causes(result)["identifiers.billing-ledger-account-id"] == "not_applicable"


def test_if_no_pause_is_accepted_clauses_about_pauses_were_prevented():
    result = result_of(clauses=catalogue.clauses())
    assert (result["verdict"], result["reason"]) == ("inconclusive", "no pause got a 2xx")
    found = {row["id"]: (row["cause"], row["reason"]) for row in result["clauses"]}
    assert found["pausing.until-is-kept"] == ("prevented", "no pause got a 2xx")
    assert found["pausing.others-are-left-alone"][0] == "chosen"
    stated = result_of(clauses=catalogue.clauses(), untested={"pausing.until-is-kept": ("", "chosen")})
    assert causes(stated)["pausing.until-is-kept"] == "chosen"


SECRET = "wk_" + "S3cret+7" * 6


def result_of(*evidence, clauses=(), redactor=None, **more):
    """The result of these exchanges."""
    runner = ClauseRunner(clauses, PAUSE)
    for one in evidence:
        runner.add(one, "a sequence")
    facts = {name: handmade.part("result")[name] for name in ("target", "plan", "clock", "put_back")}
    times = {"started_at": 1_790_000_000.0, "duration_s": 2.5, "waited_s": 0.0}
    circumstances = Circumstances(**facts, **times, requests=len(evidence), **more)
    return held(build(runner, circumstances, redactor or Redactor()))


def shown(number, expected, actual, *, status=200, pointer="", row="loose", content=b"", headers=()):
    """Evidence, and what the clause below finds in it."""
    request = Request("POST", "https://h.example/x", "pause", "x", content=content)
    response = Response(status, (("content-type", "a"), *headers), content)
    return Evidence(
        Exchange(number, request, response, 0.0, 1.0, case=f"case {number}"), request_class=row
    ), Finding(expected, actual, pointer)


def checked(*pairs, redactor=None):
    """The row of a clause that finds these things."""
    found = {evidence.exchange.number: finding for evidence, finding in pairs}
    source = Source("page", "x")
    clause = Clause(
        "response.x", "must", "A statement.", source, bool, lambda e: iter([found[e.exchange.number]])
    )
    (row,) = result_of(*(evidence for evidence, _ in pairs), clauses=(clause,), redactor=redactor)["clauses"]
    return row


def test_failures_are_of_one_kind_if_class_expected_value_and_status_or_form_are_equal():
    row = checked(
        shown(3, "400 or 422", "500"),
        shown(4, "400 or 422", "500 another text"),
        shown(5, "400 or 422", "200", status=201),
        shown(6, "400 or 422", "500", row="type"),
        shown(7, "a number", "'12'", pointer="/budget"),
        shown(8, "a number", "'345'", pointer="/budget"),
        shown(9, "a number", "null", pointer="/budget"),
    )
    assert [(kind["case"], kind["class"], kind["count"], kind["first_request"]) for kind in row["kinds"]] == [
        ("case 3", "loose", 2, 3),
        ("case 7", "loose", 2, 7),
        ("case 5", "loose", 1, 5),
        ("case 6", "type", 1, 6),
        ("case 9", "loose", 1, 9),
    ]
    many = checked(*(shown(n, "x" * n, "y") for n in range(1, 40)), shown(40, "x" * 3, "y"))
    assert len(many["kinds"]) == 10
    assert many["kinds"][0]["count"] == 2
    assert many["failure"]["count"] == 40


@pytest.mark.parametrize("before", [0, 100, 280, 3_980, 63_990, 200_000])
def test_no_part_of_a_secret_is_left_where_a_text_is_cut(before):
    """The secret lies on each of the limits; repeated, it makes a long text short."""
    for text in ("x" * before + SECRET, "x" * before + SECRET * 2_000):
        content = text.encode()
        row = checked(
            shown(1, text, text, content=content, headers=(("x-echo", text),)),
            redactor=Redactor({"$T": SECRET}),
        )
        assert "S3cret" not in json.dumps(row)
        assert len(row["failure"]["response"]["body"]) <= 4_000 + len("… (99999999 bytes)")
        assert len(row["failure"]["response"]["headers"]["x-echo"]) <= 301
        if len(text) < 1_000:
            assert row["failure"]["actual"] == "x" * before + "$T"
    assert checked(shown(1, "x", "y", content=b"z" * 5_000))["failure"]["response"]["body"].endswith(
        "z… (5000 bytes)"
    )


def test_headers_that_hold_secrets_are_not_shown():
    response = checked(shown(1, "x", "y", headers=(("X-Api-Key", "abc"),)))["failure"]["response"]
    assert response["headers"] == {"content-type": "a", "X-Api-Key": "(not shown)"}


RESULTS = json.loads(Path(__file__).with_name("results.json").read_text("utf-8"))
"""Values, by their place, that make a result none; members that other results have."""
ABSENT = "(absent)"


def valid(result):
    found = {validator.is_valid(result) for validator in BOTH}
    assert len(found) == 1, "both validators agree"
    return found.pop()


def test_both_validators_reject_what_is_no_result_and_accept_what_other_runs_give(conforming, faulty):
    at = next(index for index, row in enumerate(faulty["clauses"]) if row["failure"])
    failure = f"clauses/{at}/failure"
    rejected = [(conforming, path, values) for path, values in RESULTS["rejected"].items()]
    rejected += [(faulty, f"{failure}/{name}", by) for name, by in RESULTS["rejected_in_a_failure"].items()]
    for result, path, values in rejected:
        assert [by for by in values if valid(changed(result, path, by))] == [], path
    assert [members for members in RESULTS["accepted"] if not valid(conforming | members)] == []
    held(changed(faulty, f"{failure}/response", None))
    earlier = {name: value for name, value in conforming.items() if name not in SINCE}
    assert valid(changed(earlier, "plan/drawn", ABSENT))


def changed(result, path, by):
    *steps, last = (int(step) if step.isdigit() else step for step in path.split("/"))
    result = copy.deepcopy(result)
    at = reduce(getitem, steps, result)
    if by == ABSENT:
        del at[last]
    else:
        at[last] = by
    return result
