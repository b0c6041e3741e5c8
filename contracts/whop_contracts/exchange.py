"""The frozen values that every folder shares: what is sent, what came back, what was found.

Instants of the provider are nanoseconds since 1970 (``int``), the sender's seconds since 1970 (``float``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Operation = Literal["pause", "retrieve", "unpause"]
Role = Literal["full", "readonly", "none", "empty", "unknown", "altered", "scheme", "unstated"]
"""What the credential of a request is: ours, one that may only read, none, an empty one, one that nobody was
given, ours with characters changed, ours under another scheme, or not known (foreign recordings).
"""
Scope = Literal["named", "foreign", "invented", "recased", "malformed", "unstated"]
"""Whose the addressed id is: named for this run, another company's, made up, a named one in another case, no
campaign id at all, or not known (foreign recordings).
"""
Verdict = Literal["passed", "failed", "warned", "waived", "not_tested"]
Cause = Literal["chosen", "not_applicable", "prevented"]
"""Why a clause was not tested: left out by the user, its situation never came up, something did not work."""
INFRASTRUCTURE: Final = frozenset({429, 502, 503, 504, *range(520, 528)})
"""Statuses of gateways and rate limits: they are waited out, retried and counted, and are no findings."""


class _Message:
    """A request or a response."""

    __slots__ = ()
    headers: tuple[tuple[str, str], ...]

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever its case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


@dataclass(frozen=True, slots=True)
class Request(_Message):
    """A request as it was sent; ``operation`` is the documented route that its path names, if any.

    ``content_known`` is False if a recording does not have the body that was sent.
    """

    method: str
    url: str
    operation: Operation | None
    campaign: str
    headers: tuple[tuple[str, str], ...] = ()
    content: bytes = b""
    content_known: bool = True


@dataclass(frozen=True, slots=True)
class Response(_Message):
    """A response as received.

    ``truncated``: its body is not known to its end, because we stopped reading at our own limit, or it was
    not recorded. ``undecoded``: why it could not be decoded (wrong ``Content-Encoding``, or framing).
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    content: bytes = b""
    truncated: bool = False
    undecoded: str | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """The provider's clock during an exchange: its earliest reading when sent, its latest at the response."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what became of it. ``number`` counts everything sent to the target, from 1.

    If there was no response, ``trouble`` says why. ``now`` is None if the provider's clock is unknown.
    ``credential`` is the symbol of the case's credential, for example ``altered:cut``; empty if it is not
    known. ``until`` is the instant that the date of the request was written for, if it has one.
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
    credential: str = ""
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a clause found: what the contract asks, what came, where (a JSON pointer; empty: the whole)."""

    expected: str
    actual: str
    pointer: str = ""
