"""A failure about time as a picture: what was asked of the campaign, when it was seen paused and until when, and what was expected, on one line.

Only what stands in the result is drawn: the exchanges before the failure, the instants in what was expected, asked for and found, and the
provider's clock at the answer; where that is not known, the answer's ``Date``.
"""

from __future__ import annotations

import email.utils
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from whop_contracts.instants import NANO, read_instant, write_instant
from whop_contracts.report.sanitize import visible
from whop_contracts.report.summary import came_of, is_about

_PARTS: Final = frozenset({"pausing", "auto_resume"})
_INSTANT: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_MOST: Final = 4
_LEFT, _RIGHT, _TOP, _STEP = 20, 700, 30, 22


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
    """Marks in the order of time, the height that they take, where the campaign was seen paused (from and to, on the line), and the whole in
    words for who cannot see it.
    """

    marks: tuple[Mark, ...]
    height: int
    paused: tuple[tuple[int, int], ...]
    words: str


def timeline(row: Mapping[str, Any]) -> Timeline | None:
    """The picture of a failure; None where the clause is not about time, or the result tells of fewer than two instants."""
    failure = row["failure"]
    if row["part"] not in _PARTS or not failure:
        return None
    points = sorted(_points(failure), key=lambda point: point[0])
    if not points or points[0][0] == points[-1][0]:
        return None
    first, last = points[0][0], points[-1][0]

    def place(ns: int) -> int:
        return _LEFT + round((_RIGHT - _LEFT) * ((min(max(ns, first), last) - first) / (last - first)))

    marks = []
    for index, (ns, kind, what) in enumerate(points):
        x = place(ns)
        anchor = "start" if x < (_LEFT + _RIGHT) / 2 else "end"
        marks.append(Mark(x, _TOP + _STEP * index, anchor, kind, f"{write_instant(ns)} {what}"))
    return Timeline(
        tuple(marks),
        _TOP + _STEP * len(marks),
        tuple((place(start), place(end)) for start, end in _paused(failure)),
        "; ".join(mark.words for mark in marks),
    )


def _points(failure: Mapping[str, Any]) -> Iterator[tuple[int, str, str]]:
    for event in failure["request"].get("before") or ():
        at = read_instant(event["at"] or "")
        if at is not None:
            yield at.ns, "before", f"{visible(event['asked'], 60)}: {came_of(event)}"
    seen = _seen(failure)
    if seen is not None:
        yield seen, "seen", f"seen: {visible(failure['actual'], 60)}"
    said: dict[int, tuple[str, list[str]]] = {}
    for kind, what, text in (
        ("asked", "asked for", failure["request"].get("body") or ""),
        ("expected", "expected", failure["expected"]),
        ("shown", "shown", failure["actual"]),
    ):
        for found in _INSTANT.findall(text)[:_MOST]:
            instant = read_instant(found)
            if instant is not None and what not in (whats := said.setdefault(instant.ns, (kind, []))[1]):
                whats.append(what)
    yield from ((ns, kind, ", ".join(whats)) for ns, (kind, whats) in said.items())


def _paused(failure: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
    """From when to when the campaign was paused by what its answers showed: each until its date, or until the next answer."""
    request = failure["request"]
    own = [one for one in request.get("before") or () if is_about(one, request)]
    shown = [
        (at.ns, one["status"], read_instant(one["paused_until"] or ""))
        for one in own
        if one["status"] and (at := read_instant(one["at"] or ""))
    ]
    ends = [*(start for start, _, _ in shown[1:]), _seen(failure)]
    for (start, status, until), end in zip(shown, ends, strict=False):
        if status == "paused" and end is not None:
            yield start, min(end, until.ns) if until else end


def _seen(failure: Mapping[str, Any]) -> int | None:
    """The provider's clock at the answer that failed; where it is not known, the answer's ``Date``."""
    at = read_instant(failure["request"].get("at") or "")
    headers = {
        name.lower(): value for name, value in ((failure["response"] or {}).get("headers") or {}).items()
    }
    return at.ns if at else _http_date(headers.get("date"))


def _http_date(text: Any) -> int | None:
    try:
        return int(email.utils.parsedate_to_datetime(text).timestamp()) * NANO if text else None
    except (TypeError, ValueError, OverflowError):
        return None
