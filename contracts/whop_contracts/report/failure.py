"""A failure of a clause in words, the same in every report, and the commands that reproduce it.

It is read from the clause's ``row`` of a result, which has the smallest case, and the requests ``before`` it.
"""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any, Final

from whop_contracts.exchange import Exchange
from whop_contracts.instants import write_instant
from whop_contracts.pause.evidence import State, read_state
from whop_contracts.report.summary import ELLIPSIS, Result, Row, sent, visible
from whop_contracts.settings import Settings, shown
from whop_contracts.settings.sources import SETTINGS
from whop_contracts.steps import ADDED, MANY, PLACES, SYMBOLS, altered

_EXCERPT: Final = 600
_BEFORE: Final = 60
_TEXT: Final = 500
_LONGEST: Final = 4_000
"""Characters of the longest command that is printed."""
_CREDENTIALS: Final = {
    "full": "Bearer $WHOP_API_TOKEN",
    "unstated": "Bearer $WHOP_API_TOKEN",
    "readonly": "Bearer $WHOP_READONLY_TOKEN",
    "empty": "Bearer",
}
"""The Authorization header by the symbol of the credential, in double quotes of bash."""


def sections(result: Result, row: Row) -> Iterator[tuple[str, list[str]]]:
    """What a report shows of a failure, in order: a label and lines that are safe to show."""
    found = row["failure"]
    request, response = found["request"], found["response"]
    yield "clause", [visible(row["statement"], _TEXT)]
    yield "source", [f"{visible(row['source'])} ({row['level']})"]
    yield "expected", [visible(found["expected"], _TEXT)]
    yield "actual", [visible(found["actual"], _TEXT)]
    if found["pointer"]:
        yield "at", [visible(found["pointer"])]
    yield "failed in", [_extent(row)]
    yield "sent", sent(row)
    same = [
        f"{one['id']}, {_extent(one)}: {visible(one['failure']['actual'], 100)}"
        for one in result["clauses"]
        if one["verdict"] == "failed" and one["explained_by"] == row["id"]
    ]
    if same:
        yield "also", same
    if request.get("before"):
        yield "before", history(row)
    path = request["url"].removeprefix(result["target"]["base_url"])
    yield "request", _message(f"{request['method']} {path}", request["body"])
    if response:
        headers = {name.lower(): value for name, value in response["headers"].items()}
        line = f"{response['status']} {headers.get('content-type') or 'without a media type'}"
        yield "response", _message(line, _excerpt(response["body"] or "", found["pointer"]))
    else:
        yield "response", ["none"]
    yield "reproduce", [visible(command, _LONGEST) for command in reproduce(result, row)]


def history(row: Row) -> list[str]:
    """The requests before the failing one, a line each, and when that was."""
    request, lines = row["failure"]["request"], []
    for event in request["before"]:
        whose = "" if concerns(event, request) else f" ({visible(event['campaign'], 40)})"
        asked = f"{visible(event['asked'], 100)}{whose}: {describe_response(event)}"
        lines.append(f"{event['number']:>3} {_time(event)}{asked}")
    return [*lines, f"{request['number']:>3} {_time(request)}this one"]


def concerns(event: Mapping[str, Any], request: Mapping[str, Any]) -> bool:
    """Whether an event is about the campaign of the failing request."""
    return event["campaign"] in request["url"].split("/")


def state_of(event: Mapping[str, Any]) -> State:
    """The state that the response of an event shows; its status is None if there is none."""
    return read_state(event) if event["status"] else State(None)


def describe_response(event: Mapping[str, Any]) -> str:
    """The response in words: its status, and the state that it shows unless that was requested."""
    answer, state = visible(event["answer"], 60), state_of(event)
    until = None if state.until is None else write_instant(state.until)
    if state.status is None or (state.status == "paused" and until and until == event["until"]):
        return answer
    return f"{answer}, {state.status}" + (f" until {until}" if until else "")


def _time(event: Mapping[str, Any]) -> str:
    return f"{event['at']} " if event["at"] else ""


def _message(line: str, body: str | None) -> list[str]:
    return [visible(line, 220), *([visible(body, _EXCERPT)] if body else [])]


def _excerpt(body: str, pointer: str) -> str:
    """A body from the member on that the failure is about, or a similar one, if that would be cut off."""
    leaf = pointer.rpartition("/")[2]
    similar = difflib.get_close_matches(leaf, re.findall(r'"(\w{1,80})":', body), 1) if leaf else []
    places = [place for name in (leaf, *similar) if name and (place := body.find(f'"{name}"')) >= 0]
    if not places or places[0] < _EXCERPT - 2 * _BEFORE:
        return body
    return ELLIPSIS + body[max(0, min(places[0] - _BEFORE, len(body) - _EXCERPT + 1)) :]


def _extent(row: Row) -> str:
    failure = row["failure"]
    where, shown = f"first in request {failure['first_request']}", failure["request"]["number"]
    if shown != failure["first_request"]:
        where += f", smallest in request {shown}"
    return f"{failure['count']} of {row['exchanges']} exchanges, {where}"


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


def reproduce(result: Result, row: Row) -> tuple[str, str]:
    """The failing request as a command, and the run of the clause; recorded traffic has no run of ours."""
    command = result["plan"].get("command", "the same command with")
    return row["failure"]["curl"], f"{command} --clause {shlex.quote(row['id'])}"


def replay_command(clause: str) -> str:
    """The command that sends the requests again that led to a failure."""
    return f"whop-contracts replay RESULT --clause {shlex.quote(clause)}  # RESULT: the file of --json"


def curl(exchange: Exchange) -> str:
    """A command for bash that sends the same bytes, the token left to the environment, or a comment."""
    request, pipe = exchange.request, ""
    words = ["curl", "-i", *(["-g"] if set(request.url) & set("[]{}") else []), "-X", request.method]
    words.append(_quoted(request.url.encode()))
    if (credential := _credential(exchange)) is not None:
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
    if len(command) > _LONGEST:
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
    if kind in ("before", "word", "comma", "quoted"):
        return altered("$WHOP_API_TOKEN", how).replace('"', '\\"')
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
        "symbols": f"${{WHOP_API_TOKEN:0:{half}}}{SYMBOLS}${{WHOP_API_TOKEN:{half}}}",
        "cut": f"${{WHOP_API_TOKEN%{'?' * (size or 4)}}}",
        "head": rest,
        "start": f"{ADDED}{rest}",
    }.get(kind, f"${{WHOP_API_TOKEN:0:{at}}}{changed}${{WHOP_API_TOKEN:{at + 1}}}")
