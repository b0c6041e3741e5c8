"""What is applied to a finished result: waivers, then the drift ledger. Both are read before a run begins.

A waiver is a failure that a named owner has accepted until a day: it is shown, and fails nothing. The drift
ledger says when each difference from the page was first and last seen, as sorted JSON for a repository.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from whop_contracts.pause import catalogue
from whop_contracts.report import write_file
from whop_contracts.report.result import conclude, with_exit_code
from whop_contracts.report.summary import Result
from whop_contracts.settings import Settings, UsageError
from whop_contracts.settings.kinds import describe_os_error
from whop_contracts.settings.sources import read_toml

_REQUIRED: Final = ("clause", "reason", "owner", "expiry")
_TABLE: Final = re.compile(r"^\s*\[\[\s*waiver\s*\]\]\s*(?:#.*)?$")
_KEY: Final = re.compile(r"""^\s*(?:\[+\s*)?["']?([\w-]+)["']?\s*[=\].]""")
_VERSION: Final = "1"
_DAYS: Final = ("first_seen", "last_seen")
Ledger = dict[tuple[str, str, str], tuple[str, str]]
"""The first and the last day of each drift, by its kind, pointer and value as JSON."""


def prepare(settings: Settings, *, today: date | None = None) -> Callable[[Result], dict[str, Any]]:
    """Read the files that the settings name; return what makes a result final. UsageError if one is wrong."""
    try:
        required = catalogue.required(settings.require, catalogue.chosen(settings.clauses))
    except ValueError as error:
        raise UsageError(f"--require: {error}") from None
    day = today or datetime.now(UTC).date()
    known = [clause.id for clause in catalogue.clauses()]
    waivers = read_waivers(settings.waivers, known, today=day) if settings.waivers else ()
    ledger = read_ledger(settings.drift_ledger) if settings.drift_ledger else {}

    def settle(result: Result) -> dict[str, Any]:
        final = apply_waivers(waivers, result, strict=settings.strict) if waivers else result
        final = require(final, required) if required else dict(final)
        if settings.drift_ledger:
            final["drift"] = note_drift(ledger, result["drift"], day.isoformat())
            try:
                write_ledger(settings.drift_ledger, ledger)
            except UsageError as error:
                # The run is over: its result is worth more than its ledger.
                final["notes"] = [*final["notes"], str(error)]
        return final

    return settle


@dataclass(frozen=True, slots=True)
class Waiver:
    """A ``[[waiver]]`` table of TOML: ``clause`` is an id or a pattern, ``expiry`` the last day."""

    clause: str
    reason: str
    owner: str
    expiry: date


def read_waivers(path: Path, known: Sequence[str], *, today: date) -> tuple[Waiver, ...]:
    """Read waivers. UsageError names the line of what is incomplete, has expired, or matches no clause."""
    flag = f"--waivers {path}"
    text, document = read_toml(path, flag)
    places = _places(text)
    tables = document.pop("waiver", [])
    for key in document:
        line = next((line for (_, name), line in places.items() if name == key), 1)
        raise UsageError(f"{flag}, line {line}: {key!r}: expected [[waiver]] tables and nothing else")
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise UsageError(f"{flag}: expected [[waiver]] tables")
    waivers = []
    for number, table in enumerate(tables):
        if problem := _problem(table, known, today):
            # In an inline array, only its own line can be named.
            start = places.get((number, ""), places.get((-1, "waiver"), 1))
            key, what = problem
            raise UsageError(f"{flag}, line {places.get((number, key), start)}: {what}")
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
    if not any(fnmatchcase(id_, clause) for id_ in known):
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


def apply_waivers(waivers: Sequence[Waiver], result: Result, *, strict: bool = False) -> dict[str, Any]:
    """The result with covered failures and warnings as ``waived``, and its verdict and exit code after that.

    A waiver whose clauses were tested and did not fail is noted; with ``strict`` that fails the run. What
    prevented a must clause from being tested decides, as it would without any failure.
    """
    rows = []
    for row in result["clauses"]:
        waiver = next((one for one in waivers if fnmatchcase(row["id"], one.clause)), None)
        if waiver and row["verdict"] in {"failed", "warned"}:
            why = f"{waiver.reason} (waived by {waiver.owner} until {waiver.expiry})"
            rows.append(row | {"verdict": "waived", "reason": why})
        else:
            rows.append(row)
    idle = []
    for waiver in waivers:
        verdicts = {row["verdict"] for row in rows if fnmatchcase(row["id"], waiver.clause)} - {"not_tested"}
        if verdicts and "waived" not in verdicts:
            until = f"({waiver.owner}, until {waiver.expiry})"
            idle.append(f"waiver for {waiver.clause} is not needed any more {until}")
    verdict, reason = conclude(rows, result["reason"], strict=strict)
    if strict and idle:
        verdict, reason = "violates", None
    elif reason and result["verdict"] == "violates":
        reason = f"every failure is waived, and {reason}"
    notes = [*result["notes"], *idle]
    return with_exit_code({**result, "clauses": rows, "notes": notes, "verdict": verdict, "reason": reason})


def require(result: Result, ids: Collection[str]) -> dict[str, Any]:
    """The result; inconclusive where it would conform although a clause of ``ids`` was not tested."""
    untested = [row["id"] for row in result["clauses"] if row["id"] in ids and row["verdict"] == "not_tested"]
    if not untested or result["verdict"] != "conforms":
        return dict(result)
    reason = f"required (--require), but not tested: {', '.join(untested)}"
    return with_exit_code({**result, "verdict": "inconclusive", "reason": reason})


def read_ledger(path: Path) -> Ledger:
    """Read a ledger; a missing or empty file is an empty one. UsageError if it is something else."""
    problem, ledger = "is no drift ledger of this version", {}
    try:
        text = path.read_text("utf-8") if path.exists() else ""
        document = json.loads(text) if text else {"schema_version": _VERSION, "drift": []}
        if document["schema_version"] == _VERSION and isinstance(document["drift"], list):
            for index, row in enumerate(document["drift"]):
                problem = f"drift[{index}] is no entry of a drift ledger"
                first, last = (date.fromisoformat(row[day]).isoformat() for day in _DAYS)
                # Adding to a text fails for all but texts.
                key = ("" + row["kind"], "" + row["pointer"], json.dumps(row["value"]))
                ledger[key] = (first, last)
            return ledger
    except OSError as error:
        problem = f"cannot be read ({describe_os_error(error)})"
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        problem = "is no JSON text"
    except (TypeError, KeyError, ValueError):
        pass
    raise UsageError(f"--drift-ledger {str(path)!r}: {problem}") from None


def note_drift(ledger: Ledger, drift: Iterable[Mapping[str, Any]], day: str) -> list[dict[str, Any]]:
    """Enter what was seen on a day; return the drift with ``first_seen`` and ``last_seen``."""
    noted = []
    for one in drift:
        key = (one["kind"], one["pointer"], json.dumps(one["value"]))
        first, last = ledger.get(key, (day, day))
        ledger[key] = (min(first, day), max(last, day))
        noted.append({**one, **dict(zip(_DAYS, ledger[key], strict=True))})
    return noted


def write_ledger(path: Path, ledger: Ledger) -> None:
    """Replace the file. UsageError if that fails; the old one stays."""
    latest = sorted(ledger, key=lambda key: ledger[key][1], reverse=True)[:10_000]
    rows = [
        {"kind": kind, "pointer": pointer, "value": json.loads(value)}
        | dict(zip(_DAYS, ledger[kind, pointer, value], strict=True))
        for kind, pointer, value in sorted(latest)
    ]
    text = json.dumps({"schema_version": _VERSION, "drift": rows}, indent=2)
    write_file(path, f"{text}\n", "--drift-ledger")
