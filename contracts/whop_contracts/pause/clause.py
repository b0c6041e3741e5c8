"""A clause: one documented statement, as a pure generator of findings over evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from whop_contracts.exchange import Exchange, Finding
from whop_contracts.pause.evidence import Evidence
from whop_contracts.steps import Need

Level = Literal["must", "should"]
Effect = Literal["expected", "possible", "none"]
"""Whether a conforming provider carries a request out: as a rule, possibly, or not at all."""
Check = Callable[[Evidence], Iterator[Finding]]
Condition = Callable[[Evidence], bool]
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
        """Whether a failure is shown with the requests before it; a first pause is clear without them."""
        second = self.id == "pausing.last-request-holds"
        return self.history and (second or exchange.request.operation != "pause")

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
