"""HAR 1.2: every exchange of a run, redacted, written as it comes.

The file is valid JSON at every moment: each entry is written together with the end of the document, which the next one overwrites. A run
that is killed leaves a file that says that the run did not end. Nothing is kept in memory.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import parse_qsl, urlsplit

from whop_contracts import __version__
from whop_contracts.engine.plan import Plan
from whop_contracts.exchange import Exchange
from whop_contracts.instants import write_instant
from whop_contracts.redaction import Redactor
from whop_contracts.settings import Settings, UsageError
from whop_contracts.target import Target

_HIDDEN: Final = frozenset({"cookie", "set-cookie", "proxy-authorization"})
"""Headers whose values are secrets that nobody has told us; credentials of ours are found by value."""
_LARGE: Final = 64_000
"""Bytes from which on a body is a large one; what the page documents has three thousand."""
_LARGE_IN_ALL: Final = 2_000_000
"""Bytes that large bodies may take in a file together; the others are left out."""
_BEGINNING: Final = 1_000
"""Characters kept of a body of which not all was read: a multiple of four, as base64 has to be cut."""
_UNFINISHED: Final = "the run did not end: it is under way, or was killed"


class HarWriter:
    """Streams exchanges to a file through a redactor. ``about`` is what the file says of its run besides: target, plan, tolerance.

    A disk that is full does not disturb the run: writing ends, and ``trouble`` says so.
    """

    def __init__(self, path: Path, redactor: Redactor, about: Mapping[str, Any]) -> None:
        self._redactor = redactor
        self._about = dict(about)
        self._first = True
        self._left = _LARGE_IN_ALL
        self.trouble: str | None = None
        try:
            self._file: BinaryIO = path.open("wb", buffering=0)
        except OSError as error:
            raise UsageError(
                f"--har {str(path)!r}: could not be written ({(error.strerror or 'no answer').lower()})"
            ) from None
        self._seekable = self._file.seekable()
        self._end = 0
        head = {"version": "1.2", "creator": {"name": "whop-contracts", "version": __version__}}
        self._put(_dump({"log": head})[:-2] + b',"entries":[', self._tail(finished=False, reason=None))

    def add(self, exchange: Exchange) -> None:
        """Write one exchange; of an answer's body too large for the file only its size, or its beginning."""
        row = self._redactor.data(entry(exchange, self._redactor))
        size = len(exchange.response.content) if exchange.response else 0
        if size >= _LARGE:
            content = row["response"]["content"]
            # As it is written: an escape may take six bytes for one.
            takes = len(_dump(content["text"]))
            if row["_truncated"] or takes > self._left:
                row["response"]["content"] = _left_out(content, whole=not row["_truncated"])
            else:
                self._left -= takes
        self._put((b"\n" if self._first else b",\n") + _dump(row), self._tail(finished=False, reason=None))
        self._first = False

    def close(self, reason: str | None = None) -> list[str]:
        """End the file: the run is over, and ``reason`` is why it was inconclusive, if it was. What went wrong with the file, as notes."""
        if not self._file.closed:
            self._put(b"", self._tail(finished=True, reason=reason), last=True)
            self._file.close()
        return [self.trouble] if self.trouble else []

    def _tail(self, *, finished: bool, reason: str | None) -> bytes:
        run = self._redactor.data({**self._about, "finished": finished, "reason": reason})
        comment = {} if finished else {"comment": _UNFINISHED}
        return b"\n]," + _dump({"_run": run, **comment})[1:] + b"}\n"

    def _put(self, more: bytes, tail: bytes, *, last: bool = False) -> None:
        """Write ``more`` over the document's end, and the end again. To a pipe the end is written once, at last."""
        if self.trouble:
            return
        whole = more + tail if self._seekable or last else more
        try:
            if self._seekable:
                self._file.seek(self._end)
            view = memoryview(whole)
            while view:
                view = view[self._file.write(view) or 0 :]
            self._end += len(more)
            if last and self._seekable and os.fstat(self._file.fileno()).st_size > self._end:
                self._file.truncate(self._end + len(tail))
        except OSError as error:
            self.trouble = f"--har: the recording could not be written to its end ({(error.strerror or 'no answer').lower()})"


