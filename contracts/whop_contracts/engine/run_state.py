"""What a run has to report besides evidence, and what stops one early."""

from __future__ import annotations

import os
import traceback
from collections import Counter
from dataclasses import dataclass, field


class Stopped(Exception):  # noqa: N818 - no error: the run ends early, with this reason
    """The run cannot go on, for a reason that lies in the environment."""


@dataclass(slots=True)
class RunState:
    """What there is to report besides evidence.

    ``inconclusive`` is why nothing can be concluded, ``untouched`` whether no request was ever accepted,
    ``untimed`` why the provider's clock could not be used, ``unanswered`` what requests got instead of a
    response of the provider, retries included, ``cut`` how many sequences the budget left unsent,
    ``unjournalled`` why the journal could not be kept, ``unsound`` whether later evidence must not be
    checked, ``restored`` the campaigns that are as they were (each with what was done), ``failed`` those that
    are not (each with what is wrong), ``left`` whether restoring was interrupted.
    """

    notes: list[str] = field(default_factory=list)
    inconclusive: str | None = None
    untouched: bool = False
    untimed: str | None = None
    unanswered: Counter[str] = field(default_factory=Counter)
    cut: int = 0
    unjournalled: str | None = None
    unsound: bool = False
    restored: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    left: bool = False

    @property
    def prevented(self) -> str | None:
        """What should have worked and did not, and the way out; None if nothing did."""
        if self.untimed or not self.unanswered:
            return self.untimed
        count, what = self.unanswered.total(), ", ".join(self.unanswered)
        requests = "1 request" if count == 1 else f"{count} requests"
        return (
            f"{requests} got no response of the provider, retries included ({what}); "
            "run again once it responds"
        )


def describe_internal_error(error: BaseException) -> str:
    """One line about an error of our own: its type and place, never its message, which may quote a secret."""
    frames = traceback.extract_tb(error.__traceback__)
    # The path would be that of somebody's machine, and importing pathlib would cost every start.
    place = f" at {os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""  # noqa: PTH119
    return f"an internal error, please report it: {type(error).__name__}{place}"
