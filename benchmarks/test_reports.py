"""Writing reports, as a share of the shortest run that there is to report."""

from __future__ import annotations

import importlib
import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from running import best

from whop_contracts.cli import check as engine
from whop_contracts.report import WRITERS, terminal
from whop_contracts.settings import Settings


def _terminal(result: Mapping[str, Any]) -> str:
    text = io.StringIO()
    terminal.show(result, text, verbose=True)
    return text.getvalue()


def writer(name: str) -> Callable[[Mapping[str, Any]], str]:
    if name == "terminal":
        return _terminal
    module, _, function = WRITERS[name].partition(":")
    found: Callable[[Mapping[str, Any]], str] = getattr(importlib.import_module(module), function)
    return found


@pytest.fixture(scope="module")
def result() -> Mapping[str, Any]:
    """A run in which every third clause is made to fail, with what a real answer would have in it."""
    made = json.loads(json.dumps(engine.check(Settings())))
    answer = {
        "status": 200,
        "headers": {"content-type": "application/json"},
        "body": json.dumps({"title": "x" * 3_000}),
    }
    request = {
        "number": 7,
        "case": "a word",
        "sequence": "a word",
        "method": "POST",
        "url": "http://x.invalid/y",
        "headers": {},
        "body": "{}",
    }
    for row in made["clauses"][::3]:
        row["verdict"] = "failed"
        row["failure"] = {"expected": "200", "actual": "500", "pointer": "/title", "request": request, "response": answer,
                          "curl": "curl -i http://x.invalid/y", "first_request": 7, "count": 1}  # fmt: skip
    return made | {"verdict": "violates", "exit_code": 1}


@pytest.mark.parametrize("name", [*WRITERS, "terminal"])
def test_writing(figures, fastest, result, name) -> None:
    write = writer(name)
    text = write(result)
    assert all(row["id"] in text for row in result["clauses"][::3])
    run = best(lambda: engine.check(Settings()), rounds=3)
    figures.take(
        f"writing {name}: its time, of a standard run's in process",
        fastest(lambda: write(result)) / run,
        most=1,
    )
