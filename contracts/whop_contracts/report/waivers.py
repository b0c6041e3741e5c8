"""Waivers: failures that a named owner has accepted, for a reason and until an expiry date.

A file is TOML with ``[[waiver]]`` tables, each with ``clause`` (an id or a pattern), ``reason``, ``owner``
and ``expiry`` (a date, the last day of the waiver). A waived failure is shown and fails nothing. A waiver
that cannot be used ends the run before anything is sent.
"""

from __future__ import annotations

import fnmatch
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from whop_contracts.report.result import exit_code
from whop_contracts.report.sanitize import describe_os_error
from whop_contracts.settings import UsageError

_REQUIRED: Final = ("clause", "reason", "owner", "expiry")
_TABLE: Final = re.compile(r"^\s*\[\[\s*waiver\s*\]\]\s*(?:#.*)?$")
_KEY: Final = re.compile(r"""^\s*(?:\[+\s*)?["']?([\w-]+)["']?\s*[=\].]""")


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


def load(path: Path, known: Iterable[str], *, today: date | None = None) -> tuple[Waiver, ...]:
    """Read a file of waivers for the ``known`` clauses. UsageError names the line of what is incomplete, has
    expired, or matches no clause.
    """
    today, text = today or datetime.now(UTC).date(), ""
    try:
        text = path.read_text("utf-8")
        document = tomllib.loads(text)
    except OSError as error:
        raise _wrong(path, None, f"expected a file that can be read ({describe_os_error(error)})") from None
    except UnicodeDecodeError:
        raise _wrong(path, None, "expected TOML in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise _wrong(path, None, f"expected TOML ({error})") from None
    places = _places(text)
    tables = document.pop("waiver", [])
    for key in document:
        line = next((line for (_, name), line in places.items() if name == key), 1)
        raise _wrong(path, line, f"{key!r}: expected [[waiver]] tables and nothing else")
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise _wrong(path, None, "expected [[waiver]] tables")
    waivers = []
    for number, table in enumerate(tables):
        # In an inline array, only its own line can be named.
        start = places.get((number, ""), places.get((-1, "waiver"), 1))
        if problem := _problem(table, tuple(known), today):
            key, what = problem
            raise _wrong(path, places.get((number, key), start), what)
        reason, owner = (" ".join(table[name].split()) for name in ("reason", "owner"))
        waivers.append(Waiver(table["clause"], reason, owner, table["expiry"]))
    return tuple(waivers)


def _problem(table: Mapping[str, Any], known: Sequence[str], today: date) -> tuple[str, str] | None:
    """What is wrong with a waiver, after the key that it is about; None if nothing is."""
    for key in table:
        if key not in _REQUIRED:
            return key, f"{key!r}: expected {', '.join(_REQUIRED[:-1])} and {_REQUIRED[-1]}, and nothing else"
    for key in _REQUIRED:
        if key not in table:
            return "", f"the waiver has no {key}; expected {', '.join(_REQUIRED)} in each"
        if key == "expiry" and type(table[key]) is not date:
            return key, "expiry: expected a date, as in expiry = 2027-01-31"
        if key != "expiry" and not (isinstance(table[key], str) and table[key].strip()):
            return key, f"{key}: expected a text that is not empty"
    clause, owner, expiry = table["clause"], " ".join(table["owner"].split()), table["expiry"]
    if expiry < today:
        return "expiry", f"the waiver of {clause} expired on {expiry}; ask {owner}, or take it out"
    if not fnmatch.filter(known, clause):
        return "clause", f"clause {clause!r} matches no clause; `whop-contracts clauses` lists them"
    return None


def _places(text: str) -> dict[tuple[int, str], int]:
    """The line, from 1, of each table, by its number from 0 and ``""``, and of its keys."""
    places: dict[tuple[int, str], int] = {}
    table = -1
    for number, line in enumerate(text.splitlines(), start=1):
        if _TABLE.match(line):
            table += 1
            places[table, ""] = number
        elif match := _KEY.match(line):
            places.setdefault((table, match[1]), number)
    return places


def apply(waivers: Sequence[Waiver], result: Mapping[str, Any], *, strict: bool = False) -> dict[str, Any]:
    """The result with covered failures and warnings as ``waived``, and its verdict and exit code after that.

    A waiver whose clauses were tested and did not fail is noted as not needed any more; with ``strict`` that
    fails the run. Clauses that were not tested say nothing about their waiver.
    """
    rows = [_waived(waivers, row) for row in result["clauses"]]
    notes, idle = list(result["notes"]), False
    for waiver in waivers:
        tested = [row for row in rows if waiver.covers(row["id"]) and row["verdict"] != "not_tested"]
        if tested and not any(row["verdict"] == "waived" for row in tested):
            idle = True
            until = f"({waiver.owner}, until {waiver.expiry})"
            notes.append(f"waiver for {waiver.clause} is not needed any more {until}")
    final = dict(result) | {"clauses": rows, "notes": notes}
    failing = {"failed", "warned"} if strict else {"failed"}
    if any(row["verdict"] in failing for row in rows) or (strict and idle):
        final |= {"verdict": "violates", "reason": None}
    elif result["verdict"] == "violates":
        # What prevented a must clause from being tested decides, as it would without any failure.
        prevented = [row for row in rows if row["level"] == "must" and row.get("cause") == "prevented"]
        reason = f"every failure is waived, and {prevented[0]['reason']}" if prevented else None
        final |= {"verdict": "inconclusive" if prevented else "conforms", "reason": reason}
    final["exit_code"] = exit_code(final)
    return final


def _waived(waivers: Sequence[Waiver], row: Mapping[str, Any]) -> dict[str, Any]:
    waiver = next((one for one in waivers if one.covers(row["id"])), None)
    if waiver is None or row["verdict"] not in {"failed", "warned"}:
        return dict(row)
    return dict(row) | {"verdict": "waived", "reason": str(waiver)}


def _wrong(path: Path, line: int | None, what: str) -> UsageError:
    return UsageError(f"--waivers {path}" + (f", line {line}" if line else "") + f": {what}")
