"""What is applied to a finished result: waivers, then the drift ledger. Their files are read before anything
is sent.

The drift ledger keeps since when each difference from the page exists and when it was last seen, over many
runs. It is sorted JSON, so that it can be kept in a repository, and is replaced as a whole or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from whop_contracts.pause import catalogue
from whop_contracts.report import waivers, write_file
from whop_contracts.report.result import require
from whop_contracts.report.sanitize import describe_os_error
from whop_contracts.settings import Settings, UsageError

_VERSION: Final = "1"
_MOST: Final = 10_000
Settle = Callable[[Mapping[str, Any]], dict[str, Any]]
Key = tuple[str, str, str]


def prepare(settings: Settings, *, today: date | None = None) -> Settle:
    """Read the files that the settings name; return what makes a result final. UsageError if one is wrong."""
    try:
        required = catalogue.required(settings.require, catalogue.chosen(settings.clauses))
    except ValueError as error:
        raise UsageError(f"--require: {error}") from None
    day = today or datetime.now(UTC).date()
    known = [clause.id for clause in catalogue.clauses()]
    waived = waivers.load(settings.waivers, known, today=day) if settings.waivers else ()
    ledger = Ledger.load(settings.drift_ledger) if settings.drift_ledger else None

    def settle(result: Mapping[str, Any]) -> dict[str, Any]:
        final = waivers.apply(waived, result, strict=settings.strict) if waived else result
        final = require(final, required) if required else dict(final)
        if ledger is not None:
            final = ledger.note(final, day)
            try:
                ledger.save()
            except UsageError as error:
                # The run is over: its result is worth more than its ledger.
                final["notes"] = [*final["notes"], str(error)]
        return final

    return settle


class Ledger:
    """What is known of drift. ``load`` reads the file, ``note`` adds a result, ``save`` replaces the file."""

    def __init__(self, path: Path, seen: Mapping[Key, tuple[str, str]]) -> None:
        self._path = path
        self._seen = dict(seen)

    @classmethod
    def load(cls, path: Path) -> Ledger:
        """Read a ledger; a missing or empty file is an empty one. UsageError if it is something else."""
        try:
            document = json.loads(path.read_text("utf-8")) if path.exists() and path.stat().st_size else None
        except OSError as error:
            raise _wrong(path, f"cannot be read ({describe_os_error(error)})") from None
        except (ValueError, RecursionError):
            raise _wrong(path, "is no JSON text") from None
        if document is None:
            return cls(path, {})
        version = document.get("schema_version") if isinstance(document, dict) else None
        if version != _VERSION or not isinstance(document.get("drift"), list):
            raise _wrong(path, "is no drift ledger of this version")
        return cls(path, dict(_entry(path, index, row) for index, row in enumerate(document["drift"])))

    def note(self, result: Mapping[str, Any], today: date) -> dict[str, Any]:
        """The result with ``first_seen`` and ``last_seen`` at each drift, which is known from then on."""
        drift = []
        for item in result["drift"]:
            key, day = (item["kind"], item["pointer"], json.dumps(item["value"])), today.isoformat()
            first, last = self._seen.get(key, (day, day))
            self._seen[key] = (min(first, day), max(last, day))
            drift.append(dict(item) | {"first_seen": self._seen[key][0], "last_seen": self._seen[key][1]})
        return dict(result) | {"drift": drift}

    def save(self) -> None:
        """Replace the file. UsageError if that fails; the old one stays."""
        latest = sorted(self._seen, key=lambda key: self._seen[key][1], reverse=True)[:_MOST]
        rows = [
            {
                "kind": kind,
                "pointer": pointer,
                "value": json.loads(value),
                "first_seen": self._seen[kind, pointer, value][0],
                "last_seen": self._seen[kind, pointer, value][1],
            }
            for kind, pointer, value in sorted(latest)
        ]
        try:
            write_file(self._path, json.dumps({"schema_version": _VERSION, "drift": rows}, indent=2) + "\n")
        except OSError as error:
            raise _wrong(self._path, f"could not be written ({describe_os_error(error)})") from None


def _entry(path: Path, index: int, row: Any) -> tuple[Key, tuple[str, str]]:
    try:
        days = (row["first_seen"], row["last_seen"])
        for day in days:
            date.fromisoformat(day)
        kind, pointer, value = row["kind"], row["pointer"], row["value"]
        if isinstance(kind, str) and isinstance(pointer, str):
            return (kind, pointer, json.dumps(value)), days
    except (TypeError, KeyError, ValueError):
        pass
    raise _wrong(path, f"drift[{index}] is no entry of a drift ledger")


def _wrong(path: Path, what: str) -> UsageError:
    return UsageError(f"--drift-ledger {str(path)!r}: {what}")
