"""Credentials and permissions that are not checked closely enough, and errors that leak internals."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from whop_contracts.exchange import Response
from whop_contracts.provider.core import Provider
from whop_contracts.provider.faults.making import Go, Table, around, both, built, failing, instead, rows
from whop_contracts.provider.state import UPDATE, Call, Campaign, Rejection, Request, crash

# -- tokens --


def _passing(passes: Callable[[str, str], bool]) -> type[Provider]:
    """Accept a token that passes for a known one: from what was sent and the known one."""

    def find(go: Go, provider: Provider, token: str) -> Any:
        known = provider.state.credentials
        return go(token) or next((one for key, one in known.items() if passes(token, key)), None)

    return around(Provider.find_credential)(find)


def _unknown(error: Callable[[], Rejection] | None) -> Callable[[dict[str, Any]], type[Provider]]:
    """For the kinds of unknown ``credentials`` in a row: another rejection, or (None) full access."""

    def make(row: dict[str, Any]) -> type[Provider]:
        def authenticate(go: Go, provider: Provider, request: Request) -> Any:
            try:
                return go(request)
            except Rejection:
                header = request.header("authorization")
                sent = (
                    "absent" if header is None else "unknown" if header.partition(" ")[2].strip() else "empty"
                )
                if sent not in row["credentials"]:
                    raise
            if error is not None:
                raise error()
            return next(iter(provider.state.credentials.values()))

        return around(Provider.authenticate)(authenticate)

    return make


def _forbidden() -> Rejection:
    return Rejection(403, "forbidden", "This is not allowed.")


_TOKENS = (
    *Table("authorization", _passing, 206)(
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
        ("token-first-word-compared", "the header is split", lambda sent, key: sent.split()[:1] == [key]),
        ("token-comma-joined", "a proxy joins two headers", lambda sent, key: key in sent.split(",")),
        ("token-in-quotes", "quotes are removed as from a parameter", lambda v, key: v.strip("\"'") == key),
        ("token-last-four-ignored", "the hash reads 31 bytes", lambda sent, key: sent[:31] == key[:31]),
        ("token-start-ignored", "tokens are found by their last letters", lambda v, key: v[8:] == key[8:]),
        ("token-symbols-ignored", "a lenient decoder", lambda sent, key: re.sub(r"\W", "", sent) == key),
        ("token-contained", "the token is searched in the header", lambda sent, key: key in sent),
    ),
    *Table("authorization", _unknown(None), 206)(*rows("accepted credentials")),
    *Table("authorization", _unknown(_forbidden), 205)(*rows("forbidden credentials")),
    *Table("authorization", _unknown(crash), 100)(*rows("crashing credentials")),
)

# -- permissions and owners --


def _success(provider: Provider, call: Call, rejection: Rejection) -> Response | None:
    if rejection.status != 403 or call.operation == "retrieve":
        return None
    return provider.success(call.operation, provider.render_campaign(provider.state.campaigns[call.id]))


def _crash_if_unknown(provider: Provider, call: Call, rejection: Rejection) -> Rejection | None:
    return crash() if rejection.status == 401 and provider.look_up(call.id) is None else None


def _owning(how: Callable[[Provider, Campaign, str, bool], bool]) -> type[Provider]:
    """Another owner: from the provider, the campaign, the operation, and whether it is the real one."""

    def perform(go: Go, provider: Provider, call: Call, request: Request) -> Any:
        provider.notes["operation"] = call.operation
        return go(call, request)

    return both(
        around(Provider.perform)(perform),
        around(Provider.owns)(lambda go, p, one, of: how(p, of, p.notes["operation"], go(one, of))),
    )


def _paused_first(provider: Provider, campaign: Campaign, operation: str, own: bool) -> bool:  # noqa: FBT001
    if operation == "pause" and not own:
        provider.apply_pause(campaign, None)
    return own or operation != "pause"


def _cached(go: Go, provider: Provider, request: Request) -> Any:
    key = (request.method, request.path)
    try:
        provider.notes[key] = go(request)
    except Rejection:
        if key not in provider.notes:
            raise
    return provider.notes[key]


def _has_other_scheme(request: Request) -> bool:
    header = request.header("authorization")
    return header is not None and not header.lower().startswith("bearer")


_OWNERS = (
    *Table("authorization", built, 206)(
        ("readonly-pauses", "the permission is not checked", around(Provider.authorize)(lambda *_: None)),
        ("foreign-pauses", "the owner is not checked", around(Provider.owns)(lambda *_: True)),
        ("credential-cached-by-path", "a gateway caches the check", around(Provider.authenticate)(_cached)),
        ("readonly-answered-200", "a 200, and nothing is done", instead(_success)),
    ),
    *Table("authorization", _owning, 206)(
        (
            "foreign-unreadable-pauses",
            "the owner is checked for reading only",
            lambda _, _campaign, operation, own: own or operation != "retrieve",
        ),
        ("foreign-paused-all-the-same", "the owner is checked after the pause", _paused_first),
    ),
    *Table("authorization", failing(Provider.authorize), 100)(
        (
            "readonly-crashes",
            "the permission has no label",
            lambda credential, operation: operation != "retrieve" and UPDATE not in credential.permissions,
        ),
    ),
    *Table("authorization", failing(Provider.owns), 100)(
        ("foreign-crashes", "a join finds no row", lambda one, campaign: one.company != campaign.company),
    ),
    *Table("authorization", failing(Provider.authenticate), 100)(
        ("other-scheme-crashes", "any token is decoded", _has_other_scheme),
    ),
    *Table("authorization", instead, 100)(
        ("stranger-at-unknown-id-crashes", "a 401's log reads the campaign", _crash_if_unknown),
    ),
)

# -- errors that leak --


def _leaking(row: dict[str, Any]) -> type[Provider]:
    """Errors with the row's ``statuses`` (all if there are none) leak ``text``, ``members``, or a header."""

    class Leaking(Provider):
        leaked: Any = None

        def after_rejection(self, request: Request, call: Call | None, rejection: Rejection) -> None:
            leaked = row.get("text") or row.get("members")
            if "echo" in row:
                leaked = {"received": {row["echo"]: request.header(row["echo"])}}
            wanted = call is not None and rejection.status in (row["statuses"] or [rejection.status])
            self.leaked = leaked if wanted else None

        def render_error(self, rejection: Rejection) -> Response:
            response, leaked, self.leaked = super().render_error(rejection), self.leaked, None
            if leaked is None:
                return response
            if isinstance(leaked, str):
                return Response(response.status, (("content-type", "text/plain"),), leaked.encode())
            body = {"error": self.error_details(rejection), **leaked}
            return replace(response, content=json.dumps(body).encode())

    return Leaking


_LEAKS = Table("errors", _leaking)(*rows("leaks"))

FAULTS: Final = (*_TOKENS, *_OWNERS, *_LEAKS)
