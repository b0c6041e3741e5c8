"""Pauses that end at the wrong time, in the wrong state, or not at all."""

from __future__ import annotations

import copy
from collections.abc import Callable, Container, Mapping
from typing import Any, Final

from whop_contracts.exchange import Request
from whop_contracts.provider.core import Provider
from whop_contracts.provider.dates import MINUTE, SECOND
from whop_contracts.provider.faults import HOUR, Faulty, Row, having, moved, stored
from whop_contracts.provider.faults.steps import Go, acting, after, around, both, note_offset, timer
from whop_contracts.provider.state import Campaign, Rejection


def _noting(step: Go, note: Callable[[Provider, Campaign], object]) -> Faulty:
    """Note something of a campaign, under its id, before one step of the provider."""

    def noted(go: Go, provider: Provider, campaign: Campaign, *args: Any) -> Any:
        provider.notes[campaign.id] = note(provider, campaign)
        return go(campaign, *args)

    return around(step)(noted)


def _timed(row: Row) -> Faulty:
    """Resume at another instant, or never: ``how`` and by how many ``seconds``, and which campaigns."""
    return timer(lambda _, one, due: moved(row, due, one.updated_at) if having(row, one) else due)


def _colliding(row: Row) -> Faulty:
    """Of several campaigns due in the same unit of time only one resumes."""
    grain = round(row["seconds"] * SECOND)

    def due(provider: Provider, campaign: Campaign, instant: int) -> int | None:
        dates = (one.paused_until for one in provider.state.campaigns.values() if one.id > campaign.id)
        return None if instant // grain in {one // grain for one in dates if one is not None} else instant

    return timer(due)


def _batches(row: Row) -> Faulty:
    """Of several campaigns that are due when the job runs only the first ones resume."""

    def mark(go: Go, provider: Provider) -> None:
        dues = [(one, provider.due(one)) for one in provider.state.campaigns.values()]
        ready = [one for one, due in dues if due is not None and due <= provider.now()]
        provider.notes.update({one.id: one.paused_until for one in ready[row["most"] :]})
        go()

    missed = timer(lambda p, one, due: None if p.notes.get(one.id) == one.paused_until else due)
    return both(around(Provider.tick)(mark), missed)


def _keeps_date(go: Go, _: Provider, campaign: Campaign, instant: int) -> None:
    kept = campaign.paused_until
    go(campaign, instant)
    campaign.paused_until = kept


def _swept(row: Row) -> Faulty:
    """Set another status so many ``seconds`` after a resume, unless the campaign was paused again."""

    def sweep(provider: Provider) -> None:
        for id_, instant in list(provider.notes.items()):
            if instant <= provider.now():
                provider.state.campaigns[id_].status = row["status"]
                del provider.notes[id_]

    return both(
        _noting(Provider.resume, lambda provider, _: provider.now() + row["seconds"] * SECOND),
        after(Provider.apply_pause)(lambda provider, one, _: provider.notes.pop(one.id, None)),
        after(Provider.tick)(sweep),
    )


_Times = list[int]
_PAUSE: Final[Mapping[str, Callable[[_Times, _Times, bool], _Times]]] = {
    "replaces all": lambda _old, new, _: new,
    "adds one": lambda old, new, _: old + new,
    "keeps the latest": lambda old, new, _: [max(old + new)] if new else old,
    "replaces all if it has a date": lambda old, new, _: new or old,
    "replaces those of the pause in effect": lambda old, new, paused: new if paused else old + new,
    "keeps the others if it has no date": lambda old, new, paused: new if new or paused else old,
    "sets one if there is none": lambda old, new, _: old or new,
}
"""The timers after a pause, from those before it, the new one (if any), and whether it was paused."""
_UNPAUSE: Final[Mapping[str, Callable[[_Times], _Times]]] = {
    "clears all": lambda _: [],
    "clears none": lambda timers: timers,
    "clears the last": lambda timers: timers[:-1],
    "postpones all by an hour": lambda timers: [one + HOUR for one in timers],
}
"""The timers after an unpause."""


def _timers(row: Row) -> Faulty:
    """Keep a list of timers for each campaign; each of them ends whatever pause there is.

    A pause without a date gets one after so many ``seconds``, if its request had the ``body`` of the row.
    """
    set_, cancel = _PAUSE[row.get("pause", "replaces all")], _UNPAUSE[row.get("unpause", "clears all")]

    def left(provider: Provider, campaign: Campaign) -> _Times:
        return [one for one in provider.notes.get(campaign.id, []) if one > provider.now()]

    def pause(go: Go, provider: Provider, campaign: Campaign, until: int | None) -> None:
        body = provider.notes["body"]
        if until is None and "seconds" in row and body == row.get("body", body):
            new = [provider.now() + row["seconds"] * SECOND]
        else:
            new = [] if until is None else [until]
        provider.notes[campaign.id] = set_(left(provider, campaign), new, campaign.status == "paused")
        go(campaign, until)

    def unpause(provider: Provider, campaign: Campaign) -> None:
        provider.notes[campaign.id] = cancel(left(provider, campaign))

    def due(_: Go, provider: Provider, campaign: Campaign) -> int | None:
        return min(provider.notes.get(campaign.id, ()), default=None) if campaign.status == "paused" else None

    return both(
        after(Provider.decide_until)(lambda provider, body, _: provider.notes.update(body=body)),
        around(Provider.apply_pause)(pause),
        after(Provider.apply_unpause)(unpause),
        around(Provider.due)(due),
    )


