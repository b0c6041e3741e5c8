"""What the process that forks the children of `nursery` imports and draws before, once for all of them."""

# ruff: noqa: F401 - imported for its children
import gc

import whop_contracts.cli.run
from whop_contracts import schemas
from whop_contracts.cli.planning import planned
from whop_contracts.report import terminal
from whop_contracts.settings import Settings

schemas.self_test()
planned(Settings()).outline()
gc.freeze()
