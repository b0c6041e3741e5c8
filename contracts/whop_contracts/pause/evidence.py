"""Evidence: one exchange with all that has to be known to judge it. Plain data; the clauses read nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from whop_contracts.exchange import Exchange, Finding
from whop_contracts.instants import read_instant, write_instant
from whop_contracts.pause.classify import MILLI, ClassId, Intent, Text

STATUSES: Final = ("active", "paused", "inactive", "stale")
ENVIRONMENT: Final = frozenset({429, 502, 503, 504})
Topic = Literal[
    "status", "until", "fraction", "offset", "far", "indefinite", "replaced", "past", "stored", "unchanged", "unchanged-credential", "siblings",
    "early", "resumes", "prompt", "resumed-status", "date-dropped", "cancelled", "indefinite-stays", "unpaused",
    "lagging", "by-itself",
]  # fmt: skip
"""What an observation can put to the test: each is the promise of one clause."""


@dataclass(frozen=True, slots=True)
class State:
    """A state that a campaign can be in. ``until`` is the instant of a dated pause, ``slack`` how far an answer may lie from it,
    ``due`` the earliest and the latest instant at which the resume falls due (all in nanoseconds of the provider).
    """

    status: str
    until: int | None = None
    slack: int = MILLI
    due: tuple[int, int] | None = None

    def __str__(self) -> str:
        if self.status == "paused":
            return (
                f"paused until {write_instant(self.until)}"
                if self.until is not None
                else "paused indefinitely"
            )
        return self.status + (
            f" with paused_until {write_instant(self.until)}" if self.until is not None else ""
        )


ACTIVE: Final = State("active")
Possible = frozenset[State] | None
"""The states that a campaign may be in; None: nothing is known, anything may be shown."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What an answer shows of a campaign's state. What is not readable (absent, of a wrong type, outside the enum) is for
    the clauses of the response to report and matches every state here.
    """

    status: str | None
    until: int | None
    status_readable: bool
    until_readable: bool

    def matches(self, state: State) -> bool:
        """Whether the answer can be one about a campaign in ``state``."""
        if self.status_readable and self.status != state.status:
            return False
        if not self.until_readable:
            return True
        if self.until is None or state.until is None:
            return self.until is state.until
        return abs(self.until - state.until) <= state.slack

    @property
    def whole(self) -> bool:
        """Whether both the status and the date can be read."""
        return self.status_readable and self.until_readable

    def __str__(self) -> str:
        if not self.status_readable:
            return "a status that cannot be read"
        if not self.until_readable:
            return f"{self.status}, with a paused_until that cannot be read"
        return str(State(str(self.status), self.until))


def shown(document: Mapping[str, Any]) -> Shown:
    """Read the state that a campaign document shows."""
    status, until = document.get("status"), document.get("paused_until")
    instant = read_instant(until) if isinstance(until, str) else None
    return Shown(
        status=status if isinstance(status, str) else None,
        until=instant.ns if instant else None,
        status_readable=status in STATUSES,
        until_readable="paused_until" in document and (until is None or instant is not None),
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
    shown: Shown | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One exchange as the clauses see it.

    ``text`` is the answer's body decoded once; ``document`` the campaign that it holds, where the answer is a 2xx with an object.
    ``end_known`` says whether an answer has told if the campaign has an end of its own.
    ``row`` and ``wish`` are how a request on the pause route is read. ``before`` are the states possible when it was sent.
    ``stakes`` are the topics that the answer puts to the test, ``breach`` the one it breaks, and ``further`` one more where status and date are each wrong. ``references`` are the documents first
    seen of the same campaign, by operation; ``previous`` is the document seen last, ``trail`` the last exchanges of the run before this one.
    """

    exchange: Exchange
    text: Text | None = None
    document: Mapping[str, Any] | None = None
    row: ClassId | None = None
    wish: Intent | None = None
    before: Possible = None
    shown: Shown | None = None
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
        """Whether an answer came that is the provider's own, not its environment's (429, 502, 503, 504)."""
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
