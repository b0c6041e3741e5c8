"""What the tests of safety share."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
from nursery import Nursery

from whop_contracts.cli import planning
from whop_contracts.engine import build_plan


@pytest.fixture(autouse=True, scope="session")
def _plans_are_drawn_once() -> Iterator[None]:
    """Drawing a plan costs more than most runs; the same arguments give the same one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planning, "draw", cache(build_plan.draw))
        yield


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    made = Nursery()
    yield made
    made.close()
