"""What the settings ask for: the clauses, what the target offers, the plan, the pace."""

from __future__ import annotations

import dataclasses
import urllib.parse
from collections import Counter
from collections.abc import Mapping
from itertools import compress
from typing import Any, Final

from whop_contracts.cli.coverage import only, were_sent
from whop_contracts.cli.open_target import mock_actors
from whop_contracts.engine.build_plan import draw
from whop_contracts.engine.plan import Plan
from whop_contracts.pause import catalogue
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause.request_classes import CLASSES
from whop_contracts.settings import Settings, UsageError, host_of
from whop_contracts.steps import Capabilities
from whop_contracts.target import Target
from whop_contracts.target.wire import is_loopback

_ORIGINS: Final = ("vector", "drawn", "sequence")
_HALF_THE_LIMIT: Final = 300


def capabilities(settings: Settings) -> Capabilities:
    """What the target of a run offers, as far as the settings tell."""
    if settings.base_url is None:
        return Capabilities(
            len(mock_actors().campaigns),
            readonly=True,
            foreign=True,
            resting=True,
            loopback=True,
            clock="virtual",
            tolerance_s=settings.resume_tolerance,
        )
    return Capabilities(
        campaigns=len(settings.campaign_ids),
        readonly=settings.readonly_token is not None,
        foreign=settings.foreign_campaign_id is not None,
        loopback=is_loopback(urllib.parse.urlsplit(settings.base_url).hostname or ""),
        clock="test" if settings.test_clock else "wall",
        tolerance_s=settings.resume_tolerance,
    )


def planned(settings: Settings) -> Plan:
    """The plan of a run: only what serves the selected clauses, cut to fit ``max_requests``.

    A ``thorough`` plan goes on in batches if the time is limited.
    """
    plan = draw(PAUSE, settings.profile, seed=settings.seed, means=capabilities(settings))
    if settings.clauses:
        plan = only(plan, selected_clauses(settings))
    if settings.max_requests is not None:
        plan = plan.cut(settings.max_requests)
    endless = settings.profile == "thorough" and settings.max_time is not None and not settings.clauses
    return dataclasses.replace(plan, goes_on=endless and not plan.cut_short)


def outline(settings: Settings) -> dict[str, Any]:
    """What a run would send, and how many requests; sends nothing."""
    return planned(settings).outline()


def classes_of(plan: Plan, sent: Mapping[tuple[str, str], int]) -> list[dict[str, Any]]:
    """How many planned requests of each class got a response, by their origin.

    ``sent`` counts the responses by the names of the sequence and of the case.
    """
    listed = list(plan.listed())
    there = were_sent(((sequence, case.name) for sequence, case in listed), sent)
    count = Counter((case.request_class, case.origin) for _, case in compress(listed, there))
    found = [one.id for one in CLASSES if any(one.id == id_ for id_, _ in count)]
    return [{"class": id_} | {origin: count[id_, origin] for origin in _ORIGINS} for id_ in found]


def pace(settings: Settings, target: Target) -> int | None:
    """Requests a minute per operation: as set, else half of the provider's limit; None (any) on loopback."""
    if settings.rate is not None:
        return settings.rate
    return None if target.loopback else _HALF_THE_LIMIT


def production_host(settings: Settings) -> str | None:
    """The host of the target, if it is a production host."""
    host = host_of(settings.base_url or "")
    return host if host in settings.production_hosts else None


def selected_clauses(settings: Settings) -> tuple[Clause, ...]:
    """The clauses that a run is asked for."""
    try:
        return catalogue.chosen(settings.clauses)
    except ValueError as error:
        raise UsageError(f"--clause: {error}") from None
