"""The consumer's side: broken requests are reported and rejected; the official client breaks no rule."""

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime
from itertools import product

import httpx
import pytest
import whop_sdk
from hypothesis import given
from hypothesis import strategies as st

from whop_contracts.cli import main
from whop_contracts.integrations.consumer import RULES, RequestChecker, broken_rules, guarded, received
from whop_contracts.provider import SEED, ManualClock, build
from whop_contracts.strategies import bad_pause_bodies, campaign_ids, malformed_ids, pause_bodies

pytestmark = pytest.mark.filterwarnings("default::pytest.PytestAssertRewriteWarning")
CAMPAIGN = SEED.campaigns[0]
PAUSE = f"/api/v1/ad_campaigns/{CAMPAIGN}/pause"
UNPAUSE, READ = PAUSE.replace("pause", "unpause"), PAUSE.removesuffix("/pause")
BEARER = ("authorization", f"Bearer {SEED.token}")
JSON = ("content-type", "application/json")
FORM = ("content-type", "application/x-www-form-urlencoded")
CANARY = "canary.7Qd2mXv9Rb4TzLc8"
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
TWICE = b'{"paused_until":"2030-01-01T00:00:00Z","paused_until":"2031-01-01T00:00:00Z"}'


def sent(content=b"", *headers, method="POST", path=PAUSE, bearer=BEARER):
    """A request as ``received`` takes it: with a credential and as JSON, unless told otherwise."""
    typed = (JSON,) if content and not headers else headers
    return method, path, (*((bearer,) if bearer else ()), *typed), content


def as_credential(value):
    return sent(b"{}", bearer=("authorization", value))


def of_campaign(id_):
    return sent(path=f"/api/v1/ad_campaigns/{id_}/pause")


# name: a request, the rules that it breaks, the status in strict mode
BREAKING = {
    "a word for a date": (sent(b'{"paused_until": "tomorrow"}'), ["schema"], 422),
    "a date without a zone": (sent(b'{"paused_until": "2030-01-01T00:00:00"}'), ["schema"], 422),
    "an epoch": (sent(b'{"paused_until": 1893456000}'), ["schema"], 422),
    "null for a date": (sent(b'{"paused_until": null}'), ["schema"], 422),
    "an array": (sent(b"[]"), ["schema"], 422),
    "a bare null": (sent(b"null"), ["schema"], 422),
    "malformed JSON": (sent(b"{paused_until}"), ["json"], 400),
    "a byte order mark": (sent(b"\xef\xbb\xbf{}"), ["json"], 400),
    "no content type": (sent(b"{}", ("x-none", "")), ["media-type"], 415),
    "a form": (sent(b"paused_until=x", FORM), ["media-type", "json"], 415),
    "no credential": (sent(b"{}", bearer=None), ["credential"], 401),
    "an empty credential": (as_credential(""), ["credential"], 401),
    "another scheme": (as_credential(f"Basic {CANARY}"), ["bearer-token"], 401),
    "the token alone": (as_credential(CANARY), ["bearer-token"], 401),
    "no token": (as_credential("Bearer"), ["bearer-token"], 401),
    "the page's placeholder": (as_credential("Bearer <token>"), ["bearer-token"], 401),
    "GET on the pause route": (sent(method="GET"), ["method"], 405),
    "DELETE of a campaign": (sent(method="DELETE", path=READ), ["method"], 405),
    "another prefix": (of_campaign("campaign_1"), ["id"], 404),
    "white space in the id": (of_campaign("adcamp_x%20"), ["id"], 404),
    "no such route": (sent(path=f"{READ}/stop"), ["route"], 404),
    "a slash at the end": (sent(path=f"{PAUSE}/"), ["route"], 404),
    "another version": (sent(path=PAUSE.replace("v1", "v2")), ["route"], 404),
}
UNWISE = {
    "an undocumented member": (sent(b'{"reason": "rain"}'), ["undocumented"]),
    "a query": (sent(path=f"{PAUSE}?dry=1"), ["undocumented"]),
    "a member twice": (sent(TWICE), ["member-once"]),
    "unpause with a body": (sent(b"{}", path=UNPAUSE), ["needless-body"]),
    "a dash in the id": (of_campaign("adcamp_a-b"), ["usual-id"]),
}
KEEPING = {
    "no body": sent(),
    "no body, said to be JSON": sent(b"", JSON),
    "a charset": sent(b"{}", ("Content-Type", "Application/JSON; charset=utf-8")),
    "lower-case bearer": sent(bearer=("Authorization", f"bearer {SEED.token}")),
    "a token that nobody knows": as_credential(f"Bearer {CANARY}"),
    "a campaign that nobody has": of_campaign("adcamp_none"),
    "a past date": sent(b'{"paused_until": "2023-12-01T05:00:00.401Z"}'),
    "a read": sent(method="GET", path=READ),
    "a look for the server": sent(method="GET", path="/", bearer=None),
    "a browser's preflight": sent(method="OPTIONS", bearer=None),
    "headers that the page does not name": sent(
        b"", ("Api-Version-Date", "soon"), ("Idempotency-Key", "k" * 999)
    ),
}


