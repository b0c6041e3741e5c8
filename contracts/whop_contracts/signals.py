"""What ends a run early: Ctrl-C, SIGTERM and SIGHUP, and errors of our own.

The first signal ends a run, after which campaigns are restored. While they are, a second Ctrl-C leaves the
rest; SIGTERM and SIGHUP change nothing any more.
"""

from __future__ import annotations

import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

_SIGNALS: Final = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""Windows has no SIGHUP."""


class _State:
    """One per process, as signals are.

    ``awaited``: the signal of this number interrupts, counted from now (0: none does); ``restoring``: only
    Ctrl-C is counted; ``under_way``: a request is; ``pending``: an interruption has to be raised after it.
    """

    awaited: int = 1
    restoring: bool = False
    under_way: bool = False
    pending: bool = False


def _receive(number: int, _frame: object) -> None:
    if _State.awaited and not (_State.restoring and number != signal.SIGINT):
        _State.awaited -= 1
        _State.pending = not _State.awaited
        _interrupt_if_pending()


def _interrupt_if_pending() -> None:
    if _State.pending and not _State.under_way:
        _State.pending = False
        raise KeyboardInterrupt


@contextmanager
def _handling(handler: Callable[[int, Any], None] | signal.Handlers) -> Iterator[None]:
    """Handle the signals so, unless they are ignored (``nohup``); only the main thread may, others go on."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    found = ((number, signal.getsignal(number)) for number in _SIGNALS)
    kept = {number: before for number, before in found if before not in {signal.SIG_IGN, None}}
    for number in kept:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, before in kept.items():
            signal.signal(number, before)


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn the first signal into one KeyboardInterrupt; within `shielded`, it is raised after it."""
    if threading.current_thread() is threading.main_thread():
        _State.awaited, _State.restoring, _State.pending = 1, False, False
    with _handling(_receive):
        yield


@contextmanager
def shielded() -> Iterator[None]:
    """Delay an interruption until the request under way has ended: what it did must be restored too."""
    outer, _State.under_way = _State.under_way, True
    try:
        yield
    finally:
        _State.under_way = outer
    _interrupt_if_pending()


@contextmanager
def restoring() -> Iterator[None]:
    """While campaigns are restored, a second interruption counts, by Ctrl-C only; after it, none does."""
    _State.awaited += not _State.restoring
    _State.restoring = True
    try:
        yield
    finally:
        _State.awaited, _State.pending = 0, False


def undisturbed() -> AbstractContextManager[None]:
    """Ignore the signals while files are written."""
    return _handling(signal.SIG_IGN)


def describe_internal_error(error: BaseException) -> str:
    """One line about an error of our own: its type and place, never its message, which may quote a secret."""
    last = traceback.extract_tb(error.__traceback__)[-1:]
    # Not by pathlib, which would cost every start.
    place = "".join(f" at {one.filename.rpartition(os.sep)[2]}:{one.lineno}" for one in last)
    return f"an internal error, please report it: {type(error).__name__}{place}"
