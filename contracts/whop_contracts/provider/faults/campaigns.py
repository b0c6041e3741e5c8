"""Faults that show on other campaigns, on some campaigns only, or only once in a while."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from whop_contracts.exchange import Operation, Response
from whop_contracts.provider.core import Provider
from whop_contracts.provider.dates import DAY, MINUTE, SECOND, Parts
from whop_contracts.provider.faults.making import Edit, Table, after, around, built, drop, put
from whop_contracts.provider.state import SEED, Campaign, Request, crash

_Is = Callable[[Campaign], bool]

# -- a pause changes what no pause may change --


def _touching(touch: Callable[[Provider, Campaign], object]) -> type[Provider]:
    """Do more to the campaign, or to another one, after a pause was stored."""
    return after(Provider.apply_pause)(lambda provider, campaign, _until: touch(provider, campaign))


def _rest(member: str, value: Any) -> Callable[[Provider, Campaign], None]:
    def touch(_: Provider, campaign: Campaign) -> None:
        campaign.rest = {**campaign.rest, member: value}

    return touch


def _title(_: Provider, campaign: Campaign) -> None:
    campaign.title = campaign.title.removesuffix(" (paused)") + " (paused)"


def _created(provider: Provider, campaign: Campaign) -> None:
    campaign.created_at = provider.now()


def _halve(provider: Provider, campaign: Campaign) -> None:
    budget = campaign.rest["daily_budget"]
    _rest("daily_budget", None if budget is None else budget / 2)(provider, campaign)


_CALLER: Final = {"id": "user_Ap1Key0000000", "name": "API", "username": "api"}
_JOB_ID: Final = "user_6f1b2a34-9c0d-4e5f-8a7b-0c1d2e3f4a5b"
_JOB: Final = {"id": _JOB_ID, "name": "Scheduler", "username": "scheduler"}
_TOUCHING = Table("pausing", _touching)(
    ("pause-zeroes-budget", "a budget of zero, so that nothing is spent", _rest("daily_budget", 0.0)),
    ("pause-halves-budget", "every pause refunds the rest of the budget", _halve),
    ("pause-changes-title", "the title is marked for people", _title),
    ("pause-resets-created-at", "the row is replaced, not updated", _created),
    ("pause-changes-platform", "the platform falls back to a default", _rest("platform", "tiktok")),
    ("pause-clears-platform", "the link to the platform is cut", _rest("platform", None)),
    ("pause-clears-countries", "the targeting is removed", _rest("target_country_codes", [])),
    ("pause-adds-country", "the targeting is reset", _rest("target_country_codes", ["US", "CA", "GB", "DE"])),
    ("pause-clears-product", "the promotion is detached", _rest("product", None)),
    ("pause-changes-creator", "the caller becomes the creator", _rest("created_by_user", _CALLER)),
    ("pause-attributed-to-a-job", "the job that pauses becomes the creator", _rest("created_by_user", _JOB)),
)

# -- a pause, or its end, changes another campaign --

_Pause = Callable[[Campaign, Request], Response]
_Apply = Callable[[Campaign, int | None], None]


def _company(provider: Provider, campaign: Campaign) -> list[Campaign]:
    """The campaigns of the same company, this one included."""
    return [one for one in provider.state.campaigns.values() if one.company == campaign.company]


def _neighbour(provider: Provider, campaign: Campaign) -> Campaign:
    """The next campaign of the same company."""
    own = _company(provider, campaign)
    return own[(own.index(campaign) + 1) % len(own)]


def _pauses_siblings(go: _Apply, provider: Provider, campaign: Campaign, until: int | None) -> None:
    for one in _company(provider, campaign):
        if one.status in {"active", "paused"}:
            go(one, until)


def _pauses_neighbour(go: _Pause, provider: Provider, campaign: Campaign, request: Request) -> Response:
    shown = copy.deepcopy(campaign)
    response = go(shown, request)
    neighbour = _neighbour(provider, campaign)
    neighbour.status, neighbour.paused_until = "paused", shown.paused_until
    return response


def _pauses_neighbour_too(provider: Provider, campaign: Campaign, until: int | None) -> None:
    Provider.apply_pause(provider, _neighbour(provider, campaign), until)


def _one_at_a_time(provider: Provider, campaign: Campaign, _until: int | None) -> None:
    last = provider.notes.get("last", campaign)
    if last is not campaign:
        last.status, last.paused_until = "active", None
    provider.notes["last"] = campaign


def _shares_date(provider: Provider, campaign: Campaign, until: int | None) -> None:
    for one in _company(provider, campaign):
        one.paused_until = until if one.status == "paused" else one.paused_until


def _clears_dates(provider: Provider, _campaign: Campaign, until: int | None) -> None:
    for one in provider.state.campaigns.values() if until is None else ():
        one.paused_until = None


_OTHERS = (
    *Table("pausing", built)(
        ("pauses-siblings", "the update lacks its WHERE", around(Provider.apply_pause)(_pauses_siblings)),
        ("pauses-neighbour", "off by one", around(Provider.pause)(_pauses_neighbour)),
    ),
    *Table("pausing", after(Provider.apply_pause))(
        ("pauses-neighbour-too", "the ad group is shared with the next campaign", _pauses_neighbour_too),
        ("date-shared-by-company", "a company has one date for all its paused campaigns", _shares_date),
        ("one-pause-at-a-time", "pausing another campaign ends a company's pause", _one_at_a_time),
        ("undated-clears-all", "the statement that clears the date lacks its WHERE", _clears_dates),
    ),
)

# -- some campaigns only --


def _storing(how: tuple[_Is, Callable[[int], int | None]]) -> type[Provider]:
    """For the campaigns that are wanted: store another date."""
    wanted, moved = how

    def apply(go: _Apply, _: Provider, campaign: Campaign, until: int | None) -> None:
        go(campaign, moved(until) if until is not None and wanted(campaign) else until)

    return around(Provider.apply_pause)(apply)


def _seeing(how: tuple[_Is, dict[str, Any]]) -> type[Provider]:
    """For the campaigns that are wanted: readers see other values."""
    wanted, values = how

    def view(go: Callable[[Campaign], Campaign], _: Provider, campaign: Campaign) -> Campaign:
        return replace(go(campaign), **values) if wanted(campaign) else go(campaign)

    return around(Provider.view)(view)


def _on(platform: str) -> _Is:
    return lambda campaign: campaign.rest["platform"] == platform


def _without(member: str) -> _Is:
    return lambda campaign: campaign.rest[member] is None


def _fourth(campaign: Campaign) -> bool:
    return campaign.id == SEED.campaigns[3]


class _TiktokLosesOffset(Provider):
    def compose(self, parts: Parts) -> int | None:
        self.notes["offset"] = parts.offset * MINUTE
        return super().compose(parts)

    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        lost = self.notes["offset"] if until is not None and _on("tiktok")(campaign) else 0
        super().apply_pause(campaign, until if until is None else until + lost)


_SOME = (
    *Table("dates", _storing)(
        ("no-config-whole-seconds", "an old column", (_without("config"), lambda v: v // SECOND * SECOND)),
        ("meta-date-lost", "the platform's client cannot pause with a date", (_on("meta"), lambda _: None)),
        ("fourth-campaign-a-day-late", "one row has another time zone", (_fourth, lambda v: v + DAY)),
    ),
    *Table("dates", built)(
        ("tiktok-loses-offset", "the platform's client sends digits only", _TiktokLosesOffset),
    ),
    *Table("pausing", _seeing)(
        ("tiktok-reads-active", "the platform's own status is shown", (_on("tiktok"), {"status": "active"})),
        ("without-product-reads-undated", "a join drops it", (_without("product"), {"paused_until": None})),
    ),
)

# -- one pause in so many --


class _Counting(Provider):
    """Counts the accepted pauses. It is the fault's turn from one in ``every`` until the next pause."""

    every = 9

    @property
    def is_turn(self) -> bool:
        return bool(self.notes.get("turn"))

    def admit(self, campaign: Campaign, until: int | None) -> None:
        super().admit(campaign, until)
        self.notes["good"] = self.notes.get("good", 0) + 1
        self.notes["turn"] = self.notes["good"] % self.every == 0

    def pause(self, campaign: Campaign, request: Request) -> Response:
        self.notes["turn"] = False
        return super().pause(campaign, request)


