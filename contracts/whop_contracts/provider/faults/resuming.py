"""Pauses that end at the wrong time, in the wrong state, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from whop_contracts.provider.core import Provider
from whop_contracts.provider.dates import DAY, MINUTE, SECOND
from whop_contracts.provider.faults.making import Table, after, around, built, timer
from whop_contracts.provider.state import SEED, Campaign

_HOUR = 60 * MINUTE
_LONGEST_DELAY = 2**31 * 1_000_000
"""24.8 days: what a signed 32-bit number of milliseconds holds, in nanoseconds."""

# -- at another instant: functions of the provider, the campaign, and the due instant --


def _by_delay(how: Callable[[int], int | None]) -> type[Provider]:
    """Wait for another time than the one from the pause to its date, in nanoseconds, or for ever (None)."""

    def due(_: Provider, campaign: Campaign, instant: int) -> int | None:
        delay = how(instant - campaign.updated_at)
        return None if delay is None else campaign.updated_at + delay

    return timer(due)


_TIMED = Table("auto-resume", timer)(
    ("never-resumes", "the job that resumes is not scheduled", lambda *_: None),
    ("resumes-10-s-early", "the job looks one round ahead", lambda p, c, due: due - 10 * SECOND),
    ("resumes-an-hour-early", "the job's machine is an hour ahead", lambda p, c, due: due - _HOUR),
    ("resumes-5-min-late", "the queue is five minutes behind", lambda p, c, due: due + 5 * MINUTE),
    ("resumes-an-hour-late", "the job's machine is an hour behind", lambda p, c, due: due + _HOUR),
    ("resumes-at-midnight", "the job runs once a night", lambda p, c, due: -(-due // DAY) * DAY),
    ("resumes-on-the-hour", "the job runs once an hour", lambda p, c, due: -(-due // _HOUR) * _HOUR),
    ("resumes-at-start-of-day", "the job compares dates, not times", lambda p, c, due: due // DAY * DAY),
    ("resumes-at-start-of-minute", "the job compares minutes", lambda p, c, due: due // MINUTE * MINUTE),
)
_DELAYED = Table("auto-resume", _by_delay)(
    ("long-timers-are-lost", "the queue drops long delays", lambda d: None if d > 12 * _HOUR else d),
    ("far-timers-fire-at-once", "the timer overflows", lambda d: SECOND if d > _LONGEST_DELAY else d),
    ("half-an-hour-at-most", "a dated pause is a lock that expires", lambda d: min(d, 30 * MINUTE)),
)
_SHORT = (
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


def _swept(how: tuple[int, str]) -> type[Provider]:
    """Set another status some time after a resume, unless the campaign was paused again."""
    delay, status = how

    class Swept(Provider):
        def tick(self) -> None:
            super().tick()
            for id_ in [one for one, resumed in self.notes.items() if self.now() >= resumed + delay]:
                self.state.campaigns[id_].status = status
                del self.notes[id_]

        def resume(self, campaign: Campaign, instant: int) -> None:
            super().resume(campaign, instant)
            self.notes[campaign.id] = instant

        def apply_pause(self, campaign: Campaign, until: int | None) -> None:
            super().apply_pause(campaign, until)
            self.notes.pop(campaign.id, None)

    return Swept


def _indefinite_for(span: int) -> type[Provider]:
    """End a pause without a date after a while."""

    class Ends(Provider):
        def apply_pause(self, campaign: Campaign, until: int | None) -> None:
            super().apply_pause(campaign, until)
            self.notes[campaign.id] = self.now() + span

        def due(self, campaign: Campaign) -> int | None:
            undated = campaign.status == "paused" and campaign.paused_until is None
            return self.notes.get(campaign.id) if undated else super().due(campaign)

    return Ends


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
        ("stale-after-an-hour", "a sweep marks what was not touched for an hour", (_HOUR, "stale")),
    ),
    *Table("auto-resume", _indefinite_for)(
        ("indefinite-ends-after-an-hour", "a pause without a date gets a default of an hour", _HOUR),
        ("indefinite-ends-after-a-day", "a pause without a date gets a default of a day", DAY),
    ),
)

# -- several campaigns, or several times --


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


class _OneTimer(Provider):
    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        super().apply_pause(campaign, until)
        if until is not None:
            self.notes["last"] = campaign.id

    def due(self, campaign: Campaign) -> int | None:
        return super().due(campaign) if campaign.id == self.notes.get("last") else None


class _FirstResumeOnly(Provider):
    def resume(self, campaign: Campaign, instant: int) -> None:
        super().resume(campaign, instant)
        self.notes[campaign.id] = instant

    def due(self, campaign: Campaign) -> int | None:
        return None if campaign.id in self.notes else super().due(campaign)


class _AgainEndsAtOnce(_FirstResumeOnly):
    def due(self, campaign: Campaign) -> int | None:
        due = Provider.due(self, campaign)
        return self.now() if due is not None and campaign.id in self.notes else due


_SEVERAL = (
    *Table("auto-resume", built)(
        ("resumes-siblings", "the update lacks its WHERE", around(Provider.resume)(_resumes_siblings)),
        ("null-is-due", "the query finds pauses without a date", after(Provider.resume)(_resumes_undated)),
        ("one-timer-for-all", "pausing a second campaign replaces the only timer", _OneTimer),
        ("first-resume-only", "the job of a campaign runs once", _FirstResumeOnly),
        ("pause-after-resume-ends-at-once", "a job that has run stays due", _AgainEndsAtOnce),
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

# -- some campaigns only --


def _never_resuming(wanted: Callable[[Campaign], bool]) -> type[Provider]:
    return timer(lambda _, campaign, due: None if wanted(campaign) else due)


def _without(member: str) -> Callable[[Campaign], bool]:
    return lambda campaign: campaign.rest[member] is None


def _on_tiktok(campaign: Campaign) -> bool:
    return bool(campaign.rest["platform"] == "tiktok")


def _fourth(campaign: Campaign) -> bool:
    return campaign.id == SEED.campaigns[3]


def _endless(campaign: Campaign) -> bool:
    return (campaign.rest["config"] or {}).get("end_time") is None


_SOME = (
    *Table("auto-resume", _never_resuming)(
        ("tiktok-never-resumes", "the platform's client lacks the call", _on_tiktok),
        ("without-platform-never-resumes", "the job joins the platform's table", _without("platform")),
        ("without-budget-never-resumes", "the job selects what can spend", _without("daily_budget")),
        ("without-product-never-resumes", "the job joins the product's table", _without("product")),
        ("without-config-never-resumes", "the job reads the campaign's configuration", _without("config")),
        ("without-end-never-resumes", "the job's query compares the date with the end", _endless),
        ("fourth-campaign-never-resumes", "a lock on one campaign was never released", _fourth),
    ),
)


# -- after a resume --


class _PausedAgain(Provider):
    """Pause a campaign once more, five minutes after it has resumed."""

    def resume(self, campaign: Campaign, instant: int) -> None:
        super().resume(campaign, instant)
        self.notes[campaign.id] = self.now() + 5 * MINUTE

    def tick(self) -> None:
        super().tick()
        for id_ in [id_ for id_, due in self.notes.items() if due <= self.now()]:
            del self.notes[id_]
            self.state.campaigns[id_].status = "paused"


_AFTER = Table("pausing", built)(
    ("paused-again-after-resume", "a retried job repeats the pause", _PausedAgain),
)

_LATE = Table("warnings", timer)(
    ("resumes-20-s-late", "a queue is read three times a minute", lambda _p, _c, due: due + 20 * SECOND),
)

FAULTS: Final = (*_LATE, *_TIMED, *_DELAYED, *_SHORT, *_STATES, *_SEVERAL, *_SOME, *_AFTER)
