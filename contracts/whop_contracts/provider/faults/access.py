"""Credentials, permissions, ids and methods that are not checked closely enough; errors that leak."""

from __future__ import annotations

import contextlib
import copy
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from whop_contracts.exchange import Request
from whop_contracts.provider.core import Provider
from whop_contracts.provider.faults import Faulty, Row, coded, condition, stored
from whop_contracts.provider.faults.steps import Go, around, by_row, rejected
from whop_contracts.provider.faults.values import on_value
from whop_contracts.provider.state import SEED, Campaign, Credential, Rejection

_ALIKE: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "id-prefix-found": lambda sent, known: len(sent) > 9 and known.startswith(sent),
    "any-id-of-its-length": lambda sent, known: len(sent) == len(known),
    "token-start-is-enough": lambda sent, known: len(sent) > 12 and known.startswith(sent),
    "token-in-any-case": lambda sent, known: sent.lower() == known.lower(),
    "token-comma-joined": lambda sent, known: known in sent.split(","),
    "token-contained": lambda sent, known: known in sent,
    "token-length-compared": lambda sent, known: len(sent) == len(known) and sent[:3] == known[:3],
}
"""Whether a key that was sent is like a known one."""


def _similar(step: Go, held: str, row: Row) -> Faulty:
    """Find what is held under a key also by one that is like it: what ``compared`` finds in both is equal."""

    def alike(sent: str, known: str) -> bool:
        one, other = ("".join(re.findall(row["compared"], text)) for text in (sent, known))
        return one == other != ""

    def find(go: Go, provider: Provider, sent: str) -> Any:
        holds, kept = _ALIKE.get(row["name"], alike), getattr(provider.state, held)
        return go(sent) or next((one for key, one in kept.items() if holds(sent, key)), None)

    return around(step)(find)


def _cached(go: Go, provider: Provider, request: Request) -> Any:
    key = (request.method, request.url)
    with contextlib.suppress(Rejection):
        provider.notes[key] = go(request)
    return provider.notes[key] if key in provider.notes else go(request)


def _after_the_pause(go: Go, provider: Provider, who: Credential, one: Campaign, request: Request) -> Any:
    own = request.operation != "pause" or go(who, one, request)
    if not own:
        provider.apply_pause(one, None)
    return own


@by_row(Provider.reject)
def _leaking(row: Row, go: Go, _: Provider, request: Request, rejection: Rejection) -> Any:
    """Errors with one of the ``statuses`` leak the row's ``text``, ``members``, or headers to ``echo``."""
    response = go(request, rejection)
    if rejection.status not in row["statuses"]:
        return response
    if "text" in row:
        return replace(response, headers=(("content-type", "text/plain"),), content=row["text"].encode())
    leaked = row.get("members") or {"received": {name: request.header(name) for name in row["echo"]}}
    return replace(response, content=json.dumps(json.loads(response.content) | leaked).encode())


@by_row(Provider.look_up)
def _found(row: Row, go: Go, provider: Provider, wanted: str) -> Any:
    """For an unknown id that is what a row describes find the first campaign, or a copy with that id."""
    first = provider.state.campaigns[SEED.campaigns[0]]
    if wanted in provider.state.campaigns or not condition(row)(wanted):
        return go(wanted)
    return replace(copy.deepcopy(first), id=wanted) if "copied" in row else first


@by_row(Provider.allowed_methods)
def _also(row: Row, go: Go, _: Provider, request: Request) -> Any:
    """One more method does what POST does."""
    return (*go(request), row["method"]) if request.operation == "pause" else go(request)


_CODED: Final[Mapping[str, Faulty]] = {
    "get-reads-on-pause-route": around(Provider.check_method)(
        lambda go, _, sent: replace(sent, operation="retrieve") if sent.method == "GET" else go(sent)
    ),
    "readonly-pauses": around(Provider.authorize)(lambda *_: None),
    "foreign-pauses": around(Provider.owns)(lambda *_: True),
    "credential-cached-by-path": around(Provider.authenticate)(_cached),
    "foreign-unreadable-pauses": around(Provider.owns)(
        lambda go, _, who, one, request: request.operation != "retrieve" or go(who, one, request)
    ),
    "foreign-paused-all-the-same": around(Provider.owns)(_after_the_pause),
}
_UNKNOWN: Final = {"statuses": [404], "known": False, "then": "crash"}

FAULTS: Final = (
    *stored(_leaking, "leaks"),
    *stored(lambda row: rejected(row | _UNKNOWN), "crashing forms of ids", "crashing ids"),
    *stored(lambda row: _similar(Provider.look_up, "campaigns", row), "parts of ids"),
    *stored(_found, "ids that are found"),
    *stored(rejected, "empty successes", "successes for readers", "crashes for strangers"),
    *stored(_also, "methods that pause"),
    *stored(on_value(Provider.check_method, of="{0.method} {0.url}".format), "methods that crash"),
    *stored(coded(_CODED), "methods that read"),
    *stored(lambda row: _similar(Provider.find_credential, "credentials", row), "parts of tokens"),
    *stored(on_value(Provider.authenticate, of=lambda sent: sent.header("authorization")), "other schemes"),
    *stored(rejected, "accepted credentials", "forbidden credentials", "crashing credentials"),
    *stored(coded(_CODED), "permissions"),
    *stored(rejected, "crashes without permission"),
)
