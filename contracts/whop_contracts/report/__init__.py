"""Reports: all are rendered from the result alone. This module prints them and writes their files.

Under GitHub Actions it also prints annotations, as workflow commands, and lets nothing else be one.
"""

from __future__ import annotations

import errno
import importlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from whop_contracts.report import summary
from whop_contracts.report.summary import Result, is_hidden, visible
from whop_contracts.settings import ROWS, Settings, UsageError
from whop_contracts.settings.kinds import STDOUT, describe_os_error
from whop_contracts.signals import interruptible, undisturbed

if TYPE_CHECKING:
    import jinja2

WRITERS: Final = ("json", "junit", "markdown", "html")
"""The settings that name the file of a report."""
_NOT_REPLACED: Final = {errno.EACCES, errno.EPERM, errno.EBUSY}
"""Errors of a folder that is not ours, or of a file that is mounted by itself."""
_MOST: Final = 10
"""GitHub shows so many annotations of each kind per step."""
_DATA: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY: Final = _DATA | str.maketrans({":": "%3A", ",": "%2C"})


def environment(folder: Path) -> jinja2.Environment:
    """The templates of a folder; HTML and XML escape what is put into them."""
    import jinja2  # noqa: PLC0415 - most commands render nothing

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=jinja2.select_autoescape(["html.j2", "xml.j2"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(name: str, result: Result) -> str:
    """The text of a report, by the setting that asks for it. In JSON, what cannot be seen is escaped."""
    if name != "json":
        return str(getattr(importlib.import_module("whop_contracts.report.documents"), name)(result))
    text = json.dumps(result, indent=2, ensure_ascii=False, allow_nan=False)
    hidden = [one for one in set(text) if not one.isascii() and is_hidden(one)]
    return text.translate({ord(one): json.dumps(one)[1:-1] for one in hidden}) + "\n"


def write(settings: Settings, result: Result) -> None:
    """Write every report that was asked for. UsageError names the first that fails."""
    wrong: list[UsageError] = []
    for name in WRITERS:
        path = getattr(settings, name)
        if path not in (None, STDOUT):
            try:
                write_file(path, render(name, result), f"--{ROWS[name]['key']}")
            except UsageError as error:
                wrong.append(error)
    if wrong:
        raise wrong[0]


def write_file(path: Path, text: str, flag: str) -> None:
    """Replace a regular file by one written next to it: a link is followed, and the file keeps its mode.

    Devices and pipes, and files whose folder lets no other file replace them, are written directly. No signal
    ends the writing of a file; the first one ends waiting for the reader of a pipe, by a KeyboardInterrupt.
    UsageError, which begins with ``flag``, if the file cannot be written.
    """
    data = text.encode("utf-8", "backslashreplace")
    try:
        if path.exists() and not path.is_file():
            with interruptible():
                path.write_bytes(data)
        else:
            with undisturbed():
                _replace(path, data)
    except OSError as error:
        why = describe_os_error(error)
        raise UsageError(f"{flag} {str(path)!r}: could not be written ({why})") from None


def _replace(path: Path, data: bytes) -> None:
    whole = path.resolve()
    draft = whole.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with draft.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if whole.exists():
            shutil.copymode(whole, draft)
        draft.replace(whole)
    except OSError as error:
        if error.errno not in _NOT_REPLACED:
            raise
        path.write_bytes(data)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def show(settings: Settings, result: Result, stream: TextIO) -> None:
    """Print the report that was asked for on standard output, else that for the terminal and annotations."""
    if piped := next((name for name in WRITERS if getattr(settings, name) == STDOUT), None):
        stream.write(render(piped, result))
        return
    with guarded(stream):
        how = {name: getattr(settings, name) for name in ("quiet", "verbose", "color")}
        importlib.import_module("whop_contracts.report.terminal").print_result(result, stream, **how)
    if on_github():
        stream.writelines(f"{line}\n" for line in github_lines(result))


@contextmanager
def guarded(stream: TextIO) -> Iterator[None]:
    """Under GitHub Actions, stop workflow commands meanwhile, by a word that no target knows."""
    if not on_github():
        yield
        return
    word = secrets.token_hex(16)
    stream.write(f"::stop-commands::{word}\n")
    try:
        yield
    finally:
        stream.write(f"::{word}::\n")


def github_lines(result: Result) -> Iterator[str]:
    """The workflow commands of a result; of more than ten of a kind, the tenth counts the rest."""
    for line in summary.lasting(result):
        yield _command("error", "not put back", line)
    if result["verdict"] == "inconclusive":
        yield _command("error", "inconclusive", summary.sentence(result))
    for verdict, kind in (("failed", "error"), ("warned", "warning")):
        rows = summary.having(result, verdict)
        shown = _MOST if len(rows) <= _MOST else _MOST - 1
        for row in rows[:shown]:
            yield _command(kind, row["id"], f"{row['statement']}\n{summary.finding(row)}")
        if rest := [row["id"] for row in rows[shown:]]:
            yield _command(kind, f"{len(rest)} more", ", ".join(rest))


def on_github() -> bool:
    """Whether this is a step of GitHub Actions."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def _command(kind: str, title: str, message: str) -> str:
    text = "\n".join(visible(line, 1_000) for line in message.split("\n"))
    return f"::{kind} title={visible(title, 200).translate(_PROPERTY)}::{text.translate(_DATA)}"
