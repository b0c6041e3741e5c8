"""One campaign in the course of a run: the states that it may be in, and why."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from whop_contracts.exchange import Exchange, Window
from whop_contracts.instants import NANO, loose_instants
from whop_contracts.pause.evidence import ACTIVE, Documents, Evidence, Possible, Resume, State
from whop_contracts.pause.oracle import blame
from whop_contracts.pause.oracle.states import LAG, Effect, after, elapse, observe
from whop_contracts.pause.request_classes import CREDENTIAL

_REMEMBERED: Final = 2_000
"""How many earlier states are kept: more than one client can leave within the time that a read may lag."""
PROMPT: Final = 5.0
"""Seconds of lateness from which a resume only warns."""
_LATE: Final = int((PROMPT + LAG) * NANO)


@dataclass(slots=True)
class Campaign:
    """What is known of one campaign.

    ``states`` are the possible states as the last write or read left them, before any time passed.
    ``causes`` are the ids of the clauses that the writes since the last read are checked by, the last one
    first; ``doubtful`` says that the last write may not have taken effect. ``confirmed`` is when a read last
    settled the state. ``older`` are the states that a lagging read may still show, each with when it was
    replaced, in seconds of the sender's clock and nanoseconds of the provider's. ``cancelled`` are the dates
    of pauses that were replaced or ended, sorted.
    """

    states: Possible = None
    causes: tuple[str, ...] = ()
    doubtful: bool = False
    confirmed: Window | None = None
    older: list[tuple[Possible, float, int | None]] = field(default_factory=list)
    cancelled: list[int] = field(default_factory=list)
    documents: Documents = field(default_factory=Documents)

    # -- changes ------------------------------------------------------------------------------------------

    def act(self, evidence: Evidence, effect: Effect) -> None:
        """Take in a write."""
        exchange = evidence.exchange
        past = evidence.request_class == "past"
        if effect.applied != "no":
            self.replace(evidence.before, exchange.received, exchange.now.end if exchange.now else None)
            for state in evidence.before or ():
                if state.until is not None and state.status == "paused":
                    self.cancel(state.until)
            self.doubtful = effect.applied == "maybe"
            self.states = after(evidence.before, effect)
            written = blame.UNPAUSED if exchange.request.operation == "unpause" else blame.STORED
            self.causes = (blame.PAST if past else written,)
        elif exchange.request.operation != "unpause":
            refused = blame.UNCHANGED_BY_OTHERS if evidence.request_class in CREDENTIAL else blame.UNCHANGED
            self.causes = (refused, blame.PAST) if past or blame.PAST in self.causes else (refused,)

    def replace(self, states: Possible, at: float, at_ns: int | None) -> None:
        """Keep ``states``, which were replaced at ``at``, for reads that lag."""
        self.older.append((states, at, at_ns))
        del self.older[:-_REMEMBERED]

    def cancel(self, until: int) -> None:
        """Keep the date of a pause that was replaced or ended."""
        place = bisect_left(self.cancelled, until)
        if self.cancelled[place : place + 1] != [until]:
            self.cancelled.insert(place, until)

    def confirm(self, states: Possible, now: Window | None) -> None:
        """Take in the states that a read leaves possible."""
        self.states, self.confirmed = states, now
        self.causes, self.doubtful = (), False

    def add_document(self, document: Mapping[str, Any], exchange: Exchange) -> None:
        """Take in a document about the campaign."""
        old = self.documents
        end = end_time(document) if old.end_time is None else old.end_time
        operation = exchange.request.operation or "other"
        first = old.first if operation in old.first else {**old.first, operation: document}
        self.documents = Documents(first, document, end, old.end_known or shows_end(document, exchange))

    # -- questions ----------------------------------------------------------------------------------------

    def clauses_of_read(self, allowed: frozenset[State], now: Window | None) -> frozenset[str]:
        """The ids of the clauses that a read checks; ``allowed`` are the states that are possible ``now``."""
        due, watched = self._due(), self._watched()
        over = bool(due) and allowed == frozenset({ACTIVE})
        cause = self.causes[0] if self.causes else None
        if cause not in (None, blame.OTHERS) and (not over or cause == blame.PAST):
            return frozenset(self.causes)
        found = set()
        last, this = (self.confirmed.end, now.start) if now and self.confirmed else (0, 0)
        if bisect_right(self.cancelled, last) < bisect_right(self.cancelled, this):
            # A cancelled date has passed since the last read.
            found.add(blame.CANCELLED)
        if over:
            return frozenset(found | (blame.RESUMED if watched else {blame.PAST}))
        if due and ACTIVE not in allowed:
            found.add(blame.EARLY)
        elif now and watched and all(now.start > latest + _LATE for _, latest in due):
            found.add(blame.PROMPTLY)
        elif not due and this - last >= NANO and any(state.status == "paused" for state in allowed):
            # The campaign was seen paused, and has had a second or more to resume.
            found.add(blame.STAYS)
        if cause == blame.OTHERS:
            found.add(blame.OTHERS)
        return frozenset(found or {blame.BY_ITSELF})

    def may_lag(self, shown: State, exchange: Exchange, tolerance: int) -> bool:
        """Whether a read may show an older state, because it was replaced less than ``LAG`` ago.

        Several replicas may lag by different times, so that an older state may show after a newer one.
        """
        now = exchange.now
        for states, at, at_ns in self.older:
            recent = exchange.sent - at <= LAG
            if now is not None and at_ns is not None:
                recent = recent or now.start - at_ns <= int(LAG * NANO)
            if recent and (
                states is None or observe(states, shown) or observe(elapse(states, now, tolerance), shown)
            ):
                return True
        return False

    def resumed(self, shown: State, exchange: Exchange) -> Resume | None:
        """The resume that a read shows, if the campaign was last known to be in a dated pause that is due.

        A pause until a date that had passed when it was requested does not resume: it never paused.
        """
        due = self._watched()
        if exchange.now is None or not due or shown.status != "active" or exchange.now.end < min(due):
            return None
        seen = self.confirmed.start if self.confirmed and not self.causes else min(due)
        return Resume(exchange.request.campaign, min(due), max(seen, min(due)), exchange.now.end)

    def _due(self) -> list[tuple[int, int]]:
        return [state.due for state in self.states or () if state.due]

    def _watched(self) -> list[int]:
        """The dates that were in the future when they were requested or first seen."""
        return [latest for earliest, latest in self._due() if earliest == latest]


def is_about(document: Mapping[str, Any], exchange: Exchange) -> bool:
    """Whether a document is about the campaign of the request, as far as its id can be read."""
    name = document.get("id")
    return not isinstance(name, str) or name.lower() == exchange.request.campaign.lower()


def shows_end(document: Mapping[str, Any], exchange: Exchange) -> bool:
    """Whether a document shows if the campaign has an end: by ``config`` in a pause, else by ``end_time``."""
    config = document.get("config")
    pause = exchange.request.operation == "pause" and "config" in document
    return pause or (isinstance(config, Mapping) and "end_time" in config)


def end_time(document: Mapping[str, Any]) -> int | None:
    """``config.end_time`` in nanoseconds; None if there is none that can be read."""
    config = document.get("config")
    value = config.get("end_time") if isinstance(config, Mapping) else None
    return next(iter(loose_instants(value)), None) if isinstance(value, str) else None
