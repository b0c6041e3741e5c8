"""What commands do their work with: imported when it is used, since it costs what ``--help`` may not."""

from __future__ import annotations

import importlib
from typing import Any, Final

PLACES: Final = {
    "judge": "whop_contracts.engine:judge",
    "outline": "whop_contracts.preparing:outline",
    "planned": "whop_contracts.preparing:planned",
    "asked_for": "whop_contracts.engine:chosen",
    "served_by_case": "whop_contracts.plan.serving:served_by_case",
    "clauses": "whop_contracts.catalogue:clauses",
    "shown": "whop_contracts.reports.actions:shown",
    "watching": "whop_contracts.reports.progress:watching",
    "table": "whop_contracts.reports.catalogue:table",
    "derive": "whop_contracts.derive:",
    "document_path": "whop_contracts.schemas:document_path",
    "proof": "whop_contracts.proof:",
    "proof_page": "whop_contracts.reports.proof:",
    "proof_data": "whop_contracts.explaining:data",
    "explaining": "whop_contracts.explaining:",
    "trials": "whop_contracts.proof.trials:",
    "read_instant": "whop_contracts.instants:read_instant",
    "provider": "whop_contracts.provider:",
    "witness": "whop_contracts.consumer.witness:",
    "replace_file": "whop_contracts.result.ledger:replace",
    "server": "whop_contracts.provider.server:",
    "chosen": "whop_contracts.catalogue:chosen",
    "recorded": "whop_contracts.recorded:",
    "settling": "whop_contracts.result.settling:prepare",
    "comparing": "whop_contracts.result.comparing:",
    "replaying": "whop_contracts.replaying:",
    "show_failure": "whop_contracts.reports.terminal:show_failure",
    "unmistaken": "whop_contracts.reports.actions:unmistaken",
}


def engine(name: str) -> Any:
    """The function, or the module, that is called so here."""
    module, _, function = PLACES[name].partition(":")
    found = importlib.import_module(module)
    return getattr(found, function) if function else found
