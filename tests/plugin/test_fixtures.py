"""The plugin's fixtures, in projects that use them: the provider in place of mocks, the session's target and its run."""

from __future__ import annotations

import importlib.util
import json
from datetime import UTC, datetime, timedelta, timezone

import httpx
import pytest

from report import handmade
from whop_contracts import report as reports
from whop_contracts.cli import check as engine
from whop_contracts.pause import catalogue
from whop_contracts.plugin import fixtures, items
from whop_contracts.plugin import run as plugin_run
from whop_contracts.plugin.fixtures import WHOP_URL, AdCampaignProvider
from whop_contracts.report import document, junit, markdown, terminal
from whop_contracts.target import MOCK_URL

LOADED = (fixtures, items, plugin_run, reports, document, junit, markdown, terminal)
"""Imported once, here, so that the sessions inside need not."""

pytestmark = pytest.mark.filterwarnings("default::pytest.PytestAssertRewriteWarning")
QUIETLY = ("-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "no:randomly")
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
HAS_ASYNCIO = importlib.util.find_spec("pytest_asyncio") is not None

APPLICATION = """
import httpx

class Campaigns:
    "What an application would have: a client of the API, at its production address."

    def __init__(self, token, base_url="https://api.whop.com/api/v1"):
        self.base_url, self.headers = base_url, {"Authorization": f"Bearer {token}"}

    def pause(self, id_, until=None):
        body = {} if until is None else {"paused_until": until.isoformat()}
        answer = httpx.post(f"{self.base_url}/ad_campaigns/{id_}/pause", json=body, headers=self.headers)
        return answer.raise_for_status().json()

    def status(self, id_):
        answer = httpx.get(f"{self.base_url}/ad_campaigns/{id_}", headers=self.headers)
        return answer.raise_for_status().json()["status"]

    async def pause_soon(self, id_):
        async with httpx.AsyncClient(base_url=self.base_url, headers=self.headers) as http:
            return (await http.post(f"/ad_campaigns/{id_}/pause", json={})).raise_for_status().json()
"""
TESTS = """
import datetime

import httpx, pytest, whop_sdk
from application import Campaigns

def test_the_application_pauses_and_time_resumes(ad_campaign_provider):
    campaign, app = ad_campaign_provider.campaign_ids[0], Campaigns(ad_campaign_provider.token)
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
    with whop_sdk.Whop(api_key=ad_campaign_provider.token, max_retries=0) as whop:
        assert whop.ad_campaigns.pause(ad_campaign_provider.campaign_ids[1]).status == "paused"
        with pytest.raises(whop_sdk.NotFoundError):
            whop.ad_campaigns.pause(ad_campaign_provider.seed.foreign_campaign)

def test_a_permission_that_is_lacking(ad_campaign_provider):
    with pytest.raises(httpx.HTTPStatusError, match="403"):
        Campaigns(ad_campaign_provider.readonly_token).pause(ad_campaign_provider.campaign_ids[0])

@pytest.mark.ad_campaign_provider(fault="never-resumes")
def test_an_application_that_has_to_bear_a_fault(ad_campaign_provider):
    campaign, app = ad_campaign_provider.campaign_ids[0], Campaigns(ad_campaign_provider.token)
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

def test_a_port_shares_state_and_clock(ad_campaign_provider):
    campaign, base_url = ad_campaign_provider.campaign_ids[0], ad_campaign_provider.serve()
    assert base_url == ad_campaign_provider.serve()
    Campaigns(ad_campaign_provider.token, base_url).pause(campaign, ad_campaign_provider.now + datetime.timedelta(1))
    assert Campaigns(ad_campaign_provider.token).status(campaign) == "paused"
    ad_campaign_provider.advance(datetime.timedelta(1))
    assert Campaigns(ad_campaign_provider.token, base_url).status(campaign) == "active"

def test_no_other_request_leaves(ad_campaign_provider):
    with pytest.raises(AssertionError, match="not mocked"):
        httpx.get("https://api.whop.com/api/v1/products")

def test_its_router_takes_other_routes(ad_campaign_provider):
    ad_campaign_provider.router.get("https://api.whop.com/api/v1/products").respond(json=[])
    assert httpx.get("https://api.whop.com/api/v1/products").json() == []

def test_beside_the_fixture_of_respx(ad_campaign_provider, respx_mock):
    respx_mock.get("https://api.whop.com/api/v1/products").respond(json=[])
    assert httpx.get("https://api.whop.com/api/v1/products").json() == []
    assert Campaigns(ad_campaign_provider.token).status(ad_campaign_provider.campaign_ids[0]) == "active"
"""
COUNT = 12
AWAITED = """
import pytest
from application import Campaigns

@pytest.mark.asyncio
async def test_the_application_pauses(ad_campaign_provider):
    campaign = ad_campaign_provider.campaign_ids[0]
    await Campaigns(ad_campaign_provider.token).pause_soon(campaign)
    assert ad_campaign_provider.campaign(campaign).status == "paused"
    await Campaigns(ad_campaign_provider.token, ad_campaign_provider.serve()).pause_soon(campaign)
"""


@pytest.fixture(autouse=True)
def _clean(monkeypatch):
    for name in ("WHOP_API_TOKEN", "WHOP_BASE_URL", "PYTEST_ADDOPTS", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def application(pytester):
    pytester.makepyfile(application=APPLICATION, test_application=TESTS)
    return pytester


@pytest.fixture
def judged(pytester, monkeypatch):
    """A project whose engine gives a result that was made by hand, and counts how often it is asked."""

    def judge(settings, *, watch=None):
        with (pytester.path / "runs").open("a") as runs:
            runs.write(".")
        return handmade.result(*(handmade.clause(one.id, "passed") for one in catalogue.clauses()))

    monkeypatch.setattr(engine, "check", judge)
    return pytester


def test_an_application_is_tested_against_the_provider(application):
    done = application.runpytest_subprocess(*QUIETLY, "-W", "error", "--strict-markers")
    done.assert_outcomes(passed=COUNT)


def test_beside_xdist_and_randomly(application):
    done = application.runpytest_subprocess(*QUIETLY[:-2], "-W", "error", "-n", "2", "-p", "randomly", "-v")
    done.assert_outcomes(passed=COUNT)


@pytest.mark.skipif(not HAS_ASYNCIO, reason="pytest-asyncio is not installed")
def test_beside_asyncio(application):
    application.makepyfile(test_application=AWAITED)
    scope = ("-o", "asyncio_default_fixture_loop_scope=function")
    done = application.runpytest_subprocess("-p", "no:cacheprovider", "-W", "error", *scope)
    done.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        ("fault='never-resume'", "there is no fault 'never-resume'; did you mean never-resumes*"),
        ("variation='odd'", "there is no variation 'odd'*"),
        ("faults='never-resumes'", "*unexpected keyword argument 'faults'*"),
        ("'never-resumes'", "*takes 1 positional argument but 2 were given*"),
        ("now=__import__('datetime').datetime(2030, 1, 1)", "now=2030-01-01T00:00:00 has no zone"),
    ],
)
def test_a_misused_marker_is_one_line(pytester, marker, said):
    pytester.makepyfile(
        f"import pytest\n@pytest.mark.ad_campaign_provider({marker})\ndef test_it(ad_campaign_provider): pass"
    )
    done = pytester.runpytest_inprocess(*QUIETLY)
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines([f"@pytest.mark.ad_campaign_provider: {said}"])
    assert "Traceback" not in done.stdout.str()


