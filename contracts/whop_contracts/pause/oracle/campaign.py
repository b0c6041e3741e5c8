"""One campaign as it is known in the course of a run: the states that it may be in, and why."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from whop_contracts.exchange import Exchange, Window
from whop_contracts.instants import NANO
from whop_contracts.pause.classify import LAST, MILLI, loose_instants
from whop_contracts.pause.evidence import ACTIVE, Possible, Resume, State, Topic

LAG: Final = 2.0
"""Seconds for which a read may still show what stood before a write."""
_REMEMBERED: Final = 2_000
"""How many states a campaign is remembered to have had: more than are left within the time that a read may lag."""
PROMPT: Final = 5.0
"""Seconds of lateness from which a resume only warns."""


@dataclass(slots=True)
class Campaign:
    """What is known of one campaign. ``settled`` are the states as the last write or read left them, before time went on;
    ``cause`` is what was last done that no read has confirmed yet, ``aside`` another promise that the read will put to the test; ``doubtful`` says that this may not have been carried out; ``older`` are the states that a lagging read may still
    show, each with when it was replaced by the sender's and the provider's clock. ``cancelled`` is sorted: in a long run it grows long.
    """

    possible: Possible = None
    settled: Possible = None
    older: list[tuple[Possible, float, int | None]] = field(default_factory=list)
    cause: Topic | None = None
    aside: Topic | None = None
    doubtful: bool = False
    confirmed: Window | None = None
    cancelled: list[int] = field(default_factory=list)
    end_time: int | None = None
    references: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    previous: Mapping[str, Any] | None = None
    end_known: bool = False
    overlap: tuple[Possible, Possible, bool] | None = None
    """Of two requests at once the first: what stood before it, what it leads to, and whether it surely was carried out."""

    def stakes(self, allowed: frozenset[State], now: Window | None) -> list[Topic]:
        """What a read of the campaign puts to the test, the likeliest cause of a difference first."""
        due = [state.due for state in self.settled or () if state.due]
        over = bool(due) and allowed == frozenset({ACTIVE})
        if self.cause and self.cause != "siblings" and (not over or self.cause == "past"):
            return [self.cause, self.aside] if self.aside else [self.cause]
        stakes: list[Topic] = []
        if now and self.confirmed and self._cancelled_between(self.confirmed.end, now.start):
            stakes.append("cancelled")
        if over:
            stakes += ["resumes", "resumed-status", "date-dropped"]
        elif due and ACTIVE not in allowed:
            stakes.append("early")
        elif now and due and all(now.start > latest + int((PROMPT + LAG) * NANO) for _, latest in due):
            stakes.append("prompt")
        elif not due and self._stood_long(allowed, now):
            stakes.append("indefinite-stays")
        if self.cause == "siblings" and not over:
            return ["siblings", *stakes]
        return stakes or ["by-itself"]

    def replaced(self, states: Possible, at: float, at_ns: int | None) -> None:
        """Remember states that something else has taken the place of, and when."""
        self.older.append((states, at, at_ns))
        del self.older[:-_REMEMBERED]

    def beside(self, wanted: Possible, *, first: bool, surely: bool, maybe: bool) -> tuple[Possible, bool]:
        """What is possible after one of two requests at once, which leads to ``wanted``, and whether that is sure.

        After the first also what stood before; after the second what either leads to that was carried out.
        """
        mine = wanted if surely or maybe else frozenset()
        if first or self.overlap is None:
            self.overlap = (self.possible, mine, surely)
            return union(mine, self.possible), surely
        before, other, sure = self.overlap
        self.overlap = None
        outcomes = union(mine, other)
        return (outcomes, True) if surely or sure else (union(outcomes, before), False)

    def cancel(self, until: int) -> None:
        """Remember the date of a pause that was replaced or lifted."""
        place = bisect_left(self.cancelled, until)
        if self.cancelled[place : place + 1] != [until]:
            self.cancelled.insert(place, until)

    def _cancelled_between(self, start: int, end: int) -> bool:
        """Whether a cancelled date fell due after ``start`` and not after ``end``."""
        return bisect_right(self.cancelled, start) < bisect_right(self.cancelled, end)

    def _stood_long(self, allowed: frozenset[State], now: Window | None) -> bool:
        """Whether a campaign that was seen paused has had a second or more to resume."""
        paused = any(state.status == "paused" for state in allowed)
        return bool(now and self.confirmed and paused and now.start - self.confirmed.end >= NANO)

    def resumed(self, seen: State, exchange: Exchange) -> Resume | None:
        """The resume that a read shows, where what was last known was a dated pause that has fallen due."""
        due = [state.due[1] for state in self.settled or () if state.due]
        if exchange.now is None or not due or seen.status != "active" or exchange.now.end < min(due):
            return None
        after = self.confirmed.start if self.confirmed and self.cause is None else min(due)
        return Resume(exchange.request.campaign, min(due), max(after, min(due)), exchange.now.end)

    def confirm(self, states: Possible, now: Window | None) -> None:
        """Take what a read has shown for what is."""
        self.possible = self.settled = states
        self.cause = self.aside = None
        self.doubtful = False
        self.confirmed = now


def adopted(seen: State, now: Window | None) -> Possible:
    """The state that an answer shows, taken for true whatever was expected: one bug is one failure."""
    if not seen.whole or seen.status is None:
        return None
    if seen.until is None or seen.status != "paused":
        return frozenset({State(seen.status, seen.until)})
    # A pause that is overdue may end at any time now: that it did not end in time has been said.
    overdue = now is None or seen.until <= now.end
    due = (seen.until, LAST if overdue else seen.until)
    return frozenset({State(seen.status, seen.until, MILLI, due)})


def aged(states: Possible, now: Window | None, tolerance: int) -> Possible:
    """What time alone makes of ``states``: a dated pause becomes active when it is due, at the latest after ``tolerance`` nanoseconds."""
    if states is None:
        return None
    older: set[State] = set()
    for state in states:
        if state.due is None:
            older.add(state)
            continue
        earliest, latest = state.due
        if now is None or now.end >= earliest - max(state.slack, 10 * MILLI):
            older.add(ACTIVE)
        if now is None or now.start <= latest + tolerance + int(LAG * NANO):
            older.add(state)
    return frozenset(older)


def union(first: Possible, second: Possible) -> Possible:
    """What is possible where either may hold."""
    return None if first is None or second is None else first | second


def about(document: Mapping[str, Any], exchange: Exchange) -> bool:
    """Whether a document is about the campaign that was asked for, so far as its id can be read."""
    name = document.get("id")
    return not isinstance(name, str) or name.lower() == exchange.request.campaign.lower()


def tells_end(document: Mapping[str, Any], exchange: Exchange) -> bool:
    """Whether an answer says if the campaign has an end of its own: a pause's does by its ``config``, another's where it shows one."""
    config = document.get("config")
    pause = exchange.request.operation == "pause" and "config" in document
    return pause or (isinstance(config, Mapping) and "end_time" in config)


def end_time(document: Mapping[str, Any]) -> int | None:
    """The campaign's own end, ``config.end_time``, in nanoseconds; None where it has none that can be read."""
    config = document.get("config")
    value = config.get("end_time") if isinstance(config, Mapping) else None
    return next(iter(loose_instants(value)), None) if isinstance(value, str) else None
