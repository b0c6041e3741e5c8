"""Reports: every one is rendered from the result, none from what a run has in memory."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, Final

from whop_contracts.settings import KEYS, Settings, UsageError
from whop_contracts.settings.kinds import STDOUT

WRITERS: Final = {
    "json": "whop_contracts.report.document:render",
    "junit": "whop_contracts.report.junit:render",
    "markdown": "whop_contracts.report.markdown:render",
    "html": "whop_contracts.report.html:render",
}
"""Who renders what is written to a file: by the setting that names the file, ``module:function`` from result to text."""


def render(name: str, result: Mapping[str, Any]) -> str:
    """The text of the report that the setting ``name`` asks for."""
    module, _, function = WRITERS[name].partition(":")
    text: str = getattr(importlib.import_module(module), function)(result)
    return text


def for_stdout(settings: Settings) -> str | None:
    """The report that is written to standard output, by the name of its setting."""
    return next((name for name in WRITERS if getattr(settings, name) == STDOUT), None)


def write(settings: Settings, result: Mapping[str, Any]) -> None:
    """Write every report that was asked for to its file. UsageError names the first file that could not be written; the others are."""
    wrong: list[str] = []
    for name in WRITERS:
        path = getattr(settings, name)
        if path is not None and path != STDOUT:
            text = render(name, result)
            try:
                path.write_text(text, "utf-8", errors="backslashreplace")
            except OSError as error:
                wrong.append(
                    f"--{KEYS[name]} {str(path)!r}: could not be written ({(error.strerror or 'no answer').lower()})"
                )
    if wrong:
        raise UsageError(wrong[0])
