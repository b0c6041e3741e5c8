"""Credentials and permissions that are not checked closely enough, and errors that leak internals."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from whop_contracts.exchange import Operation, Response
from whop_contracts.provider.core import Provider
from whop_contracts.provider.faults.making import Table, around, built, failing
from whop_contracts.provider.state import UPDATE, Call, Campaign, Credential, Rejection, Request, crash

# -- tokens --


def _passing(passes: Callable[[str, str], bool]) -> type[Provider]:
    """Accept a token that passes for a known one: from what was sent and the known one."""

    def find(go: Callable[[str], Credential | None], provider: Provider, token: str) -> Credential | None:
        known = provider.state.credentials
        return go(token) or next((one for key, one in known.items() if passes(token, key)), None)

    return around(Provider.find_credential)(find)


_TOKENS = Table("authorization", _passing, 206)(
    ("token-prefix-is-enough", "tokens are found by 12 letters", lambda sent, key: sent[:12] == key[:12]),
    ("token-start-is-enough", "LIKE 'token%'", lambda sent, key: len(sent) > 12 and key.startswith(sent)),
    ("token-in-any-case", "the collation ignores case", lambda sent, key: sent.lower() == key.lower()),
    ("token-suffix-ignored", "what follows the token is cut off", lambda sent, key: sent.startswith(key)),
    (
        "token-ends-compared",
        "tokens are compared as they are displayed",
        lambda sent, key: sent[:8] + sent[-8:] == key[:8] + key[-8:],
    ),
    (
        "token-length-compared",
        "a format check replaces the look-up",
        lambda sent, key: len(sent) == len(key) and sent[:3] == key[:3],
    ),
)
_MORE_TOKENS = Table("authorization", _passing, 206)(
    ("token-first-word-compared", "the header is split", lambda sent, key: sent.split()[:1] == [key]),
    ("token-comma-joined", "a proxy joins two headers", lambda sent, key: key in sent.split(",")),
    ("token-in-quotes", "quotes are removed as from a parameter", lambda sent, key: sent.strip("\"'") == key),
    ("token-last-four-ignored", "the hash reads 31 bytes", lambda sent, key: sent[:31] == key[:31]),
    ("token-start-ignored", "tokens are found by their last letters", lambda sent, key: sent[8:] == key[8:]),
    ("token-symbols-ignored", "a lenient decoder", lambda sent, key: re.sub(r"\W", "", sent) == key),
    ("token-contained", "the token is searched in the header", lambda sent, key: key in sent),
)

# -- unknown credentials --

_Error = Callable[[], Rejection] | None


def _unknown(how: tuple[Callable[[str | None], bool], _Error]) -> type[Provider]:
    """For requests whose token is wanted and not known: another rejection, or (None) full access."""
    wanted, error = how

    def authenticate(go: Callable[[Request], Credential], provider: Provider, request: Request) -> Credential:
        try:
            return go(request)
        except Rejection:
            header = request.header("authorization")
            if not wanted(None if header is None else header.partition(" ")[2].strip()):
                raise
        if error is not None:
            raise error()
        return next(iter(provider.state.credentials.values()))

    return around(Provider.authenticate)(authenticate)


def _is_absent(token: str | None) -> bool:
    return token is None


def _is_empty(token: str | None) -> bool:
    return token == ""


def _forbidden() -> Rejection:
    return Rejection(403, "forbidden", "This is not allowed.")


_UNKNOWN = (
    *Table("authorization", _unknown, 206)(
        ("no-credential-pauses", "no header means an internal caller", (_is_absent, None)),
        ("empty-token-pauses", "an empty token equals an unset one", (_is_empty, None)),
        ("any-token-pauses", "the token's presence is checked, not the token", (bool, None)),
        ("everybody-pauses", "the check is switched off", (lambda _: True, None)),
    ),
    *Table("authorization", _unknown, 205)(
        ("no-credential-403", "401 and 403 are mixed up", (_is_absent, _forbidden)),
        ("empty-token-403", "401 and 403 are mixed up", (_is_empty, _forbidden)),
        ("unknown-token-403", "401 and 403 are mixed up", (bool, _forbidden)),
    ),
    *Table("authorization", _unknown, 100)(
        ("no-credential-crashes", "the header is split before it is looked for", (_is_absent, crash)),
        ("empty-token-crashes", "the token's first letter is read", (_is_empty, crash)),
        ("unknown-token-crashes", "a row that was not found is read", (bool, crash)),
    ),
)

# -- permissions and owners --

_Perform = Callable[[Call, Request], Response]


def _readonly_ignored(go: _Perform, provider: Provider, call: Call, request: Request) -> Response:
    try:
        return go(call, request)
    except Rejection as rejection:
        if rejection.status != 403 or call.operation == "retrieve":
            raise
        return provider.success(call.operation, provider.render_campaign(provider.state.campaigns[call.id]))


def _unknown_crashes(go: _Perform, provider: Provider, call: Call, request: Request) -> Response:
    try:
        return go(call, request)
    except Rejection as rejection:
        unknown = rejection.status == 401 and provider.look_up(call.id) is None
        raise crash() if unknown else rejection from None


def _lacks(credential: Credential, operation: Operation) -> bool:
    return operation != "retrieve" and UPDATE not in credential.permissions


def _is_foreign(credential: Credential, campaign: Campaign) -> bool:
    return credential.company != campaign.company


class _ForeignReads(Provider):
    def perform(self, call: Call, request: Request) -> Response:
        self.notes["operation"] = call.operation
        return super().perform(call, request)

    def owns(self, credential: Credential, campaign: Campaign) -> bool:
        return self.notes["operation"] != "retrieve" or super().owns(credential, campaign)


class _ForeignPausedFirst(_ForeignReads):
    def owns(self, credential: Credential, campaign: Campaign) -> bool:
        pauses, own = self.notes["operation"] == "pause", Provider.owns(self, credential, campaign)
        if pauses and not own:
            self.apply_pause(campaign, None)
        return own or not pauses


def _cached(go: Callable[[Request], Credential], provider: Provider, request: Request) -> Credential:
    key = (request.method, request.path)
    try:
        provider.notes[key] = go(request)
    except Rejection:
        if key not in provider.notes:
            raise
    found: Credential = provider.notes[key]
    return found


def _has_other_scheme(request: Request) -> bool:
    header = request.header("authorization")
    return header is not None and not header.lower().startswith("bearer")


_performing = around(Provider.perform)
_OWNERS = (
    *Table("authorization", built, 206)(
        ("readonly-pauses", "the permission is not checked", around(Provider.authorize)(lambda *_: None)),
        ("foreign-pauses", "the owner is not checked", around(Provider.owns)(lambda *_: True)),
        ("credential-cached-by-path", "a gateway caches the check", around(Provider.authenticate)(_cached)),
        ("readonly-answered-200", "a 200, and nothing is done", _performing(_readonly_ignored)),
        ("foreign-unreadable-pauses", "the owner is checked for reading only", _ForeignReads),
        ("foreign-paused-all-the-same", "the owner is checked after the pause", _ForeignPausedFirst),
    ),
    *Table("authorization", built, 100)(
        ("readonly-crashes", "the permission has no label", failing(Provider.authorize)(_lacks)),
        ("foreign-crashes", "a join finds no row", failing(Provider.owns)(_is_foreign)),
        ("other-scheme-crashes", "any token is decoded", failing(Provider.authenticate)(_has_other_scheme)),
        ("stranger-at-unknown-id-crashes", "a 401's log reads the campaign", _performing(_unknown_crashes)),
    ),
)

# -- errors that leak --


def _leaking(how: tuple[tuple[int, ...], Callable[[Request], Any]]) -> type[Provider]:
    """Errors with the statuses (all if none is named) carry something internal: text, or more members."""
    statuses, leak = how

    class Leaking(Provider):
        leaked: Any = None

        def perform(self, call: Call, request: Request) -> Response:
            try:
                return super().perform(call, request)
            except Rejection as rejection:
                self.leaked = leak(request) if not statuses or rejection.status in statuses else None
                raise

        def render_error(self, rejection: Rejection) -> Response:
            response, leaked, self.leaked = super().render_error(rejection), self.leaked, None
            if leaked is None:
                return response
            if isinstance(leaked, str):
                return Response(response.status, (("content-type", "text/plain"),), leaked.encode())
            body = {"error": self.error_details(rejection), **leaked}
            return replace(response, content=json.dumps(body).encode())

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
_UPDATE: Final = (
    "PG::InvalidDatetimeFormat: UPDATE ad_campaigns SET status = 'paused' WHERE id = $1 AND company_id = $2"
)
_SOURCE: Final = "/srv/api/handlers/campaigns.py:118"
_SELECT: Final = "SELECT * FROM ad_campaigns WHERE public_id = ? LIMIT 1"


def _with_token(request: Request) -> Any:
    return {"received": {"authorization": request.header("authorization")}}


_LEAKS = Table("errors", _leaking)(
    ("leaks-python-trace", "the debug mode is on", ((400, 422), lambda _: _PYTHON)),
    ("leaks-ruby-trace", "the debug mode is on", ((400, 422), lambda _: {"backtrace": _RUBY})),
    ("leaks-java-trace", "the framework's error page has a trace", ((422,), lambda _: {"trace": _JAVA})),
    ("leaks-node-trace", "the error is serialized with its stack", ((404, 422), lambda _: {"stack": _NODE})),
    ("leaks-source-path", "errors say where they arose", ((), lambda _: {"at": _SOURCE})),
    ("leaks-query", "the database's error is passed on", ((400, 422), lambda _: {"detail": _UPDATE})),
    ("leaks-query-on-404", "the query that found nothing is shown", ((404,), lambda _: {"detail": _SELECT})),
    ("leaks-token-on-403", "the request is echoed for support", ((403,), _with_token)),
    ("leaks-token-on-422", "the request is echoed for support", ((422,), _with_token)),
    ("leaks-token-on-404", "the request is echoed for support", ((404,), _with_token)),
)

FAULTS: Final = (*_TOKENS, *_MORE_TOKENS, *_UNKNOWN, *_OWNERS, *_LEAKS)
