"""What commands do their work with: imported when it is used, since it costs what ``--help`` may not."""

from __future__ import annotations

import importlib
from typing import Any, Final

PLACES: Final = {
    "judge": "whop_contracts.engine:judge",
    "outline": "whop_contracts.engine:outline",
    "clauses": "whop_contracts.catalogue:clauses",
    "show": "whop_contracts.reports.terminal:show",
    "watching": "whop_contracts.reports.progress:watching",
    "table": "whop_contracts.reports.catalogue:table",
    "derive": "whop_contracts.derive:",
    "document_path": "whop_contracts.schemas:document_path",
    "provider": "whop_contracts.provider:",
    "server": "whop_contracts.provider.server:",
}


def engine(name: str) -> Any:
    """The function, or the module, that is called so here."""
    module, _, function = PLACES[name].partition(":")
    found = importlib.import_module(module)
    return getattr(found, function) if function else found
