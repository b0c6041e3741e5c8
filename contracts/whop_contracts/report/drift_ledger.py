"""The drift ledger: since when each difference from the page is there, and when it was last seen, over many runs.

The file is JSON, sorted, so that it can be kept in a repository and read as a difference. It is replaced as a whole or not at all.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from whop_contracts.settings import UsageError

_VERSION: Final = "1"
_MOST: Final = 10_000
Key = tuple[str, str, str]


class Ledger:
    """What is known of drift. ``load`` reads it before a run, ``note`` takes in a result, ``save`` replaces the file."""

    def __init__(self, path: Path, seen: Mapping[Key, tuple[str, str]]) -> None:
        self._path = path
        self._seen = dict(seen)

    @classmethod
    def load(cls, path: Path) -> Ledger:
        """Read a ledger; a file that is not there is an empty one. UsageError where it is something else."""
        try:
            document = json.loads(path.read_text("utf-8")) if path.exists() and path.stat().st_size else None
        except OSError as error:
            raise _wrong(path, f"cannot be read ({(error.strerror or 'no answer').lower()})") from None
        except (ValueError, RecursionError):
            raise _wrong(path, "is no JSON text") from None
        if document is None:
            return cls(path, {})
        if (
            not isinstance(document, dict)
            or document.get("schema_version") != _VERSION
            or not isinstance(document.get("drift"), list)
        ):
            raise _wrong(path, "is no drift ledger of this version")
        return cls(path, dict(_entry(path, index, row) for index, row in enumerate(document["drift"])))

    def note(self, result: Mapping[str, Any], today: date) -> dict[str, Any]:
        """The result with ``first_seen`` and ``last_seen`` at every drift that it has, which from now on are known."""
        drift = []
        for item in result["drift"]:
            key, day = (item["kind"], item["pointer"], json.dumps(item["value"])), today.isoformat()
            first, last = self._seen.get(key, (day, day))
            self._seen[key] = (min(first, day), max(last, day))
            drift.append(dict(item) | {"first_seen": self._seen[key][0], "last_seen": self._seen[key][1]})
        return dict(result) | {"drift": drift}

    def save(self) -> None:
        """Replace the file. UsageError where that cannot be done; then the old one stands."""
        latest = sorted(self._seen, key=lambda key: self._seen[key][1], reverse=True)[:_MOST]
        rows = [
            {
                "kind": kind,
                "pointer": pointer,
                "value": json.loads(value),
                "first_seen": first,
                "last_seen": last,
            }
            for kind, pointer, value in sorted(latest)
            for first, last in [self._seen[(kind, pointer, value)]]
        ]
        text = json.dumps({"schema_version": _VERSION, "drift": rows}, indent=2) + "\n"
        try:
            replace(self._path, text)
        except OSError as error:
            raise _wrong(
                self._path, f"could not be written ({(error.strerror or 'no answer').lower()})"
            ) from None


def replace(path: Path, text: str) -> None:
    """Write a file beside it and put it in its place; a link is followed, and the file keeps its mode."""
    path = path.resolve()
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _entry(path: Path, index: int, row: Any) -> tuple[Key, tuple[str, str]]:
    try:
        days = (row["first_seen"], row["last_seen"])
        for day in days:
            date.fromisoformat(day)
        kind, pointer, value = row["kind"], row["pointer"], row["value"]
    except (TypeError, KeyError, ValueError):
        raise _wrong(path, f"drift[{index}] is no entry of a drift ledger") from None
    if not isinstance(kind, str) or not isinstance(pointer, str):
        raise _wrong(path, f"drift[{index}] is no entry of a drift ledger")
    return (kind, pointer, json.dumps(value)), days


def _wrong(path: Path, what: str) -> UsageError:
    return UsageError(f"--drift-ledger {str(path)!r}: {what}")