def _sending(how: tuple[int, Edit]) -> type[Provider]:
    class Sending(_Counting):
        every = how[0]

        def present(self, operation: Operation, document: dict[str, Any]) -> Any:
            turn = operation == "pause" and self.is_turn
            return how[1](copy.deepcopy(document)) if turn else document

    return Sending


def _crashing(every_: int) -> type[Provider]:
    class Crashing(_Counting):
        every = every_

        def admit(self, campaign: Campaign, until: int | None) -> None:
            super().admit(campaign, until)
            if self.is_turn:
                raise crash()

    return Crashing


class _Forgetting(_Counting):
    def pause(self, campaign: Campaign, request: Request) -> Response:
        before = copy.deepcopy(campaign)
        response = super().pause(campaign, request)
        if self.is_turn:
            campaign.status, campaign.paused_until = before.status, before.paused_until
        return response


class _Truncating(_Counting):
    def encode(self, value: Any) -> bytes:
        return super().encode(value)[: -1 if self.is_turn else None]


def _shifting(how: tuple[int, int]) -> type[Provider]:
    """Store another date, so many nanoseconds later."""

    class Shifting(_Counting):
        every, by = how

        def apply_pause(self, campaign: Campaign, until: int | None) -> None:
            super().apply_pause(campaign, until + self.by if until is not None and self.is_turn else until)

    return Shifting


