"""Plans for tests that run many: each is drawn once, by the fixture in conftest.py."""

from whop_contracts.cli import planning


def draw(*arguments, **how):
    return planning.draw(*arguments, **how)
