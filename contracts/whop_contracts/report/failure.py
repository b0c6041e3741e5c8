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
from whop_contracts.report.sanitize import ELLIPSIS, visible

_EXCERPT: Final = 600
_BEFORE: Final = 60
_TEXT: Final = 500


@dataclass(frozen=True, slots=True)
class Message:
    """A request or a response: its first line, headers and body."""

    line: str
    headers: Mapping[str, str]
    body: str | None


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
        return cls(
            number=entry["number"],
            at=_instant(entry["at"]),
            campaign=entry["campaign"],
            asked=entry["asked"],
            until=_instant(entry.get("until")),
            answer=entry["answer"],
            shown=read_state(entry) if entry["status"] else None,
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
    """Why a clause failed or warned: its smallest case, and its ``kinds`` as the result has them.

    ``at`` is the provider's clock at the response, in nanoseconds. ``before`` are the requests that led
    there, if the clause is about the state that they left. ``path`` is the request's URL after the base URL,
    ``reproduce`` are commands, ``explains`` the rows of other clauses that likely failed for the same reason.
    """

    id: str
    level: str
    statement: str
    source: str
    expected: str
    actual: str
    pointer: str
    extent: str
    number: int
    at: int | None
    kinds: tuple[Mapping[str, Any], ...]
    before: tuple[Event, ...]
    request: Message
    response: Message | None
    path: str
    reproduce: tuple[str, ...]
    explains: tuple[Mapping[str, Any], ...]

    @classmethod
    def read(cls, result: Mapping[str, Any], row: Mapping[str, Any]) -> Failure | None:
        """Read the failure of a clause's row; None if it has none."""
        failure = row["failure"]
        if not failure:
            return None
        request, response = failure["request"], failure["response"]
        base_url = result["target"]["base_url"]
        return cls(
            id=row["id"],
            level=row["level"],
            statement=row["statement"],
            source=row["source"],
            expected=failure["expected"],
            actual=failure["actual"],
            pointer=failure["pointer"],
            extent=_extent(row),
            number=request["number"],
            at=_instant(request.get("at")),
            kinds=tuple(row.get("kinds", ())),
            before=tuple(map(Event.read, request.get("before", ()))),
            request=Message(f"{request['method']} {request['url']}", request["headers"], request["body"]),
            response=response and Message(str(response["status"]), response["headers"], response["body"]),
            path=request["url"].removeprefix(base_url) if base_url else request["url"],
            reproduce=(failure["curl"], run_command(result, row["id"])),
            explains=tuple(
                one
                for one in result["clauses"]
                if one.get("explained_by") == row["id"] and one["verdict"] == "failed"
            ),
        )

    def sections(self) -> Iterator[tuple[str, list[str]]]:
        """What a report shows of the failure, in order: a label and lines that are safe to show."""
        yield "clause", [visible(self.statement, _TEXT)]
        yield "source", [f"{visible(self.source)} ({self.level})"]
        yield "expected", [visible(self.expected, _TEXT)]
        yield "actual", [visible(self.actual, _TEXT)]
        if self.pointer:
            yield "at", [visible(self.pointer)]
        yield "failed in", [self.extent]
        if self.kinds:
            yield "sent", self.sent()
        if self.explains:
            yield "also", self.also()
        if self.before:
            yield "before", self.history()
        yield "request", self._message(f"{self.request.line.split()[0]} {self.path}", self.request.body)
        if self.response is None:
            yield "response", ["none"]
        else:
            media_type = {name.lower(): value for name, value in self.response.headers.items()}.get(
                "content-type"
            )
            line = f"{self.response.line} {media_type or 'without a media type'}"
            yield "response", self._message(line, self._excerpt(self.response.body or ""))
        yield "reproduce", [visible(command, LONGEST) for command in self.reproduce]

    def sent(self) -> list[str]:
        """What was sent, a line per kind of failure; expected and actual value where they are not those shown
        above.
        """
        lines = []
        for kind in self.kinds:
            expected, actual = kind["expected"], kind["actual"]
            known = (expected, actual) == (self.expected, self.actual)
            found = "" if known else f": expected {visible(expected, 100)}; actual {visible(actual, 100)}"
            name = visible(kind["case"], 100) + (f" ({kind['class']})" if kind["class"] else "")
            times = f"{kind['count']} time{'' if kind['count'] == 1 else 's'}"
            lines.append(f"{name}, {times}, first in request {kind['first_request']}{found}")
        return lines

    def also(self) -> list[str]:
        """The clauses that likely failed for the same reason, a line each."""
        return [
            f"{row['id']}, {_extent(row)}: {visible(row['failure']['actual'], 100)}" for row in self.explains
        ]

    def history(self) -> list[str]:
        """The requests before the failing one, a line each, and when that was."""
        own = self.own(self.before)
        lines = []
        for event in self.before:
            whose = "" if event in own else f" ({visible(event.campaign, 40)})"
            asked = visible(event.asked, 100)
            lines.append(f"{event.number:>3} {_time(event.at)}{asked}{whose}: {event.response()}")
        return [*lines, f"{self.number:>3} {_time(self.at)}this one"]

    def own(self, events: tuple[Event, ...]) -> tuple[Event, ...]:
        """Those of ``events`` that concern the failing request's campaign."""
        segments = self.request.line.split("/")
        return tuple(event for event in events if event.campaign in segments)

    def _message(self, line: str, body: str | None) -> list[str]:
        return [visible(line, 220), *([visible(body, _EXCERPT)] if body else [])]

    def _excerpt(self, body: str) -> str:
        """A body from the member on that the failure is about, or one with a similar name, if it would be cut
        off.
        """
        leaf = self.pointer.rpartition("/")[2]
        similar = difflib.get_close_matches(leaf, re.findall(r'"(\w{1,80})":', body), 1) if leaf else []
        places = [place for name in (leaf, *similar) if name and (place := body.find(f'"{name}"')) >= 0]
        if not places or places[0] < _EXCERPT - 2 * _BEFORE:
            return body
        return ELLIPSIS + body[max(0, min(places[0] - _BEFORE, len(body) - _EXCERPT + 1)) :]


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
