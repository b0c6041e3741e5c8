"""Faulty providers, one module per part that they break, and how they are made.

Each is a row of ``faults.json``, in a section that has its kind; the modules have the code that turns rows
into providers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from whop_contracts.provider.core import Provider
from whop_contracts.provider.dates import SECOND
from whop_contracts.provider.state import Campaign

_DATA: Final = json.loads(Path(__file__).with_name("faults.json").read_text(encoding="utf-8"))
HOUR: Final = 3600 * SECOND
Row = dict[str, Any]
"""A row of ``faults.json``, and the fault's name."""
Faulty = type[Provider]
Make = Callable[[Any], Faulty]
"""What makes a faulty provider of a row, or of a function that replaces a step."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One faulty provider, and the bug that it models.

    ``kind`` is what it is about; *warnings* are about *should* clauses only. ``wfc`` is the code of the Web
    Fuzzing Commons' category that it falls into, if one fits: 100 a 500, 101 a response that its schema does
    not allow, 102 success on wrong data, 104 a rejected request that takes effect, 205 a known credential
    treated as unknown, 206 a missing permission check.
    """

    name: str
    kind: str
    why: str
    wfc: int | None
    provider: Faulty


def stored(make: Make, *sections: str) -> tuple[Fault, ...]:
    """The faults of sections of ``faults.json``. A row may have a ``kind`` of its own."""
    return tuple(
        Fault(name, row["kind"], row["why"], part.get("wfc"), make(row))
        for part in map(_DATA.__getitem__, sections)
        for name, given in part["faults"].items()
        for row in [{"kind": part["kind"], "name": name} | given]
    )


def coded(how: Mapping[str, Any], make: Make = lambda provider: provider) -> Make:
    """For rows that have no more than a reason: what ``make`` is given, by the name of the fault."""
    return lambda row: make(how[row["name"]])


_TYPES = {bool: "boolean", int: "integer", float: "fraction", str: "string", list: "array", dict: "object"}


def condition(row: Row) -> Callable[[Any], bool]:
    """Whether a value is what a row describes, by its ``types``, its ``value``, a member that it ``has``, and
    the ``pattern`` that is found in its text, in any case.
    """
    return lambda value: (
        ("types" not in row or _TYPES.get(type(value)) in row["types"])
        and ("value" not in row or value == row["value"])
        and ("has" not in row or row["has"] in value)
        and ("pattern" not in row or re.search(row["pattern"], str(value), re.IGNORECASE) is not None)
    )


def having(row: Row, campaign: Campaign) -> bool:
    """Whether the ``member`` of a campaign (``a/b``) is what a row describes; always, if it names none."""
    name, _, child = row.get("member", "id").partition("/")
    value = getattr(campaign, name) if hasattr(campaign, name) else campaign.rest[name]
    return condition(row)((value or {}).get(child) if child else value)


def change(campaign: Campaign, members: Mapping[str, Any]) -> None:
    """Set members of a campaign."""
    for name, value in members.items():
        if hasattr(campaign, name):
            setattr(campaign, name, value)
        else:
            campaign.rest = {**campaign.rest, name: value}


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
    "later if over an hour": lambda delay, by: delay + by if delay > HOUR else delay,
}
"""From the time between a pause and its date to another one, in nanoseconds."""


def moved(row: Row, instant: int, since: int) -> int | None:
    """Another date of a pause, by ``how`` and ``seconds`` of a row; ``since`` is when the pause began."""
    how, span = row["how"], round(row.get("seconds", 0) * SECOND)
    if how in _INSTANTS:
        return _INSTANTS[how](instant, span)
    delay = _DELAYS[how](instant - since, span)
    return None if delay is None else since + delay
