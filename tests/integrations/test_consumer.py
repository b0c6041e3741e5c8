"""The consumer's side: what clients send is judged, told and refused; the official client is not accused."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime

import httpx
import pytest
import whop_sdk
from hypothesis import given
from hypothesis import strategies as st

from whop_contracts.cli.main import main
from whop_contracts.integrations.consumer import RULES, judge, received
from whop_contracts.integrations.consumer.request_checker import RequestChecker, guarded
from whop_contracts.pause.strategies import bad_pause_bodies, campaign_ids, malformed_ids, pause_bodies
from whop_contracts.plugin.fixtures import AdCampaignProvider
from whop_contracts.provider import SEED, Answer, build

pytestmark = pytest.mark.filterwarnings("default::pytest.PytestAssertRewriteWarning")
CAMPAIGN = SEED.campaigns[0]
PAUSE = f"/api/v1/ad_campaigns/{CAMPAIGN}/pause"
BEARER = ("authorization", f"Bearer {SEED.token}")
JSON = ("content-type", "application/json")
CANARY = "canary.7Qd2mXv9Rb4TzLc8"
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)

# name: method, path, headers, body, the rules broken, the status in strict mode
BREAKING = {
    "a word for a date": ("POST", PAUSE, (BEARER, JSON), b'{"paused_until": "tomorrow"}', ["schema"], 422),
    "a date without a zone": ("POST", PAUSE, (BEARER, JSON), b'{"paused_until": "2030-01-01T00:00:00"}', ["schema"], 422),
    "an epoch": ("POST", PAUSE, (BEARER, JSON), b'{"paused_until": 1893456000}', ["schema"], 422),
    "null for a date": ("POST", PAUSE, (BEARER, JSON), b'{"paused_until": null}', ["schema"], 422),
    "an array": ("POST", PAUSE, (BEARER, JSON), b"[]", ["schema"], 422),
    "a bare null": ("POST", PAUSE, (BEARER, JSON), b"null", ["schema"], 422),
    "malformed JSON": ("POST", PAUSE, (BEARER, JSON), b"{paused_until}", ["json"], 400),
    "a byte order mark": ("POST", PAUSE, (BEARER, JSON), b"\xef\xbb\xbf{}", ["json"], 400),
    "no content type": ("POST", PAUSE, (BEARER,), b"{}", ["media-type"], 415),
    "a form": ("POST", PAUSE, (BEARER, ("content-type", "application/x-www-form-urlencoded")), b"paused_until=x", ["media-type", "json"], 415),
    "no credential": ("POST", PAUSE, (JSON,), b"{}", ["credential"], 401),
    "an empty credential": ("POST", PAUSE, (JSON, ("authorization", "")), b"{}", ["credential"], 401),
    "another scheme": ("POST", PAUSE, (JSON, ("authorization", f"Basic {CANARY}")), b"{}", ["bearer-token"], 401),
    "the token alone": ("POST", PAUSE, (JSON, ("authorization", CANARY)), b"{}", ["bearer-token"], 401),
    "no token": ("POST", PAUSE, (JSON, ("authorization", "Bearer")), b"{}", ["bearer-token"], 401),
    "the page's placeholder": ("POST", PAUSE, (JSON, ("authorization", "Bearer <token>")), b"{}", ["bearer-token"], 401),
    "GET on the pause route": ("GET", PAUSE, (BEARER,), b"", ["method"], 405),
    "DELETE of a campaign": ("DELETE", f"/api/v1/ad_campaigns/{CAMPAIGN}", (BEARER,), b"", ["method"], 405),
    "another prefix": ("POST", "/api/v1/ad_campaigns/campaign_1/pause", (BEARER,), b"", ["id"], 404),
    "white space in the id": ("POST", "/api/v1/ad_campaigns/adcamp_x%20/pause", (BEARER,), b"", ["id"], 404),
    "no such route": ("POST", f"/api/v1/ad_campaigns/{CAMPAIGN}/stop", (BEARER,), b"", ["route"], 404),
    "a slash at the end": ("POST", f"{PAUSE}/", (BEARER,), b"", ["route"], 404),
    "another version": ("POST", PAUSE.replace("v1", "v2"), (BEARER,), b"", ["route"], 404),
}  # fmt: skip
UNWISE = {
    "an undocumented member": ("POST", PAUSE, (BEARER, JSON), b'{"reason": "rain"}', ["undocumented"]),
    "a query": ("POST", f"{PAUSE}?dry=1", (BEARER,), b"", ["undocumented"]),
    "a member twice": ("POST", PAUSE, (BEARER, JSON), b'{"paused_until":"2030-01-01T00:00:00Z","paused_until":"2031-01-01T00:00:00Z"}', ["member-once"]),
    "unpause with a body": ("POST", PAUSE.replace("pause", "unpause"), (BEARER, JSON), b"{}", ["needless-body"]),
    "a dash in the id": ("POST", "/api/v1/ad_campaigns/adcamp_a-b/pause", (BEARER,), b"", ["usual-id"]),
    "a long key": ("POST", PAUSE, (BEARER, ("idempotency-key", "k" * 256)), b"", ["idempotency-key"]),
    "a version that is no date": ("POST", PAUSE, (BEARER, ("api-version-date", "2026-02-30")), b"", ["version-date"]),
}  # fmt: skip
KEEPING = {
    "no body": ("POST", PAUSE, (BEARER,), b""),
    "no body, said to be JSON": ("POST", PAUSE, (BEARER, JSON), b""),
    "a charset": ("POST", PAUSE, (BEARER, ("Content-Type", "Application/JSON; charset=utf-8")), b"{}"),
    "lower-case bearer": ("POST", PAUSE, (("Authorization", f"bearer {SEED.token}"),), b""),
    "a token that nobody knows": ("POST", PAUSE, (("authorization", f"Bearer {CANARY}"),), b""),
    "a campaign that nobody has": ("POST", "/api/v1/ad_campaigns/adcamp_none/pause", (BEARER,), b""),
    "a past date": ("POST", PAUSE, (BEARER, JSON), b'{"paused_until": "2023-12-01T05:00:00.401Z"}'),
    "a read": ("GET", f"/api/v1/ad_campaigns/{CAMPAIGN}", (BEARER,), b""),
    "a browser's question": ("OPTIONS", PAUSE, (), b""),
    "a later generation's headers": ("POST", PAUSE, (BEARER, ("Api-Version-Date", "2026-02-28"), ("Idempotency-Key", "k")), b""),
}  # fmt: skip


def rules(method, path, headers, content):
    return [rule.id.removeprefix("consumer.") for rule, _ in judge(received(method, path, headers, content))]


@pytest.mark.parametrize("name", BREAKING)
def test_what_breaks_the_contract_is_found_and_refused_in_the_error_s_shape(name):
    method, path, headers, content, broken, status = BREAKING[name]
    assert rules(method, path, headers, content) == broken
    provider, witness = build(), RequestChecker()
    handle = guarded(
        provider.handle, witness, refuse=lambda said: Answer(said.status, said.headers, said.content)
    )
    answer = handle(method, path, headers, content)
    assert (answer.status, len(witness.broken)) == (status, len(broken))
    assert f"[consumer.{broken[0]}]" in json.loads(answer.content)["error"]["message"]
    assert provider.state.campaigns[CAMPAIGN].status == "active"


@pytest.mark.parametrize("name", UNWISE)
def test_what_a_provider_may_ignore_is_told_and_not_refused(name):
    method, path, headers, content, broken = UNWISE[name]
    assert rules(method, path, headers, content) == broken
    witness = RequestChecker()
    witness.see(received(method, path, headers, content))
    assert witness.broken == ()
    assert [row.level for row in witness.told] == ["should"]


@pytest.mark.parametrize("name", KEEPING)
def test_what_the_page_lets_a_client_send_breaks_nothing(name):
    assert rules(*KEEPING[name]) == []


def test_every_rule_is_seen_firing():
    seen = {rule for table in (BREAKING, UNWISE) for row in table.values() for rule in row[4]}
    assert {rule.id for rule in RULES} == {f"consumer.{name}" for name in seen}


@given(campaign_ids(), pause_bodies())
def test_no_good_request_is_accused(campaign, body):
    content = json.dumps(body).encode()
    assert rules("POST", f"/api/v1/ad_campaigns/{campaign}/pause", (BEARER, JSON), content) == []


@given(bad_pause_bodies())
def test_every_bad_body_is_found(bad):
    _, body = bad
    content = body if isinstance(body, bytes) else body.encode()
    assert set(rules("POST", PAUSE, (BEARER, JSON), content)) & {"json", "schema"}


@given(malformed_ids())
def test_no_malformed_id_passes_unseen(segment):
    # Only a long one has the form that the page shows.
    assert rules("POST", f"/api/v1/ad_campaigns/{segment}/pause", (BEARER,), b"") or len(segment) > 300


@given(st.text(), st.text(), st.lists(st.tuples(st.text(), st.text())), st.binary())
def test_whatever_comes_is_judged(method, path, headers, content):
    RequestChecker(("12345678",)).see(received(method, path, tuple(headers), content))


@pytest.mark.parametrize(
    "where",
    ["/api/v1/ad_campaigns/{}/pause", "/api/v1/{}", "/api/v1/ad_campaigns/{}", PAUSE + "?token={}"],
)
@pytest.mark.parametrize("spelling", ["{}", "x" * 70 + "{}", "%63anary.7Qd2mXv9Rb4TzLc8"])
def test_no_token_is_told_wherever_it_stands(where, spelling):
    witness, hidden = RequestChecker(), spelling.format(CANARY)
    content = json.dumps({"paused_until": hidden, hidden: 1}).encode()
    early = received("POST", where.format(hidden), (JSON, ("x-early", hidden)), content)
    late = received("GET", where.format(hidden), (("authorization", f"Bearer {CANARY}"),), content)
    for request in (early, late):
        witness.see(request)
    assert witness.told
    said = json.dumps(witness.document()) + "".join(map(str, witness.told))
    assert CANARY not in said
    assert "7Qd2mXv9Rb4T" not in json.dumps(
        [row for row in witness.document()["broken_requests"] if row["number"] == 2]
    )


def test_many_broken_requests_are_counted():
    witness = RequestChecker()
    for _ in range(502):
        witness.see(received("GET", "/", (), b""))
    document = witness.document()
    assert (document["requests"], document["broken"], document["left_out"]) == (502, 502, 2)
    assert len({row["number"] for row in document["broken_requests"]}) == 500


# -- a real socket ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def served(tmp_path):
    """``whop-contracts serve`` in a process of its own, by its flags; ended as a person would."""
    running = []

    def serve(*flags):
        program = [sys.executable, "-m", "whop_contracts", "serve", "--port", "0", *flags]
        process = subprocess.Popen(
            program, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        running.append(process)
        return process, process.stdout.readline().split()[-1]

    yield serve
    for process in running:
        process.kill()
        process.communicate()


def ended(process):
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert err == ""
    return process.returncode, out


def test_the_official_client_breaks_nothing(served, tmp_path):
    process, base_url = served("--strict", "--report", "report.json")
    with whop_sdk.Whop(api_key=SEED.token, base_url=base_url, max_retries=0) as whop:
        assert whop.ad_campaigns.pause(CAMPAIGN).status == "paused"
        whop.ad_campaigns.pause(CAMPAIGN, extra_body={"paused_until": "2099-01-01T00:00:00+01:00"})
        assert whop.ad_campaigns.retrieve(CAMPAIGN).status == "paused"
        assert whop.ad_campaigns.unpause(CAMPAIGN).status == "active"
        with pytest.raises(whop_sdk.NotFoundError):
            whop.ad_campaigns.pause("adcamp_none")
    code, out = ended(process)
    assert code == 0
    assert out.splitlines()[-1] == "5 requests, none broken"
    assert json.loads((tmp_path / "report.json").read_text()) == {
        "schema_version": "1", "requests": 5, "broken": 0, "left_out": 0, "broken_requests": [],
    }  # fmt: skip


def test_the_official_client_misused_is_told_why(served):
    _, base_url = served("--strict")
    with (
        whop_sdk.Whop(api_key=SEED.token, base_url=base_url, max_retries=0) as whop,
        pytest.raises(whop_sdk.UnprocessableEntityError, match="RFC 3339 timestamp with an offset"),
    ):
        whop.ad_campaigns.pause(CAMPAIGN, extra_body={"paused_until": "tomorrow"})


def test_the_report_has_each_broken_request_at_once_and_the_provider_s_answers_stand(served, tmp_path):
    process, base_url = served("--report", "report.json")
    rows, said = [], []
    with httpx.Client() as http:
        for name, (method, path, headers, content, broken, _) in BREAKING.items():
            http.request(
                method, base_url.removesuffix("/api/v1") + path, headers=headers, content=content or None
            )
            rows += [(len(said) + 1, f"consumer.{rule}") for rule in broken]
            said.append(name)
            report = json.loads((tmp_path / "report.json").read_text())
            assert [(row["number"], row["rule"]) for row in report["broken_requests"]] == rows, name
        paused = http.post(base_url.removesuffix("/api/v1") + PAUSE, headers=[BEARER], content=b"{}")
        assert (paused.status_code, paused.json()["status"]) == (200, "paused")
    code, out = ended(process)
    text = (tmp_path / "report.json").read_text()
    report = json.loads(text)
    assert (report["broken"], report["requests"]) == (len(BREAKING) + 1, len(BREAKING) + 1)
    assert (code, out.splitlines()[-1]) == (
        1,
        f"{len(BREAKING) + 1} of {len(BREAKING) + 1} requests broke the contract",
    )
    first = report["broken_requests"][0]
    assert (first["pointer"], first["actual"], first["method"], first["path"]) == (
        "/paused_until",
        '"tomorrow"',
        "POST",
        PAUSE,
    )
    assert first["promise"].startswith("A pause's body is an object")
    assert CANARY not in text
    assert SEED.token not in text
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_a_report_that_cannot_be_written_is_one_line_before_anything_is_served(tmp_path, capsys):
    path = tmp_path / "no" / "report.json"
    assert main(["serve", "--port", "0", "--report", str(path)]) == 2
    assert (
        capsys.readouterr().err
        == f"whop-contracts: --report {str(path)!r}: could not be written (no such file or directory)\n"
    )


# -- an application's own tests --------------------------------------------------------------------------------------------

APPLICATION = """
import httpx, pytest, whop_sdk

