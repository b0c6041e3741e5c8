"""Waivers: failures that somebody has taken upon himself, for a reason and until a day.

A file is TOML with ``[[waiver]]`` tables, each with ``clause`` (an id or a pattern), ``reason``, ``owner`` and ``expiry`` (a date, the last day on
which it holds). A waived failure is shown and fails nothing; a waiver that cannot be used ends the run before anything is sent.
"""

from __future__ import annotations

import fnmatch
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from whop_contracts.pause import catalogue
from whop_contracts.report.result import exit_code
from whop_contracts.settings import UsageError

_REQUIRED: Final = ("clause", "reason", "owner", "expiry")
_TABLE: Final = re.compile(r"^\s*\[\[\s*waiver\s*\]\]\s*(?:#.*)?$")
_ANSWERED_PAUSES: Final = "response.media-type"
"""The clause that every pause answered 2xx is put to."""
_EVERY_FAILURE_WAIVED: Final = "every failure is waived, and no pause was answered 2xx"


@dataclass(frozen=True, slots=True)
class Waiver:
    """One waiver, complete and in force when it was read."""

    clause: str
    reason: str
    owner: str
    expiry: date

    def covers(self, clause: str) -> bool:
        """Whether it is about a clause."""
        return fnmatch.fnmatchcase(clause, self.clause)

    def __str__(self) -> str:
        return f"{self.reason} (waived by {self.owner} until {self.expiry})"


def load(path: Path, *, today: date | None = None) -> tuple[Waiver, ...]:
    """Read a file of waivers. UsageError names the line to mend: of what is incomplete, has expired, or matches no clause."""
    today = today or datetime.now(UTC).date()
    try:
        text = path.read_text("utf-8")
        document = tomllib.loads(text)
    except OSError as error:
        raise _wrong(
            path, None, f"expected a file that can be read ({(error.strerror or '').lower()})"
        ) from None
    except UnicodeDecodeError:
        raise _wrong(path, None, "expected TOML in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise _wrong(path, None, f"expected TOML ({error})") from None
    tables = document.pop("waiver", [])
    lines = text.splitlines()
    for key in document:
        raise _wrong(
            path,
            _key_line(lines, 0, len(lines), key),
            f"{key!r}: expected [[waiver]] tables and nothing else",
        )
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise _wrong(path, None, "expected [[waiver]] tables")
    starts = [number for number, line in enumerate(lines) if _TABLE.match(line)]
    if len(starts) != len(tables):  # written as an inline array: only its place can be told
        starts = [_key_line(lines, 0, len(lines), "waiver") - 1] * len(tables)
    ends = [*starts[1:], len(lines)]
    return tuple(
        _waiver(path, table, lines, start, end, today=today)
        for table, start, end in zip(tables, starts, ends, strict=True)
    )


def _waiver(
    path: Path, table: Mapping[str, Any], lines: Sequence[str], start: int, end: int, *, today: date
) -> Waiver:
    for key in table:
        if key not in _REQUIRED:
            at = _key_line(lines, start, end, key)
            raise _wrong(
                path,
                at,
                f"{key!r}: expected {', '.join(_REQUIRED[:-1])} and {_REQUIRED[-1]}, and nothing else",
            )
    for key in _REQUIRED:
        at, value = _key_line(lines, start, end, key), table.get(key)
        if key not in table:
            raise _wrong(path, start + 1, f"the waiver has no {key}; expected {', '.join(_REQUIRED)} in each")
        if key == "expiry":
            if type(value) is not date:
                raise _wrong(path, at, "expiry: expected a date, as in expiry = 2027-01-31")
        elif not isinstance(value, str) or not value.strip():
            raise _wrong(path, at, f"{key}: expected a text that is not empty")
    waiver = Waiver(
        table["clause"], " ".join(table["reason"].split()), " ".join(table["owner"].split()), table["expiry"]
    )
    if waiver.expiry < today:
        raise _wrong(
            path,
            _key_line(lines, start, end, "expiry"),
            f"the waiver of {waiver.clause} expired on {waiver.expiry}; ask {waiver.owner}, or take it out",
        )
    if not any(waiver.covers(clause.id) for clause in catalogue.clauses()):
        at = _key_line(lines, start, end, "clause")
        raise _wrong(
            path, at, f"clause {waiver.clause!r} matches no clause; `whop-contracts clauses` lists them"
        )
    return waiver


def apply(waivers: Sequence[Waiver], result: Mapping[str, Any], *, strict: bool = False) -> dict[str, Any]:
    """The result with failures and warnings that are covered as ``waived``, and verdict and exit code as they are then.

    A waiver whose clauses were tested and are all kept is noted as not needed any more; with ``strict`` that fails the run. What a filter kept
    from being judged says nothing about its waiver.
    """
    rows = [_waived(waivers, row) for row in result["clauses"]]
    notes, idle = list(result["notes"]), False
    for waiver in waivers:
        covered = [row for row in rows if waiver.covers(row["id"])]
        tested = [row for row in covered if row["verdict"] != "not_tested"]
        if tested and not any(row["verdict"] == "waived" for row in tested):
            idle = True
            notes.append(
                f"waiver for {waiver.clause} is not needed any more ({waiver.owner}, until {waiver.expiry})"
            )
    made = dict(result) | {"clauses": rows, "notes": notes}
    broken = {"failed", "warned"} if strict else {"failed"}
    if any(row["verdict"] in broken for row in rows) or (strict and idle):
        made |= {"verdict": "violates", "reason": None}
    elif result["verdict"] == "violates":
        made |= _otherwise(rows)
    made["exit_code"] = exit_code(made)
    return made


def _waived(waivers: Sequence[Waiver], row: Mapping[str, Any]) -> dict[str, Any]:
    waiver = next((one for one in waivers if one.covers(row["id"])), None)
    if waiver is None or row["verdict"] not in {"failed", "warned"}:
        return dict(row)
    return dict(row) | {"verdict": "waived", "reason": str(waiver)}


def _otherwise(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What is left when every failure is waived: it conforms, unless no answer to a pause was ever seen."""
    telling = [row for row in rows if row["id"] == _ANSWERED_PAUSES] or [
        row for row in rows if row["part"] in {"response", "pausing"}
    ]
    seen = not telling or any(row["exchanges"] for row in telling)
    if seen:
        return {"verdict": "conforms", "reason": None}
    return {"verdict": "inconclusive", "reason": _EVERY_FAILURE_WAIVED}


def _key_line(lines: Sequence[str], start: int, end: int, key: str) -> int:
    """The line, from 1, on which a key stands; that of its table where it cannot be told."""
    written = re.compile(rf"""^\s*(?:\[+\s*)?["']?{re.escape(key)}["']?\s*[=\].]""")
    return next((n + 1 for n in range(max(start, 0), end) if written.match(lines[n])), max(start, 0) + 1)


def _wrong(path: Path, line: int | None, what: str) -> UsageError:
    return UsageError(f"--waivers {path}" + (f", line {line}" if line else "") + f": {what}")