def open_har(settings: Settings, redactor: Redactor, target: Target, plan: Plan) -> HarWriter | None:
    """The writer that a run's settings ask for, if they do. UsageError where the file cannot be written."""
    if settings.har is None:
        return None
    about = {
        "target": {"kind": target.kind, "base_url": target.base_url},
        "clock": target.clock.kind,
        "plan": {"profile": plan.profile, "seed": plan.seed, "sha256": plan.sha256},
        "resume_tolerance": settings.resume_tolerance,
    }
    return HarWriter(settings.har, redactor, about)


def entry(exchange: Exchange, redactor: Redactor) -> dict[str, Any]:
    """One exchange as an entry of HAR 1.2, its bodies without secrets; what HAR has no place for begins with an underscore."""
    request, response = exchange.request, exchange.response
    took = max(exchange.received - exchange.sent, 0.0) * 1_000
    row: dict[str, Any] = {
        "startedDateTime": write_instant(round(exchange.sent * 1_000_000) * 1_000, digits=6),
        "time": took,
        "request": {
            "method": request.method,
            "url": request.url,
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _lines(request.headers),
            "queryString": [
                {"name": name, "value": value} for name, value in parse_qsl(urlsplit(request.url).query)
            ],
            "headersSize": -1,
            "bodySize": len(request.content),
        },
        "response": _response(exchange, redactor),
        "cache": {},
        "timings": {"send": 0, "wait": took, "receive": 0},
        "_sent": float(exchange.sent),
        "_received": float(exchange.received),
        "_number": exchange.number,
        "_case": exchange.case,
        "_sequence": exchange.sequence,
        "_role": exchange.role,
        "_scope": exchange.scope,
        "_operation": request.operation,
        "_campaign": request.campaign,
        "_now": exchange.now
        and [write_instant(exchange.now.start, digits=9), write_instant(exchange.now.end, digits=9)],
        "_trouble": exchange.trouble,
        "_truncated": bool(response and response.truncated),
        "_undecoded": response and response.undecoded,
    }
    if request.content:
        body = _body(redactor.bytes(request.content))
        encoding = {"_encoding": body["encoding"]} if "encoding" in body else {}
        media_type = request.header("content-type") or ""
        row["request"]["postData"] = {"mimeType": media_type, "params": [], "text": body["text"], **encoding}
    return row


def _left_out(content: Mapping[str, Any], *, whole: bool) -> dict[str, Any]:
    """The content of a large body without its text, which readers take for what it is: not recorded. Where reading had ended at a limit,
    its beginning is as good.
    """
    about = {"size": content["size"], "mimeType": content["mimeType"], "comment": "a large body, left out"}
    if whole:
        return about
    return {
        **about,
        **{name: content[name] for name in ("encoding",) if name in content},
        "text": content["text"][:_BEGINNING],
    }


def _response(exchange: Exchange, redactor: Redactor) -> dict[str, Any]:
    """The answer; where none came a status of 0, as browsers write it."""
    response = exchange.response
    headers = response.headers if response else ()
    content = redactor.bytes(response.content) if response else b""
    return {
        "status": response.status if response else 0,
        "statusText": "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _lines(headers),
        "content": {
            "size": len(content),
            "mimeType": (response and response.header("content-type")) or "",
            **_body(content),
        },
        "redirectURL": (response and response.header("location")) or "",
        "headersSize": -1,
        "bodySize": len(content) if response else -1,
    }


def _lines(headers: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [
        {"name": name, "value": "(not shown)" if name.lower() in _HIDDEN else value}
        for name, value in headers
    ]


def _body(content: bytes) -> dict[str, str]:
    """Text where the bytes are UTF-8, else base64."""
    try:
        return {"text": content.decode()}
    except UnicodeDecodeError:
        return {"text": base64.b64encode(content).decode(), "encoding": "base64"}


def _dump(data: Any) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode()
