"""Targets: what is checked, in this process or behind a socket, with its clock, rate limits and retries."""

from whop_contracts.target.clocks import VirtualClock, WallClock
from whop_contracts.target.live import LiveTarget, SteadyTime
from whop_contracts.target.mock import MOCK_URL, MockTarget, Target
from whop_contracts.target.protocol import Clock, OffTargetError, Reply
from whop_contracts.target.remote_clock import ProviderTestClock
from whop_contracts.target.sender import BudgetSpent, Sender
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
