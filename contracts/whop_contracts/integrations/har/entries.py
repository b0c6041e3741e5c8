"""HAR 1.2, read: what each entry of a file shows of one request and its response, and which entries are about
the endpoint.

Of our own recordings the members that begin with an underscore are read too. Whatever is not as HAR has it is
a ``HarError`` that names the member.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from whop_contracts.exchange import Exchange, Operation, Request, Response, Window
from whop_contracts.instants import NANO, read_instant
from whop_contracts.redaction import is_secret_header

_OURS: Final = "whop-contracts"
_HTTP: Final = range(100, 1_000)
_NOT_MODIFIED: Final = 304
_KINDS: Final[dict[type, str]] = {str: "a text", list: "an array", dict: "an object"}
_ZONE: Final = re.compile(r"([+-]\d\d)(\d\d)$", re.ASCII)
_CONCERNS: Final = "/ad_campaigns/"
_ROUTE: Final = re.compile(
    r"^(?P<base>https?://[^?#]*?)/ad_campaigns/(?P<campaign>[^/?#]+)(?:/(?P<action>[^/?#]+))?/?(?:[?#].*)?$"
)
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_LEAST_SECRET: Final = 8
_MOST_SECRETS: Final = 64


class HarError(Exception):
    """The file is no HAR that can be read; one line that says where."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. ``number`` is its place in the file, from 1. ``response`` is None if there was none or its
    body was not recorded; ``trouble`` says which. ``sent`` and ``received`` are seconds since 1970.
    ``custom`` are the members that begin with an underscore.
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

    @property
    def cached(self) -> bool:
        """Whether the response is not the provider's, or only says that a cached one is still valid."""
        from_cache = self.custom.get("_fromCache") or self.custom.get("_fromServiceWorker")
        return bool(from_cache) or (self.response is not None and self.response.status == _NOT_MODIFIED)

    def exchange(self, operation: Operation | None, campaign: str, *, now: Window | None) -> Exchange:
        """The entry as an exchange with a campaign."""
        return Exchange(
            number=self.number,
            request=Request(self.method, self.url, operation, campaign, self.headers, self.content),
            response=self.response,
            sent=self.sent,
            received=self.received,
            now=now,
            trouble=self.trouble,
        )


@dataclass(frozen=True, slots=True)
class Log:
    """A file's entries that may be about the endpoint, how many others it has, and what our own writer says
    of its run (None in a foreign file).
    """

    entries: tuple[Entry, ...]
    others: int
    run: Mapping[str, Any] | None


def read_har(content: bytes) -> Log:
    """Read a HAR. Entries with another URL than the endpoint's are counted, and not read further."""
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
        if _CONCERNS in _member(request, "url", str, f"{at}.request"):
            entries.append(_entry(row, index + 1, at))
    creator = log.get("creator")
    ours = isinstance(creator, dict) and creator.get("name") == _OURS and isinstance(log.get("_run"), dict)
    return Log(tuple(entries), len(rows) - len(entries), log["_run"] if ours else None)


def _entry(row: Mapping[str, Any], number: int, at: str) -> Entry:
    request, custom = row["request"], {name: value for name, value in row.items() if name.startswith("_")}
    sent = _time(_member(row, "startedDateTime", str, at), f"{at}.startedDateTime")
    took = row.get("time", 0)
    if isinstance(took, bool) or not isinstance(took, int | float) or took != took:  # noqa: PLR0124 - NaN
        raise HarError(f"{at}.time is no number")
    headers = _headers(request, f"{at}.request")
    content = _posted(request.get("postData"), f"{at}.request.postData")
    media_type = (request.get("postData") or {}).get("mimeType")
    stated = any(name.lower() == "content-type" for name, _ in headers)
    if content and media_type and isinstance(media_type, str) and not stated:
        headers = (*headers, ("content-type", media_type))
    response, trouble = _response(_member(row, "response", dict, at), f"{at}.response", row)
    exact = custom.get("_sent"), custom.get("_received")
    rounded = sent, sent + max(float(took), 0.0) / 1_000
    start, end = exact if all(type(one) is float for one in exact) else rounded
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
        custom=custom,
    )


def _response(
    response: Mapping[str, Any], at: str, row: Mapping[str, Any]
) -> tuple[Response | None, str | None]:
    status = response.get("status")
    if isinstance(status, bool) or not isinstance(status, int):
        raise HarError(f"{at}.status is no whole number")
    if status not in _HTTP:
        return None, str(row.get("_trouble") or response.get("_error") or "the recording has no response")[
            :200
        ]
    content = response.get("content")
    content = content if isinstance(content, dict) else {}
    text = content.get("text")
    if text is None and content.get("size", 0) != 0:
        return None, "the recording has no body of the response"
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
    """The header lines without the pseudo-headers of HTTP/2."""
    lines = []
    for index, line in enumerate(message.get("headers") or ()):
        where = f"{at}.headers[{index}]"
        lines.append((_member(line, "name", str, where), _member(line, "value", str, where)))
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


# -- which entries are about the endpoint ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Routed:
    """An entry, the base URL before ``/ad_campaigns``, the campaign, and the documented operation; None for
    another request that writes to a campaign.
    """

    entry: Entry
    base: str
    campaign: str
    operation: Operation | None


def route(entry: Entry) -> Routed | None:
    """The documented operation that an entry is, or a write of another kind; None if it is neither."""
    match = _ROUTE.match(entry.url)
    if match is None:
        return None
    action, operation = match["action"], cast("Operation | None", None)
    if action == "pause" and entry.method not in {"OPTIONS", "HEAD", "TRACE"}:
        operation = "pause"
    elif action == "unpause" and entry.method == "POST":
        operation = "unpause"
    elif action is None and entry.method == "GET":
        operation = "retrieve"
    elif entry.method in _READING:
        return None
    return Routed(entry, match["base"], match["campaign"], operation)


def likeliest(routed: Sequence[Routed]) -> str | None:
    """The base URL of the first pause; if there is none, that of the first read."""
    first = {one.operation: one.base for one in reversed(routed)}
    return first.get("pause") or first.get("retrieve")


def overlapping(routed: Sequence[Routed]) -> set[int]:
    """The numbers of the exchanges during which something else wrote to the same campaign."""
    writes = [one for one in routed if one.operation != "retrieve"]
    return {
        one.entry.number
        for one in routed
        if any(
            other is not one and other.campaign == one.campaign and _together(one.entry, other.entry)
            for other in writes
        )
    }


def _together(one: Entry, other: Entry) -> bool:
    return one.sent < other.received and other.sent < one.received


def credentials(routed: Iterable[Routed]) -> tuple[str, ...]:
    """The credentials that a foreign recording holds."""
    headers = (header for one in routed for header in one.entry.headers)
    values = (value.rpartition(" ")[2] for name, value in headers if is_secret_header(name))
    return tuple(dict.fromkeys(value for value in values if len(value) >= _LEAST_SECRET))[:_MOST_SECRETS]
