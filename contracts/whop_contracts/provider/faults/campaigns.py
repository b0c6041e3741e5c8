"""Faults that show on other campaigns, on some campaigns only, or only once in a while."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from whop_contracts.exchange import Response
from whop_contracts.provider.core import Provider
from whop_contracts.provider.dates import DAY, MINUTE, SECOND
from whop_contracts.provider.faults import (
    Table,
    after,
    always,
    around,
    both,
    built,
    dated,
    drop,
    editing,
    failing,
    having,
    put,
    rows,
    storing,
    where,
)
from whop_contracts.provider.state import SEED, Campaign, Request

# -- a pause changes what no pause may change --


_THEN: Final[Mapping[str, Callable[[Provider, Campaign], object]]] = {
    "halve the budget": lambda _, c: c.rest.update(
        daily_budget=c.rest["daily_budget"] and c.rest["daily_budget"] / 2
    ),
    "mark the title": lambda _, c: setattr(c, "title", c.title.removesuffix(" (paused)") + " (paused)"),
    "reset created_at": lambda provider, c: setattr(c, "created_at", provider.now()),
}


def _touching(row: dict[str, Any]) -> type[Provider]:
    """After a pause was stored, ``then`` change the campaign, or set its ``member`` to the ``value``."""

    def touch(provider: Provider, campaign: Campaign, _until: int | None) -> None:
        campaign.rest = dict(campaign.rest)
        if "then" in row:
            _THEN[row["then"]](provider, campaign)
        else:
            campaign.rest[row["member"]] = row["value"]

    return after(Provider.apply_pause)(touch)


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


# -- some campaigns only --


def _later(by: int) -> type[Provider]:
    return dated(lambda until: until + by)


def _for_some(how: tuple[Callable[[Campaign], bool], type[Provider]]) -> type[Provider]:
    """A fault that some campaigns have: those for which the predicate holds."""
    wanted, faulty = how
    return where(lambda _, campaign, *_args: wanted(campaign), faulty)


def _on(platform: str) -> Callable[[Campaign], bool]:
    return having({"member": "platform", "value": platform})


def _without(member: str) -> Callable[[Campaign], bool]:
    return having({"member": member, "value": None})


def _is_fourth(campaign: Campaign) -> bool:
    return campaign.id == SEED.campaigns[3]


def _seen(**values: Any) -> type[Provider]:
    return around(Provider.view)(lambda go, _, campaign: replace(go(campaign), **values))


_dropped = dated(lambda _: None)
_whole_seconds = dated(lambda until: until // SECOND * SECOND)
_tiktok_loses_offset = both(
    after(Provider.compose)(lambda p, parts: p.notes.update(offset=parts.offset * MINUTE)),
    _for_some((_on("tiktok"), storing(lambda p, _, until: until and until + p.notes["offset"]))),
)

# -- one pause in so many --


class _Counting(Provider):
    """Counts the accepted pauses. It is the fault's turn from one in ``every`` until the next pause."""

    every = 9

    def pause(self, campaign: Campaign, request: Request) -> Response:
        self.notes["turn"] = False
        return super().pause(campaign, request)

    def admit(self, campaign: Campaign, until: int | None) -> None:
        super().admit(campaign, until)
        self.notes["good"] = self.notes.get("good", 0) + 1
        self.notes["turn"] = self.notes["good"] % self.every == 0


def _sometimes(how: tuple[int, type[Provider]]) -> type[Provider]:
    """One accepted pause in so many has another fault, and what follows until the next pause."""
    every, faulty = how
    counting = type("Counting", (_Counting,), {"every": every})
    return both(where(lambda provider, *_: provider.notes.get("turn"), faulty), counting)


class _Forgetting(_Counting):
    def pause(self, campaign: Campaign, request: Request) -> Response:
        before = copy.deepcopy(campaign)
        response = super().pause(campaign, request)
        if self.notes["turn"]:
            campaign.status, campaign.paused_until = before.status, before.paused_until
        return response


def _losing_date(every: int) -> type[Provider]:
    """Lose every so many-th date."""

    def apply(go: _Apply, provider: Provider, campaign: Campaign, until: int | None) -> None:
        provider.notes["dated"] = dated = provider.notes.get("dated", 0) + (until is not None)
        go(campaign, None if dated and dated % every == 0 else until)

    return around(Provider.apply_pause)(apply)


_edited = editing("pause")
_undated = _edited(drop("paused_until"))
_active = _edited(put("status", "active"))
_crashing = failing(Provider.apply_pause)(always)
_truncated = around(Provider.encode)(lambda go, _, value: go(value)[:-1])

FAULTS: Final = (
    *Table("pausing", _touching)(*rows("changes by a pause")),
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
    *Table("dates", _for_some)(
        ("no-config-whole-seconds", "an old column", (_without("config"), _whole_seconds)),
        ("meta-date-lost", "the platform's client cannot pause with a date", (_on("meta"), _dropped)),
        ("fourth-campaign-a-day-late", "one row has another time zone", (_is_fourth, _later(DAY))),
    ),
    *Table("dates", built)(
        ("tiktok-loses-offset", "the platform's client sends digits only", _tiktok_loses_offset),
    ),
    *Table("pausing", _for_some)(
        (
            "tiktok-reads-active",
            "the platform's own status is shown",
            (_on("tiktok"), _seen(status="active")),
        ),
        ("without-product-reads-undated", "a join drops it", (_without("product"), _seen(paused_until=None))),
    ),
    *Table("intermittent", _sometimes)(
        ("liar-9-says-active", "one response in nine is sent too early", (9, _active)),
        ("liar-15-says-active", "one response in fifteen is sent too early", (15, _active)),
    ),
    *Table("intermittent", _sometimes, 101)(
        ("liar-9-drops-title", "one worker in nine has an older release", (9, _edited(drop("title")))),
        ("liar-15-drops-until", "one worker in fifteen has an older release", (15, _undated)),
        ("liar-9-count-as-text", "one worker in nine sends strings", (9, _edited(put("clicks_count", "42")))),
    ),
    *Table("intermittent", _sometimes, 100)(
        ("liar-9-crashes", "one pause in nine meets a closed connection", (9, _crashing)),
        ("liar-15-crashes", "one pause in fifteen meets a closed connection", (15, _crashing)),
    ),
    *Table("intermittent", _sometimes)(
        ("liar-9-an-hour-off", "one server in nine has another time zone", (9, _later(60 * MINUTE))),
        (
            "liar-5-ten-milliseconds-off",
            "one server in five computes with floats",
            (5, _later(SECOND // 100)),
        ),
    ),
    *Table("intermittent", built)(
        ("liar-5-loses-date", "one date in five is lost", _losing_date(5)),
        ("liar-9-forgets", "one write in nine is lost", _Forgetting),
    ),
    *Table("intermittent", _sometimes, 101)(
        ("liar-9-truncated", "one response in nine is cut", (9, _truncated)),
    ),
)
