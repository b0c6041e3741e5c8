"""What is said of an error that is ours: its kind and its place, never its words, which may quote a secret."""

from __future__ import annotations

import os
import traceback


def told(error: BaseException) -> str:
    """One line for the user, who has done nothing wrong."""
    frames = traceback.extract_tb(error.__traceback__)
    # A path would be that of somebody's machine, and importing pathlib would cost every start.
    place = f" at {os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""  # noqa: PTH119
    return f"an error of our own, please report it: {type(error).__name__}{place}"
