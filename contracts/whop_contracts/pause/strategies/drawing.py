"""Drawing values offline: the same ones for the same seed, wherever and whenever they are drawn."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar, cast

from hypothesis import Verbosity, configuration, given, settings
from hypothesis.strategies import SearchStrategy

T = TypeVar("T")
_BYTES: Final = 4_096
"""What one value may be made from; one that wants more is left out."""
_TRIES: Final = 20


def draw(strategy: SearchStrategy[T], *, seed: object, count: int) -> list[T]:
    """``count`` values of ``strategy``, no two with the same ``repr``; fewer if 20 tries per value do not
    find so many.

    They depend on the strategy, the seed (as text) and the version of Hypothesis alone. A smaller count gives
    the start of the same list. Nothing is written to disk.
    """
    drawn: dict[str, T] = {}

    # Not a run of the test under @seed: Hypothesis then mixes in the constants that it finds in whatever
    # modules of the
    # user's are loaded, so that a plan would differ between the command line and pytest.
    @settings(database=None, verbosity=Verbosity.quiet)
    @given(strategy)
    def collect(value: T) -> None:
        drawn.setdefault(repr(value), value)

    take = cast("Any", collect).hypothesis.fuzz_one_input
    source = random.Random(f"whop-contracts {seed}")  # noqa: S311 - repeatable on purpose
    with _nothing_written():
        for _ in range(count * _TRIES):
            if len(drawn) == count:
                break
            take(source.randbytes(_BYTES))
    return list(drawn.values())


@contextmanager
def _nothing_written() -> Iterator[None]:
    """Keep Hypothesis from writing its table of all characters to ``.hypothesis`` in the current folder."""
    configuration.set_hypothesis_home_dir(os.devnull)
    try:
        yield
    finally:
        configuration.set_hypothesis_home_dir(None)
