"""Targets: what is checked, in this process or behind a socket, with its clock, rate limits and retries."""

from whop_contracts.target.clocks import Clock, VirtualClock, WallClock
from whop_contracts.target.remote_clock import ProviderTestClock
from whop_contracts.target.responses import Reply
from whop_contracts.target.sender import BudgetSpent, Sender
from whop_contracts.target.targets import (
    MOCK_URL,
    LiveTarget,
    MockTarget,
    OffTargetError,
    SteadyTime,
    Target,
)
from whop_contracts.target.wire import Limits, Wire

__all__ = [
    "MOCK_URL",
    "BudgetSpent",
    "Clock",
    "Limits",
    "LiveTarget",
    "MockTarget",
    "OffTargetError",
    "ProviderTestClock",
    "Reply",
    "Sender",
    "SteadyTime",
    "Target",
    "VirtualClock",
    "WallClock",
    "Wire",
]
