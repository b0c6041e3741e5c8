"""Pauses that end at the wrong time, in the wrong state, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from whop_contracts.provider.core import Provider
from whop_contracts.provider.dates import MINUTE, SECOND
from whop_contracts.provider.faults import (
    Table,
    after,
    around,
    both,
    built,
    having,
    noting,
    rows,
    timer,
    with_status,
)
from whop_contracts.provider.state import SEED, Campaign

HOUR = 60 * MINUTE
LONGEST_DELAY = 2**31 * 1_000_000
"""24.8 days: what a signed 32-bit number of milliseconds holds, in nanoseconds."""

# -- at another instant --

_DUE: Final[Mapping[str, Callable[[int, int], int | None]]] = {
    "never": lambda due, _: None,
    "later": lambda due, by: due + by,
    "rounded up": lambda due, unit: -(-due // unit) * unit,
    "rounded down": lambda due, unit: due // unit * unit,
}
"""From the due instant to another one, in nanoseconds."""
_DELAY: Final[Mapping[str, Callable[[int, int], int | None]]] = {
    "at most": min,
    "at least": max,
    "never if over": lambda delay, limit: None if delay > limit else delay,
    "never if under": lambda delay, limit: None if delay < limit else delay,
    "a second if over": lambda delay, limit: SECOND if delay > limit else delay,
    "a second if under": lambda delay, limit: SECOND if delay < limit else delay,
    "in whole units": lambda delay, unit: delay // unit * unit,
    "modulo": lambda delay, unit: delay % unit,
    "less if over an hour": lambda delay, by: delay - by if delay > HOUR else delay,
}
"""From the time between a pause and its date to another one, in nanoseconds."""


def _timed(row: dict[str, Any]) -> type[Provider]:
    """Resume at another instant, or never: ``how`` and by how many ``seconds``."""
    how, span = row["how"], round(row.get("seconds", 0) * SECOND)

    def due(_: Provider, campaign: Campaign, instant: int) -> int | None:
        if how in _DUE:
            return _DUE[how](instant, span)
        delay = _DELAY[how](instant - campaign.updated_at, span)
        return None if delay is None else campaign.updated_at + delay

    return timer(due)


# -- in another state --


def _keeps_date(go: Callable[..., None], _: Provider, campaign: Campaign, instant: int) -> None:
    kept = campaign.paused_until
    go(campaign, instant)
    campaign.paused_until = kept


def _sweeping(status: str) -> type[Provider]:
    """Set a status at the instant that is noted of a campaign."""

    def sweep(provider: Provider) -> None:
        for id_ in [one for one, instant in provider.notes.items() if provider.now() >= instant]:
            provider.state.campaigns[id_].status = status
            del provider.notes[id_]

    return after(Provider.tick)(sweep)


def _swept(row: dict[str, Any]) -> type[Provider]:
    """Set another status some time after a resume, unless the campaign was paused again."""
    delay = row["seconds"] * SECOND
    return both(
        after(Provider.resume)(lambda p, campaign, due: p.notes.update({campaign.id: due + delay})),
        after(Provider.apply_pause)(lambda p, campaign, _: p.notes.pop(campaign.id, None)),
        _sweeping(row["status"]),
    )


def _due_as_noted(go: Callable[[Campaign], int | None], provider: Provider, campaign: Campaign) -> int | None:
    undated = campaign.status == "paused" and campaign.paused_until is None
    return provider.notes.get(campaign.id) if undated else go(campaign)


def _indefinite_for(seconds: int) -> type[Provider]:
    """End a pause without a date after a while."""
    end = noting(Provider.apply_pause, lambda p, _: p.now() + seconds * SECOND)
    return both(end, around(Provider.due)(_due_as_noted))


def _note_null(provider: Provider, body: Any, _campaign: Campaign) -> None:
    provider.notes["null"] = body == {"paused_until": None}


_null_for_7_hours = both(
    after(Provider.decide_until)(_note_null),
    noting(Provider.apply_pause, lambda p, _: p.now() + 7 * HOUR if p.notes.get("null") else None),
    around(Provider.due)(_due_as_noted),
)


# -- several campaigns, several times, or some campaigns only --


def _resumes_siblings(go: Callable[..., None], provider: Provider, campaign: Campaign, instant: int) -> None:
    for one in provider.state.campaigns.values():
        if one.company == campaign.company and one.status == "paused":
            go(one, instant)


def _resumes_undated(provider: Provider, _campaign: Campaign, instant: int) -> None:
    for one in provider.state.campaigns.values():
        if one.status == "paused" and one.paused_until is None:
            Provider.resume(provider, one, instant)


def _colliding(seconds: float) -> type[Provider]:
    """Of several campaigns due in the same unit of time only one resumes."""
    grain = round(seconds * SECOND)

    def due(provider: Provider, campaign: Campaign, instant: int) -> int | None:
        dates = [one.paused_until for one in provider.state.campaigns.values() if one.id > campaign.id]
        return None if any(one is not None and one // grain == instant // grain for one in dates) else instant

    return timer(due)


def _batches(limit: int) -> type[Provider]:
    """Of several campaigns that are due when the job runs only the first ones resume."""

    class Batches(Provider):
        def due(self, campaign: Campaign) -> int | None:
            return None if self.notes.get(campaign.id) == campaign.paused_until else super().due(campaign)

        def tick(self) -> None:
            dues = [(one, self.due(one)) for one in self.state.campaigns.values()]
            for one, _ in [pair for pair in dues if pair[1] is not None and pair[1] <= self.now()][limit:]:
                self.notes[one.id] = one.paused_until
            super().tick()

    return Batches


def _note_last(provider: Provider, campaign: Campaign, until: int | None) -> None:
    if until is not None:
        provider.notes["last"] = campaign.id


UNLESS_NOTED = timer(lambda p, campaign, due: None if p.notes.get(campaign.id) else due)
"""Of a campaign of which something is noted, no timer fires."""
_RESUMED = noting(Provider.resume, lambda *_: True)
_one_timer = both(
    after(Provider.apply_pause)(_note_last),
    timer(lambda p, campaign, due: due if campaign.id == p.notes.get("last") else None),
)
_again_at_once = both(_RESUMED, timer(lambda p, campaign, due: p.now() if campaign.id in p.notes else due))


def _never_resuming(wanted: Callable[[Campaign], bool]) -> type[Provider]:
    return timer(lambda _, campaign, due: None if wanted(campaign) else due)


def _never_having(row: dict[str, Any]) -> type[Provider]:
    return _never_resuming(having(row))


def _endless(campaign: Campaign) -> bool:
    return (campaign.rest["config"] or {}).get("end_time") is None


_paused_again = both(
    after(Provider.resume)(lambda p, campaign, _: p.notes.update({campaign.id: p.now() + 5 * MINUTE})),
    _sweeping("paused"),
)

FAULTS: Final = (
    *Table("warnings", _timed)(*rows("late resumes")),
    *Table("auto-resume", _timed)(*rows("resumes at another instant")),
    *Table("auto-resume", with_status(Provider.resume))(*rows("statuses after a resume")),
    *Table("auto-resume", around(Provider.resume))(
        ("resume-keeps-date", "the status is set, the date is not cleared", _keeps_date),
    ),
    *Table("auto-resume", _swept)(*rows("sweeps after a resume")),
    *Table("auto-resume", _indefinite_for)(*rows("ends of indefinite pauses")),
    *Table("auto-resume", built)(
        ("null-date-ends-after-7-hours", "null gets another column's default", _null_for_7_hours),
        ("resumes-siblings", "the update lacks its WHERE", around(Provider.resume)(_resumes_siblings)),
        ("null-is-due", "the query finds pauses without a date", after(Provider.resume)(_resumes_undated)),
        ("one-timer-for-all", "pausing a second campaign replaces the only timer", _one_timer),
        ("first-resume-only", "the job of a campaign runs once", both(_RESUMED, UNLESS_NOTED)),
        ("pause-after-resume-ends-at-once", "a job that has run stays due", _again_at_once),
    ),
    *Table("auto-resume", _colliding)(*rows("colliding resumes")),
    *Table("auto-resume", _batches)(*rows("batches of resumes")),
    *Table("auto-resume", _never_having)(*rows("campaigns that never resume")),
    *Table("auto-resume", _never_resuming)(
        ("without-end-never-resumes", "the job's query compares the date with the end", _endless),
        (
            "fourth-campaign-never-resumes",
            "a lock on one campaign was never released",
            lambda campaign: campaign.id == SEED.campaigns[3],
        ),
    ),
    *Table("pausing", built)(
        ("paused-again-after-resume", "a retried job repeats the pause", _paused_again),
    ),
)
