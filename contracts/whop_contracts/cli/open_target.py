"""From settings to target, clock and actors; the only module that imports both provider and target."""

from __future__ import annotations

import dataclasses
import random
import time
from collections.abc import Callable
from typing import Final

from whop_contracts import __version__
from whop_contracts.engine.plan import Plan
from whop_contracts.engine.request_builder import RequestBuilder
from whop_contracts.engine.run import execute
from whop_contracts.engine.session import RunState, Session
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause.evidence import Evidence
from whop_contracts.provider import SEED, ManualClock, Provider, build
from whop_contracts.settings import Settings, UsageError
from whop_contracts.steps import Actors
from whop_contracts.target import LiveTarget, MockTarget, Target, checked_base, steady_time
from whop_contracts.target.clocks import Movable, VirtualClock, WallClock
from whop_contracts.target.remote_clock import ProviderTestClock
from whop_contracts.target.sender import Sender
from whop_contracts.target.wire import Wire, split_url

_MOCK_CAMPAIGNS: Final = 4
_WALL_WAIT_S: Final = 120.0
Watch = Callable[[Evidence, str], object]


def open_target(settings: Settings) -> tuple[Target, Actors]:
    """The target of a run and its actors. ``UsageError`` if the settings cannot be used."""
    if settings.base_url is None:
        return open_mock(build(clock=ManualClock(time.time()))), actors_of(settings)
    return open_live(settings, settings.base_url), actors_of(settings)


def actors_of(settings: Settings) -> Actors:
    """The actors of a run with these settings."""
    if settings.base_url is None:
        return mock_actors()
    return Actors(
        token=settings.token or "",
        campaigns=settings.campaign_ids,
        readonly_token=settings.readonly_token,
        foreign=settings.foreign_campaign_id,
        headers=settings.headers,
    )


def open_mock(provider: Provider, *, routed: bool = True) -> MockTarget:
    """A provider in this process as a target; its clock has to be one that can be moved.

    Unless ``routed``, requests do not pass through respx, which takes most of their time.
    """
    clock = provider.clock
    if not isinstance(clock, Movable):
        raise TypeError("the clock of a provider in this process has to be one that is moved by hand")
    return MockTarget(provider, VirtualClock(clock), routed=routed)


def run_in_process(plan: Plan, provider: Provider, rng: random.Random, watch: Watch) -> RunState:
    """Run a plan against a provider in this process; ``watch`` gets each exchange and its sequence's name."""
    everyone = mock_actors()
    actors = dataclasses.replace(everyone, campaigns=everyone.campaigns[: plan.means.campaigns])
    session = session_in_process(provider, actors, rng, watch, tolerance=plan.means.tolerance_s)
    try:
        return execute(session, plan)
    finally:
        session.target.close()


def session_in_process(
    provider: Provider, actors: Actors, rng: random.Random, watch: Watch, *, tolerance: float = 60.0
) -> Session:
    """A session with a provider in this process; ``tolerance`` is in seconds."""
    target = open_mock(provider, routed=False)

    def take(evidence: Evidence, sequence: str, sound: bool) -> None:  # noqa: FBT001 - the session calls it
        if sound:
            watch(evidence, sequence)

    builder = RequestBuilder(target.base_url, actors, PAUSE, agent="whop-contracts", rng=rng)
    sender = Sender(target, rng=rng)
    return Session(sender, builder, tolerance=tolerance, watch=take)


def mock_actors() -> Actors:
    """The actors of a run on the built-in provider."""
    return Actors(
        token=SEED.token,
        campaigns=SEED.campaigns[:_MOCK_CAMPAIGNS],
        readonly_token=SEED.readonly_token,
        foreign=SEED.foreign_campaign,
        resting={"inactive": SEED.inactive, "stale": SEED.stale, "paused": SEED.paused},
    )


def open_live(
    settings: Settings,
    base_url: str,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> LiveTarget:
    """The target at a base URL, with the wall clock or its test clock, which is read once."""
    steady = steady_time()
    wire = Wire(
        time=steady,
        seconds=settings.timeout,
        ca_file=None if settings.ca_file is None else str(settings.ca_file),
        insecure=settings.insecure,
        connections=settings.jobs,
    )
    if (url := settings.test_clock) is None:
        longest = max(_WALL_WAIT_S, 2 * settings.resume_tolerance)
        wall = WallClock(time=steady, sleep=sleep, max_wait_s=longest)
        return LiveTarget(base_url, wire=wire, clock=wall)
    headers = clock_headers(settings, base_url, url)
    clock = ProviderTestClock(url, exchange=wire.exchange, headers=headers, time=steady, sleep=sleep)
    target = LiveTarget(base_url, wire=wire, clock=clock)
    try:
        clock.start()
    except UsageError:
        target.close()
        raise
    return target


def clock_headers(settings: Settings, base_url: str, clock_url: str) -> list[tuple[str, str]]:
    """The headers for a test clock: credential and gateway headers only if it has the target's origin."""
    headers = [("accept", "application/json"), ("user-agent", f"whop-contracts/{__version__}")]
    if split_url(checked_base(base_url))[0] == split_url(clock_url)[0]:
        headers += settings.headers
        if settings.token:
            headers.append(("authorization", f"Bearer {settings.token}"))
    return headers
