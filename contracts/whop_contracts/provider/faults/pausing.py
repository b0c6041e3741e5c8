"""Pauses that are stored, repeated, read or returned in another way than the request asks."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from whop_contracts.exchange import Response
from whop_contracts.provider.core import Provider
from whop_contracts.provider.dates import DAY
from whop_contracts.provider.faults import (
    HOUR,
    Go,
    Row,
    Table,
    after,
    around,
    built,
    by_row,
    change,
    changing,
    failing,
    having,
    moved,
    stored,
    storing_moved,
)
from whop_contracts.provider.reading import MISSING
from whop_contracts.provider.state import Campaign, Request, crash

# -- stored, returned or read in another way --


def _returned_before(go: Go, provider: Provider, campaign: Campaign, request: Request) -> Response:
    before = provider.render_campaign(campaign)
    go(campaign, request)
    return provider.success("pause", before)


@by_row(Provider.pause, after)
def _stored_later(row: Row, provider: Provider, campaign: Campaign, _request: Request) -> None:
    """Change the date that is stored after the response was written, by ``how`` and ``seconds`` of a row."""
    until = campaign.paused_until
    campaign.paused_until = None if until is None else moved(row, until, provider.now())


def _ends_pause(_provider: Provider, campaign: Campaign) -> None:
    if campaign.status == "paused":
        campaign.status, campaign.paused_until = "active", None


def _lagging(go: Go, provider: Provider, campaign: Campaign) -> None:
    provider.options = replace(provider.options, read_lag=30.0)
    go(campaign)


_eight_hours_off = around(Provider.view)(
    lambda go, _, c: replace(seen := go(c), paused_until=seen.paused_until and seen.paused_until - 8 * HOUR)
)
_cached = around(Provider.view)(lambda _, p, c: p.notes.setdefault(c.id, copy.deepcopy(c)))

# -- a pause of a paused campaign --

_MET: Final[Mapping[str, Callable[[Campaign, int | None], object]]] = {
    "paused": lambda campaign, _: campaign.status == "paused",
    "paused for ever": lambda campaign, _: campaign.status == "paused" and campaign.paused_until is None,
    "paused likewise": lambda campaign, until: (campaign.status, campaign.paused_until) == ("paused", until),
    "the same date": lambda campaign, until: until is not None and campaign.paused_until == until,
    "two dates": lambda campaign, until: campaign.paused_until and until,
    "no date": lambda _, until: until is None,
}
"""What a pause meets, from the campaign and the new date."""


@by_row(Provider.apply_pause)
def _meeting(row: Row, go: Go, provider: Provider, campaign: Campaign, until: int | None) -> None:
    """Store another date, or do something else, where a pause ``meets`` what a row says."""
    former: Any = campaign.paused_until
    match row["then"] if _MET[row["meets"]](campaign, until) else "pause":
        case "pause":
            go(campaign, until)
        case "resume":
            provider.apply_unpause(campaign)
        case "crash":
            raise crash()
        case "no date":
            go(campaign, None)
        case "former date":
            go(campaign, former)
        case "later date":
            go(campaign, max(former, until))
        case "earlier date":
            go(campaign, min(former, until))
        case "tomorrow":
            go(campaign, provider.now() + DAY)


# -- without a date --


_BODIES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "no body or null": lambda body: body in (MISSING, None),
    "null": lambda body: body is None,
    "member null": lambda body: isinstance(body, dict) and body.get("paused_until", "") is None,
    "no member": lambda body: isinstance(body, dict) and "paused_until" not in body,
}


@by_row(Provider.decide_until)
def _reading_elsewhere(row: Row, go: Go, _: Provider, body: Any, campaign: Campaign) -> Any:
    """Read the date at another ``path`` (``a/b``) in the body, if there is one."""
    found = body
    for name in row["path"].split("/"):
        found = found.get(name) if isinstance(found, dict) else None
    return go(body if found is None else {"paused_until": found}, campaign)


@by_row(Provider.decide_until)
def _deciding(row: Row, go: Go, provider: Provider, body: Any, campaign: Campaign) -> Any:
    """For the bodies that a row names: a date in so many ``days``, or a crash, or a 422."""
    if not _BODIES[row["body"]](body):
        return go(body, campaign)
    if "days" in row:
        return provider.now() + row["days"] * DAY
    raise crash() if "crash" in row else provider.invalid("paused_until is required.")


def _no_body_nothing(go: Go, provider: Provider, campaign: Campaign, request: Request) -> Any:
    if request.content.strip():
        return go(campaign, request)
    return provider.success("pause", provider.render_campaign(campaign))


def _null_keeps_date(go: Go, provider: Provider, campaign: Campaign, request: Request) -> Any:
    before = campaign.paused_until
    response = go(campaign, request)
    if b"null" not in request.content or campaign.paused_until is not None:
        return response
    campaign.paused_until = before
    return provider.success("pause", provider.render_campaign(campaign))


# -- what no pause may change, and other campaigns --


def _halves_budget(_provider: Provider, campaign: Campaign, _until: int | None) -> None:
    budget = campaign.rest["daily_budget"]
    change(campaign, {"daily_budget": budget and budget / 2})


def _marks_title(_provider: Provider, campaign: Campaign, _until: int | None) -> None:
    campaign.title = campaign.title.removesuffix(" (paused)") + " (paused)"


def _resets_creation(provider: Provider, campaign: Campaign, _until: int | None) -> None:
    campaign.created_at = provider.now()


@by_row(Provider.apply_pause, after)
def _pausing_too(row: Row, provider: Provider, campaign: Campaign, until: int | None) -> None:
    """Pause others with one of the ``statuses``: those of the company, or ``all`` if there is no date."""
    wanted = until is None or "all" not in row
    for one in provider.state.campaigns.values() if wanted else ():
        if one.status in row["statuses"] and ("all" in row or one.company == campaign.company):
            Provider.apply_pause(provider, one, until)


def _neighbour(provider: Provider, campaign: Campaign) -> Campaign:
    """The next campaign of the same company."""
    own = [one for one in provider.state.campaigns.values() if one.company == campaign.company]
    return own[(own.index(campaign) + 1) % len(own)]


def _pauses_neighbour(go: Go, provider: Provider, campaign: Campaign, request: Request) -> Any:
    shown = copy.deepcopy(campaign)
    response = go(shown, request)
    change(_neighbour(provider, campaign), {"status": "paused", "paused_until": shown.paused_until})
    return response


def _pauses_neighbour_too(provider: Provider, campaign: Campaign, until: int | None) -> None:
    Provider.apply_pause(provider, _neighbour(provider, campaign), until)


def _one_at_a_time(provider: Provider, campaign: Campaign, _until: int | None) -> None:
    last = provider.notes.get("last", campaign)
    if last is not campaign:
        change(last, {"status": "active", "paused_until": None})
    provider.notes["last"] = campaign


FAULTS: Final = (
    *Table("pausing", around(Provider.pause))(
        ("stores-nothing", "a copy is changed and never saved", lambda go, _, c, r: go(copy.deepcopy(c), r)),
        ("answers-before-storing", "the response is rendered before the pause is stored", _returned_before),
        ("no-body-does-nothing", "a request without a body succeeds, and nothing is done", _no_body_nothing),
        ("null-keeps-date", "null means unchanged", _null_keeps_date),
        ("pauses-neighbour", "off by one", _pauses_neighbour),
    ),
    *stored(changing(Provider.apply_pause), "statuses stored by a pause", "changes by a pause"),
    *stored(_stored_later, "dates stored"),
    *Table("pausing", built)(
        ("reads-another-date", "the server's time zone is sent as UTC", _eight_hours_off),
        ("reads-cached-for-ever", "a cache is never cleared", _cached),
        ("reads-end-the-pause", "a read repairs the state", after(Provider.retrieve)(_ends_pause)),
        ("reads-half-a-minute-late", "the replica is slow", around(Provider.remember)(_lagging)),
    ),
    *stored(_meeting, "second pauses", "crashing second pauses"),
    *stored(lambda row: failing(Provider.admit)(having(row)), "crashing campaigns"),
    *stored(_deciding, "bodies without a date", "crashes without a date"),
    *stored(_reading_elsewhere, "dates of other members"),
    *stored(storing_moved, "dates that are not read"),
    *Table("pausing", after(Provider.apply_pause))(
        ("pause-halves-budget", "every pause refunds the rest of the budget", _halves_budget),
        ("pause-changes-title", "the title is marked for people", _marks_title),
        ("pause-resets-created-at", "the row is replaced, not updated", _resets_creation),
        ("pauses-neighbour-too", "the ad group is shared with the next campaign", _pauses_neighbour_too),
        ("one-pause-at-a-time", "pausing another campaign ends a company's pause", _one_at_a_time),
    ),
    *stored(_pausing_too, "pauses of others"),
)
