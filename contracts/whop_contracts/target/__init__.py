"""Targets: what is judged, in this process or behind a socket, with its clock; and manners towards it."""

from whop_contracts.target.clocks import VirtualClock, WallClock
from whop_contracts.target.live import LiveTarget, SteadyTime
from whop_contracts.target.mock import MOCK_URL, MockTarget
from whop_contracts.target.protocol import Clock, OffTargetError, Reply, Target
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
