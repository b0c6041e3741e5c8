"""Faults that no vector was written for: only generated requests find them."""

from __future__ import annotations

from typing import Any, Final

from whop_contracts.provider.core import Provider
from whop_contracts.provider.dates import DAY, MINUTE, Parts
from whop_contracts.provider.faults.invalid_dates import accepting, for_ever
from whop_contracts.provider.faults.making import Table, failing, with_member
from whop_contracts.provider.faults.valid_dates import misread, shifted


def _in_whole_quarters(parts: Parts) -> int:
    surplus = abs(parts.offset) % 15 * MINUTE if abs(parts.offset) <= 14 * 60 else 0
    return parts.instant() + (surplus if parts.offset > 0 else -surplus)


def _is_big(value: Any) -> bool:
    """Whether a value is, or contains, an integer beyond 64 bits."""
    if isinstance(value, list | dict):
        return any(map(_is_big, value.values() if isinstance(value, dict) else value))
    return isinstance(value, int) and abs(value) >= 2**64


FAULTS: Final = (
    *Table("dates", misread)(
        ("offset-in-quarters", "offsets are stored as quarters of an hour", _in_whole_quarters),
        (
            "far-centuries-a-day-early",
            "a century's leap day is left out",
            shifted(-DAY, lambda parts: 2_300 < parts.year < 9_990),
        ),
    ),
    *Table("accepting", failing(Provider.decide_until), 100)(
        ("crashes-on-dollar-in-name", "an operator of the store", with_member(lambda name, _: "$" in name)),
        (
            "crashes-on-other-letter-in-name",
            "a column in ASCII",
            with_member(lambda name, _: not name.isascii()),
        ),
        ("crashes-on-big-integer", "a column of 64 bits", with_member(lambda _, value: _is_big(value))),
        (
            "crashes-on-control-character",
            "a log format",
            with_member(lambda name, _: any(letter < " " for letter in name)),
        ),
    ),
    *Table("accepting", accepting(Provider.no_object), 102)(
        (
            "accepts-negative-numbers",
            "less than nothing is nothing",
            (lambda body: isinstance(body, int | float) and body < 0, for_ever),
        ),
    ),
)  # fmt: skip
