"""How a request is read, and a response written. Each step is a method."""

from __future__ import annotations

import json
import re
from email.utils import formatdate
from typing import Any, Final, cast
from urllib.parse import unquote_to_bytes

from whop_contracts.exchange import Operation, Request, Response
from whop_contracts.provider import dates
from whop_contracts.provider.state import DATED, Campaign, Credential, Options, Rejection, RunningClock, State

BASE: Final = "/api/v1"
MISSING: Final = object()
"""What `Messages.read_body` returns if there is no body: JSON has no such value."""
_JSON = re.compile(r"application/([a-z0-9!#$&^_.+-]+\+)?json", re.IGNORECASE)
_ID = re.compile(r"adcamp_[A-Za-z0-9]+")
_SEPARATOR = re.compile("[_-]")
_ROUTE = re.compile(rf"{BASE}/ad_campaigns/([^/]+)(?:/(pause|unpause))?")
_COUNTS = ("clicks_count", "impressions_count", "purchases_count")
_MONEY = (
    *("daily_budget", "available_budget", "remaining_balance", "revenue", "return_on_ad_spend"),
    *("todays_spend", "total_credits", "total_spend"),
)


class Messages:
    """Reads requests, or raises `Rejection`, and writes responses. Changes nothing."""

    clock: RunningClock
    options: Options
    state: State

    def now(self) -> int:
        """The provider's clock, in nanoseconds since 1970."""
        return round(self.clock.now() * 1_000_000) * 1000

    def locate(self, request: Request) -> Request:
        """The request with its operation and the id in its path, decoded; 404 if there is no such route."""
        found = _ROUTE.fullmatch(request.url.partition("?")[0])
        if found is None:
            raise Rejection(404, "not_found", "There is no such route.")
        operation = cast("Operation", found[2] or "retrieve")
        campaign = unquote_to_bytes(found[1]).decode("utf-8", "replace")
        return Request(request.method, request.url, operation, campaign, request.headers, request.content)

    def allowed_methods(self, request: Request) -> tuple[str, ...]:
        """The methods that the route of a request allows."""
        return ("GET",) if request.operation == "retrieve" else ("POST",)

    def check_method(self, request: Request) -> Request:
        """The same request; 405 if its route does not allow its method."""
        allowed = self.allowed_methods(request)
        if request.method not in allowed:
            allow = (("allow", ", ".join(allowed)),) if self.options.allow else ()
            status = self.options.wrong_method_status
            raise Rejection(status, "method_not_allowed", "This route does not allow that method.", allow)
        return request

    def authenticate(self, request: Request) -> Credential:
        """The credential of the request; 401 if it is not known."""
        scheme, _, token = (request.header("authorization") or "").partition(" ")
        if scheme.lower() == "bearer" or self.options.any_scheme:
            credential = self.find_credential(token.strip() if token else scheme)
            if credential is not None:
                return credential
        challenge = (("www-authenticate", 'Bearer realm="api"'),) if self.options.challenge else ()
        raise Rejection(401, "unauthorized", "A valid API key is needed.", challenge)

    def find_credential(self, token: str) -> Credential | None:
        """The credential of a token."""
        return self.state.credentials.get(token)

    def find_campaign(self, request: Request, credential: Credential) -> Campaign:
        """The campaign that a request names, if the credential's company owns it; 404 otherwise."""
        campaign = self.look_up(request.campaign)
        if campaign is None:
            well_formed = _ID.fullmatch(request.campaign) is not None
            status = self.options.unknown_status if well_formed else self.options.malformed_status
            raise Rejection(status, "not_found", "There is no such ad campaign.")
        if not self.owns(credential, campaign, request):
            raise Rejection(self.options.foreign_status, "not_found", "There is no such ad campaign.")
        return campaign

    def look_up(self, wanted: str) -> Campaign | None:
        """The campaign of an id, whoever owns it."""
        if self.options.any_case_of_id:
            lower = wanted.lower()
            return next((one for one in self.state.campaigns.values() if one.id.lower() == lower), None)
        return self.state.campaigns.get(wanted)

    def owns(self, credential: Credential, campaign: Campaign, request: Request) -> bool:
        """Whether a credential belongs to the campaign's company."""
        return credential.company == campaign.company

    def authorize(self, request: Request, credential: Credential) -> None:
        """403 if a request changes a campaign and its credential may only read."""
        if request.operation != "retrieve" and not credential.may_update:
            status = self.options.lacking_status
            raise Rejection(status, "forbidden", "This credential lacks ad_campaign:update.")

    def read_body(self, request: Request) -> Any:
        """The body as JSON, or `MISSING`; 413 if it is long, 415 for another type, 400 for malformed JSON."""
        if len(request.content) > self.options.longest_body:
            raise Rejection(413, "payload_too_large", "That body is too long.")
        if not request.content:
            if self.options.no_body == "reject":
                raise Rejection(400, "bad_request", "A JSON body is needed.")
            return MISSING
        media_type = (request.header("content-type") or "application/json").partition(";")[0].strip()
        if _JSON.fullmatch(media_type) is None and self.options.other_media != "read":
            if self.options.other_media == "ignore":
                return MISSING
            raise Rejection(415, "unsupported_media_type", "Send application/json.")
        return self.parse(request.content)

    def parse(self, content: bytes) -> Any:
        """One JSON text in UTF-8, strictly unless the options say otherwise."""
        errors = "replace" if self.options.bad_utf8 == "accept" else "strict"
        constant = float if self.options.nan == "accept" else _reject_constant
        try:
            return json.loads(content.decode("utf-8", errors), parse_constant=constant)
        except (ValueError, RecursionError):
            raise self.unparsable() from None

    def unparsable(self) -> Rejection:
        """What a body gets that is not JSON."""
        return Rejection(self.options.syntax_status, "bad_request", "The body is not valid JSON.")

    def decide_until(self, body: Any, campaign: Campaign) -> int | None:
        """The instant at which a pause ends, or None for an indefinite one."""
        if body is MISSING or (body is None and self.options.null_body == "accept"):
            return None
        if not isinstance(body, dict):
            return self.refuse("body", body, "The body must be a JSON object.", self.options.shape_status)
        if self.options.any_case_of_members:
            alike = [name for name in body if _SEPARATOR.sub("", name.lower()) == "pauseduntil"]
            body = {"paused_until": body[alike[-1]], **body} if alike else body
        if self.options.undocumented == "reject" and body.keys() - {"paused_until"}:
            raise self.invalid("Only paused_until is documented.")
        if "paused_until" not in body:
            return None
        value = body["paused_until"]
        if value is None and self.options.null_member == "accept":
            return None
        if not isinstance(value, str):
            return self.refuse("type", value, "paused_until must be a string.", self.options.value_status)
        return self.check_until(self.read_until(value), campaign)

    def refuse(self, kind: str, value: Any, message: str, status: int) -> int | None:
        """What becomes of an invalid ``body``, ``type``, ``text`` or ``past`` instant: 422."""
        raise Rejection(status, "unprocessable_entity", message)

    def read_until(self, text: str) -> int | None:
        """The instant that a string denotes; 422 if it denotes none."""
        try:
            parts = self.split(text)
        except dates.NotAnInstant as reason:
            return self.refuse("text", text, f"paused_until {reason}.", self.options.value_status)
        return self.compose(parts)

    def split(self, text: str) -> dates.Parts:
        """The parts of a date-time, in the forms that this provider accepts."""
        options = self.options
        if options.bare_point == "accept":
            text = re.sub(r"(?<=:[0-9]{2})\.(?=[Zz+-])", "", text)
        parts = dates.split(text, loosely=options.loose_text == "accept")
        if options.rejected_dates is not None and re.search(options.rejected_dates, text):
            raise dates.NotAnInstant("must have another form")
        return parts

    def compose(self, parts: dates.Parts) -> int | None:
        """The instant of the parts of a date-time."""
        return parts.instant()

    def check_until(self, until: int | None, campaign: Campaign) -> int | None:
        """The same instant, if a pause may end then; 422 if it is in the past."""
        if until is None:
            return None
        if until <= self.now() and self.options.past == "reject":
            message = "paused_until must lie in the future."
            return self.refuse("past", until, message, self.options.past_status)
        horizon = self.options.horizon_days
        if horizon is not None and until > self.now() + horizon * dates.DAY:
            raise self.invalid("paused_until is too far ahead.")
        if self.options.beyond_end_time == "reject":
            end = (campaign.rest["config"] or {}).get("end_time")
            if end is not None and until > end:
                raise self.invalid("paused_until must not lie after the campaign's end.")
        return until

    def invalid(self, message: str) -> Rejection:
        """What an invalid value gets."""
        return Rejection(self.options.value_status, "unprocessable_entity", message)

    def render_campaign(self, campaign: Campaign) -> dict[str, Any]:
        """A campaign as a document, its members in the page's order."""
        rest, updated_at = dict(campaign.rest), campaign.updated_at
        if self.options.updated_at == "before_created":
            updated_at = campaign.created_at - 2 * dates.SECOND
        document = {
            "id": campaign.id,
            "title": campaign.title,
            "status": campaign.status,
            "target_country_codes": rest.pop("target_country_codes"),
            "daily_budget": rest.pop("daily_budget"),
            "platform": rest.pop("platform"),
            "available_budget": rest.pop("available_budget"),
            "created_at": campaign.created_at,
            "updated_at": updated_at,
            "paused_until": campaign.paused_until,
            **rest,
        }
        return self.adjust(self.with_dates(document))

    def with_dates(self, members: dict[str, Any]) -> dict[str, Any]:
        """The members with their instants as text, at any depth."""
        inner = {name: self.with_dates(one) for name, one in members.items() if isinstance(one, dict)}
        shown = members | inner
        digits, offset = self.options.timestamp_digits, self.options.timestamp_offset
        for name in DATED:
            if shown.get(name) is not None:
                text = dates.write(shown[name], digits=digits, offset=offset)
                shown[name] = text.lower() if self.options.timestamp_lower_case else text
        return shown

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
        for name, value in options.members.items():
            document[name] = document[name] | value if isinstance(value, dict) else value
        return document

    def present(self, operation: Operation, document: dict[str, Any]) -> Any:
        """What an operation returns, given the campaign's document: the document."""
        return document

    def success(self, operation: Operation, document: dict[str, Any]) -> Response:
        """The response to a successful call."""
        value = self.present(operation, document)
        content = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        if self.options.reordered:
            content = json.dumps(value, indent=2, sort_keys=True).encode() + b"\n"
        if self.options.duplicate_key:
            content = b'{"title":"an earlier title",' + content[1:]
        status = self.options.success_status if operation == "pause" else 200
        return Response(status, (("content-type", self.options.media_type),), content)

    def render_error(self, rejection: Rejection) -> Response:
        """The response to a rejected call."""
        media_type = "application/json"
        match self.options.error_form:
            case "envelope":
                details = {"type": rejection.code, "message": rejection.message}
                content = json.dumps({"error": details}).encode()
            case "flat":
                content = json.dumps({"code": rejection.status, "detail": rejection.message}).encode()
            case "text":
                content, media_type = rejection.message.encode(), "text/plain; charset=utf-8"
            case "empty":
                return Response(rejection.status, rejection.headers)
        return Response(rejection.status, (("content-type", media_type), *rejection.headers), content)

    def finish(self, response: Response) -> Response:
        """The response with the headers that every response carries."""
        seconds = self.now() // dates.SECOND
        date = (("date", formatdate(seconds, usegmt=True)),) if self.options.date_header else ()
        return Response(response.status, (*response.headers, *date), response.content)


def _reject_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")
