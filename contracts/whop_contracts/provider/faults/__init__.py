"""Faulty providers, one module per kind. The modules are listed here by name: nothing registers itself."""

from __future__ import annotations

from whop_contracts.provider.faults.fault import Fault

__all__ = ["Fault", "faults"]

_MODULES: tuple[tuple[Fault, ...], ...] = ()


def faults() -> tuple[Fault, ...]:
    """Every fault, by kind."""
    return tuple(fault for module in _MODULES for fault in module)
