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
from whop_contracts.exchange import Exchange, Request, Response
from whop_contracts.instants import write_instant
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.evidence import Evidence
from whop_contracts.redaction import Redactor
from whop_contracts.settings import UsageError
from whop_contracts.settings.kinds import describe_os_error

_KEPT: Final = ("number", "case", "sequence", "role", "credential", "scope", "trouble")
"""What of an exchange HAR does not have."""


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
            why = describe_os_error(error)
            raise UsageError(f"{flag} {str(path)!r}: could not be written ({why})") from None

    def _write(self, data: bytes, start: int | None = None) -> None:
        """Write bytes; if they ``start`` at a place, as the last ones of the file."""
        if self.trouble:
            return
        try:
            if start is not None:
                self._file.seek(start)
            view = memoryview(data)
            while view:
                view = view[self._file.write(view) or 0 :]
            if start is not None:
                self._file.truncate()
        except OSError as error:
            why = describe_os_error(error)
            self.trouble = f"{self._flag}: the recording could not be written to its end ({why})"


class HarWriter(_Stream):
    """Writes exchanges as HAR 1.2. ``about`` is what the file says of its run: target, plan, tolerance.

    The file is valid JSON at every moment: each entry is written together with the end of the document, which
    the next one overwrites. A run that is killed leaves a file that says so.
    """

    def __init__(self, path: Path, redactor: Redactor, about: Mapping[str, Any]) -> None:
        super().__init__("--har", path, redactor, 0o600)
        self._about = dict(about)
        self._separator = b"\n"
        self._end = 0
        self._overwrites = path.is_file()
        head = {"version": "1.2", "creator": {"name": "whop-contracts", "version": __version__}}
        self._put(_dump({"log": head})[:-2] + b',"entries":[')

    def add(self, exchange: Exchange) -> None:
        """Write one exchange."""
        row = self._redactor.data(_entry(exchange, self._redactor))
        self._put(self._separator + _dump(row))
        self._separator = b",\n"

    def close(self, reason: str | None = None) -> None:
        """End the file; ``reason`` is why the run was inconclusive."""
        self._put(b"", finished=True, reason=reason)
        self._file.close()

    def _put(self, more: bytes, *, finished: bool = False, reason: str | None = None) -> None:
        """Write ``more`` over the document's end, and the end again. To a pipe the end is written once."""
        comment = {} if finished else {"comment": "the run did not end: it is under way, or was killed"}
        run = self._redactor.data({**self._about, "finished": finished, "reason": reason})
        end = b"\n]," + _dump({"_run": run, **comment})[1:] + b"}\n"
        if self._overwrites:
            self._write(more + end, self._end)
        else:
            self._write(more + end if finished else more)
        self._end += len(more)


def _entry(exchange: Exchange, redactor: Redactor) -> dict[str, Any]:
    """One exchange as an entry of HAR 1.2, its bodies redacted; what HAR does not have begins with ``_``."""
    request, response, now = exchange.request, exchange.response, exchange.now
    took = max(exchange.received - exchange.sent, 0.0) * 1_000
    return {
        "startedDateTime": write_instant(round(exchange.sent * 1_000_000) * 1_000, digits=6),
        "time": took,
        "request": _request(request, redactor),
        "response": _response(response, redactor),
        "cache": {},
        "timings": {"send": 0, "wait": took, "receive": 0},
        "_sent": float(exchange.sent),
        "_received": float(exchange.received),
        **{f"_{name}": getattr(exchange, name) for name in _KEPT},
        "_operation": request.operation,
        "_campaign": request.campaign,
        "_now": now and [write_instant(now.start, digits=9), write_instant(now.end, digits=9)],
        "_truncated": bool(response and response.truncated),
        "_undecoded": response and response.undecoded,
    }


def _request(request: Request, redactor: Redactor) -> dict[str, Any]:
    # Authorization is ours: a credential that nobody has is kept, so that a response can be searched for it.
    own = {name: value for name, value in request.headers if name.lower() == "authorization"}
    headers = [(name, own.get(name, value)) for name, value in redactor.headers(request.headers)]
    query = [{"name": name, "value": value} for name, value in parse_qsl(urlsplit(request.url).query)]
    row: dict[str, Any] = {"method": request.method, "url": request.url, "queryString": query}
    row |= _message(headers, len(request.content))
    if request.content:
        body = _body(redactor.bytes(request.content), "_encoding")
        row["postData"] = {"mimeType": request.header("content-type") or "", "params": [], **body}
    return row


def _response(response: Response | None, redactor: Redactor) -> dict[str, Any]:
    """The response, or one with a status of 0, as browsers write it. Of a truncated body a part is enough."""
    shown = response or Response(0)
    kept = redactor.bytes(shown.content)[: 1_000 if shown.truncated else None]
    media_type = shown.header("content-type") or ""
    return {
        "status": shown.status,
        "statusText": "",
        "content": {"size": len(kept), "mimeType": media_type, **_body(kept, "encoding")},
        "redirectURL": shown.header("location") or "",
        **_message(redactor.headers(shown.headers), len(kept) if response else -1),
    }


def _message(headers: Iterable[tuple[str, str]], size: int) -> dict[str, Any]:
    lines = [{"name": name, "value": value} for name, value in headers]
    return {"httpVersion": "HTTP/1.1", "cookies": [], "headers": lines, "headersSize": -1, "bodySize": size}


def _body(content: bytes, encoding: str) -> dict[str, str]:
    """Text if the bytes are UTF-8, else base64, of which the member ``encoding`` says so."""
    try:
        return {"text": content.decode()}
    except UnicodeDecodeError:
        return {"text": base64.b64encode(content).decode(), encoding: "base64"}


def _dump(data: Any) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode()


class EventWriter(_Stream):
    """Writes a run as NDJSON: a line per exchange, finding and phase (``schemas/event.schema.json``)."""

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