def pause(provider, **rest):
    headers = {"Authorization": f"Bearer {provider.token}"}
    return httpx.post(f"{provider.base_url}/ad_campaigns/{provider.campaign_ids[0]}/pause", headers=headers, **rest)

def test_keeps_it(strict_ad_campaign_provider):
    with whop_sdk.Whop(api_key=strict_ad_campaign_provider.token, max_retries=0) as whop:
        whop.ad_campaigns.pause(strict_ad_campaign_provider.campaign_ids[0])

def test_breaks_it(strict_ad_campaign_provider):
    assert pause(strict_ad_campaign_provider, json={"paused_until": "tomorrow"}).status_code == 422

def test_breaks_it_by_a_port(strict_ad_campaign_provider):
    base_url = strict_ad_campaign_provider.serve()
    assert httpx.get(f"{base_url}/ad_campaigns/{strict_ad_campaign_provider.campaign_ids[0]}").status_code == 401

@pytest.mark.ad_campaign_provider(strict=False)
def test_breaks_it_and_is_answered_as_ever(strict_ad_campaign_provider):
    assert pause(strict_ad_campaign_provider, content=b"{}").status_code == 200

def test_is_unwise(strict_ad_campaign_provider):
    assert pause(strict_ad_campaign_provider, json={"reason": "rain"}).status_code == 200

