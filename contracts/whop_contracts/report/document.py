"""The result itself, as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def render(result: Mapping[str, Any]) -> str:
    """One JSON text, indented; lone surrogates are left to the writer, whose backslash escapes are JSON's own."""
    return json.dumps(result, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
