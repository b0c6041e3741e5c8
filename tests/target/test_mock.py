"""The target in this process: respx in front of a provider, nothing changed on the way, nothing on the network."""

from __future__ import annotations

import gzip
from types import SimpleNamespace

import httpx
import pytest

from target.hostile import get, pause
from whop_contracts.cli.open_target import mock_actors, open_mock, open_target
from whop_contracts.provider import SEED, ManualClock, RunningClock, build
from whop_contracts.settings import Settings
from whop_contracts.target import MOCK_URL, MockTarget, OffTargetError, VirtualClock

START = 1_790_000_000.0


class Scripted:
    """A provider that gives one answer, and keeps what it was asked."""

    def __init__(self, status=200, headers=(), content=b""):
        self.answer = SimpleNamespace(status=status, headers=headers, content=content)
        self.asked = []

    def handle(self, method, path, headers=(), content=b""):
        self.asked.append((method, path, tuple(headers), content))
        return self.answer


def target_of(provider):
    return MockTarget(provider, VirtualClock(ManualClock(START)))


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\0", b"{}" * 10_000, "é".encode("utf-16")])
@pytest.mark.parametrize("status", [200, 204, 302, 404, 429, 500, 599])
def test_an_answer_survives_unchanged(status, content):
    headers = (("Content-Type", "application/json"), ("X-Two", "1"), ("x-two", "é"), ("set-cookie", "a=b"))
    reply = target_of(Scripted(status, headers, content)).send(get(MOCK_URL))
    assert (reply.response.status, reply.response.headers, reply.response.content) == (
        status,
        headers,
        content,
    )
    assert (reply.trouble, reply.sent, reply.received) == (None, START, START)


def test_a_packed_answer_is_unpacked_as_over_a_socket():
    provider = Scripted(200, (("content-encoding", "gzip"),), gzip.compress(b"{}"))
    assert target_of(provider).send(get(MOCK_URL)).response.content == b"{}"
    provider = Scripted(200, (("content-encoding", "gzip"),), b"not gzip")
    assert target_of(provider).send(get(MOCK_URL)).response.content == b"not gzip"


def test_a_request_reaches_the_provider_as_given():
    provider = Scripted()
    target = target_of(provider)
    target.send(get(MOCK_URL, "/ad_campaigns/adcamp_%00%f0'(x)", Authorization="Bearer x"))
    target.send(pause(MOCK_URL, b"\xff", content_type="text/plain"))
    (method, path, headers, content), second = provider.asked
    assert (method, path, content) == ("GET", "/api/v1/ad_campaigns/adcamp_%00%f0'(x)", b"")
    assert ("Authorization", "Bearer x") in headers
    assert second[0] == "POST"
    assert second[3] == b"\xff"


def test_nothing_but_the_provider_is_reached():
    target = target_of(Scripted())
    with pytest.raises(OffTargetError):
        target.send(get("https://example.com/api/v1"))
    with pytest.raises(AssertionError, match="not mocked"):
        target.respx_router.handler(httpx.Request("GET", "https://example.com/"))


def test_what_is_recorded_does_not_grow_with_the_requests():
    target = target_of(Scripted())
    for _ in range(700):
        target.send(get(MOCK_URL))
    assert len(target.respx_router.calls) <= 256


def test_two_requests_overlap():
    first, second = target_of(Scripted()).send_together(pause(MOCK_URL, b"1"), pause(MOCK_URL, b"2"))
    assert (first.sent, first.received) == (second.sent, second.received)


def test_waiting_moves_the_clock():
    target = target_of(Scripted())
    target.sleep(2.5)
    assert target.time() == START + 2.5
    assert target.clock.waited_s == 0


def test_without_a_base_url_the_built_in_provider_is_judged():
    target, parties = open_target(Settings())
    assert (target.kind, target.loopback, target.clock.kind) == ("mock", True, "virtual")
    assert parties == mock_actors()
    for campaign in (*parties.campaigns, *parties.resting.values()):
        reply = target.send(
            get(MOCK_URL, f"/ad_campaigns/{campaign}", Authorization=f"Bearer {parties.token}")
        )
        assert reply.response.status == 200
    reply = target.send(
        get(MOCK_URL, f"/ad_campaigns/{SEED.campaigns[0]}", Authorization=f"Bearer {parties.readonly_token}")
    )
    assert reply.response.status == 200


def test_a_provider_whose_clock_runs_by_itself_is_no_mock():
    open_mock(build(clock=RunningClock()))
    with pytest.raises(TypeError):
        open_mock(build())
