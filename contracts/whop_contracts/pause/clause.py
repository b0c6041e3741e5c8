"""A clause: one promise of the page, as a pure generator of findings over evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from whop_contracts.exchange import Finding, Operation, Window
from whop_contracts.pause.evidence import Evidence, State
from whop_contracts.steps import Case

if TYPE_CHECKING:
    from whop_contracts.pause.oracle import Oracle

Level = Literal["must", "should"]
Check = Callable[[Evidence], Iterator[Finding]]
Condition = Callable[[Evidence], bool]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a promise stands: ``kind`` is page, example, sibling, errors, sdk, rfc or convention; ``place`` is where in it."""

    kind: Literal["page", "example", "sibling", "errors", "sdk", "rfc", "convention"]
    place: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.place}"


@dataclass(frozen=True, slots=True)
class Clause:
    """One promise. ``applies`` says which evidence it is asked of; ``check`` yields what is wrong with it.

    The id is a slug of the part and a name, for ever: ``pausing.until-is-kept``. ``needs`` names, in words that a
    reader of ``not_tested`` understands, what a run has to bring for the clause to meet evidence.
    """

    id: str
    level: Level
    statement: str
    source: Source
    applies: Condition
    check: Check
    needs: str = ""

    @property
    def part(self) -> str:
        """The part of the page that the clause belongs to."""
        return self.id.partition(".")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What the engine has to know of an endpoint. Engine and report keep states without looking inside.

    ``operation`` is the operation that is checked, ``baseline`` the state that sequences start from and that a
    resume leads to; ``unproven`` is why a run in which ``is_conclusive`` held for no evidence concludes nothing.
    """

    operation: Operation
    id_prefix: str
    baseline: State
    unproven: str
    permission: str
    """What a credential needs for the operation."""
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
    """The state that a request leaves if it takes effect, by its operation and instant; None: it changes nothing."""
    elapsed: Callable[[State, Window | None], State]
    """What a state has become by now."""
    requests_to_restore: Callable[[State | None, State, str], tuple[Case, ...]]
    """The requests that bring a campaign (by symbol) from one state into another."""
    stamped_at: Callable[[Mapping[str, Any] | None], int | None]
    is_ready: Callable[[State], bool]
    """Whether a live campaign in this state may be used for a run."""
    is_awaiting: Callable[[Evidence], bool]
    is_conclusive: Callable[[Evidence], bool]
    looks_after_due: Callable[[float], tuple[float, float]]
    """Seconds after a due resume to look for it: until it is no longer prompt, until the tolerance is over."""
    schema: Callable[[], Mapping[str, Any]]
    sha256: Callable[[], str]
