"""How a response is written: document, error, bytes and headers. Each step is a method."""

from __future__ import annotations

import json
from typing import Any

from whop_contracts.exchange import Operation, Response
from whop_contracts.provider import dates
from whop_contracts.provider.state import INSTANTS, Campaign, Held, Rejection

_COUNTS = ("clicks_count", "impressions_count", "purchases_count")
_MONEY = (
    *("daily_budget", "available_budget", "remaining_balance", "revenue", "return_on_ad_spend"),
    *("todays_spend", "total_credits", "total_spend"),
)
_NULLABLE = ("daily_budget", "platform", "product", "payment_method", "billing_ledger_account", "config")


class Writer(Held):
    """Writes responses. Changes nothing."""

    def instant_text(self, instant: int | None) -> str | None:
        """An instant as the responses show it."""
        if instant is None:
            return None
        digits, offset = self.options.timestamp_digits, self.options.timestamp_offset
        text = dates.write(instant, digits=digits, offset=offset)
        return text.lower() if self.options.timestamp_lower_case else text

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
        return self.adjust(document)

    def shown_update(self, campaign: Campaign) -> int:
        """The instant that ``updated_at`` shows."""
        if self.options.updated_at == "before_created":
            return campaign.created_at - 2 * dates.SECOND
        return campaign.updated_at

    def adjust(self, document: dict[str, Any]) -> dict[str, Any]:
        """The document as the options ask for it."""
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
        if options.every_null:
            creator = {**document["created_by_user"], "name": None}
            document |= {**dict.fromkeys(_NULLABLE), "created_by_user": creator}
        if options.extra_members:
            document |= {"object": "ad_campaign", "external_id": None, "labels": [{"name": "spring"}]}
        return document

    def present(self, operation: Operation, document: dict[str, Any]) -> Any:
        """What an operation returns, given the campaign's document: the document."""
        return document

    def encode(self, value: Any) -> bytes:
        """A value as the bytes of one JSON text."""
        if self.options.reordered:
            return json.dumps(value, indent=2, sort_keys=True).encode() + b"\n"
        content = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        if self.options.duplicate_key:
            content = b'{"title":"an earlier title",' + content[1:]
        return content

    def success(self, operation: Operation, document: dict[str, Any]) -> Response:
        """The response to a successful call."""
        status = self.options.success_status if operation == "pause" else 200
        headers = (("content-type", self.options.media_type),)
        return Response(status, headers, self.encode(self.present(operation, document)))

    def render_error(self, rejection: Rejection) -> Response:
        """The response to a rejected call."""
        media_type = "application/json"
        match self.options.error_form:
            case "envelope":
                content = json.dumps({"error": self.error_details(rejection)}).encode()
            case "flat":
                content = json.dumps({"code": rejection.status, "detail": rejection.message}).encode()
            case "text":
                content, media_type = rejection.message.encode(), "text/plain; charset=utf-8"
            case "empty":
                return Response(rejection.status, rejection.headers)
        return Response(rejection.status, (("content-type", media_type), *rejection.headers), content)

    def error_details(self, rejection: Rejection) -> dict[str, Any]:
        """The content of the error's envelope."""
        return {"type": rejection.code, "message": rejection.message}

    def finish(self, response: Response) -> Response:
        """The response with the headers that every response carries."""
        if not self.options.date_header:
            return response
        date = ("date", dates.http_date(self.now()))
        return Response(response.status, (*response.headers, date), response.content)
