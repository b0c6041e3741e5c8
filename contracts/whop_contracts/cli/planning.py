"""What the settings of a run ask for: target, clock and actors, clauses, plan, pace."""

from __future__ import annotations

import dataclasses
import random
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import compress
from typing import Any, Final, cast

from whop_contracts import __version__
from whop_contracts.engine.build_plan import draw
from whop_contracts.engine.plan import Plan
from whop_contracts.engine.run import execute
from whop_contracts.engine.session import RunState, Session
from whop_contracts.pause import catalogue
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause.evidence import Evidence
from whop_contracts.pause.request_classes import CLASSES
from whop_contracts.provider import SEED, ManualClock, Provider, build
from whop_contracts.settings import Settings, UsageError, shown
from whop_contracts.steps import Actors, Capabilities
from whop_contracts.target import LiveTarget, MockTarget, Target, checked_base, steady_time
from whop_contracts.target.clocks import VirtualClock, WallClock
from whop_contracts.target.remote_clock import ProviderTestClock
from whop_contracts.target.sender import Sender
from whop_contracts.target.wire import Wire, is_loopback, split_url

_ORIGINS: Final = ("vector", "drawn", "sequence")
Watch = Callable[[Evidence, str], object]
Names = tuple[str, str]
"""The names of a sequence and of a case in it."""


def open_target(settings: Settings) -> tuple[Target, Actors]:
    """The target of a run and its actors. ``UsageError`` if the settings cannot be used."""
    url = settings.base_url
    target = open_live(settings, url) if url else open_mock(build(clock=ManualClock(time.time())))
    return target, actors_of(settings)


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
    """A provider in this process as a target; unless ``routed``, without respx, which takes most time."""
    manual = cast("ManualClock", provider.clock)
    return MockTarget(provider, VirtualClock(time=manual.now, sleep=manual.advance), routed=routed)


def run_in_process(plan: Plan, provider: Provider, rng: random.Random, watch: Watch) -> RunState:
    """Run a plan against a provider in this process; ``watch`` gets each exchange and its sequence's name."""
    actors = mock_actors(plan.means.campaigns)
    if added := actors.campaigns[len(SEED.campaigns) :]:
        provider.added = ((), added)
        provider.reset()
    return execute(session_in_process(provider, actors, rng, watch, tolerance=plan.means.tolerance_s), plan)


def session_in_process(
    provider: Provider, actors: Actors, rng: random.Random, watch: Watch, *, tolerance: float = 60.0
) -> Session:
    """A session with a provider in this process; ``tolerance`` is in seconds."""
    target = open_mock(provider, routed=False)

    def take(evidence: Evidence, sequence: str, sound: bool) -> None:  # noqa: FBT001 - the session calls it
        if sound:
            watch(evidence, sequence)

    return Session(Sender(target, rng=rng), actors, PAUSE, tolerance=tolerance, watch=take)


def mock_actors(campaigns: int = 4) -> Actors:
    """The actors of a run on the built-in provider, which has to add campaigns from the fifth on."""
    added = tuple(f"{PAUSE.id_prefix}Added{number:08d}" for number in range(campaigns - len(SEED.campaigns)))
    return Actors(
        token=SEED.token,
        campaigns=SEED.campaigns[:campaigns] + added,
        readonly_token=SEED.readonly_token,
        foreign=SEED.foreign_campaign,
        resting={"inactive": SEED.inactive, "stale": SEED.stale, "paused": SEED.paused},
    )


