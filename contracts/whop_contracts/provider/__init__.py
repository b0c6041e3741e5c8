"""The reference provider of the documented operations: conforming, varied, or with a fault.

It reads dates and bodies with its own code and shares nothing with the checks, so that neither side inherits
the other's mistakes.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable

from whop_contracts.exchange import Response
from whop_contracts.provider.core import Clock, ManualClock, Provider, RunningClock, WallClock
from whop_contracts.provider.faults import Fault, faults
from whop_contracts.provider.state import SEED
from whop_contracts.provider.variations import Options, Variation, variations

Answer = Response
"""The former name of the provider's response."""

__all__ = [
    "SEED",
    "Answer",
    "Fault",
    "ManualClock",
    "Options",
    "Provider",
    "Response",
    "RunningClock",
    "Variation",
    "WallClock",
    "build",
    "faults",
    "variations",
]


def build(
    *,
    fault: str | tuple[str, ...] | None = None,
    variation: str | None = None,
    clock: Clock | None = None,
    lag_time: Callable[[], float] | None = None,
) -> Provider:
    """A fresh provider: conforming, with one or several faults, with the options of a variation, or both.

    ``clock`` is the machine's by default; ``provider.clock`` is what the provider uses. ``lag_time`` measures
    how far reads lag behind writes, in seconds; by default the provider's clock. Of faults that replace the
    same step, the first counts. An unknown name raises ``ValueError``.
    """
    kind = Provider
    names = (fault,) if isinstance(fault, str) else tuple(dict.fromkeys(fault or ()))
    if names:
        known = {one.name: one for one in faults()}
        for name in names:
            if name not in known:
                raise _unknown("fault", name, known)
        kinds = [known[name].provider for name in names]
        kind = kinds[0] if len(kinds) == 1 else _combined(kinds)
    options = Options()
    if variation is not None:
        conforming = {one.name: one for one in variations()}
        if variation not in conforming:
            raise _unknown("variation", variation, conforming)
        options = conforming[variation].options
    return kind(clock, options, lag_time)


def _combined(kinds: list[type[Provider]]) -> type[Provider]:
    # A subclass comes before its base, or Python knows no order for them.
    kinds.sort(key=lambda one: -len(one.__mro__))
    return type("SeveralFaults", tuple(kinds), {})


def _unknown(what: str, name: str, known: Iterable[str]) -> ValueError:
    near = difflib.get_close_matches(name, known, n=3)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return ValueError(f"there is no {what} {name!r}{hint}")
