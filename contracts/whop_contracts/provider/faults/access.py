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
    after,
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


def _compared(row: Row) -> Callable[[str, str], bool]:
    """Two keys are alike if what a pattern finds in them is equal."""

    def alike(sent: str, key: str) -> bool:
        one, other = ("".join(re.findall(row["compared"], text)) for text in (sent, key))
        return one == other != ""

    return alike


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


def _has_format(sent: str, key: str) -> bool:
    return len(sent) == len(key) and sent[:3] == key[:3]


_like_a_token = _similar(Provider.find_credential, lambda provider: provider.state.credentials)
_like_a_campaign = _similar(Provider.look_up, lambda provider: provider.state.campaigns)

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
    """Errors with the row's ``statuses`` (all if there are none) leak ``text``, ``members``, or headers."""

    def note(provider: Provider, request: Request, call: Call | None, rejection: Rejection) -> None:
        wanted = call is not None and rejection.status in (row["statuses"] or [rejection.status])
        echoed = {"received": {name: request.header(name) for name in row.get("echo", ())}}
        provider.notes["leaked"] = (row.get("text") or row.get("members") or echoed) if wanted else None

    def render(go: Go, provider: Provider, rejection: Rejection) -> Any:
        response, leaked = go(rejection), provider.notes.pop("leaked", None)
        if isinstance(leaked, str):
            return Response(rejection.status, (("content-type", "text/plain"),), leaked.encode())
        return replace(response, content=json.dumps(json.loads(response.content) | (leaked or {})).encode())

    return both(after(Provider.after_rejection)(note), around(Provider.render_error)(render))


# -- ids --

_KNOWN: Final = frozenset(fresh(0.0).campaigns)


def _crashing(row: Row) -> type[Provider]:
    """Crash on an id that is what a row describes, unless it is known."""
    return failing(Provider.find_campaign)(lambda id_, _: id_ not in _KNOWN and condition(row)(id_))


def _found(row: Row) -> type[Provider]:
    """For an unknown id that is what a row describes find the first campaign, or a copy with that id."""

    def look_up(go: Go, provider: Provider, wanted: str) -> Any:
        first = provider.state.campaigns[SEED.campaigns[0]]
        if wanted in provider.state.campaigns or not condition(row)(wanted):
            return go(wanted)
        return replace(copy.deepcopy(first), id=wanted) if "copied" in row else first

    return around(Provider.look_up)(look_up)


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
    *stored(lambda row: _like_a_campaign(_compared(row)), "parts of ids"),
    *Table("identifiers", _like_a_campaign, 102)(
        ("id-prefix-found", "LIKE 'id%'", lambda sent, known: len(sent) > 9 and known.startswith(sent)),
        ("any-id-of-its-length", "a hash of ids is too short", lambda sent, known: len(sent) == len(known)),
    ),
    *stored(_found, "ids that are found"),
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
    *stored(lambda row: _like_a_token(_compared(row)), "parts of tokens"),
    *Table("authorization", _like_a_token, 206)(
        ("token-start-is-enough", "LIKE 'token%'", lambda sent, key: len(sent) > 12 and key.startswith(sent)),
        ("token-in-any-case", "the collation ignores case", lambda sent, key: sent.lower() == key.lower()),
        ("token-comma-joined", "a proxy joins two headers", lambda sent, key: key in sent.split(",")),
        ("token-contained", "the token is searched in the header", lambda sent, key: key in sent),
        ("token-length-compared", "a format check replaces the look-up", _has_format),
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
