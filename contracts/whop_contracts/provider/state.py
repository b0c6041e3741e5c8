"""What the provider remembers, as plain data: campaigns, who owns them, and who may ask."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

READ = "ad_campaign:basic:read"
UPDATE = "ad_campaign:update"
ALWAYS = frozenset({"access_pass:basic:read", "company:balance:read"})


@dataclass(slots=True)
class Campaign:
    """One campaign. Instants are nanoseconds since 1970; ``rest`` is what no operation changes, in the page's names.

    Instants inside ``rest`` are integers as well, under the keys of `INSTANTS`.
    """

    id: str
    company: str
    title: str
    status: str
    paused_until: int | None
    created_at: int
    updated_at: int
    rest: dict[str, Any] = field(default_factory=dict)


INSTANTS = (("payment_method", "created_at"), ("config", "start_time"), ("config", "end_time"))
"""Where ``rest`` holds instants: a member and its child."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A token, the company that it speaks for, and what it may do."""

    token: str
    company: str
    permissions: frozenset[str]


@dataclass(slots=True)
class State:
    """Everything that the provider remembers, by id and by token."""

    campaigns: dict[str, Campaign]
    credentials: dict[str, Credential]