def _losing_date(every: int) -> type[Provider]:
    """Lose every so many-th date."""

    def apply(go: _Apply, provider: Provider, campaign: Campaign, until: int | None) -> None:
        provider.notes["dated"] = dated = provider.notes.get("dated", 0) + (until is not None)
        go(campaign, None if dated and dated % every == 0 else until)

    return around(Provider.apply_pause)(apply)


_SOMETIMES = (
    *Table("intermittent", _sending)(
        ("liar-9-says-active", "one response in nine is sent too early", (9, put("status", "active"))),
        ("liar-15-says-active", "one response in fifteen is sent too early", (15, put("status", "active"))),
    ),
    *Table("intermittent", _sending, 101)(
        ("liar-9-drops-title", "one worker in nine has an older release", (9, drop("title"))),
        ("liar-15-drops-until", "one worker in fifteen has an older release", (15, drop("paused_until"))),
        ("liar-9-count-as-text", "one worker in nine sends strings", (9, put("clicks_count", "42"))),
    ),
    *Table("intermittent", _crashing, 100)(
        ("liar-9-crashes", "one pause in nine meets a closed connection", 9),
        ("liar-15-crashes", "one pause in fifteen meets a closed connection", 15),
    ),
    *Table("intermittent", _shifting)(
        ("liar-9-an-hour-off", "one server in nine has another time zone", (9, 60 * MINUTE)),
        ("liar-5-ten-milliseconds-off", "one server in five computes with floats", (5, SECOND // 100)),
    ),
    *Table("intermittent", built)(
        ("liar-5-loses-date", "one date in five is lost", _losing_date(5)),
        ("liar-9-forgets", "one write in nine is lost", _Forgetting),
    ),
    *Table("intermittent", built, 101)(
        ("liar-9-truncated", "one response in nine is cut", _Truncating),
    ),
)

FAULTS: Final = (*_TOUCHING, *_OTHERS, *_SOME, *_SOMETIMES)
