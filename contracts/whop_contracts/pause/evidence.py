"""Evidence: one exchange with all that has to be known to judge it. Plain data; the clauses read nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from whop_contracts.exchange import INFRASTRUCTURE, Exchange, Finding
from whop_contracts.instants import read_instant, write_instant
from whop_contracts.pause.classify import MILLI, ClassId, Intent, Text

STATUSES: Final = ("active", "paused", "inactive", "stale")
ENVIRONMENT: Final = INFRASTRUCTURE
Topic = Literal[
    "status", "until", "fraction", "offset", "far", "indefinite", "replaced", "past", "stored", "unchanged", "unchanged-credential", "siblings",
    "early", "resumes", "prompt", "resumed-status", "date-dropped", "cancelled", "indefinite-stays", "unpaused",
    "lagging", "by-itself",
]  # fmt: skip
"""What an observation can put to the test: each is the promise of one clause."""


@dataclass(frozen=True, slots=True)
class State:
    """A state of a campaign: one that it may be in, or the one that a document shows.

    ``status`` is None, and ``until_read`` False, where a document has no status or date that can be read; the
    clauses of the response report that, and here it matches every state. ``until`` is the instant of a dated
    pause, ``slack`` how far a response may lie from it, ``due`` the earliest and the latest instant at which the
    resume is due. All instants are nanoseconds of the provider's clock.
    """

    status: str | None
    until: int | None = None
    slack: int = MILLI
    due: tuple[int, int] | None = None
    until_read: bool = True

    def matches(self, other: State) -> bool:
        """Whether the two can be the same state, as far as both can be read."""
        if self.status is not None and other.status is not None and self.status != other.status:
            return False
        if not (self.until_read and other.until_read):
            return True
        if self.until is None or other.until is None:
            return self.until is other.until
        return abs(self.until - other.until) <= max(self.slack, other.slack)

    @property
    def whole(self) -> bool:
        """Whether both the status and the date can be read."""
        return self.status is not None and self.until_read

    def as_dict(self) -> dict[str, str | None]:
        """The members of a campaign document that show this state."""
        until = None if self.until is None else write_instant(self.until)
        return {"status": self.status, "paused_until": until}

    def __str__(self) -> str:
        if self.status is None:
            return "a status that cannot be read"
        if not self.until_read:
            return f"{self.status}, with a paused_until that cannot be read"
        if self.status != "paused":
            return self.status + (
                "" if self.until is None else f" with paused_until {write_instant(self.until)}"
            )
        return "paused indefinitely" if self.until is None else f"paused until {write_instant(self.until)}"


ACTIVE: Final = State("active")
Possible = frozenset[State] | None
"""The states that a campaign may be in; None: nothing is known, anything may be shown."""


def read_state(document: Mapping[str, Any]) -> State:
    """The state that a campaign document, or ``State.as_dict``, shows."""
    status, until = document.get("status"), document.get("paused_until")
    instant = read_instant(until) if isinstance(until, str) else None
    return State(
        status=status if status in STATUSES else None,
        until=instant.ns if instant else None,
        until_read="paused_until" in document and (until is None or instant is not None),
    )


@dataclass(frozen=True, slots=True)
class Resume:
    """A resume as it was seen: due when, and between which two readings of the provider's clock it happened (nanoseconds)."""

    campaign: str
    due: int
    after: int
    before: int


@dataclass(frozen=True, slots=True)
class Breach:
    """An answer outside the possible states: the promise that it breaks, and what was found."""

    topic: Topic
    finding: Finding


@dataclass(frozen=True, slots=True)
class Event:
    """One exchange as a later failure remembers it: what was ``asked`` of a campaign, in words, and what came of it.

    ``at`` is the provider's clock when the answer had come, in nanoseconds; ``status`` is 0 where none came, and ``trouble`` then says why.
    """

    number: int
    campaign: str
    at: int | None
    asked: str
    status: int
    trouble: str | None = None
    shown: State | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One exchange as the clauses see it.

    ``text`` is the answer's body decoded once; ``document`` the campaign that it holds, where the answer is a 2xx with an object.
    ``end_known`` says whether an answer has told if the campaign has an end of its own.
    ``request_class`` and ``intent`` are how a request on the pause route is read. ``before`` are the states possible when it was sent.
    ``stakes`` are the topics that the answer puts to the test, ``breach`` the one it breaks, and ``further`` one more where status and date are each wrong. ``references`` are the documents first
    seen of the same campaign, by operation; ``previous`` is the document seen last, ``trail`` the last exchanges of the run before this one.
    """

    exchange: Exchange
    text: Text | None = None
    document: Mapping[str, Any] | None = None
    request_class: ClassId | None = None
    intent: Intent | None = None
    before: Possible = None
    shown: State | None = None
    stakes: frozenset[Topic] = frozenset()
    breach: Breach | None = None
    further: Breach | None = None
    lagging: bool = False
    resumed: Resume | None = None
    references: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    previous: Mapping[str, Any] | None = None
    trail: tuple[Event, ...] = ()
    end_known: bool = True

    @property
    def status(self) -> int:
        """The answer's status code; 0 where no answer came."""
        return self.exchange.response.status if self.exchange.response else 0

    @property
    def answered(self) -> bool:
        """Whether an answer came that is the provider's own, not its environment's (`INFRASTRUCTURE`)."""
        return self.exchange.response is not None and self.status not in ENVIRONMENT

    @property
    def accepted(self) -> bool:
        """Whether the answer is a 2xx."""
        return 200 <= self.status < 300  # noqa: PLR2004

    @property
    def paused_before(self) -> bool:
        """Whether the campaign may have been paused already when the request was sent."""
        return self.before is None or any(state.status == "paused" for state in self.before)

    @property
    def active_before(self) -> bool:
        """Whether the campaign was neither inactive nor stale when the request was sent."""
        return self.before is not None and all(state.status in ("active", "paused") for state in self.before)
