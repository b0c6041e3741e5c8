"""A clause: one promise of the page, as a pure generator of findings over evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from whop_contracts.exchange import Finding
from whop_contracts.pause.evidence import Evidence

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
