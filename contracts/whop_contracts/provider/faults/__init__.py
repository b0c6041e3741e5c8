"""Faulty providers, one module per kind. The modules are listed here by name: nothing registers itself."""

from __future__ import annotations

from whop_contracts.provider.faults import (
    accepting,
    authorization,
    auto_resume,
    identifiers,
    liars,
    long_run,
    misread,
    omitting,
    pausing,
    reading_back,
    refusing,
    repeated,
    response,
    timers,
    turned_away,
    values,
    wire,
)
from whop_contracts.provider.faults.fault import Fault

__all__ = ["Fault", "faults"]

_MODULES = (
    response,
    wire,
    pausing,
    repeated,
    reading_back,
    omitting,
    misread,
    turned_away,
    auto_resume,
    timers,
    long_run,
    accepting,
    refusing,
    authorization,
    identifiers,
    values,
    liars,
)


def faults() -> tuple[Fault, ...]:
    """Every fault, by kind."""
    return tuple(fault for module in _MODULES for fault in module.FAULTS)
