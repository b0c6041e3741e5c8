"""The history of a failure: the exchanges before it in a few words each, so that a wrong state can be understood and seen again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from whop_contracts.instants import write_instant
from whop_contracts.pause.evidence import Event, Evidence

LENGTH: Final = 8
"""How many exchanges a failure is told with at most."""
_PAUSES: Final = frozenset({"instant", "far", "edge", "past"})
_UNDATED: Final = frozenset({"omitted", "nothing"})
_WORDS: Final = 80


def followed(trail: tuple[Event, ...], evidence: Evidence) -> tuple[Event, ...]:
    """A trail with one more exchange, the oldest of too many forgotten; reads that show the same over again are one."""
    one, last = _event(evidence), trail[-1] if trail else None
    if last and last.asked == one.asked == "read" and replace(one, number=last.number, at=last.at) == last:
        return trail
    return (*trail, one)[-LENGTH:]


def _event(evidence: Evidence) -> Event:
    exchange = evidence.exchange
    return Event(
        number=exchange.number,
        campaign=exchange.request.campaign[:_WORDS],
        at=exchange.now.end if exchange.now else None,
        asked=_asked(evidence),
        status=evidence.status,
        trouble=exchange.trouble,
        shown=evidence.shown,
    )


def _asked(evidence: Evidence) -> str:
    exchange, wish = evidence.exchange, evidence.intent
    if exchange.request.operation == "retrieve":
        return "read"
    if exchange.request.operation == "unpause":
        return "unpause"
    if wish is not None and evidence.request_class in (wish.request_class, "extra"):
        if wish.request_class in _PAUSES and wish.until:
            return f"pause until {write_instant(wish.until[0])}"
        if wish.request_class in _UNDATED:
            return "pause without a date"
    return f"{exchange.request.method} ({exchange.case or evidence.request_class})"[:_WORDS]


def before(events: Iterable[Event], campaign: str) -> tuple[Event, ...]:
    """Of the last events those that bear on a campaign: its own, and whatever changed or tried to change another."""
    return tuple(one for one in events if one.campaign == campaign or one.asked != "read")
