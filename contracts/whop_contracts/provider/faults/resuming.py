"""Pauses that end at the wrong time, in the wrong state, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from whop_contracts.provider.core import Provider
from whop_contracts.provider.dates import DAY, MINUTE, SECOND
from whop_contracts.provider.faults import Table, after, around, both, built, having, noting, rows, timer
from whop_contracts.provider.state import SEED, Campaign

HOUR = 60 * MINUTE
LONGEST_DELAY = 2**31 * 1_000_000
"""24.8 days: what a signed 32-bit number of milliseconds holds, in nanoseconds."""

# -- at another instant: functions of the provider, the campaign, and the due instant --


def _by_delay(how: Callable[[int], int | None]) -> type[Provider]:
    """Wait for another time than the one from the pause to its date, in nanoseconds, or for ever (None)."""

    def due(_: Provider, campaign: Campaign, instant: int) -> int | None:
        delay = how(instant - campaign.updated_at)
        return None if delay is None else campaign.updated_at + delay

    return timer(due)


_TIMED = (
    *Table("warnings", timer)(
        ("resumes-20-s-late", "a queue is read three times a minute", lambda p, c, due: due + 20 * SECOND),
    ),
    *Table("auto-resume", timer)(
        ("never-resumes", "the job that resumes is not scheduled", lambda *_: None),
        ("resumes-10-s-early", "the job looks one round ahead", lambda p, c, due: due - 10 * SECOND),
        ("resumes-an-hour-early", "the job's machine is an hour ahead", lambda p, c, due: due - HOUR),
        ("resumes-5-min-late", "the queue is five minutes behind", lambda p, c, due: due + 5 * MINUTE),
        ("resumes-an-hour-late", "the job's machine is an hour behind", lambda p, c, due: due + HOUR),
        ("resumes-at-midnight", "the job runs once a night", lambda p, c, due: -(-due // DAY) * DAY),
        ("resumes-on-the-hour", "the job runs once an hour", lambda p, c, due: -(-due // HOUR) * HOUR),
        ("resumes-at-start-of-day", "the job compares dates, not times", lambda p, c, due: due // DAY * DAY),
        ("resumes-at-start-of-minute", "the job compares minutes", lambda p, c, due: due // MINUTE * MINUTE),
    ),
    *Table("auto-resume", _by_delay)(
        ("long-timers-are-lost", "the queue drops long delays", lambda d: None if d > 12 * HOUR else d),
        ("far-timers-fire-at-once", "the timer overflows", lambda d: SECOND if d > LONGEST_DELAY else d),
        ("half-an-hour-at-most", "a dated pause is a lock that expires", lambda d: min(d, 30 * MINUTE)),
    ),
    *Table("auto-resume", timer)(
        ("resumes-a-second-early", "the job's machine is a second ahead", lambda p, c, due: due - SECOND),
        ("resumes-two-seconds-early", "the job looks two seconds ahead", lambda p, c, due: due - 2 * SECOND),
    ),
    *Table("auto-resume", _by_delay)(
        ("five-minutes-at-least", "the queue's shortest delay is five minutes", lambda d: max(d, 5 * MINUTE)),
        ("under-5-minutes-never", "the round under way is missed", lambda d: None if d < 5 * MINUTE else d),
        ("under-a-minute-never", "cron starts with the next minute", lambda d: None if d < MINUTE else d),
        ("under-a-minute-at-once", "the delay is 0 minutes", lambda d: SECOND if d < MINUTE else d),
        ("delay-in-whole-minutes", "the delay is a number of minutes", lambda d: d // MINUTE * MINUTE),
        ("delay-in-whole-seconds", "the delay is a number of seconds", lambda d: d // SECOND * SECOND),
        ("delay-modulo-32-bits", "its milliseconds wrap around", lambda d: d % (2 * LONGEST_DELAY)),
        ("delay-without-its-days", "only the seconds of a duration are read", lambda d: d % DAY),
        ("long-delays-are-short-of-30-s", "a cache", lambda d: d - 30 * SECOND if d > HOUR else d),
        ("over-a-day-never", "the queue keeps a job for a day", lambda d: None if d > DAY else d),
        ("under-10-s-never", "the round under way is missed", lambda d: None if d < 10 * SECOND else d),
    ),
)

# -- in another state --


def _into(status: str) -> type[Provider]:
    """Resume to another status than active."""
    return after(Provider.resume)(lambda _, campaign, _instant: setattr(campaign, "status", status))


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


def _swept(how: tuple[int, str]) -> type[Provider]:
    """Set another status some time after a resume, unless the campaign was paused again."""
    delay, status = how
    return both(
        after(Provider.resume)(lambda p, campaign, due: p.notes.update({campaign.id: due + delay})),
        after(Provider.apply_pause)(lambda p, campaign, _: p.notes.pop(campaign.id, None)),
        _sweeping(status),
    )


def _due_as_noted(go: Callable[[Campaign], int | None], provider: Provider, campaign: Campaign) -> int | None:
    undated = campaign.status == "paused" and campaign.paused_until is None
    return provider.notes.get(campaign.id) if undated else go(campaign)


_indefinite_while_noted = around(Provider.due)(_due_as_noted)


def _indefinite_for(span: int) -> type[Provider]:
    """End a pause without a date after a while."""
    return both(noting(Provider.apply_pause, lambda p, _: p.now() + span), _indefinite_while_noted)


def _note_null(provider: Provider, body: Any, _campaign: Campaign) -> None:
    provider.notes["null"] = body == {"paused_until": None}


_NULL_FOR_7_HOURS = both(
    after(Provider.decide_until)(_note_null),
    noting(Provider.apply_pause, lambda p, _: p.now() + 7 * HOUR if p.notes.get("null") else None),
    _indefinite_while_noted,
)

_STATES = (
    *Table("auto-resume", _into)(
        ("resumes-to-inactive", "the end of a pause is taken for the end of the campaign", "inactive"),
        ("resumes-to-stale", "a campaign waits for a review after a pause", "stale"),
        ("resume-drops-date-only", "the date is cleared, the status is not", "paused"),
    ),
    *Table("auto-resume", around(Provider.resume))(
        ("resume-keeps-date", "the status is set, the date is not cleared", _keeps_date),
    ),
    *Table("auto-resume", _swept)(
        ("swept-after-resume", "a sweep takes a resumed campaign for an ended one", (5 * MINUTE, "inactive")),
        ("stale-after-an-hour", "a sweep marks what was not touched for an hour", (HOUR, "stale")),
    ),
    *Table("auto-resume", _indefinite_for)(
        ("indefinite-ends-after-an-hour", "a pause without a date gets a default of an hour", HOUR),
        ("indefinite-ends-after-a-day", "a pause without a date gets a default of a day", DAY),
    ),
    *Table("auto-resume", built)(
        ("null-date-ends-after-7-hours", "null gets the default of another column", _NULL_FOR_7_HOURS),
    ),
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


def _colliding(grain: int) -> type[Provider]:
    """Of several campaigns due in the same unit of time only one resumes."""

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
_SEVERAL = (
    *Table("auto-resume", built)(
        ("resumes-siblings", "the update lacks its WHERE", around(Provider.resume)(_resumes_siblings)),
        ("null-is-due", "the query finds pauses without a date", after(Provider.resume)(_resumes_undated)),
        ("one-timer-for-all", "pausing a second campaign replaces the only timer", _one_timer),
        ("first-resume-only", "the job of a campaign runs once", both(_RESUMED, UNLESS_NOTED)),
        ("pause-after-resume-ends-at-once", "a job that has run stays due", _again_at_once),
    ),
    *Table("auto-resume", _colliding)(
        ("one-in-each-instant", "jobs are kept by their instant", 1),
        ("one-in-each-second", "jobs are kept by their second", SECOND),
        ("one-in-each-minute", "jobs are kept by their minute", MINUTE),
    ),
    *Table("auto-resume", _batches)(
        ("one-resume-per-round", "the job's query has a LIMIT 1 and marks all rows", 1),
        ("two-resumes-per-round", "the job's query has a LIMIT 2 and marks all rows", 2),
    ),
)


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
_SOME = (
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

FAULTS: Final = (*_TIMED, *_STATES, *_SEVERAL, *_SOME)
