"""Plans for tests that run many: each is drawn once."""

from functools import cache

from whop_contracts.engine import build_plan

draw = cache(build_plan.draw)
