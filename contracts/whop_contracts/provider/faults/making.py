"""How faults are made: most are rows of a table, the others small classes.

A row is a name, the bug of the real world that it models, and what is done differently. What that is depends
on the table's ``make``: it turns the row's last column into a provider.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar, TypeVarTuple

from whop_contracts.exchange import Operation
from whop_contracts.provider.core import Provider
from whop_contracts.provider.state import Campaign, Rejection, crash

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


def built(provider: type[Provider]) -> type[Provider]:
    """For tables whose rows end with the provider itself."""
    return provider


def around(
    step: Callable[[Any, *Ts], R],
) -> Callable[[Callable[[Callable[[*Ts], R], Provider, *Ts], R]], type[Provider]]:
    """Replace a step of the provider by a function of the step, the provider, and the step's arguments."""

    def make(how: Callable[[Callable[[*Ts], R], Provider, *Ts], R]) -> type[Provider]:
        def replaced(self: Provider, *args: *Ts) -> R:
            return how(lambda *given: step(self, *given), self, *args)

        class Around(Provider):
            pass

        setattr(Around, step.__name__, replaced)
        return Around

    return make


def after(
    step: Callable[[Any, *Ts], R],
) -> Callable[[Callable[[Provider, *Ts], object]], type[Provider]]:
    """Do more after one step of the provider: a function of the provider and the step's arguments."""

    def make(then: Callable[[Provider, *Ts], object]) -> type[Provider]:
        def both(go: Callable[[*Ts], R], provider: Provider, *args: *Ts) -> R:
            result = go(*args)
            then(provider, *args)
            return result

        return around(step)(both)

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


def with_member(wanted: Callable[[str, Any], bool]) -> Callable[[Any, Campaign], bool]:
    """Whether a body has an undocumented member whose name and value are as wanted."""

    def has(body: Any, _campaign: Campaign) -> bool:
        members = body.items() if isinstance(body, dict) else ()
        return any(wanted(name, value) for name, value in members if name != "paused_until")

    return has


def editing(*operations: Operation) -> Callable[[Edit], type[Provider]]:
    """Edit the document of the operations' responses."""

    def make(edit: Edit) -> type[Provider]:
        def present(
            go: Callable[..., Any], _: Provider, operation: Operation, document: dict[str, Any]
        ) -> Any:
            return edit(copy.deepcopy(document)) if operation in operations else go(operation, document)

        return around(Provider.present)(present)

    return make


def _edit_holder(pointer: str, how: Callable[[Any, str], object]) -> Edit:
    """The edit of the object that holds the member at ``a/b``; nothing if that object is null."""
    parent, _, child = pointer.rpartition("/")

    def edit(document: Any) -> Any:
        holder = document[parent] if parent else document
        if holder is not None:
            how(holder, child)
        return document

    return edit


def change(pointer: str, how: Edit) -> Edit:
    """The edit that changes the member at ``a/b``, unless it is null."""

    def edit(holder: Any, child: str) -> None:
        if holder[child] is not None:
            holder[child] = how(holder[child])

    return _edit_holder(pointer, edit)


def put(pointer: str, value: Any) -> Edit:
    """The edit that sets the member at ``a/b``, null or not."""
    return _edit_holder(pointer, lambda holder, child: holder.update({child: value}))


def drop(pointer: str) -> Edit:
    """The edit that leaves the member at ``a/b`` out."""
    return _edit_holder(pointer, lambda holder, child: holder.pop(child))
