"""What GitHub Actions shows beside a commit: workflow commands on standard output.

Nothing else in a report may be taken for such a command: while one is printed, commands are stopped by a word that no target knows.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, TextIO

from whop_contracts.report import summary, terminal
from whop_contracts.report.sanitize import visible
from whop_contracts.settings import Color

_MOST: Final = 10
"""Of each kind GitHub shows so many a step."""
_DATA: Final = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY: Final = _DATA | {":": "%3A", ",": "%2C"}


def shown(
    result: Mapping[str, Any], stream: TextIO, *, quiet: bool, verbose: bool, color: Color = "auto"
) -> None:
    """The report on the terminal, and the annotations behind it."""
    with unmistaken(stream):
        terminal.show(result, stream, quiet=quiet, verbose=verbose, color=color)
    annotate(result, stream)


def wanted(environ: Mapping[str, str] | None = None) -> bool:
    """Whether this is a step of GitHub Actions."""
    return (os.environ if environ is None else environ).get("GITHUB_ACTIONS") == "true"


@contextmanager
def unmistaken(stream: TextIO, environ: Mapping[str, str] | None = None) -> Iterator[None]:
    """Under GitHub Actions, let nothing that is printed meanwhile be a workflow command."""
    if not wanted(environ):
        yield
        return
    word = secrets.token_hex(16)
    stream.write(f"::stop-commands::{word}\n")
    try:
        yield
    finally:
        stream.write(f"::{word}::\n")


def annotate(result: Mapping[str, Any], stream: TextIO, environ: Mapping[str, str] | None = None) -> None:
    """Under GitHub Actions, write a line for each broken promise, each warning, and whatever keeps the run from a verdict."""
    if wanted(environ):
        stream.writelines(f"{line}\n" for line in lines(result))


def lines(result: Mapping[str, Any]) -> Iterator[str]:
    """The workflow commands of a result; of more than ten of a kind, the tenth counts the rest."""
    for line in summary.lasting(result):
        yield _command("error", "not put back", line)
    if result["verdict"] == "inconclusive":
        yield _command("error", "inconclusive", summary.sentence(result))
    for verdict, kind in (("failed", "error"), ("warned", "warning")):
        rows = summary.having(result, verdict)
        first = rows if len(rows) <= _MOST else rows[: _MOST - 1]
        for row in first:
            yield _command(kind, row["id"], f"{row['statement']}\n{summary.finding(row)}")
        if len(rows) > len(first):
            rest = [row["id"] for row in rows[len(first) :]]
            yield _command(kind, f"{len(rest)} more", ", ".join(rest))


def _command(kind: str, title: str, message: str) -> str:
    text = "\n".join(visible(line, 1_000) for line in message.split("\n"))
    return f"::{kind} title={_escaped(visible(title, 200), _PROPERTY)}::{_escaped(text, _DATA)}"


def _escaped(text: str, table: Mapping[str, str]) -> str:
    return "".join(table.get(character, character) for character in text)
