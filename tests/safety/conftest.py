"""What the tests of safety share."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from nursery import Nursery
from serving import Served, served

from whop_contracts.cli import planning


@pytest.fixture(scope="session")
def nursery() -> Nursery:
    return Nursery()


@pytest.fixture
def serve(tmp_path: Path, nursery: Nursery) -> Callable[..., Served]:
    """``served``, for runs in the test's folder."""
    return partial(served, folder=tmp_path, nursery=nursery)


@pytest.fixture
def state(serve: Callable[..., Served]) -> Iterator[Served]:
    """The conforming provider behind a socket."""
    with serve() as made:
        yield made


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Targets behind sockets do not sleep: the sender's time jumps by the seconds that are listed here."""
    seconds: list[float] = []
    time = planning.steady_time()
    monkeypatch.setattr(planning, "steady_time", lambda: lambda: time() + sum(seconds))
    monkeypatch.setattr(planning, "open_live", partial(planning.open_live, sleep=seconds.append))
    return seconds