def test_asks_what_was_broken(ad_campaign_provider):
    assert pause(ad_campaign_provider, content=b"{}").status_code == 200
    broken, = ad_campaign_provider.broken_requests
    assert (broken.number, broken.rule, broken.expected) == (1, "consumer.media-type", "Content-Type: application/json")
    assert ad_campaign_provider.unwise_requests == ()
"""


def test_the_fixtures_tell_an_application_s_own_tests(pytester, monkeypatch):
    for name in ("WHOP_API_TOKEN", "WHOP_BASE_URL", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)
    pytester.makepyfile(APPLICATION)
    done = pytester.runpytest_inprocess(
        *("-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "no:randomly"),
        *("-W", "always::whop_contracts.plugin.ContractWarning"),
    )
    done.assert_outcomes(passed=6, errors=3, warnings=1)
    done.stdout.fnmatch_lines_random(
        [
            'request 1, POST /api/v1/*: expected an RFC 3339 timestamp with an offset, actual "tomorrow" at /paused_until (consumer.schema)',
            "request 1, GET *: expected an Authorization header, actual none, or an empty one (consumer.credential)",
            "request 1, POST *: expected Content-Type: application/json, actual no Content-Type (consumer.media-type)",
            '*ContractWarning: request 1, POST *a member "reason"*',
        ]
    )
    assert SEED.token not in done.stdout.str()


def test_strict_answers_are_dated_and_challenge():
    with AdCampaignProvider(strict=True, now=NOON) as provider:
        url = f"{provider.base_url}/ad_campaigns/{CAMPAIGN}/pause"
        lacking, wrong = httpx.post(url), httpx.put(url, headers=[BEARER])
    assert lacking.headers["date"] == wrong.headers["date"] == "Tue, 01 Jan 2030 12:00:00 GMT"
    assert lacking.headers["www-authenticate"].startswith("Bearer")
    assert wrong.headers["allow"] == "POST"
