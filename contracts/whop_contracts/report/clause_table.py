"""The catalogue as a table on a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from rich.table import Table

from whop_contracts.pause.clause import Clause
from whop_contracts.report.summary import title
from whop_contracts.report.terminal import console_for


def table(clauses: Iterable[Clause], stream: TextIO) -> None:
    """Print every clause under the part of the page that it belongs to."""
    console = console_for(stream)
    every = list(clauses)
    for part in dict.fromkeys(clause.part for clause in every):
        rows = Table(
            "id",
            "level",
            "promise",
            title=title(part),
            title_justify="left",
            box=None,
            padding=(0, 1),
            expand=True,
        )
        for clause in every:
            if clause.part == part:
                rows.add_row(clause.id, clause.level, clause.statement)
        console.print(rows)
        console.print()
    console.print(f"{len(every)} clauses")
