"""Pauses without a date, with members that nobody documented, or of campaigns that lack something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from whop_contracts.provider import dates
from whop_contracts.provider.core import Provider
from whop_contracts.provider.faults.fault import Fault
from whop_contracts.provider.faults.making import written
from whop_contracts.provider.messages import Answer, Request, crash
from whop_contracts.provider.reading import MISSING

if TYPE_CHECKING:
    from whop_contracts.provider.state import Campaign


class _DefaultOfADay(Provider):
    """A pause without a date gets one: tomorrow."""

    def apply_pause(self, campaign: Campaign, until: int | None) -> None:
        super().apply_pause(campaign, self.now() + dates.DAY if until is None else until)


class _NullIsADate(Provider):
    """Null becomes the epoch, and the epoch is moved to the next day."""

    def decide_until(self, body: Any, campaign: Campaign) -> int | None:
        if isinstance(body, dict) and body.get("paused_until", "") is None:
            return self.now() + dates.DAY
        return super().decide_until(body, campaign)


class _NoBodyIsADate(Provider):
    """A body that is not there reads as a week."""

    def decide_until(self, body: Any, campaign: Campaign) -> int | None:
        return (
            self.now() + 7 * dates.DAY
            if body is MISSING or body is None
            else super().decide_until(body, campaign)
        )


class _NoBodyCrashes(Provider):
    """The body is parsed without asking whether there is one."""

    def read_body(self, request: Request) -> Any:
        if not request.content:
            raise crash()
        return super().read_body(request)


class _NullBodyCrashes(Provider):
    """A member of null is asked for."""

    def decide_until(self, body: Any, campaign: Campaign) -> int | None:
        if body is None:
            raise crash()
        return super().decide_until(body, campaign)


class _NullCrashes(Provider):
    """Null is parsed as a date."""

    def decide_until(self, body: Any, campaign: Campaign) -> int | None:
        if isinstance(body, dict) and body.get("paused_until", "") is None:
            raise crash()
        return super().decide_until(body, campaign)


class _DateRequired(Provider):
    """The optional member is required."""

    def decide_until(self, body: Any, campaign: Campaign) -> int | None:
        if isinstance(body, dict) and "paused_until" not in body:
            raise self.invalid("paused_until is required.")
        return super().decide_until(body, campaign)


class _OmittedCrashes(Provider):
    """The optional member is taken for granted."""

    def decide_until(self, body: Any, campaign: Campaign) -> int | None:
        if isinstance(body, dict) and "paused_until" not in body:
            raise crash()
        return super().decide_until(body, campaign)


class _DateNeverRead(Provider):
    """A later generation knows no date: every pause is indefinite."""

    def decide_until(self, body: Any, campaign: Campaign) -> int | None:
        super().decide_until(body, campaign)
        return None


class _MassAssignment(Provider):
    """Whatever the body names is assigned to the campaign."""

    def pause(self, campaign: Campaign, request: Request) -> Answer:
        super().pause(campaign, request)
        body = self.read_body(request)
        for name, value in body.items() if isinstance(body, dict) else ():
            if name in {"title", "status"}:
                setattr(campaign, name, value)
            elif name in campaign.rest and name != "config":
                campaign.rest[name] = value
        return self.success("pause", self.render_campaign(campaign))


class _ExtraCrashes(Provider):
    """A member that nobody knows is passed on as a keyword."""

    def decide_until(self, body: Any, campaign: Campaign) -> int | None:
        if isinstance(body, dict) and body.keys() - {"paused_until"}:
            raise crash()
        return super().decide_until(body, campaign)


class _OtherMediaCrashes(Provider):
    """A body under another media type is parsed as a form."""

    def read_body(self, request: Request) -> Any:
        media_type = request.header("content-type") or "application/json"
        if request.content and "json" not in media_type:
            raise crash()
        return super().read_body(request)


class _RestingCrash(Provider):
    """A campaign that is inactive or stale has no delivery to pause."""

    def admit(self, campaign: Campaign, until: int | None) -> None:
        if campaign.status in {"inactive", "stale"}:
            raise crash()
        super().admit(campaign, until)


def _crashing_without(member: str) -> type[Provider]:
    class CrashingWithout(Provider):
        def admit(self, campaign: Campaign, until: int | None) -> None:
            if campaign.rest[member] is None:
                raise crash()
            super().admit(campaign, until)

    return CrashingWithout


FAULTS: Final = (
    written("pausing", "omitted-means-tomorrow", _DefaultOfADay),
    written("pausing", "null-means-tomorrow", _NullIsADate),
    written("pausing", "no-body-means-a-week", _NoBodyIsADate),
    written("pausing", "no-body-crashes", _NoBodyCrashes, 100),
    written("pausing", "null-body-crashes", _NullBodyCrashes, 100),
    written("pausing", "null-crashes", _NullCrashes, 100),
    written("pausing", "date-required", _DateRequired),
    written("pausing", "omitted-crashes", _OmittedCrashes, 100),
    written("pausing", "date-never-read", _DateNeverRead),
    written("pausing", "mass-assignment", _MassAssignment),
    written("pausing", "undocumented-member-crashes", _ExtraCrashes, 100),
    written("pausing", "other-media-type-crashes", _OtherMediaCrashes, 100),
    written("pausing", "resting-campaign-crashes", _RestingCrash, 100),
    *(
        Fault(
            f"crashes-without-{member.replace('_', '-')}",
            "pausing",
            f"{member} is null, and is asked for something",
            100,
            _crashing_without(member),
        )
        for member in ("product", "config", "platform", "daily_budget", "payment_method")
    ),
)
