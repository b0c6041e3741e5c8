"""An entry of HAR 1.2: what it shows of one request and its response, and whether it is about the endpoint.

Of our own recordings the members that begin with an underscore are read too. What cannot be read is a
``HarError`` that names the member.
"""

from __future__ import annotations

import base64
import dataclasses
import re
import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple, cast

import httpx

from whop_contracts import schemas
from whop_contracts.exchange import Exchange, Operation, Request, Response, Window
from whop_contracts.instants import NANO, read_instant
from whop_contracts.json_text import read_json
from whop_contracts.redaction import is_secret_header
from whop_contracts.settings import UsageError
from whop_contracts.target.responses import codings, decoded_response

_KINDS: Final[dict[type, str]] = {str: "a text", list: "an array", dict: "an object"}
_ROUTE: Final = re.compile(
    r"^(?P<base>https?://[^?#]*?)/ad_campaigns/(?P<campaign>[^/?#]+)(?:/(?P<action>[^/?#]+))?/?(?:[?#].*)?$"
)
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_ZONE: Final = re.compile(r"([+-]\d\d)(\d\d)$", re.ASCII)
_LONGEST: Final = 4_000_000
"""Bytes to which a body is decoded."""
_LEAST_SECRET: Final = 8
_DIGITS: Final = 12
_RESTORED: Final = ("number", "sent", "received", "role", "scope", "case", "sequence", "credential")
"""Members of an exchange that our own entries have, their names after an underscore."""


class HarError(UsageError):
    """The file, or an entry of it, is no HAR that can be read; one line that says where."""


class Route(NamedTuple):
    """The base URL before ``/ad_campaigns``, the campaign, the documented operation (None: another write)."""

    base: str
    campaign: str
    operation: Operation | None


def route(method: str, url: str) -> Route | None:
    """What a request is about; None if it is neither a documented operation nor a write to a campaign."""
    match = _ROUTE.match(url)
    if match is None:
        return None
    action, operation = match["action"], cast("Operation | None", None)
    if action == "pause" and method not in {"OPTIONS", "HEAD", "TRACE"}:
        operation = "pause"
    elif action == "unpause" and method == "POST":
        operation = "unpause"
    elif action is None and method == "GET":
        operation = "retrieve"
    elif method in _READING:
        return None
    # One copy of a text that thousands of entries have.
    return Route(normalized(match["base"]), sys.intern(match["campaign"]), operation)


@lru_cache(maxsize=256)
def normalized(base_url: str) -> str:
    """A base URL with scheme and host in lower case, without user, usual port and slash at its end."""
    try:
        return str(httpx.URL(base_url).copy_with(userinfo=b"")).rstrip("/")
    except httpx.InvalidURL:
        return base_url


def credentials(request: Request) -> list[str]:
    """The credentials in a request's headers."""
    values = (value.rpartition(" ")[2] for name, value in request.headers if is_secret_header(name))
    return [value for value in values if len(value) >= _LEAST_SECRET]


def check_own(part: str, document: Mapping[str, Any], at: str) -> None:
    """Raise ``HarError`` unless what our own writer adds has the types that it writes, by our schema."""
    names = schemas.subschema("recording", f"/$defs/{part}/properties")
    own = {name: document[name] for name in names if name in document}
    if not schemas.sound("recording", own, f"/$defs/{part}"):
        raise HarError(f"{at} is not as whop-contracts wrote it: the recording was changed")


def read_entry(row: Any, number: int, *, ours: bool = False) -> Exchange:
    """Read one member of a HAR's ``entries``, which has a URL; ``number`` is its place, from 1.

    Without a response ``trouble`` says why. A body that was not recorded makes the request's
    ``content_known`` False, or the response truncated.
    """
    at = f"log.entries[{number - 1}]"
    request = row["request"]
    text = member(row, "startedDateTime", str, at)
    # With the offset as HAR requires it, or as some recorders write it, +0200.
    started = read_instant(text) or read_instant(_ZONE.sub(r"\1:\2", text))
    if started is None:
        raise HarError(f"{at}.startedDateTime is no date with a time and a zone")
    sent = started.ns / NANO
    posted = None if request.get("postData") is None else member(request, "postData", dict, f"{at}.request")
    headers = _headers(request, posted, f"{at}.request")
    body = _object(posted)
    encoding = body.get("_encoding", body.get("encoding"))
    content = _decoded(body.get("text") or "", encoding, f"{at}.request.postData")
    response, trouble = _response(row, f"{at}.response")
    method, url = member(request, "method", str, f"{at}.request").upper(), request["url"]
    _, campaign, operation = route(method, url) or (None, "", None)
    if ours:
        check_own("entry", row, at)
        campaign, operation = row.get("_campaign", ""), row.get("_operation")
    complete = ours or _is_whole(content, headers, request.get("bodySize"))
    sent_request = Request(method, url, operation, campaign, headers, content, complete)
    exchange = Exchange(number, sent_request, response, sent, sent + _took(row), trouble=trouble)
    own = row if ours else {}
    ends = [instant.ns for text in own.get("_now") or () if (instant := read_instant(text))]
    known = {name: own[f"_{name}"] for name in _RESTORED if f"_{name}" in own}
    return dataclasses.replace(exchange, now=Window(*ends) if ends else None, **known)


