"""What is settled about a result after a run: waivers, required clauses, the drift ledger.

Their files are read, and their patterns checked, before anything is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from whop_contracts.pause import catalogue
from whop_contracts.report import waivers
from whop_contracts.report.drift_ledger import Ledger
from whop_contracts.report.result import require
from whop_contracts.settings import Settings, UsageError

Settle = Callable[[Mapping[str, Any]], dict[str, Any]]


def prepare(settings: Settings, *, today: date | None = None) -> Settle:
    """Read the files that the settings name, and give what makes a result final. UsageError where one of them cannot be used."""
    try:
        required = catalogue.required(settings.require, catalogue.chosen(settings.clauses))
    except ValueError as error:
        raise UsageError(f"--require: {error}") from None
    day = today or datetime.now(UTC).date()
    waived = waivers.load(settings.waivers, today=day) if settings.waivers else ()
    ledger = Ledger.load(settings.drift_ledger) if settings.drift_ledger else None

    def settle(result: Mapping[str, Any]) -> dict[str, Any]:
        final = waivers.apply(waived, result, strict=settings.strict) if waived else result
        final = require(final, required) if required else dict(final)
        if ledger is not None:
            final = ledger.note(final, day)
            try:
                ledger.save()
            except UsageError as error:
                # The run is over: its result is worth more than its ledger.
                final["notes"] = [*final["notes"], str(error)]
        return final

    return settle
