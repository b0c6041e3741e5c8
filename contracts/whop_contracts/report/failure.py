"""A failure of a clause: read once from the result, and put into the same words and order by every report."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from whop_contracts.instants import read_instant, write_instant
from whop_contracts.pause.evidence import State, read_state
from whop_contracts.report.commands import LONGEST, run_command
from whop_contracts.report.summary import ELLIPSIS, sent, visible

_EXCERPT: Final = 600
_BEFORE: Final = 60
_TEXT: Final = 500
LEFT: Final = 2.0
RIGHT: Final = 97.0
"""Horizontal places of a picture are percentages between these, so that it fits any screen."""
_TOP, _STEP = 26, 20
"""Vertical ones are pixels."""


@dataclass(frozen=True, slots=True)
class Event:
    """A request before the failing one, in words and in what a picture needs; instants are in nanoseconds."""

    number: int
    at: int | None
    campaign: str
    asked: str
    until: int | None
    answer: str
    shown: State | None

    @classmethod
    def read(cls, entry: Mapping[str, Any]) -> Event:
        """Read an entry of ``before``."""
        number, campaign, asked, answer = (entry[name] for name in ("number", "campaign", "asked", "answer"))
        shown = read_state(entry) if entry["status"] else None
        return cls(
            number, _instant(entry["at"]), campaign, asked, _instant(entry.get("until")), answer, shown
        )

    @property
    def paused(self) -> bool:
        """Whether the response shows the campaign as paused."""
        return self.shown is not None and self.shown.status == "paused"

    def response(self) -> str:
        """The response in words: its status, and the state that it shows unless that was requested."""
        status, shown = visible(self.answer, 60), self.shown
        if shown is None or shown.status is None:
            return status
        if self.paused and shown.until is not None and shown.until == self.until:
            return status
        until = f" until {write_instant(shown.until)}" if shown.until is not None else ""
        return f"{status}, {shown.status}{until}"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a clause failed or warned: the smallest case in its ``row``, and what a reader needs besides.

    ``at`` is the provider's clock at the response, in nanoseconds. ``before`` are the requests that led
    there, if the clause is about the state that they left. ``path`` is the request's URL after the base URL,
    ``reproduce`` are commands, ``explains`` the rows of other clauses that likely failed for the same reason.
    """

    row: Mapping[str, Any]
    at: int | None
    before: tuple[Event, ...]
    path: str
    reproduce: tuple[str, ...]
    explains: tuple[Mapping[str, Any], ...]

    @classmethod
    def read(cls, result: Mapping[str, Any], row: Mapping[str, Any]) -> Failure | None:
        """Read the failure of a clause's row; None if it has none."""
        if not row["failure"]:
            return None
        request, rows = row["failure"]["request"], result["clauses"]
        return cls(
            row,
            at=_instant(request.get("at")),
            before=tuple(map(Event.read, request.get("before", ()))),
            path=request["url"].removeprefix(result["target"]["base_url"] or ""),
            reproduce=(row["failure"]["curl"], run_command(result, row["id"])),
            explains=tuple(
                one for one in rows if one.get("explained_by") == row["id"] and one["verdict"] == "failed"
            ),
        )

    def sections(self) -> Iterator[tuple[str, list[str]]]:
        """What a report shows of the failure, in order: a label and lines that are safe to show."""
        row, found = self.row, self.row["failure"]
        request, response = found["request"], found["response"]
        yield "clause", [visible(row["statement"], _TEXT)]
        yield "source", [f"{visible(row['source'])} ({row['level']})"]
        yield "expected", [visible(found["expected"], _TEXT)]
        yield "actual", [visible(found["actual"], _TEXT)]
        if found["pointer"]:
            yield "at", [visible(found["pointer"])]
        yield "failed in", [_extent(row)]
        if row.get("kinds"):
            yield "sent", sent(row)
        if self.explains:
            yield (
                "also",
                [
                    f"{one['id']}, {_extent(one)}: {visible(one['failure']['actual'], 100)}"
                    for one in self.explains
                ],
            )
        if self.before:
            yield "before", self.history()
        yield "request", _message(f"{request['method']} {self.path}", request["body"])
        if response:
            headers = {name.lower(): value for name, value in response["headers"].items()}
            line = f"{response['status']} {headers.get('content-type') or 'without a media type'}"
            yield "response", _message(line, self._excerpt(response["body"] or ""))
        else:
            yield "response", ["none"]
        yield "reproduce", [visible(command, LONGEST) for command in self.reproduce]

    def history(self) -> list[str]:
        """The requests before the failing one, a line each, and when that was."""
        own = self.own()
        lines = []
        for event in self.before:
            whose = "" if event in own else f" ({visible(event.campaign, 40)})"
            asked = visible(event.asked, 100)
            lines.append(f"{event.number:>3} {_time(event.at)}{asked}{whose}: {event.response()}")
        return [*lines, f"{self.row['failure']['request']['number']:>3} {_time(self.at)}this one"]

    def own(self) -> tuple[Event, ...]:
        """Those of ``before`` that concern the failing request's campaign."""
        segments = self.row["failure"]["request"]["url"].split("/")
        return tuple(event for event in self.before if event.campaign in segments)

    def _excerpt(self, body: str) -> str:
        """A body from the member on that the failure is about, or a similar one, if that would be cut off."""
        leaf = self.row["failure"]["pointer"].rpartition("/")[2]
        similar = difflib.get_close_matches(leaf, re.findall(r'"(\w{1,80})":', body), 1) if leaf else []
        places = [place for name in (leaf, *similar) if name and (place := body.find(f'"{name}"')) >= 0]
        if not places or places[0] < _EXCERPT - 2 * _BEFORE:
            return body
        return ELLIPSIS + body[max(0, min(places[0] - _BEFORE, len(body) - _EXCERPT + 1)) :]


