"""The possible states of a campaign: pure functions over sets of states.

A set holds every state that the campaign may be in; None means that nothing is known, so that anything may be
shown. Instants and durations are nanoseconds of the provider's clock, unless a name or a text says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from whop_contracts.exchange import Window
from whop_contracts.instants import NANO
from whop_contracts.pause.classify import FIRST, LAST, MILLI
from whop_contracts.pause.evidence import ACTIVE, Evidence, Possible, State
from whop_contracts.pause.request_classes import ACTING

LAG: Final = 2.0
"""Seconds for which a read may still show a state from before a write."""
RESTING: Final = ("inactive", "stale")
"""The statuses for which the page does not say what a pause does."""
_CLOCKS: Final = 10 * MILLI
"""How far two clocks of one provider may differ."""
_SERVER_ERROR: Final = 500


@dataclass(frozen=True, slots=True)
class Effect:
    """What a request does: the states that it leads to, and whether it took effect."""

    leads_to: Possible
    applied: Literal["yes", "maybe", "no"]


def after(states: Possible, effect: Effect) -> Possible:
    """The states that a request may have left."""
    if effect.applied == "no":
        return states
    return effect.leads_to if effect.applied == "yes" else union(states, effect.leads_to)


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


def effect_of(evidence: Evidence) -> Effect:
    """What a write does to the campaign, as far as its response shows."""
    if evidence.accepted and evidence.request_class != "recased-id":
        return Effect(_leads_to(evidence), "yes")
    maybe = evidence.accepted or not evidence.answered or evidence.status >= _SERVER_ERROR
    return Effect(_leads_to(evidence), "maybe" if maybe else "no")


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
