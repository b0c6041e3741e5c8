"""The plugin's fixtures, in projects that use them: the provider in place of mocks, the target, the run."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from plugin.conftest import IDS, QUIETLY
from whop_contracts.plugin.fixtures import WHOP_URL, AdCampaignProvider
from whop_contracts.provider import SEED, RunningClock, build
from whop_contracts.provider.server import clock_url, running
from whop_contracts.target import MOCK_URL

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)

APPLICATION = """
import httpx

class Campaigns:
    "What an application would have: a client of the API, at its production address."

    def __init__(self, token, base_url="https://api.whop.com/api/v1"):
        self.base_url, self.headers = base_url, {"Authorization": f"Bearer {token}"}

    def send(self, method, path, **how):
        response = httpx.request(method, f"{self.base_url}/ad_campaigns/{path}", headers=self.headers, **how)
        return response.raise_for_status().json()

    def pause(self, id_, until=None):
        return self.send("POST", f"{id_}/pause", json={"paused_until": until.isoformat()} if until else {})

    def status(self, id_):
        return self.send("GET", id_)["status"]

    async def pause_soon(self, id_):
        async with httpx.AsyncClient(base_url=self.base_url, headers=self.headers) as http:
            return (await http.post(f"/ad_campaigns/{id_}/pause", json={})).raise_for_status().json()
"""
TESTS = """
import datetime

import httpx, pytest
from application import Campaigns

@pytest.fixture
def campaign(ad_campaign_provider):
    return ad_campaign_provider.campaign_ids[0]

@pytest.fixture
def app(ad_campaign_provider):
    return Campaigns(ad_campaign_provider.token)

def test_the_application_pauses_and_time_resumes(ad_campaign_provider, campaign, app):
    until = ad_campaign_provider.now + datetime.timedelta(hours=2)
    assert app.pause(campaign, until)["status"] == "paused"
    held = ad_campaign_provider.campaign(campaign)
    assert held.status == "paused"
    assert abs(held.paused_until - until) < datetime.timedelta(milliseconds=1)
    ad_campaign_provider.advance(datetime.timedelta(hours=1, minutes=59))
    assert app.status(campaign) == "paused"
    ad_campaign_provider.advance(120)
    assert app.status(campaign) == "active"
    assert ad_campaign_provider.campaign(campaign).paused_until is None
    assert len(ad_campaign_provider.router.calls) == 3

def test_each_test_has_a_fresh_one(ad_campaign_provider):
    for campaign in ad_campaign_provider.campaign_ids:
        assert ad_campaign_provider.campaign(campaign).status == "active"

def test_the_official_client_needs_no_address(ad_campaign_provider):
    import whop_sdk  # slow to import, so only by one worker
    with whop_sdk.Whop(api_key=ad_campaign_provider.token, max_retries=0) as whop:
        assert whop.ad_campaigns.pause(ad_campaign_provider.campaign_ids[1]).status == "paused"
        with pytest.raises(whop_sdk.NotFoundError):
            whop.ad_campaigns.pause(ad_campaign_provider.seed.foreign_campaign)

def test_a_permission_that_is_lacking(ad_campaign_provider, campaign):
    with pytest.raises(httpx.HTTPStatusError, match="403"):
        Campaigns(ad_campaign_provider.readonly_token).pause(campaign)

@pytest.mark.ad_campaign_provider(fault="never-resumes")
def test_an_application_that_has_to_bear_a_fault(ad_campaign_provider, campaign, app):
    app.pause(campaign, ad_campaign_provider.now + datetime.timedelta(hours=1))
    ad_campaign_provider.advance(7200)
    assert app.status(campaign) == "paused"

@pytest.mark.parametrize("base_url", [
    "https://sandbox-api.whop.com/api/v1", "https://gateway.example:8443/ads/v2/", "http://localhost",
])
def test_another_address(request, base_url):
    request.applymarker(pytest.mark.ad_campaign_provider(base_url=base_url, variation="status-201"))
    provider = request.getfixturevalue("ad_campaign_provider")
    Campaigns(provider.token, base_url.rstrip("/")).pause(provider.campaign_ids[0])
    assert provider.campaign(provider.campaign_ids[0]).status == "paused"
    assert provider.router.calls.last.response.status_code == 201

