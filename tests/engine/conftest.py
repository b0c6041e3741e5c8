"""What the tests of this folder share."""

from drawing import _plans_are_drawn_once  # noqa: F401 - a fixture of every test here
