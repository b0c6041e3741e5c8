"""What the tests of the engine share."""

from safety.conftest import _plans_are_drawn_once  # noqa: F401 - a fixture of every test here
