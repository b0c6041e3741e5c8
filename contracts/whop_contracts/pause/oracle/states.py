"""The possible states of a campaign: pure functions over sets of states, and what is known of one campaign.

A set of None means that nothing is known, so that anything may be shown. Instants and durations are
nanoseconds of the provider's clock, unless a name or a text says otherwise.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from whop_contracts.exchange import Exchange, Window
from whop_contracts.instants import NANO, loose_instants
from whop_contracts.pause.classify import FIRST, LAST, MILLI
from whop_contracts.pause.evidence import ACTIVE, Documents, Evidence, Possible, Resume, State
from whop_contracts.pause.oracle import blame
from whop_contracts.pause.request_classes import ACTING, CREDENTIAL

LAG: Final = 2.0
"""Seconds for which a read may still show a state from before a write."""
PROMPT: Final = 5.0
"""Seconds of lateness from which a resume only warns."""
RESTING: Final = ("inactive", "stale")
"""The statuses for which the page does not say what a pause does."""
_LATE: Final = int((PROMPT + LAG) * NANO)
_CLOCKS: Final = 10 * MILLI
"""How far two clocks of one provider may differ."""
_GOING_BACK: Final = 4
"""How many reads in a row may show an older state after one has shown the present one."""
_REMEMBERED: Final = 2_000
"""How many earlier states are kept: more than one client can leave within the time that a read may lag."""
_SERVER_ERROR: Final = 500


def elapse(states: Possible, now: Window | None, tolerance: int) -> Possible:
    """The states after some time: a dated pause ends when it is due, at the latest after ``tolerance``."""
    if states is None:
        return None
    found: set[State] = set()
    for state in states:
        earliest, latest = state.due or (LAST, LAST)
        if state.due and (now is None or now.end >= earliest - max(state.slack, _CLOCKS)):
            found.add(ACTIVE)
        if now is None or now.start <= latest + tolerance + int(LAG * NANO):
            found.add(state)
    return frozenset(found)


def observe(states: Possible, shown: State) -> Possible:
    """The states that remain possible after a response shows ``shown``; empty if that is outside the set."""
    return None if states is None else frozenset(state for state in states if shown.matches(state))


def union(first: Possible, second: Possible) -> Possible:
    """The states that are possible if either set may hold."""
    return None if first is None or second is None else first | second


def adopt(shown: State, now: Window | None) -> Possible:
    """The state that a response shows, whatever was possible before: one bug shall be one failure."""
    if not shown.whole or shown.status is None:
        return None
    if shown.until is None or shown.status != "paused":
        return frozenset({State(shown.status, shown.until)})
    # An overdue pause may end at any time; that it did not end in time has been reported.
    overdue = now is None or shown.until <= now.end
    due = (shown.until, LAST if overdue else shown.until)
    return frozenset({State(shown.status, shown.until, MILLI, due)})


def _leads_to(evidence: Evidence) -> Possible:
    """The states that a request leads to if it takes effect; None if the contract does not say."""
    exchange, intent, before = evidence.exchange, evidence.intent, evidence.before
    resting = frozenset(state for state in before or () if state.status in RESTING)
    if exchange.request.operation == "unpause":
        return None if before is None else resting | {ACTIVE}
    if intent is None or not {evidence.request_class, intent.request_class} <= ACTING or resting:
        return None
    if any(not FIRST <= until < LAST for until in intent.until):
        return None
    end = exchange.now.end if exchange.now else 0
    dated, aliased = (
        frozenset(State("paused", until, intent.slack, (until, max(until, end))) for until in untils)
        for untils in (intent.until, intent.aliases)
    )
    indefinite = frozenset({State("paused")})
    main = dated | indefinite if evidence.request_class == "media-type" else dated or indefinite
    return main | aliased


# -- one campaign -------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Campaign:
    """What is known of one campaign."""

    states: Possible = None
    """The possible states as the last write or read left them, before any time passed."""
    causes: tuple[str, ...] = ()
    """The ids of the clauses that check the writes since the last read, the last one first."""
    doubtful: bool = False
    """Whether the last write may not have taken effect."""
    confirmed: Window | None = None
    """When a read last settled the state."""
    older: list[tuple[Possible, float, int | None]] = field(default_factory=list)
    """What a lagging read may still show, and when it was replaced: by our clock (s), by the provider's."""
    cancelled: list[int] = field(default_factory=list)
    """The dates of pauses that were replaced or ended, sorted."""
    seen: bool = False
    """Whether a read has shown the present state, and how many in a row have gone back to an older one."""
    gone_back: int = 0
    documents: Documents = field(default_factory=Documents)

    def act(self, evidence: Evidence) -> None:
        """Take in a write, which may have taken effect unless the provider has rejected it."""
        exchange, past = evidence.exchange, evidence.request_class == "past"
        if evidence.accepted or not evidence.answered or evidence.status >= _SERVER_ERROR:
            self.replace(evidence.before, exchange.received, exchange.now.end if exchange.now else None)
            for state in evidence.before or ():
                if state.until is not None and state.status == "paused":
                    insort(self.cancelled, state.until)
            self.doubtful = not evidence.accepted or evidence.request_class == "recased-id"
            leads_to = _leads_to(evidence)
            self.states = union(evidence.before, leads_to) if self.doubtful else leads_to
            written = blame.UNPAUSED if exchange.request.operation == "unpause" else blame.STORED
            self.causes = (blame.PAST if past else written,)
        elif exchange.request.operation != "unpause":
            refused = blame.UNCHANGED_BY_OTHERS if evidence.request_class in CREDENTIAL else blame.UNCHANGED
            self.causes = (refused, blame.PAST) if past or blame.PAST in self.causes else (refused,)

    def replace(self, states: Possible, at: float, at_ns: int | None) -> None:
        """Keep ``states``, which were replaced at ``at``, for reads that lag."""
        self.older.append((states, at, at_ns))
        del self.older[:-_REMEMBERED]
        self.seen, self.gone_back = False, 0

    def confirm(self, states: Possible, now: Window | None, *, present: bool) -> None:
        """Take in the states that a read leaves possible; ``present``: it cannot have shown an older one."""
        self.states, self.confirmed = states, now
        self.causes, self.doubtful = (), False
        self.seen, self.gone_back = self.seen or present, 0

    def goes_back(self) -> bool:
        """Take in that a read shows an older state; whether replicas that lag differently explain it."""
        self.gone_back += self.seen
        return self.gone_back <= _GOING_BACK

    def add_document(self, document: Mapping[str, Any], exchange: Exchange) -> None:
        """Take in a document about the campaign; a pause shows with ``config`` if the campaign has an end."""
        old, config = self.documents, document.get("config")
        end = end_time(document) if old.end_time is None else old.end_time
        operation = exchange.request.operation or "other"
        shows_end = (operation == "pause" and "config" in document) or (
            isinstance(config, Mapping) and "end_time" in config
        )
        first = {**old.first, operation: old.first.get(operation, document)}
        self.documents = Documents(first, document, end, old.end_known or shows_end)

    def clauses_of_read(self, allowed: frozenset[State], now: Window | None) -> frozenset[str]:
        """The ids of the clauses that a read checks; ``allowed`` are the states that are possible ``now``."""
        due, watched = [state.due for state in self.states or () if state.due], self._watched()
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
        """Whether a read may show an older state, because it was replaced less than ``LAG`` ago."""
        now = exchange.now
        for states, at, at_ns in self.older:
            recent = exchange.sent - at <= LAG
            if now is not None and at_ns is not None:
                recent = recent or now.end - at_ns <= int(LAG * NANO)
            if recent and (
                states is None or observe(states, shown) or observe(elapse(states, now, tolerance), shown)
            ):
                return True
        return False

    def is_of_others(self, shown: State, requested: set[int]) -> bool:
        """Whether a read that follows one that agreed shows a date that was not ``requested``."""
        dates = {state.until for state in self.states or ()} - {None}
        agreed = self.confirmed is not None and not self.causes and dates <= requested
        return agreed and shown.until is not None and all(abs(shown.until - one) > MILLI for one in requested)

    def resumed(self, shown: State, exchange: Exchange) -> Resume | None:
        """The resume that a read shows, if the campaign was last known to be in a dated pause that is due.

        A pause until a date that had passed when it was requested does not resume: it never paused.
        """
        due = self._watched()
        if exchange.now is None or not due or shown.status != "active" or exchange.now.end < min(due):
            return None
        seen = self.confirmed.start if self.confirmed and not self.causes else min(due)
        return Resume(exchange.request.campaign, min(due), max(seen, min(due)), exchange.now.end)

    def _watched(self) -> list[int]:
        """The dates that were in the future when they were requested or first seen."""
        return [state.due[0] for state in self.states or () if state.due and state.due[0] == state.due[1]]


def is_about(document: Mapping[str, Any], exchange: Exchange) -> bool:
    """Whether a document is about the campaign of the request, as far as its id can be read."""
    name = document.get("id")
    return not isinstance(name, str) or name.lower() == exchange.request.campaign.lower()


def end_time(document: Mapping[str, Any]) -> int | None:
    """``config.end_time`` in nanoseconds; None if there is none that can be read."""
    config = document.get("config")
    value = config.get("end_time") if isinstance(config, Mapping) else None
    return next(iter(loose_instants(value)), None) if isinstance(value, str) else None