def rules(method, path, headers, content):
    found = broken_rules(received(method, path, headers, content))
    return [rule.id.removeprefix("consumer.") for rule, _ in found]


def test_what_breaks_a_must_is_found_and_rejected_in_the_error_shape():
    broken_by_some = {rule for row in (*BREAKING.values(), *UNWISE.values()) for rule in row[1]}
    assert {rule.id for rule in RULES} == {f"consumer.{name}" for name in broken_by_some}
    for name, (request, broken, status) in BREAKING.items():
        assert rules(*request) == broken, name
        provider, checker = build(clock=ManualClock(NOON.timestamp())), RequestChecker()
        got = guarded(provider.handle, checker, refuse=provider.finish)(*request)
        assert (got.status, len(checker.broken)) == (status, len(broken)), name
        headers = {name.lower(): value for name, value in got.headers}
        assert headers["date"] == "Tue, 01 Jan 2030 12:00:00 GMT"
        assert ("www-authenticate" in headers) == (status == 401)
        assert headers.get("allow") == {"GET": "POST", "DELETE": "GET, HEAD"}.get(request[0])
        assert f"[consumer.{broken[0]}]" in json.loads(got.content)["error"]["message"]
        assert provider.state.campaigns[CAMPAIGN].status == "active"


def test_what_a_provider_may_ignore_is_only_reported_and_what_the_page_allows_breaks_nothing():
    for name, (request, broken) in (
        UNWISE | {name: (request, []) for name, request in KEEPING.items()}
    ).items():
        checker = RequestChecker()
        checker.check(received(*request))
        assert checker.broken == ()
        assert [row.rule for row in checker.findings] == [f"consumer.{rule}" for rule in broken], name


def test_undocumented_members_are_reported_in_their_order():
    _, findings = zip(*broken_rules(received(*sent(b'{"b": 1, "c": 2, "a": 3}'))), strict=True)
    assert [finding.actual for finding in findings] == [f'a member "{name}"' for name in "bca"]


@given(campaign_ids(), pause_bodies(), bad_pause_bodies(), malformed_ids())
def test_no_valid_request_is_accused_and_no_bad_body_or_malformed_id_passes(campaign, body, bad, segment):
    path = f"/api/v1/ad_campaigns/{campaign}/pause"
    assert rules(*sent(json.dumps(body).encode(), path=path)) == []
    content = bad[1] if isinstance(bad[1], bytes) else bad[1].encode()
    assert set(rules(*sent(content, path=path))) & {"json", "schema"}
    # A long one may have the form that the page shows.
    assert rules(*of_campaign(segment)) or len(segment) > 300


@given(st.text(), st.text(), st.lists(st.tuples(st.text(), st.text())), st.binary())
def test_any_request_can_be_checked(method, path, headers, content):
    RequestChecker(("12345678",)).check(received(method, path, tuple(headers), content))


