"""What a person sees while a run goes on: one line that is gone when it ends."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.progress import BarColumn, Progress, TextColumn

from whop_contracts.report.sanitize import visible
from whop_contracts.report.terminal import console_for
from whop_contracts.settings import Color


@contextmanager
def watching(*, quiet: bool, color: Color = "auto") -> Iterator[Callable[[Any], None]]:
    """What to hand to ``engine.judge``: it shows how far the run is on a terminal, and says in any case where the journal lies and what is done to production."""
    bar = Progress(
        TextColumn("{task.fields[part]:<28}", markup=False),
        BarColumn(bar_width=None),
        TextColumn("{task.completed:.0f}/{task.total:.0f} requests{task.fields[more]}", markup=False),
        console=console_for(sys.stderr, color),
        transient=True,
        disable=quiet or not sys.stderr.isatty(),
    )
    began = time.monotonic()
    with bar:
        task = bar.add_task("", total=1, part="", more="")

        def watch(progress: Any) -> None:
            if progress.part in {"journal", "production"}:
                sys.stderr.write(f"{progress.part}: {progress.case}\n")
                return
            part = visible(progress.part, 28)
            more = told(progress, time.monotonic() - began)
            bar.update(
                task,
                completed=progress.sent,
                total=max(progress.planned, progress.sent, 1),
                part=part,
                more=more,
            )

        yield watch


def told(progress: Any, elapsed: float) -> str:
    """Time waited, time left, and promises broken so far, each where there is something to tell."""
    left = elapsed * (progress.planned - progress.sent) / progress.sent if progress.sent else 0.0
    parts = [
        f", {progress.waited_s:.0f} s waited" if progress.waited_s >= 1 else "",
        f", {left:.0f} s left" if left >= 1 else "",
        f", {progress.failed} broken" if progress.failed else "",
    ]
    return "".join(parts)
