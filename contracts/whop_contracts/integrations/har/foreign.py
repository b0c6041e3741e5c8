"""Recordings that are not ours: which entries are about the endpoint, when they were, and what else they
show.
"""

from __future__ import annotations

import dataclasses
import re
import urllib.parse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from whop_contracts.exchange import Exchange, Operation, Window
from whop_contracts.instants import NANO
from whop_contracts.integrations.har.entries import Entry, Log
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause.evidence import Evidence
from whop_contracts.redaction import is_secret_header
from whop_contracts.target.clocks import WallClock, to_ns
from whop_contracts.target.responses import Reply

_ROUTE: Final = re.compile(
    r"^(?P<base>https?://[^?#]*?)/ad_campaigns/(?P<campaign>[^/?#]+)(?:/(?P<action>[^/?#]+))?/?(?:[?#].*)?$"
)
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_PORTS: Final = {"http": 80, "https": 443}
_LEAST_SECRET: Final = 8
_MOST_SECRETS: Final = 64
_RECORDER_NS: Final = 300 * NANO
"""How far the recorder's clock may be from the provider's."""
_APART_NS: Final = 10 * NANO
"""How far ``updated_at`` may be from the provider's clock before the clock is doubted."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What of a file is about the endpoint.

    ``items`` are exchanges in the order of their responses; None is a write other than pause and
    unpause, after which no state is known. ``run`` is what our own writer says of its run, empty in a foreign
    file.
    """

    base_url: str
    items: tuple[Exchange | None, ...]
    notes: tuple[str, ...]
    run: Mapping[str, Any]
    ours: bool
    sha256: str
    clock: str
    unreadable: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()


def read_foreign(log: Log, digest: str, base_url: str | None) -> Recording:
    """What a file that is not ours shows of a target: that at ``base_url``, or that of its first pause."""
    routed = [one for entry in log.entries if (one := route(entry))]
    base = normalized(base_url) if base_url else likeliest(routed)
    here = sorted((one for one in routed if one.base == base), key=lambda one: one.entry.received)
    usable = [one for one in here if not one.entry.cached]
    together = overlapping(usable)
    # A read during a write proves nothing; after two writes at once no state is known.
    beside = {
        number for one in usable if one.operation == "retrieve" and (number := one.entry.number) in together
    }
    shown = [one.entry for one in usable if one.operation]
    counted = {
        "of other hosts and routes, skipped": log.others + len(log.entries) - len(here),
        "answered from a cache, skipped": len(here) - len(usable),
        "beside writes to the same campaign, skipped": len(together),
        "without a response in the recording": sum(one.response is None for one in shown),
        "without the body of the response in the recording": sum(
            one.response is not None and one.response.truncated for one in shown
        ),
        "without the body of the request in the recording": sum(
            one.operation == "pause" and not one.entry.content_known for one in usable
        ),
    }
    items, doubt = _timed([one for one in usable if one.entry.number not in beside], together)
    return Recording(
        base_url=base or "",
        items=items,
        notes=(
            *(f"{what}: {count}" for what, count in counted.items() if count),
            *describe_unreadable(log),
            *doubt,
        ),
        run={},
        ours=False,
        sha256=digest,
        clock="wall",
        unreadable=describe_unreadable(log),
        secrets=credentials(here),
    )


def describe_unreadable(log: Log) -> tuple[str, ...]:
    """A note about the entries that could not be read."""
    if not log.unreadable:
        return ()
    return (f"entries that cannot be read, skipped: {len(log.unreadable)} ({log.unreadable[0]})",)


