"""Recordings that are not ours: which entries are about the target, and when they were.

The file is read to find the entries, to learn the provider's clock, and to check the entries.
"""

from __future__ import annotations

import dataclasses
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import Any, Final

from whop_contracts.exchange import Exchange, Window
from whop_contracts.instants import NANO
from whop_contracts.integrations.har.entries import normalized
from whop_contracts.integrations.har.log import LACKING, Log, Row
from whop_contracts.pause.contract import PAUSE
from whop_contracts.pause.evidence import Evidence
from whop_contracts.target.clocks import WallClock, to_ns
from whop_contracts.target.responses import Reply

_RECORDER_NS: Final = 300 * NANO
"""How far the recorder's clock may be from the provider's."""
_APART_NS: Final = 10 * NANO
"""How far ``updated_at`` may be from the provider's clock before the clock is doubted."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What of a file is about the endpoint.

    ``items``, which can be read once, are exchanges in the order of their responses; None is a write other
    than pause and unpause, after which no state is known. ``run`` is what our own writer says of its run,
    empty in a foreign file.
    """

    base_url: str
    items: Iterator[Exchange | None]
    notes: tuple[str, ...]
    run: Mapping[str, Any]
    ours: bool
    sha256: str
    clock: str
    unreadable: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()


def read_foreign(log: Log, base_url: str | None) -> Recording:
    """What a file that is not ours shows of a target: that at ``base_url``, or that of its first pause."""
    base = normalized(base_url) if base_url else likeliest(log.rows)
    here = sorted((row for row in log.rows if row.base == base), key=lambda row: row.received)
    usable = [row for row in here if not row.cached]
    together = overlapping(usable)
    counted = {
        "of other hosts and routes, skipped": log.count - log.skipped - len(here),
        "answered from a cache, skipped": len(here) - len(usable),
        "beside writes to the same campaign, skipped": len(together),
        **dict.fromkeys(LACKING, 0),
        **Counter(what for row in usable for what in row.lacks),
    }
    timed = partial(_timed, log, usable, together)
    clock = _clock()
    undated = not any(clock.moved or clock.trouble for _ in timed(clock))
    clock = _clock()
    contradicted = _is_contradicted(timed(clock, undated=undated), undated=undated)
    trouble = clock.trouble or (contradicted and "updated_at contradicts the time of the recording")
    doubt = [f"time could not be checked: {trouble}"] if trouble else []
    if undated and not trouble and any(timed(_clock())):
        doubt = ["no Date headers: startedDateTime is the clock, with an uncertainty of 5 minutes"]
    return Recording(
        base_url=base or "",
        items=timed(_clock(), undated=undated, unknown=bool(trouble)),
        notes=(*(f"{what}: {count}" for what, count in counted.items() if count), *log.unreadable, *doubt),
        run={},
        ours=False,
        sha256=log.sha256,
        clock="wall",
        unreadable=log.unreadable,
        secrets=tuple(log.secrets.get(base or "", ())),
    )


def _clock() -> WallClock:
    return WallClock(time=lambda: 0.0, sleep=lambda _: None)


def _timed(
    log: Log,
    rows: Sequence[Row],
    together: set[int],
    clock: WallClock,
    *,
    undated: bool = False,
    unknown: bool = False,
) -> Iterator[Exchange | None]:
    """The exchanges of rows with the provider's time: that of ``clock``, which learns from each; if the
    responses are ``undated`` the recorder's; or ``unknown``.

    A write of ``together``, or another than pause and unpause, is None: after it no state is known. A read
    during a write proves nothing and is left out.
    """
    kept = [row for row in rows if row.operation != "retrieve" or row.number not in together]
    for row, exchange in zip(kept, log.entries(kept), strict=True):
        if row.operation is None or row.number in together:
            yield None
            continue
        sent, received = row.sent, row.received
        clock.learn(Reply(exchange.response, exchange.trouble, sent, received))
        now = clock.window(sent, received)
        if undated:
            now = Window(to_ns(sent) - _RECORDER_NS, to_ns(received) + _RECORDER_NS)
        yield dataclasses.replace(exchange, now=None if unknown else now, case=f"entry {row.number}")


def _is_contradicted(exchanges: Iterable[Exchange | None], *, undated: bool) -> bool:
    """Whether ``updated_at`` is in the future, or that of an accepted pause in the past.

    An ``updated_at`` that was seen before proves nothing, nor does the first one if there are Date headers:
    some providers do not change it.
    """
    contradicted = False
    seen: dict[str, set[int]] = defaultdict(set)
    for exchange in filter(None, exchanges):
        now, request = exchange.now, exchange.request
        stamp = PAUSE.stamped_at(PAUSE.read_document(Evidence(exchange)))
        if stamp is None or now is None:
            continue
        known = seen[request.campaign]
        early = request.operation == "pause" and stamp < now.start - _APART_NS
        new = stamp not in known and (undated or known)
        contradicted |= stamp > now.end + _APART_NS or bool(new and early)
        known.add(stamp)
    return contradicted


def likeliest(rows: Iterable[Row]) -> str | None:
    """The base URL of the first pause; if there is none, that of the first read."""
    first: dict[str | None, str | None] = {}
    for row in rows:
        first.setdefault(row.operation, row.base)
    return first.get("pause") or first.get("retrieve")


def overlapping(rows: Iterable[Row]) -> set[int]:
    """The numbers of the exchanges during which something else wrote to the same campaign."""
    campaigns: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        campaigns[row.campaign].append(row)
    found: set[int] = set()
    for mine in campaigns.values():
        writes = sorted((row for row in mine if row.operation != "retrieve"), key=lambda row: row.sent)
        sent = [row.sent for row in writes]
        # Of the writes up to each of them, the two that were over last: one of them may be the row itself.
        none: tuple[Row, ...] = ()
        last = list(accumulate(writes, _last, initial=none))
        for row in mine:
            before = last[bisect_left(sent, row.received)]
            if any(one is not row and row.sent < one.received for one in before):
                found.add(row.number)
    return found


def _last(two: tuple[Row, ...], one: Row) -> tuple[Row, ...]:
    return tuple(sorted((*two, one), key=lambda row: row.received)[-2:])
