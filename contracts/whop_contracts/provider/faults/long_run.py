"""What goes wrong only after hours, only for far dates, only for what falls due together, or only when the same is asked for again."""

from __future__ import annotations

from calendar import monthcalendar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from whop_contracts.provider.core import Provider
from whop_contracts.provider.dates import MINUTE, SECOND
from whop_contracts.provider.faults.making import written

if TYPE_CHECKING:
    from whop_contracts.provider.messages import Answer, Request
    from whop_contracts.provider.state import Campaign

_HOUR = 60 * MINUTE
_TIMER_LIMIT = 2**31 * 1_000_000
_YEAR_2100 = 4_102_444_800 * SECOND


class _LongTimersAreLost(Provider):
    """A job that waits for more than twelve hours is dropped by its queue."""

    def due(self, campaign: Campaign) -> int | None:
        due = super().due(campaign)
        return None if due is not None and due - campaign.updated_at > 12 * _HOUR else due


class _FarTimersFireAtOnce(Provider):
    """A delay of more than 24.8 days does not fit into the timer, which then fires at once."""

    def due(self, campaign: Campaign) -> int | None:
        due = super().due(campaign)
        far = due is not None and due - campaign.updated_at > _TIMER_LIMIT
        return campaign.updated_at + SECOND if far else due


class _HalfAnHourAtMost(Provider):
    """The lock that holds a dated pause expires after half an hour."""

    def due(self, campaign: Campaign) -> int | None:
        due = super().due(campaign)
        return None if due is None else min(due, campaign.updated_at + 30 * MINUTE)


class _StaleAfterAnHour(Provider):
    """A sweep takes a campaign that nobody has touched for an hour for one that has ended."""

    def tick(self) -> None:
        super().tick()
        for campaign in self.state.campaigns.values():
            if (
                campaign.status == "active"
                and self.touched.get(campaign.id, self.now()) <= self.now() - _HOUR
            ):
                campaign.status = "stale"

    def prepare(self) -> None:
        self.touched: dict[str, int] = {}

    def resume(self, campaign: Campaign, instant: int) -> None:
        super().resume(campaign, instant)
        self.touched[campaign.id] = instant

    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        super().apply_pause(campaign, until)
        self.touched.pop(campaign.id, None)


class _NullIsDue(Provider):
    """The query for what is due takes a pause without a date for one that is over."""

    def resume(self, campaign: Campaign, instant: int) -> None:
        super().resume(campaign, instant)
        for other in self.state.campaigns.values():
            if other.status == "paused" and other.paused_until is None:
                super().resume(other, instant)


class _OneInEachInstant(Provider):
    """Jobs are kept by their instant: of two for the same one only one is done."""

    def due(self, campaign: Campaign) -> int | None:
        due = super().due(campaign)
        others = (one for one in self.state.campaigns.values() if one is not campaign)
        replaced = any(one.paused_until == campaign.paused_until and one.id > campaign.id for one in others)
        return None if replaced else due


class _SameAgainLifts(Provider):
    """A pause until the instant that is stored already is taken for a switch."""

    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        if until is not None and campaign.paused_until == until:
            self.apply_unpause(campaign)
        else:
            super().apply_pause(campaign, until)


class _UndatedClearsAll(Provider):
    """The statement that clears the date has lost its condition."""

    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        super().apply_pause(campaign, until)
        if until is None:
            for other in self.state.campaigns.values():
                other.paused_until = None


class _NoBodyNothing(Provider):
    """A request without a body is answered, and nothing is done."""

    def pause(self, campaign: Campaign, request: Request) -> Answer:
        if not request.content.strip():
            return self.success("pause", self.render_campaign(campaign))
        return super().pause(campaign, request)


class _NullKeepsDate(Provider):
    """A null is taken for a member that is left as it is."""

    def pause(self, campaign: Campaign, request: Request) -> Answer:
        before = campaign.paused_until
        answer = super().pause(campaign, request)
        if b"null" not in request.content or campaign.paused_until is not None:
            return answer
        campaign.paused_until = before
        return self.success("pause", self.render_campaign(campaign))


class _YearOneIsForever(Provider):
    """The zero value of a time stands for no time at all."""

    def decide_until(self, body: Any, campaign: Campaign) -> int | None:
        text = body.get("paused_until") if isinstance(body, dict) else None
        zero = isinstance(text, str) and text.startswith("0001-01-01")
        return None if zero else super().decide_until(body, campaign)


class _SecondOctoberHour(Provider):
    """Dates are kept in the time of Berlin, where one hour of an October night comes twice: the first is meant."""

    def decide_until(self, body: Any, campaign: Campaign) -> int | None:
        until = super().decide_until(body, campaign)
        if until is None or not 0 <= until < _YEAR_2100:
            return until
        moment = datetime.fromtimestamp(until // SECOND, UTC)
        last_sunday = max(week[6] for week in monthcalendar(moment.year, moment.month))
        twice = (moment.month, moment.day, moment.hour) == (10, last_sunday, 1)
        return until - _HOUR if twice else until


FAULTS: Final = (
    written("auto-resume", "long-timers-are-lost", _LongTimersAreLost),
    written("auto-resume", "far-timers-fire-at-once", _FarTimersFireAtOnce),
    written("auto-resume", "half-an-hour-at-most", _HalfAnHourAtMost),
    written("auto-resume", "stale-after-an-hour", _StaleAfterAnHour),
    written("auto-resume", "null-is-due", _NullIsDue),
    written("auto-resume", "one-in-each-instant", _OneInEachInstant),
    written("pausing", "same-again-lifts", _SameAgainLifts),
    written("pausing", "undated-clears-all", _UndatedClearsAll),
    written("pausing", "no-body-does-nothing", _NoBodyNothing),
    written("pausing", "null-keeps-date", _NullKeepsDate),
    written("dates", "second-october-hour", _SecondOctoberHour),
    written("accepting", "year-one-is-for-ever", _YearOneIsForever, 102),
)
