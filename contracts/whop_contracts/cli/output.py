"""What a command says: text on standard output, read at the time of writing so that a test may stand in for it."""

from __future__ import annotations

import sys


def say(*lines: str) -> None:
    """Write lines, and hand them over at once: somebody may be waiting at the other end of a pipe."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()
