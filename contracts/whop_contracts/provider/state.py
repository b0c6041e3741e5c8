"""The provider's options, its clock, what it remembers, and what a fresh one holds.

That is in ``seed.json``: ids and tokens, campaigns, and by shape the members that no operation changes.
Instants are there in milliseconds after the clock's start.
"""

from __future__ import annotations

import copy
import itertools
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

Choice = Literal["accept", "reject"]
DATED = ("created_at", "updated_at", "paused_until", "start_time", "end_time")
"""The members that are instants, at any depth."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a provider does where several behaviours conform. Durations are seconds, offsets minutes."""

    # Responses.
    success_status: int = 200
    media_type: str = "application/json"
    timestamp_digits: int = 3
    timestamp_offset: int | None = None
    timestamp_lower_case: bool = False
    members: Mapping[str, Any] = field(default_factory=dict)
    counts_as_floats: bool = False
    whole_money: bool = False
    negative_counts: bool = False
    reordered: bool = False
    duplicate_key: bool = False
    date_header: bool = True
    latency: Sequence[float] = (0.0, 0.0)

    # Dates in requests.
    past: Choice = "reject"
    past_status: int = 422
    horizon_days: int | None = None
    beyond_end_time: Choice = "accept"
    rejected_dates: str | None = None
    """A regular expression."""
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
    """One campaign. Instants are nanoseconds since 1970, those in ``rest`` too.

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
    """The company that a token belongs to, and whether it has ``ad_campaign:update``."""

    company: str
    may_update: bool


@dataclass(slots=True)
class State:
    """Everything that the provider remembers: campaigns by id, credentials by token."""

    campaigns: dict[str, Campaign]
    credentials: dict[str, Credential]


class RunningClock:
    """The machine's clock (or another ``source``) plus ``ahead`` seconds; it runs on when it was moved."""

    def __init__(self, ahead: float = 0.0, source: Callable[[], float] = time.time) -> None:
        self._ahead, self._source = ahead, source

    def now(self) -> float:
        """Seconds since 1970."""
        return self._source() + self._ahead

    def set(self, instant: float) -> None:
        """Move to an instant, in seconds since 1970; an earlier one raises ``ValueError``."""
        if instant < self.now():
            raise ValueError("a clock does not run backwards")
        self._ahead = instant - self._source()

    def advance(self, seconds: float) -> None:
        """Move forward by so many seconds."""
        self.set(self.now() + seconds)


class ManualClock(RunningClock):
    """A clock that stands still until it is moved."""

    def __init__(self, start: float = 1_790_000_000.0) -> None:
        super().__init__(float(start), lambda: 0.0)


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


def fresh(start: float, tokens: Iterable[str] = (), more: Iterable[str] = ()) -> State:
    """The state of a provider whose clock starts at an instant, in seconds since 1970.

    ``tokens`` are credentials like ``SEED.token``, ``more`` the ids of campaigns like ``SEED.campaigns``.
    """
    begin = int(start * 1000)

    def dated(members: dict[str, Any]) -> dict[str, Any]:
        instants = {name: members[name] for name in DATED if members.get(name) is not None}
        return members | {name: (begin + after) * 1_000_000 for name, after in instants.items()}

    seed = json.loads(_TEXT, object_hook=dated)
    shapes = seed["shapes"]
    campaigns = {one["id"]: Campaign(rest=dict(shapes[one.pop("shape")]), **one) for one in seed["campaigns"]}
    for id_, like in zip(more, itertools.cycle(SEED.campaigns)):
        campaigns[id_] = replace(copy.deepcopy(campaigns[like]), id=id_)
    ours, theirs = (campaigns[id_].company for id_ in (SEED.campaigns[0], SEED.foreign_campaign))
    credentials = {token: Credential(ours, may_update=True) for token in (SEED.token, *tokens)}
    credentials[SEED.readonly_token] = Credential(ours, may_update=False)
    credentials[SEED.foreign_token] = Credential(theirs, may_update=True)
    return State(campaigns, credentials)
