"""What the documentation leaves open: the options of a conforming provider, and named variations.

``variations.json`` has the variations by name: why such a provider conforms, whether a run may warn about it,
and the options that differ from the defaults.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Choice = Literal["accept", "reject"]


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
class Variation:
    """A conforming provider with other options. ``warns``: a run may warn about it. No run may fail."""

    name: str
    options: Options
    warns: bool
    why: str


def variations() -> tuple[Variation, ...]:
    """Every conforming variation that the clauses accept, in the order of ``variations.json``."""
    rows = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    return tuple(
        Variation(
            name,
            Options(**{key: _frozen(value) for key, value in row["options"].items()}),
            row["warns"],
            row["why"],
        )
        for name, row in rows.items()
    )


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
