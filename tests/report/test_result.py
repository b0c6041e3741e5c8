"""The result: what a run gives keeps to the schema that ships with us, whatever the target does."""

from __future__ import annotations

import copy
import json
from dataclasses import replace

import pytest

from whop_contracts import provider, schemas
from whop_contracts.engine import run as engine
from whop_contracts.pause import catalogue
from whop_contracts.settings import Settings
from whop_contracts.target import mock_parties, open_mock

WARNED = "status-201"
SCHEMA = dict(schemas.load("result"))
BOTH = (schemas._fast(SCHEMA), schemas._plain(SCHEMA))


def judged(monkeypatch, *, strict=False, quick=True, **built):
    """The result of a run of a provider of our own making; the engine itself knows no faults."""

    def opened(_):
        clock = provider.ManualClock(1_790_000_000.0)
        return open_mock(provider.build(clock=clock, **built)), mock_parties()

    monkeypatch.setattr(engine, "open_target", opened)
    return engine.judge(Settings(profile="quick" if quick else "standard", strict=strict))


@pytest.fixture(scope="module")
def honest():
    """The result of the main job, with no configuration; copy it before changing it."""
    return engine.judge(Settings())


@pytest.fixture(scope="module")
def faulty():
    with pytest.MonkeyPatch.context() as patch:
        return judged(patch, fault="liar-15-drops-until", quick=False)


def held(result):
    assert schemas.violations("result", "", result) == ()
    for validator in BOTH:
        validator.validate(result)
    read = json.loads(json.dumps(result, allow_nan=False))
    assert read == result
    return read


def test_an_honest_provider_conforms(honest):
    result = held(honest)
    assert (result["verdict"], result["exit_code"], result["reason"]) == ("conforms", 0, None)
    assert result["put_back"]["failed"] == []
    assert result["requests"] > 0


def test_every_clause_is_in_the_result_once_and_tested(honest):
    assert [row["id"] for row in honest["clauses"]] == [clause.id for clause in catalogue.clauses()]
    assert len(honest["clauses"]) >= 60
    assert {row["verdict"] for row in honest["clauses"]} == {"passed"}


def test_the_members_are_those_that_the_design_fixes(honest):
    assert list(honest) == SCHEMA["required"] == list(SCHEMA["properties"])


def test_a_faulty_provider_violates(faulty):
    result = held(faulty)
    assert (result["verdict"], result["exit_code"]) == ("violates", 1)
    failed = [row for row in result["clauses"] if row["verdict"] == "failed"]
    assert failed
    for row in failed:
        failure = row["failure"]
        assert row["level"] == "must"
        assert 1 <= failure["first_request"] <= result["requests"]
        assert 1 <= failure["count"] <= row["exchanges"]
        assert failure["curl"].startswith("curl ")
        assert mock_parties().token not in json.dumps(failure)


def test_a_warned_clause_carries_its_failure(monkeypatch):
    result = held(judged(monkeypatch, variation=WARNED))
    warned = [row for row in result["clauses"] if row["verdict"] == "warned"]
    assert warned
    assert all(row["level"] == "should" and row["failure"] for row in warned)
    assert (result["verdict"], result["exit_code"]) == ("conforms", 0)


def test_under_strict_a_warning_violates(monkeypatch):
    result = held(judged(monkeypatch, variation=WARNED, strict=True))
    assert (result["verdict"], result["exit_code"]) == ("violates", 1)


@pytest.mark.parametrize(
    "fault", [pytest.param(fault.name, id=fault.name) for fault in provider.faults()[::15]]
)
def test_whatever_the_fault_the_result_keeps_to_its_schema(monkeypatch, fault):
    held(judged(monkeypatch, fault=fault))


@pytest.mark.parametrize(
    ("there", "instead", "verdict"),
    [
        (b'"title":"', rb'"title":"\ud800', "conforms"),
        (b'"created_at":"', rb'"created_at":"\ud800', "violates"),
        (b'{"id":', rb'{"\ud800":1,"id":', "conforms"),
        (b'"revenue":', b'"revenue":1e999,"gains":', "conforms"),
    ],
    ids=["half-in-text", "half-in-date", "half-in-key", "beyond-floats"],
)
def test_json_that_not_every_reader_holds_stops_no_run(monkeypatch, there, instead, verdict):
    """Half a surrogate pair, a number beyond all floats: JSON's grammar has both."""
    answer = provider.Provider.handle

    def altered(self, *arguments):
        given = answer(self, *arguments)
        headers = tuple((name, value) for name, value in given.headers if name.lower() != "content-length")
        return replace(given, content=given.content.replace(there, instead, 1), headers=headers)

    monkeypatch.setattr(provider.Provider, "handle", altered)
    assert judged(monkeypatch)["verdict"] == verdict


