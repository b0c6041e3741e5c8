"""A pause of a campaign that is paused already: the new request has to hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from whop_contracts.provider.core import Provider
from whop_contracts.provider.faults.making import written
from whop_contracts.provider.messages import crash

if TYPE_CHECKING:
    from whop_contracts.provider.state import Campaign


class _SecondKeepsOld(Provider):
    """Whoever is paused already is left as it is, and 200 is said."""

    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        if campaign.status != "paused":
            super().apply_pause(campaign, until)


class _SecondCrashes(Provider):
    """A state machine knows no way from paused to paused, and throws."""

    def admit(self, campaign: Campaign, until: int | None) -> None:
        if campaign.status == "paused":
            raise crash()
        super().admit(campaign, until)


class _SameAgainCrashes(Provider):
    """The same date a second time violates a unique key."""

    def admit(self, campaign: Campaign, until: int | None) -> None:
        if campaign.status == "paused" and campaign.paused_until == until:
            raise crash()
        super().admit(campaign, until)


class _SecondToggles(Provider):
    """Pausing is a toggle: the second time resumes."""

    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        if campaign.status == "paused":
            self.apply_unpause(campaign)
        else:
            super().apply_pause(campaign, until)


class _SecondDropsDate(Provider):
    """A pause of a paused campaign loses the date that it brings."""

    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        super().apply_pause(campaign, until if campaign.status != "paused" else None)


class _IndefiniteKeepsDate(Provider):
    """An absent member is not written: the older date stays after an indefinite pause."""

    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        kept = campaign.paused_until if campaign.status == "paused" else None
        super().apply_pause(campaign, kept if until is None else until)


class _DatedAfterIndefinite(Provider):
    """An indefinite pause wins over a later one with a date."""

    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        forever = campaign.status == "paused" and campaign.paused_until is None
        super().apply_pause(campaign, None if forever else until)


class _OnlyExtends(Provider):
    """Of two dates the later one is kept."""

    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        former = campaign.paused_until if campaign.status == "paused" else None
        if former is not None and until is not None:
            until = max(former, until)
        super().apply_pause(campaign, until)


class _OnlyShortens(Provider):
    """Of two dates the earlier one is kept."""

    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        former = campaign.paused_until if campaign.status == "paused" else None
        if former is not None and until is not None:
            until = min(former, until)
        super().apply_pause(campaign, until)


FAULTS: Final = (
    written("pausing", "second-keeps-old-date", _SecondKeepsOld),
    written("pausing", "second-crashes", _SecondCrashes, 100),
    written("pausing", "same-date-again-crashes", _SameAgainCrashes, 100),
    written("pausing", "second-toggles", _SecondToggles),
    written("pausing", "second-drops-date", _SecondDropsDate),
    written("pausing", "indefinite-keeps-date", _IndefiniteKeepsDate),
    written("pausing", "indefinite-wins", _DatedAfterIndefinite),
    written("pausing", "only-extends", _OnlyExtends),
    written("pausing", "only-shortens", _OnlyShortens),
)
