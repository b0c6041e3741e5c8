"""Ids that are found although no campaign has them, crash, or reach another campaign; methods that act."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from whop_contracts.exchange import Response
from whop_contracts.provider.core import Provider
from whop_contracts.provider.faults.invalid_dates import matches
from whop_contracts.provider.faults.making import Go, Table, around, failing, instead, rows
from whop_contracts.provider.state import SEED, Call, Campaign, Rejection, Request, crash

# -- ids --

_KNOWN: Final = frozenset(
    {*SEED.campaigns, SEED.inactive, SEED.stale, SEED.paused, SEED.paused_indefinitely, SEED.foreign_campaign}
)


def _crashing(wanted: Callable[[str], bool]) -> type[Provider]:
    """Crash on an id that is wanted, unless it is known."""
    return failing(Provider.find_campaign)(lambda id_, _: wanted(id_) and id_ not in _KNOWN)


def _crashing_on_pattern(row: dict[str, Any]) -> type[Provider]:
    return _crashing(matches(row["pattern"]))


def _finding(alike: Callable[[str, str], bool]) -> type[Provider]:
    """Find a campaign by an id that is only like its own: from what was sent and the known one."""

    def look_up(go: Go, provider: Provider, wanted: str) -> Any:
        every = provider.state.campaigns.values()
        return go(wanted) or next((one for one in every if alike(wanted, one.id)), None)

    return around(Provider.look_up)(look_up)


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
_IDS = (
    *Table("identifiers", _crashing, 100)(
        ("unknown-id-crashes", "a row that was not found is read", _is_well_formed),
        ("malformed-id-crashes", "the id is decoded before it is checked", _is_malformed),
        ("wrong-prefix-crashes", "a table of prefixes", lambda v: "_" in v and not v.startswith("adcamp_")),
        ("recased-id-crashes", "only the look-up ignores case", lambda v: v.lower() in _RECASED),
        ("bare-prefix-crashes", "the part after the prefix is read", lambda v: v.rstrip("_") == "adcamp"),
    ),
    *Table("identifiers", _finding, 102)(
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
    *Table("values", _crashing_on_pattern, 100)(*rows("crashing ids")),
)

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


_WRONG_METHODS = (
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

FAULTS: Final = (*_IDS, *_WRONG_METHODS)
