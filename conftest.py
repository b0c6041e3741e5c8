"""What the tests of every room share."""

from __future__ import annotations

import os

import pytest

pytest_plugins = ["pytester"]


@pytest.fixture(scope="session", autouse=True)
def _own_state_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Locks of the tests stay out of the folder of the user."""
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.getbasetemp())
