"""The page about what conforms has every request class as the code has it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from whop_contracts.pause.request_classes import CLASSES

DOCS = Path(__file__).parents[2] / "docs"


def test_the_table_of_request_classes_is_up_to_date() -> None:
    """``python docs/hooks.py`` writes it."""
    spec = importlib.util.spec_from_file_location("hooks", DOCS / "hooks.py")
    assert spec
    assert spec.loader
    hooks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hooks)
    page = (DOCS / "conforms.md").read_text(encoding="utf-8")
    assert hooks.conforms(page) == page
    for one in CLASSES:
        assert f"| `{one.id}` | " in page
        assert one.clause in page
