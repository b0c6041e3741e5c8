"""A failure of a clause in words, the same in every report, and the commands that reproduce it."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from whop_contracts.exchange import Exchange
from whop_contracts.instants import read_instant, write_instant
from whop_contracts.pause.evidence import State, read_state
from whop_contracts.report.summary import ELLIPSIS, sent, visible
from whop_contracts.settings import Settings, shown
from whop_contracts.settings.sources import SETTINGS
from whop_contracts.steps import ADDED, MANY, PLACES, SYMBOLS

_EXCERPT: Final = 600
_BEFORE: Final = 60
_TEXT: Final = 500
LONGEST: Final = 4_000
"""Characters of the longest command that is printed."""
_CREDENTIALS: Final = {
    "full": "Bearer $WHOP_API_TOKEN",
    "unstated": "Bearer $WHOP_API_TOKEN",
    "readonly": "Bearer $WHOP_READONLY_TOKEN",
    "empty": "Bearer",
}
"""The Authorization header by the symbol of the credential, in double quotes of bash."""


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
        shown = read_state(entry) if entry["status"] else None
        at, until = _instant(entry["at"]), _instant(entry.get("until"))
        return cls(entry["number"], at, entry["campaign"], entry["asked"], until, entry["answer"], shown)

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
    """Why a clause failed or warned: the smallest case in its ``row`` of a ``result``.

    ``at`` is the provider's clock at the response, in nanoseconds. ``before`` are the requests that led
    there, if the clause is about the state that they left.
    """

    result: Mapping[str, Any]
    row: Mapping[str, Any]
    at: int | None
    before: tuple[Event, ...]

    @classmethod
    def read(cls, result: Mapping[str, Any], row: Mapping[str, Any]) -> Failure | None:
        """Read the failure of a clause's row; None if it has none."""
        if not row["failure"]:
            return None
        request = row["failure"]["request"]
        before = tuple(map(Event.read, request.get("before", ())))
        return cls(result, row, _instant(request.get("at")), before)

    @property
    def reproduce(self) -> tuple[str, str]:
        """The request as a command, and the run of the clause."""
        return self.row["failure"]["curl"], run_command(self.result, self.row["id"])

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
        failed = (one for one in self.result["clauses"] if one["verdict"] == "failed")
        same = [one for one in failed if one.get("explained_by") == row["id"]]
        if same:
            yield (
                "also",
                [f"{one['id']}, {_extent(one)}: {visible(one['failure']['actual'], 100)}" for one in same],
            )
        if self.before:
            yield "before", self.history()
        path = request["url"].removeprefix(self.result["target"]["base_url"] or "")
        yield "request", _message(f"{request['method']} {path}", request["body"])
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


# -- commands that reproduce it ---


def command_of_run(settings: Settings) -> str:
    """The run as a command for bash, with the settings that decide what is sent but tokens and headers."""
    words = ["whop-contracts", "run"]
    for setting in SETTINGS:
        value = getattr(settings, setting.name)
        chosen = value != setting.default or setting.name in ("profile", "seed")
        if chosen and "reproduce" in setting.faces:
            for one in value if isinstance(value, tuple) else (value,):
                words += [f"--{setting.key}", *([] if one is True else [shown(one)])]
    return shlex.join(words)


def run_command(result: Mapping[str, Any], clause: str) -> str:
    """The run that checks a clause again."""
    plan, kind = result["plan"], result["target"]["kind"]
    if command := plan.get("command"):
        return f"{command} --clause {shlex.quote(clause)}"
    chosen = ["--profile", str(plan["profile"]), "--seed", str(plan["seed"]), "--clause", clause]
    if kind == "mock":
        return shlex.join(["whop-contracts", "run", *chosen])
    return f"the same command with {shlex.join(chosen[-2:] if kind == 'recorded' else chosen)}"


def replay_command(clause: str) -> str:
    """The command that sends the requests again that led to a failure."""
    return f"whop-contracts replay RESULT --clause {shlex.quote(clause)}  # RESULT: the file of --json"


