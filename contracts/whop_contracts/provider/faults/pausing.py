"""Pauses that are stored, repeated, read or returned in another way than the request asks."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from whop_contracts.exchange import Response
from whop_contracts.provider.core import Provider
from whop_contracts.provider.dates import DAY, MINUTE
from whop_contracts.provider.faults.making import Table, after, around, built, editing, failing, put
from whop_contracts.provider.reading import MISSING
from whop_contracts.provider.state import Campaign, Request

_Pause = Callable[[Campaign, Request], Response]
_Apply = Callable[[Campaign, int | None], None]
_Decide = Callable[[Any, Campaign], int | None]

# -- stored, and returned, in another way --


def _returned_before(pause: _Pause, provider: Provider, campaign: Campaign, request: Request) -> Response:
    before = provider.render_campaign(campaign)
    pause(campaign, request)
    return provider.success("pause", before)


def _later(change: Callable[[Campaign], object]) -> type[Provider]:
    """Change what is stored after the response was written."""
    return after(Provider.pause)(lambda _provider, campaign, _request: change(campaign))


def _with_status(status: str) -> type[Provider]:
    return after(Provider.apply_pause)(lambda _, campaign, _until: setattr(campaign, "status", status))


def _to_grain(grain: int) -> Callable[[Campaign], None]:
    def change(campaign: Campaign) -> None:
        if campaign.paused_until is not None:
            campaign.paused_until -= campaign.paused_until % grain

    return change


def _set(name: str, value: Any) -> Callable[[Campaign], None]:
    return lambda campaign: setattr(campaign, name, value)


_STORED = (
    *Table("pausing", around(Provider.pause))(
        ("stores-nothing", "a copy is changed and never saved", lambda go, _, c, r: go(copy.deepcopy(c), r)),
        ("answers-before-storing", "the response is rendered before the pause is stored", _returned_before),
    ),
    *Table("pausing", editing("pause"))(
        ("answers-active", "a replica that has the date only", put("status", "active")),
    ),
    *Table("pausing", _with_status)(
        ("stores-inactive", "pausing is implemented as deactivating", "inactive"),
        ("stores-stale", "a pause marks the campaign as stale", "stale"),
    ),
    *Table("pausing", _later)(
        ("stores-whole-days", "the column keeps days", _to_grain(DAY)),
        ("stores-whole-minutes", "the column keeps minutes", _to_grain(MINUTE)),
        ("stores-whole-hours", "the column keeps hours", _to_grain(60 * MINUTE)),
        ("stores-no-date", "only the status is saved", _set("paused_until", None)),
    ),
)

# -- read in another way --


def _seen(how: Callable[[Campaign], Campaign]) -> type[Provider]:
    """Show readers another campaign than the stored one."""
    return around(Provider.view)(lambda go, _provider, campaign: how(go(campaign)))


def _as_active(seen: Campaign) -> Campaign:
    return replace(seen, status="active") if seen.status == "paused" else seen


def _eight_hours_early(seen: Campaign) -> Campaign:
    until = seen.paused_until
    return seen if until is None else replace(seen, paused_until=until - 8 * 60 * MINUTE)


def _cached(_go: object, provider: Provider, campaign: Campaign) -> Campaign:
    found: Campaign = provider.notes.setdefault(campaign.id, copy.deepcopy(campaign))
    return found


def _ends_pause(_provider: Provider, campaign: Campaign) -> None:
    if campaign.status == "paused":
        campaign.status, campaign.paused_until = "active", None


def _lagging(go: Callable[[Campaign], None], provider: Provider, campaign: Campaign) -> None:
    provider.options = replace(provider.options, read_lag=30.0)
    go(campaign)


_READ = (
    *Table("pausing", _seen)(
        ("reads-without-date", "a view without a date", lambda c: replace(c, paused_until=None)),
        ("reads-active", "reads show the delivery's status, which a pause does not touch", _as_active),
        ("reads-another-date", "the server's time zone is sent as UTC", _eight_hours_early),
    ),
    *Table("pausing", built)(
        ("reads-cached-for-ever", "a cache is never cleared", around(Provider.view)(_cached)),
        ("reads-end-the-pause", "a read repairs the state", after(Provider.retrieve)(_ends_pause)),
        ("reads-half-a-minute-late", "the replica is slow", around(Provider.remember)(_lagging)),
    ),
)

# -- a pause of a paused campaign --


def _storing(how: Callable[[Provider, Campaign, int | None], int | None]) -> type[Provider]:
    """Store another date: from the provider, the campaign as it was, and the date that was sent."""

    def apply(go: _Apply, provider: Provider, campaign: Campaign, until: int | None) -> None:
        go(campaign, how(provider, campaign, until))

    return around(Provider.apply_pause)(apply)


def _former(campaign: Campaign) -> int | None:
    """The date of the pause that is in effect."""
    return campaign.paused_until if campaign.status == "paused" else None


def _merged(choose: Callable[..., int]) -> Callable[[Provider, Campaign, int | None], int | None]:
    """Choose one of the former and the new date, if there are both."""

    def store(_provider: Provider, campaign: Campaign, until: int | None) -> int | None:
        former = _former(campaign)
        return until if former is None or until is None else choose(former, until)

    return store


def _unless_paused(go: _Apply, _provider: Provider, campaign: Campaign, until: int | None) -> None:
    if campaign.status != "paused":
        go(campaign, until)


def _toggled(go: _Apply, provider: Provider, campaign: Campaign, until: int | None) -> None:
    if campaign.status == "paused":
        provider.apply_unpause(campaign)
    else:
        go(campaign, until)


def _lifted(go: _Apply, provider: Provider, campaign: Campaign, until: int | None) -> None:
    if until is not None and campaign.paused_until == until:
        provider.apply_unpause(campaign)
    else:
        go(campaign, until)


def _is_forever(campaign: Campaign) -> bool:
    return campaign.status == "paused" and campaign.paused_until is None


_SECOND = (
    *Table("pausing", around(Provider.apply_pause))(
        ("second-keeps-old-date", "a paused campaign is left as it is, with a 200", _unless_paused),
        ("second-toggles", "pausing is a toggle: the second time resumes", _toggled),
        ("same-again-lifts", "a pause until the stored instant is a toggle", _lifted),
    ),
    *Table("pausing", failing(Provider.admit), 100)(
        ("second-crashes", "no transition from paused to paused", lambda c, _: c.status == "paused"),
        (
            "same-date-again-crashes",
            "the same date a second time violates a unique key",
            lambda c, until: c.status == "paused" and c.paused_until == until,
        ),
    ),
    *Table("pausing", _storing)(
        (
            "second-drops-date",
            "the update lacks the date",
            lambda _, c, v: None if c.status == "paused" else v,
        ),
        ("indefinite-keeps-date", "absent means unchanged", lambda _, c, v: _former(c) if v is None else v),
        ("indefinite-wins", "an indefinite pause is final", lambda _, c, v: None if _is_forever(c) else v),
        ("only-extends", "of two dates the later one is kept", _merged(max)),
        ("only-shortens", "of two dates the earlier one is kept", _merged(min)),
    ),
)

# -- without a date --


def _deciding(how: tuple[Callable[[Any], bool], Callable[[Provider], int | None]]) -> type[Provider]:
    """For the bodies that are wanted: another date, or a rejection."""
    wanted, instead = how

    def decide(go: _Decide, provider: Provider, body: Any, campaign: Campaign) -> int | None:
        return instead(provider) if wanted(body) else go(body, campaign)

    return around(Provider.decide_until)(decide)


def _is_null(body: Any) -> bool:
    return isinstance(body, dict) and body.get("paused_until", "") is None


def _is_omitted(body: Any) -> bool:
    return isinstance(body, dict) and "paused_until" not in body


def _in_days(days: int) -> Callable[[Provider], int]:
    return lambda provider: provider.now() + days * DAY


def _required(provider: Provider) -> int:
    raise provider.invalid("paused_until is required.")


def _never_read(go: _Decide, _provider: Provider, body: Any, campaign: Campaign) -> None:
    go(body, campaign)


def _no_body_nothing(pause: _Pause, provider: Provider, campaign: Campaign, request: Request) -> Response:
    if request.content.strip():
        return pause(campaign, request)
    return provider.success("pause", provider.render_campaign(campaign))


def _null_keeps_date(pause: _Pause, provider: Provider, campaign: Campaign, request: Request) -> Response:
    before = campaign.paused_until
    response = pause(campaign, request)
    if b"null" not in request.content or campaign.paused_until is not None:
        return response
    campaign.paused_until = before
    return provider.success("pause", provider.render_campaign(campaign))


_UNDATED = (
    *Table("pausing", _storing)(
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
)

# -- campaigns that lack something --


def _crashing_without(member: str) -> type[Provider]:
    return failing(Provider.admit)(lambda campaign, _until: campaign.rest[member] is None)


_LACKING = Table("pausing", _crashing_without, 100)(
    ("crashes-without-product", "a member of null is read", "product"),
    ("crashes-without-config", "a member of null is read", "config"),
    ("crashes-without-platform", "a member of null is read", "platform"),
    ("crashes-without-daily-budget", "null is compared with a number", "daily_budget"),
    ("crashes-without-payment-method", "a member of null is read", "payment_method"),
)

FAULTS: Final = (*_STORED, *_READ, *_SECOND, *_UNDATED, *_LACKING)