def _timed(routed: list[Routed], together: set[int]) -> tuple[tuple[Exchange | None, ...], tuple[str, ...]]:
    """The exchanges of entries with the provider's clock, as far as it is known, and a note about it.

    An entry of ``together``, or another write than pause and unpause, is None.
    """
    clock = WallClock(time=lambda: 0.0, sleep=lambda _: None)
    items: list[Exchange | None] = []
    for one in routed:
        entry = one.entry
        if entry.number in together or one.operation is None:
            items.append(None)
            continue
        clock.learn(Reply(entry.response, entry.trouble, entry.sent, entry.received))
        exchange = entry.exchange(one.operation, one.campaign, now=clock.window(entry.sent, entry.received))
        items.append(dataclasses.replace(exchange, case=f"entry {entry.number}"))
    undated = clock.moved is None and not clock.trouble
    if undated:
        items = [item and dataclasses.replace(item, now=_recorders_time(item)) for item in items]
    trouble = clock.trouble
    if not trouble and _is_contradicted([item for item in items if item], undated=undated):
        trouble = "updated_at contradicts the time of the recording"
        items = [item and dataclasses.replace(item, now=None) for item in items]
    if trouble:
        return tuple(items), (f"time could not be checked: {trouble}",)
    note = "no Date headers: startedDateTime is the clock, with an uncertainty of 5 minutes"
    return tuple(items), (note,) if undated and any(items) else ()


def _recorders_time(exchange: Exchange) -> Window:
    return Window(to_ns(exchange.sent) - _RECORDER_NS, to_ns(exchange.received) + _RECORDER_NS)


def _is_contradicted(exchanges: Iterable[Exchange], *, undated: bool) -> bool:
    """Whether ``updated_at`` is in the future, or that of an accepted pause in the past.

    An ``updated_at`` that was seen before proves nothing, nor does the first one if there are Date headers:
    some providers do not change it.
    """
    seen: dict[str, set[int]] = {}
    for exchange in exchanges:
        now, request = exchange.now, exchange.request
        stamp = PAUSE.stamped_at(PAUSE.read_document(Evidence(exchange)))
        if stamp is None or now is None:
            continue
        known = seen.setdefault(request.campaign, set())
        new = stamp not in known and (undated or known)
        if stamp > now.end + _APART_NS:
            return True
        if new and request.operation == "pause" and stamp < now.start - _APART_NS:
            return True
        known.add(stamp)
    return False


# -- which entries are about the endpoint ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Routed:
    """An entry, the base URL before ``/ad_campaigns``, the campaign, and the documented operation; None for
    another request that writes to a campaign.
    """

    entry: Entry
    base: str
    campaign: str
    operation: Operation | None


def route(entry: Entry) -> Routed | None:
    """The documented operation that an entry is, or a write of another kind; None if it is neither."""
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
    return Routed(entry, normalized(match["base"]), match["campaign"], operation)


def normalized(base_url: str) -> str:
    """A base URL with scheme and host in lower case, without the scheme's own port and a slash at its end."""
    try:
        parts = urllib.parse.urlsplit(base_url)
        port = "" if parts.port in (None, _PORTS.get(parts.scheme)) else f":{parts.port}"
    except ValueError:
        return base_url
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return f"{parts.scheme}://{host}{port}{parts.path.rstrip('/')}"


def likeliest(routed: Sequence[Routed]) -> str | None:
    """The base URL of the first pause; if there is none, that of the first read."""
    first = {one.operation: one.base for one in reversed(routed)}
    return first.get("pause") or first.get("retrieve")


def overlapping(routed: Sequence[Routed]) -> set[int]:
    """The numbers of the exchanges during which something else wrote to the same campaign."""
    writes = [one for one in routed if one.operation != "retrieve"]
    return {
        one.entry.number
        for one in routed
        if any(
            other is not one and other.campaign == one.campaign and _together(one.entry, other.entry)
            for other in writes
        )
    }


def _together(one: Entry, other: Entry) -> bool:
    return one.sent < other.received and other.sent < one.received


def credentials(routed: Iterable[Routed]) -> tuple[str, ...]:
    """The credentials that a foreign recording holds."""
    headers = (header for one in routed for header in one.entry.headers)
    values = (value.rpartition(" ")[2] for name, value in headers if is_secret_header(name))
    return tuple(dict.fromkeys(value for value in values if len(value) >= _LEAST_SECRET))[:_MOST_SECRETS]
