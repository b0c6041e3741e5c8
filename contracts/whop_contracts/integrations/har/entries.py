"""HAR 1.2, read: what each entry of a file shows of one request and its response.

Of our own recordings the members that begin with an underscore are read too. What cannot be read of a file is
a ``HarError`` that names the member; an entry that cannot be read is skipped and counted.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from whop_contracts.exchange import Exchange, Operation, Request, Response, Window
from whop_contracts.instants import NANO, read_instant
from whop_contracts.json_text import read_json
from whop_contracts.target.responses import codings, read_body

_OURS: Final = "whop-contracts"
_HTTP: Final = range(100, 1_000)
_NOT_MODIFIED: Final = 304
_KINDS: Final[dict[type, str]] = {str: "a text", list: "an array", dict: "an object"}
_FILES: Final = {
    b"PK\x03\x04": "it is a ZIP archive; expected the .har file inside it",
    b"\x1f\x8b": "it is compressed with gzip; expected the .har file inside it",
    b"\x0a\x0d\x0d\x0a": "it is a packet capture (pcapng)",
    b"\xd4\xc3\xb2\xa1": "it is a packet capture (pcap)",
    b"\x28\xb5\x2f\xfd": "it is compressed with zstd; expected the .har file inside it",
}
"""What a file is, by its first bytes."""
_ZONE: Final = re.compile(r"([+-]\d\d)(\d\d)$", re.ASCII)
_CONCERNS: Final = "/ad_campaigns/"
_LONGEST: Final = 4_000_000
"""Bytes to which a body is decoded."""
_DIGITS: Final = 12
NO_RESPONSE: Final = "the recording has no response"


class HarError(Exception):
    """The file, or an entry of it, is no HAR that can be read; one line that says where."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. ``number`` is its place in the file, from 1. ``response`` is None if there was none;
    ``trouble`` then says why. A body that was not recorded makes ``content_known`` False, or the response
    truncated. ``sent`` and ``received`` are seconds since 1970. ``custom`` are the members that begin with an
    underscore.
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
    content_known: bool = True
    custom: Mapping[str, Any] = field(default_factory=dict)

    @property
    def cached(self) -> bool:
        """Whether the response is not the provider's, or only says that a cached one is still valid."""
        from_cache = self.custom.get("_fromCache") or self.custom.get("_fromServiceWorker")
        return bool(from_cache) or (self.response is not None and self.response.status == _NOT_MODIFIED)

    def exchange(self, operation: Operation | None, campaign: str, *, now: Window | None) -> Exchange:
        """The entry as an exchange with a campaign."""
        request = Request(
            self.method, self.url, operation, campaign, self.headers, self.content, self.content_known
        )
        return Exchange(
            number=self.number,
            request=request,
            response=self.response,
            sent=self.sent,
            received=self.received,
            now=now,
            trouble=self.trouble,
        )


@dataclass(frozen=True, slots=True)
class Log:
    """A file's entries that may be about the endpoint, how many others it has, why entries could not be read,
    and what our own writer says of its run (None in a foreign file).
    """

    entries: tuple[Entry, ...]
    others: int
    unreadable: tuple[str, ...]
    run: Mapping[str, Any] | None


def read_har(content: bytes) -> Log:
    """Read a HAR. Entries with another URL than the endpoint's are counted, and not read further."""
    for magic, what in _FILES.items():
        if content.startswith(magic):
            raise HarError(what)
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        what = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else "it is no JSON text"
        if isinstance(error, json.JSONDecodeError):
            what += f" (line {error.lineno}, column {error.colno})"
        raise HarError(what) from None
    log = _member(document, "log", dict, "")
    creator = log.get("creator")
    named = isinstance(creator, dict) and creator.get("name") == _OURS
    run = log["_run"] if named and isinstance(log.get("_run"), dict) else None
    rows = _member(log, "entries", list, "log")
    entries: list[Entry] = []
    unreadable: list[str] = []
    for index, row in enumerate(rows):
        at = f"log.entries[{index}]"
        try:
            request = _member(row, "request", dict, at)
            if _CONCERNS in _member(request, "url", str, f"{at}.request"):
                entries.append(_entry(row, index + 1, at, ours=run is not None))
        except HarError as error:
            unreadable.append(str(error))
    others = len(rows) - len(entries) - len(unreadable)
    return Log(tuple(entries), others, tuple(unreadable), run)


