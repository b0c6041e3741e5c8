"""How an answer is written: the campaign's document, the error, the bytes, the headers. Each step is a method."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from whop_contracts.provider import dates
from whop_contracts.provider.messages import Answer, Operation, Refusal
from whop_contracts.provider.state import INSTANTS, Campaign

if TYPE_CHECKING:
    from whop_contracts.provider.options import Options

_COUNTS = ("clicks_count", "impressions_count", "purchases_count")
_MONEY = (
    "daily_budget",
    "available_budget",
    "remaining_balance",
    "revenue",
    "return_on_ad_spend",
    "todays_spend",
    "total_credits",
    "total_spend",
)


class Writer:
    """Writes answers. Changes nothing."""

    options: Options

    def now(self) -> int:
        """The provider's clock, in nanoseconds since 1970."""
        raise NotImplementedError

    def instant_text(self, instant: int | None) -> str | None:
        """An instant as the answers spell it."""
        if instant is None:
            return None
        text = dates.write(
            instant, digits=self.options.timestamp_digits, offset=self.options.timestamp_offset
        )
        return text.lower() if self.options.timestamp_lower else text

    def render_campaign(self, campaign: Campaign) -> dict[str, Any]:
        """A campaign as a document, its members in the page's order."""
        rest = dict(campaign.rest)
        for member, child in INSTANTS:
            if rest[member] is not None:
                rest[member] = {**rest[member], child: self.instant_text(rest[member][child])}
        document = {
            "id": campaign.id,
            "title": campaign.title,
            "status": campaign.status,
            "target_country_codes": rest.pop("target_country_codes"),
            "daily_budget": rest.pop("daily_budget"),
            "platform": rest.pop("platform"),
            "available_budget": rest.pop("available_budget"),
            "created_at": self.instant_text(campaign.created_at),
            "updated_at": self.instant_text(self.shown_update(campaign)),
            "paused_until": self.instant_text(campaign.paused_until),
            **rest,
        }
        return self.mannered(document)

    def shown_update(self, campaign: Campaign) -> int:
        """The instant that ``updated_at`` shows."""
        if self.options.updated_at == "before_created":
            return campaign.created_at - 2 * dates.SECOND
        return campaign.updated_at

    def mannered(self, document: dict[str, Any]) -> dict[str, Any]:
        """The document, in the spelling that the options ask for."""
        options = self.options
        for name in _COUNTS:
            count = -document[name] - 1 if options.negative_counts else document[name]
            document[name] = float(count) if options.counts_as_floats else count
        config = document["config"]
        if options.counts_as_floats and config is not None and config["bid_amount"] is not None:
            document["config"] = {**config, "bid_amount": float(config["bid_amount"])}
        if options.whole_money:
            document |= {name: int(document[name]) for name in _MONEY if document[name] is not None}
        if options.countries is not None:
            document["target_country_codes"] = list(options.countries)
        if options.extra_members:
            document |= {"object": "ad_campaign", "external_id": None, "labels": [{"name": "spring"}]}
        return document

    def present(self, operation: Operation, document: dict[str, Any]) -> Any:  # noqa: ARG002 - faults look at it
        """What an operation answers with, given the campaign's document: the document."""
        return document

    def encode(self, value: Any) -> bytes:
        """A value as the bytes of one JSON text."""
        if self.options.reordered:
            return json.dumps(value, indent=2, sort_keys=True).encode() + b"\n"
        content = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        if self.options.duplicate_key:
            content = b'{"title":"an earlier title",' + content[1:]
        return content

    def success(self, operation: Operation, document: dict[str, Any]) -> Answer:
        """The answer to a call that was carried out."""
        status = self.options.success_status if operation == "pause" else 200
        headers = (("content-type", self.options.media_type),)
        return Answer(status, headers, self.encode(self.present(operation, document)))

    def render_error(self, refusal: Refusal) -> Answer:
        """The answer to a call that was refused."""
        media_type = "application/json"
        match self.options.error_form:
            case "envelope":
                content = json.dumps({"error": self.error_details(refusal)}).encode()
            case "flat":
                content = json.dumps({"code": refusal.status, "detail": refusal.message}).encode()
            case "text":
                content, media_type = refusal.message.encode(), "text/plain; charset=utf-8"
            case "empty":
                return Answer(refusal.status, refusal.headers)
        return Answer(refusal.status, (("content-type", media_type), *refusal.headers), content)

    def error_details(self, refusal: Refusal) -> dict[str, Any]:
        """What stands in the error's envelope."""
        return {"type": refusal.code, "message": refusal.message}

    def finish(self, answer: Answer) -> Answer:
        """The answer with the headers that every answer carries."""
        if not self.options.date_header:
            return answer
        return Answer(answer.status, (*answer.headers, ("date", dates.http_date(self.now()))), answer.content)
