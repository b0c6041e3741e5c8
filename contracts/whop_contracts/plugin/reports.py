"""What pytest reports of a test, without the credentials of its session: assertions, tracebacks, locals and captured output alike."""

from __future__ import annotations

from typing import Any

import pytest
from _pytest._code.code import TerminalRepr

from whop_contracts.actors import Actors
from whop_contracts.engine.preflight import redactor_of
from whop_contracts.redaction import Redactor
from whop_contracts.settings import Settings


def redactor_for(settings: Settings) -> Redactor:
    """What knows the secrets of these settings."""
    return redactor_of(
        Actors(
            token=settings.token or "",
            campaigns=settings.campaign_ids,
            readonly_token=settings.readonly_token,
            headers=settings.headers,
        )
    )


def redact(report: pytest.TestReport, redactor: Redactor) -> None:
    """Take the secrets out of a report, in its place."""
    report.longrepr = _without(report.longrepr, redactor)
    report.sections = _without(report.sections, redactor)


def _without(value: Any, redactor: Redactor) -> Any:
    """A value of pytest's report without secrets: texts, what holds texts, and the pieces of a shown traceback."""
    if isinstance(value, str):
        return redactor.text(value)
    if isinstance(value, list | tuple):
        return type(value)(_without(one, redactor) for one in value)
    if isinstance(value, TerminalRepr) or type(value).__name__ == "ReprFileLocation":
        for name, part in vars(value).items():
            setattr(value, name, _without(part, redactor))
    return value
