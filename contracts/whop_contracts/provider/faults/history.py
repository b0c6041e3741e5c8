"""Faults that depend on what happened before: timers that outlive their pause, repeated requests."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, Final

from whop_contracts.exchange import Response
from whop_contracts.provider.core import Provider
from whop_contracts.provider.dates import MINUTE, SECOND
from whop_contracts.provider.faults import Table, after, around, both, noting, rows, timer
from whop_contracts.provider.faults.resuming import HOUR, LONGEST_DELAY, UNLESS_NOTED
from whop_contracts.provider.state import Call, Campaign, Rejection, Request, crash

_Pause = Callable[[Campaign, Request], Response]

# -- timers that are stored apart from the campaign --

_Timers = list[int]
_PAUSE: Final[Mapping[str, Callable[[_Timers, _Timers, bool], _Timers]]] = {
    "adds one": lambda old, new, _: old + new,
    "keeps the latest": lambda old, new, _: [max(old + new)] if new else old,
    "replaces all if it has a date": lambda old, new, _: new or old,
    "replaces those of the pause in effect": lambda old, new, paused: new if paused else old + new,
    "sets one if there is none": lambda old, new, _: old or new,
}
"""The timers after a pause, from those before it, the new one (if any), and whether it was paused."""
_UNPAUSE: Final[Mapping[str, Callable[[_Timers], _Timers]]] = {
    "clears all": lambda _: [],
    "clears none": lambda timers: timers,
    "clears the last": lambda timers: timers[:-1],
    "postpones all by an hour": lambda timers: [one + HOUR for one in timers],
}
"""The timers after an unpause."""


def _timers(row: dict[str, Any]) -> type[Provider]:
    """Keep a list of timers for each campaign; each of them ends whatever pause there is."""
    set_, cancel = _PAUSE[row["pause"]], _UNPAUSE[row["unpause"]]

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


# -- timers that depend on what is noted of their campaign --


def _noting_rejection(*statuses: int) -> type[Provider]:
    """Note a request that is rejected, with one of the statuses if there are any."""

    def note(provider: Provider, _request: Request, call: Call | None, why: Rejection) -> None:
        if call is not None and (not statuses or why.status in statuses):
            provider.notes[call.id] = True

    return after(Provider.after_rejection)(note)


def _note_former_date(go: Callable[[Campaign], None], provider: Provider, campaign: Campaign) -> None:
    if campaign.paused_until is not None:
        provider.notes[campaign.id] = campaign.paused_until
    go(campaign)


def _clear_dates(go: Callable[[], None], provider: Provider) -> None:
    for id_ in [one for one, instant in provider.notes.items() if instant <= provider.now()]:
        provider.state.campaigns[id_].paused_until = None
        del provider.notes[id_]
    go()


def _note_response(go: _Pause, provider: Provider, campaign: Campaign, request: Request) -> Response:
    provider.notes.pop(campaign.id, None)
    response = go(campaign, request)
    provider.notes[campaign.id] = True
    return response


def _far_at_once(provider: Provider, campaign: Campaign, due: int) -> int:
    far = due - campaign.updated_at > LONGEST_DELAY
    return campaign.updated_at if far and campaign.id in provider.notes else due


def _later_by_note(provider: Provider, campaign: Campaign, due: int) -> int:
    later: int = provider.notes.get(campaign.id, 0)
    return due + later


def _short_later_by_note(provider: Provider, campaign: Campaign, due: int) -> int:
    return _later_by_note(provider, campaign, due) if due - campaign.updated_at < HOUR else due


def _all_of(parts: tuple[type[Provider], ...]) -> type[Provider]:
    return both(*parts)


def _stop_others(provider: Provider, campaign: Campaign) -> None:
    paused = [one.id for one in provider.state.campaigns.values() if one.status == "paused"]
    provider.notes.update(dict.fromkeys(paused, True) | {campaign.id: 0})


_NEW_TIMER = noting(Provider.apply_pause, lambda *_: 0)
_READ = noting(Provider.retrieve, lambda _, campaign: campaign.status == "paused")
_READ_AGAIN = noting(Provider.retrieve, lambda p, campaign: p.notes.get(campaign.id, 0) + MINUTE)
_REJECTED, _FORBIDDEN = _noting_rejection(), _noting_rejection(403)
_UNPAUSED = after(Provider.apply_unpause)(_stop_others)
_RESPONDED = around(Provider.pause)(_note_response)
_ENDED = around(Provider.apply_unpause)(_note_former_date)
_CLEARED = around(Provider.tick)(_clear_dates)
_FAR, _LATER, _SHORT_LATER = (timer(how) for how in (_far_at_once, _later_by_note, _short_later_by_note))
_OFFSET = both(
    after(Provider.compose)(lambda p, parts: p.notes.update(offset=parts.offset * MINUTE)),
    noting(Provider.apply_pause, lambda p, _: p.notes.get("offset", 0)),
)
_NOTED = Table("auto-resume", _all_of)(
    ("read-kills-timer", "a read saves the campaign without its timer", (_READ, _NEW_TIMER, UNLESS_NOTED)),
    ("far-timer-fires-at-once", "24.8 days overflow the timer, after the response", (_RESPONDED, _FAR)),
    ("timer-ignores-offset", "the timer uses the date's digits without their offset", (_OFFSET, _LATER)),
    ("reads-postpone-resume", "each read renews a lease by a minute", (_READ_AGAIN, _NEW_TIMER, _LATER)),
    ("rejection-kills-timer", "a rollback drops the timer", (_REJECTED, _NEW_TIMER, UNLESS_NOTED)),
    ("reader-kills-timer", "the permission is checked last", (_FORBIDDEN, _NEW_TIMER, UNLESS_NOTED)),
    ("unpause-kills-all-timers", "all jobs are cancelled", (_UNPAUSED, _NEW_TIMER, UNLESS_NOTED)),
    ("short-timer-ignores-offset", "the next hour's queue uses local time", (_OFFSET, _SHORT_LATER)),
    ("cancelled-timer-is-never-set-again", "job ids are unique, cancelled ones too", (_ENDED, UNLESS_NOTED)),
    ("cancelled-timer-clears-the-next-date", "a cancelled job clears the date", (_ENDED, _CLEARED)),
)

# -- repetition --


def _idempotent(row: dict[str, Any]) -> type[Provider]:
    """Repeat the response to the same bytes of the last while, if they contain something; nothing is done."""
    window, part = row["seconds"] * SECOND, row["part"].encode()

    def pause(go: _Pause, provider: Provider, campaign: Campaign, request: Request) -> Response:
        key = (campaign.id, request.content)
        since, response = provider.notes.get(key, (0, None))
        if response is None or part not in request.content or provider.now() - since > window:
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


def _after_resume(first: type[Provider]) -> type[Provider]:
    """Note what a campaign was before it resumed, for the first step that asks for it afterwards."""
    return both(noting(Provider.resume, lambda _, campaign: copy.deepcopy(campaign)), first)


def _third_ignored(
    go: Callable[..., None], provider: Provider, campaign: Campaign, until: int | None
) -> None:
    in_a_row = provider.notes.get(campaign.id, 0) + 1 if campaign.status == "paused" else 1
    provider.notes[campaign.id] = in_a_row
    if in_a_row != 3:
        go(campaign, until)


def _tenth_crashes(provider: Provider, campaign: Campaign, _until: int | None) -> None:
    provider.notes[campaign.id] = count = provider.notes.get(campaign.id, 0) + 1
    if count == 10:
        raise crash()


_first_pause_lost = around(Provider.pause)(
    lambda go, p, c, request: go(copy.deepcopy(c) if p.notes.pop(c.id, None) else c, request)
)
_first_date_lost = around(Provider.apply_pause)(
    lambda go, p, c, until: go(c, None if p.notes.pop(c.id, None) else until)
)
_first_read_stale = around(Provider.view)(lambda go, p, c: p.notes.pop(c.id, None) or go(c))
FAULTS: Final = (
    *Table("auto-resume", _timers)(*rows("timers")),
    *_NOTED,
    *Table("pausing", _idempotent)(*rows("idempotent pauses")),
    *Table("intermittent", _losing_unpause)(*rows("lost unpauses")),
    *Table("pausing", _after_resume)(
        ("first-pause-after-resume-is-lost", "the pause is lost with a replaced row", _first_pause_lost),
        ("first-date-after-resume-is-lost", "the date is cleared by the job once more", _first_date_lost),
        ("first-read-after-resume-is-stale", "a cache is refreshed after it was read", _first_read_stale),
    ),
    *Table("pausing", around(Provider.apply_pause))(
        ("third-pause-in-a-row-is-ignored", "a version check fails silently", _third_ignored),
    ),
    *Table("pausing", after(Provider.admit), 100)(
        ("tenth-pause-crashes", "a campaign's history has ten entries", _tenth_crashes),
    ),
)
