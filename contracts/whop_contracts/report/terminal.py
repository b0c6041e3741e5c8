"""The report on the terminal: a table by part, each failure in full, and the verdict last.

Plain text where nobody looks at a terminal, and never wider than 80 columns there; a line a reader may paste is folded only where a shell
takes it so.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal, TextIO

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.text import Text

from whop_contracts.report import summary
from whop_contracts.report.sanitize import visible
from whop_contracts.settings import Color

_WIDTH: Final = 80
_WIDEST: Final = 110
_INDENT: Final = 12
_FOLDED: Final = 4
"""What stands before a folded command's further lines: little, since a URL cannot be folded."""
_MOST: Final = 20
_COLUMNS: Final = ("passed", "failed", "warned", "waived", "not tested", "exchanges")
_STYLES: Final = {
    "failed": "bold red",
    "warned": "yellow",
    "passed": "green",
    "waived": "magenta",
    "not_tested": "dim",
}
_ENDINGS: Final = {"conforms": "bold green", "violates": "bold red", "inconclusive": "bold yellow"}


class _Console(Console):
    """Leaves a closed pipe to the command, which knows the exit code; rich would end the process with 1."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def console_for(stream: TextIO, color: Color = "auto") -> Console:
    """A console that writes no control character to what is no terminal, except colours that were asked for.

    ``color`` auto is never where ``NO_COLOR`` is set, else always where ``FORCE_COLOR`` is, else as the terminal can.
    """
    terminal = stream.isatty()
    if color == "auto" and os.environ.get("NO_COLOR"):
        color = "never"
    elif color == "auto" and os.environ.get("FORCE_COLOR"):
        color = "always"
    systems: dict[Color, Literal["auto", "standard"] | None] = {
        "auto": "auto",
        "always": "standard",
        "never": None,
    }
    console = _Console(
        file=stream,
        force_terminal=terminal,
        color_system=systems[color],
        markup=False,
        emoji=False,
        highlight=False,
        width=None if terminal else _WIDTH,
    )
    console.width = min(console.width, _WIDEST)
    return console


def show(
    result: Mapping[str, Any],
    stream: TextIO,
    *,
    quiet: bool = False,
    verbose: bool = False,
    color: Color = "auto",
) -> None:
    """Print a result. ``quiet`` keeps the verdict and one line a failure; ``verbose`` adds every clause."""
    page = _Page(console_for(stream, color))
    if quiet:
        for row in summary.having(result, "failed"):
            page.unbroken(f"FAILED {summary.brief(row)}", _STYLES["failed"])
    elif verbose or not summary.hasty(result):
        _body(page, result, verbose=verbose)
    page.line(summary.sentence(result), _ENDINGS[result["verdict"]])
    if not quiet and not summary.hasty(result):
        page.line(summary.effort(result))
    for line in summary.lasting(result):
        page.line(line, _ENDINGS["violates"])


def show_failure(
    result: Mapping[str, Any], row: Mapping[str, Any], stream: TextIO, *, color: Color = "auto"
) -> None:
    """Print one failure in full."""
    _failure(_Page(console_for(stream, color)), result, row)


class _Page:
    """Lines on a console: wrapped, indented, without trailing blanks."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.width = console.width

    def line(self, text: str = "", style: str = "", *, indent: int = 0) -> None:
        """One paragraph, wrapped; its further lines stand under the first."""
        self.labelled("", text, style, indent=indent)

    def labelled(self, label: str, text: str, style: str = "", *, indent: int = _INDENT) -> None:
        """A paragraph with a label in the margin."""
        for number, line in enumerate(_wrapped(text, max(20, self.width - indent))):
            margin = Text((label if number == 0 else "").ljust(indent), style="dim" if label else "")
            self._print(margin + Text(line, style=style))

    def command(self, label: str, text: str) -> None:
        """A line for the shell, folded by backslashes."""
        for number, line in enumerate(folded(text, self.width - _INDENT - 2)):
            margin = Text(label.ljust(_INDENT), style="dim") if number == 0 else Text(" " * _FOLDED)
            self._print(margin + Text(line))

    def unbroken(self, text: str, style: str = "") -> None:
        """One line, however long: for those who search it."""
        self._print(Text(text, style=style))

    def _print(self, text: Text) -> None:
        text.rstrip()
        self._console.print(text, soft_wrap=True)


