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
    change,
    changing,
    failing,
    having,
    moved,
    stored,
    storing,
)
from whop_contracts.provider.reading import MISSING
from whop_contracts.provider.state import Campaign, Request, crash

# -- stored, returned or read in another way --


def _returned_before(go: Go, provider: Provider, campaign: Campaign, request: Request) -> Response:
    before = provider.render_campaign(campaign)
    go(campaign, request)
    return provider.success("pause", before)


def _stored_later(row: Row) -> type[Provider]:
    """Change the date that is stored after the response was written, by ``how`` and ``seconds`` of a row."""

    def store(provider: Provider, campaign: Campaign, _request: Request) -> None:
        until = campaign.paused_until
        campaign.paused_until = None if until is None else moved(row, until, provider.now())

    return after(Provider.pause)(store)


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


def _former(campaign: Campaign) -> int | None:
    """The date of the pause that is in effect."""
    return campaign.paused_until if campaign.status == "paused" else None


def _merged(choose: Callable[..., int]) -> Callable[[Provider, Campaign, int | None], int | None]:
    """Choose one of the former and the new date, if there are both."""
    return lambda _, campaign, until: (
        choose(_former(campaign), until) if _former(campaign) and until else until
    )


def _lifting(wanted: Callable[[Campaign, int | None], bool]) -> type[Provider]:
    """Resume where a pause is wanted."""
    return around(Provider.apply_pause)(
        lambda go, p, campaign, until: (
            p.apply_unpause(campaign) if wanted(campaign, until) else go(campaign, until)
        )
    )


def _unless_paused(go: Go, _provider: Provider, campaign: Campaign, until: int | None) -> None:
    if campaign.status != "paused":
        go(campaign, until)


def _is_forever(campaign: Campaign) -> bool:
    return campaign.status == "paused" and campaign.paused_until is None


# -- without a date --


_BODIES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "no body or null": lambda body: body in (MISSING, None),
    "null": lambda body: body is None,
    "member null": lambda body: isinstance(body, dict) and body.get("paused_until", "") is None,
    "no member": lambda body: isinstance(body, dict) and "paused_until" not in body,
}


def _deciding(row: Row) -> type[Provider]:
    """For the bodies that a row names: a date in so many ``days``, or a crash, or a 422."""

    def decide(go: Go, provider: Provider, body: Any, campaign: Campaign) -> Any:
        if not _BODIES[row["body"]](body):
            return go(body, campaign)
        if "days" in row:
            return provider.now() + row["days"] * DAY
        raise crash() if "crash" in row else provider.invalid("paused_until is required.")

    return around(Provider.decide_until)(decide)


def _never_read(go: Go, _provider: Provider, body: Any, campaign: Campaign) -> None:
    go(body, campaign)


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


def _pausing_too(wanted: Callable[[Campaign, Campaign, int | None], bool]) -> type[Provider]:
    """With a campaign pause others: those that are wanted, from them, the campaign and its date."""

    def pause(provider: Provider, campaign: Campaign, until: int | None) -> None:
        for one in provider.state.campaigns.values():
            if one.status in {"active", "paused"} and wanted(one, campaign, until):
                Provider.apply_pause(provider, one, until)

    return after(Provider.apply_pause)(pause)


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
    *Table("pausing", around(Provider.apply_pause))(
        ("second-keeps-old-date", "a paused campaign is left as it is, with a 200", _unless_paused),
    ),
    *Table("pausing", _lifting)(
        ("second-toggles", "pausing is a toggle: the second time resumes", lambda c, _: c.status == "paused"),
        (
            "same-again-lifts",
            "a pause until the stored instant is a toggle",
            lambda c, until: until is not None and c.paused_until == until,
        ),
    ),
    *Table("pausing", failing(Provider.admit), 100)(
        (
            "same-date-again-crashes",
            "the same date a second time violates a unique key",
            lambda c, until: c.status == "paused" and c.paused_until == until,
        ),
    ),
    *stored(lambda row: failing(Provider.admit)(having(row)), "crashing campaigns"),
    *Table("pausing", storing)(
        (
            "second-drops-date",
            "the update lacks the date",
            lambda _, c, v: None if c.status == "paused" else v,
        ),
        ("indefinite-keeps-date", "absent means unchanged", lambda _, c, v: _former(c) if v is None else v),
        ("indefinite-wins", "an indefinite pause is final", lambda _, c, v: None if _is_forever(c) else v),
        ("only-extends", "of two dates the later one is kept", _merged(max)),
        ("only-shortens", "of two dates the earlier one is kept", _merged(min)),
        ("omitted-means-tomorrow", "a default of one day", lambda p, _, v: p.now() + DAY if v is None else v),
    ),
    *stored(_deciding, "bodies without a date", "crashes without a date"),
    *Table("pausing", around(Provider.decide_until))(
        ("date-never-read", "a later generation has no date: every pause is indefinite", _never_read),
    ),
    *Table("pausing", after(Provider.apply_pause))(
        ("pause-halves-budget", "every pause refunds the rest of the budget", _halves_budget),
        ("pause-changes-title", "the title is marked for people", _marks_title),
        ("pause-resets-created-at", "the row is replaced, not updated", _resets_creation),
        ("pauses-neighbour-too", "the ad group is shared with the next campaign", _pauses_neighbour_too),
        ("one-pause-at-a-time", "pausing another campaign ends a company's pause", _one_at_a_time),
    ),
    *Table("pausing", _pausing_too)(
        ("pauses-siblings", "the update lacks its WHERE", lambda one, c, _: one.company == c.company),
        (
            "date-shared-by-company",
            "a company has one date for all its paused campaigns",
            lambda one, c, _: one.company == c.company and one.status == "paused",
        ),
        (
            "undated-clears-all",
            "the statement that clears the date lacks its WHERE",
            lambda one, _, until: until is None and one.status == "paused",
        ),
    ),
)
