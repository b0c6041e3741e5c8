"""Plans for tests that run many: each is drawn once."""

from collections.abc import Iterator
from functools import cache

import pytest

from whop_contracts.cli import planning
from whop_contracts.engine import build_plan

draw = cache(build_plan.draw)


@pytest.fixture(autouse=True, scope="session")
def _plans_are_drawn_once() -> Iterator[None]:
    """Drawing a plan costs more than most runs; the same arguments give the same one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planning, "draw", draw)
        yield
