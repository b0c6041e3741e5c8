"""Registers the clauses as schemathesis checks on import. The public import path."""

from whop_contracts.integrations.schemathesis_checks import *  # noqa: F403 - what __all__ names
from whop_contracts.integrations.schemathesis_checks import __all__ as __all__  # noqa: PLC0414 - a re-export
