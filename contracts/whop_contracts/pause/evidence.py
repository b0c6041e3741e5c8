"""Evidence: one exchange with everything that a clause needs to know about it. Clauses read nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from whop_contracts.exchange import INFRASTRUCTURE, Exchange, Finding, Operation, Response
from whop_contracts.instants import read_instant, write_instant
from whop_contracts.json_text import Text
from whop_contracts.pause.classify import MILLI, ClassId, Intent

STATUSES: Final = ("active", "paused", "inactive", "stale")
LATE: Final = frozenset({"pausing.read-agrees-at-once", "auto_resume.resumes-promptly"})
"""The clauses about states that come late; any other finding of the oracle is an impossible state."""
TRAIL: Final = 8
"""How many earlier exchanges are kept to explain a failure."""
_OVERLONG: Final = 255
"""Characters of an id from which on gateways reject it by themselves."""
_NO_RESPONSE: Final = Response(0)
_OF_NOBODY: Final = INFRASTRUCTURE | {0}
_OURS: Final = frozenset({"named", "recased", "unstated"})


@dataclass(frozen=True, slots=True)
class State:
    """A state of a campaign: one that it may be in, or the one that a document shows.

    ``status`` is None, and ``until_read`` False, where a document has no status or date that can be read:
    that matches every state. ``until`` is the instant of a dated pause, ``slack`` how far a response may be
    from it, ``due`` the earliest and the latest instant at which the resume is due. All instants are
    nanoseconds of the provider's clock.
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
        return {"status": self.status, "paused_until": _text(self.until)}

    def __str__(self) -> str:
        if self.status is None:
            return "a status that cannot be read"
        if not self.until_read:
            return f"{self.status}, with a paused_until that cannot be read"
        until = _text(self.until)
        if self.status != "paused":
            return f"{self.status} with paused_until {until}" if until else self.status
        return f"paused until {until}" if until else "paused indefinitely"


def _text(instant: int | None) -> str | None:
    return None if instant is None else write_instant(instant)


ACTIVE: Final = State("active")
Possible = frozenset[State] | None
"""The states that a campaign may be in; None: nothing is known, anything may be shown."""


def instant_of(document: Mapping[str, Any] | None, name: str) -> int | None:
    """The instant of a member in nanoseconds; None if none can be read."""
    value = (document or {}).get(name)
    instant = read_instant(value) if isinstance(value, str) else None
    return instant.ns if instant else None


def read_state(document: Mapping[str, Any]) -> State:
    """The state that a campaign document, or ``State.as_dict``, shows."""
    status, until = document.get("status"), instant_of(document, "paused_until")
    return State(
        status=status if status in STATUSES else None,
        until=until,
        until_read=document.get("paused_until", "") is None or until is not None,
    )


@dataclass(frozen=True, slots=True)
class Resume:
    """An observed resume: when it was due, and between which two readings of the provider's clock it was."""

    campaign: str
    due: int
    after: int
    before: int


