"""Pauses that are stored otherwise than asked, or touch what is not theirs."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

from whop_contracts.provider.core import Provider
from whop_contracts.provider.faults.fault import Fault
from whop_contracts.provider.faults.making import written
from whop_contracts.provider.messages import Answer, Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from whop_contracts.provider.messages import Operation
    from whop_contracts.provider.state import Campaign


_JOB: Final = {
    "id": "user_6f1b2a34-9c0d-4e5f-8a7b-0c1d2e3f4a5b",
    "name": "Scheduler",
    "username": "scheduler",
}


def _neighbour(provider: Provider, campaign: Campaign) -> Campaign:
    """The next campaign of the same company."""
    own = [one for one in provider.state.campaigns.values() if one.company == campaign.company]
    return own[(own.index(campaign) + 1) % len(own)]


class _StoresNothing(Provider):
    """The answer is rendered from an object that is never saved."""

    def pause(self, campaign: Campaign, request: Request) -> Answer:
        return super().pause(copy.deepcopy(campaign), request)


class _AnswersBefore(Provider):
    """The answer is rendered before the pause is stored."""

    def pause(self, campaign: Campaign, request: Request) -> Answer:
        before = self.render_campaign(campaign)
        super().pause(campaign, request)
        return self.success("pause", before)


class _AnswersActive(Provider):
    """The answer is rendered from a replica that has the date and not yet the status."""

    def present(self, operation: Operation, document: dict[str, Any]) -> Any:
        return {**document, "status": "active"} if operation == "pause" else document


class _StatusOf(Provider):
    """The pause stores another status."""

    status = "inactive"

    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        super().apply_pause(campaign, until)
        campaign.status = self.status


class _StoresInactive(_StatusOf):
    """Pausing is implemented as deactivating."""


class _StoresStale(_StatusOf):
    """A pause marks the campaign as stale."""

    status = "stale"


class _PausesSiblings(Provider):
    """The update lacks its WHERE on the campaign: the whole company is paused."""

    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        for one in self.state.campaigns.values():
            if one.company == campaign.company and one.status in {"active", "paused"}:
                super().apply_pause(one, until)


class _PausesNeighbour(Provider):
    """Off by one: the answer is right, and the next campaign is paused."""

    def pause(self, campaign: Campaign, request: Request) -> Answer:
        shown = copy.deepcopy(campaign)
        answer = super().pause(shown, request)
        neighbour = _neighbour(self, campaign)
        neighbour.status, neighbour.paused_until = "paused", shown.paused_until
        return answer


class _PausesNeighbourToo(Provider):
    """The ad group is shared: pausing one campaign pauses the next one as well."""

    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        super().apply_pause(campaign, until)
        super().apply_pause(_neighbour(self, campaign), until)


class _SharedDate(Provider):
    """The date is kept once for a company: a pause changes the date of those that are paused already."""

    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        super().apply_pause(campaign, until)
        for one in self.state.campaigns.values():
            if one.company == campaign.company and one.status == "paused":
                one.paused_until = until


class _OneAtATime(Provider):
    """One pause is remembered for a company: pausing another campaign ends it."""

    last: Campaign | None = None

    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        super().apply_pause(campaign, until)
        if self.last is not None and self.last is not campaign:
            self.last.status, self.last.paused_until = "active", None
        self.last = campaign


def _touching(touch: Callable[[Provider, Campaign], None]) -> type[Provider]:
    class Touching(Provider):
        def apply_pause(self, campaign: Campaign, until: int | None) -> None:
            super().apply_pause(campaign, until)
            touch(self, campaign)

    return Touching


def _resting(member: str, value: Any) -> Callable[[Provider, Campaign], None]:
    def touch(_provider: Provider, campaign: Campaign) -> None:
        campaign.rest = {**campaign.rest, member: value}

    return touch


def _title(_provider: Provider, campaign: Campaign) -> None:
    campaign.title = campaign.title.removesuffix(" (paused)") + " (paused)"


def _created(provider: Provider, campaign: Campaign) -> None:
    campaign.created_at = provider.now()


def _halve(_provider: Provider, campaign: Campaign) -> None:
    budget = campaign.rest["daily_budget"]
    campaign.rest = {**campaign.rest, "daily_budget": None if budget is None else budget / 2}


def _creator(_provider: Provider, campaign: Campaign) -> None:
    caller = {"id": "user_Ap1Key0000000", "name": "API", "username": "api"}
    campaign.rest = {**campaign.rest, "created_by_user": caller}


_TOUCHES: Final[tuple[tuple[str, Callable[[Provider, Campaign], None], str], ...]] = (
    (
        "pause-zeroes-budget",
        _resting("daily_budget", 0.0),
        "the budget is set to zero, so that nothing is spent",
    ),
    ("pause-halves-budget", _halve, "the rest of the budget is refunded with every pause"),
    ("pause-changes-title", _title, "the title is marked for people"),
    ("pause-resets-created-at", _created, "the row is replaced, not updated"),
    ("pause-changes-platform", _resting("platform", "tiktok"), "the platform falls back to a default"),
    ("pause-clears-platform", _resting("platform", None), "the link to the platform is cut"),
    ("pause-clears-countries", _resting("target_country_codes", []), "the targeting is taken down"),
    (
        "pause-adds-country",
        _resting("target_country_codes", ["US", "CA", "GB", "DE"]),
        "the targeting is refilled",
    ),
    ("pause-clears-product", _resting("product", None), "the promotion is detached"),
    ("pause-changes-creator", _creator, "the caller becomes the creator"),
    (
        "pause-attributed-to-a-job",
        _resting("created_by_user", _JOB),
        "the job that pauses becomes the creator",
    ),
)

FAULTS: Final = (
    written("pausing", "stores-nothing", _StoresNothing),
    written("pausing", "answers-before-storing", _AnswersBefore),
    written("pausing", "answers-active", _AnswersActive),
    written("pausing", "stores-inactive", _StoresInactive),
    written("pausing", "stores-stale", _StoresStale),
    written("pausing", "pauses-siblings", _PausesSiblings),
    written("pausing", "pauses-neighbour", _PausesNeighbour),
    written("pausing", "pauses-neighbour-too", _PausesNeighbourToo),
    written("pausing", "date-shared-by-company", _SharedDate),
    written("pausing", "one-pause-at-a-time", _OneAtATime),
    *(Fault(name, "pausing", why, None, _touching(touch)) for name, touch, why in _TOUCHES),
)
