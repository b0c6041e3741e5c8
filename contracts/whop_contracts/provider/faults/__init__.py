"""Faulty providers, one module per part that they break, and how they are made.

Most are rows of a table, the others small classes. A row is a name, the bug of the real world that it models,
and what is done differently. What that is depends on the table's ``make``: it turns the row's last column
into a provider. Rows whose last column is plain data are in ``faults.json``.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, Literal, TypeVar, TypeVarTuple

from whop_contracts.exchange import Operation, Response
from whop_contracts.provider.core import Provider
from whop_contracts.provider.state import Call, Campaign, Rejection, Request, crash

Kind = Literal[
    "response",
    "wire",
    "pausing",
    "dates",
    "auto-resume",
    "accepting",
    "refusing",
    "errors",
    "authorization",
    "identifiers",
    "values",
    "intermittent",
    "warnings",
]
"""What a fault is about; the last kind is about *should* clauses only."""
DATA: Final = json.loads(Path(__file__).with_name("faults.json").read_text(encoding="utf-8"))
Go = Callable[..., Any]
"""A step of the provider, given its arguments."""
R = TypeVar("R")
T = TypeVar("T")
Ts = TypeVarTuple("Ts")
Edit = Callable[[Any], Any]
"""From the document of a response, or a member of it, to what is sent instead."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One faulty provider.

    ``wfc`` is the code of the Web Fuzzing Commons' category that it falls into, if one fits: 100 a 500, 101 a
    response that its schema does not allow, 102 success on wrong data, 104 a rejected request that takes
    effect, 205 a known credential treated as unknown, 206 a missing permission check.
    """

    name: str
    kind: Kind
    why: str
    wfc: int | None
    provider: type[Provider]


@dataclass(frozen=True, slots=True)
class Table(Generic[T]):
    """Faults of one kind. Call it with the rows: name, why, and what ``make`` is given."""

    kind: Kind
    make: Callable[[T], type[Provider]]
    wfc: int | None = None

    def __call__(self, *rows: tuple[str, str, T]) -> tuple[Fault, ...]:
        """One fault per row."""
        return tuple(Fault(name, self.kind, why, self.wfc, self.make(how)) for name, why, how in rows)


def rows(section: str) -> tuple[tuple[str, str, Any], ...]:
    """The rows of a section of ``faults.json``: name, why, and the object that says what is different.

    Instead of an object that has nothing but a ``value``, its value.
    """
    return tuple(
        (name, row["why"], row["value"] if row.keys() == {"why", "value"} else row)
        for name, row in DATA[section].items()
    )


def always(*_values: Any) -> bool:
    """Every value."""
    return True


def matches(pattern: str) -> Callable[[str], bool]:
    """Whether a pattern is found in a string, in any case."""
    return lambda text: re.search(pattern, text, re.IGNORECASE) is not None


def by_pattern(
    make: Callable[[Callable[[str], bool]], type[Provider]],
) -> Callable[[dict[str, Any]], type[Provider]]:
    """For rows of ``faults.json`` that have the ``pattern`` of the wanted strings."""
    return lambda row: make(matches(row["pattern"]))


def built(provider: type[Provider]) -> type[Provider]:
    """For tables whose rows end with the provider itself."""
    return provider


def both(*providers: type[Provider]) -> type[Provider]:
    """Several faults in one provider. Where they replace the same step, the first counts."""
    # A subclass comes before its base, or Python knows no order for them.
    return type("SeveralFaults", tuple(sorted(providers, key=lambda one: -len(one.__mro__))), {})


def around(
    step: Callable[[Any, *Ts], R],
) -> Callable[[Callable[[Callable[[*Ts], R], Provider, *Ts], R]], type[Provider]]:
    """Replace a step of the provider by a function of the step, the provider, and the step's arguments."""

    def make(how: Callable[[Callable[[*Ts], R], Provider, *Ts], R]) -> type[Provider]:
        def replaced(self: Provider, *args: *Ts) -> R:
            return how(lambda *given: step(self, *given), self, *args)

        return type("Around", (Provider,), {step.__name__: replaced})

    return make


def after(
    step: Callable[[Any, *Ts], R],
) -> Callable[[Callable[[Provider, *Ts], object]], type[Provider]]:
    """Do more after one step of the provider: a function of the provider and the step's arguments."""

    def make(then: Callable[[Provider, *Ts], object]) -> type[Provider]:
        def step_and_more(go: Callable[[*Ts], R], provider: Provider, *args: *Ts) -> R:
            result = go(*args)
            then(provider, *args)
            return result

        return around(step)(step_and_more)

    return make


