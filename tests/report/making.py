"""Real results: of the built-in provider, honest or with a fault, judged in this process."""

import copy
import json
import re
import time
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from whop_contracts import provider
from whop_contracts.cli import check as engine
from whop_contracts.cli import main as cli
from whop_contracts.cli import planning as opening
from whop_contracts.settings import Settings

FAULT = "typo-in-member"


def judged(settings: Settings | None = None, **built: str) -> dict[str, Any]:
    """The result of a run on the mock, ``built`` with a fault, a variation or neither.

    Each is made once, and may be changed.
    """
    return copy.deepcopy(_judged(settings or Settings(profile="quick"), **built))


@cache
def _judged(settings: Settings, **built: str) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        if built:
            break_mock(patch, **built)
        return engine.check(settings)


def break_mock(patch: Any, fault: str | None = None, **built: Any) -> None:
    def opened(_: Settings) -> Any:
        made = provider.build(fault=fault, clock=provider.ManualClock(time.time()), **built)
        return opening.open_mock(made), opening.mock_actors()

    patch.setattr(engine, "open_target", opened)


def verdicts(result: dict[str, Any]) -> dict[str, str]:
    return {row["id"]: row["verdict"] for row in result["clauses"]}


def failing(result: dict[str, Any]) -> list[str]:
    return [row["id"] for row in result["clauses"] if row["verdict"] == "failed"]


def saved(path: Path, result: Any) -> str:
    path.write_text(json.dumps(result), "utf-8")
    return str(path)


def said(capsys: Any, *argv: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = cli.main(argv)
    out, err = capsys.readouterr()
    return code, out, err


def runner_commands(text: str) -> list[tuple[str, str, str]]:
    """The commands that GitHub's runner reads, in either syntax, as name, properties and data."""
    found, word = [], None
    for line in text.splitlines():
        match = re.match(r"\s*::([a-zA-Z0-9-]+)(?: ([^:]*))?::(.*)|.*##\[(\w+)(.*)", line)
        if not match:
            continue
        name, properties, data, old, rest = (part or "" for part in match.groups())
        if word is not None:
            word = None if name == word else word
        elif name == "stop-commands":
            word = data
        else:
            found.append((name or old, properties, data or rest))
    assert word is None
    return found
