"""The terminal: the report of a run, its progress, and the catalogue of clauses.

Without a terminal it is plain text of at most 80 columns, but for commands: each is one line, to be pasted.
"""

from __future__ import annotations

import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Literal, TextIO

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from whop_contracts.pause.clause import Clause
from whop_contracts.report import failure, summary
from whop_contracts.report.summary import Result, visible
from whop_contracts.settings import Color

_INDENT: Final = 12
_COLUMNS: Final = (*map(summary.words, summary.VERDICTS), "exchanges")
_STYLES: Final = {
    "failed": "bold red",
    "warned": "yellow",
    "passed": "green",
    "waived": "magenta",
    "not_tested": "dim",
}
_SECTIONS: Final = {"clause": "bold", "expected": "green", "actual": "red"}
_ENDINGS: Final = {"conforms": "bold green", "violates": "bold red", "inconclusive": "bold yellow"}


class Page(Console):
    """A console that writes lines without trailing blanks.

    Where there is no terminal, it writes no control characters but colors that were asked for. ``color`` auto
    is never with ``NO_COLOR``, else always with ``FORCE_COLOR``, else as the terminal can.
    """

    def __init__(self, stream: TextIO, color: Color = "auto") -> None:
        terminal = stream.isatty()
        if color == "auto" and os.environ.get("NO_COLOR"):
            color = "never"
        elif color == "auto" and os.environ.get("FORCE_COLOR"):
            color = "always"
        system: Literal["auto", "standard"] = "standard" if color == "always" else "auto"
        super().__init__(
            file=stream,
            force_terminal=terminal,
            color_system=None if color == "never" else system,
            markup=False,
            emoji=False,
            highlight=False,
            width=None if terminal else 80,
        )
        self.width = min(self.width, 110)

    def on_broken_pipe(self) -> None:
        """Leave a closed pipe to the command, which knows the exit code; rich would exit with 1."""
        raise BrokenPipeError

    def paragraph(self, text: str, style: str = "", *, label: str | None = None) -> None:
        """Print a text, wrapped; if it has a label, even an empty one, to the right of a margin with that."""
        indent = 0 if label is None else _INDENT
        for line in _wrapped(text, max(20, self.width - indent)):
            self.unbroken(line, style, label=(label or "").ljust(indent))
            label = ""

    def unbroken(self, text: str, style: str = "", *, label: str = "") -> None:
        """Print one line, however long: to be searched or pasted."""
        line = Text.assemble((label, "dim"), (text, style))
        line.rstrip()
        self.print(line, soft_wrap=True)


def print_result(
    result: Result, stream: TextIO, *, quiet: bool = False, verbose: bool = False, color: Color = "auto"
) -> None:
    """Print a result. ``quiet`` keeps the verdict and one line per failure; ``verbose`` adds every clause."""
    page = Page(stream, color)
    # Most clauses were not tested: the reason says all.
    hasty = summary.totals(result)["not_tested"] * 2 > len(result["clauses"])
    short = quiet or (hasty and result["verdict"] == "inconclusive")
    if quiet:
        for row in summary.failures(result):
            page.unbroken(f"FAILED {summary.brief(row)}", _STYLES["failed"])
    elif verbose or not short:
        _body(page, result, verbose=verbose)
    page.paragraph(summary.sentence(result), _ENDINGS[result["verdict"]])
    if not short:
        page.paragraph(summary.effort(result))
    for line in summary.lasting(result):
        page.paragraph(line, _ENDINGS["violates"])


def _body(page: Page, result: Result, *, verbose: bool) -> None:
    page.paragraph(summary.run(result))
    page.paragraph(f"{result['started_at']} to {result['finished_at']}")
    page.line()
    _table(page, result)
    if verbose:
        page.line()
        for row in result["clauses"]:
            text = f"{row['id']} ({row['exchanges']}): {row['statement']}"
            page.paragraph(text, _STYLES[row["verdict"]], label=summary.words(row["verdict"]))
    for row in summary.leading(result):
        show_failure(result, row, page)
    lists = summary.lists(result)
    for label in ("warned", "waived", "drift"):
        _list(page, label, lists[label], verbose=verbose)
    for hint in summary.hints(result):
        page.paragraph(hint, "dim", label="")
    if reasons := summary.untested(result):
        page.line()
    for reason, ids in reasons.items():
        page.paragraph(f"{visible(reason)}: {', '.join(ids)}", label="not tested")
    lists["note"] += [("", line, []) for line in summary.punctuality(result)]
    _list(page, "note", lists["note"], verbose=verbose)
    page.line()