def _took(row: Mapping[str, Any]) -> float:
    """How long an exchange took, in seconds; if the entry does not say, the sum of its timings."""
    for milliseconds in ([row.get("time")], _object(row.get("timings")).values()):
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
    """Whether a request's body was recorded as it was; if it is empty, a size has to say that it was."""
    if codings(headers):
        return False
    return _sizes(headers, None) <= {len(content)} if content else _sizes(headers, size) == {0}


def _response(row: Mapping[str, Any], at: str) -> tuple[Response | None, str | None]:
    """The response of an entry, or why there is none. One whose body was not recorded is truncated."""
    response = _object(row.get("response"))
    status, content = response.get("status"), _object(response.get("content"))
    if status is None or (type(status) is int and status not in range(100, 1_000)):
        trouble = row.get("_trouble") or response.get("_error") or "the recording has no response"
        return None, str(trouble)[:200]
    if type(status) is not int:
        raise HarError(f"{at}.status is no whole number")
    headers = _headers(response, content, at)
    cut, coded = row.get("_truncated") is True, row.get("_undecoded")
    body = _decoded(content.get("text") or "", content.get("encoding"), f"{at}.content")
    if cut or coded:
        return Response(status, headers, body, truncated=cut, undecoded=coded and str(coded)), None
    if codings(headers) and not _is_text(body):
        body = decoded_response(status, headers, [body], _LONGEST)[0].content
        lost = not _is_text(body)
    else:
        sizes = _sizes(headers, content.get("size"))
        shorter = max(sizes, default=0) > len(body) and read_json(body).problem is not None
        lost = shorter if body else sizes != {0}
    return Response(status, headers, b"" if lost else body, truncated=lost), None


def _is_text(body: bytes) -> bool:
    """Whether a body can be the text of a response that is not compressed."""
    return (body[:1] != b"\x1f" and body.isascii()) or read_json(body).problem is None


def _decoded(text: Any, encoding: Any, at: str) -> bytes:
    if not isinstance(text, str):
        raise HarError(f"{at}.text is no text")
    if encoding != "base64":
        return text.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise HarError(f"{at}.text is no base64") from None


def _headers(message: Mapping[str, Any], body: Any, at: str) -> tuple[tuple[str, str], ...]:
    """The header lines without the pseudo-headers of HTTP/2.

    A line whose value was not recorded is left out. A media type that is not among them is that of ``body``,
    if lines may be missing or there is a body to which it belongs.
    """
    lines: list[tuple[str, str]] = []
    given, about = member(message, "headers", list, at) if message.get("headers") else (), _object(body)
    for index, line in enumerate(given):
        where = f"{at}.headers[{index}]"
        name = member(line, "name", str, where)
        if line.get("value") is not None:
            lines.append((name, member(line, "value", str, where)))
    media_type = about.get("mimeType")
    stated = any(name.lower() == "content-type" for name, _ in lines)
    lost = len(lines) < len(given) or not given
    posted = "size" not in about and about.get("text")
    if not stated and isinstance(media_type, str) and media_type and (lost or posted):
        lines.append(("content-type", media_type))
    return tuple(line for line in lines if not line[0].startswith(":"))


def _object(value: Any) -> Mapping[str, Any]:
    """An object that recorders may leave out."""
    return value if isinstance(value, dict) else {}


def member(holder: Any, name: str, kind: type, at: str) -> Any:
    """A member of an object, which is at ``at``; ``HarError`` if it is absent or of another type."""
    where = f"{at}.{name}" if at else name
    if not isinstance(holder, dict):
        raise HarError(f"{at or 'the document'} is no object")
    if not isinstance(holder.get(name), kind):
        raise HarError(f"{where} is {'not there' if name not in holder else 'not ' + _KINDS[kind]}")
    return holder[name]
