"""The frozen values that every room shares: what is sent, what came back, what was found.

Units: instants of the provider are nanoseconds since 1970 (``int``); readings of the sender's own clock are
seconds since 1970 (``float``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Operation = Literal["pause", "retrieve", "unpause"]
Role = Literal["full", "readonly", "none", "empty", "unknown", "altered", "scheme", "unstated"]
"""What the credential of a request is: ours in full, one that may only read, none at all, an empty one, one that
nobody was given, ours with characters changed, ours under another scheme, or not known (foreign recordings)."""
Scope = Literal["named", "foreign", "invented", "recased", "malformed", "unstated"]
"""Whose the addressed id is: a campaign named for this run, another company's, made up, a named one in another
case, no campaign id at all, or not known (foreign recordings)."""
Verdict = Literal["passed", "failed", "warned", "waived", "not_tested"]


@dataclass(frozen=True, slots=True)
class SymbolicInstant:
    """A symbolic instant, bound to text only when it is sent, so that no plan rots.

    ``base`` is ``now`` (of the target), ``@`` and the mark of an earlier step, a month and day ``MM-DD`` (its next occurrence after ``now``
    and ``after_days``; ``02-29`` finds the next leap year), a Sunday of a month ``MM/2`` or ``MM/-1`` (the second, the last), when clocks are
    changed, or a fixed ``YYYY-MM-DD``. ``plus_ms`` is added to ``now`` and to marks; the other bases take ``time`` of the day, in the zone
    of ``offset``. ``fraction`` is the digits that are written after the point; None keeps the milliseconds for ``now`` and marks, and
    writes none otherwise. ``form`` spells the whole: ``{date} {time} {fraction} {offset}``.
    """

    base: str = "now"
    plus_ms: int = 0
    time: str = "12:00:00"
    fraction: str | None = None
    offset: str = "Z"
    form: str = "{date}T{time}{fraction}{offset}"
    after_days: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """One request of a plan. ``campaign`` is a symbol: ``own:0``, ``own:1``, ``foreign``, ``invented``, or ``raw:…``, a path
    segment as it stands. ``{until}`` in ``body`` is where ``until`` is written; a body of None sends none at all.
    """

    name: str
    operation: Operation = "pause"
    method: str = "POST"
    campaign: str = "own:0"
    credential: str = "full"
    body: str | bytes | None = None
    until: SymbolicInstant | None = None
    media_type: str | None = "application/json"
    mark: str | None = None
    """The name under which a sequence's later steps refer to the instant that ``until`` was bound to."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it was sent; ``operation`` is the documented route that its path names, None for any other."""

    method: str
    url: str
    operation: Operation | None
    campaign: str
    headers: tuple[tuple[str, str], ...] = ()
    content: bytes = b""

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever its case."""
        return _header(self.headers, name)


@dataclass(frozen=True, slots=True)
class Response:
    """An answer as it came; ``truncated`` says that we stopped reading at our own limit, ``undecoded`` why its body could
    not be had as it was meant: it is not what its ``Content-Encoding`` says, or not framed as HTTP/1.1 has it.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    content: bytes = b""
    truncated: bool = False
    undecoded: str | None = None

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever its case."""
        return _header(self.headers, name)


@dataclass(frozen=True, slots=True)
class Window:
    """The provider's clock while an exchange ran: its earliest reading at the sending and its latest at the answer."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what became of it. ``number`` counts everything sent to the target, from 1.

    ``response`` is None where no answer came, and ``trouble`` then says why. ``now`` is None where the provider's clock is
    not known. ``overlaps`` is the number of the exchange that was under way at the same time, if one was.
    """

    number: int
    request: Request
    response: Response | None
    sent: float
    received: float
    now: Window | None = None
    role: Role = "unstated"
    scope: Scope = "unstated"
    case: str = ""
    sequence: str = ""
    trouble: str | None = None
    overlaps: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a clause found: what the contract asks, what came, and where (a JSON pointer, or empty for the whole)."""

    expected: str
    actual: str
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Observed:
    """A campaign as one answer shows it: its state and the decoded document."""

    status: Any
    paused_until: Any
    document: Any = field(compare=False, default=None)


def _header(headers: tuple[tuple[str, str], ...], name: str) -> str | None:
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), None)