def test_the_fixtures_and_the_marker_say_what_they_are(pytester):
    pytester.runpytest_inprocess(*QUIETLY, "--markers").stdout.fnmatch_lines(
        ["@pytest.mark.ad_campaign_provider(fault=None, *"]
    )
    done = pytester.runpytest_inprocess(*QUIETLY, "--fixtures")
    done.stdout.fnmatch_lines_random(
        [
            "ad_campaign_provider -- *",
            "*in place of hand-written mocks*",
            "contract_target [[]session scope[]] -- *",
            "contract_run -- *",
        ]
    )


def test_the_result_of_the_one_run_is_had_by_every_test_and_spoilt_by_none(judged):
    judged.makepyfile(
        """
        from whop_contracts.contract import clause, run

        def test_spoils(contract_run):
            assert contract_run["verdict"] == "conforms"
            contract_run["clauses"].clear()

        def test_reads(contract_run):
            assert {row["verdict"] for row in contract_run["clauses"]} == {"passed"}
        """
    )
    done = judged.runpytest_inprocess(*QUIETLY)
    done.assert_outcomes(passed=len(catalogue.clauses()) + 2 + 2)
    assert (judged.path / "runs").read_text() == "."


def test_no_run_is_made_for_the_target_or_the_provider(judged):
    judged.makepyfile(
        "def test_it(contract_target, ad_campaign_provider): assert contract_target.campaign_ids"
    )
    judged.runpytest_inprocess(*QUIETLY).assert_outcomes(passed=1)
    assert not (judged.path / "runs").exists()


