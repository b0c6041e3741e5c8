"""What commands do their work with: imported when it is used, since it costs what ``--help`` may not."""

from __future__ import annotations

import importlib
from typing import Any, Final

PLACES: Final = {
    "judge": "whop_contracts.cli.check:check",
    "outline": "whop_contracts.cli.planning:outline",
    "planned": "whop_contracts.cli.planning:planned",
    "asked_for": "whop_contracts.cli.planning:selected_clauses",
    "served_by_case": "whop_contracts.cli.coverage:served_by_case",
    "clauses": "whop_contracts.pause.catalogue:clauses",
    "shown": "whop_contracts.report:show",
    "watching": "whop_contracts.report.terminal:watching",
    "table": "whop_contracts.report.terminal:show_clauses",
    "derive": "whop_contracts.derive:",
    "document_path": "whop_contracts.schemas:document_path",
    "proof": "whop_contracts.proof:",
    "proof_page": "whop_contracts.proof.page:",
    "proof_data": "whop_contracts.cli.explain_data:data",
    "explaining": "whop_contracts.cli.explain_data:",
    "trials": "whop_contracts.proof.trials:",
    "read_instant": "whop_contracts.instants:read_instant",
    "provider": "whop_contracts.provider:",
    "witness": "whop_contracts.integrations.consumer.request_checker:",
    "replace_file": "whop_contracts.report.postprocess:replace",
    "server": "whop_contracts.provider.server:",
    "chosen": "whop_contracts.pause.catalogue:chosen",
    "recorded": "whop_contracts.integrations.har:",
    "settling": "whop_contracts.report.postprocess:prepare",
    "comparing": "whop_contracts.report.diff:",
    "replaying": "whop_contracts.cli.replaying:",
    "show_failure": "whop_contracts.report.terminal:show_failure",
    "unmistaken": "whop_contracts.report:guarded",
}


def engine(name: str) -> Any:
    """The function, or the module, that is called so here."""
    module, _, function = PLACES[name].partition(":")
    found = importlib.import_module(module)
    return getattr(found, function) if function else found
