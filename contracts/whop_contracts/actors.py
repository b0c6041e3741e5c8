"""Who takes part in a run: the campaigns that it may use and the credentials that it sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Actors:
    """The campaigns named for a run, those of others, and the credentials.

    ``resting`` maps a status (or ``paused``) to a campaign that is in it; ``headers`` go with every request.
    """

    token: str = field(repr=False)
    campaigns: tuple[str, ...]
    readonly_token: str | None = field(default=None, repr=False)
    foreign: str | None = None
    resting: Mapping[str, str] = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
