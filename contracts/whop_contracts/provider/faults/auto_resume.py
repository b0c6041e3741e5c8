"""Pauses that do not end when, or how, they should."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from whop_contracts.provider.core import Provider
from whop_contracts.provider.dates import DAY, MINUTE, SECOND
from whop_contracts.provider.faults.making import written

if TYPE_CHECKING:
    from whop_contracts.provider.state import Campaign

_HOUR = 60 * MINUTE


class _Never(Provider):
    """The job that resumes is not scheduled."""

    def due(self, campaign: Campaign) -> int | None:  # noqa: ARG002
        return None


class _Shifted(Provider):
    """The job runs at another time."""

    seconds = 0

    def due(self, campaign: Campaign) -> int | None:
        due = super().due(campaign)
        return None if due is None else due + self.seconds * SECOND


class _TenSecondsEarly(_Shifted):
    """The job takes whatever falls due within its next round."""

    seconds = -10


class _HourEarly(_Shifted):
    """The job's machine is an hour ahead."""

    seconds = -3600


class _FiveMinutesLate(_Shifted):
    """The queue is five minutes behind."""

    seconds = 300


class _HourLate(_Shifted):
    """The job's machine is an hour behind."""

    seconds = 3600


class _Grained(Provider):
    """The job runs at whole units of time."""

    grain = DAY
    up = True

    def due(self, campaign: Campaign) -> int | None:
        due = super().due(campaign)
        if due is None:
            return None
        return -(-due // self.grain) * self.grain if self.up else due // self.grain * self.grain


class _AtMidnight(_Grained):
    """The job runs once a night."""


class _OnTheHour(_Grained):
    """The job runs once an hour."""

    grain = _HOUR


class _AtStartOfDay(_Grained):
    """The job compares dates, not times."""

    up = False


class _AtStartOfMinute(_Grained):
    """The job compares minutes: the pause ends up to 59 s early."""

    grain = MINUTE
    up = False


class _ToInactive(Provider):
    """The end of a pause is taken for the end of the campaign."""

    def resume(self, campaign: Campaign, instant: int) -> None:
        super().resume(campaign, instant)
        campaign.status = "inactive"


class _ToStale(Provider):
    """The campaign waits to be looked at after a pause."""

    def resume(self, campaign: Campaign, instant: int) -> None:
        super().resume(campaign, instant)
        campaign.status = "stale"


class _KeepsDate(Provider):
    """The date is left where it was."""

    def resume(self, campaign: Campaign, instant: int) -> None:
        kept = campaign.paused_until
        super().resume(campaign, instant)
        campaign.paused_until = kept


class _DropsDateOnly(Provider):
    """The date is cleared, and the status is forgotten."""

    def resume(self, campaign: Campaign, instant: int) -> None:
        super().resume(campaign, instant)
        campaign.status = "paused"


class _ResumesSiblings(Provider):
    """The update lacks its WHERE: one campaign's end is everybody's."""

    def resume(self, campaign: Campaign, instant: int) -> None:
        for one in self.state.campaigns.values():
            if one.company == campaign.company and one.status == "paused":
                super().resume(one, instant)


class _IndefiniteForAnHour(Provider):
    """A pause without a date ends after an hour."""

    span = _HOUR

    def prepare(self) -> None:
        self.begun: dict[str, int] = {}

    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        super().apply_pause(campaign, until)
        self.begun[campaign.id] = self.now()

    def due(self, campaign: Campaign) -> int | None:
        begun = self.begun.get(campaign.id)
        if campaign.status == "paused" and campaign.paused_until is None and begun is not None:
            return begun + self.span
        return super().due(campaign)


class _IndefiniteForADay(_IndefiniteForAnHour):
    """A pause without a date ends after a day."""

    span = DAY


class _SweptAfterResume(Provider):
    """A sweep takes a campaign that resumed five minutes ago for one that has ended."""

    def prepare(self) -> None:
        self.resumed: dict[str, int] = {}

    def tick(self) -> None:
        super().tick()
        for id_, instant in list(self.resumed.items()):
            if self.now() >= instant + 5 * MINUTE:
                self.state.campaigns[id_].status = "inactive"
                del self.resumed[id_]

    def resume(self, campaign: Campaign, instant: int) -> None:
        super().resume(campaign, instant)
        self.resumed[campaign.id] = instant

    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        super().apply_pause(campaign, until)
        self.resumed.pop(campaign.id, None)


FAULTS: Final = (
    written("auto-resume", "never-resumes", _Never),
    written("auto-resume", "resumes-10-s-early", _TenSecondsEarly),
    written("auto-resume", "resumes-an-hour-early", _HourEarly),
    written("auto-resume", "resumes-5-min-late", _FiveMinutesLate),
    written("auto-resume", "resumes-an-hour-late", _HourLate),
    written("auto-resume", "resumes-at-midnight", _AtMidnight),
    written("auto-resume", "resumes-on-the-hour", _OnTheHour),
    written("auto-resume", "resumes-at-start-of-day", _AtStartOfDay),
    written("auto-resume", "resumes-at-start-of-minute", _AtStartOfMinute),
    written("auto-resume", "resumes-to-inactive", _ToInactive),
    written("auto-resume", "resumes-to-stale", _ToStale),
    written("auto-resume", "resume-keeps-date", _KeepsDate),
    written("auto-resume", "resume-drops-date-only", _DropsDateOnly),
    written("auto-resume", "resumes-siblings", _ResumesSiblings),
    written("auto-resume", "indefinite-ends-after-an-hour", _IndefiniteForAnHour),
    written("auto-resume", "indefinite-ends-after-a-day", _IndefiniteForADay),
    written("auto-resume", "swept-after-resume", _SweptAfterResume),
)
