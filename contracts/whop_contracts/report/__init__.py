"""Reports: every one is rendered from the result, none from what a run has in memory."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, Final

from whop_contracts.settings import KEYS, Settings, UsageError

WRITERS: Final = {
    "json": "whop_contracts.report.document:render",
    "junit": "whop_contracts.report.junit:render",
    "markdown": "whop_contracts.report.markdown:render",
    "html": "whop_contracts.report.html:render",
}
"""Who renders what is written to a file: by the setting that names the file, ``module:function`` from result to text."""


def write(settings: Settings, result: Mapping[str, Any]) -> None:
    """Write every report that was asked for. UsageError names the first file that could not be written; the others are."""
    wrong: list[str] = []
    for name, place in WRITERS.items():
        path = getattr(settings, name)
        if path is not None:
            module, _, function = place.partition(":")
            text: str = getattr(importlib.import_module(module), function)(result)
            try:
                path.write_text(text, "utf-8", errors="backslashreplace")
            except OSError as error:
                wrong.append(
                    f"--{KEYS[name]} {str(path)!r}: could not be written ({(error.strerror or 'no answer').lower()})"
                )
    if wrong:
        raise UsageError(wrong[0])
