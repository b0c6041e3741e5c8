"""What is written while a run goes on, redacted: every exchange as HAR 1.2, and events as NDJSON."""

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
from whop_contracts.exchange import Exchange
from whop_contracts.instants import write_instant
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.evidence import Evidence
from whop_contracts.redaction import Redactor
from whop_contracts.report import unwritable
from whop_contracts.settings.kinds import describe_os_error

_TRUNCATED: Final = 1_000
"""Bytes written of a body of which not all was read: no check concludes anything from it."""
_UNFINISHED: Final = "the run did not end: it is under way, or was killed"


class _Stream:
    """A file that is written while a run goes on. UsageError, which begins with ``flag``, if it cannot be.

    A full disk does not disturb the run: writing ends, and ``trouble`` says so.
    """

    def __init__(self, flag: str, path: Path, redactor: Redactor, mode: int = 0o666) -> None:
        self._flag, self._redactor = flag, redactor
        self.trouble: str | None = None
        try:
            private = partial(os.open, mode=mode)
            self._file: BinaryIO = open(path, "wb", 0, opener=private)  # noqa: SIM115 - closed by ``close``
        except OSError as error:
            raise unwritable(flag, path, error) from None

    def _write(self, data: bytes, start: int | None = None, end: int | None = None) -> None:
        """Write bytes: from ``start``, if it is given, and as the file's last ones, if ``end`` is."""
        if self.trouble:
            return
        try:
            if start is not None:
                self._file.seek(start)
            view = memoryview(data)
            while view:
                view = view[self._file.write(view) or 0 :]
            if end is not None and os.fstat(self._file.fileno()).st_size > end:
                self._file.truncate(end)
        except OSError as error:
            why = describe_os_error(error)
            self.trouble = f"{self._flag}: the recording could not be written to its end ({why})"


class HarWriter(_Stream):
    """Writes exchanges as HAR 1.2. ``about`` is what the file says of its run: target, plan, tolerance.

    The file is valid JSON at every moment: each entry is written together with the end of the document, which
    the next one overwrites. A run that is killed leaves a file that says so. Nothing is kept in memory.
    """

    def __init__(self, path: Path, redactor: Redactor, about: Mapping[str, Any]) -> None:
        super().__init__("--har", path, redactor, 0o600)
        self._about = dict(about)
        self._separator = b"\n"
        self._end = 0
        self._seekable = self._file.seekable()
        head = {"version": "1.2", "creator": {"name": "whop-contracts", "version": __version__}}
        self._put(_dump({"log": head})[:-2] + b',"entries":[')

    def add(self, exchange: Exchange) -> None:
        """Write one exchange."""
        row = self._redactor.data(entry(exchange, self._redactor))
        self._put(self._separator + _dump(row))
        self._separator = b",\n"

    def close(self, reason: str | None = None) -> None:
        """End the file; ``reason`` is why the run was inconclusive."""
        tail = self._tail(finished=True, reason=reason)
        place = (self._end, self._end + len(tail)) if self._seekable else ()
        self._write(tail, *place)
        self._file.close()

    def _tail(self, **end: Any) -> bytes:
        comment = {} if end["finished"] else {"comment": _UNFINISHED}
        return b"\n]," + _dump({"_run": self._redactor.data({**self._about, **end}), **comment})[1:] + b"}\n"

    def _put(self, more: bytes) -> None:
        """Write ``more`` over the document's end, and the end again. To a pipe the end is written once."""
        if self._seekable:
            self._write(more + self._tail(finished=False, reason=None), self._end)
        else:
            self._write(more)
        self._end += len(more)


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


class EventWriter(_Stream):
    """Writes a run to a file while it goes on, as NDJSON: a line per exchange, finding and phase, redacted.

    ``schemas/event.schema.json`` describes the lines.
    """

    def __init__(self, path: Path, redactor: Redactor, target: Mapping[str, Any]) -> None:
        super().__init__("--events", path, redactor)
        self._sequence = ""
        self._put("phase", phase="started", target=dict(target))

    def add(self, evidence: Evidence, sequence: str, failed: Iterable[Clause]) -> None:
        """Write an exchange and a finding for each clause that it failed."""
        exchange, request = evidence.exchange, evidence.exchange.request
        if sequence != self._sequence:
            self._sequence = sequence
            self._put("phase", phase="sequence", sequence=sequence)
        self._put(
            "exchange",
            number=exchange.number,
            at=write_instant(round(exchange.sent * 1_000) * 1_000_000),
            took_s=round(max(exchange.received - exchange.sent, 0.0), 6),
            case=exchange.case,
            **{"class": evidence.request_class},
            operation=request.operation,
            campaign=request.campaign,
            method=request.method,
            url=request.url,
            status=exchange.response.status if exchange.response else None,
            error=exchange.trouble,
        )
        for clause in failed:
            found = next(clause.check(evidence))
            ids = {"number": exchange.number, "clause": clause.id, "level": clause.level}
            self._put("finding", **ids, expected=found.expected, actual=found.actual, pointer=found.pointer)

    def close(self, result: Mapping[str, Any]) -> None:
        """Write the end of the run, with its ``result``, and close the file."""
        end = {name: result[name] for name in ("verdict", "reason", "requests")}
        self._put("phase", phase="finished", **end)
        self._file.close()

    def _put(self, event: str, **more: Any) -> None:
        self._write(json.dumps(self._redactor.data({"event": event} | more)).encode() + b"\n")
