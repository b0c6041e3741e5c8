"""Credentials, permissions, ids and methods that are not checked closely enough; errors that leak."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from whop_contracts.exchange import Response
from whop_contracts.provider.core import Provider
from whop_contracts.provider.faults import (
    Go,
    Row,
    Table,
    around,
    both,
    built,
    condition,
    crashing,
    failing,
    stored,
)
from whop_contracts.provider.state import SEED, UPDATE, Call, Campaign, Rejection, Request, crash, fresh

# -- credentials --


def _similar(
    step: Callable[..., Any], held: Callable[[Provider], dict[str, Any]]
) -> Callable[[Callable[[str, str], bool]], type[Provider]]:
    """For a step that finds what is held under a key: also find it by a key that is only like its own."""

    def make(alike: Callable[[str, str], bool]) -> type[Provider]:
        def find(go: Go, provider: Provider, sent: str) -> Any:
            return go(sent) or next((one for key, one in held(provider).items() if alike(sent, key)), None)

        return around(step)(find)

    return make


def _unknown(row: Row) -> type[Provider]:
    """For the kinds of unknown ``credentials`` in a row: another rejection, or full access."""

    def authenticate(go: Go, provider: Provider, request: Request) -> Any:
        try:
            return go(request)
        except Rejection:
            header = request.header("authorization")
            sent = "absent" if header is None else "unknown" if header.partition(" ")[2].strip() else "empty"
            if sent not in row["credentials"]:
                raise
        match row["then"]:
            case "crash":
                raise crash()
            case "forbid":
                raise Rejection(403, "forbidden", "This is not allowed.")
        return provider.state.credentials[SEED.token]

    return around(Provider.authenticate)(authenticate)


# -- permissions and owners --


def _instead(how: Callable[[Provider, Call, Rejection], Response | None]) -> type[Provider]:
    """A response for a rejected request, where it is not None."""

    def perform(go: Go, provider: Provider, call: Call, request: Request) -> Any:
        try:
            return go(call, request)
        except Rejection as rejection:
            response = how(provider, call, rejection)
            if response is None:
                raise
            return response

    return around(Provider.perform)(perform)


def _success(provider: Provider, call: Call, rejection: Rejection) -> Response | None:
    if rejection.status != 403 or call.operation == "retrieve":
        return None
    return provider.success(call.operation, provider.render_campaign(provider.state.campaigns[call.id]))


def _crash_if_unknown(provider: Provider, call: Call, rejection: Rejection) -> Response | None:
    unknown = rejection.status == 401 and provider.look_up(call.id) is None
    return provider.render_error(crash()) if unknown else None


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


_is_foreign = failing(Provider.owns)(lambda credential, campaign: credential.company != campaign.company)
_lacks = failing(Provider.authorize)(
    lambda one, operation: operation != "retrieve" and UPDATE not in one.permissions
)
_unreadable = _owning(lambda _provider, _campaign, operation, own: own or operation != "retrieve")

# -- errors that leak --


def _leaking(row: Row) -> type[Provider]:
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


# -- ids --

_KNOWN: Final = frozenset(fresh(0.0).campaigns)


def _crashing(row: Row) -> type[Provider]:
    """Crash on an id that is what a row describes, unless it is known."""
    return failing(Provider.find_campaign)(lambda id_, _: id_ not in _KNOWN and condition(row)(id_))


def _is_well_formed(id_: str) -> bool:
    return re.fullmatch("adcamp_[A-Za-z0-9]+", id_) is not None


def _is_malformed(id_: str, _known: str = "") -> bool:
    return not _is_well_formed(id_)


def _invented(go: Go, provider: Provider, wanted: str) -> Any:
    found = go(wanted)
    if found is None and _is_well_formed(wanted):
        found = replace(copy.deepcopy(provider.state.campaigns[SEED.campaigns[0]]), id=wanted)
    return found


def _pauses_all(go: Go, provider: Provider, wanted: str) -> Any:
    found = go(wanted)
    for campaign in provider.state.campaigns.values() if found is None else ():
        if campaign.status == "active":
            provider.apply_pause(campaign, None)
    return found


def _empty(_: Provider, call: Call, rejection: Rejection) -> Response | None:
    unknown = rejection.status == 404 and call.operation == "pause" and call.id not in _KNOWN
    return Response(200, (("content-type", "application/json"),), b"{}") if unknown else None


# -- methods --


def _also(row: Row) -> type[Provider]:
    """One more method does what POST does."""
    return around(Provider.allowed_methods)(
        lambda go, _, operation: (*go(operation), row["method"]) if operation == "pause" else go(operation)
    )


_get_reads = around(Provider.route)(
    lambda go, provider, request: (
        replace(provider.locate(request.path), operation="retrieve")
        if request.method == "GET"
        else go(request)
    )
)

FAULTS: Final = (
    *stored(_leaking, "leaks"),
    *stored(_crashing, "crashing forms of ids", "crashing ids"),
    *Table("identifiers", _similar(Provider.look_up, lambda p: p.state.campaigns), 102)(
        ("any-prefix-found", "any prefix is cut off", lambda sent, known: sent.split("_")[-1] == known[7:]),
        ("id-suffix-ignored", "a fixed-width column cuts the id", lambda sent, known: sent.startswith(known)),
        ("id-prefix-found", "LIKE 'id%'", lambda sent, known: len(sent) > 9 and known.startswith(sent)),
        ("id-trimmed", "white space around an id is cut off", lambda sent, known: sent.strip() == known),
        ("any-id-of-its-length", "a hash of ids is too short", lambda sent, known: len(sent) == len(known)),
        ("malformed-id-found", "a malformed id is read as zero", _is_malformed),
    ),
    *Table("identifiers", around(Provider.look_up), 102)(
        ("unknown-id-invented", "a campaign is made from defaults", _invented),
        (
            "unknown-id-is-first",
            "the first row is taken if none is found",
            lambda go, provider, wanted: go(wanted) or provider.state.campaigns[SEED.campaigns[0]],
        ),
    ),
    *Table("identifiers", _instead, 102)(
        ("unknown-id-answered-200", "nothing found is an empty success", _empty),
    ),
    *Table("identifiers", around(Provider.look_up), 104)(
        ("unknown-id-pauses-all", "the WHERE is dropped", _pauses_all),
    ),
    *stored(_also, "methods that pause"),
    *stored(crashing(Provider.route, lambda sent: f"{sent.method} {sent.path}"), "methods that crash"),
    *Table("identifiers", built, 102)(
        ("get-reads-on-pause-route", "GET returns the campaign", _get_reads),
    ),
    *Table("authorization", _similar(Provider.find_credential, lambda p: p.state.credentials), 206)(
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
    *stored(_unknown, "accepted credentials", "forbidden credentials", "crashing credentials"),
    *Table("authorization", built, 206)(
        ("readonly-pauses", "the permission is not checked", around(Provider.authorize)(lambda *_: None)),
        ("foreign-pauses", "the owner is not checked", around(Provider.owns)(lambda *_: True)),
        ("credential-cached-by-path", "a gateway caches the check", around(Provider.authenticate)(_cached)),
        ("readonly-answered-200", "a 200, and nothing is done", _instead(_success)),
        ("foreign-unreadable-pauses", "the owner is checked for reading only", _unreadable),
        ("foreign-paused-all-the-same", "the owner is checked after the pause", _owning(_paused_first)),
    ),
    *Table("authorization", built, 100)(
        ("readonly-crashes", "the permission has no label", _lacks),
        ("foreign-crashes", "a join finds no row", _is_foreign),
        ("other-scheme-crashes", "any token is decoded", failing(Provider.authenticate)(_has_other_scheme)),
        ("stranger-at-unknown-id-crashes", "a 401's log reads the campaign", _instead(_crash_if_unknown)),
    ),
)
