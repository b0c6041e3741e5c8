"""Pauses that end at the wrong time, in the wrong state, or not at all."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, Final

from whop_contracts.provider.core import Provider
from whop_contracts.provider.dates import MINUTE, SECOND
from whop_contracts.provider.faults import (
    HOUR,
    Go,
    Row,
    Table,
    after,
    around,
    both,
    by_row,
    changing,
    having,
    moved,
    stored,
    timer,
)
from whop_contracts.provider.state import Call, Campaign, Rejection, Request

# -- at another instant, or never --


def _noting(
    step: Callable[..., object], note: Callable[[Provider, Campaign], object] = lambda *_: True
) -> type[Provider]:
    """Note something of a campaign, under its id, before one step of the provider."""

    def noted(go: Go, provider: Provider, campaign: Campaign, *args: Any) -> Any:
        provider.notes[campaign.id] = note(provider, campaign)
        return go(campaign, *args)

    return around(step)(noted)


def _timed(row: Row) -> type[Provider]:
    """Resume at another instant, or never: ``how`` and by how many ``seconds``, and which campaigns."""
    return timer(lambda _, one, due: moved(row, due, one.updated_at) if having(row)(one) else due)


def _colliding(row: Row) -> type[Provider]:
    """Of several campaigns due in the same unit of time only one resumes."""
    grain = round(row["seconds"] * SECOND)

    def due(provider: Provider, campaign: Campaign, instant: int) -> int | None:
        dates = (one.paused_until for one in provider.state.campaigns.values() if one.id > campaign.id)
        return None if instant // grain in {one // grain for one in dates if one is not None} else instant

    return timer(due)


def _batches(row: Row) -> type[Provider]:
    """Of several campaigns that are due when the job runs only the first ones resume."""

    class Batches(Provider):
        def due(self, campaign: Campaign) -> int | None:
            return None if self.notes.get(campaign.id) == campaign.paused_until else super().due(campaign)

        def tick(self) -> None:
            dues = [(one, self.due(one)) for one in self.state.campaigns.values()]
            ready = [one for one, due in dues if due is not None and due <= self.now()]
            self.notes.update({one.id: one.paused_until for one in ready[row["most"] :]})
            super().tick()

    return Batches


def _due_as_noted(go: Go, provider: Provider, campaign: Campaign) -> Any:
    undated = campaign.status == "paused" and campaign.paused_until is None
    return provider.notes.get(campaign.id) if undated else go(campaign)


def _indefinite_for(row: Row) -> type[Provider]:
    """End a pause without a date after so many ``seconds``, if its request had the ``body`` of the row."""

    def end(provider: Provider, _: Campaign) -> int | None:
        wanted = "body" not in row or provider.notes.get("body") == row["body"]
        return provider.now() + row["seconds"] * SECOND if wanted else None

    return both(
        after(Provider.decide_until)(lambda p, body, _: p.notes.update(body=body)),
        _noting(Provider.apply_pause, end),
        around(Provider.due)(_due_as_noted),
    )


# -- in another state, or of other campaigns --


def _keeps_date(go: Go, _: Provider, campaign: Campaign, instant: int) -> None:
    kept = campaign.paused_until
    go(campaign, instant)
    campaign.paused_until = kept


def _swept(row: Row) -> type[Provider]:
    """Set another status some time after a resume, unless the campaign was paused again."""

    def sweep(provider: Provider) -> None:
        for id_ in [one for one, instant in provider.notes.items() if provider.now() >= instant]:
            provider.state.campaigns[id_].status = row["status"]
            del provider.notes[id_]

    return both(
        _noting(Provider.resume, lambda p, _: p.now() + row["seconds"] * SECOND),
        after(Provider.apply_pause)(lambda p, campaign, _: p.notes.pop(campaign.id, None)),
        after(Provider.tick)(sweep),
    )


_OTHERS: Final[Mapping[str, Callable[[Campaign, Campaign], bool]]] = {
    "of the company": lambda one, first: one.company == first.company,
    "with a date": lambda one, _: one.paused_until is not None,
    "without a date": lambda one, _: one.paused_until is None,
}
"""Other campaigns, by what they have in common with the first."""


def _resuming_others(row: Row, provider: Provider, campaign: Campaign, *_: Any) -> None:
    for one in provider.state.campaigns.values():
        if one.status == "paused" and _OTHERS[row["others"]](one, campaign):
            Provider.resume(provider, one, provider.now())


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


def _timers(row: Row) -> type[Provider]:
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


def _noting_rejection(*statuses: int, content: bytes = b"") -> type[Provider]:
    """Note a request that is rejected, with one of the statuses if there are any, and ``content`` in it."""

    def note(provider: Provider, request: Request, call: Call | None, why: Rejection) -> None:
        if call is not None and (not statuses or why.status in statuses) and content in request.content:
            provider.notes[call.id] = True

    return after(Provider.after_rejection)(note)


def _note_response(go: Go, provider: Provider, campaign: Campaign, request: Request) -> Any:
    provider.notes.pop(campaign.id, None)
    response = go(campaign, request)
    provider.notes[campaign.id] = True
    return response


def _note_others(provider: Provider, campaign: Campaign) -> None:
    paused = [one.id for one in provider.state.campaigns.values() if one.status == "paused"]
    provider.notes.update(dict.fromkeys(paused, True) | {campaign.id: 0})


def _note_former_date(go: Go, provider: Provider, campaign: Campaign) -> None:
    if campaign.paused_until is not None:
        provider.notes[campaign.id] = campaign.paused_until
    go(campaign)


def _clear_dates(go: Go, provider: Provider) -> None:
    for id_ in [one for one, instant in provider.notes.items() if instant <= provider.now()]:
        provider.state.campaigns[id_].paused_until = None
        del provider.notes[id_]
    go()


def _far_at_once(provider: Provider, campaign: Campaign, due: int) -> int:
    far = due - campaign.updated_at > 2**31 * 1_000_000
    return campaign.updated_at if far and campaign.id in provider.notes else due


def _short_later(provider: Provider, campaign: Campaign, due: int) -> Any:
    return due + provider.notes.get(campaign.id, 0) if due - campaign.updated_at < HOUR else due


_PARTS: Final[Mapping[str, type[Provider]]] = {
    "new pauses": _noting(Provider.apply_pause, lambda *_: 0),
    "reads in a pause": _noting(Provider.retrieve, lambda _, campaign: campaign.status == "paused"),
    "a minute per read": _noting(Provider.retrieve, lambda p, one: p.notes.get(one.id, 0) + MINUTE),
    "rejections": _noting_rejection(),
    "403": _noting_rejection(403),
    "403 with a date": _noting_rejection(403, content=b"paused_until"),
    "pauses of those paused without a date": _noting(
        Provider.apply_pause, lambda _, one: one.status == "paused" and one.paused_until is None
    ),
    "resumes": _noting(Provider.resume),
    "unpauses of others": after(Provider.apply_unpause)(_note_others),
    "responses": around(Provider.pause)(_note_response),
    "cancelled dates": around(Provider.apply_unpause)(_note_former_date),
    "offsets": both(
        after(Provider.compose)(lambda p, parts: p.notes.update(offset=parts.offset * MINUTE)),
        _noting(Provider.apply_pause, lambda p, _: p.notes.get("offset", 0)),
    ),
    "last of all": after(Provider.apply_pause)(
        lambda p, campaign, until: p.notes.update(last=campaign.id) if until else None
    ),
    "states before a resume": _noting(Provider.resume, lambda _, campaign: copy.deepcopy(campaign)),
    "loses a pause": around(Provider.pause)(
        lambda go, p, c, request: go(copy.deepcopy(c) if p.notes.pop(c.id, None) else c, request)
    ),
    "loses a date": around(Provider.apply_pause)(
        lambda go, p, c, until: go(c, None if p.notes.pop(c.id, None) else until)
    ),
    "shows it": around(Provider.view)(lambda go, p, c: p.notes.pop(c.id, None) or go(c)),
    "clears dates": around(Provider.tick)(_clear_dates),
    "never": timer(lambda p, campaign, due: None if p.notes.get(campaign.id) else due),
    "never unless last": timer(lambda p, one, due: due if one.id == p.notes.get("last") else None),
    "at once": timer(lambda p, campaign, due: p.now() if campaign.id in p.notes else due),
    "at once if far": timer(_far_at_once),
    "later": timer(lambda p, campaign, due: due + int(p.notes.get(campaign.id, 0))),
    "later if short": timer(_short_later),
}
"""What is noted of a campaign under its id, and when its timer fires, or what happens, if it is noted."""


FAULTS: Final = (
    *stored(_timed, "late resumes", "resumes at another instant", "resumes of some campaigns"),
    *stored(_colliding, "colliding resumes"),
    *stored(_batches, "batches of resumes"),
    *stored(_indefinite_for, "ends of indefinite pauses"),
    *stored(changing(Provider.resume), "statuses after a resume"),
    *stored(_swept, "sweeps after a resume", "retried pauses"),
    *Table("auto-resume", around(Provider.resume))(
        ("resume-keeps-date", "the status is set, the date is not cleared", _keeps_date),
    ),
    *stored(by_row(Provider.resume, after)(_resuming_others), "resumes of others"),
    *stored(by_row(Provider.apply_unpause, after)(_resuming_others), "unpauses of others"),
    *stored(_timers, "timers"),
    *stored(
        lambda row: both(*(_PARTS[name] for name in row["parts"])),
        "timers by what is noted",
        "steps by what is noted",
    ),
)