def test_a_port_shares_state_and_clock(ad_campaign_provider, campaign, app):
    served = Campaigns(ad_campaign_provider.token, ad_campaign_provider.serve())
    assert served.base_url == ad_campaign_provider.serve()
    served.pause(campaign, ad_campaign_provider.now + datetime.timedelta(1))
    assert app.status(campaign) == "paused"
    ad_campaign_provider.advance(datetime.timedelta(1))
    assert served.status(campaign) == "active"

def test_no_other_request_leaves_unless_a_router_has_a_route(ad_campaign_provider, respx_mock, campaign, app):
    products = "https://api.whop.com/api/v1/products"
    with pytest.raises(AssertionError, match="not mocked"):
        httpx.get(products)
    for router, page in ((ad_campaign_provider.router, products), (respx_mock, products + "/2")):
        router.get(page).respond(json=[page])
        assert httpx.get(page).json() == [page]
    assert app.status(campaign) == "active"

@pytest.mark.asyncio
async def test_awaited(ad_campaign_provider, campaign, app):
    await app.pause_soon(campaign)
    assert ad_campaign_provider.campaign(campaign).status == "paused"
    await Campaigns(ad_campaign_provider.token, ad_campaign_provider.serve()).pause_soon(campaign)
"""
COUNT = 11


@pytest.fixture
def counted(monkeypatch):
    """A provider with a fault on a port: its base URL, and how often each path is requested."""
    provider, seen = build(fault="missing-title", clock=RunningClock()), Counter()
    handle = provider.handle

    def count(method, path, *more, **named):
        seen[f"{method} {path}"] += 1
        return handle(method, path, *more, **named)

    monkeypatch.setattr(provider, "handle", count)
    with running(provider) as base_url:
        yield base_url, seen


def test_beside_randomly_and_asyncio_two_workers_of_xdist_make_one_run(
    pytester, monkeypatch, tmp_path, counted
):
    """And leave no files behind. That the plan was sent once is counted where the requests arrive."""
    base_url, seen = counted
    monkeypatch.setenv("WHOP_API_TOKEN", SEED.token)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    pytester.makepyfile(
        application=APPLICATION,
        test_application=TESTS,
        test_contract="from whop_contracts.contract import clause, run\n",
    )
    done = pytester.runpytest_inprocess(
        *("-n", "2", "--dist", "load", "-p", "no:cacheprovider", "-p", "no:schemathesis", "--strict-markers"),
        *("-W", "error", "-W", "default::whop_contracts.plugin.ContractWarning"),
        *("-o", "asyncio_default_fixture_loop_scope=function"),
        *("--contract-base-url", base_url, "--contract-test-clock", clock_url(base_url)),
        *("--contract-campaign-id", SEED.campaigns[0], "--contract-profile", "quick"),
        *("--contract-json", "result.json", "--contract-journal", "journal.jsonl"),
    )
    result = json.loads((pytester.path / "result.json").read_text("utf-8"))
    verdicts = Counter(row["verdict"] for row in result["clauses"])
    passed = verdicts["passed"] + verdicts["warned"] + 2 + COUNT
    done.assert_outcomes(failed=1, passed=passed, skipped=verdicts["not_tested"], warnings=verdicts["warned"])
    done.stdout.fnmatch_lines([f"{base_url}: violates: *"])
    assert [row["id"] for row in result["clauses"] if row["verdict"] == "failed"] == ["response.title"]
    assert sum(seen.values()) == result["requests"]
    assert not list(tmp_path.glob("whop-contracts-*"))


def test_a_misused_marker_is_one_line(pytester):
    misused = {
        "fault='never-resume'": "there is no fault 'never-resume'; did you mean never-resumes*",
        "variation='odd'": "there is no variation 'odd'*",
        "faults='never-resumes'": "expected only fault, variation, base_url, now, strict, not faults",
        "'never-resumes'": "expected only fault, *, not 'never-resumes'",
        "now=datetime.datetime(2030, 1, 1)": "now=2030-01-01T00:00:00 has no zone",
    }
    tests = (
        f"@pytest.mark.ad_campaign_provider({marker})\ndef test_{number}(ad_campaign_provider): pass"
        for number, marker in enumerate(misused)
    )
    pytester.makepyfile("\n".join(("import datetime, pytest", *tests)))
    done = pytester.runpytest_inprocess(*QUIETLY)
    done.assert_outcomes(errors=len(misused))
    done.stdout.fnmatch_lines([f"@pytest.mark.ad_campaign_provider: {said}" for said in misused.values()])
    assert "Traceback" not in done.stdout.str()


def test_the_fixtures_and_the_marker_say_what_they_are(pytester):
    names = ("ad_campaign_provider", "contract_target [[]session scope[]]", "contract_run")
    fixtures = pytester.runpytest_inprocess(*QUIETLY, "--fixtures").stdout
    fixtures.fnmatch_lines_random([f"{name} -- *" for name in names])
    markers = pytester.runpytest_inprocess(*QUIETLY, "--markers").stdout
    markers.fnmatch_lines(["@pytest.mark.ad_campaign_provider(fault=None, *"])


def test_every_test_has_the_result_of_the_one_run_and_none_spoils_it(project):
    project.write(
        """
        from whop_contracts.contract import clause, run

        def test_spoils(contract_run):
            assert contract_run["verdict"] == "conforms"
            contract_run["clauses"].clear()

        def test_reads(contract_run):
            assert {row["verdict"] for row in contract_run["clauses"]} == {"passed"}
        """
    )
    project.run().assert_outcomes(passed=len(IDS) + 2 + 2)
    assert len(project.runs) == 1


def test_the_target_is_that_of_the_settings_and_hides_its_headers(project):
    project.write(
        """
        def test_it(contract_target):
            print(contract_target, dict(contract_target.headers))
            about = contract_target.kind, contract_target.base_url, *contract_target.campaign_ids
            assert about == ("live", "https://staging.example.com/api/v1", "adcamp_One1", "adcamp_Two2")
            assert contract_target.headers["Authorization"] == "Bearer " + "canary" + "-7Qd2mXv9"
            assert contract_target.headers["X-Gate"] == "open" + "-7Qd2mXv9"
            assert contract_target.headers == {}
        """
    )
    done = project.run(
        *("-vv", "--showlocals", "--contract-base-url=https://staging.example.com/api/v1"),
        *("--contract-token=canary-7Qd2mXv9", "--contract-header=X-Gate: open-7Qd2mXv9"),
        *("--contract-campaign-id=adcamp_One1", "--contract-campaign-id=adcamp_Two2"),
    )
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*AssertionError: assert {'X-Gate': '[*][*][*]'*"])
    assert "canary-7Qd2mXv9" not in done.stdout.str() + done.stderr.str()
    assert "open-7Qd2mXv9" not in done.stdout.str() + done.stderr.str()


def test_without_a_base_url_the_target_is_the_mock_and_no_run_is_made_for_it(project):
    project.write(
        f"""
        def test_it(contract_target, ad_campaign_provider):
            assert (contract_target.kind, contract_target.base_url) == ("mock", {MOCK_URL!r})
            assert contract_target.campaign_ids == {SEED.campaigns[:4]!r}
        """
    )
    project.run().assert_outcomes(passed=1)
    assert project.runs == []


def pause(provider, body, base_url=WHOP_URL):
    headers = {"Authorization": f"Bearer {provider.token}"}
    return httpx.post(f"{base_url}/ad_campaigns/{provider.campaign_ids[0]}/pause", json=body, headers=headers)


def test_a_campaign_s_state_is_what_is_held_whatever_the_response_says():
    with AdCampaignProvider(now=NOON, fault="answers-active") as provider:
        assert pause(provider, {"paused_until": "2030-01-02T00:00:00.25Z"}).json()["status"] == "active"
        held = provider.campaign(provider.campaign_ids[0])
        assert (held.status, held.updated_at) == ("paused", NOON)
        due = datetime(2030, 1, 2, 0, 0, 0, 250_000, tzinfo=UTC)
        assert held.paused_until == due
        with pytest.raises(KeyError):
            provider.campaign("adcamp_none")
        provider.advance(timedelta(days=1))
        held = provider.campaign(provider.campaign_ids[0])
        assert (held.status, held.paused_until, held.updated_at) == ("active", None, due)


def test_bodies_arrive_as_they_were_sent_two_providers_have_nothing_in_common_and_a_context_ends():
    with AdCampaignProvider(fault="utf-16") as provider:
        assert json.loads(pause(provider, {}).content.decode("utf-16"))["status"] == "paused"
    with AdCampaignProvider() as one, AdCampaignProvider(base_url="https://other.example/api/v1") as two:
        pause(one, {})
        assert one.campaign(one.campaign_ids[0]).status == "paused"
        assert two.campaign(two.campaign_ids[0]).status == "active"
        url = two.serve()
        assert pause(two, {}, url).status_code == 200
    with pytest.raises(httpx.ConnectError):
        pause(two, {}, url)
