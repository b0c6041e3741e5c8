"""How a request is read: route, credential, body and date. Each step is a method."""

from __future__ import annotations

import json
import re
from typing import Any, Final, cast
from urllib.parse import unquote_to_bytes

from whop_contracts.exchange import Operation
from whop_contracts.provider import dates
from whop_contracts.provider.state import (
    READ,
    UPDATE,
    Call,
    Campaign,
    Credential,
    Held,
    Rejection,
    Request,
)

BASE: Final = "/api/v1"
MISSING: Final = object()
"""What `Reader.read_body` returns if there is no body: JSON has no such value."""
_JSON = re.compile(r"application/([a-z0-9!#$&^_.+-]+\+)?json", re.IGNORECASE)
_ID = re.compile(r"adcamp_[A-Za-z0-9]+")
_ROUTE = re.compile(rf"{BASE}/ad_campaigns/([^/]+)(?:/(pause|unpause))?")


class Reader(Held):
    """Reads requests, or raises `Rejection`. Changes nothing."""

    def route(self, request: Request) -> Call:
        """The operation and id of a path and method; 404 for no such route, 405 for no such method."""
        call = self.locate(request.path)
        allowed = self.allowed_methods(call.operation)
        if request.method not in allowed:
            allow = (("allow", ", ".join(allowed)),) if self.options.allow else ()
            status = self.options.wrong_method_status
            raise Rejection(status, "method_not_allowed", "This route does not allow that method.", allow)
        return call

    def locate(self, path: str) -> Call:
        """The operation and id of a path, whatever the method."""
        found = _ROUTE.fullmatch(path.partition("?")[0])
        if found is None:
            raise Rejection(404, "not_found", "There is no such route.")
        return Call(cast("Operation", found[2] or "retrieve"), self.decode_id(found[1]))

    def allowed_methods(self, operation: Operation) -> tuple[str, ...]:
        """The methods that a route allows."""
        return ("GET",) if operation == "retrieve" else ("POST",)

    def decode_id(self, segment: str) -> str:
        """A path segment, percent-decoded."""
        return unquote_to_bytes(segment).decode("utf-8", "replace")

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

    def find_campaign(self, wanted: str, credential: Credential) -> Campaign:
        """The campaign of an id, if the credential's company owns it; 404 otherwise."""
        campaign = self.look_up(wanted)
        if campaign is None:
            well_formed = _ID.fullmatch(wanted) is not None
            status = self.options.unknown_status if well_formed else self.options.malformed_status
            raise Rejection(status, "not_found", "There is no such ad campaign.")
        if not self.owns(credential, campaign):
            raise Rejection(self.options.foreign_status, "not_found", "There is no such ad campaign.")
        return campaign

    def look_up(self, wanted: str) -> Campaign | None:
        """The campaign of an id, whoever owns it."""
        if self.options.any_case_of_id:
            lower = wanted.lower()
            return next((one for one in self.state.campaigns.values() if one.id.lower() == lower), None)
        return self.state.campaigns.get(wanted)

    def owns(self, credential: Credential, campaign: Campaign) -> bool:
        """Whether a credential belongs to the campaign's company."""
        return credential.company == campaign.company

    def authorize(self, credential: Credential, operation: Operation) -> None:
        """403 unless the credential has the permission that the operation needs."""
        needed = READ if operation == "retrieve" else UPDATE
        if needed not in credential.permissions:
            code = "forbidden" if self.options.lacking_status != 401 else "unauthorized"
            raise Rejection(self.options.lacking_status, code, f"This credential lacks {needed}.")

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
            return self.no_object(body)
        if self.options.any_case_of_members:
            body = {_fold(name): value for name, value in body.items()} | body
        if self.options.undocumented == "reject" and body.keys() - {"paused_until"}:
            raise self.invalid("Only paused_until is documented.")
        if "paused_until" not in body:
            return None
        value = body["paused_until"]
        if value is None and self.options.null_member == "accept":
            return None
        if not isinstance(value, str):
            return self.wrong_type(value)
        return self.check_until(self.read_until(value), campaign)

    def no_object(self, body: Any) -> int | None:
        """What becomes of JSON that is not an object: 422."""
        raise Rejection(self.options.shape_status, "unprocessable_entity", "The body must be a JSON object.")

    def wrong_type(self, value: Any) -> int | None:
        """What becomes of a ``paused_until`` that is not a string: 422."""
        raise self.invalid("paused_until must be a string.")

    def read_until(self, text: str) -> int | None:
        """The instant that a string denotes; 422 if it denotes none."""
        try:
            parts = self.split(text)
        except dates.NotAnInstant as reason:
            return self.no_instant(text, str(reason))
        limit = self.options.fraction_digits
        if limit is not None and len(parts.fraction) > limit:
            raise self.invalid("paused_until has too many digits.")
        return self.compose(parts)

    def split(self, text: str) -> dates.Parts:
        """The parts of a date-time, in the forms that this provider accepts."""
        options = self.options
        if options.bare_point == "accept":
            text = re.sub(r"(?<=:[0-9]{2})\.(?=[Zz+-])", "", text)
        parts = dates.split_loosely(text) if options.loose_text == "accept" else dates.split(text)
        if options.lower_case == "reject" and ("t" in text or "z" in text):
            raise dates.NotAnInstant("must have its T and Z in upper case")
        if options.leap_second == "reject" and parts.second == 60:
            raise dates.NotAnInstant("must have a second below 60")
        if options.minus_zero == "reject" and text.endswith("-00:00"):
            raise dates.NotAnInstant("must not have an offset of -00:00")
        if options.far_offsets == "reject" and not -12 * 60 <= parts.offset <= 14 * 60:
            raise dates.NotAnInstant("must have an offset that some place uses")
        return parts

    def compose(self, parts: dates.Parts) -> int | None:
        """The instant of the parts of a date-time."""
        return parts.instant()

    def no_instant(self, text: str, reason: str) -> int | None:
        """What becomes of a string that denotes no instant: 422."""
        raise self.invalid(f"paused_until {reason}.")

    def check_until(self, until: int | None, campaign: Campaign) -> int | None:
        """The same instant, if a pause may end then; 422 if it is in the past."""
        if until is None:
            return None
        if until <= self.now() and self.options.past == "reject":
            return self.past(until)
        horizon = self.options.horizon_days
        if horizon is not None and until > self.now() + horizon * dates.DAY:
            raise self.invalid("paused_until is too far ahead.")
        if self.options.beyond_end_time == "reject":
            end = (campaign.rest["config"] or {}).get("end_time")
            if end is not None and until > end:
                raise self.invalid("paused_until must not lie after the campaign's end.")
        return until

    def past(self, until: int) -> int | None:
        """What becomes of an instant in the past: 422."""
        status = self.options.past_status
        raise Rejection(status, "unprocessable_entity", "paused_until must lie in the future.")

    def invalid(self, message: str) -> Rejection:
        """What an invalid value gets."""
        return Rejection(self.options.value_status, "unprocessable_entity", message)


def _fold(name: str) -> str:
    """The documented name of a member that differs from it in case or separators only; any other as it is."""
    return "paused_until" if re.sub("[_-]", "", name).lower() == "pauseduntil" else name


def _reject_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")
