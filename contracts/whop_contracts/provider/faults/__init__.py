"""Faulty providers, one module per part that they break. Nothing registers itself."""

from __future__ import annotations

from typing import Final

from whop_contracts.provider.faults import (
    access,
    bodies,
    campaigns,
    drawn_only,
    history,
    invalid_dates,
    pausing,
    response,
    resuming,
    routes,
    valid_dates,
)
from whop_contracts.provider.faults.making import Fault

__all__ = ["Fault", "faults"]

_MODULES: Final = (
    response,
    pausing,
    valid_dates,
    resuming,
    history,
    invalid_dates,
    bodies,
    access,
    routes,
    campaigns,
    drawn_only,
)
_FAULTS: Final = tuple(fault for module in _MODULES for fault in module.FAULTS)


def faults() -> tuple[Fault, ...]:
    """Every fault that the proof is made of, by the part that it breaks."""
    return _FAULTS
