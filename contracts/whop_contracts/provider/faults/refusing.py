"""Refusals that act all the same, and refusals that tell what nobody outside should read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from whop_contracts.provider.core import Provider
from whop_contracts.provider.faults.fault import Fault
from whop_contracts.provider.messages import Answer, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from whop_contracts.provider.messages import Call, Request
    from whop_contracts.provider.state import Campaign


def _acting(act: Callable[[Provider, Campaign], None], *statuses: int) -> type[Provider]:
    """Something is done to the addressed campaign though the call was refused with one of the statuses."""

    class Acting(Provider):
        def refused(self, request: Request, call: Call | None, refusal: Refusal) -> None:
            found = call or self.addressed(request)
            campaign = self.state.campaigns.get(found.id) if found else None
            pausing = found is not None and found.operation == "pause"
            if campaign is not None and pausing and refusal.status in statuses:
                act(self, campaign)

        def addressed(self, request: Request) -> Call | None:
            try:
                return self.locate(request.path)
            except Refusal:
                return None

    return Acting


def _pause(provider: Provider, campaign: Campaign) -> None:
    if campaign.status == "active":
        provider.apply_pause(campaign, None)


def _toggle(provider: Provider, campaign: Campaign) -> None:
    if campaign.status == "active":
        provider.apply_pause(campaign, None)
    elif campaign.status == "paused":
        provider.apply_unpause(campaign)


def _resume(provider: Provider, campaign: Campaign) -> None:
    if campaign.status == "paused":
        provider.apply_unpause(campaign)


def _forget_date(_provider: Provider, campaign: Campaign) -> None:
    campaign.paused_until = None


def _deactivate(_provider: Provider, campaign: Campaign) -> None:
    campaign.status = "inactive"


def _spoil(_provider: Provider, campaign: Campaign) -> None:
    campaign.rest = {**campaign.rest, "daily_budget": 0.0}


def _retitle(_provider: Provider, campaign: Campaign) -> None:
    campaign.title = "(invalid)"


_ACTS: Final[tuple[tuple[str, Callable[[Provider, Campaign], None], tuple[int, ...], int, str], ...]] = (
    ("422-pauses", _pause, (422,), 104, "the status is saved before the date is validated"),
    ("400-pauses", _pause, (400,), 104, "the route pauses before it parses"),
    ("415-pauses", _pause, (415,), 104, "the route pauses before it looks at the media type"),
    ("401-pauses", _pause, (401,), 206, "the credential is checked on the way out"),
    ("403-pauses", _pause, (403,), 206, "the permission is checked on the way out"),
    ("405-pauses", _pause, (405,), 104, "the handler runs before the method is looked at"),
    ("refusal-resumes", _resume, (400, 422), 104, "a failed update is rolled back to active"),
    ("refusal-toggles", _toggle, (400, 422), 104, "a failed update flips the status"),
    ("refusal-forgets-date", _forget_date, (400, 422), 104, "the date is cleared before it is validated"),
    ("refusal-deactivates", _deactivate, (422,), 104, "a campaign that fails validation is switched off"),
    ("refusal-zeroes-budget", _spoil, (400, 422), 104, "what was reserved is not given back"),
    ("refusal-changes-title", _retitle, (422,), 104, "a mark of the failure is saved"),
    ("401-resumes", _resume, (401,), 206, "a failed sign-in ends what was scheduled"),
    ("403-forgets-date", _forget_date, (403,), 206, "a reader may change the date"),
)


def _leaking(leak: Callable[[Request, Refusal], Any], *statuses: int) -> type[Provider]:
    """Errors of the statuses (all where none is named) carry something from inside."""

    class Leaking(Provider):
        leaked: Any = None

        def perform(self, call: Call, request: Request) -> Answer:
            try:
                return super().perform(call, request)
            except Refusal as refusal:
                if statuses and refusal.status not in statuses:
                    raise
                self.leaked = leak(request, refusal)
                raise

        def render_error(self, refusal: Refusal) -> Answer:
            answer, leaked = super().render_error(refusal), self.leaked
            self.leaked = None
            if leaked is None:
                return answer
            if isinstance(leaked, str):
                return Answer(answer.status, (("content-type", "text/plain"),), leaked.encode())
            body = {"error": self.error_details(refusal), **leaked}
            return Answer(answer.status, answer.headers, json.dumps(body).encode())

    return Leaking


_PYTHON: Final = """Traceback (most recent call last):
  File "/srv/api/handlers/campaigns.py", line 118, in pause
    until = parse(body["paused_until"])
  File "/srv/api/lib/dates.py", line 42, in parse
    raise ValueError(text)
ValueError: not a date
"""
_RUBY: Final = [
    "/app/vendor/bundle/ruby/3.2.0/gems/activesupport-7.1.3/lib/active_support/rescuable.rb:88:in `rescue'",
    "/app/app/controllers/api/v1/ad_campaigns_controller.rb:57:in `pause'",
]
_JAVA: Final = """java.time.format.DateTimeParseException: Text could not be parsed
\tat java.base/java.time.format.DateTimeFormatter.parseResolved0(DateTimeFormatter.java:2046)
\tat com.example.ads.CampaignController.pause(CampaignController.java:91)
"""
_NODE: Final = """RangeError: Invalid time value
    at Date.toISOString (<anonymous>)
    at pause (/usr/src/app/dist/routes/campaigns.js:214:31)
"""
_SQL: Final = (
    "PG::InvalidDatetimeFormat: UPDATE ad_campaigns SET status = 'paused' WHERE id = $1 AND company_id = $2"
)


def _token(request: Request, _refusal: Refusal) -> Any:
    return {"received": {"authorization": request.header("authorization")}}


_LEAKS: Final[tuple[tuple[str, Callable[[Request, Refusal], Any], tuple[int, ...], str], ...]] = (
    ("leaks-python-trace", lambda *_: _PYTHON, (400, 422), "the debug mode is on"),
    ("leaks-ruby-trace", lambda *_: {"backtrace": _RUBY}, (400, 422), "the debug mode is on"),
    ("leaks-java-trace", lambda *_: {"trace": _JAVA}, (422,), "the framework's error page has a trace"),
    ("leaks-node-trace", lambda *_: {"stack": _NODE}, (404, 422), "the error is serialized with its stack"),
    (
        "leaks-source-path",
        lambda *_: {"at": "/srv/api/handlers/campaigns.py:118"},
        (),
        "errors say where they arose",
    ),
    ("leaks-query", lambda *_: {"detail": _SQL}, (400, 422), "the database's error is passed on"),
    (
        "leaks-query-on-404",
        lambda *_: {"detail": "SELECT * FROM ad_campaigns WHERE public_id = ? LIMIT 1"},
        (404,),
        "the query that found nothing is shown",
    ),
    ("leaks-token-on-403", _token, (403,), "the request is echoed for support"),
    ("leaks-token-on-422", _token, (422,), "the request is echoed for support"),
    ("leaks-token-on-404", _token, (404,), "the request is echoed for support"),
)

FAULTS: Final = (
    *(Fault(name, "refusing", why, wfc, _acting(act, *on)) for name, act, on, wfc, why in _ACTS),
    *(Fault(name, "errors", why, None, _leaking(leak, *on)) for name, leak, on, why in _LEAKS),
)