def _body(page: _Page, result: Mapping[str, Any], *, verbose: bool) -> None:
    plan = result["plan"]
    page.line(f"{summary.target(result)}, profile {visible(plan['profile'], 20)}, seed {plan['seed']}")
    page.line()
    _table(page, result)
    if verbose:
        _every(page, result)
    for row in summary.having(result, "failed"):
        _failure(page, result, row)
    warned = [summary.brief(row) for row in summary.having(result, "warned")]
    _lines(page, "warned", warned, _STYLES["warned"], verbose=verbose)
    waived = [f"{row['id']}: {visible(row['reason'] or '')}" for row in summary.having(result, "waived")]
    _lines(page, "waived", waived, _STYLES["waived"], verbose=verbose)
    _lines(page, "drift", [summary.drifted(drift) for drift in result["drift"]], "", verbose=verbose)
    for kind in dict.fromkeys(drift["kind"] for drift in result["drift"]):
        page.labelled("", f"{summary.words(kind)}: {summary.if_moved(kind)}", "dim")
    for number, (reason, ids) in enumerate(summary.untested(result).items()):
        if number == 0:
            page.line()
        page.labelled("not tested", f"{visible(reason)}: {', '.join(ids)}")
    punctuality = summary.punctuality(result)
    _lines(
        page,
        "note",
        [*map(visible, result["notes"]), *([punctuality] if punctuality else [])],
        "",
        verbose=verbose,
    )
    page.line()


def _table(page: _Page, result: Mapping[str, Any]) -> None:
    rows = [
        (summary.title(part), [*(count[verdict] for verdict in summary.VERDICTS), exchanges])
        for part, count, exchanges in summary.by_part(result)
    ]
    rows.append(("All", [sum(numbers) for numbers in zip(*(numbers for _, numbers in rows), strict=True)]))
    page.line(f"{'':<14}" + "".join(f"{name:>{len(name) + 2}}" for name in _COLUMNS), "bold")
    for name, numbers in rows:
        cells = [
            f"{number or '-':>{len(column) + 2}}" for number, column in zip(numbers, _COLUMNS, strict=True)
        ]
        broken = numbers[1]
        page.line(f"{name:<14}" + "".join(cells), _STYLES["failed"] if broken else "")


def _every(page: _Page, result: Mapping[str, Any]) -> None:
    page.line()
    for row in result["clauses"]:
        text = f"{row['id']} ({row['exchanges']}): {row['statement']}"
        page.labelled(summary.words(row["verdict"]), text, _STYLES[row["verdict"]])


def _failure(page: _Page, result: Mapping[str, Any], row: Mapping[str, Any]) -> None:
    failure = row["failure"]
    page.line()
    page.line(f"FAILED {row['id']}", _STYLES["failed"])
    page.labelled("  promise", row["statement"], "bold")
    page.labelled("  says", f"{visible(row['source'])} ({row['level']})")
    page.labelled("  expected", visible(failure["expected"], 500), "green")
    page.labelled("  actual", visible(failure["actual"], 500), "red")
    if failure["pointer"]:
        page.labelled("  at", visible(failure["pointer"]))
    page.labelled("  broken by", summary.extent(row))
    for label, lines in (
        ("  before", summary.history(failure)),
        ("  request", summary.asked(result, failure)),
        ("  answer", summary.answered(failure)),
    ):
        for number, line in enumerate(lines):
            page.labelled("" if number else label, line)
    page.command("  curl", visible(failure["curl"], 4_000))
    page.command("  again", summary.again(result, row["id"]))


def _lines(page: _Page, label: str, lines: Iterable[str], style: str, *, verbose: bool) -> None:
    every = list(lines)
    shown, more = (every, 0) if verbose else summary.listed(every, _MOST)
    if shown:
        page.line()
    for line in shown:
        page.labelled(label, visible(line, 300 if verbose else 2 * (page.width - _INDENT)), style)
    if more:
        page.labelled(label, f"and {more} more (--verbose lists them)")


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


def folded(command: str, width: int) -> list[str]:
    """A shell command in lines of at most ``width`` where its words allow it, each but the last ending in a backslash.

    A flag stays beside its value.
    """
    lines = [""]
    for word in _groups(command):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".lstrip()
    return [f"{line} \\" for line in lines[:-1]] + lines[-1:]


def _groups(command: str) -> Iterator[str]:
    flag = ""
    for word in _words(command):
        if flag and not word.startswith("-"):
            yield f"{flag} {word}"
            flag = ""
            continue
        if flag:
            yield flag
        flag = word if word.startswith("-") else ""
        if not flag:
            yield word
    if flag:
        yield flag


def _words(command: str) -> list[str]:
    """The words of a shell command as they are written, quotes kept."""
    words, quote = [""], ""
    for character in command:
        if character == " " and not quote:
            words.append("")
            continue
        if character in "'\"" and quote in {"", character}:
            quote = "" if quote else character
        words[-1] += character
    return [word for word in words if word]
