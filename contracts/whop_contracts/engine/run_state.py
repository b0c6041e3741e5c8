"""What a run has to say besides evidence, and what it knows of a campaign that is not its own."""

from __future__ import annotations

from dataclasses import dataclass, field

from whop_contracts.pause.evidence import Evidence, State


class Stopped(Exception):  # noqa: N818 - no error: the run ends early, with this reason
    """The run cannot go on, for a reason that is the environment's."""


@dataclass(slots=True)
class RunState:
    """What there is to say besides evidence. ``untimed`` is why time could not be judged, ``cut`` how many sequences the budget left
    unsent, ``unjournalled`` why the journal could not be kept, ``unsound`` whether an error of ours makes later evidence unfit to be judged,
    ``failed`` the campaigns that could not be put back, each with what is wrong.
    """

    notes: list[str] = field(default_factory=list)
    untimed: str | None = None
    cut: int = 0
    stopped: str | None = None
    unjournalled: str | None = None
    unsound: bool = False
    restored: int = 0
    failed: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Foreign:
    """What is known of another company's campaign: its state at the first read, if we may read it at all; how many of our pauses of it
    were sent and answered 2xx; the answer to the last unpause.
    """

    first: State | None = None
    sent: int = 0
    taken: int = 0
    released: Evidence | None = None
