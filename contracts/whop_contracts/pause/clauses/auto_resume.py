"""Auto-resume: a dated pause ends by itself, at its instant and not before."""

from __future__ import annotations

from typing import Final

from whop_contracts.pause.clause import Source
from whop_contracts.pause.clauses.pausing import on

_AUTO: Final = Source("page", "request body, paused_until: auto-resumes after")
_OMIT: Final = Source("page", "request body, paused_until: omit for indefinite")
_UNTIL: Final = Source("page", "response, paused_until")

CLAUSES: Final = (
    on("early", "auto_resume.not-before-its-instant", "A campaign stays paused, with its date, until the instant.", _AUTO),
    on("resumes", "auto_resume.resumes-by-itself", "A campaign is no longer paused once its instant has passed.", _AUTO),
    on("resumed-status", "auto_resume.resumes-as-active", "A campaign that resumes is active, not anything else.", _AUTO),
    on("date-dropped", "auto_resume.date-is-cleared", "A campaign that is active again shows no date any more.", _UNTIL),
    on("prompt", "auto_resume.resumes-promptly", "A campaign resumes within five seconds of its instant.", _AUTO, level="should"),
    on("cancelled", "auto_resume.cancelled-date-does-not-fire",
       "A date that was replaced, or ended by an unpause, has no effect when its instant comes.", _AUTO),
    on("indefinite-stays", "auto_resume.indefinite-pause-stays", "A pause without a date does not end by itself.", _OMIT),
    on("by-itself", "auto_resume.nothing-else-changes-by-itself",
       "Where no date falls due and nobody asks, a campaign's state stays as it is.", _AUTO),
)  # fmt: skip
