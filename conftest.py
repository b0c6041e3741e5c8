"""What the tests of every room share."""

import os
from collections.abc import Iterator
from functools import cache
from tempfile import TemporaryDirectory

import hypothesis
import pytest

from whop_contracts.cli import planning
from whop_contracts.cli.check import check
from whop_contracts.settings import Settings

pytest_plugins = ["pytester"]

# No test depends on how fast the machine is.
hypothesis.settings.register_profile("suite", deadline=None)
hypothesis.settings.load_profile("suite")


def pytest_configure(config: pytest.Config) -> None:
    """Locks of the tests stay out of the folder of the user, also where a module copies the environment."""
    folder = TemporaryDirectory()
    config.add_cleanup(folder.cleanup)
    os.environ["XDG_STATE_HOME"] = folder.name


@pytest.fixture(scope="session", autouse=True)
def _plans_are_drawn_once() -> Iterator[None]:
    """Drawing a plan costs more than most runs; the same arguments give the same one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planning, "draw", cache(planning.draw))
        yield


@cache
def _import_everything() -> None:
    check(Settings())


@pytest.fixture
def pytester(pytester: pytest.Pytester) -> pytest.Pytester:
    """It forgets what a test run in this process is the first to import, so everything is imported before."""
    _import_everything()
    return pytester