def test_no_token_is_reported_wherever_it_is():
    places = ("/api/v1/ad_campaigns/{}/pause", "/api/v1/{}", "/api/v1/ad_campaigns/{}", PAUSE + "?token={}")
    spellings = (CANARY, "x" * 70 + CANARY, "%63anary.7Qd2mXv9Rb4TzLc8")
    for where, hidden in product(places, spellings):
        checker = RequestChecker()
        content = json.dumps({"paused_until": hidden, hidden: 1}).encode()
        checker.check(received("POST", where.format(hidden), (JSON, ("x-early", hidden)), content))
        bearer = ("authorization", f"Bearer {CANARY}")
        checker.check(received("GET", where.format(hidden), (bearer,), content))
        assert checker.findings
        assert CANARY not in json.dumps(checker.document()) + "".join(map(str, checker.findings))
        late = [row for row in checker.document()["broken_requests"] if row["number"] == 2]
        assert "7Qd2mXv9Rb4T" not in json.dumps(late)


def test_of_many_broken_requests_500_are_kept_and_the_others_counted():
    checker = RequestChecker()
    for _ in range(502):
        checker.check(received("GET", "/x", (), b""))
    document = checker.document()
    assert (document["requests"], document["broken"], document["left_out"]) == (502, 502, 2)
    assert len({row["number"] for row in document["broken_requests"]}) == 500


@pytest.fixture
def served(tmp_path):
    """Starts ``whop-contracts serve`` with the given flags; returns the process and the base URL."""
    running = []

    def serve(*flags):
        program = [sys.executable, "-m", "whop_contracts", "serve", "--port", "0", *flags]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        running.append(subprocess.Popen(program, cwd=tmp_path, **pipes))
        return running[-1], running[-1].stdout.readline().split()[-1]

    yield serve
    for process in running:
        process.kill()
        process.communicate()


def ended(process):
    """The exit code and the last line of a server that is asked to end."""
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert err == ""
    return process.returncode, out.splitlines()[-1]


def test_the_official_client_breaks_nothing_and_is_rejected_when_misused(served, tmp_path):
    process, base_url = served("--strict", "--report", "report.json")
    with whop_sdk.Whop(api_key=SEED.token, base_url=base_url, max_retries=0) as whop:
        assert whop.ad_campaigns.pause(CAMPAIGN).status == "paused"
        whop.ad_campaigns.pause(CAMPAIGN, extra_body={"paused_until": "2099-01-01T00:00:00+01:00"})
        assert whop.ad_campaigns.retrieve(CAMPAIGN).status == "paused"
        assert whop.ad_campaigns.unpause(CAMPAIGN).status == "active"
        with pytest.raises(whop_sdk.NotFoundError):
            whop.ad_campaigns.pause("adcamp_none")
        none = {"schema_version": "1", "requests": 0, "broken": 0, "left_out": 0, "broken_requests": []}
        assert json.loads((tmp_path / "report.json").read_text()) == none
        with pytest.raises(whop_sdk.UnprocessableEntityError, match="RFC 3339 timestamp with an offset"):
            whop.ad_campaigns.pause(CAMPAIGN, extra_body={"paused_until": "tomorrow"})
    assert ended(process) == (1, "1 of 6 requests broke the contract")


def test_a_server_that_saw_no_broken_request_exits_with_0(served):
    process, base_url = served("--report", "report.json")
    httpx.get(f"{base_url}/ad_campaigns/{CAMPAIGN}", headers=[BEARER])
    assert ended(process) == (0, "1 requests, none broken")


