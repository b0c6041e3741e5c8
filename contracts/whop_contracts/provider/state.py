"""What passes through the provider and what it remembers, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from whop_contracts.exchange import Operation

READ = "ad_campaign:basic:read"
UPDATE = "ad_campaign:update"
ALWAYS = frozenset({"access_pass:basic:read", "company:balance:read"})
INSTANTS = (("payment_method", "created_at"), ("config", "start_time"), ("config", "end_time"))
"""Where `Campaign.rest` holds instants: a member and its child."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it was received. ``path`` is still percent-encoded; it may carry a query."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    content: bytes = b""

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever its case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


@dataclass(frozen=True, slots=True)
class Call:
    """What a request asks for: a documented operation, and the decoded id of its path."""

    operation: Operation
    id: str


@dataclass(eq=False)
class Rejection(Exception):  # noqa: N818 - it is a response, not a failure of ours
    """The request gets an error response: a status, a code, a sentence, and headers of its own."""

    status: int
    code: str
    message: str
    headers: tuple[tuple[str, str], ...] = ()


def crash() -> Rejection:
    """The 500 of an unhandled error of the provider."""
    return Rejection(500, "internal_server_error", "Something went wrong on our side.")


@dataclass(slots=True)
class Campaign:
    """One campaign. Instants are nanoseconds since 1970, also those that `INSTANTS` names in ``rest``.

    ``rest`` holds the members that no operation changes, under the page's names.
    """

    id: str
    company: str
    title: str
    status: str
    paused_until: int | None
    created_at: int
    updated_at: int
    rest: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Credential:
    """A token, the company that it belongs to, and its permissions."""

    token: str
    company: str
    permissions: frozenset[str]


@dataclass(slots=True)
class State:
    """Everything that the provider remembers: campaigns by id, credentials by token."""

    campaigns: dict[str, Campaign]
    credentials: dict[str, Credential]
