"""The command line. ``main`` declares it, the other modules implement it; they print by ``say``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from whop_contracts.settings.kinds import describe_os_error


def say(*lines: str) -> None:
    """Write lines and flush, because the reader of a pipe may be waiting."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def tell(line: str) -> None:
    """Write a line to standard error, if that is possible."""
    with suppress(OSError, ValueError):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
        return
    discard(sys.stderr)


@contextmanager
def reader_may_leave() -> Iterator[None]:
    """If standard output cannot be written, drop the rest and keep the exit code; a closed pipe is silent."""
    try:
        yield
        sys.stdout.flush()
    except OSError as error:
        discard(sys.stdout)
        if not isinstance(error, BrokenPipeError):
            tell(f"standard output could not be written ({describe_os_error(error)})")


def open_closed_streams() -> None:
    """Give a process that was started with closed standard streams others, which nobody reads."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - stays open


def discard(stream: TextIO) -> None:
    """Keep the interpreter from flushing a stream at its end, which would print a traceback."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