@dataclass(frozen=True, slots=True)
class Documents:
    """What earlier responses have shown of a campaign.

    ``first`` is the first document by operation (``other`` for an undocumented route), ``last`` the latest.
    ``end_time`` is ``config.end_time`` in nanoseconds, as first read; ``end_known`` says whether a response
    has shown if there is one.
    """

    first: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    last: Mapping[str, Any] | None = None
    end_time: int | None = None
    end_known: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """One exchange as the clauses see it.

    ``text`` is the body of the response as JSON. ``request_class`` and ``intent`` say how a request on the
    pause route is classified. ``before`` are the states that were possible when it was sent, ``shown`` is the
    state that the response shows. ``tested`` are the ids of the clauses that the oracle checked, ``findings``
    what it found, by the id of the clause that fails, most likely cause first. ``unrequested`` says that a
    read shows a date of somebody else. ``documents`` and ``trail`` (the last exchanges) are what came before.
    """

    exchange: Exchange
    text: Text | None = None
    request_class: ClassId | None = None
    intent: Intent | None = None
    before: Possible = None
    shown: State | None = None
    tested: frozenset[str] = frozenset()
    findings: Mapping[str, Finding] = field(default_factory=dict)
    resumed: Resume | None = None
    unrequested: bool = False
    documents: Documents = field(default_factory=Documents)
    trail: tuple[Evidence, ...] = ()

    @property
    def response(self) -> Response:
        """The response; one with status 0 if there is none."""
        return self.exchange.response or _NO_RESPONSE

    @property
    def document(self) -> Mapping[str, Any] | None:
        """The campaign that a 2xx shows; None for other responses, and for campaigns outside the run."""
        value = self.text.value if self.text and self.readable and self.in_run else None
        return value if isinstance(value, dict) else None

    @property
    def in_run(self) -> bool:
        """Whether the response is a 2xx about a campaign of the run; any other 2xx is a failure by itself."""
        return self.accepted and self.exchange.scope in _OURS

    @property
    def readable(self) -> bool:
        """Whether the body is well-formed JSON."""
        return self.text is not None and self.text.problem is None

    @property
    def unseen(self) -> bool:
        """Whether a recording has nothing of the body."""
        return self.response.truncated and not self.response.content

    @property
    def operation(self) -> Operation | None:
        """The operation that was requested; None for an undocumented route."""
        return self.exchange.request.operation

    @property
    def status(self) -> int:
        """The status code of the response; 0 without a response."""
        return self.response.status

    @property
    def answered(self) -> bool:
        """Whether there is a response by the provider itself, not by infrastructure in front of it."""
        return self.status not in _OF_NOBODY and not self.from_gateway

    @property
    def from_gateway(self) -> bool:
        """Whether a gateway rejected an overlong id before the provider: with a 414 or an error page."""
        overlong = len(self.exchange.request.campaign) > _OVERLONG
        page = 400 <= self.status < 500 and not self.readable  # noqa: PLR2004
        return overlong and (page or self.status == 414)  # noqa: PLR2004

    @property
    def accepted(self) -> bool:
        """Whether the response is a 2xx."""
        return 200 <= self.status < 300  # noqa: PLR2004

    @property
    def lagging(self) -> bool:
        """Whether a read shows a state from before a write, and may do so because little time has passed."""
        return "pausing.read-agrees-at-once" in self.findings

    @property
    def possible(self) -> bool:
        """Whether the response shows a state that the campaign can be in, even if late."""
        return LATE.issuperset(self.findings)


# -- the trail: the exchanges before a failure -------------------------------------------------------------

_DATED: Final = frozenset({"instant", "far", "edge", "past"})
_UNDATED: Final = frozenset({"omitted", "nothing"})
_WIDTH: Final = 80


def remember(trail: tuple[Evidence, ...], evidence: Evidence) -> tuple[Evidence, ...]:
    """The trail with one more exchange: at most ``TRAIL``, and equal reads in a row count as one.

    What was sent, the status and the state that is shown are kept.
    """
    if evidence.operation == "retrieve" and trail and _came_of(trail[-1]) == _came_of(evidence):
        return trail
    exchange, response = evidence.exchange, evidence.exchange.response
    sent = replace(exchange, response=response and Response(response.status))
    event = Evidence(sent, request_class=evidence.request_class, intent=evidence.intent, shown=evidence.shown)
    return (*trail, event)[-TRAIL:]


def _came_of(event: Evidence) -> tuple[Any, ...]:
    request, case, trouble = event.exchange.request, event.exchange.case, event.exchange.trouble
    return request.operation, request.campaign, case, event.status, trouble, event.shown


def describe_before(evidence: Evidence) -> list[dict[str, Any]]:
    """As ``before`` of a result: what was sent to a campaign before, and the writes to others."""
    campaign = evidence.exchange.request.campaign
    return [
        _describe(event)
        for event in evidence.trail
        if event.exchange.request.campaign == campaign or event.operation != "retrieve"
    ]


def _describe(event: Evidence) -> dict[str, Any]:
    exchange, intent, kind = event.exchange, event.intent, event.request_class
    if intent and kind == "extra":
        kind = intent.request_class
    until = _text(intent.until[0]) if intent and intent.until and kind in _DATED else None
    if event.operation in ("retrieve", "unpause"):
        asked = "read" if event.operation == "retrieve" else "unpause"
    elif until or kind in _UNDATED:
        asked = f"pause until {until}" if until else "pause without a date"
    else:
        asked = f"{exchange.request.method} ({exchange.case or kind})"[:_WIDTH]
    return {
        "number": exchange.number,
        "at": _text(exchange.now.end if exchange.now else None),
        "campaign": exchange.request.campaign[:_WIDTH],
        "asked": asked,
        "until": until,
        "answer": str(event.status or exchange.trouble or "no response"),
        **(event.shown or State(None)).as_dict(),
    }
