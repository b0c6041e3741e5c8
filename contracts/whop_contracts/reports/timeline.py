"""A failure about time as a picture: when the campaign was seen, and the instants that were expected or shown, on one line.

Only what stands in the result is drawn: the instants in what was expected, asked for and found, and the provider's clock at the answer; where
that is not known, the answer's ``Date``.
"""

from __future__ import annotations

import email.utils
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from whop_contracts.instants import NANO, read_instant, write_instant
from whop_contracts.reports.showing import visible

_PARTS: Final = frozenset({"pausing", "auto_resume"})
_INSTANT: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_MOST: Final = 4
_LEFT, _RIGHT, _TOP, _STEP = 20, 700, 26, 40


@dataclass(frozen=True, slots=True)
class Mark:
    """One instant on the line: where it stands, on which side its words do, and what they are."""

    x: int
    y: int
    anchor: str
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """Marks in the order of time, the height that they take, the bars between them, and the whole in words for who cannot see it."""

    marks: tuple[Mark, ...]
    height: int
    paused: tuple[int, int] | None
    words: str


def timeline(row: Mapping[str, Any]) -> Timeline | None:
    """The picture of a failure; None where the clause is not about time, or the result tells of fewer than two instants."""
    failure = row["failure"]
    if row["part"] not in _PARTS or not failure:
        return None
    found: dict[int, tuple[str, list[str]]] = {}
    for ns, kind, what in _points(failure):
        words = found.setdefault(ns, (kind, []))[1]
        if what not in words:
            words.append(what)
    points = sorted((ns, kind, ", ".join(words)) for ns, (kind, words) in found.items())
    if len(points) < 2:  # noqa: PLR2004 - a line has two ends
        return None
    first, last = points[0][0], points[-1][0]
    marks = []
    for index, (ns, kind, what) in enumerate(points):
        x = _LEFT + round((_RIGHT - _LEFT) * ((ns - first) / (last - first)))
        anchor = "start" if x < (_LEFT + _RIGHT) / 2 else "end"
        marks.append(Mark(x, _TOP + _STEP * index, anchor, kind, f"{write_instant(ns)} {what}"))
    wanted = [mark for mark in marks if mark.kind in {"asked", "shown"}]
    seen = [mark for mark in marks if mark.kind == "seen"]
    paused = (min(seen[0].x, wanted[0].x), max(seen[0].x, wanted[0].x)) if seen and wanted else None
    return Timeline(tuple(marks), _TOP + _STEP * len(points), paused, "; ".join(mark.words for mark in marks))


def _points(failure: Mapping[str, Any]) -> Iterator[tuple[int, str, str]]:
    response = failure["response"] or {}
    date = {name.lower(): value for name, value in (response.get("headers") or {}).items()}.get("date")
    at = read_instant(failure["request"].get("at") or "")
    seen = at.ns if at else _http_date(date)
    if seen is not None:
        yield seen, "seen", f"seen: {visible(failure['actual'], 60)}"
    for kind, what, text in (
        ("asked", "asked for", failure["request"].get("body") or ""),
        ("expected", "expected", failure["expected"]),
        ("shown", "shown", failure["actual"]),
    ):
        for found in _INSTANT.findall(text)[:_MOST]:
            instant = read_instant(found)
            if instant is not None:
                yield instant.ns, kind, what


def _http_date(text: Any) -> int | None:
    try:
        return int(email.utils.parsedate_to_datetime(text).timestamp()) * NANO if text else None
    except (TypeError, ValueError, OverflowError):
        return None