def failing(
    step: Callable[[Any, *Ts], R], error: Callable[[Provider], Rejection] = lambda _: crash()
) -> Callable[[Callable[[*Ts], bool]], type[Provider]]:
    """Crash (or raise another error) before a step of the provider if a predicate holds for its arguments."""

    def make(wanted: Callable[[*Ts], bool]) -> type[Provider]:
        def check(go: Callable[[*Ts], R], provider: Provider, *args: *Ts) -> R:
            if wanted(*args):
                raise error(provider)
            return go(*args)

        return around(step)(check)

    return make


def timer(how: Callable[[Provider, Campaign, int], int | None]) -> type[Provider]:
    """Resume at another instant, or never (None): from the provider, the campaign and the due instant."""

    def due(go: Callable[[Campaign], int | None], provider: Provider, campaign: Campaign) -> int | None:
        instant = go(campaign)
        return None if instant is None else how(provider, campaign, instant)

    return around(Provider.due)(due)


def noting(
    step: Callable[[Any, Campaign, *Ts], R], note: Callable[[Provider, Campaign], object]
) -> type[Provider]:
    """Note something of a campaign, under its id, before one step of the provider."""

    def noted(go: Callable[[Campaign, *Ts], R], provider: Provider, campaign: Campaign, *args: *Ts) -> R:
        provider.notes[campaign.id] = note(provider, campaign)
        return go(campaign, *args)

    return around(step)(noted)


def instead(how: Callable[[Provider, Call, Rejection], Response | Rejection | None]) -> type[Provider]:
    """Another response, or another rejection, for a rejected request; the same one where it is None."""

    def perform(go: Go, provider: Provider, call: Call, request: Request) -> Any:
        try:
            return go(call, request)
        except Rejection as rejection:
            other = how(provider, call, rejection)
            if isinstance(other, Rejection):
                raise other from None
            if other is None:
                raise
            return other

    return around(Provider.perform)(perform)


def with_status(step: Callable[..., object]) -> Callable[[str], type[Provider]]:
    """Set a status after a step that is given a campaign first."""
    return lambda status: after(step)(lambda _, campaign, *_more: setattr(campaign, "status", status))


def storing(how: Callable[[Provider, Campaign, int | None], int | None]) -> type[Provider]:
    """Store another date: from the provider, the campaign as it was, and the date that was sent."""
    return around(Provider.apply_pause)(
        lambda go, provider, campaign, until: go(campaign, how(provider, campaign, until))
    )


def dated(how: Callable[[int], int | None]) -> type[Provider]:
    """Store another date of a pause that has one."""
    return storing(lambda _, _campaign, until: None if until is None else how(until))


def where(holds: Callable[..., object], faulty: type[Provider]) -> type[Provider]:
    """A fault that shows only where something holds, of the provider and the arguments of the step."""

    def either(step: str) -> Callable[..., Any]:
        def taken(self: Provider, *args: Any) -> Any:
            return getattr(faulty if holds(self, *args) else Provider, step)(self, *args)

        return taken

    return type("Where", (Provider,), {name: either(name) for name in vars(faulty) if name[0] != "_"})


def having(row: dict[str, Any]) -> Callable[[Campaign], bool]:
    """Whether a member of a campaign has the value that a row of ``faults.json`` names."""
    return lambda campaign: bool(campaign.rest[row["member"]] == row["value"])


def editing(*operations: Operation) -> Callable[[Edit], type[Provider]]:
    """Edit the document of the operations' responses."""

    def make(edit: Edit) -> type[Provider]:
        return around(Provider.present)(
            lambda go, _, operation, document: (
                edit(copy.deepcopy(document)) if operation in operations else go(operation, document)
            )
        )

    return make


def at(pointer: str, how: Callable[[Any, str], object]) -> Edit:
    """The edit of the object that holds the member at ``a/b``, given that member's name.

    Nothing is edited if that object is null.
    """
    parent, _, child = pointer.rpartition("/")

    def edit(document: Any) -> Any:
        holder = document[parent] if parent else document
        if holder is not None:
            how(holder, child)
        return document

    return edit


def put(pointer: str, value: Any) -> Edit:
    """The edit that sets the member at ``a/b``, null or not."""
    return at(pointer, lambda holder, child: holder.update({child: value}))


def drop(pointer: str) -> Edit:
    """The edit that leaves the member at ``a/b`` out."""
    return at(pointer, lambda holder, child: holder.pop(child))