def test_the_report_is_written_after_each_broken_request_and_responses_are_the_provider_s(served, tmp_path):
    process, base_url = served("--report", "report.json")
    origin, rows = base_url.removesuffix("/api/v1"), []
    with httpx.Client() as http:
        for number, (name, ((method, path, headers, content), broken, _)) in enumerate(BREAKING.items(), 1):
            http.request(method, origin + path, headers=headers, content=content or None)
            rows += [(number, f"consumer.{rule}") for rule in broken]
            report = json.loads((tmp_path / "report.json").read_text())
            assert [(row["number"], row["rule"]) for row in report["broken_requests"]] == rows, name
        paused = http.post(origin + PAUSE, headers=[BEARER], content=b"{}")
        assert (paused.status_code, paused.json()["status"]) == (200, "paused")
    count = len(BREAKING) + 1
    assert ended(process) == (1, f"{count} of {count} requests broke the contract")
    text = (tmp_path / "report.json").read_text()
    report = json.loads(text)
    assert (report["broken"], report["requests"]) == (count, count)
    first = {"pointer": "/paused_until", "actual": '"tomorrow"', "method": "POST", "path": PAUSE}
    assert report["broken_requests"][0].items() >= first.items()
    assert report["broken_requests"][0]["promise"].startswith("A pause's body is an object")
    assert CANARY not in text
    assert SEED.token not in text
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_a_report_that_cannot_be_written_is_one_line_before_anything_is_served(tmp_path, capsys):
    path = tmp_path / "no" / "report.json"
    assert main(["serve", "--port", "0", "--report", str(path)]) == 2
    said = f"--report {str(path)!r}: could not be written (no such file or directory)"
    assert capsys.readouterr().err == f"whop-contracts: {said}\n"


APPLICATION = """
import httpx, pytest, whop_sdk

def pause(provider, **rest):
    headers = {"Authorization": f"Bearer {provider.token}"}
    url = f"{provider.base_url}/ad_campaigns/{provider.campaign_ids[0]}/pause"
    return httpx.post(url, headers=headers, **rest)

def test_keeps_it(strict_ad_campaign_provider):
    with whop_sdk.Whop(api_key=strict_ad_campaign_provider.token, max_retries=0) as whop:
        whop.ad_campaigns.pause(strict_ad_campaign_provider.campaign_ids[0])

def test_breaks_it(strict_ad_campaign_provider):
    assert pause(strict_ad_campaign_provider, json={"paused_until": "tomorrow"}).status_code == 422

def test_breaks_it_over_a_port(strict_ad_campaign_provider):
    base_url = strict_ad_campaign_provider.serve()
    url = f"{base_url}/ad_campaigns/{strict_ad_campaign_provider.campaign_ids[0]}"
    assert httpx.get(url).status_code == 401

@pytest.mark.ad_campaign_provider(strict=False)
def test_breaks_it_and_is_not_rejected(strict_ad_campaign_provider):
    assert pause(strict_ad_campaign_provider, content=b"{}").status_code == 200

def test_is_unwise(strict_ad_campaign_provider):
    assert pause(strict_ad_campaign_provider, json={"reason": "rain"}).status_code == 200

def test_asks_what_was_broken(ad_campaign_provider):
    assert pause(ad_campaign_provider, content=b"{}").status_code == 200
    broken, = ad_campaign_provider.broken_requests
    assert (broken.number, broken.rule) == (1, "consumer.media-type")
    assert broken.expected == "Content-Type: application/json"
    assert ad_campaign_provider.unwise_requests == ()
"""


def test_the_fixtures_report_broken_requests_to_an_application_s_tests(pytester, monkeypatch):
    for name in ("WHOP_API_TOKEN", "WHOP_BASE_URL", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)
    pytester.makepyfile(APPLICATION)
    done = pytester.runpytest_inprocess(
        *("-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "no:randomly"),
        *("-W", "always::whop_contracts.plugin.ContractWarning"),
    )
    done.assert_outcomes(passed=6, errors=3, warnings=1)
    timestamp = 'expected an RFC 3339 timestamp with an offset, actual "tomorrow" at /paused_until'
    credential = "expected an Authorization header, actual none, or an empty one"
    media_type = "expected Content-Type: application/json, actual no Content-Type"
    done.stdout.fnmatch_lines_random(
        [
            f"request 1, POST /api/v1/*: {timestamp} (consumer.schema)",
            f"request 1, GET *: {credential} (consumer.credential)",
            f"request 1, POST *: {media_type} (consumer.media-type)",
            '*ContractWarning: request 1, POST *a member "reason"*',
        ]
    )
    assert SEED.token not in done.stdout.str()
