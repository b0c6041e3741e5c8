"""Which sequence of a plan goes on next, where some of them wait for the provider's clock."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field

from whop_contracts.steps import AdvanceClock, AwaitResume, Sequence

Steps = Generator[int | None, bool | None, bool]
"""Sends what belongs together. Yields an instant (ns of the provider's clock) to go on at, and is sent
whether it was reached; or None where others may go on first. Returns whether the rest can be sent.
"""


@dataclass(slots=True)
class Course:
    """A sequence that is being sent: its name, the instants of its marks, those of pauses that got a 409."""

    name: str
    marks: dict[str, int] = field(default_factory=dict)
    conflicting: set[str] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class Running:
    """A sequence under way, and the symbols of its campaigns; ``due`` is the instant that it waits for."""

    steps: Steps
    campaigns: frozenset[str]
    due: int = 0
    begun: bool = False


class Schedule:
    """Decides which sequence goes on, step by step.

    One that is due comes first, then the one being sent, then the next of the plan. With ``overlap`` a
    sequence that has to wait does not hold up others: the next one is then the first without a wait of its
    own, else the first, that uses none of the campaigns of those under way. So a campaign is never used by
    two sequences at once, and with a single campaign everything waits: its reads could not tell whether the
    waiting sequence or a rejected request has changed it. Until the clock is ``known``, those without a wait
    come first too: an instant that is counted from a guess is never reached.
    """

    def __init__(self, sequences: Iterable[Sequence], *, overlap: bool) -> None:
        self._todo = iter(sequences)
        self.overlap = overlap
        self.known = True
        self._deferred: list[Sequence] = []
        self.under_way: list[Running] = []
        self.finished = 0

    @property
    def waiting(self) -> list[Running]:
        """The sequences that wait, the one that is due first at the front."""
        return sorted((one for one in self.under_way if one.due), key=lambda one: one.due)

    def next(self, passed: Callable[[int], bool], begin: Callable[[Sequence], Steps]) -> Running | None:
        """What goes on now; if it is not due yet, nothing else can be sent. None at the end."""
        waiting = self.waiting
        if waiting and (not self.overlap or passed(waiting[0].due)):
            # Until it waits again or ends, it stays ahead of the one that it interrupts.
            self.under_way.remove(waiting[0])
            self.under_way.insert(0, waiting[0])
            return waiting[0]
        sending = next((one for one in self.under_way if not one.due), None)
        if sending is None and (sequence := self._startable()):
            sending = Running(begin(sequence), _campaigns(sequence))
            self.under_way.append(sending)
        return sending or (waiting[0] if waiting else None)

    def finish(self, one: Running) -> None:
        """It has ended."""
        self.under_way.remove(one)
        self.finished += 1

    def _startable(self) -> Sequence | None:
        """Take the next sequence that may be started; None if there is none now."""
        blocked = frozenset[str]().union(*(one.campaigns for one in self.under_way))
        found: int | None = None
        for index, sequence in enumerate(self._upcoming()):
            if blocked & _campaigns(sequence):
                continue
            found = index if found is None else found
            if not ((blocked or not self.known) and _waits(sequence)):
                found = index
                break
        return None if found is None else self._deferred.pop(found)

    def _upcoming(self) -> Iterator[Sequence]:
        """What was not started yet, in the order of the plan; what is taken from it is known from then on."""
        yield from self._deferred
        for sequence in self._todo:
            self._deferred.append(sequence)
            yield sequence


def _campaigns(sequence: Sequence) -> frozenset[str]:
    """The symbols of the campaigns that a sequence uses, also by an altered id."""
    used = {sequence.campaign} if sequence.start == "active" else set()
    used.update(case.campaign for case in sequence.cases())
    return frozenset(":".join(symbol.split(":")[:2]) for symbol in used)


def _waits(sequence: Sequence) -> bool:
    return any(isinstance(step, AdvanceClock | AwaitResume) for step in sequence.steps)
