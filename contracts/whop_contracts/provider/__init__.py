"""The reference provider of the documented operations: conforming, varied, or with a fault.

It reads dates and bodies with its own code and shares nothing with the checks, so that neither side inherits
the other's mistakes. ``variations.json`` has the variations by name: why such a provider conforms, whether a
run may warn about it, and the options that differ from the defaults.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from whop_contracts.exchange import Response as Response
from whop_contracts.provider.core import Provider
from whop_contracts.provider.faults import Fault, access, bodies, pausing, response, resuming, values
from whop_contracts.provider.faults.steps import both
from whop_contracts.provider.state import SEED, ManualClock, Options, RunningClock

_Named = TypeVar("_Named", "Fault", "Variation")

__all__ = ["SEED", "Fault", "ManualClock", "Provider", "RunningClock", "build", "faults", "variations"]


def faults() -> tuple[Fault, ...]:
    """Every fault that the proof is made of, by the part that it breaks."""
    parts = (response, pausing, values, resuming, bodies, access)
    return tuple(fault for part in parts for fault in part.FAULTS)


@dataclass(frozen=True, slots=True)
class Variation:
    """A conforming provider with other options. ``warns``: a run may warn about it. No run may fail."""

    name: str
    options: Options
    warns: bool
    why: str


def variations() -> tuple[Variation, ...]:
    """Every conforming variation that the clauses accept, in the order of ``variations.json``."""
    rows = json.loads(Path(__file__).with_name("variations.json").read_text(encoding="utf-8"))
    return tuple(
        Variation(name, Options(**row["options"]), row["warns"], row["why"]) for name, row in rows.items()
    )


def build(
    *,
    fault: str | tuple[str, ...] | None = None,
    variation: str | None = None,
    clock: RunningClock | None = None,
    lag_time: Callable[[], float] | None = None,
) -> Provider:
    """A fresh provider: conforming, with one or several faults, with the options of a variation, or both.

    ``clock`` and ``lag_time`` are those of `Provider`. Of faults that replace one step, the first counts. An
    unknown name raises ``ValueError``.
    """
    names = (fault,) if isinstance(fault, str) else tuple(dict.fromkeys(fault or ()))
    kinds = [_find("fault", name, faults()).provider for name in names]
    kind = both(*kinds) if len(kinds) > 1 else kinds[0] if kinds else Provider
    options = Options() if variation is None else _find("variation", variation, variations()).options
    return kind(clock, options, lag_time)


def _find(what: str, name: str, every: Iterable[_Named]) -> _Named:
    known = {one.name: one for one in every}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise ValueError(f"there is no {what} {name!r}{hint}")
    return known[name]
