"""Drawing values offline: the same ones for the same seed, wherever and whenever they are drawn."""

from __future__ import annotations

import random
from typing import Any, Final, TypeVar, cast

from hypothesis import Verbosity, given, settings
from hypothesis.strategies import SearchStrategy

T = TypeVar("T")
_BYTES: Final = 4_096
"""What one value may be made from; one that wants more is left out."""
_TRIES: Final = 20


def draw(strategy: SearchStrategy[T], *, seed: int, count: int) -> list[T]:
    """``count`` values of ``strategy``, no two with the same ``repr``; fewer where so many are not found in 20 tries for each.

    They depend on the strategy, the seed and the version of Hypothesis alone, and a smaller count gives the start of the same
    list. Nothing is read from or written to disk but what the strategy itself does.
    """
    drawn: dict[str, T] = {}

    # Not a run of the test under @seed: Hypothesis then mixes in the constants that it finds in whatever modules of the user's
    # are loaded, so that a plan would differ between the command line and pytest, and keeps them in .hypothesis/.
    @settings(database=None, verbosity=Verbosity.quiet)
    @given(strategy)
    def collect(value: T) -> None:
        drawn.setdefault(repr(value), value)

    take = cast("Any", collect).hypothesis.fuzz_one_input
    source = random.Random(f"whop-contracts {seed}")  # noqa: S311 - repeatable on purpose
    for _ in range(count * _TRIES):
        if len(drawn) == count:
            break
        take(source.randbytes(_BYTES))
    return list(drawn.values())
