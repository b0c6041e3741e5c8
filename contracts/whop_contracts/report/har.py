"""HAR 1.2: every exchange of a run, redacted, written as it comes.

The file is valid JSON at every moment: each entry is written together with the end of the document, which the
next one overwrites. A run that is killed leaves a file that says that the run did not end. Nothing is kept in
memory.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import parse_qsl, urlsplit

from whop_contracts import __version__
from whop_contracts.engine.plan import Plan
from whop_contracts.exchange import Exchange
from whop_contracts.instants import write_instant
from whop_contracts.redaction import Redactor
from whop_contracts.settings import Settings, UsageError
from whop_contracts.settings.kinds import describe_os_error
from whop_contracts.target import Target

_TRUNCATED: Final = 1_000
"""Bytes written of a body of which not all was read: no check concludes anything from it."""
_UNFINISHED: Final = "the run did not end: it is under way, or was killed"


class HarWriter:
    """Streams exchanges to a file through a redactor. ``about`` is what the file says of its run: target,
    plan, tolerance.

    A full disk does not disturb the run: writing ends, and ``trouble`` says so.
    """

    def __init__(self, path: Path, redactor: Redactor, about: Mapping[str, Any]) -> None:
        self._redactor = redactor
        self._about = dict(about)
        self._separator = b"\n"
        self._end = 0
        self.trouble: str | None = None
        try:
            private = partial(os.open, mode=0o600)
            self._file: BinaryIO = open(path, "wb", 0, opener=private)  # noqa: SIM115 - closed by ``close``
        except OSError as error:
            raise UsageError(
                f"--har {str(path)!r}: could not be written ({describe_os_error(error)})"
            ) from None
        self._seekable = self._file.seekable()
        head = {"version": "1.2", "creator": {"name": "whop-contracts", "version": __version__}}
        self._put(_dump({"log": head})[:-2] + b',"entries":[', self._tail(finished=False, reason=None))

    def add(self, exchange: Exchange) -> None:
        """Write one exchange."""
        row = self._redactor.data(entry(exchange, self._redactor))
        self._put(self._separator + _dump(row), self._tail(finished=False, reason=None))
        self._separator = b",\n"

    def close(self, reason: str | None = None) -> list[str]:
        """End the file; ``reason`` is why the run was inconclusive. Return what went wrong, as notes."""
        if not self._file.closed:
            self._put(b"", self._tail(finished=True, reason=reason), last=True)
            self._file.close()
        return [self.trouble] if self.trouble else []

    def _tail(self, *, finished: bool, reason: str | None) -> bytes:
        run = self._redactor.data({**self._about, "finished": finished, "reason": reason})
        comment = {} if finished else {"comment": _UNFINISHED}
        return b"\n]," + _dump({"_run": run, **comment})[1:] + b"}\n"

    def _put(self, more: bytes, tail: bytes, *, last: bool = False) -> None:
        """Write ``more`` over the document's end, and the end again. To a pipe the end is written once."""
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
            self.trouble = (
                f"--har: the recording could not be written to its end ({describe_os_error(error)})"
            )


def open_har(settings: Settings, redactor: Redactor, target: Target, plan: Plan) -> HarWriter | None:
    """The writer that a run's settings ask for, if they do. UsageError if the file cannot be written."""
    if settings.har is None:
        return None
    about = {
        "target": {"kind": target.kind, "base_url": target.base_url},
        "clock": target.clock.kind,
        "plan": {"profile": plan.profile, "seed": plan.seed, "sha256": plan.sha256, "drawn": plan.drawn},
        "resume_tolerance": settings.resume_tolerance,
    }
    return HarWriter(settings.har, redactor, about)


def entry(exchange: Exchange, redactor: Redactor) -> dict[str, Any]:
    """One exchange as an entry of HAR 1.2, its bodies redacted; what HAR does not have begins with ``_``."""
    request, response, now = exchange.request, exchange.response, exchange.now
    took = max(exchange.received - exchange.sent, 0.0) * 1_000
    return {
        "startedDateTime": write_instant(round(exchange.sent * 1_000_000) * 1_000, digits=6),
        "time": took,
        "request": _request(exchange, redactor),
        "response": _response(exchange, redactor),
        "cache": {},
        "timings": {"send": 0, "wait": took, "receive": 0},
        "_sent": float(exchange.sent),
        "_received": float(exchange.received),
        "_number": exchange.number,
        "_case": exchange.case,
        "_sequence": exchange.sequence,
        "_role": exchange.role,
        "_credential": exchange.credential,
        "_scope": exchange.scope,
        "_operation": request.operation,
        "_campaign": request.campaign,
        "_now": now and [write_instant(now.start, digits=9), write_instant(now.end, digits=9)],
        "_trouble": exchange.trouble,
        "_truncated": bool(response and response.truncated),
        "_undecoded": response and response.undecoded,
    }


def _request(exchange: Exchange, redactor: Redactor) -> dict[str, Any]:
    request = exchange.request
    query = [{"name": name, "value": value} for name, value in parse_qsl(urlsplit(request.url).query)]
    # Authorization is ours: a credential that nobody has is kept, so that a response can be searched for it.
    own = {name: value for name, value in request.headers if name.lower() == "authorization"}
    headers = [(name, own.get(name, value)) for name, value in redactor.headers(request.headers)]
    line: dict[str, Any] = {"method": request.method, "url": request.url, "queryString": query}
    row = line | _message(headers, len(request.content))
    if request.content:
        body = _body(redactor.bytes(request.content))
        encoding = {"_encoding": body["encoding"]} if "encoding" in body else {}
        media_type = request.header("content-type") or ""
        row["postData"] = {"mimeType": media_type, "params": [], "text": body["text"], **encoding}
    return row


def _response(exchange: Exchange, redactor: Redactor) -> dict[str, Any]:
    """The response; if there was none a status of 0, as browsers write it."""
    response = exchange.response
    if response is None:
        content = {"size": 0, "mimeType": "", "text": ""}
        return {"status": 0, "statusText": "", "content": content, "redirectURL": "", **_message((), -1)}
    kept = redactor.bytes(response.content)[: _TRUNCATED if response.truncated else None]
    return {
        "status": response.status,
        "statusText": "",
        "content": {"size": len(kept), "mimeType": response.header("content-type") or "", **_body(kept)},
        "redirectURL": response.header("location") or "",
        **_message(redactor.headers(response.headers), len(kept)),
    }


def _message(headers: Iterable[tuple[str, str]], size: int) -> dict[str, Any]:
    lines = [{"name": name, "value": value} for name, value in headers]
    return {"httpVersion": "HTTP/1.1", "cookies": [], "headers": lines, "headersSize": -1, "bodySize": size}


def _body(content: bytes) -> dict[str, str]:
    """Text if the bytes are UTF-8, else base64."""
    try:
        return {"text": content.decode()}
    except UnicodeDecodeError:
        return {"text": base64.b64encode(content).decode(), "encoding": "base64"}


def _dump(data: Any) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode()
