"""Faulty providers, one module per part that they break, and how they are made.

A fault that is plain data is a row of ``faults.json``: its section has the kind, and code turns the row into
a provider (`stored`). The others are rows of a `Table`. Either has a name and the bug that it models.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Generic, TypeVar, TypeVarTuple

from whop_contracts.provider.core import Provider
from whop_contracts.provider.dates import SECOND
from whop_contracts.provider.state import Campaign, Rejection, crash

_DATA: Final = json.loads(Path(__file__).with_name("faults.json").read_text(encoding="utf-8"))
HOUR: Final = 3600 * SECOND
Go = Callable[..., Any]
"""A step of the provider, given its arguments."""
Row = dict[str, Any]
"""A row of ``faults.json``."""
R = TypeVar("R")
T = TypeVar("T")
Ts = TypeVarTuple("Ts")


@dataclass(frozen=True, slots=True)
class Fault:
    """One faulty provider.

    ``kind`` is what it is about; *warnings* are about *should* clauses only. ``wfc`` is the code of the Web
    Fuzzing Commons' category that it falls into, if one fits: 100 a 500, 101 a response that its schema does
    not allow, 102 success on wrong data, 104 a rejected request that takes effect, 205 a known credential
    treated as unknown, 206 a missing permission check.
    """

    name: str
    kind: str
    why: str
    wfc: int | None
    provider: type[Provider]


@dataclass(frozen=True, slots=True)
class Table(Generic[T]):
    """Faults of one kind. Call it with the rows: name, why, and what ``make`` is given."""

    kind: str
    make: Callable[[T], type[Provider]]
    wfc: int | None = None

    def __call__(self, *rows: tuple[str, str, T]) -> tuple[Fault, ...]:
        """One fault per row."""
        return tuple(Fault(name, self.kind, why, self.wfc, self.make(how)) for name, why, how in rows)


def stored(make: Callable[[Row], type[Provider]], *sections: str) -> tuple[Fault, ...]:
    """The faults of sections of ``faults.json``."""
    return tuple(
        Fault(name, row.get("kind", _DATA[section]["kind"]), row["why"], _DATA[section].get("wfc"), make(row))
        for section in sections
        for name, row in _DATA[section]["faults"].items()
    )


def built(provider: type[Provider]) -> type[Provider]:
    """For tables whose rows end with the provider itself."""
    return provider


# -- other steps ---------------------------------------------------------------------------------------------


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


def storing(how: Callable[[Provider, Campaign, int | None], int | None]) -> type[Provider]:
    """Store another date: from the provider, the campaign as it was, and the date that was sent."""
    return around(Provider.apply_pause)(
        lambda go, provider, campaign, until: go(campaign, how(provider, campaign, until))
    )


def where(holds: Callable[..., object], faulty: type[Provider]) -> type[Provider]:
    """A fault that shows only where something holds, of the provider and the arguments of the step."""

    def either(step: str) -> Go:
        def taken(self: Provider, *args: Any) -> Any:
            return getattr(faulty if holds(self, *args) else Provider, step)(self, *args)

        return taken

    return type("Where", (Provider,), {name: either(name) for name in vars(faulty) if name[0] != "_"})


# -- by rows of faults.json ----------------------------------------------------------------------------------

_JSON_TYPES: Final = {
    "boolean": bool,
    "integer": int,
    "fraction": float,
    "string": str,
    "array": list,
    "object": dict,
}


def condition(row: Row) -> Callable[[Any], bool]:
    """Whether a value is what a row describes, by its ``types``, its ``value``, a member that it ``has``, and
    the ``pattern`` that is found in its text, in any case.
    """
    types = [_JSON_TYPES[name] for name in row.get("types", ())]
    return lambda value: (
        (not types or type(value) in types)
        and ("value" not in row or value == row["value"])
        and ("has" not in row or row["has"] in value)
        and ("pattern" not in row or re.search(row["pattern"], str(value), re.IGNORECASE) is not None)
    )


def by_row(
    step: Callable[..., object], kind: Callable[..., Callable[..., type[Provider]]] = around
) -> Callable[[Callable[..., object]], Callable[[Row], type[Provider]]]:
    """Turn a function for `around` (or `after`), given a row first, into what makes a fault of a row."""
    return lambda how: lambda row: kind(step)(partial(how, row))


def crashing(
    step: Callable[..., object],
    of: Callable[..., Any] = lambda value, *_: value,
    error: Callable[[Provider], Rejection] = lambda _: crash(),
) -> Callable[[Row], type[Provider]]:
    """Crash (or raise another error) before a step if its first argument is what a row describes.

    Or, instead of the first argument, what ``of`` makes of all arguments.
    """
    return lambda row: failing(step, error)(lambda *args: condition(row)(of(*args)))


def having(row: Row) -> Callable[..., bool]:
    """Whether the ``member`` of a campaign (``a/b``) is what a row describes; always, if it names none."""

    def holds(campaign: Campaign, *_args: Any) -> bool:
        name, _, child = row.get("member", "id").partition("/")
        value = getattr(campaign, name) if hasattr(campaign, name) else campaign.rest[name]
        return condition(row)((value or {}).get(child) if child else value)

    return holds


def change(campaign: Campaign, members: Mapping[str, Any]) -> None:
    """Set members of a campaign."""
    for name, value in members.items():
        if hasattr(campaign, name):
            setattr(campaign, name, value)
        else:
            campaign.rest = {**campaign.rest, name: value}


def changing(step: Callable[..., object]) -> Callable[[Row], type[Provider]]:
    """After a step that is given a campaign first, set the members that a row ``sets``."""
    return lambda row: after(step)(lambda _, campaign, *_more: change(campaign, row["sets"]))


_INSTANTS: Final[Mapping[str, Callable[[int, int], int | None]]] = {
    "never": lambda *_: None,
    "never if after": lambda instant, limit: None if instant > limit else instant,
    "not after": min,
    "later": lambda instant, by: instant + by,
    "a thousandth": lambda instant, _: instant // 1000,
    "wrapped": lambda instant, most: (instant + most) % (2 * most) - most,
    "rounded": lambda instant, unit: (instant + unit // 2) // unit * unit,
    "rounded up": lambda instant, unit: -(-instant // unit) * unit,
    "rounded down": lambda instant, unit: instant // unit * unit,
}
"""From an instant to another one, in nanoseconds; None is never."""
_DELAYS: Final[Mapping[str, Callable[[int, int], int | None]]] = {
    "at most": min,
    "at least": max,
    "never if over": lambda delay, limit: None if delay > limit else delay,
    "never if under": lambda delay, limit: None if delay < limit else delay,
    "a second if over": lambda delay, limit: SECOND if delay > limit else delay,
    "a second if under": lambda delay, limit: SECOND if delay < limit else delay,
    "in whole units": lambda delay, unit: delay // unit * unit,
    "modulo": lambda delay, unit: delay % unit,
    "less if over an hour": lambda delay, by: delay - by if delay > HOUR else delay,
}
"""From the time between a pause and its date to another one, in nanoseconds."""


def moved(row: Row, instant: int, since: int) -> int | None:
    """Another date of a pause, by ``how`` and ``seconds`` of a row; ``since`` is when the pause began."""
    how, span = row["how"], round(row.get("seconds", 0) * SECOND)
    if how in _INSTANTS:
        return _INSTANTS[how](instant, span)
    delay = _DELAYS[how](instant - since, span)
    return None if delay is None else since + delay


def storing_moved(row: Row) -> type[Provider]:
    """Store another date of a pause that has one, by ``how`` and ``seconds`` of a row."""
    return storing(lambda provider, _, until: None if until is None else moved(row, until, provider.now()))
