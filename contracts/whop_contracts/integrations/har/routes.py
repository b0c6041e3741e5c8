"""Which entries of a foreign recording are about the endpoint, and what in them decides nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, cast

from whop_contracts.exchange import Operation
from whop_contracts.integrations.har.entries import Entry

_ROUTE: Final = re.compile(
    r"^(?P<base>https?://[^?#]*?)/ad_campaigns/(?P<campaign>[^/?#]+)(?:/(?P<action>[^/?#]+))?/?(?:[?#].*)?$"
)
CONCERNS: Final = re.compile(r"/ad_campaigns/")
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_NOT_MODIFIED: Final = 304
_LEAST_SECRET: Final = 8
_MOST_SECRETS: Final = 64
_CREDENTIALS: Final = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key"})


@dataclass(frozen=True, slots=True)
class Routed:
    """An entry, the base URL before ``/ad_campaigns``, the campaign, and the documented operation."""

    entry: Entry
    base: str
    campaign: str
    operation: Operation | None
    """None for what writes to a campaign in another way."""


def route(entry: Entry) -> Routed | None:
    """The documented operation that an entry is, or a write of another kind; None where it is neither."""
    match = _ROUTE.match(entry.url)
    if match is None:
        return None
    action, operation = match["action"], cast("Operation | None", None)
    if action == "pause" and entry.method not in {"OPTIONS", "HEAD", "TRACE"}:
        operation = "pause"
    elif action == "unpause" and entry.method == "POST":
        operation = "unpause"
    elif action is None and entry.method == "GET":
        operation = "retrieve"
    elif entry.method in _READING:
        return None
    return Routed(entry, match["base"], match["campaign"], operation)


def likeliest(routed: list[Routed]) -> str | None:
    """The base URL of the first pause; without one that of the first read."""
    for operation in ("pause", "retrieve"):
        for one in routed:
            if one.operation == operation:
                return one.base
    return None


def cached(entry: Entry) -> bool:
    """Whether the answer is not the provider's, or only says that a cached one still holds."""
    from_cache = entry.custom.get("_fromCache") or entry.custom.get("_fromServiceWorker")
    return bool(from_cache) or (entry.response is not None and entry.response.status == _NOT_MODIFIED)


@dataclass(frozen=True, slots=True)
class Overlaps:
    """What was under way together, by number: ``tangled`` writes to one campaign, and ``beside``, the reads during a write."""

    tangled: frozenset[int]
    beside: frozenset[int]


def overlaps_of(routed: Sequence[Routed]) -> Overlaps:
    """Which exchanges about the same campaign were under way together."""
    tangled: set[int] = set()
    beside: set[int] = set()
    for campaign in {one.campaign for one in routed}:
        ours = [one for one in routed if one.campaign == campaign]
        for write in (one for one in ours if one.operation != "retrieve"):
            for other in ours:
                if other is write or not _together(write.entry, other.entry):
                    continue
                if other.operation == "retrieve":
                    beside.add(other.entry.number)
                else:
                    tangled.add(write.entry.number)
    return Overlaps(frozenset(tangled), frozenset(beside))


def _together(one: Entry, other: Entry) -> bool:
    return one.sent < other.received and other.sent < one.received


def credentials(routed: list[Routed]) -> tuple[str, ...]:
    """The credentials that a foreign recording holds."""

    def found() -> Iterator[str]:
        for one in routed:
            for name, value in one.entry.headers:
                if name.lower() in _CREDENTIALS:
                    yield value.rpartition(" ")[2]

    return tuple(dict.fromkeys(v for v in found() if len(v) >= _LEAST_SECRET))[:_MOST_SECRETS]
