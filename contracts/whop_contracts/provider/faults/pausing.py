"""Pauses that are stored, repeated, read or returned in another way than the request asks."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from whop_contracts.exchange import Response
from whop_contracts.provider.core import Provider
from whop_contracts.provider.dates import DAY, MINUTE
from whop_contracts.provider.faults import (
    Go,
    Table,
    after,
    around,
    built,
    editing,
    failing,
    having,
    put,
    rows,
    storing,
    with_status,
)
from whop_contracts.provider.reading import MISSING
from whop_contracts.provider.state import Campaign, Request

# -- stored, returned or read in another way --


def _returned_before(go: Go, provider: Provider, campaign: Campaign, request: Request) -> Response:
    before = provider.render_campaign(campaign)
    go(campaign, request)
    return provider.success("pause", before)


def _stored(how: Callable[[int], int | None]) -> type[Provider]:
    """Change the date that is stored after the response was written."""

    def change(_provider: Provider, campaign: Campaign, _request: Request) -> None:
        if campaign.paused_until is not None:
            campaign.paused_until = how(campaign.paused_until)

    return after(Provider.pause)(change)


def _seen(how: Callable[[int | None], dict[str, Any]]) -> type[Provider]:
    """Show readers other values of a paused campaign, from its date."""

    def view(go: Callable[[Campaign], Campaign], _: Provider, campaign: Campaign) -> Campaign:
        seen = go(campaign)
        return replace(seen, **how(seen.paused_until)) if seen.status == "paused" else seen

    return around(Provider.view)(view)


def _ends_pause(_provider: Provider, campaign: Campaign) -> None:
    if campaign.status == "paused":
        campaign.status, campaign.paused_until = "active", None


def _lagging(go: Go, provider: Provider, campaign: Campaign) -> None:
    provider.options = replace(provider.options, read_lag=30.0)
    go(campaign)


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

    def apply(go: Go, provider: Provider, campaign: Campaign, until: int | None) -> None:
        if wanted(campaign, until):
            provider.apply_unpause(campaign)
        else:
            go(campaign, until)

    return around(Provider.apply_pause)(apply)


def _unless_paused(go: Go, _provider: Provider, campaign: Campaign, until: int | None) -> None:
    if campaign.status != "paused":
        go(campaign, until)


def _is_forever(campaign: Campaign) -> bool:
    return campaign.status == "paused" and campaign.paused_until is None


# -- without a date --


def _deciding(how: tuple[Callable[[Any], bool], Callable[[Provider], int | None]]) -> type[Provider]:
    """For the bodies that are wanted: another date, or a rejection."""
    wanted, instead = how
    return around(Provider.decide_until)(
        lambda go, provider, body, campaign: instead(provider) if wanted(body) else go(body, campaign)
    )


def _in_days(days: int) -> Callable[[Provider], int]:
    return lambda provider: provider.now() + days * DAY


def _is_null(body: Any) -> bool:
    return isinstance(body, dict) and body.get("paused_until", "") is None


def _is_omitted(body: Any) -> bool:
    return isinstance(body, dict) and "paused_until" not in body


def _required(provider: Provider) -> int:
    raise provider.invalid("paused_until is required.")


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


def _crashing(row: dict[str, Any]) -> type[Provider]:
    return failing(Provider.admit)(lambda campaign, _until: having(row)(campaign))


FAULTS: Final = (
    *Table("pausing", around(Provider.pause))(
        ("stores-nothing", "a copy is changed and never saved", lambda go, _, c, r: go(copy.deepcopy(c), r)),
        ("answers-before-storing", "the response is rendered before the pause is stored", _returned_before),
    ),
    *Table("pausing", editing("pause"))(
        ("answers-active", "a replica that has the date only", put("status", "active")),
    ),
    *Table("pausing", with_status(Provider.apply_pause))(*rows("statuses stored by a pause")),
    *Table("pausing", _stored)(
        ("stores-whole-days", "the column keeps days", lambda until: until // DAY * DAY),
        ("stores-whole-minutes", "the column keeps minutes", lambda until: until // MINUTE * MINUTE),
        ("stores-whole-hours", "the column keeps hours", lambda until: until // (60 * MINUTE) * 60 * MINUTE),
        ("stores-no-date", "only the status is saved", lambda _: None),
    ),
    *Table("pausing", _seen)(
        ("reads-without-date", "a view without a date", lambda _: {"paused_until": None}),
        (
            "reads-active",
            "reads show the delivery's status, which a pause does not touch",
            lambda _: {"status": "active"},
        ),
        (
            "reads-another-date",
            "the server's time zone is sent as UTC",
            lambda until: {"paused_until": until and until - 8 * 60 * MINUTE},
        ),
    ),
    *Table("pausing", built)(
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
        ("second-crashes", "no transition from paused to paused", lambda c, _: c.status == "paused"),
        (
            "same-date-again-crashes",
            "the same date a second time violates a unique key",
            lambda c, until: c.status == "paused" and c.paused_until == until,
        ),
    ),
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
    *Table("pausing", _deciding)(
        ("null-means-tomorrow", "null becomes the epoch, which is moved ahead", (_is_null, _in_days(1))),
        ("no-body-means-a-week", "a default of a week", (lambda b: b in (MISSING, None), _in_days(7))),
        ("date-required", "the optional member is required", (_is_omitted, _required)),
    ),
    *Table("pausing", failing(Provider.decide_until), 100)(
        ("null-body-crashes", "a member of null is read", lambda body, _: body is None),
        ("null-crashes", "null is parsed as a date", lambda body, _: _is_null(body)),
        ("omitted-crashes", "the optional member is always read", lambda body, _: _is_omitted(body)),
    ),
    *Table("pausing", around(Provider.decide_until))(
        ("date-never-read", "a later generation has no date: every pause is indefinite", _never_read),
    ),
    *Table("pausing", failing(Provider.read_body), 100)(
        ("no-body-crashes", "a body is always parsed", lambda request: not request.content),
    ),
    *Table("pausing", around(Provider.pause))(
        ("no-body-does-nothing", "a request without a body succeeds, and nothing is done", _no_body_nothing),
        ("null-keeps-date", "null means unchanged", _null_keeps_date),
    ),
    *Table("pausing", _crashing, 100)(*rows("crashing campaigns")),
)
