"""Which clauses a response checks, and which of them fails if it shows a state that is not possible."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from whop_contracts.exchange import Finding
from whop_contracts.instants import NANO
from whop_contracts.pause.classify import MILLI, Intent
from whop_contracts.pause.evidence import ACTIVE, Evidence, Possible, State

STATUS: Final = "pausing.status-is-paused"
UNTIL: Final = "pausing.until-is-kept"
OFFSET: Final = "pausing.offset-is-honoured"
FRACTION: Final = "pausing.fraction-is-kept"
FAR: Final = "pausing.far-date-is-kept"
INDEFINITE: Final = "pausing.no-date-means-indefinitely"
REPLACED: Final = "pausing.last-request-holds"
PAST: Final = "pausing.past-date-does-not-pause"
STORED: Final = "pausing.read-agrees"
AT_ONCE: Final = "pausing.read-agrees-at-once"
OTHERS: Final = "pausing.others-are-left-alone"
UNPAUSED: Final = "pausing.unpause-resumes"
EARLY: Final = "auto_resume.not-before-its-instant"
RESUMES: Final = "auto_resume.resumes-by-itself"
AS_ACTIVE: Final = "auto_resume.resumes-as-active"
CLEARED: Final = "auto_resume.date-is-cleared"
PROMPTLY: Final = "auto_resume.resumes-promptly"
CANCELLED: Final = "auto_resume.cancelled-date-does-not-fire"
STAYS: Final = "auto_resume.indefinite-pause-stays"
BY_ITSELF: Final = "auto_resume.nothing-else-changes-by-itself"
UNCHANGED: Final = "refusals.nothing-changes"
UNCHANGED_BY_OTHERS: Final = "authorization.nothing-changes"

RESUMED: Final = frozenset({RESUMES, AS_ACTIVE, CLEARED})
"""What a read checks once a dated pause must be over."""
_DATES: Final = frozenset({UNTIL, OFFSET, FRACTION, FAR, INDEFINITE, REPLACED})


@dataclass(frozen=True, slots=True)
class Difference:
    """A response that checks ``tested`` clauses and shows a state outside the ``allowed`` ones."""

    tested: frozenset[str]
    shown: State
    allowed: frozenset[State]
    before: Possible = None
    intent: Intent | None = None

    @property
    def shift(self) -> int | None:
        """Nanoseconds from the nearest date that was asked for to the shown one; None without two dates."""
        if self.shown.until is None or self.intent is None or not self.intent.until:
            return None
        return min((self.shown.until - until for until in self.intent.until), key=abs)

    @property
    def misread_offset(self) -> bool:
        """Whether the date is off as if the offset was dropped or inverted, or only in part read."""
        minutes = abs(self.intent.offset) if self.intent else 0
        signs = {minutes, 2 * minutes, minutes % 60, 2 * (minutes % 60), minutes - minutes % 60} - {0}
        shift = self.shift
        return shift is not None and any(abs(abs(shift) - sign * 60 * NANO) < NANO for sign in signs)

    @property
    def old_date(self) -> bool:
        """Whether the date of an earlier pause is shown."""
        return any(state.until is not None and self.shown.matches(state) for state in self.before or ())

    @property
    def undated_pause(self) -> bool:
        """Whether a pause without a date is shown."""
        return (self.shown.status, self.shown.until) == ("paused", None)

    @property
    def resumed(self) -> bool:
        """Whether a dated pause is over, or may be and nothing else explains the difference."""
        unsettled = ACTIVE in self.allowed and len(self.allowed) > 1
        return RESUMES in self.tested or (unsettled and self.tested <= {BY_ITSELF, PROMPTLY})


BLAME: Final[tuple[tuple[str, Callable[[Difference], bool] | None], ...]] = (
    (CLEARED, lambda d: UNPAUSED in d.tested and d.shown.status == "active"),
    (UNPAUSED, None),
    (STORED, None),
    (UNCHANGED, None),
    (UNCHANGED_BY_OTHERS, None),
    (PAST, None),
    # A pause that ends is more often ended by time than by a request to another campaign.
    (OTHERS, lambda d: OTHERS in d.tested and (len(d.tested) == 1 or not d.shown.matches(ACTIVE))),
    (STATUS, lambda d: STATUS in d.tested and d.shown.status not in (None, "paused")),
    (REPLACED, lambda d: REPLACED in d.tested and d.old_date),
    (INDEFINITE, None),
    (OFFSET, lambda d: OFFSET in d.tested and d.misread_offset),
    (FAR, None),
    (FRACTION, lambda d: FRACTION in d.tested and d.shift is not None and abs(d.shift) < NANO),
    (UNTIL, None),
    (CANCELLED, lambda d: CANCELLED in d.tested and (RESUMES not in d.tested or d.undated_pause)),
    (RESUMES, lambda d: RESUMES in d.tested and d.shown.status == "paused"),
    (CLEARED, lambda d: d.resumed and d.shown.status == "active"),
    (AS_ACTIVE, lambda d: d.resumed),
    (EARLY, None),
    (STAYS, None),
    (BY_ITSELF, None),
)
"""The clause that fails, most likely cause first, and when; None: whenever the response checks it."""


def blame(difference: Difference) -> tuple[str, ...]:
    """The ids of the clauses that a difference fails: the most likely one, in two cases the next as well.

    A wrong status and a date from nowhere are two mistakes. If a cancelled date has passed, nobody can tell
    whether it fired or the later pause did not hold.
    """
    tested, before, intent = difference.tested, difference.before, difference.intent
    found = [clause for clause, when in BLAME if (when(difference) if when else clause in tested)]
    until = difference.shown.until
    known = [*(state.until for state in before or ()), *(intent.until if intent else ())]
    strange = until is not None and all(one is None or abs(one - until) > MILLI for one in known)
    return tuple(found[: 2 if found[0] == CANCELLED or (found[0] == STATUS and strange) else 1])


def describe(allowed: frozenset[State], shown: State, clause: str) -> Finding:
    """What was possible and what is shown: at the date if only that differs, or ``clause`` is about dates."""
    expected = " or ".join(sorted(str(state) for state in allowed))
    wrong_status = shown.status is not None and all(state.status != shown.status for state in allowed)
    at_status = wrong_status and clause not in _DATES
    return Finding(expected, str(shown), "/status" if at_status else "/paused_until")


def compare(evidence: Evidence, tested: frozenset[str], shown: State, allowed: frozenset[State]) -> Evidence:
    """The evidence with the clauses that it tests, and what is found if no ``allowed`` state is shown."""
    if any(shown.matches(state) for state in allowed):
        return replace(evidence, tested=tested)
    clauses = blame(Difference(tested, shown, allowed, evidence.before, evidence.intent))
    found = {clause: describe(allowed, shown, clause) for clause in clauses}
    return replace(evidence, tested=tested.union(clauses), findings=found)


def clauses_of_write(evidence: Evidence) -> frozenset[str]:
    """The ids of the clauses that a response to a pause or an unpause checks."""
    intent = evidence.intent
    if evidence.operation == "unpause":
        return frozenset({UNPAUSED, CLEARED})
    if intent is None:
        return frozenset()
    if intent.request_class == "past":
        return frozenset({PAST})
    found = {
        STATUS: True,
        UNTIL: bool(intent.until),
        INDEFINITE: not intent.until,
        FAR: intent.request_class == "far",
        OFFSET: intent.offset != 0,
        FRACTION: any(until % NANO for until in intent.until),
        REPLACED: any(s.status == "paused" and s.until is not None for s in evidence.before or ()),
    }
    return frozenset(clause for clause, tests in found.items() if tests)
