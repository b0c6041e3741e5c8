"""Targets that are handed to the engine in place of the one that its settings name."""

from collections.abc import Callable, Mapping
from typing import Any
from unittest.mock import patch

from whop_contracts.cli import check as engine
from whop_contracts.exchange import Request, Response
from whop_contracts.provider import SEED, ManualClock, Provider
from whop_contracts.settings import Settings
from whop_contracts.steps import Actors
from whop_contracts.target import MockTarget, Target
from whop_contracts.target.clocks import VirtualClock, WallClock
from whop_contracts.target.responses import Reply


class WallTarget(MockTarget):
    """A provider in this process: an exchange takes ``latency`` seconds by ``manual``, waiting takes no time.

    Its clock can only be observed, unless ``known``. ``spoil`` gets the number of each response and the
    response, and returns it, another one, or what went wrong. ``about`` are other attributes of the target.
    """

    def __init__(
        self,
        provider: Provider,
        manual: ManualClock,
        spoil: Callable[[int, Response], Response | str] = lambda _number, response: response,
        *,
        known: bool = False,
        latency: float = 0.004,
        **about: Any,
    ) -> None:
        kind = VirtualClock if known else WallClock
        clock = kind(time=manual.now, sleep=self.sleep)
        super().__init__(provider, clock, routed=False)
        self.requests: list[Request] = []
        self._manual, self._spoil, self._latency = manual, spoil, latency
        vars(self).update(about)

    def sleep(self, seconds: float) -> None:
        self._manual.advance(seconds)

    def send(self, request: Request, *, timeout: float | None = None) -> Reply:
        self.requests.append(request)
        sent = self.time()
        self._manual.advance(self._latency / 2)
        given = self._spoil(len(self.requests), super().send(request).response)
        self._manual.advance(self._latency / 2)
        response, trouble = (None, given) if isinstance(given, str) else (given, None)
        return Reply(response, trouble, sent, self.time())


def parties(campaigns: tuple[str, ...] = SEED.campaigns[:2]) -> Actors:
    return Actors(SEED.token, campaigns, SEED.readonly_token, SEED.foreign_campaign)


def judged(target: Target, settings: Settings, who: Actors | None = None, **how: Any) -> Mapping[str, Any]:
    """The result of a run on ``target``."""
    with patch.object(engine, "open_target", lambda _settings: (target, who or parties())):
        return engine.check(settings, **how)