def curl(exchange: Exchange) -> str:
    """A command for bash that sends the same bytes, the token left to the environment, or a comment."""
    request, pipe = exchange.request, ""
    words = ["curl", "-i", *(["-g"] if set(request.url) & set("[]{}") else []), "-X", request.method]
    words.append(_quoted(request.url.encode()))
    credential = _credential(exchange)
    if credential is not None:
        words += ["-H", f'"Authorization: {credential}"']
    media_type = request.header("content-type")
    if media_type is not None or request.content:
        words += ["-H", _quoted(f"Content-Type: {media_type or ''}".strip().encode())]
    if b"\0" in request.content:  # no argument can hold it
        octal = (chr(one) if _plain(one) and one != ord("%") else f"\\{one:03o}" for one in request.content)
        pipe = f"printf '{''.join(octal)}' | "
        words += ["--data-binary", "@-"]
    elif request.content:
        words += ["--data-raw", _quoted(request.content)]
    command = pipe + " ".join(words)
    if len(command) > LONGEST:
        return f"# request {exchange.number} is too long for a command line; the file of --har has it"
    return command


def _quoted(content: bytes) -> str:
    """Bytes as a word of bash: plain if a reader can see all of them, otherwise escaped in ``$'…'``."""
    text = content.decode("utf-8", "replace")
    if text.encode() == content and visible(text, len(text) + 1) == text:
        return shlex.quote(text)
    return "$'" + "".join(chr(byte) if _plain(byte) else f"\\x{byte:02x}" for byte in content) + "'"


def _plain(byte: int) -> bool:
    """Whether a byte means itself in all quotes: printable ASCII but the quote and the backslash."""
    return ord(" ") <= byte <= ord("~") and byte not in b"'\\"


def _credential(exchange: Exchange) -> str | None:
    """The Authorization header that was sent, in double quotes of bash; None if there was none."""
    symbol, sent = exchange.credential or exchange.role, exchange.request.header("authorization") or ""
    kind, _, how = symbol.partition(":")
    if kind == "unknown":
        return sent
    if kind == "scheme":
        return f"{how} $WHOP_API_TOKEN".strip()
    if kind == "altered":
        token = sent.removeprefix("Bearer ")
        # Recordings do not show how a token was altered.
        return f"Bearer {'$ALTERED_TOKEN' if not how or not token or '$' in token else _altered(how, token)}"
    return _CREDENTIALS.get(symbol)


def _altered(how: str, token: str) -> str:
    """The bash expression that alters the token in the environment as ``altered`` does."""
    kind, _, number = how.partition(":")
    size, half = int(number or 0), (len(token) - len(SYMBOLS)) // 2
    few, many = (ADDED * 3)[:size], ADDED * MANY
    if kind in ("cut", "head", "start", "added") and token.endswith(few or many):
        return f"${{WHOP_API_TOKEN}}{few or many}"
    rest = f"${{WHOP_API_TOKEN:{size or 4}}}"
    at = len(token) * PLACES[size if kind == "middle" else 0] // 16
    places = [one for one in range(1, len(token) - 1) if token[one].isalpha()]
    changed = token[at : at + 1]
    if kind == "case" and places not in ([], [at]):  # a token without letters is changed in its middle
        at = places[len(places) // 2]
        changed = f"$(tr a-zA-Z A-Za-z <<<${{WHOP_API_TOKEN:{at}:1}})"
    return {
        "before": f"{few or ADDED}$WHOP_API_TOKEN",
        "word": f"$WHOP_API_TOKEN {ADDED}",
        "comma": f"$WHOP_API_TOKEN,{ADDED}",
        "quoted": '\\"$WHOP_API_TOKEN\\"',
        "symbols": f"${{WHOP_API_TOKEN:0:{half}}}{SYMBOLS}${{WHOP_API_TOKEN:{half}}}",
        "cut": f"${{WHOP_API_TOKEN%{'?' * (size or 4)}}}",
        "head": rest,
        "start": f"{ADDED}{rest}",
    }.get(kind, f"${{WHOP_API_TOKEN:0:{at}}}{changed}${{WHOP_API_TOKEN:{at + 1}}}")
