"""Hypothesis strategies: documented values, pause bodies, dates, ids. The public import path."""

from whop_contracts.pause.strategies import *  # noqa: F403 - re-exports exactly what __all__ names
from whop_contracts.pause.strategies import __all__ as __all__  # noqa: PLC0414 - explicit re-export
