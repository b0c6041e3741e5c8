"""Timers that survive what should have cleared them, are lost, or run for the wrong instant."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Final

from whop_contracts.provider import dates
from whop_contracts.provider.core import Provider
from whop_contracts.provider.dates import MINUTE
from whop_contracts.provider.faults.making import written

if TYPE_CHECKING:
    from whop_contracts.provider.messages import Answer, Request
    from whop_contracts.provider.state import Campaign


class _Timers(Provider):
    """A pause sets a timer, and nothing ever clears one."""

    def prepare(self) -> None:
        self.timers: list[tuple[int, str]] = []

    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        super().apply_pause(campaign, until)
        if until is not None:
            self.set_timer(campaign, until)

    def set_timer(self, campaign: Campaign, until: int) -> None:
        self.timers.append((until, campaign.id))

    def tick(self) -> None:
        now = self.now()
        fired = sorted(timer for timer in self.timers if timer[0] <= now)
        self.timers = [timer for timer in self.timers if timer[0] > now]
        for instant, id_ in fired:
            campaign = self.state.campaigns[id_]
            if campaign.status == "paused":
                self.resume(campaign, instant)


class _TimerSurvivesUnpause(_Timers):
    """Unpausing does not clear the timer: it ends a later pause."""

    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        if campaign.status == "paused":
            self.timers = [timer for timer in self.timers if timer[1] != campaign.id]
        super().apply_pause(campaign, until)


class _FirstTimerWins(_Timers):
    """A pause sets a timer only where none is set: extending, or shortening, changes nothing."""

    def set_timer(self, campaign: Campaign, until: int) -> None:
        if all(timer[1] != campaign.id for timer in self.timers):
            super().set_timer(campaign, until)

    def apply_unpause(self, campaign: Campaign) -> None:
        super().apply_unpause(campaign)
        self.timers = [timer for timer in self.timers if timer[1] != campaign.id]


class _EarliestTimerWins(_FirstTimerWins):
    """Extending a pause leaves the earlier timer: the pause ends too early."""

    def set_timer(self, campaign: Campaign, until: int) -> None:
        self.timers.append((until, campaign.id))


class _LatestTimerWins(_FirstTimerWins):
    """Shortening a pause leaves the later timer: the pause ends too late."""

    def set_timer(self, campaign: Campaign, until: int) -> None:
        times = [timer[0] for timer in self.timers if timer[1] == campaign.id]
        self.timers = [timer for timer in self.timers if timer[1] != campaign.id]
        self.timers.append((max((until, *times)), campaign.id))


class _DatedThenIndefinite(_FirstTimerWins):
    """An indefinite pause leaves the timer of the dated one before it."""

    def set_timer(self, campaign: Campaign, until: int) -> None:
        self.timers = [timer for timer in self.timers if timer[1] != campaign.id]
        self.timers.append((until, campaign.id))


class _OneTimer(Provider):
    """There is one timer: pausing a second campaign forgets the first one's."""

    last: str | None = None

    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        super().apply_pause(campaign, until)
        if until is not None:
            self.last = campaign.id

    def due(self, campaign: Campaign) -> int | None:
        return super().due(campaign) if campaign.id == self.last else None


class _FirstResumeOnly(Provider):
    """The job of a campaign runs once: a second pause never ends."""

    def prepare(self) -> None:
        self.resumed: set[str] = set()

    def resume(self, campaign: Campaign, instant: int) -> None:
        super().resume(campaign, instant)
        self.resumed.add(campaign.id)

    def due(self, campaign: Campaign) -> int | None:
        return None if campaign.id in self.resumed else super().due(campaign)


class _AgainEndsAtOnce(_FirstResumeOnly):
    """A job that has run is due for ever: a pause after a resume ends at once."""

    def due(self, campaign: Campaign) -> int | None:
        if campaign.id in self.resumed and campaign.status == "paused" and campaign.paused_until is not None:
            return self.now()
        return Provider.due(self, campaign)


class _ReadKillsTimer(Provider):
    """A read before the end saves the campaign without its timer."""

    def prepare(self) -> None:
        self.killed: set[str] = set()

    def retrieve(self, campaign: Campaign) -> Answer:
        if campaign.status == "paused":
            self.killed.add(campaign.id)
        return super().retrieve(campaign)

    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        super().apply_pause(campaign, until)
        self.killed.discard(campaign.id)

    def due(self, campaign: Campaign) -> int | None:
        return None if campaign.id in self.killed else super().due(campaign)


class _FarAtOnce(Provider):
    """A timer of more than 2**31 ms overflows, and fires at once."""

    def prepare(self) -> None:
        self.paused_at: dict[str, int] = {}

    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        super().apply_pause(campaign, until)
        self.paused_at[campaign.id] = self.now()

    def pause(self, campaign: Campaign, request: Request) -> Answer:
        shown = copy.deepcopy(campaign)
        answer = super().pause(shown, request)
        campaign.status, campaign.paused_until = shown.status, shown.paused_until
        campaign.updated_at = shown.updated_at
        return answer

    def due(self, campaign: Campaign) -> int | None:
        due = super().due(campaign)
        begun = self.paused_at.get(campaign.id)
        if due is not None and begun is not None and due - begun > 2**31 * 1_000_000:
            return begun
        return due


class _TimerIgnoresOffset(Provider):
    """The date is stored rightly, and scheduled by its wall time without the offset."""

    offset = 0

    def prepare(self) -> None:
        self.offsets: dict[str, int] = {}

    def compose(self, parts: dates.Parts) -> int | None:
        self.offset = parts.offset
        return super().compose(parts)

    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        super().apply_pause(campaign, until)
        self.offsets[campaign.id] = self.offset

    def due(self, campaign: Campaign) -> int | None:
        due = super().due(campaign)
        return None if due is None else due + self.offsets.get(campaign.id, 0) * MINUTE


FAULTS: Final = (
    written("auto-resume", "timers-never-cleared", _Timers),
    written("auto-resume", "timer-survives-unpause", _TimerSurvivesUnpause),
    written("auto-resume", "first-timer-wins", _FirstTimerWins),
    written("auto-resume", "earliest-timer-wins", _EarliestTimerWins),
    written("auto-resume", "latest-timer-wins", _LatestTimerWins),
    written("auto-resume", "dated-timer-ends-indefinite", _DatedThenIndefinite),
    written("auto-resume", "one-timer-for-all", _OneTimer),
    written("auto-resume", "first-resume-only", _FirstResumeOnly),
    written("auto-resume", "pause-after-resume-ends-at-once", _AgainEndsAtOnce),
    written("auto-resume", "read-kills-timer", _ReadKillsTimer),
    written("auto-resume", "far-timer-fires-at-once", _FarAtOnce),
    written("auto-resume", "timer-ignores-offset", _TimerIgnoresOffset),
)
