"""A pause that is answered rightly, and read back otherwise."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from whop_contracts.provider import dates
from whop_contracts.provider.core import Provider
from whop_contracts.provider.faults.making import written
from whop_contracts.provider.messages import Answer, Request

if TYPE_CHECKING:
    from whop_contracts.provider.state import Campaign


class _StoresCoarsely(Provider):
    """The answer echoes the request, the column keeps whole days."""

    grain = dates.DAY

    def pause(self, campaign: Campaign, request: Request) -> Answer:
        answer = super().pause(campaign, request)
        if campaign.paused_until is not None:
            campaign.paused_until -= campaign.paused_until % self.grain
        return answer


class _StoresMinutes(_StoresCoarsely):
    """The answer echoes the request, the column keeps whole minutes."""

    grain = dates.MINUTE


class _StoresHours(_StoresCoarsely):
    """The answer echoes the request, the scheduler keeps whole hours."""

    grain = 60 * dates.MINUTE


class _StoresNoDate(Provider):
    """The answer echoes the date, and only the status is saved."""

    def pause(self, campaign: Campaign, request: Request) -> Answer:
        answer = super().pause(campaign, request)
        campaign.paused_until = None
        return answer


class _ReadsFirstForEver(Provider):
    """Reads are cached and never invalidated."""

    def prepare(self) -> None:
        self.cache: dict[str, Campaign] = {}

    def view(self, campaign: Campaign) -> Campaign:
        return self.cache.setdefault(campaign.id, copy.deepcopy(campaign))


class _ReadsLag(Provider):
    """Reads come from a replica half a minute behind."""

    def prepare(self) -> None:
        self.options = replace(self.options, read_lag=30.0)


class _ReadsWithoutDate(Provider):
    """Reads come from a projection that has no date."""

    def view(self, campaign: Campaign) -> Campaign:
        return replace(super().view(campaign), paused_until=None)


class _ReadsActive(Provider):
    """Reads show the delivery's status, which a pause does not touch."""

    def view(self, campaign: Campaign) -> Campaign:
        seen = super().view(campaign)
        return replace(seen, status="active") if seen.status == "paused" else seen


class _ReadsAnotherDate(Provider):
    """Reads show the date in the server's own zone, and call it UTC."""

    def view(self, campaign: Campaign) -> Campaign:
        seen = super().view(campaign)
        until = seen.paused_until
        return seen if until is None else replace(seen, paused_until=until - 8 * 60 * dates.MINUTE)


class _ReadsUnpause(Provider):
    """A read repairs what it takes for an inconsistency: it ends the pause."""

    def retrieve(self, campaign: Campaign) -> Answer:
        answer = super().retrieve(campaign)
        if campaign.status == "paused":
            campaign.status, campaign.paused_until = "active", None
        return answer


FAULTS: Final = (
    written("pausing", "stores-whole-days", _StoresCoarsely),
    written("pausing", "stores-whole-minutes", _StoresMinutes),
    written("pausing", "stores-whole-hours", _StoresHours),
    written("pausing", "stores-no-date", _StoresNoDate),
    written("pausing", "reads-cached-for-ever", _ReadsFirstForEver),
    written("pausing", "reads-half-a-minute-late", _ReadsLag),
    written("pausing", "reads-without-date", _ReadsWithoutDate),
    written("pausing", "reads-active", _ReadsActive),
    written("pausing", "reads-another-date", _ReadsAnotherDate),
    written("pausing", "reads-end-the-pause", _ReadsUnpause),
)
