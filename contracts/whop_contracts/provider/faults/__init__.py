"""Faulty providers, by the part that they break. Nothing registers itself."""

from __future__ import annotations

from typing import Final

from whop_contracts.provider.faults import (
    access,
    bodies,
    campaigns,
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

_FAULTS: Final = (
    *response.FAULTS,
    *pausing.FAULTS,
    *valid_dates.FAULTS,
    *resuming.FAULTS,
    *history.FAULTS,
    *invalid_dates.FAULTS,
    *bodies.FAULTS,
    *access.FAULTS,
    *routes.FAULTS,
    *campaigns.FAULTS,
    *valid_dates.DRAWN,
    *bodies.DRAWN,
)


def faults() -> tuple[Fault, ...]:
    """Every fault that the proof is made of, by the part that it breaks."""
    return _FAULTS
