"""Credentials, permissions, ids and methods that are not checked closely enough."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from whop_contracts.exchange import Response
from whop_contracts.provider.core import Provider
from whop_contracts.provider.faults import Go, Table, around, both, built, by_pattern, failing, instead, rows
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


_is_foreign = failing(Provider.owns)(lambda credential, campaign: credential.company != campaign.company)
_lacks = failing(Provider.authorize)(
    lambda one, operation: operation != "retrieve" and UPDATE not in one.permissions
)
_unreadable = _owning(lambda _provider, _campaign, operation, own: own or operation != "retrieve")

# -- ids --

_KNOWN: Final = frozenset(fresh(0.0).campaigns)


def _crashing(wanted: Callable[[str], bool]) -> type[Provider]:
    """Crash on an id that is wanted, unless it is known."""
    return failing(Provider.find_campaign)(lambda id_, _: wanted(id_) and id_ not in _KNOWN)


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


_RECASED: Final = frozenset(one.lower() for one in SEED.campaigns)

# -- methods --

_METHODS: Final = ("GET", "PUT", "PATCH", "DELETE")


def _also(method: str) -> type[Provider]:
    """One more method does what POST does."""
    return around(Provider.allowed_methods)(
        lambda go, _, operation: (*go(operation), method) if operation == "pause" else go(operation)
    )


def _meeting(how: tuple[str, Callable[[Provider, Campaign | None], Response]]) -> type[Provider]:
    """One method on the pause route gets another response than a 405."""
    method, meet = how

    def respond(go: Callable[[Request], Response], provider: Provider, request: Request) -> Response:
        if request.method == method:
            try:
                call = provider.locate(request.path)
            except Rejection as rejection:
                return provider.render_error(rejection)
            if call.operation == "pause":
                return meet(provider, provider.state.campaigns.get(call.id))
        return go(request)

    return around(Provider.respond)(respond)


def _shown(provider: Provider, campaign: Campaign | None) -> Response:
    if campaign is None:
        return provider.render_error(Rejection(404, "not_found", "There is no such ad campaign."))
    return provider.success("retrieve", provider.render_campaign(campaign))


def _crashed(provider: Provider, _campaign: Campaign | None) -> Response:
    return provider.render_error(crash())


def _toggled(provider: Provider, campaign: Campaign | None) -> Response:
    if campaign is not None and campaign.status == "paused":
        provider.apply_unpause(campaign)
    elif campaign is not None and campaign.status == "active":
        provider.apply_pause(campaign, None)
    return provider.render_error(Rejection(405, "method_not_allowed", "No.", (("allow", "POST"),)))


ADDRESSES: Final = (
    *Table("identifiers", _crashing, 100)(
        ("unknown-id-crashes", "a row that was not found is read", _is_well_formed),
        ("malformed-id-crashes", "the id is decoded before it is checked", _is_malformed),
        ("wrong-prefix-crashes", "a table of prefixes", lambda v: "_" in v and not v.startswith("adcamp_")),
        ("recased-id-crashes", "only the look-up ignores case", lambda v: v.lower() in _RECASED),
        ("bare-prefix-crashes", "the part after the prefix is read", lambda v: v.rstrip("_") == "adcamp"),
    ),
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
    *Table("identifiers", instead, 102)(
        ("unknown-id-answered-200", "nothing found is an empty success", _empty),
    ),
    *Table("identifiers", around(Provider.look_up), 104)(
        ("unknown-id-pauses-all", "the WHERE is dropped", _pauses_all),
    ),
    *Table("values", by_pattern(_crashing), 100)(*rows("crashing ids")),
    *Table("identifiers", _also, 102)(
        *((f"{one.lower()}-pauses", f"{one} is routed to the same handler", one) for one in _METHODS)
    ),
    *Table("identifiers", _meeting, 100)(
        *((f"{one.lower()}-crashes", f"{one} has no handler", (one, _crashed)) for one in _METHODS)
    ),
    *Table("identifiers", _meeting, 102)(
        ("get-reads-on-pause-route", "GET returns the campaign", ("GET", _shown)),
    ),
    *Table("identifiers", _meeting, 104)(
        ("delete-acts-and-405", "DELETE acts and gets a 405", ("DELETE", _toggled)),
        ("put-acts-and-405", "PUT acts and gets a 405", ("PUT", _toggled)),
    ),
)

FAULTS: Final = (
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
    *Table("authorization", _unknown(None), 206)(*rows("accepted credentials")),
    *Table("authorization", _unknown(_forbidden), 205)(*rows("forbidden credentials")),
    *Table("authorization", _unknown(crash), 100)(*rows("crashing credentials")),
    *Table("authorization", built, 206)(
        ("readonly-pauses", "the permission is not checked", around(Provider.authorize)(lambda *_: None)),
        ("foreign-pauses", "the owner is not checked", around(Provider.owns)(lambda *_: True)),
        ("credential-cached-by-path", "a gateway caches the check", around(Provider.authenticate)(_cached)),
        ("readonly-answered-200", "a 200, and nothing is done", instead(_success)),
        ("foreign-unreadable-pauses", "the owner is checked for reading only", _unreadable),
        ("foreign-paused-all-the-same", "the owner is checked after the pause", _owning(_paused_first)),
    ),
    *Table("authorization", built, 100)(
        ("readonly-crashes", "the permission has no label", _lacks),
        ("foreign-crashes", "a join finds no row", _is_foreign),
        ("other-scheme-crashes", "any token is decoded", failing(Provider.authenticate)(_has_other_scheme)),
        ("stranger-at-unknown-id-crashes", "a 401's log reads the campaign", instead(_crash_if_unknown)),
    ),
)
