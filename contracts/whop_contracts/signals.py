"""Ctrl-C and SIGTERM: either ends a run by way of putting back, and neither disturbs it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class _Signals:
    """Whether a request is under way, and whether an interruption waits for its end. Signals are the process's, and so is this."""

    under_way: bool = False
    asked: bool = False
    told: bool = False


_SIGNALS = _Signals()


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn SIGTERM into KeyboardInterrupt, so that either ends a run by way of putting back; within `shielded`, after it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: object) -> None:
        del number, frame
        if _SIGNALS.told:
            # The run is ending already; impatience must not keep it from putting back.
            return
        if _SIGNALS.under_way:
            _SIGNALS.asked = True
            return
        _SIGNALS.told = True
        raise KeyboardInterrupt

    _SIGNALS.asked = _SIGNALS.told = False
    kept = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, before in kept.items():
            signal.signal(number, before)


@contextmanager
def shielded() -> Iterator[None]:
    """Let a request that is under way come to its end before an interruption takes hold: what it did has to be put back too."""
    _SIGNALS.under_way = True
    try:
        yield
    finally:
        _SIGNALS.under_way = False
    if _SIGNALS.asked and not _SIGNALS.told:
        _SIGNALS.told = True
        raise KeyboardInterrupt


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let neither Ctrl-C nor SIGTERM disturb the putting back."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, before in kept.items():
            signal.signal(number, before)
