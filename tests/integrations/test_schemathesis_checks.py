"""The clauses as schemathesis users have them: by the real command, in their own tests, and never against an honest provider."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import schemathesis
from requests import Request

from whop_contracts.integrations import schemathesis_checks
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
OTHERS = "positive_data_acceptance,negative_data_rejection"
"""Checks of schemathesis that know the schema alone: a past date and a null body are no mistake to them, or one."""


@contextmanager
def serving(*args):
    """``whop-contracts serve``; the base URL."""
    command = [sys.executable, "-m", "whop_contracts", "serve", "--port", "0", *args]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=CLEAN) as process:
        try:
            for line in process.stdout:
                found = re.search(r"http://127\.0\.0\.1:\d+/api/v1", line)
                if found:
                    yield found[0]
                    break
        finally:
            process.terminate()
            process.communicate(timeout=30)


def st(folder, base_url, *args, **more):
    (folder / "schemathesis.toml").write_text(f'[parameters]\nid = "{ACTIVE}"\n')
    command = [
        str(Path(sys.executable).with_name("st")),
        *("run", str(DOCUMENT), "--url", base_url, "--header", f"Authorization: Bearer {SEED.token}"),
        *("--max-examples", "20", "--seed", "1", "--no-color", "--continue-on-failure"),
        *("--exclude-checks", OTHERS, *args),
    ]
    done = subprocess.run(
        command,
        cwd=folder,
        env=CLEAN
        | {"CI": "1", "SCHEMATHESIS_HOOKS": "whop_contracts.integrations.schemathesis_checks"}
        | more,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert SEED.token not in done.stdout + done.stderr
    return done


def accused(done):
    """The checks that failed, by the summary of ``st``."""
    return set(re.findall(r"❌ (?:ST901 )?Custom check failed: `(.+?)`", done.stdout))


def test_st_accuses_an_honest_provider_of_nothing(tmp_path):
    with serving() as base_url:
        done = st(tmp_path, base_url)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
        assert accused(st(tmp_path, base_url, "--workers", "3")) == set()


@pytest.mark.parametrize(
    ("fault", "ids"),
    [
        ("missing-title", {"response.title"}),
        ("stores-inactive", {"pausing.status-is-paused"}),
        ("past-means-tomorrow", {"pausing.past-date-does-not-pause"}),
    ],
)
def test_st_tells_a_fault_by_the_id_of_its_clause(tmp_path, fault, ids):
    with serving("--fault", fault) as base_url:
        done = st(tmp_path, base_url)
    assert done.returncode == 1
    assert accused(done) == ids
    assert "expected  " in done.stdout


def test_st_leaves_out_what_it_is_told_to(tmp_path):
    with serving("--fault", "missing-title") as base_url:
        done = st(
            tmp_path, base_url, "--exclude-checks", f"{OTHERS},response_schema_conformance,response.title"
        )
        assert done.returncode == 0, done.stdout[-4000:]
        only = st(tmp_path, base_url, WHOP_CONTRACTS_CLAUSE="timestamps.*")
        assert accused(only) == set()


@pytest.mark.parametrize(("fault", "id_"), [(None, None), ("missing-title", "response.title")])
def test_a_parametrized_test_judges_by_the_clauses(pytester, fault, id_):
    pytester.makepyfile(
        f"""
        import os
        import schemathesis
        from hypothesis import settings
        import whop_contracts.integrations.schemathesis_checks
        from whop_contracts.provider import SEED

        schema = schemathesis.openapi.from_path({str(DOCUMENT)!r})

        @schema.include(operation_id="pauseAdCampaign").parametrize()
        @settings(max_examples=5, derandomize=True, deadline=None)
        def test_pause(case):
            case.path_parameters["id"] = SEED.campaigns[0]
            case.body = {{}}
            headers = {{"Authorization": "Bearer " + SEED.token}}
            case.call_and_validate(base_url=os.environ["SERVED"], headers=headers)
        """
    )
    with running(build(fault=fault, clock=RunningClock())) as base_url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SERVED", base_url)
        done = pytester.runpytest_subprocess(*QUIETLY)
    if id_ is None:
        done.assert_outcomes(passed=1)
    else:
        assert done.ret == 1
        done.stdout.fnmatch_lines([f"*Custom check failed: `{id_}`*"])
    assert SEED.token not in done.stdout.str()


# -- in this process -------------------------------------------------------------------------------------------------------


def judge(response, case):
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
    ACTIVE, SEED.inactive, SEED.stale, SEED.paused, SEED.foreign_campaign, "adcamp_nobody0", "adcamp_", "prod_x1", "0",
    SEED.campaigns[2].lower(), "adcamp_a b", "adcamp_é", "adcamp_" + "a" * 900,
]  # fmt: skip
UNTIL = [
    {"days": 3}, {"days": -3}, {"days": 700}, {"seconds": 1}, {"hours": 1, "microseconds": 1},
]  # fmt: skip
VALUES = [None, 7, True, [], {}, "tomorrow", "2027-01-01", "2000-01-01T00:00:00Z", "", "9999-12-30T23:59:59Z"]
BODIES = [None, [], "no", 0, {}, {"note": 1}, *({"paused_until": value} for value in VALUES)]


def cases():
    dated = [{"paused_until": soon(**span)} for span in UNTIL]
    for token in (SEED.token, SEED.readonly_token, "wk_nobody_was_given", None):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        for id_ in IDS:
            of = {"path_parameters": {"id": id_}}
            ours = token == SEED.token and id_ == ACTIVE
            for body in (*BODIES, *dated) if ours else (*dated[:1], {}, {"paused_until": 7}):
                yield PAUSE.Case(**of, body=body, media_type="application/json", headers=headers)
            yield PAUSE.Case(**of, body="{}", media_type="text/plain", headers=headers)
            yield PAUSE.Case(**of, headers=headers)
            yield READ.Case(**of, headers=headers)
            for method in ("PUT", "GET", "DELETE", "TRACE"):
                other = PAUSE.Case(**of, headers=headers)
                other.method = method
                yield other


@pytest.mark.parametrize("variation", [None, *(one.name for one in variations() if one.name != "slow")])
def test_no_honest_provider_is_accused_whatever_is_sent_to_whichever_campaign(variation):
    app = create_app(build(variation=variation, clock=RunningClock()))
    schemathesis_checks._existing.clear()
    for case in cases():
        response = case.call(app=app)
        assert judge(response, case) == [], (case.method, case.path_parameters, case.body, response.content)


@pytest.mark.parametrize(
    ("fault", "body", "ids"),
    [
        ("offset-dropped", {"paused_until": "{3 days ahead, far east}"}, ["pausing.offset-is-honoured"]),
        ("milliseconds-dropped", {"paused_until": "{3 days ahead}"}, ["pausing.fraction-is-kept"]),
        ("stores-inactive", {}, ["pausing.status-is-paused"]),
        ("omitted-means-tomorrow", {}, ["pausing.no-date-means-indefinitely"]),
        ("pause-500", {}, ["request.date-is-optional"]),
        ("html-media-type", {}, ["response.media-type"]),
        ("id-without-prefix", {}, ["identifiers.campaign-id"]),
        ("created-at-as-epoch", {}, ["timestamps.created-at"]),
        ("accepts-any-string", {"paused_until": "tomorrow"}, ["refusals.not-a-date"]),
        ("accepts-true", {"paused_until": True}, ["refusals.wrong-type"]),
        ("leaks-python-trace", {"paused_until": 7}, ["refusals.nothing-leaks"]),
    ],
)
def test_what_one_exchange_shows_is_told(fault, body, ids):
    ahead = (datetime.now(UTC) + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%S.125")
    body = {
        name: {"{3 days ahead}": f"{ahead}Z", "{3 days ahead, far east}": f"{ahead}+09:00"}.get(value, value)
        if isinstance(value, str)
        else value
        for name, value in body.items()
    }
    headers = {"Authorization": f"Bearer {SEED.token}"}
    case = PAUSE.Case(
        path_parameters={"id": ACTIVE}, body=body, media_type="application/json", headers=headers
    )
    app = create_app(build(fault=fault, clock=RunningClock()))
    assert judge(case.call(app=app), case) == ids


def answered(status, *, body=b"{}", sent=None, id_=ACTIVE, method="POST", headers=None, more=None):
    """An answer as schemathesis hands it to a check, and its case."""
    url = f"https://api.example/v1/ad_campaigns/{id_}/pause"
    request = Request(
        method, url, data=body, headers=headers or {"Content-Type": "application/json"}
    ).prepare()
    said = {"content-type": ["application/json"]}
    content = sent if sent is not None else b'{"error": {"type": "x", "message": "x"}}'
    response = SimpleNamespace(
        **{"status_code": status, "headers": said, "content": content, "request": request, "elapsed": 0.1}
        | (more or {})
    )
    return response, SimpleNamespace(method="POST")


REFUSED = ["request.date-is-optional"]


def test_what_is_judged_at_all():
    """The next test shows it by what is not: the same answer is told here."""
    schemathesis_checks._existing.clear()
    assert judge(*answered(500)) == REFUSED
    assert judge(*answered(405)) == REFUSED
    assert judge(*answered(400)) == []
    schemathesis_checks._existing.add(("https://api.example/v1", ACTIVE))
    assert judge(*answered(400)) == REFUSED
    assert judge(*answered(500, id_="prod_1")) == ["refusals.malformed-id"]


@pytest.mark.parametrize(
    "about",
    [
        {"headers": {"Content-Type": "application/json", "Accept": "text/html"}},
        {"headers": {"Content-Type": "application/json; charset=utf-16"}},
        {"method": "GET"},
        {"more": {"stream_cut_short": True}},
        {"more": {"content_size": 10_000}},
        {"id_": "adcamp_a%20b"},
        {"id_": "adcamp_a-b"},
        {"id_": "x/y"},
        {"id_": ""},
        {"body": iter([b"{}"])},
    ],
    ids=[
        "accept",
        "charset",
        "redirected",
        "cut",
        "kept-in-part",
        "blank",
        "dash",
        "slash",
        "empty",
        "streamed",
    ],
)
def test_what_may_have_another_reason_is_not_judged(about):
    assert judge(*answered(500, **about)) == []


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_credential_that_is_not_known_decides_nothing(status):
    schemathesis_checks._existing.add(("https://api.example/v1", ACTIVE))
    assert judge(*answered(status)) == []


def test_a_failure_says_what_was_promised_and_what_came_and_no_credential():
    headers = {"Content-Type": "application/json", "Authorization": "Bearer wk_canary_7Qd2"}
    response, case = answered(500, sent=b"no wk_canary_7Qd2", headers=headers)
    check = next(one for one in schemathesis_checks.CHECKS if one.__name__ == REFUSED[0])
    with pytest.raises(AssertionError) as failure:
        check(None, response, case)
    lines = str(failure.value).splitlines()
    assert lines[0] == check.__doc__
    assert lines[2:4] == ["expected  200", "actual    500 no $WHOP_API_TOKEN"]


def test_the_clauses_that_must_hold_are_checks_and_with_strict_all():
    assert [check.__name__ for check in schemathesis_checks.CHECKS] == MUST
    code = "from whop_contracts.integrations.schemathesis_checks import CHECKS; print(*(check.__name__ for check in CHECKS))"

    def named(**environ):
        done = subprocess.run(
            [sys.executable, "-c", code], env=CLEAN | environ, capture_output=True, text=True, check=True
        )
        return done.stdout.split()

    assert named(WHOP_CONTRACTS_STRICT="true") == [clause.id for clause in clauses()]
    assert named(WHOP_CONTRACTS_CLAUSE="refusals.not-*") == ["refusals.not-a-date", "refusals.not-an-object"]