def _message(line: str, body: str | None) -> list[str]:
    return [visible(line, 220), *([visible(body, _EXCERPT)] if body else [])]


def _extent(row: Mapping[str, Any]) -> str:
    failure = row["failure"]
    where, shown = f"first in request {failure['first_request']}", failure["request"]["number"]
    if shown != failure["first_request"]:
        where += f", smallest in request {shown}"
    return f"{failure['count']} of {row['exchanges']} exchanges, {where}"


def _instant(text: str | None) -> int | None:
    instant = read_instant(text) if text else None
    return instant.ns if instant else None


def _time(ns: int | None) -> str:
    return "" if ns is None else f"{write_instant(ns)} "


# -- the picture of a failure ------------------------------------------------------------------------------


def timeline(failure: Failure) -> dict[str, Any] | None:
    """The requests that led to a failure as a picture; None if fewer than two instants of them are known.

    ``marks`` are instants in their order, with their numbers in the list under the picture; ``paused`` are
    the spans in which the campaign was shown as paused.
    """
    points = sorted(_points(failure), key=lambda point: point[0])
    if not failure.before or not points or points[0][0] == points[-1][0]:
        return None
    first, last = points[0][0], points[-1][0]

    def place(ns: int) -> float:
        return round(LEFT + (RIGHT - LEFT) * ((min(max(ns, first), last) - first) / (last - first)), 2)

    marks = [
        {"x": place(ns), "y": _TOP + _STEP * index, "kind": kind, "words": f"{write_instant(ns)} {what}"}
        for index, (ns, kind, what) in enumerate(points)
    ]
    paused = [(place(start), place(end)) for start, end in _paused(failure)]
    return {"marks": marks, "height": _TOP + _STEP * len(marks), "paused": paused}


def _points(failure: Failure) -> Iterator[tuple[int, str, str]]:
    """The instants of all requests, and those that were requested or shown as the end of a pause."""
    for event in failure.before:
        if event.at is not None:
            yield event.at, "before", f"{visible(event.asked, 60)}: {event.response()}"
    if failure.at is not None:
        yield failure.at, "seen", f"this one: {visible(failure.row['failure']['actual'], 60)}"
    own = failure.own()
    requested = {event.until for event in own if event.until is not None}
    shown = {event.shown.until for event in own if event.shown and event.shown.until is not None}
    yield from ((ns, "asked", "requested, shown" if ns in shown else "requested") for ns in requested)
    yield from ((ns, "shown", "shown") for ns in shown - requested)


def _paused(failure: Failure) -> Iterator[tuple[int, int]]:
    """The spans in which the campaign was shown as paused: until its date, or the next response."""
    known = [event for event in failure.own() if event.at is not None and event.shown]
    ends = [*(event.at for event in known[1:]), failure.at]
    for event, end in zip(known, ends, strict=False):
        if event.paused and event.shown and event.at is not None and end is not None:
            yield event.at, end if event.shown.until is None else min(end, event.shown.until)
