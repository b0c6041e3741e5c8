"""The lower bounds of pyproject.toml are the versions on which ``tox -e lowest`` runs the tests."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def versions(lines: list[str], operator: str) -> dict[str, str]:
    found = {}
    for line in lines:
        name, _, version = re.split("#|,", line)[0].partition(operator)
        found[name.strip()] = re.sub(r"(\.0)+$", "", version.strip())
    return found


def test_lowest_txt_is_the_lower_bounds() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    bounds = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    pinned = (ROOT / "tests" / "lowest.txt").read_text("utf-8").splitlines()[1:]
    assert versions([one.replace("==", ">=") for one in bounds], ">=") == versions(pinned, "==")
