"""HAR 1.2, read: what every entry of a file says of one request and its answer, whoever wrote it.

Of our own recordings the members that begin with an underscore are read too. Whatever is not as HAR has it is a ``HarError`` that names
the member.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from whop_contracts.exchange import Response, Window
from whop_contracts.instants import NANO, read_instant

OURS: Final = "whop-contracts"
_HTTP: Final = range(100, 1_000)
_KINDS: Final[dict[type, str]] = {str: "a text", list: "an array", dict: "an object"}
_ZONE: Final = re.compile(r"([+-]\d\d)(\d\d)$", re.ASCII)


class HarError(Exception):
    """The file is no HAR that can be read; one line that says where."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. ``number`` is its place in the file, from 1. ``response`` is None where none came, or where its body was not recorded;
    ``trouble`` says which. ``custom`` are the members that begin with an underscore.
    """

    number: int
    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    content: bytes
    response: Response | None
    trouble: str | None
    sent: float
    received: float
    custom: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Log:
    """A file's entries that can be of use, how many others it has, and what our own writer says of its run (None in a foreign file)."""

    entries: tuple[Entry, ...]
    others: int
    run: Mapping[str, Any] | None


def read_har(content: bytes, concerns: re.Pattern[str]) -> Log:
    """Read a HAR. Entries whose URL ``concerns`` does not match are counted, and not looked at further."""
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        what = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else "it is no JSON text"
        if isinstance(error, json.JSONDecodeError):
            what += f" (line {error.lineno}, column {error.colno})"
        raise HarError(what) from None
    log = _member(document, "log", dict, "")
    rows = _member(log, "entries", list, "log")
    entries: list[Entry] = []
    for index, row in enumerate(rows):
        at = f"log.entries[{index}]"
        request = _member(row, "request", dict, at)
        if concerns.search(_member(request, "url", str, f"{at}.request")):
            entries.append(_entry(row, index + 1, at))
    creator = log.get("creator")
    ours = isinstance(creator, dict) and creator.get("name") == OURS and isinstance(log.get("_run"), dict)
    return Log(tuple(entries), len(rows) - len(entries), log["_run"] if ours else None)


def read_window(value: Any) -> Window | None:
    """The provider's clock as our own recordings write it: two instants."""
    if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004
        return None
    ends = [read_instant(text) if isinstance(text, str) else None for text in value]
    return Window(ends[0].ns, ends[1].ns) if ends[0] and ends[1] else None


def _entry(row: Mapping[str, Any], number: int, at: str) -> Entry:
    request = row["request"]
    sent = _time(_member(row, "startedDateTime", str, at), f"{at}.startedDateTime")
    took = row.get("time", 0)
    if isinstance(took, bool) or not isinstance(took, int | float) or took != took:  # noqa: PLR0124 - NaN
        raise HarError(f"{at}.time is no number")
    headers = _headers(request, f"{at}.request")
    content = _posted(request.get("postData"), f"{at}.request.postData")
    media_type = (request.get("postData") or {}).get("mimeType")
    if (
        content
        and isinstance(media_type, str)
        and media_type
        and not any(n.lower() == "content-type" for n, _ in headers)
    ):
        headers = (*headers, ("content-type", media_type))
    response, trouble = _response(_member(row, "response", dict, at), f"{at}.response", row)
    custom = {name: value for name, value in row.items() if name.startswith("_")}
    exact = [custom.get(name) for name in ("_sent", "_received")]
    start, end = (
        exact if all(type(one) is float for one in exact) else (sent, sent + max(float(took), 0.0) / 1_000)
    )
    return Entry(
        number,
        _member(request, "method", str, f"{at}.request").upper(),
        request["url"],
        headers,
        content,
        response,
        trouble,
        float(start or 0.0),
        float(end or 0.0),
        custom,
    )


def _response(
    response: Mapping[str, Any], at: str, row: Mapping[str, Any]
) -> tuple[Response | None, str | None]:
    status = response.get("status")
    if isinstance(status, bool) or not isinstance(status, int):
        raise HarError(f"{at}.status is no whole number")
    if status not in _HTTP:
        trouble = row.get("_trouble") or response.get("_error") or "the recording has no answer"
        return None, str(trouble)[:200]
    content = response.get("content")
    content = content if isinstance(content, dict) else {}
    text, size = content.get("text"), content.get("size", 0)
    if text is None and size != 0:
        return None, "the recording has no body of the answer"
    body = _decoded(text or "", content.get("encoding"), f"{at}.content")
    cut, coded = row.get("_truncated") is True, row.get("_undecoded")
    return Response(status, _headers(response, at), body, truncated=cut, undecoded=coded and str(coded)), None


def _posted(data: Any, at: str) -> bytes:
    if data is None:
        return b""
    if not isinstance(data, dict):
        raise HarError(f"{at} is no object")
    return _decoded(data.get("text") or "", data.get("_encoding", data.get("encoding")), at)


def _decoded(text: Any, encoding: Any, at: str) -> bytes:
    if not isinstance(text, str):
        raise HarError(f"{at}.text is no text")
    if encoding != "base64":
        return text.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise HarError(f"{at}.text is no base64") from None


def _headers(message: Mapping[str, Any], at: str) -> tuple[tuple[str, str], ...]:
    """Header lines; what HTTP/2 sends as pseudo-headers are none."""
    lines = []
    for index, line in enumerate(message.get("headers") or ()):
        where = f"{at}.headers[{index}]"
        name, value = _member(line, "name", str, where), _member(line, "value", str, where)
        if not name.startswith(":"):
            lines.append((name, value))
    return tuple(lines)


def _time(text: str, at: str) -> float:
    """ISO 8601 as HAR asks for it, and with the zone as some recorders write it, ``+0200``."""
    instant = read_instant(text) or read_instant(_ZONE.sub(r"\1:\2", text))
    if instant is None:
        raise HarError(f"{at} is no date with a time and a zone")
    return instant.ns / NANO


def _member(holder: Any, name: str, kind: type, at: str) -> Any:
    where = f"{at}.{name}" if at else name
    if not isinstance(holder, dict):
        raise HarError(f"{at or 'the document'} is no object")
    if not isinstance(holder.get(name), kind):
        raise HarError(f"{where} is {'not there' if name not in holder else 'not ' + _KINDS[kind]}")
    return holder[name]
