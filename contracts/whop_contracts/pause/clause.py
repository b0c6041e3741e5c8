"""A clause: one documented statement, as a pure generator of findings over evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from whop_contracts.exchange import Exchange, Finding, Operation, Window
from whop_contracts.pause.evidence import Evidence, State
from whop_contracts.steps import Capabilities, Case, Need, Sequence

if TYPE_CHECKING:
    from whop_contracts.pause.oracle import Oracle
    from whop_contracts.pause.request_classes import RequestClass

Level = Literal["must", "should"]
Effect = Literal["expected", "possible", "none"]
"""Whether a conforming provider carries a request out: as a rule, possibly, or not at all."""
Check = Callable[[Evidence], Iterator[Finding]]
Condition = Callable[[Evidence], bool]
_SECOND_PAUSE: Final = "pausing.last-request-holds"
_MISSING: Final[Mapping[Need, str]] = {
    "second": "no second campaign was given (--campaign-id)",
    "readonly": "no credential without ad_campaign:update was given (--readonly-token)",
    "foreign": "no campaign of another company was given (--foreign-campaign-id)",
}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a statement comes from: ``kind`` is the document, ``place`` where in it."""

    kind: Literal["page", "example", "sibling", "errors", "sdk", "rfc", "convention"]
    place: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.place}"


@dataclass(frozen=True, slots=True)
class Clause:
    """One documented statement.

    The id is a slug of the part and a name that never changes: ``pausing.until-is-kept``. ``applies`` says
    which evidence the clause checks, ``check`` yields what is wrong with it. ``requires`` is what a target
    must offer, ``history`` whether a failure is shown with the requests that led to it.
    """

    id: str
    level: Level
    statement: str
    source: Source
    applies: Condition
    check: Check
    requires: frozenset[Need] = frozenset()
    history: bool = False

    @property
    def part(self) -> str:
        """The part of the page that the clause belongs to."""
        return self.id.partition(".")[0]

    def has_history(self, exchange: Exchange) -> bool:
        """Whether a failure in this exchange is shown with the requests before it.

        The response to a pause is understood without them, unless the clause is about a second pause.
        """
        return self.history and (exchange.request.operation != "pause" or self.id == _SECOND_PAUSE)

    @property
    def needs(self) -> str:
        """What a target lacks if the clause cannot be tested, in words; empty if it needs nothing."""
        return "; ".join(_MISSING[need] for need in sorted(self.requires))


def decided_by_oracle(
    id_: str, statement: str, source: Source, level: Level = "must", requires: frozenset[Need] = frozenset()
) -> Clause:
    """A clause about the state of a campaign: the oracle says when it is tested and when it fails."""

    def check(evidence: Evidence) -> Iterator[Finding]:
        if finding := evidence.findings.get(id_):
            yield finding

    return Clause(id_, level, statement, source, lambda e: id_ in e.tested, check, requires, history=True)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contract:
    """What the engine has to know of an endpoint. Engine and report keep states without looking inside."""

    operation: Operation
    """The operation that is checked."""
    id_prefix: str
    baseline: State
    """The state that sequences start from and that a resume leads to."""
    unproven: str
    """Why a run in which ``is_conclusive`` held for no evidence concludes nothing."""
    conflicting: str
    """Why nothing can be concluded if every request of the operation gets a 409, and the way out."""
    permission: str
    """What a credential needs for the operation; ``read_permission``: for reads."""
    read_permission: str
    simplest_requests: tuple[Case, ...]
    """The simplest request of the operation, and the one that undoes it."""
    path: Callable[[str, Operation], str]
    """The path of an operation on a campaign, after the base URL."""
    oracle: Callable[[float], Oracle]
    """An oracle that tolerates a resume so many seconds late."""
    read_document: Callable[[Evidence], Mapping[str, Any] | None]
    read_state: Callable[[Mapping[str, Any]], State]
    left_by: Callable[[Operation | None, int | None], State | None]
    """What a request leaves if it takes effect, by its operation and instant; None: it changes nothing."""
    literal_date: Callable[[bytes], int | None]
    """The date in the content of a request, whatever else is wrong with it."""
    elapsed: Callable[[State, Window | None], State]
    """What a state has become by now: a dated pause ends at its instant."""
    requests_to_restore: Callable[[State | None, State, str], tuple[Case, ...]]
    """What brings a campaign (by symbol) from one state, or by way of the baseline, into another."""
    stamped_at: Callable[[Mapping[str, Any] | None], int | None]
    """When the provider says that a document was last changed, in nanoseconds."""
    likely_cause: Callable[[Evidence], str | None]
    """What an odd response suggests about the set-up of a run, in words."""
    describe_status: Callable[[Evidence], str]
    takes_effect: Callable[[Case], bool]
    """Whether a conforming provider may carry out a request on a campaign of the run."""
    is_ready: Callable[[State], bool]
    """Whether a live campaign in this state may be used for a run."""
    is_awaiting: Callable[[Evidence], bool]
    """Whether a due resume is still to come, and nothing else is wrong with what a read shows."""
    is_conclusive: Callable[[Evidence], bool]
    looks_after_due: Callable[[float], tuple[float, float]]
    """Seconds after a due resume at which it is no longer prompt, and at which the tolerance is over."""
    schema: Callable[[], Mapping[str, Any]]
    sha256: Callable[[], str]

    # What plans are made of. Vectors and sequences are found by their ids.

    classes: Mapping[str, RequestClass]
    draw: Callable[[str, str, int], SequenceOf[Case]]
    """So many requests of a class for a seed."""
    vectors: Callable[[], Mapping[str, Case]]
    sequences: Callable[[Capabilities], SequenceOf[Sequence]]
    """Every named sequence for a target."""
    histories: Callable[[object, int, Capabilities, bool], Iterable[Sequence]]
    """So many drawn sequences for a seed and a target; whether they may move its clock."""
    together: Callable[..., Sequence]
    """A sequence of requests that share reads."""
    class_of: Callable[[Exchange], str]
    from_schemas: Callable[[object, int], Iterable[Case]]
    """About so many requests that are generated from the schemas."""

    def class_for(self, case: Case) -> RequestClass:
        """The request class of a vector or a drawn request."""
        return self.classes[case.request_class or ""]
