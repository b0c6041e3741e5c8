"""Pauses that are stored, repeated, read or returned in another way than the request asks."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from whop_contracts.exchange import Request
from whop_contracts.provider.core import Provider
from whop_contracts.provider.dates import DAY
from whop_contracts.provider.faults import HOUR, Faulty, Row, change, coded, having, moved, stored
from whop_contracts.provider.faults.response import lost
from whop_contracts.provider.faults.steps import Go, acting, after, around, by_row, failing, moving
from whop_contracts.provider.faults.values import invalid, on_value
from whop_contracts.provider.state import Campaign


def _returned_before(go: Go, provider: Provider, campaign: Campaign, request: Request) -> Any:
    before = provider.render_campaign(campaign)
    go(campaign, request)
    return provider.success("pause", before)


def _null_keeps_date(go: Go, provider: Provider, campaign: Campaign, request: Request) -> Any:
    before = campaign.paused_until
    response = go(campaign, request)
    if b"null" not in request.content or campaign.paused_until is not None:
        return response
    campaign.paused_until = before
    return provider.success("pause", provider.render_campaign(campaign))


def _neighbour(provider: Provider, campaign: Campaign) -> Campaign:
    """The next campaign of the same company."""
    own = [one for one in provider.state.campaigns.values() if one.company == campaign.company]
    return own[(own.index(campaign) + 1) % len(own)]


def _pauses_neighbour(go: Go, provider: Provider, campaign: Campaign, request: Request) -> Any:
    shown = copy.deepcopy(campaign)
    response = go(shown, request)
    change(_neighbour(provider, campaign), {"status": "paused", "paused_until": shown.paused_until})
    return response


_PAUSES: Final[Mapping[str, Go]] = {
    "stores-nothing": lost,
    "answers-before-storing": _returned_before,
    "no-body-does-nothing": lambda go, p, one, request: (
        go(one, request) if request.content.strip() else p.success("pause", p.render_campaign(one))
    ),
    "null-keeps-date": _null_keeps_date,
    "pauses-neighbour": _pauses_neighbour,
}


@by_row(Provider.pause, after)
def _stored_later(row: Row, provider: Provider, campaign: Campaign, _request: Request) -> None:
    """Change the date that is stored after the response was written, by ``how`` and ``seconds`` of a row."""
    until = campaign.paused_until
    campaign.paused_until = None if until is None else moved(row, until, provider.now())


def _lagging(go: Go, provider: Provider, campaign: Campaign) -> None:
    provider.options = replace(provider.options, read_lag=30.0)
    go(campaign)


def _eight_hours_off(go: Go, _: Provider, campaign: Campaign) -> Campaign:
    seen: Campaign = go(campaign)
    return replace(seen, paused_until=seen.paused_until and seen.paused_until - 8 * HOUR)


_READS: Final[Mapping[str, Faulty]] = {
    "reads-another-date": around(Provider.view)(_eight_hours_off),
    "reads-cached-for-ever": around(Provider.view)(
        lambda _, provider, one: provider.notes.setdefault(one.id, copy.deepcopy(one))
    ),
    "reads-end-the-pause": acting(Provider.retrieve)(
        {"member": "status", "value": "paused", "sets": {"status": "active", "paused_until": None}}
    ),
    "reads-half-a-minute-late": around(Provider.remember)(_lagging),
}
_AGAIN: Final[Mapping[str, Go]] = {
    "second-keeps-old-date": lambda go, _, one, until: None if one.status == "paused" else go(one, until),
    "second-toggles": lambda go, p, one, until: (
        p.apply_unpause(one) if one.status == "paused" else go(one, until)
    ),
    "same-again-lifts": lambda go, provider, one, until: (
        provider.apply_unpause(one) if until is not None and one.paused_until == until else go(one, until)
    ),
    "second-drops-date": lambda go, _, one, until: go(one, None if one.status == "paused" else until),
    "indefinite-keeps-date": lambda go, _, one, until: go(one, one.paused_until if until is None else until),
    "indefinite-wins": lambda go, _, one, until: go(
        one, None if (one.status, one.paused_until) == ("paused", None) else until
    ),
    "only-extends": lambda go, _, one, until: go(one, until and max(until, one.paused_until or until)),
    "only-shortens": lambda go, _, one, until: go(one, until and min(until, one.paused_until or until)),
    "omitted-means-tomorrow": lambda go, provider, one, until: go(one, until or provider.now() + DAY),
}
"""What a pause does instead, from what stores it, the provider, the campaign, and the date."""


def _is_repeated(campaign: Campaign, until: int | None) -> bool:
    return (campaign.status, campaign.paused_until) == ("paused", until)


@by_row(Provider.decide_until)
def _reading_elsewhere(row: Row, go: Go, _: Provider, body: Any, campaign: Campaign) -> Any:
    """Read the date at another ``path`` (``a/b``) in the body, if there is one."""
    found = body
    for name in row["path"].split("/"):
        found = found.get(name) if isinstance(found, dict) else None
    return go(body if found is None else {"paused_until": found}, campaign)


def _one_at_a_time(provider: Provider, campaign: Campaign, _until: int | None) -> None:
    last = provider.notes.get("last", campaign)
    if last is not campaign:
        change(last, {"status": "active", "paused_until": None})
    provider.notes["last"] = campaign


_CHANGES: Final[Mapping[str, Go]] = {
    "pause-halves-budget": lambda _provider, one, _until: change(
        one, {"daily_budget": one.rest["daily_budget"] and one.rest["daily_budget"] / 2}
    ),
    "pause-changes-title": lambda _provider, one, _until: change(
        one, {"title": one.title.removesuffix(" (paused)") + " (paused)"}
    ),
    "pause-resets-created-at": lambda provider, one, _: change(one, {"created_at": provider.now()}),
    "pauses-neighbour-too": lambda p, one, until: Provider.apply_pause(p, _neighbour(p, one), until),
    "one-pause-at-a-time": _one_at_a_time,
}

FAULTS: Final = (
    *stored(coded(_PAUSES, around(Provider.pause)), "pauses"),
    *stored(acting(Provider.apply_pause), "statuses stored by a pause", "changes by a pause"),
    *stored(_stored_later, "dates stored"),
    *stored(coded(_READS), "reads"),
    *stored(coded(_AGAIN, around(Provider.apply_pause)), "second pauses"),
    *stored(lambda _: failing(Provider.apply_pause)(_is_repeated), "crashing second pauses"),
    *stored(lambda row: failing(Provider.admit)(lambda one, _: having(row, one)), "crashing campaigns"),
    *stored(on_value(Provider.decide_until, error=invalid), "bodies without a date"),
    *stored(on_value(Provider.decide_until), "crashes without a date"),
    *stored(_reading_elsewhere, "dates of other members"),
    *stored(moving, "dates that are not read"),
    *stored(coded(_CHANGES, after(Provider.apply_pause)), "other changes by a pause"),
    *stored(acting(Provider.apply_pause), "pauses of others"),
)
