"""Locust users that check every response of a load test. The public import path."""

from whop_contracts.integrations.locust.user import *  # noqa: F403 - re-exports exactly what __all__ names
from whop_contracts.integrations.locust.user import __all__ as __all__  # noqa: PLC0414 - explicit re-export
