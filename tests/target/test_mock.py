"""The target in this process: respx in front of a provider, nothing changed, nothing on the network."""

import gzip
from itertools import product
from types import SimpleNamespace

import httpx
import pytest

from target.hostile import get, pause
from whop_contracts.cli.planning import mock_actors, open_target
from whop_contracts.provider import SEED, ManualClock
from whop_contracts.settings import Settings
from whop_contracts.target import MOCK_URL, MockTarget, OffTargetError
from whop_contracts.target.clocks import VirtualClock

START = 1_790_000_000.0


class Scripted:
    """A provider that always gives one response, and records what it was sent."""

    def __init__(self, status=200, headers=(), content=b""):
        self.given = SimpleNamespace(status=status, headers=headers, content=content)
        self.requests = []

    def handle(self, method, path, headers=(), content=b""):
        self.requests.append((method, path, tuple(headers), content))
        return self.given


def target_of(provider, *, routed=True):
    manual = ManualClock(START)
    return MockTarget(provider, VirtualClock(time=manual.now, sleep=manual.advance), routed=routed)


def test_a_response_is_passed_on_unchanged():
    headers = (("Content-Type", "application/json"), ("X-Two", "1"), ("x-two", "é"), ("set-cookie", "a=b"))
    contents = (b"", b"\xff\xfe\0", b"{}" * 10_000, "é".encode("utf-16"))
    for routed, status, content in product((True, False), (200, 204, 302, 404, 429, 500, 599), contents):
        reply = target_of(Scripted(status, headers, content), routed=routed).send(get(MOCK_URL))
        response = reply.response
        assert (response.status, response.headers, response.content) == (status, headers, content)
        assert (reply.trouble, reply.sent, reply.received) == (None, START, START)


def test_a_compressed_response_is_decoded_as_over_a_socket():
    for content, decoded in ((gzip.compress(b"{}", mtime=0), b"{}"), (b"not gzip", b"not gzip")):
        provider = Scripted(200, (("content-encoding", "gzip"),), content)
        assert target_of(provider).send(get(MOCK_URL)).response.content == decoded


def test_a_request_reaches_the_provider_as_given():
    provider = Scripted()
    target = target_of(provider)
    target.send(get(MOCK_URL, "/ad_campaigns/adcamp_%00%f0'(x)", Authorization="Bearer x"))
    target.send(pause(MOCK_URL, b"\xff", content_type="text/plain"))
    (method, path, headers, content), second = provider.requests
    assert (method, path, content) == ("GET", "/api/v1/ad_campaigns/adcamp_%00%f0'(x)", b"")
    assert ("authorization", "Bearer x") in headers
    assert (second[0], second[3]) == ("POST", b"\xff")


def test_only_the_provider_is_reached_and_what_respx_records_does_not_grow():
    target = target_of(Scripted())
    with pytest.raises(OffTargetError):
        target.send(get("https://example.com/api/v1"))
    with pytest.raises(AssertionError, match="not mocked"):
        target.respx_router.handler(httpx.Request("GET", "https://example.com/"))
    for _ in range(9):
        target.send(get(MOCK_URL))
    assert len(target.respx_router.calls) == 1


def test_without_a_base_url_the_target_is_the_reference_provider():
    target, parties = open_target(Settings())
    assert (target.kind, target.loopback, target.clock.kind) == ("mock", True, "virtual")
    assert parties == mock_actors()
    everyone = [(campaign, parties.token) for campaign in (*parties.campaigns, *parties.resting.values())]
    for campaign, token in [*everyone, (SEED.campaigns[0], parties.readonly_token)]:
        request = get(MOCK_URL, f"/ad_campaigns/{campaign}", Authorization=f"Bearer {token}")
        assert target.send(request).response.status == 200
