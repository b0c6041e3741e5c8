"""The choices that the documentation leaves to a provider. Every one of them is honest; the default is the plainest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Choice = Literal["accept", "refuse"]


@dataclass(frozen=True, slots=True)
class Options:
    """How an honest provider behaves where more than one behaviour conforms. Durations are seconds, offsets minutes."""

    # How it answers.
    success_status: int = 200
    media_type: str = "application/json"
    timestamp_digits: int = 3
    timestamp_offset: int | None = None
    timestamp_lower: bool = False
    extra_members: bool = False
    counts_as_floats: bool = False
    whole_money: bool = False
    negative_counts: bool = False
    countries: tuple[str, ...] | None = None
    reordered: bool = False
    duplicate_key: bool = False
    date_header: bool = True
    latency: tuple[float, float] = (0.0, 0.0)

    # How it reads a date.
    past: Literal["refuse", "accept"] = "refuse"
    past_status: int = 422
    horizon_days: int | None = None
    beyond_end_time: Choice = "accept"
    fraction_digits: int | None = None
    far_offsets: Choice = "accept"
    lower_case: Choice = "accept"
    leap_second: Choice = "accept"
    minus_zero: Choice = "accept"
    loose_text: Choice = "refuse"

    # How it reads a body.
    null_member: Choice = "accept"
    null_body: Choice = "accept"
    no_body: Choice = "accept"
    undocumented: Choice = "accept"
    other_media: Literal["refuse", "read", "ignore"] = "refuse"
    syntax_status: int = 400
    shape_status: int = 422
    value_status: int = 422
    longest_body: int = 4_000_000

    # Whom it knows.
    foreign_status: int = 404
    unknown_status: int = 404
    malformed_status: int = 404
    any_case_of_id: bool = False
    any_scheme: bool = False
    lacking_status: int = 403

    # How it refuses.
    error_form: Literal["envelope", "flat", "text", "empty"] = "envelope"
    challenge: bool = True
    allow: bool = True
    wrong_method_status: int = 405

    # What it does.
    second_pause: Literal["replace", "conflict"] = "replace"
    resting_status: Literal[200, 409, 422] = 409
    read_lag: float = 0.0
    resume_late: float = 0.0
    lazy_resume: bool = False
    updated_at: Literal["follows", "stands", "before_created"] = "follows"
    skew: float = 0.0
