"""The terminal: the report of a run, its progress, and the catalogue of clauses.

If the output is no terminal it is plain text of at most 80 columns, but for commands: these are printed on
one line, so that they can be pasted.
"""

from __future__ import annotations

import os
import re
import sys
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
from whop_contracts.report import summary
from whop_contracts.report.failure import Failure
from whop_contracts.report.summary import Result, visible
from whop_contracts.settings import Color

_WIDTH: Final = 80
_WIDEST: Final = 110
_PROGRESS_S: Final = 10.0
"""Seconds between two progress lines if there is no terminal."""
_INDENT: Final = 12
_MOST: Final = 20
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


class _Console(Console):
    """Leaves a closed pipe to the command, which knows the exit code; rich would end the process with 1."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def console_for(stream: TextIO, color: Color = "auto") -> Console:
    """A console that writes no control character to what is no terminal, except colours that were asked for.

    ``color`` auto is never where ``NO_COLOR`` is set, else always where ``FORCE_COLOR`` is, else as the
    terminal can.
    """
    terminal = stream.isatty()
    if color == "auto" and os.environ.get("NO_COLOR"):
        color = "never"
    elif color == "auto" and os.environ.get("FORCE_COLOR"):
        color = "always"
    system: Literal["auto", "standard"] | None = "standard" if color == "always" else "auto"
    console = _Console(
        file=stream,
        force_terminal=terminal,
        color_system=None if color == "never" else system,
        markup=False,
        emoji=False,
        highlight=False,
        width=None if terminal else _WIDTH,
    )
    console.width = min(console.width, _WIDEST)
    return console


def print_result(
    result: Result, stream: TextIO, *, quiet: bool = False, verbose: bool = False, color: Color = "auto"
) -> None:
    """Print a result. ``quiet`` keeps the verdict and one line per failure; ``verbose`` adds every clause."""
    page = Page(stream, color)
    brief = quiet or (summary.hasty(result) and not verbose)
    if quiet:
        for row in summary.failures(result):
            page.unbroken(f"FAILED {summary.brief(row)}", _STYLES["failed"])
    if not brief:
        _body(page, result, verbose=verbose)
    page.line(summary.sentence(result), _ENDINGS[result["verdict"]])
    if not quiet and not summary.hasty(result):
        page.line(summary.effort(result))
    for line in summary.lasting(result):
        page.line(line, _ENDINGS["violates"])


class Page:
    """Lines on a console: wrapped, indented, without trailing blanks."""

    def __init__(self, stream: TextIO, color: Color = "auto") -> None:
        self._console = console_for(stream, color)
        self.width = self._console.width

    def line(self, text: str = "", style: str = "") -> None:
        """One paragraph, wrapped."""
        self.labelled("", text, style, indent=0)

    def labelled(self, label: str, text: str, style: str = "", *, indent: int = _INDENT) -> None:
        """A paragraph with a label in the margin; its further lines are placed under the first."""
        for number, line in enumerate(_wrapped(text, max(20, self.width - indent))):
            margin = Text((label if number == 0 else "").ljust(indent), style="dim" if label else "")
            self._print(margin + Text(line, style=style))

    def unbroken(self, text: str, style: str = "", *, label: str = "") -> None:
        """One line, however long: to be searched or pasted."""
        self._print(Text(label, style="dim") + Text(text, style=style))

    def _print(self, text: Text) -> None:
        text.rstrip()
        self._console.print(text, soft_wrap=True)


def _body(page: Page, result: Result, *, verbose: bool) -> None:
    page.line(summary.run(result))
    page.line(summary.times(result))
    page.line()
    _table(page, result)
    if verbose:
        page.line()
        for row in result["clauses"]:
            text = f"{row['id']} ({row['exchanges']}): {row['statement']}"
            page.labelled(summary.words(row["verdict"]), text, _STYLES[row["verdict"]])
    for row in summary.leading(result):
        show_failure(result, row, page)
    lists = summary.lists(result)
    lists["note"] += [("", line, []) for line in summary.punctuality(result)]
    for label, items in lists.items():
        if label == "note":
            reasons = summary.untested(result)
            if reasons:
                page.line()
            for reason, ids in reasons.items():
                page.labelled("not tested", f"{visible(reason)}: {', '.join(ids)}")
        _list(page, label, items, verbose=verbose)
        if label == "drift":
            for hint in summary.hints(result):
                page.labelled("", hint, "dim")
    page.line()


def _table(page: Page, result: Result) -> None:
    rows = [
        (summary.title(part), [*(count[verdict] for verdict in summary.VERDICTS), exchanges])
        for part, _, count, exchanges in summary.by_part(result)
    ]
    rows.append(("All", [sum(numbers) for numbers in zip(*(numbers for _, numbers in rows), strict=True)]))
    page.line(f"{'':<14}" + "".join(f"{name:>{len(name) + 2}}" for name in _COLUMNS), "bold")
    for name, numbers in rows:
        cells = (f"{number or '-':>{len(head) + 2}}" for number, head in zip(numbers, _COLUMNS, strict=True))
        page.line(f"{name:<14}" + "".join(cells), _STYLES["failed"] if numbers[1] else "")


def show_failure(result: Result, row: summary.Row, page: Page) -> None:
    """Print one failure in full."""
    failure = Failure.read(result, row)
    page.line()
    page.line(f"FAILED {row['id']}", _STYLES["failed"])
    for section, lines in failure.sections() if failure else ():
        for number, line in enumerate(lines):
            label = "" if number else f"  {section}"
            if section == "reproduce":
                page.unbroken(line, label=label.ljust(_INDENT))
            else:
                page.labelled(label, line, _SECTIONS.get(section, ""))


def _list(page: Page, label: str, items: list[summary.Item], *, verbose: bool) -> None:
    """Items under a label, each with what was sent; at most 20, unless ``verbose``."""
    shown = items if verbose else items[:_MOST]
    limit = 300 if verbose else 2 * (page.width - _INDENT)
    if shown:
        page.line()
    for whose, text, sent in shown:
        page.labelled(label, visible(f"{whose}: {text}" if whose else text, limit), _STYLES.get(label, ""))
        for line in sent:
            page.labelled("", visible(f"sent: {line}", limit))
    if items[len(shown) :]:
        page.labelled(label, f"and {len(items) - len(shown)} more (--verbose lists them)")


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
    """A watcher of a run. It shows the progress: a bar on a terminal, else a line every ten seconds unless
    ``quiet``. Messages (the journal's name, what is done to a production host) are always shown.
    """
    terminal = sys.stderr.isatty()
    bar = Progress(
        TextColumn("{task.fields[part]:<28}", markup=False),
        BarColumn(bar_width=None),
        TextColumn("{task.completed:.0f}/{task.total:.0f} requests{task.fields[more]}", markup=False),
        console=console_for(sys.stderr, color),
        transient=True,
        disable=quiet or not terminal,
    )
    began = shown = time.monotonic()
    with bar:
        task = bar.add_task("", total=1, part="", more="")

        def watch(progress: Any) -> None:
            nonlocal shown
            if progress.message:
                tell(f"{progress.part}: {progress.case}")
                return
            total = max(progress.planned, progress.sent, 1)
            now = time.monotonic()
            more = _described(progress, now - began)
            if not terminal and not quiet and now - shown >= _PROGRESS_S:
                shown = now
                tell(f"progress: {progress.sent} of {total} requests{more}")
            bar.update(task, completed=progress.sent, total=total, part=visible(progress.part, 28), more=more)

        yield watch


def _described(progress: Any, elapsed: float) -> str:
    """Seconds waited, seconds left, and clauses failed so far, as far as there are any."""
    left = elapsed * (progress.planned - progress.sent) / progress.sent if progress.sent else 0.0
    parts = {"s waited": progress.waited_s, "s left": left, "failed": progress.failed}
    return "".join(f", {number:.0f} {what}" for what, number in parts.items() if number >= 1)


def show_clauses(clauses: Iterable[Clause], stream: TextIO) -> None:
    """Print the catalogue: every clause under the part of the page that it belongs to."""
    console, every = console_for(stream), list(clauses)
    for part in dict.fromkeys(clause.part for clause in every):
        rows = Table("id", "level", "statement", title=summary.title(part), title_justify="left", box=None,
                     padding=(0, 1), expand=True)  # fmt: skip
        for clause in every:
            if clause.part == part:
                rows.add_row(clause.id, clause.level, clause.statement)
        console.print(rows)
        console.print()
    console.print(f"{len(every)} clauses")
