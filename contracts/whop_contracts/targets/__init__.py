"""Targets: what is judged, in this process or behind a socket, with its clock; and manners towards it."""

from whop_contracts.targets.clocks import VirtualClock, WallClock
from whop_contracts.targets.live import LiveTarget, SteadyTime
from whop_contracts.targets.manners import BudgetSpent, Courier
from whop_contracts.targets.mock import MOCK_URL, MockTarget
from whop_contracts.targets.opening import mock_parties, open_live, open_mock, open_target
from whop_contracts.targets.protocol import Clock, OffTargetError, Reply, Target
from whop_contracts.targets.steered import ProviderTestClock
from whop_contracts.targets.wire import Limits, Wire

__all__ = [
    "MOCK_URL",
    "BudgetSpent",
    "Clock",
    "Courier",
    "Limits",
    "LiveTarget",
    "MockTarget",
    "OffTargetError",
    "ProviderTestClock",
    "Reply",
    "SteadyTime",
    "Target",
    "VirtualClock",
    "WallClock",
    "Wire",
    "mock_parties",
    "open_live",
    "open_mock",
    "open_target",
]
