"""A stateful provider of the documented operations: the honest one, its honest variations, and the faulty ones.

It reads dates and bodies by code of its own and shares nothing with the judges, so that neither inherits the other's mistakes.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from whop_contracts.provider.clocks import Clock, ManualClock, RunningClock, WallClock
from whop_contracts.provider.core import Provider
from whop_contracts.provider.faults import Fault, faults
from whop_contracts.provider.messages import Answer
from whop_contracts.provider.options import Options
from whop_contracts.provider.seed import SEED, Seed
from whop_contracts.provider.variations import Variation, variations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = [
    "SEED",
    "Answer",
    "Clock",
    "Fault",
    "ManualClock",
    "Options",
    "Provider",
    "RunningClock",
    "Seed",
    "Variation",
    "WallClock",
    "build",
    "faults",
    "variations",
]


def build(
    *,
    fault: str | None = None,
    variation: str | None = None,
    clock: Clock | None = None,
    lag_time: Callable[[], float] | None = None,
) -> Provider:
    """A fresh provider: honest, with one fault, with the options of one variation, or both.

    ``clock`` is the wall's unless handed in; what the provider takes for now is ``provider.clock``. ``lag_time`` measures how far reads lag
    behind writes, in seconds; by the provider's clock unless handed in. An unknown name raises ``ValueError``.
    """
    kind = Provider
    if fault is not None:
        known = {one.name: one for one in faults()}
        if fault not in known:
            raise _unknown("fault", fault, known)
        kind = known[fault].provider
    options = Options()
    if variation is not None:
        honest = {one.name: one for one in variations()}
        if variation not in honest:
            raise _unknown("variation", variation, honest)
        options = honest[variation].options
    return kind(clock, options, lag_time)


def _unknown(what: str, name: str, known: Iterable[str]) -> ValueError:
    near = difflib.get_close_matches(name, known, n=3)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return ValueError(f"there is no {what} {name!r}{hint}")
