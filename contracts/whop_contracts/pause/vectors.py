"""Vectors: the named example requests of each request class, read from ``schemas/vectors/``."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from whop_contracts.schemas import document_path
from whop_contracts.steps import Case, SymbolicInstant

_BASES: Final = ("from", "month_day", "nth_sunday", "fixed")


@cache
def vectors_of(request_class: str) -> tuple[Case, ...]:
    """The vectors of a class, in the order of its file."""
    file = json.loads(document_path(f"vectors/{request_class}.json").read_text(encoding="utf-8"))
    return tuple(_case(vector, request_class) for vector in file["vectors"])


@cache
def vectors() -> Mapping[str, Case]:
    """Every vector by its id."""
    folder = document_path("vectors")
    return {case.id: case for path in sorted(folder.glob("*.json")) for case in vectors_of(path.stem)}


def vector(id_: str) -> Case:
    """One vector. KeyError if there is none with this id."""
    return vectors()[id_]


def _case(vector: Mapping[str, Any], request_class: str) -> Case:
    whose, colon, how = vector["target"].partition(":")
    body = vector.get("body")
    return Case(
        vector["purpose"],
        method=vector["method"],
        campaign=f"own:0{colon}{how}" if whose == "own" else vector["target"],
        credential=vector["credential"],
        body=base64.b64decode(vector["body_base64"]) if "body_base64" in vector else body,
        until=_instant(vector["until"]) if "until" in vector else None,
        media_type=vector["media_type"],
        id=vector["id"],
        request_class=request_class,
        origin="vector",
    )


def _instant(until: Mapping[str, Any]) -> SymbolicInstant:
    given = {name: value for name, value in until.items() if name not in _BASES}
    return SymbolicInstant(next(until[name] for name in _BASES if name in until), **given)
