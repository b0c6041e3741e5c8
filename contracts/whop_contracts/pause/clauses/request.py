"""The request: what a pause may carry."""

from __future__ import annotations

from typing import Final

from whop_contracts.pause.request_classes import standing_clauses

CLAUSES: Final = standing_clauses("request")
