"""Faults that depend on what happened before: timers that outlive their pause, repeated requests."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Final

from whop_contracts.exchange import Response
from whop_contracts.provider.core import Provider
from whop_contracts.provider.dates import MINUTE, Parts
from whop_contracts.provider.faults.making import Table, after, around, built
from whop_contracts.provider.state import Call, Campaign, Rejection, Request, crash

_HOUR = 60 * MINUTE
_LONGEST_DELAY = 2**31 * 1_000_000
"""24.8 days: what a signed 32-bit number of milliseconds holds, in nanoseconds."""
_Pause = Callable[[Campaign, Request], Response]

# -- timers that are stored apart from the campaign --

_Timers = list[int]
_Set = Callable[[_Timers, _Timers, bool], _Timers]
"""The timers after a pause, from those before it, the new one (if any), and whether it was paused."""
_Cancel = Callable[[_Timers], _Timers]
"""The timers after an unpause."""


def _timers(how: tuple[_Set, _Cancel]) -> type[Provider]:
    """Keep a list of timers for each campaign; each of them ends whatever pause there is."""
    set_, cancel = how

    class Timers(Provider):
        def apply_pause(self, campaign: Campaign, until: int | None) -> None:
            before, new = self.notes.get(campaign.id, []), [] if until is None else [until]
            self.notes[campaign.id] = set_(before, new, campaign.status == "paused")
            super().apply_pause(campaign, until)

        def apply_unpause(self, campaign: Campaign) -> None:
            super().apply_unpause(campaign)
            self.notes[campaign.id] = cancel(self.notes.get(campaign.id, []))

        def tick(self) -> None:
            for id_, timers in self.notes.items():
                fired = sorted(one for one in timers if one <= self.now())
                self.notes[id_] = [one for one in timers if one > self.now()]
                if fired and self.state.campaigns[id_].status == "paused":
                    self.resume(self.state.campaigns[id_], fired[0])

    return Timers


def _all(_timers: _Timers) -> _Timers:
    return []


def _none(timers: _Timers) -> _Timers:
    return timers


def _an_hour_on(timers: _Timers) -> _Timers:
    return [one + _HOUR for one in timers]


def _later_one(old: _Timers, new: _Timers, _paused: bool) -> _Timers:  # noqa: FBT001 - as `_Set` has it
    return [max(old + new)] if new else old


def _add(old: _Timers, new: _Timers, _paused: bool) -> _Timers:  # noqa: FBT001 - as `_Set` has it
    return old + new


def _new_or_old(old: _Timers, new: _Timers, _paused: bool) -> _Timers:  # noqa: FBT001 - as `_Set` has it
    return new or old


_TIMERS = Table("auto-resume", _timers)(
    ("timers-never-cleared", "a pause sets a timer, and nothing clears one", (_add, _none)),
    ("timer-survives-unpause", "kept on unpause", (lambda old, new, was: new if was else old + new, _none)),
    ("first-timer-wins", "a timer is set only if there is none", (lambda old, new, _: old or new, _all)),
    ("earliest-timer-wins", "extending a pause leaves the earlier timer", (_add, _all)),
    ("latest-timer-wins", "shortening a pause leaves the later timer", (_later_one, _all)),
    ("dated-timer-ends-indefinite", "an indefinite pause clears no timer", (_new_or_old, _all)),
)
_CANCELLED = Table("auto-resume", _timers)(
    ("cancelled-timer-ends-indefinite", "only a new timer replaces the old one", (_new_or_old, _none)),
    ("unpause-clears-last-timer", "only the newest timer is cleared", (_add, lambda old: old[:-1])),
    ("cancelled-timer-is-retried", "a cancelled job is tried again in an hour", (_new_or_old, _an_hour_on)),
)


class _ReadKillsTimer(Provider):
    def retrieve(self, campaign: Campaign) -> Response:
        self.notes[campaign.id] = campaign.status == "paused"
        return super().retrieve(campaign)

    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        super().apply_pause(campaign, until)
        self.notes[campaign.id] = False

    def due(self, campaign: Campaign) -> int | None:
        return None if self.notes.get(campaign.id) else super().due(campaign)


class _ReadPostpones(Provider):
    def retrieve(self, campaign: Campaign) -> Response:
        self.notes[campaign.id] = self.notes.get(campaign.id, 0) + MINUTE
        return super().retrieve(campaign)

    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        super().apply_pause(campaign, until)
        self.notes[campaign.id] = 0

    def due(self, campaign: Campaign) -> int | None:
        due = super().due(campaign)
        return None if due is None else due + self.notes.get(campaign.id, 0)


class _RejectionKillsTimer(_ReadKillsTimer):
    def retrieve(self, campaign: Campaign) -> Response:
        return Provider.retrieve(self, campaign)

    def after_rejection(self, request: Request, call: Call | None, rejection: Rejection) -> None:
        if call is not None:
            self.notes[call.id] = True


class _CancelledForGood(Provider):
    def apply_unpause(self, campaign: Campaign) -> None:
        if campaign.paused_until is not None:
            self.notes[campaign.id] = True
        super().apply_unpause(campaign)

    def due(self, campaign: Campaign) -> int | None:
        return None if campaign.id in self.notes else super().due(campaign)


class _CancelledClearsNext(Provider):
    def apply_unpause(self, campaign: Campaign) -> None:
        if campaign.paused_until is not None:
            self.notes[campaign.id] = campaign.paused_until
        super().apply_unpause(campaign)

    def tick(self) -> None:
        for id_ in [one for one, instant in self.notes.items() if instant <= self.now()]:
            self.state.campaigns[id_].paused_until = None
            del self.notes[id_]
        super().tick()


class _FarAtOnce(Provider):
    def pause(self, campaign: Campaign, request: Request) -> Response:
        self.notes.pop(campaign.id, None)
        response = super().pause(campaign, request)
        self.notes[campaign.id] = True
        return response

    def due(self, campaign: Campaign) -> int | None:
        due = super().due(campaign)
        far = due is not None and due - campaign.updated_at > _LONGEST_DELAY
        return campaign.updated_at if far and campaign.id in self.notes else due


class _TimerIgnoresOffset(Provider):
    def compose(self, parts: Parts) -> int | None:
        self.notes["offset"] = parts.offset
        return super().compose(parts)

    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        super().apply_pause(campaign, until)
        self.notes[campaign.id] = self.notes.get("offset", 0) * MINUTE

    def due(self, campaign: Campaign) -> int | None:
        due = super().due(campaign)
        return None if due is None else due + self.notes.get(campaign.id, 0)


class _ShortTimerIgnoresOffset(_TimerIgnoresOffset):
    def due(self, campaign: Campaign) -> int | None:
        due = Provider.due(self, campaign)
        short = due is not None and due - campaign.updated_at < _HOUR
        return super().due(campaign) if short else due


_STATEFUL = Table("auto-resume", built)(
    ("read-kills-timer", "a read saves the campaign without its timer", _ReadKillsTimer),
    ("far-timer-fires-at-once", "24.8 days overflow the timer, after the response", _FarAtOnce),
    ("timer-ignores-offset", "the timer uses the date's digits without their offset", _TimerIgnoresOffset),
)
_MORE_STATEFUL = Table("auto-resume", built)(
    ("reads-postpone-resume", "each read renews a lease by a minute", _ReadPostpones),
    ("rejection-kills-timer", "a rollback drops the timer", _RejectionKillsTimer),
    ("short-timer-ignores-offset", "the next hour's queue uses local time", _ShortTimerIgnoresOffset),
    ("cancelled-timer-is-never-set-again", "job ids are unique, cancelled ones too", _CancelledForGood),
    ("cancelled-timer-clears-the-next-date", "a cancelled job clears the date", _CancelledClearsNext),
)

# -- repetition --


def _idempotent(how: tuple[int, bytes]) -> type[Provider]:
    """Repeat the response to the same bytes of the last while, if they contain something; nothing is done."""
    window, part = how

    def pause(go: _Pause, provider: Provider, campaign: Campaign, request: Request) -> Response:
        key = (campaign.id, request.content)
        at, response = provider.notes.get(key, (0, None))
        if response is None or part not in request.content or provider.now() - at > window:
            response = go(campaign, request)
            provider.notes[key] = (provider.now(), response)
        repeated: Response = response
        return repeated

    return around(Provider.pause)(pause)


def _losing_unpause(every: int) -> type[Provider]:
    """Return every so many-th unpause as done, and do nothing."""

    def unpause(go: Callable[[Campaign], Response], provider: Provider, campaign: Campaign) -> Response:
        provider.notes["count"] = count = provider.notes.get("count", 0) + 1
        return go(copy.deepcopy(campaign) if count % every == 0 else campaign)

    return around(Provider.unpause)(unpause)


class _AfterResume(Provider):
    """Remembers which campaigns have resumed and not been called since."""

    def resume(self, campaign: Campaign, instant: int) -> None:
        self.notes[campaign.id] = copy.deepcopy(campaign)
        super().resume(campaign, instant)


class _FirstPauseLost(_AfterResume):
    def pause(self, campaign: Campaign, request: Request) -> Response:
        resumed = self.notes.pop(campaign.id, None)
        return super().pause(copy.deepcopy(campaign) if resumed else campaign, request)


class _FirstDateLost(_AfterResume):
    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        super().apply_pause(campaign, None if self.notes.pop(campaign.id, None) else until)


class _FirstReadStale(_AfterResume):
    def view(self, campaign: Campaign) -> Campaign:
        resumed: Campaign | None = self.notes.pop(campaign.id, None)
        return resumed or super().view(campaign)


class _ThirdPauseIgnored(Provider):
    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        self.notes[campaign.id] = row = (
            self.notes.get(campaign.id, 0) + 1 if campaign.status == "paused" else 1
        )
        if row != 3:
            super().apply_pause(campaign, until)


def _tenth_crashes(provider: Provider, campaign: Campaign, _until: int | None) -> None:
    provider.notes[campaign.id] = count = provider.notes.get(campaign.id, 0) + 1
    if count == 10:
        raise crash()


_FOR_EVER: Final = 10**19
_REPEATED = (
    *Table("pausing", _idempotent)(
        ("same-bytes-are-ignored", "idempotency keyed by the body", (_FOR_EVER, b"")),
        ("same-date-is-ignored", "idempotency keyed by the date", (_FOR_EVER, b"20")),
        ("same-bytes-within-a-minute-are-ignored", "a window against double clicks", (MINUTE, b"")),
        ("same-date-within-a-minute-is-ignored", "a window against double clicks", (MINUTE, b"20")),
    ),
    *Table("intermittent", _losing_unpause)(
        ("every-fourth-unpause-is-lost", "one worker in four has a read-only connection", 4),
        ("every-third-unpause-is-lost", "one worker in three has a read-only connection", 3),
    ),
    *Table("pausing", built)(
        ("first-pause-after-resume-is-lost", "the pause is lost with a replaced row", _FirstPauseLost),
        ("first-date-after-resume-is-lost", "the date is cleared by the job once more", _FirstDateLost),
        ("first-read-after-resume-is-stale", "a cache is refreshed after it was read", _FirstReadStale),
        ("third-pause-in-a-row-is-ignored", "a version check fails silently", _ThirdPauseIgnored),
    ),
    *Table("pausing", after(Provider.admit), 100)(
        ("tenth-pause-crashes", "a campaign's history has ten entries", _tenth_crashes),
    ),
)

FAULTS: Final = (*_TIMERS, *_CANCELLED, *_STATEFUL, *_MORE_STATEFUL, *_REPEATED)
