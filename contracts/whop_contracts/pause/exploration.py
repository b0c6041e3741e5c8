"""Exploration: histories from a few rules. The state machine of the tests explores them on the mock and
shrinks what fails; ``thorough`` sends histories that are drawn by the same rules to any target.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from whop_contracts.pause.request_classes import vectors
from whop_contracts.pause.sequences import GAP, MARGIN, READ, dated, indefinitely
from whop_contracts.pause.strategies import draw
from whop_contracts.steps import AdvanceClock, Send, Sequence, Step, SymbolicInstant
from whop_contracts.steps import reactivate as unpause

MARKS: Final = ("a", "b")
"""The instants that a history knows by name: each is that of the latest pause that was sent under it."""
_LENGTHS: Final = (1, 2, 3)
_ZONES: Final = ("Z", "+05:30", "-03:30", "+14:00", "-12:00")
_FRACTIONS: Final = (None, "000", "5", "123456")
_REJECTED: Final = (
    "date-is-a-word", "not-json", "number-for-date", "no-credential", "unknown-token",
    "delete-on-pause-route",
)  # fmt: skip
_STEPS: Final = 8
"""The most steps of a history that is drawn offline."""


def dated_pauses(gap: int = GAP) -> SearchStrategy[Step]:
    """Pauses until one to three ``gap`` ahead, marked, in any zone; shrinks towards one gap, ``a``, UTC."""
    return st.builds(
        lambda mark, times, offset, fraction: Send(
            dated(
                f"its instant {mark}",
                SymbolicInstant(plus_ms=times * gap, offset=offset, fraction=fraction),
                mark=mark,
            )
        ),
        st.sampled_from(MARKS),
        st.sampled_from(_LENGTHS),
        st.sampled_from(_ZONES),
        st.sampled_from(_FRACTIONS),
    )


def undated_pauses() -> SearchStrategy[Step]:
    """Pauses without a date, by any way of saying so that the page gives."""
    return st.sampled_from((indefinitely(), vectors()["no-body"])).map(Send)


def unpauses() -> SearchStrategy[Step]:
    """Unpauses."""
    return st.just(Send(unpause()))


def reads() -> SearchStrategy[Step]:
    """Reads."""
    return st.just(READ)


def refusals() -> SearchStrategy[Step]:
    """Requests that must change nothing, whatever the state."""
    return st.sampled_from([vectors()[id_] for id_ in _REJECTED]).map(Send)


def advances(gap: int = GAP) -> SearchStrategy[AdvanceClock]:
    """Moves of the clock to one of the marked instants: well past it, or just before it; no move back."""
    return st.builds(AdvanceClock, st.sampled_from(MARKS), st.sampled_from((gap // 2, -MARGIN)))


def histories(*, gap: int = GAP, moving: bool = True) -> SearchStrategy[tuple[Step, ...]]:
    """Histories of one campaign; shrinks towards few steps, pauses first. Without ``moving`` the clock is
    left alone.
    """
    steps: list[SearchStrategy[Step]] = [dated_pauses(gap), undated_pauses(), unpauses(), reads(), refusals()]
    if moving:
        steps.append(advances(gap))
    return st.lists(st.one_of(steps), min_size=2, max_size=_STEPS).map(_tidied).filter(bool)


def _tidied(steps: list[Step]) -> tuple[Step, ...]:
    """The steps that have a meaning: no clock is moved to an instant that is not known yet, and something is
    paused.
    """
    kept: list[Step] = []
    known: set[str] = set()
    for step in steps:
        if isinstance(step, Send) and step.case.mark:
            known.add(step.case.mark)
        if not isinstance(step, AdvanceClock) or step.mark in known:
            kept.append(step)
        # A move tells nothing until somebody looks.
        if isinstance(step, AdvanceClock) and step.mark in known:
            kept.append(READ)
    pauses = any(
        isinstance(s, Send) and s.case.operation == "pause" and s.case.credential == "full" for s in kept
    )
    return tuple(kept) if pauses else ()


def _drawn(step: Step) -> Step:
    """The step, its request marked as drawn unless it is a read."""
    if isinstance(step, Send) and step.case.operation == "pause":
        return Send(replace(step.case, origin="drawn"))
    return step


def drawn_sequences(seed: object, count: int, *, gap: int = GAP, moving: bool = True) -> tuple[Sequence, ...]:
    """``count`` histories as sequences, the same for the same seed and versions. Each leaves the campaign
    active.
    """
    ending = (READ, Send(unpause()), READ)
    return tuple(
        Sequence(f"explored {index}", (*map(_drawn, steps), *ending), ends="active", id=f"explored-{index}")
        for index, steps in enumerate(draw(histories(gap=gap, moving=moving), seed=seed, count=count))
    )
