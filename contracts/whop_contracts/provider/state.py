"""What passes through the provider, its options, what it remembers, and what a fresh one holds.

Ids and tokens are constants, in ``seed.json``; every date is relative to the clock's start. The members that
no operation changes are there too, by shape; instants among them are milliseconds after the start.
"""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal, Protocol

from whop_contracts.exchange import Operation
from whop_contracts.provider import dates

Choice = Literal["accept", "reject"]
_HOUR = 60 * dates.MINUTE
READ = "ad_campaign:basic:read"
UPDATE = "ad_campaign:update"
ALWAYS = frozenset({"access_pass:basic:read", "company:balance:read"})
INSTANTS = (("payment_method", "created_at"), ("config", "start_time"), ("config", "end_time"))
"""Where `Campaign.rest` holds instants: a member and its child."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a provider does where several behaviours conform. Durations are seconds, offsets minutes."""

    # Responses.
    success_status: int = 200
    media_type: str = "application/json"
    timestamp_digits: int = 3
    timestamp_offset: int | None = None
    timestamp_lower_case: bool = False
    extra_members: bool = False
    counts_as_floats: bool = False
    whole_money: bool = False
    negative_counts: bool = False
    countries: tuple[str, ...] | None = None
    every_null: bool = False
    reordered: bool = False
    duplicate_key: bool = False
    date_header: bool = True
    latency: tuple[float, float] = (0.0, 0.0)

    # Dates in requests.
    past: Choice = "reject"
    past_status: int = 422
    horizon_days: int | None = None
    beyond_end_time: Choice = "accept"
    fraction_digits: int | None = None
    far_offsets: Choice = "accept"
    lower_case: Choice = "accept"
    leap_second: Choice = "accept"
    minus_zero: Choice = "accept"
    loose_text: Choice = "reject"
    bare_point: Choice = "reject"

    # Bodies of requests.
    null_member: Choice = "accept"
    null_body: Choice = "accept"
    no_body: Choice = "accept"
    undocumented: Choice = "accept"
    any_case_of_members: bool = False
    nan: Choice = "reject"
    bad_utf8: Choice = "reject"
    other_media: Literal["reject", "read", "ignore"] = "reject"
    syntax_status: int = 400
    shape_status: int = 422
    value_status: int = 422
    longest_body: int = 4_000_000

    # Ids and credentials.
    foreign_status: int = 404
    unknown_status: int = 404
    malformed_status: int = 404
    overlong_status: int | None = None
    any_case_of_id: bool = False
    any_scheme: bool = False
    lacking_status: int = 403

    # Error responses.
    error_form: Literal["envelope", "flat", "text", "empty"] = "envelope"
    challenge: bool = True
    allow: bool = True
    wrong_method_status: int = 405

    # Pausing and resuming.
    second_pause: Literal["replace", "conflict"] = "replace"
    resting_status: Literal[200, 409, 422] = 409
    read_lag: float = 0.0
    resume_late: float = 0.0
    lazy_resume: Literal["no", "stamped when seen", "stamped when due"] = "no"
    updated_at: Literal["follows", "stands", "before_created"] = "follows"
    skew: float = 0.0


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


class Clock(Protocol):
    """A source of time."""

    def now(self) -> float:
        """Seconds since 1970."""
        ...


class Held:
    """What reading a request and writing a response need of the provider."""

    clock: Clock
    options: Options
    state: State

    def now(self) -> int:
        """The provider's clock, in nanoseconds since 1970."""
        return round(self.clock.now() * 1_000_000) * 1000


@dataclass(frozen=True, slots=True)
class Seed:
    """The ids and tokens that a fresh provider knows.

    ``token`` may do everything for the first company, whose active campaigns are ``campaigns``;
    ``readonly_token`` lacks ``ad_campaign:update``. ``foreign_token`` and ``foreign_campaign`` belong to the
    second company. ``paused`` has a date years ahead, ``paused_indefinitely`` none.
    """

    token: str
    readonly_token: str
    foreign_token: str
    campaigns: tuple[str, ...]
    inactive: str
    stale: str
    paused: str
    paused_indefinitely: str
    foreign_campaign: str


_TEXT: Final = Path(__file__).with_name("seed.json").read_text(encoding="utf-8")
_KNOWN: Final = json.loads(_TEXT)["known"]
SEED: Final = Seed(**_KNOWN | {"campaigns": tuple(_KNOWN["campaigns"])})
_COMPANIES: Final = {"first": "biz_Hn4Kd7Rw2Tz9X", "second": "biz_Vc6Lp3Gm8Qs5J"}


def fresh(start: float, tokens: Iterable[str] = (), more: Iterable[str] = ()) -> State:
    """The state of a provider whose clock starts at an instant, in seconds since 1970.

    ``tokens`` are credentials like ``SEED.token``, ``more`` the ids of campaigns like ``SEED.campaigns``.
    """
    begin = int(start * 1000) * 1_000_000
    seed, campaigns = json.loads(_TEXT), {}
    for shape in seed["shapes"].values():
        for member, child in INSTANTS:
            if shape[member] is not None and shape[member][child] is not None:
                shape[member][child] = begin + shape[member][child] * 1_000_000
    for one in seed["campaigns"]:
        campaigns[one["id"]] = Campaign(
            one["id"],
            _COMPANIES[one["company"]],
            one["title"],
            one["status"],
            paused_until=begin + 43_807 * _HOUR if one["id"] == SEED.paused else None,
            created_at=begin - (one["age_in_days"] * 24 + 5) * _HOUR - 123_000_000,
            updated_at=begin - 48 * _HOUR - 877_000_000,
            rest=dict(seed["shapes"][one["shape"]]),
        )
    for id_, like in zip(more, itertools.cycle(SEED.campaigns)):
        campaigns[id_] = replace(copy.deepcopy(campaigns[like]), id=id_)
    reading = ALWAYS | {READ}
    credentials = (
        *(Credential(token, _COMPANIES["first"], reading | {UPDATE}) for token in (SEED.token, *tokens)),
        Credential(SEED.readonly_token, _COMPANIES["first"], reading),
        Credential(SEED.foreign_token, _COMPANIES["second"], reading | {UPDATE}),
    )
    return State(campaigns, {credential.token: credential for credential in credentials})
