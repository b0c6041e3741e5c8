"""Checks every exchange by every clause that applies; keeps counts and each clause's smallest failure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from whop_contracts.exchange import Finding
from whop_contracts.instants import USUAL_FORM, form_of
from whop_contracts.pause.clause import Clause, Condition
from whop_contracts.pause.contract import Contract
from whop_contracts.pause.evidence import Evidence, Resume

_KEPT_DRIFT: Final = 200
_KEPT_KINDS: Final = 20
"""Kinds of failure kept per clause."""
_KEPT_NUMBERS: Final = 2_000
"""Numbers of failing requests kept per clause."""
_KEPT_TEXT: Final = 12_000
"""Characters kept of a text: more than any report shows, as the result is redacted before it is cut."""
_HINTS: Final = {
    "undocumented_field": "put it into schemas/documented/ad-campaign.json and the members of "
    "schemas/annotations.json",
    "undocumented_value": "put it into the enum of that member in schemas/annotations.json",
    "missing_field": 'put it under "optional" in schemas/annotations.json',
    "null": 'give that member "nullable" in schemas/annotations.json',
}
"""What to change if the page has changed, and not the provider."""
_FIGURES: Final = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Failure:
    """One finding of a clause, with the evidence that it was made in."""

    finding: Finding
    evidence: Evidence
    sequence: str

    @property
    def size(self) -> int:
        """Bytes of the request. The smallest failure is reported."""
        request = self.evidence.exchange.request
        return len(request.content) + len(request.header("content-type") or "")


@dataclass(slots=True)
class Kind:
    """One way in which a clause failed: its first failure, and how many there were."""

    case: str
    request_class: str | None
    expected: str
    actual: str
    first: int
    count: int = 0


@dataclass(slots=True)
class Count:
    """What is known of one clause: how many exchanges it checked, how many failed, their numbers and status
    codes, and the first and the smallest of them.
    """

    exchanges: int = 0
    broken: int = 0
    first: int = 0
    failing: set[int] = field(default_factory=set)
    statuses: set[int] = field(default_factory=set)
    smallest: Failure | None = None
    kinds: dict[tuple[Any, ...], Kind] = field(default_factory=dict)


@dataclass(slots=True)
class Drift:
    """A difference from the page that no clause forbids: its kind, where, the first value, how often."""

    kind: str
    pointer: str
    value: Any
    count: int = 0

    @property
    def hint(self) -> str | None:
        """What to change if the page has changed; None for the form of timestamps, which is free."""
        what = _HINTS.get(self.kind)
        return what and f"if the page says so by now: {what}, then whop-contracts derive"


@dataclass(slots=True)
class ClauseRunner:
    """Checks exchanges one by one and keeps none of them: memory does not grow with their number."""

    clauses: tuple[Clause, ...]
    contract: Contract
    counts: dict[str, Count] = field(default_factory=dict)
    drift: dict[tuple[str, str], Drift] = field(default_factory=dict)
    resumes: list[Resume] = field(default_factory=list)
    requests: int = 0
    conclusive: int = 0
    unread: int = 0
    _groups: dict[Condition, list[Clause]] = field(default_factory=dict)
    _places: dict[str, int] = field(default_factory=dict)

    @property
    def unproven(self) -> str | None:
        """Why nothing can be concluded, as no exchange was conclusive; None if one was."""
        if self.unread and not self.conclusive:
            what = f"no 2xx response to a {self.contract.operation}"
            return f"{what} could be read to its end: each has more than 1 MB"
        return None if self.conclusive else self.contract.unproven

    def __post_init__(self) -> None:
        self.counts = {clause.id: Count() for clause in self.clauses}
        self._places = {id_: place for place, id_ in enumerate(self.counts)}
        for clause in self.clauses:
            self._groups.setdefault(clause.applies, []).append(clause)

    def add(self, evidence: Evidence, sequence: str = "") -> tuple[str, ...]:
        """Check one exchange by every clause that applies; the ids of those that fail, as catalogued."""
        self.requests += 1
        broken: list[str] = []
        for applies, clauses in self._groups.items():
            for clause in clauses if applies(evidence) else ():
                count = self.counts[clause.id]
                count.exchanges += 1
                finding = next(clause.check(evidence), None)
                if finding is not None:
                    broken.append(clause.id)
                    self._keep(count, Failure(finding, evidence, sequence))
        if evidence.resumed:
            self.resumes.append(evidence.resumed)
        self.unread += evidence.in_run and evidence.response.truncated and evidence.request_class is not None
        if self.contract.is_conclusive(evidence):
            self.conclusive += 1
            for drift in drifts(evidence.document, self.contract.schema()):
                self._count(drift)
        return tuple(sorted(broken, key=self._places.__getitem__))

    def _keep(self, count: Count, failure: Failure) -> None:
        finding, evidence, exchange = failure.finding, failure.evidence, failure.evidence.exchange
        count.broken += 1
        count.first = count.first or exchange.number
        count.statuses.add(evidence.status)
        if len(count.failing) < _KEPT_NUMBERS:
            count.failing.add(exchange.number)
        if count.smallest is None or failure.size < count.smallest.size:
            # The exchange alone: what was read out of it may be many times its size.
            count.smallest = replace(failure, evidence=Evidence(exchange, trail=evidence.trail))
        # Failures are of one kind if request class, expected value, and the form of the member that was found
        # (else the status) are equal. Figures do not count: the instants of two requests differ.
        expected, actual = finding.expected[:_KEPT_TEXT], finding.actual[:_KEPT_TEXT]
        wanted, form = (_FIGURES.sub("0", text) for text in (expected, actual))
        found = (finding.pointer, form) if finding.pointer else evidence.status
        key = evidence.request_class, wanted, found
        if key in count.kinds or len(count.kinds) < _KEPT_KINDS:
            first = Kind(exchange.case, evidence.request_class, expected, actual, exchange.number)
            count.kinds.setdefault(key, first).count += 1

    def _count(self, drift: Drift) -> None:
        key = drift.kind, drift.pointer
        if key in self.drift or len(self.drift) < _KEPT_DRIFT:
            self.drift.setdefault(key, drift).count += 1


def drifts(document: Any, schema: Mapping[str, Any], pointer: str = "") -> Iterable[Drift]:
    """How a document differs from the page, but may: members and values that the page does not name, nulls
    where it names none, members that are missing, timestamps in another form.
    """
    if isinstance(document, Mapping):
        named = schema.get("properties", {})
        for name, value in document.items():
            if name in named:
                yield from drifts(value, named[name], f"{pointer}/{name}")
            else:
                yield Drift("undocumented_field", f"{pointer}/{name}", _short(value))
        absent = (name for name in schema.get("required", ()) if name not in document)
        yield from (Drift("missing_field", f"{pointer}/{name}", None) for name in absent)
    elif document is None:
        if "null" not in schema.get("type", "null"):
            yield Drift("null", pointer, None)
    elif "enum" in schema and document not in schema["enum"]:
        yield Drift("undocumented_value", pointer, _short(document))
    elif schema.get("format") == "date-time" and isinstance(document, str):
        form = form_of(document)
        if form not in (None, USUAL_FORM):
            yield Drift("timestamp_form", pointer, _short(form))


def _short(value: Any) -> Any:
    """A value as it may be kept for a whole run: whatever is long, cut."""
    if value is None or isinstance(value, bool | int | float):
        return value
    return (value if isinstance(value, str) else repr(value))[:_KEPT_TEXT]
