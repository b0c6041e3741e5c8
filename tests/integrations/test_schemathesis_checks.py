"""The clauses as checks of schemathesis: by the ``st`` command, in a project's tests, for one exchange."""

import json
import os
import re
import sys
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import pytest
import schemathesis
from requests import Request

from commands import process
from whop_contracts import schemathesis_checks
from whop_contracts.pause.catalogue import clauses
from whop_contracts.provider import SEED, RunningClock, build, variations
from whop_contracts.provider.server import create_app, running

DOCUMENT = Path(__file__).parents[2] / "schemas" / "openapi.json"
SCHEMA = schemathesis.openapi.from_dict(json.loads(DOCUMENT.read_text("utf-8")))
PAUSE, READ = SCHEMA["/ad_campaigns/{id}/pause"]["POST"], SCHEMA["/ad_campaigns/{id}"]["GET"]
ACTIVE = SEED.campaigns[0]
MUST = [clause.id for clause in clauses() if clause.level == "must"]
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("WHOP_", "PYTEST_"))}
QUIETLY = ("-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "no:randomly")
FAULTS = ("missing-title", "created-at-as-epoch", "past-means-tomorrow")
OTHERS = "positive_data_acceptance,negative_data_rejection"
"""Checks of schemathesis that know the schema alone: it allows a past date, and forbids a null body."""


def test_st_reports_each_fault_by_the_id_of_its_clause_and_nothing_else(tmp_path):
    """With several workers, and without what is excluded."""
    (tmp_path / "schemathesis.toml").write_text(f'[parameters]\nid = "{ACTIVE}"\n')
    # Before 3.11.8, garbage collection breaks a parse if a second thread parses too (python/cpython#106905).
    (tmp_path / "sitecustomize.py").write_text("import gc\n\ngc.disable()\n")
    hooks = {"SCHEMATHESIS_HOOKS": "whop_contracts.schemathesis_checks", "PYTHONPATH": str(tmp_path)}
    with running(build(fault=FAULTS, clock=RunningClock())) as url:
        command = [
            str(Path(sys.executable).with_name("st")),
            *("run", str(DOCUMENT), "--url", url, "--header", f"Authorization: Bearer {SEED.token}"),
            *("--max-examples", "5", "--seed", "1", "--no-color", "--continue-on-failure", "--workers", "3"),
            *("--exclude-checks", f"{OTHERS},timestamps.created-at"),
        ]
        done = process(*command, cwd=tmp_path, env=CLEAN | {"CI": "1"} | hooks)
    failed = set(re.findall(r"❌ (?:ST901 )?Custom check failed: `(.+?)`", done.stdout))
    assert failed == {"response.title", "pausing.past-date-does-not-pause"}, done.stdout
    assert done.returncode == 1
    assert "expected  " in done.stdout
    assert SEED.token not in done.stdout


def failing(response, case):
    """The ids of the checks that fail, in the order of the page."""
    failed = []
    for check in schemathesis_checks.CHECKS:
        try:
            check(None, response, case)
        except AssertionError:
            failed.append(check.__name__)
    return failed


def soon(**span):
    return (datetime.now(UTC) + timedelta(**span)).isoformat()


IDS = [
    *(ACTIVE, SEED.inactive, SEED.stale, SEED.paused, SEED.foreign_campaign, SEED.campaigns[2].lower()),
    *("adcamp_nobody0", "adcamp_", "prod_x1", "0", "adcamp_a b", "adcamp_é", "adcamp_" + "a" * 900),
]
UNTIL = [{"days": 3}, {"days": -3}, {"days": 700}, {"seconds": 1}, {"hours": 1, "microseconds": 1}]
VALUES = [None, 7, True, [], {}, "tomorrow", "2027-01-01", "2000-01-01T00:00:00Z", "", "9999-12-30T23:59:59Z"]
BODIES = [None, [], "no", 0, {}, {"note": 1}, *({"paused_until": value} for value in VALUES)]


def grid():
    """Requests with every kind of credential and id: the operation, a case's arguments, the method."""
    dated = [{"paused_until": soon(**span)} for span in UNTIL]
    for token in (SEED.token, SEED.readonly_token, "wk_nobody_was_given", None):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        for id_ in IDS:
            of = {"path_parameters": {"id": id_}, "headers": headers}
            ours = token == SEED.token and id_ == ACTIVE
            for body in (*BODIES, *dated) if ours else (*dated[:1], {}, {"paused_until": 7}):
                yield PAUSE, of | {"body": body, "media_type": "application/json"}, "POST"
            yield PAUSE, of | {"body": "{}", "media_type": "text/plain"}, "POST"
            yield READ, of, "GET"
            for method in ("POST", "PUT", "GET", "DELETE", "TRACE"):
                yield PAUSE, of, method


def test_no_conforming_provider_is_accused_whatever_is_sent():
    """The whole grid on the plain provider; on each of the others another twentieth of it."""
    names = [None, *(one.name for one in variations() if one.name != "slow")]
    for index, name in enumerate(names):
        app = create_app(build(variation=name, clock=RunningClock()))
        schemathesis_checks._existing.clear()
        for operation, arguments, method in islice(
            grid(), index % 20 if index else 0, None, 20 if index else 1
        ):
            case = operation.Case(**arguments)
            case.method = method
            response = case.call(app=app)
            assert failing(response, case) == [], (name, method, arguments, response.content)


def test_what_one_exchange_shows_fails_its_clause():
    ahead = (datetime.now(UTC) + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%S.125")
    table = [
        ("offset-dropped", {"paused_until": f"{ahead}+09:00"}, "pausing.offset-is-honoured"),
        ("milliseconds-dropped", {"paused_until": f"{ahead}Z"}, "pausing.fraction-is-kept"),
        ("stores-inactive", {}, "pausing.status-is-paused"),
        ("omitted-means-tomorrow", {}, "pausing.no-date-means-indefinitely"),
        ("pause-500", {}, "request.date-is-optional"),
        ("html-media-type", {}, "response.media-type"),
        ("id-without-prefix", {}, "identifiers.campaign-id"),
        ("created-at-as-epoch", {}, "timestamps.created-at"),
        ("accepts-any-string", {"paused_until": "tomorrow"}, "refusals.not-a-date"),
        ("accepts-true", {"paused_until": True}, "refusals.wrong-type"),
        ("leaks-python-trace", {"paused_until": 7}, "refusals.nothing-leaks"),
    ]
    of = {"path_parameters": {"id": ACTIVE}, "headers": {"Authorization": f"Bearer {SEED.token}"}}
    for fault, body, clause in table:
        case = PAUSE.Case(**of, body=body, media_type="application/json")
        app = create_app(build(fault=fault, clock=RunningClock()))
        assert failing(case.call(app=app), case) == [clause], fault


class Received(SimpleNamespace):
    __hash__ = object.__hash__


def received(status, *, body=b"{}", sent=None, id_=ACTIVE, method="POST", headers=None, more=None):
    """A response with a status to a pause, and its case, as schemathesis hands them to a check."""
    url = f"https://api.example/v1/ad_campaigns/{id_}/pause"
    headers = headers or {"Content-Type": "application/json"}
    members = {
        "status_code": status,
        "headers": {"content-type": ["application/json"]},
        "content": sent if sent is not None else b'{"error": {"type": "x", "message": "x"}}',
        "request": Request(method, url, data=body, headers=headers).prepare(),
        "elapsed": 0.1,
    }
    return Received(**members | (more or {})), Received(method="POST")


REFUSED = ["request.date-is-optional"]


def test_what_may_have_another_cause_is_not_checked():
    """A 400 before the campaign was seen to exist, a credential that is not known, and what is not ours."""
    schemathesis_checks._existing.clear()
    assert [failing(*received(status)) for status in (500, 405, 400)] == [REFUSED, REFUSED, []]
    schemathesis_checks._existing.add(("https://api.example/v1", ACTIVE))
    assert [failing(*received(status)) for status in (400, 401, 403, 404)] == [REFUSED, [], [], []]
    assert failing(*received(500, id_="prod_1")) == ["refusals.malformed-id"]
    for about in (
        {"headers": {"Content-Type": "application/json", "Accept": "text/html"}},
        {"headers": {"Content-Type": "application/json; charset=utf-16"}},
        {"method": "GET"},
        {"more": {"stream_cut_short": True}},
        {"more": {"content_size": 10_000}},
        *({"id_": id_} for id_ in ("adcamp_a%20b", "adcamp_a-b", "x/y", "")),
        {"body": iter([b"{}"])},
    ):
        assert failing(*received(500, **about)) == [], about


def test_a_failure_shows_statement_and_finding_and_no_credential():
    headers = {"Content-Type": "application/json", "Authorization": "Bearer wk_canary_7Qd2"}
    response, case = received(500, sent=b"no wk_canary_7Qd2", headers=headers)
    check = next(one for one in schemathesis_checks.CHECKS if one.__name__ == REFUSED[0])
    with pytest.raises(AssertionError) as failure:
        check(None, response, case)
    lines = str(failure.value).splitlines()
    assert lines[0] == check.__doc__
    assert lines[2:4] == ["expected  200", "actual    500 no $WHOP_API_TOKEN"]


def test_the_checks_are_the_must_clauses_and_with_strict_all_that_are_chosen():
    assert [check.__name__ for check in schemathesis_checks.CHECKS] == MUST
    code = "from whop_contracts.schemathesis_checks import CHECKS; print(*(one.__name__ for one in CHECKS))"
    chosen = {"WHOP_CONTRACTS_STRICT": "true", "WHOP_CONTRACTS_CLAUSE": "response.*,refusals.not-*"}
    done = process(sys.executable, "-c", code, env=CLEAN | chosen)
    expected = [one.id for one in clauses() if one.id.startswith(("response.", "refusals.not-"))]
    assert done.stdout.split() == expected
    assert set(expected) - set(MUST)
