"""Targets that are handed to the engine in place of the one that its settings name."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

import pytest

from whop_contracts.cli import check as engine
from whop_contracts.cli.planning import open_live
from whop_contracts.exchange import Request, Response
from whop_contracts.provider import SEED, ManualClock, Provider
from whop_contracts.settings import Settings
from whop_contracts.steps import Actors
from whop_contracts.target import MockTarget, Target
from whop_contracts.target.clocks import VirtualClock, WallClock
from whop_contracts.target.responses import Reply


class Answering:
    """A target in this process that answers as it is told."""

    def __init__(
        self,
        answer: Callable[[int, Request], Response | str],
        *,
        kind: Literal["mock", "live"] = "mock",
        loopback: bool = True,
    ) -> None:
        self.kind = kind
        self.base_url = "http://127.0.0.1:9/api/v1" if loopback else "https://staging.example/api/v1"
        self.loopback = loopback
        self.requests: list[Request] = []
        self._manual = ManualClock(time.time())
        self.clock = VirtualClock(time=self._manual.now, sleep=self._manual.advance)
        self._answer = answer

    def time(self) -> float:
        return self._manual.now()

    def sleep(self, seconds: float) -> None:
        self._manual.advance(seconds)

    def send(self, request: Request, *, timeout: float | None = None) -> Reply:
        self.requests.append(request)
        sent = self.time()
        self._manual.advance(0.001)
        answer = self._answer(len(self.requests), request)
        if isinstance(answer, str):
            return Reply(None, answer, sent, self.time())
        return Reply(answer, None, sent, self.time())

    def close(self) -> None:
        pass


def answered_by(
    provider: Provider,
    clock: ManualClock,
    spoil: Callable[[int, Response], Response | str] = lambda _number, response: response,
    **how: Any,
) -> Answering:
    """A target whose responses are those of a provider, with its clock; ``spoil`` may replace each."""

    def answer(number: int, request: Request) -> Response | str:
        path = request.url.removeprefix(target.base_url.removesuffix("/api/v1"))
        made = provider.handle(request.method, path, request.headers, request.content)
        return spoil(number, Response(made.status, made.headers, made.content))

    target = Answering(answer, **how)
    target._manual = clock
    target.clock = VirtualClock(time=clock.now, sleep=clock.advance)
    return target


class WallTarget(MockTarget):
    """A provider in this process whose clock can only be observed; waiting takes no time.

    A request and its response take ``latency`` seconds by that clock.
    """

    def __init__(
        self, provider: Provider, manual: ManualClock, max_wait_s: float = 120.0, latency: float = 0.004
    ) -> None:
        clock = WallClock(time=manual.now, sleep=self.sleep, max_wait_s=max_wait_s)
        super().__init__(provider, clock)  # type: ignore[arg-type]
        self._manual = manual
        self._latency = latency

    def time(self) -> float:
        return self._manual.now()

    def sleep(self, seconds: float) -> None:
        self._manual.advance(seconds)

    def send(self, request: Request, *, timeout: float | None = None) -> Reply:
        sent = self.time()
        self._manual.advance(self._latency / 2)
        reply = super().send(request, timeout=timeout)
        self._manual.advance(self._latency / 2)
        return Reply(reply.response, None, sent, self.time())


def parties(campaigns: tuple[str, ...] = SEED.campaigns[:2]) -> Actors:
    return Actors(SEED.token, campaigns, SEED.readonly_token, SEED.foreign_campaign)


def judged(
    monkeypatch: pytest.MonkeyPatch,
    target: Target,
    settings: Settings,
    who: Actors | None = None,
    **how: Any,
) -> Mapping[str, Any]:
    """The result of a run on ``target``."""
    with monkeypatch.context() as patch:
        patch.setattr(engine, "open_target", lambda _settings: (target, who or parties()))
        return engine.check(settings, **how)


def opening(sleep: Callable[[float], None]) -> Callable[[Settings], tuple[Target, Actors]]:
    """The engine's own opening of a live target, but with another sleep."""

    def made(settings: Settings) -> tuple[Target, Actors]:
        assert settings.base_url
        who = Actors(
            settings.token or "", settings.campaign_ids, settings.readonly_token, settings.foreign_campaign_id
        )
        return open_live(settings, settings.base_url, sleep=sleep), who

    return made