def test_a_run_that_cannot_be_made_is_one_line(pytester, monkeypatch):
    (pytester.path / "whop-contracts.toml").write_text("sead = 1")
    pytester.makepyfile("def test_it(contract_run): pass\ndef test_that(contract_target): pass")
    done = pytester.runpytest_inprocess(*QUIETLY)
    done.assert_outcomes(errors=2)
    done.stdout.fnmatch_lines(["whop-contracts.toml, sead: no such key; did you mean seed?"] * 2)
    assert "Traceback" not in done.stdout.str()


def test_the_target_is_the_settings_one_and_keeps_the_token_to_itself(pytester):
    pytester.makepyfile(
        """
        def test_it(contract_target):
            print(contract_target, dict(contract_target.headers))
            assert contract_target.kind == "live"
            assert contract_target.base_url == "https://staging.example.com/api/v1"
            assert contract_target.campaign_ids == ("adcamp_One1", "adcamp_Two2")
            assert contract_target.headers["Authorization"] == "Bearer " + "canary" + "-7Qd2"
            assert contract_target.headers["X-Gate"] == "open" + "-7Qd2"
            assert contract_target.headers == {}
        """
    )
    done = pytester.runpytest_inprocess(
        *(*QUIETLY, "-vv", "--showlocals", "--contract-base-url=https://staging.example.com/api/v1"),
        *("--contract-token=canary-7Qd2", "--contract-header=X-Gate: open-7Qd2"),
        *("--contract-campaign-id=adcamp_One1", "--contract-campaign-id=adcamp_Two2"),
    )
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*AssertionError: assert {'X-Gate': '[*][*][*]'*"])
    assert "canary-7Qd2" not in done.stdout.str() + done.stderr.str()
    assert "open-7Qd2" not in done.stdout.str() + done.stderr.str()


def test_without_a_base_url_the_target_is_the_mock(pytester):
    pytester.makepyfile(
        f"def test_it(contract_target): assert (contract_target.kind, contract_target.base_url) == ('mock', {MOCK_URL!r})"
    )
    pytester.runpytest_inprocess(*QUIETLY).assert_outcomes(passed=1)


# -- the provider without pytest -------------------------------------------------------------------------------------------


def pause(provider, body, base_url=WHOP_URL):
    headers = {"Authorization": f"Bearer {provider.token}"}
    return httpx.post(f"{base_url}/ad_campaigns/{provider.campaign_ids[0]}/pause", json=body, headers=headers)


def test_the_clock_stands_until_it_is_moved_and_never_goes_back():
    with AdCampaignProvider(now=NOON.astimezone(timezone(timedelta(hours=5)))) as provider:
        assert provider.now == NOON
        assert provider.advance(1.5) == NOON + timedelta(seconds=1.5) == provider.now
        with pytest.raises(ValueError, match="backwards"):
            provider.advance(timedelta(seconds=-1))


def test_a_campaign_s_state_is_what_is_held_whatever_is_answered():
    with AdCampaignProvider(now=NOON, fault="answers-active") as provider:
        assert pause(provider, {"paused_until": "2030-01-02T00:00:00.25Z"}).json()["status"] == "active"
        held = provider.campaign(provider.campaign_ids[0])
        assert (held.status, held.updated_at) == ("paused", NOON)
        assert held.paused_until == datetime(2030, 1, 2, 0, 0, 0, 250_000, tzinfo=UTC)
        with pytest.raises(KeyError):
            provider.campaign("adcamp_none")


def test_the_state_is_that_of_the_moment():
    with AdCampaignProvider(now=NOON) as provider:
        pause(provider, {"paused_until": "2030-01-01T12:30:00Z"})
        provider.advance(timedelta(minutes=30))
        held = provider.campaign(provider.campaign_ids[0])
        assert (held.status, held.paused_until, held.updated_at) == (
            "active",
            None,
            NOON + timedelta(minutes=30),
        )


def test_bodies_arrive_as_they_were_sent():
    with AdCampaignProvider(fault="utf-16") as provider:
        assert json.loads(pause(provider, {}).content.decode("utf-16"))["status"] == "paused"


def test_two_providers_have_nothing_in_common_and_a_context_ends():
    with AdCampaignProvider() as one, AdCampaignProvider(base_url="https://other.example/api/v1") as two:
        pause(one, {})
        assert one.campaign(one.campaign_ids[0]).status == "paused"
        assert two.campaign(two.campaign_ids[0]).status == "active"
        url = two.serve()
        assert pause(two, {}, url).status_code == 200
    with pytest.raises(httpx.ConnectError):
        pause(two, {}, url)
