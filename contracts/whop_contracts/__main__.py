"""``python -m whop_contracts`` is ``whop-contracts``."""

from __future__ import annotations

from whop_contracts.cli import main

raise SystemExit(main())