def test_a_run_that_saw_too_little_is_inconclusive_and_says_why(honest):
    result = held(engine.judge(Settings(max_requests=20)))
    assert result["verdict"] in {"conforms", "inconclusive"}
    untested = [row for row in result["clauses"] if row["verdict"] == "not_tested"]
    assert untested
    assert all(row["reason"] and row["exchanges"] == 0 and row["failure"] is None for row in untested)
    assert result["requests"] < honest["requests"]


# -- what the schema refuses ---------------------------------------------------------------------------------------

NOTHING = object()
REFUSED = [
    (["schema_version"], "2"),
    (["extra"], 1),
    (["verdict"], "passed"),
    (["verdict"], "violates"),
    (["exit_code"], 1),
    (["exit_code"], 2),
    (["reason"], "because"),
    (["reason"], NOTHING),
    (["requests"], -1),
    (["duration_s"], "1 s"),
    (["target", "kind"], "staging"),
    (["target", "token"], "secret"),
    (["contract", "sha256"], "0"),
    (["plan", "seed"], 0.5),
    (["clock", "kind"], "sundial"),
    (["clock", "from"], "yesterday"),
    (["put_back", "failed"], ["adcamp_x"]),
    (["put_back", "failed"], [1]),
    (["notes"], [None]),
    (["drift"], [{"kind": "news", "pointer": "/x", "value": 1, "count": 1}]),
    (["drift"], [{"kind": "undocumented_field", "pointer": "/x", "value": {}, "count": 1}]),
    (["resumes"], [{"campaign": "adcamp_x", "due": "soon", "late_s": 0, "uncertainty_s": 0}]),
    (["clauses", 0, "extra"], 1),
    (["clauses", 0, "verdict"], "failed"),
    (["clauses", 0, "verdict"], "not_tested"),
    (["clauses", 0, "exchanges"], 0),
    (["clauses", 0, "failure"], {}),
    (["clauses", 0, "level"], "may"),
]


@pytest.mark.parametrize(("path", "by"), REFUSED)
def test_what_is_no_result_is_refused_by_both_validators(honest, path, by):
    result = changed(honest, path, by)
    assert [validator.is_valid(result) for validator in BOTH] == [False, False]


ACCEPTED = [
    {"drift": [{"kind": "null", "pointer": "/title", "value": None, "count": 2, "hint": "as before"}]},
    {"drift": [{"kind": "missing_field", "pointer": "/x", "value": 1.5, "count": 1, "first_seen": "a", "last_seen": "b"}]},
    {"put_back": {"campaigns": 3, "failed": ["adcamp_x"]}, "exit_code": 4},
    {"verdict": "inconclusive", "reason": "the run was interrupted", "exit_code": 3},
    {"verdict": "violates", "exit_code": 1},
    {"clock": {"kind": "wall", "from": None, "to": None}},
]  # fmt: skip


@pytest.mark.parametrize("members", ACCEPTED)
def test_what_other_runs_give_is_accepted_by_both_validators(honest, members):
    assert [validator.is_valid(honest | members) for validator in BOTH] == [True, True]


@pytest.mark.parametrize(
    ("member", "by"),
    [("request", {}), ("response", 5), ("count", 0), ("first_request", 0), ("curl", ""), ("extra", 1)],
)
def test_a_failure_is_closed_and_complete(faulty, member, by):
    at = next(index for index, row in enumerate(faulty["clauses"]) if row["failure"])
    result = changed(faulty, ["clauses", at, "failure", member], by)
    assert [validator.is_valid(result) for validator in BOTH] == [False, False]


def test_a_failure_without_an_answer_is_one(faulty):
    at = next(index for index, row in enumerate(faulty["clauses"]) if row["failure"])
    held(changed(faulty, ["clauses", at, "failure", "response"], None))


def changed(result, path, by):
    result = copy.deepcopy(result)
    at = result
    for step in path[:-1]:
        at = at[step]
    if by is NOTHING:
        del at[path[-1]]
    else:
        at[path[-1]] = by
    return result
