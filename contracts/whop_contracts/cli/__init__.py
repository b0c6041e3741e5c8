"""The command line. ``commands`` declares it, the other modules implement it; they print by ``say``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def say(*lines: str) -> None:
    """Write lines and flush, because the reader of a pipe may be waiting."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


@contextmanager
def reader_may_leave() -> Iterator[None]:
    """A closed pipe drops the rest of the output, and leaves the exit code to what was found."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        discard_output()


def discard_output() -> None:
    """Keep the interpreter from flushing into a closed pipe at its end, which would print a traceback."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
