"""Faulty providers, one module per kind. The modules are listed here by name: nothing registers itself."""

from __future__ import annotations

from whop_contracts.provider.faults import (
    accepting,
    authorization,
    auto_resume,
    identifiers,
    intermittent,
    long_run,
    misparsed_dates,
    omitting,
    pausing,
    reading_back,
    refusing,
    rejected_dates,
    response,
    second_pause,
    timers,
    values,
    wire,
)
from whop_contracts.provider.faults.fault import Fault

__all__ = ["Fault", "faults"]

_MODULES = (
    response,
    wire,
    pausing,
    second_pause,
    reading_back,
    omitting,
    misparsed_dates,
    rejected_dates,
    auto_resume,
    timers,
    long_run,
    accepting,
    refusing,
    authorization,
    identifiers,
    values,
    intermittent,
)


def faults() -> tuple[Fault, ...]:
    """Every fault, by kind."""
    return tuple(fault for module in _MODULES for fault in module.FAULTS)
