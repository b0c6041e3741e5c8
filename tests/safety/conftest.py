"""What the tests of safety share."""

from collections.abc import Iterator

import pytest
from nursery import Nursery
from serving import Served, served


@pytest.fixture
def state() -> Iterator[Served]:
    """The conforming provider behind a socket."""
    with served() as made:
        yield made


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    made = Nursery()
    yield made
    made.close()
