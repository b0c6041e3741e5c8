"""Ctrl-C and SIGTERM: either ends a run, after which campaigns are restored; neither interrupts restoring."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class _Signals:
    """One per process, as signals are: is a request under way, is an interruption pending or raised."""

    under_way: bool = False
    pending: bool = False
    raised: bool = False


_SIGNALS = _Signals()


@contextmanager
def _handling(handler: Callable[[int, Any], None] | signal.Handlers) -> Iterator[None]:
    """Handle both signals so; only the main thread may, and others go on as they are."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, before in kept.items():
            signal.signal(number, before)


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn SIGTERM into KeyboardInterrupt too, raised once; within `shielded`, it is raised after it."""

    def interrupt(_number: int, _frame: object) -> None:
        # Once raised, the run is ending: further signals must not keep it from restoring.
        if _SIGNALS.raised:
            return
        if _SIGNALS.under_way:
            _SIGNALS.pending = True
            return
        _SIGNALS.raised = True
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        _SIGNALS.pending = _SIGNALS.raised = False
    with _handling(interrupt):
        yield


@contextmanager
def shielded() -> Iterator[None]:
    """Delay an interruption until the request under way has ended: what it did must be restored too."""
    _SIGNALS.under_way = True
    try:
        yield
    finally:
        _SIGNALS.under_way = False
    if _SIGNALS.pending and not _SIGNALS.raised:
        _SIGNALS.raised = True
        raise KeyboardInterrupt


def undisturbed() -> AbstractContextManager[None]:
    """Ignore both signals while campaigns are being restored."""
    return _handling(signal.SIG_IGN)
