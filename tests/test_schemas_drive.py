"""The schemas drive the checks: another documentation gives other verdicts on the same responses."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from whop_contracts import derive
from whop_contracts.schemas import document_path

RUN = """
import sys
from pathlib import Path
from whop_contracts import schemas
schemas.document_path = lambda name: Path(sys.argv[1]) / name
from whop_contracts.cli.main import main
sys.exit(main(["run", "--profile", "quick", "--quiet", "--json", sys.argv[2]]))
"""
CHANGES: dict[str, tuple[tuple[str, str, Any], str]] = {
    # What is changed: in the annotations of a member, or in the documented body; the clause that fails.
    "an enum": (
        ("/status", "schema", {"enum": ["active", "halted", "inactive", "stale"]}),
        "response.status",
    ),
    "a type": (("/title", "documented", 5), "response.title"),
    "a nullability": (("/paused_until", "nullable", None), "timestamps.paused-until"),
    "a format": (("/created_at", "schema", {"format": "date"}), "timestamps.created-at"),
    "a prefix": (("/id", "schema", {"pattern": "^campaign_[^\\s]+$"}), "identifiers.campaign-id"),
}


def change(folder: Path, pointer: str, what: str, value: Any) -> None:
    """Change one entry of a folder of documentation, and derive its schemas again."""
    path = folder / ("documented/ad-campaign.json" if what == "documented" else derive.ANNOTATIONS)
    document = json.loads(path.read_text())
    if what == "documented":
        document[pointer[1:]] = value
    else:
        entry = document["documents"]["ad-campaign"]["members"][pointer]
        if value is None:
            del entry[what]
        else:
            entry[what] = value
    path.write_text(json.dumps(document))
    derive.write(folder)


@pytest.mark.parametrize("name", [None, *CHANGES])
def test_a_change_of_the_documentation_changes_the_verdict(tmp_path: Path, name: str | None) -> None:
    folder = tmp_path / "schemas"
    shutil.copytree(document_path(""), folder)
    changed, clause = CHANGES[name] if name else (None, None)
    if changed:
        change(folder, *changed)
    result = tmp_path / "result.json"
    ran = subprocess.run(
        [sys.executable, "-c", RUN, folder, result], capture_output=True, text=True, check=False, timeout=100
    )
    assert ran.returncode == (1 if clause else 0), ran.stdout + ran.stderr
    failed = [row["id"] for row in json.loads(result.read_text())["clauses"] if row["verdict"] == "failed"]
    assert failed == ([clause] if clause else [])
