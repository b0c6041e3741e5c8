"""``--events``: a run as NDJSON while it goes on, a line per exchange, finding and phase, redacted.

``schemas/event.schema.json`` describes the lines.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from whop_contracts.instants import write_instant
from whop_contracts.pause.clause import Clause
from whop_contracts.pause.evidence import Evidence
from whop_contracts.redaction import Redactor
from whop_contracts.report import unwritable
from whop_contracts.settings.kinds import describe_os_error


class EventWriter:
    """Writes events to a file, each with one write. A full disk ends the writing and not the run."""

    def __init__(self, path: Path, redactor: Redactor, target: Mapping[str, Any]) -> None:
        self._redactor, self._sequence = redactor, ""
        self.trouble: str | None = None
        try:
            self._file = path.open("wb", buffering=0)
        except OSError as error:
            raise unwritable("--events", path, error) from None
        self._put({"event": "phase", "phase": "started", "target": dict(target)})

    def add(self, evidence: Evidence, sequence: str, failed: Iterable[Clause]) -> None:
        """Write an exchange and a finding for each clause that it failed."""
        exchange = evidence.exchange
        if sequence != self._sequence:
            self._sequence = sequence
            self._put({"event": "phase", "phase": "sequence", "sequence": sequence})
        request = exchange.request
        self._put({
            "event": "exchange",
            "number": exchange.number,
            "at": write_instant(round(exchange.sent * 1_000) * 1_000_000),
            "took_s": round(max(exchange.received - exchange.sent, 0.0), 6),
            "case": exchange.case,
            "class": evidence.request_class,
            "operation": request.operation,
            "campaign": request.campaign,
            "method": request.method,
            "url": request.url,
            "status": exchange.response.status if exchange.response else None,
            "error": exchange.trouble,
        })  # fmt: skip
        for clause in failed:
            finding = next(clause.check(evidence))
            self._put({
                "event": "finding",
                "number": exchange.number,
                "clause": clause.id,
                "level": clause.level,
                "expected": finding.expected,
                "actual": finding.actual,
                "pointer": finding.pointer,
            })  # fmt: skip

    def close(self, result: Mapping[str, Any]) -> None:
        """Write the end of the run, with its ``result``, and close the file."""
        end = {name: result[name] for name in ("verdict", "reason", "requests")}
        self._put({"event": "phase", "phase": "finished", **end})
        self._file.close()

    def _put(self, event: Mapping[str, Any]) -> None:
        if self.trouble:
            return
        try:
            self._file.write(json.dumps(self._redactor.data(event)).encode() + b"\n")
        except OSError as error:
            self.trouble = f"--events: not every event could be written ({describe_os_error(error)})"