def _table(page: Page, result: Result) -> None:
    rows = [
        (summary.title(part), [*(count[verdict] for verdict in summary.VERDICTS), exchanges])
        for part, _, count, exchanges in summary.by_part(result)
    ]
    rows.append(("All", [sum(numbers) for numbers in zip(*(numbers for _, numbers in rows), strict=True)]))
    page.paragraph(f"{'':<14}" + "".join(f"{name:>{len(name) + 2}}" for name in _COLUMNS), "bold")
    for name, numbers in rows:
        cells = (f"{number or '-':>{len(head) + 2}}" for number, head in zip(numbers, _COLUMNS, strict=True))
        page.paragraph(f"{name:<14}" + "".join(cells), _STYLES["failed"] if numbers[1] else "")


def show_failure(result: Result, row: summary.Row, page: Page) -> None:
    """Print one failure in full."""
    page.line()
    page.paragraph(f"FAILED {row['id']}", _STYLES["failed"])
    for section, lines in failure.sections(result, row):
        for number, line in enumerate(lines):
            label = "" if number else f"  {section}"
            if section == "reproduce":
                page.unbroken(line, label=label.ljust(_INDENT))
            else:
                page.paragraph(line, _SECTIONS.get(section, ""), label=label)


def _list(page: Page, label: str, items: list[summary.Item], *, verbose: bool) -> None:
    """Items under a label, each with what was sent; at most 20, unless ``verbose``."""
    most = len(items) if verbose else 20
    limit = 300 if verbose or label == "note" else 2 * (page.width - _INDENT)
    if items:
        page.line()
    for whose, text, sent in items[:most]:
        shown = visible(f"{whose}: {text}" if whose else text, limit)
        page.paragraph(shown, _STYLES.get(label, ""), label=label)
        for line in sent:
            page.paragraph(visible(f"sent: {line}", limit), label="")
    if items[most:]:
        page.paragraph(f"and {len(items) - most} more (--verbose lists them)", label=label)


def _wrapped(text: str, width: int) -> Iterator[str]:
    """Lines of at most ``width`` cells, broken after blanks and commas; what has neither is cut."""
    line = ""
    for word in re.findall(r"[^ ,]*[ ,]*", text):
        if line and cell_len(line + word.rstrip()) > width:
            yield line
            line = ""
        *cut, rest = chop_cells(word.rstrip(), width) or [""]
        yield from cut
        line += rest + word[len(word.rstrip()) :]
    yield line


@contextmanager
def watching(
    tell: Callable[[str], None], *, quiet: bool, color: Color = "auto"
) -> Iterator[Callable[[Any], None]]:
    """A watcher of a run, which shows its progress unless ``quiet``: a bar, else a line every ten seconds."""
    terminal = sys.stderr.isatty()
    bar = Progress(
        TextColumn("{task.fields[part]:<28}", markup=False),
        BarColumn(bar_width=None),
        TextColumn("{task.completed:.0f}/{task.total:.0f} requests{task.fields[more]}", markup=False),
        console=Page(sys.stderr, color),
        transient=True,
        disable=quiet or not terminal,
    )
    began, line, ended = time.monotonic(), "", threading.Event()

    def repeat() -> None:
        # In a thread, as nothing is shown while a run waits, which may take half a minute.
        while not ended.wait(10.0):
            if line:
                tell(line)

    if not (terminal or quiet):
        threading.Thread(target=repeat, daemon=True).start()
    with bar:
        task = bar.add_task("", total=1, part="", more="")

        def watch(progress: Any) -> None:
            nonlocal line
            total = max(progress.planned, progress.sent, 1)
            elapsed = time.monotonic() - began
            left = elapsed * (progress.planned - progress.sent) / progress.sent if progress.sent else 0.0
            parts = {"s waited": progress.waited_s, "s left": left, "failed": progress.failed}
            more = "".join(f", {number:.0f} {what}" for what, number in parts.items() if number >= 1)
            line = f"progress: {progress.sent} of {total} requests{more}"
            part = visible(progress.sequence, 28)
            bar.update(task, completed=progress.sent, total=total, part=part, more=more)

        try:
            yield watch
        finally:
            ended.set()


def show_clauses(clauses: Iterable[Clause], stream: TextIO) -> None:
    """Print the catalogue: every clause under the part of the page that it belongs to."""
    console, every = Page(stream), list(clauses)
    for part in dict.fromkeys(clause.part for clause in every):
        rows = Table("id", "level", "statement", title=summary.title(part), title_justify="left", box=None,
                     padding=(0, 1), expand=True)  # fmt: skip
        for clause in every:
            if clause.part == part:
                rows.add_row(clause.id, clause.level, clause.statement)
        console.print(rows)
        console.print()
    console.print(f"{len(every)} clauses")