def open_live(
    settings: Settings, base_url: str, *, sleep: Callable[[float], None] = time.sleep
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
    if settings.test_clock is None:
        wall = WallClock(time=steady, sleep=sleep, max_wait_s=max(120.0, 2 * settings.resume_tolerance))
        return LiveTarget(base_url, wire=wire, clock=wall)
    url, headers = settings.test_clock, clock_headers(settings, base_url, settings.test_clock)
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


def chosen_clauses(settings: Settings) -> tuple[Clause, ...]:
    """The clauses that a run is asked for."""
    try:
        return catalogue.chosen(settings.clauses)
    except ValueError as error:
        raise UsageError(f"--clause: {error}") from None


def capabilities(settings: Settings) -> Capabilities:
    """What the target of a run offers, as far as the settings tell."""
    mock, actors = settings.base_url is None, actors_of(settings)
    return Capabilities(
        campaigns=len(actors.campaigns),
        readonly=actors.readonly_token is not None,
        foreign=actors.foreign is not None,
        resting=mock,
        loopback=mock or is_loopback(urllib.parse.urlsplit(settings.base_url or "").hostname or ""),
        clock="virtual" if mock else "test" if settings.test_clock else "wall",
        tolerance_s=settings.resume_tolerance,
    )


def pace(settings: Settings, target: Target) -> int | None:
    """Requests a minute per operation: as set, else half of the provider's limit; None (any) on loopback."""
    return settings.rate or (None if target.loopback else 300)


def pacing(settings: Settings, plan: Plan, rate: int) -> str | None:
    """How long a plan takes at least at a rate, in one line; None if that is less than a second."""
    # Requests of one operation begin 60/rate seconds apart: the operation with the most requests counts.
    most = max(Counter(case.operation for _, case in plan.listed()).values())
    seconds = (most - 1) * 60 // rate
    if not seconds:
        return None
    limits = [f"--max-requests {settings.max_requests}"] if plan.goes_on and settings.max_requests else []
    if settings.max_time and (plan.goes_on or settings.max_time < seconds):
        limits.append(f"--max-time {shown(settings.max_time)}")
    end = f", {'and more follow ' if plan.goes_on else ''}until {' or '.join(limits)}" if limits else ""
    minutes, seconds = divmod(seconds, 60)
    least = f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
    what = f"{'the first ' if plan.goes_on else ''}{plan.requests} planned requests"
    return f"{what} take at least {least} at {rate} a minute for each operation{end}"


def planned(settings: Settings) -> Plan:
    """The plan for the selected clauses and ``max_requests``; ``thorough`` goes on if the time is limited."""
    plan = draw(PAUSE, settings.profile, seed=settings.seed, means=capabilities(settings))
    if settings.clauses:
        found = served(plan, chosen_clauses(settings))
        serving = {sequence for (sequence, _), ids in found.items() if ids}
        # One request must succeed: the first sequence stays.
        kept = (one for one in plan.sequences if one.name in serving or one is plan.sequences[0])
        plan = dataclasses.replace(plan, sequences=tuple(kept))
    if settings.max_requests is not None:
        plan = plan.cut(settings.max_requests)
    endless = settings.profile == "thorough" and settings.max_time is not None and not settings.clauses
    return dataclasses.replace(plan, goes_on=endless and not plan.cut_short)


def served(plan: Plan, clauses: Iterable[Clause]) -> Mapping[Names, frozenset[str]]:
    """The ids of the clauses that each case tests, in the plan's order."""
    by_case: dict[Names, frozenset[str]] = {}
    for names, ids in _requests(plan, clauses):
        by_case[names] = by_case.get(names, frozenset()) | ids
    return by_case


def missed(plan: Plan, clauses: Iterable[Clause], sent: Mapping[Names, int]) -> frozenset[str]:
    """The ids of the clauses that only requests of ``plan`` test that are not among those ``sent``."""
    names, ids = zip(*_requests(plan, clauses), strict=True)
    there = list(_were_sent(names, sent))
    tested = frozenset().union(*compress(ids, there))
    return frozenset().union(*ids) - tested


def classes_of(plan: Plan, sent: Mapping[Names, int]) -> list[dict[str, Any]]:
    """How many planned requests of each class got a response, by their origin; ``sent`` counts responses."""
    listed = list(plan.listed())
    there = _were_sent(((sequence, case.name) for sequence, case in listed), sent)
    count = Counter((case.request_class, case.origin) for _, case in compress(listed, there))
    rows = [{"class": one.id} | {origin: count[one.id, origin] for origin in _ORIGINS} for one in CLASSES]
    return [row for row in rows if any(row[origin] for origin in _ORIGINS)]


def _were_sent(requests: Iterable[Names], sent: Mapping[Names, int]) -> Iterator[bool]:
    """For each request whether it is one of those ``sent``."""
    left = Counter(sent)
    for one in requests:
        left[one] -= 1
        yield left[one] >= 0


def _requests(plan: Plan, clauses: Iterable[Clause]) -> list[tuple[Names, frozenset[str]]]:
    """The requests of a plan on the reference provider, each with the ids of the clauses that it tests."""
    wanted = tuple(clauses)
    found: list[tuple[Names, frozenset[str]]] = []

    def note(evidence: Evidence, sequence: str) -> None:
        tested = frozenset(clause.id for clause in wanted if clause.applies(evidence))
        found.append(((sequence, evidence.exchange.case), tested))

    reference = build(clock=ManualClock(time.time()))
    state = run_in_process(plan, reference, random.Random(plan.seed), note)  # noqa: S311 - no secrets
    if state.inconclusive:
        raise RuntimeError(f"the plan on the built-in mock: {state.inconclusive}")
    return found