def _entry(row: Mapping[str, Any], number: int, at: str, *, ours: bool) -> Entry:
    request, custom = row["request"], {name: value for name, value in row.items() if name.startswith("_")}
    sent = _time(_member(row, "startedDateTime", str, at), f"{at}.startedDateTime")
    posted = request.get("postData")
    headers = _headers(request, posted, f"{at}.request")
    content = _posted(posted, f"{at}.request.postData")
    response, trouble = _response(row, f"{at}.response")
    exact = custom.get("_sent"), custom.get("_received")
    start, end = exact if all(type(one) is float for one in exact) else (sent, sent + _took(row))
    return Entry(
        number=number,
        method=_member(request, "method", str, f"{at}.request").upper(),
        url=request["url"],
        headers=headers,
        content=content,
        response=response,
        trouble=trouble,
        sent=cast("float", start),
        received=cast("float", end),
        content_known=ours or _is_whole(content, headers, request.get("bodySize")),
        custom=custom,
    )


def _took(row: Mapping[str, Any]) -> float:
    """How long an exchange took, in seconds; if the entry does not say, the sum of its timings."""
    timings = row.get("timings")
    parts = list(timings.values()) if isinstance(timings, dict) else []
    for milliseconds in ([row.get("time")], parts):
        known = [one for one in milliseconds if isinstance(one, int | float) and 0 <= one < float("inf")]
        if known:
            return float(sum(known)) / 1_000
    return 0.0


def _sizes(headers: tuple[tuple[str, str], ...], size: Any) -> set[int]:
    """How long a body is, by its headers and by the recorder; nothing where they do not say."""
    lengths = [value for name, value in headers if name.lower() == "content-length"]
    stated = {int(value) for value in lengths if value.isascii() and value.isdigit() and len(value) < _DIGITS}
    return stated | ({size} if type(size) is int and size >= 0 else set())


def _is_whole(content: bytes, headers: tuple[tuple[str, str], ...], size: Any) -> bool:
    """Whether a request's body is in the recording: recorders leave it out, shorten it or change its bytes.

    If it is empty in the recording, a size has to say that it was.
    """
    if codings(headers):
        return False
    return _sizes(headers, None) <= {len(content)} if content else _sizes(headers, size) == {0}


def _response(row: Mapping[str, Any], at: str) -> tuple[Response | None, str | None]:
    """The response of an entry, or why there is none. One whose body was not recorded is truncated."""
    response = row.get("response")
    status = response.get("status") if isinstance(response, dict) else None
    if not isinstance(response, dict) or status is None or (type(status) is int and status not in _HTTP):
        error = response.get("_error") if isinstance(response, dict) else None
        return None, str(row.get("_trouble") or error or NO_RESPONSE)[:200]
    if type(status) is not int:
        raise HarError(f"{at}.status is no whole number")
    content = response.get("content")
    content = content if isinstance(content, dict) else {}
    headers = _headers(response, content, at)
    cut, coded = row.get("_truncated") is True, row.get("_undecoded")
    body = _decoded(content.get("text") or "", content.get("encoding"), f"{at}.content")
    if not cut and not coded:
        body, cut = _kept(body, headers, content)
    return Response(status, headers, body, truncated=cut, undecoded=coded and str(coded)), None


def _kept(
    body: bytes, headers: tuple[tuple[str, str], ...], content: Mapping[str, Any]
) -> tuple[bytes, bool]:
    """A response's body without its content coding, and whether the recording lacks it, or a part of it."""
    if codings(headers) and not _is_text(body):
        body = read_body([body], headers, _LONGEST).content
        lost = not _is_text(body)
    else:
        sizes = _sizes(headers, content.get("size"))
        shorter = max(sizes, default=0) > len(body) and read_json(body).problem is not None
        lost = shorter if body else sizes != {0}
    return b"" if lost else body, lost


def _is_text(body: bytes) -> bool:
    """Whether a body can be the text of a response that is not compressed."""
    return (body[:1] != b"\x1f" and body.isascii()) or read_json(body).problem is None


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


def _headers(message: Mapping[str, Any], body: Any, at: str) -> tuple[tuple[str, str], ...]:
    """The header lines without the pseudo-headers of HTTP/2.

    A line whose value was not recorded is left out. A media type that is not among them is that of ``body``,
    if lines may be missing or there is a body to which it belongs.
    """
    lines: list[tuple[str, str]] = []
    given = message.get("headers") or ()
    for index, line in enumerate(given):
        where = f"{at}.headers[{index}]"
        name = _member(line, "name", str, where)
        if line.get("value") is not None:
            lines.append((name, _member(line, "value", str, where)))
    media_type = body.get("mimeType") if isinstance(body, dict) else None
    stated = any(name.lower() == "content-type" for name, _ in lines)
    lost = len(lines) < len(given) or not given
    posted = isinstance(body, dict) and "size" not in body and body.get("text")
    if not stated and isinstance(media_type, str) and media_type and (lost or posted):
        lines.append(("content-type", media_type))
    return tuple(line for line in lines if not line[0].startswith(":"))


def _time(text: str, at: str) -> float:
    """ISO 8601 as HAR requires it, or with the offset as some recorders write it, ``+0200``."""
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
