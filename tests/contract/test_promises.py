"""Judges the built-in mock, or what ``--contract-base-url`` names, by every clause."""

from whop_contracts.contract import clause, run

__all__ = ["clause", "run"]
