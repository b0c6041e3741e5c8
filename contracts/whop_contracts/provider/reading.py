"""How a request is understood: route, credential, body and date. Each step is a method, so that a fault replaces one."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes

from whop_contracts.provider import dates
from whop_contracts.provider.messages import Call, Operation, Refusal, Request
from whop_contracts.provider.state import READ, UPDATE, Campaign, Credential, State

if TYPE_CHECKING:
    from whop_contracts.provider.options import Options

BASE: Final = "/api/v1"
MISSING: Final = object()
"""What `Reader.read_body` gives for no body at all: JSON has no such value."""
_JSON = re.compile(r"application/([a-z0-9!#$&^_.+-]+\+)?json", re.IGNORECASE)
_ID = re.compile(r"adcamp_[A-Za-z0-9]+")
_METHODS: Final[dict[Operation, str]] = {"pause": "POST", "retrieve": "GET", "unpause": "POST"}


class Reader:
    """Understands requests, or raises `Refusal`. Changes nothing."""

    state: State
    options: Options

    def now(self) -> int:
        """The provider's clock, in nanoseconds since 1970."""
        raise NotImplementedError

    def route(self, request: Request) -> Call:
        """The operation and id that the path and method name; 404 for no such route, 405 for no such method."""
        call = self.locate(request.path)
        allowed = self.allowed_methods(call.operation)
        if request.method not in allowed:
            allow = (("allow", ", ".join(allowed)),) if self.options.allow else ()
            status = self.options.wrong_method_status
            raise Refusal(status, "method_not_allowed", "This route does not know that method.", allow)
        return call

    def locate(self, path: str) -> Call:
        """The operation and id that a path names, whatever the method."""
        segments = path.partition("?")[0].split("/")
        if "/".join(segments[:3]) == BASE and segments[3:4] == ["ad_campaigns"] and all(segments[4:5]):
            match segments[4:]:
                case [segment]:
                    return Call("retrieve", self.decode_id(segment))
                case [segment, "pause"]:
                    return Call("pause", self.decode_id(segment))
                case [segment, "unpause"]:
                    return Call("unpause", self.decode_id(segment))
        raise Refusal(404, "not_found", "There is no such route.")

    def allowed_methods(self, operation: Operation) -> tuple[str, ...]:
        """The methods that a route knows."""
        return (_METHODS[operation],)

    def decode_id(self, segment: str) -> str:
        """A path segment, percent-decoded."""
        return unquote_to_bytes(segment).decode("utf-8", "replace")

    def authenticate(self, request: Request) -> Credential:
        """Who asks; 401 where nobody known does."""
        scheme, _, token = (request.header("authorization") or "").partition(" ")
        if scheme.lower() == "bearer" or self.options.any_scheme:
            credential = self.find_credential(token.strip() if token else scheme)
            if credential is not None:
                return credential
        return self.stranger()

    def find_credential(self, token: str) -> Credential | None:
        """The credential that a token stands for."""
        return self.state.credentials.get(token)

    def stranger(self) -> Credential:
        """What happens to somebody unknown: 401."""
        challenge = (("www-authenticate", 'Bearer realm="api"'),) if self.options.challenge else ()
        raise Refusal(401, "unauthorized", "A valid API key is needed.", challenge)

    def find_campaign(self, wanted: str, credential: Credential) -> Campaign:
        """The campaign of an id, as far as the credential's company is concerned."""
        campaign = self.look_up(wanted)
        if campaign is None:
            known_form = _ID.fullmatch(wanted) is not None
            status = self.options.unknown_status if known_form else self.options.malformed_status
            raise Refusal(status, "not_found", "There is no such ad campaign.")
        if not self.owns(credential, campaign):
            raise Refusal(self.options.foreign_status, "not_found", "There is no such ad campaign.")
        return campaign

    def look_up(self, wanted: str) -> Campaign | None:
        """The campaign of an id, whoever owns it."""
        if self.options.any_case_of_id:
            lower = wanted.lower()
            return next((one for one in self.state.campaigns.values() if one.id.lower() == lower), None)
        return self.state.campaigns.get(wanted)

    def owns(self, credential: Credential, campaign: Campaign) -> bool:
        """Whether a credential speaks for the campaign's company."""
        return credential.company == campaign.company

    def authorize(self, credential: Credential, operation: Operation) -> None:
        """403 unless the credential has the permission that the operation needs."""
        needed = READ if operation == "retrieve" else UPDATE
        if needed not in credential.permissions:
            code = "forbidden" if self.options.lacking_status != 401 else "unauthorized"  # noqa: PLR2004
            raise Refusal(self.options.lacking_status, code, f"This credential lacks {needed}.")

    def read_body(self, request: Request) -> Any:
        """The body as JSON, or `MISSING`. 413 for a long one, 415 for another media type, 400 where it does not parse."""
        if len(request.content) > self.options.longest_body:
            raise Refusal(413, "payload_too_large", "That body is too long.")
        if not request.content:
            if self.options.no_body == "refuse":
                raise Refusal(400, "bad_request", "A JSON body is needed.")
            return MISSING
        media_type = (request.header("content-type") or "application/json").partition(";")[0].strip()
        if _JSON.fullmatch(media_type) is None and self.options.other_media != "read":
            if self.options.other_media == "ignore":
                return MISSING
            raise Refusal(415, "unsupported_media_type", "Send application/json.")
        return self.parse(request.content)

    def parse(self, content: bytes) -> Any:
        """One JSON text in UTF-8, strictly."""
        try:
            return json.loads(content.decode("utf-8"), parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise self.unparsable() from None

    def unparsable(self) -> Refusal:
        """What is said of a body that is no JSON."""
        return Refusal(self.options.syntax_status, "bad_request", "The body is not valid JSON.")

    def decide_until(self, body: Any, campaign: Campaign) -> int | None:
        """The instant that a pause is asked to end at, or None for an indefinite one."""
        if body is MISSING:
            return None
        if body is None and self.options.null_body == "accept":
            return None
        if not isinstance(body, dict):
            return self.no_object(body)
        if self.options.undocumented == "refuse" and body.keys() - {"paused_until"}:
            raise self.invalid("Only paused_until is known.")
        if "paused_until" not in body:
            return None
        value = body["paused_until"]
        if value is None and self.options.null_member == "accept":
            return None
        if not isinstance(value, str):
            return self.wrong_type(value)
        return self.check_until(self.read_until(value), campaign)

    def no_object(self, body: Any) -> int | None:  # noqa: ARG002 - faults look at it
        """What becomes of JSON that is no object: 422."""
        raise Refusal(self.options.shape_status, "unprocessable_entity", "The body must be a JSON object.")

    def wrong_type(self, value: Any) -> int | None:  # noqa: ARG002 - faults look at it
        """What becomes of a ``paused_until`` that is no string: 422."""
        raise self.invalid("paused_until must be a string.")

    def read_until(self, text: str) -> int | None:
        """The instant that a string names; 422 where it names none."""
        try:
            parts = self.split(text)
        except dates.NotAnInstant as reason:
            return self.no_instant(text, str(reason))
        limit = self.options.fraction_digits
        if limit is not None and len(parts.fraction) > limit:
            raise self.invalid("paused_until has too many digits.")
        return self.compose(parts)

    def split(self, text: str) -> dates.Parts:
        """A date-time taken apart, by the forms that this provider admits."""
        options = self.options
        parts = dates.split_loosely(text) if options.loose_text == "accept" else dates.split(text)
        if options.lower_case == "refuse" and ("t" in text or "z" in text):
            raise dates.NotAnInstant("must have its T and Z in upper case")
        if options.leap_second == "refuse" and parts.second == 60:  # noqa: PLR2004 - a leap second
            raise dates.NotAnInstant("must have a second below 60")
        if options.minus_zero == "refuse" and text.endswith("-00:00"):
            raise dates.NotAnInstant("must not have an offset of -00:00")
        if options.far_offsets == "refuse" and not -12 * 60 <= parts.offset <= 14 * 60:
            raise dates.NotAnInstant("must have an offset that some place uses")
        return parts

    def compose(self, parts: dates.Parts) -> int | None:
        """The instant of a date-time taken apart."""
        return parts.instant()

    def no_instant(self, text: str, reason: str) -> int | None:  # noqa: ARG002 - faults look at it
        """What becomes of a string that names no instant: 422."""
        raise self.invalid(f"paused_until {reason}.")

    def check_until(self, until: int | None, campaign: Campaign) -> int | None:
        """The same instant, if it may be paused until; 422 for one that is not ahead."""
        if until is None:
            return None
        if until <= self.now() and self.options.past == "refuse":
            return self.past(until)
        horizon = self.options.horizon_days
        if horizon is not None and until > self.now() + horizon * dates.DAY:
            raise self.invalid("paused_until is too far ahead.")
        if self.options.beyond_end_time == "refuse":
            end = (campaign.rest["config"] or {}).get("end_time")
            if end is not None and until > end:
                raise self.invalid("paused_until must not lie after the campaign's end.")
        return until

    def past(self, until: int) -> int | None:  # noqa: ARG002 - faults look at it
        """What becomes of an instant that is not ahead: 422."""
        raise Refusal(
            self.options.past_status, "unprocessable_entity", "paused_until must lie in the future."
        )

    def invalid(self, message: str) -> Refusal:
        """What is said of a value that is no date ahead."""
        return Refusal(self.options.value_status, "unprocessable_entity", message)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