def _noting_rejection(statuses: Container[int], content: bytes = b"") -> Faulty:
    """Note the campaign of a request that is rejected with one of the statuses, and has ``content`` in it."""

    def note(provider: Provider, request: Request, why: Rejection) -> None:
        if why.status in statuses and content in request.content:
            provider.notes[request.campaign] = True

    return after(Provider.reject)(note)


def _clear_dates(go: Go, provider: Provider) -> None:
    for campaign in provider.state.campaigns.values():
        if 0 < provider.notes[campaign.id] <= provider.now():
            campaign.paused_until, provider.notes[campaign.id] = None, 0
    go()


_FAR: Final = 2**31 * 1_000_000
"""The milliseconds that 32 bits hold, in nanoseconds."""
_PARTS: Final[Mapping[str, Faulty]] = {
    "new pauses": _noting(Provider.apply_pause, lambda *_: 0),
    "reads in a pause": _noting(Provider.retrieve, lambda _, one: one.status == "paused"),
    "a minute per read": _noting(Provider.retrieve, lambda p, one: p.notes[one.id] + MINUTE),
    "rejections": _noting_rejection({400, 401, 403, 404, 409, 413, 415, 422}),
    "403": _noting_rejection({403}),
    "403 with a date": _noting_rejection({403}, b"paused_until"),
    "pauses of those paused without a date": _noting(
        Provider.apply_pause, lambda _, one: one.status == "paused" and one.paused_until is None
    ),
    "resumes": _noting(Provider.resume, lambda _, campaign: copy.deepcopy(campaign)),
    "unpauses of others": after(Provider.apply_unpause)(
        lambda p, _: p.notes.update({c.id: 1 for c in p.state.campaigns.values() if c.status == "paused"})
    ),
    "responses": after(Provider.pause)(lambda p, one, _: p.notes.update({one.id: True})),
    "cancelled dates": _noting(Provider.apply_unpause, lambda p, one: one.paused_until or p.notes[one.id]),
    "offsets": both(note_offset, _noting(Provider.apply_pause, lambda p, _: p.notes["offset"])),
    "last of all": after(Provider.apply_pause)(lambda p, one, until: until and p.notes.update(last=one.id)),
    "loses a pause": around(Provider.pause)(
        lambda go, p, one, request: go(copy.deepcopy(one) if p.notes.pop(one.id, None) else one, request)
    ),
    "loses a date": around(Provider.apply_pause)(
        lambda go, p, one, until: go(one, None if p.notes.pop(one.id, None) else until)
    ),
    "shows it": around(Provider.view)(lambda go, p, one: p.notes.pop(one.id, None) or go(one)),
    "clears dates": around(Provider.tick)(_clear_dates),
    "never": timer(lambda p, one, due: None if p.notes[one.id] else due),
    "never unless last": timer(lambda p, one, due: due if one.id == p.notes["last"] else None),
    "at once": timer(lambda p, one, due: p.now() if p.notes[one.id] else due),
    "at once if far": timer(
        lambda p, one, due: one.updated_at if p.notes[one.id] and due - one.updated_at > _FAR else due
    ),
    "later": timer(lambda p, one, due: due + p.notes[one.id]),
    "later if short": timer(
        lambda p, one, due: due + (p.notes[one.id] if due - one.updated_at < HOUR else 0)
    ),
}
"""What is noted of a campaign under its id, and when its timer fires, or what happens, if it is noted."""


def _noted(row: Row) -> Faulty:
    return both(*(_PARTS[name] for name in row["parts"]))


FAULTS: Final = (
    *stored(_timed, "resumes at another instant", "resumes of some campaigns"),
    *stored(_colliding, "colliding resumes"),
    *stored(_batches, "batches of resumes"),
    *stored(_timers, "ends of indefinite pauses"),
    *stored(acting(Provider.resume), "statuses after a resume"),
    *stored(_swept, "sweeps after a resume", "retried pauses"),
    *stored(lambda _: around(Provider.resume)(_keeps_date), "dates after a resume"),
    *stored(acting(Provider.resume), "resumes of others"),
    *stored(acting(Provider.apply_unpause), "unpauses of others"),
    *stored(_timers, "timers"),
    *stored(_noted, "timers by what is noted", "steps by what is noted"),
)
