"""Pauses without a date, with members that nobody documented, or of campaigns that lack something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from whop_contracts.provider import dates
from whop_contracts.provider.core import Provider
from whop_contracts.provider.faults.fault import Fault
from whop_contracts.provider.faults.making import written
from whop_contracts.provider.messages import Answer, Refusal, Request, crash
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


class _LinesRefused(Provider):
    """The pattern that looks at a body knows no line ends."""

    def parse(self, content: bytes) -> Any:
        if b"\n" in content:
            raise self.unparsable()
        return super().parse(content)


class _SpaceExpected(Provider):
    """The date is cut out of the body by a pattern with a space in it."""

    def parse(self, content: bytes) -> Any:
        if b'"paused_until":"' in content:
            raise crash()
        return super().parse(content)


class _EscapedNameLost(Provider):
    """The member is looked for in the text of the body, not in what it says."""

    def parse(self, content: bytes) -> Any:
        body = super().parse(content)
        return {} if isinstance(body, dict) and b"paused_until" not in content else body


class _CharsetRefused(Provider):
    """The media type is compared as a whole, parameters and all."""

    def read_body(self, request: Request) -> Any:
        if ";" in (request.header("content-type") or ""):
            raise Refusal(415, "unsupported_media_type", "Send application/json.")
        return super().read_body(request)


class _TitleAssigned(Provider):
    """The title is writable wherever a body names it."""

    def pause(self, campaign: Campaign, request: Request) -> Answer:
        body = self.read_body(request)
        if isinstance(body, dict) and isinstance(body.get("title"), str):
            campaign.title = body["title"]
        return super().pause(campaign, request)


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
    written("pausing", "title-assignment", _TitleAssigned),
    written("dates", "refuses-json-on-lines", _LinesRefused),
    written("dates", "crashes-on-compact-json", _SpaceExpected, 100),
    written("dates", "escaped-name-lost", _EscapedNameLost),
    written("dates", "refuses-charset", _CharsetRefused),
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
