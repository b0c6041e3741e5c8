"""What the documentation leaves open: the options of a conforming provider, and named variations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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


_JSON_SUFFIX = 'application/vnd.campaigns+json; charset=utf-8; profile="v1"'
_TABLE = (
    # Responses.
    ("status-201", Options(success_status=201), True, "a pause gets a 201"),
    ("status-202", Options(success_status=202), True, "a pause gets a 202"),
    ("microseconds", Options(timestamp_digits=6), False, "timestamps with six digits"),
    ("nanoseconds", Options(timestamp_digits=9), False, "timestamps with nine digits"),
    (
        "lower-case-timestamps",
        Options(timestamp_lower_case=True),
        True,
        "timestamps with a lower-case t and z",
    ),
    ("offset-zero", Options(timestamp_offset=0), False, "timestamps in UTC, written +00:00"),
    ("offset-east", Options(timestamp_offset=330), True, "timestamps with an offset of +05:30"),
    ("offset-west", Options(timestamp_offset=-210), False, "timestamps with an offset of -03:30"),
    ("json-suffix", Options(media_type=_JSON_SUFFIX), False, "a +json media type with parameters"),
    ("charset", Options(media_type="Application/JSON;charset=UTF-8"), False, "the media type in other cases"),
    ("extra-members", Options(extra_members=True), False, "members that the page does not document"),
    ("counts-as-floats", Options(counts_as_floats=True), False, "whole numbers written as 42.0"),
    ("whole-money", Options(whole_money=True), True, "money in whole dollars, so sums are off by cents"),
    ("negative-counts", Options(negative_counts=True), True, "counters below zero after a correction"),
    ("unassigned-country", Options(countries=("US", "XK")), True, "a country code that ISO has not assigned"),
    ("lower-case-country", Options(countries=("us", "fra")), True, "countries in lower case and as alpha-3"),
    ("every-nullable-null", Options(every_null=True), False, "all nullable members are null"),
    ("pretty-printed", Options(reordered=True), False, "indented JSON with its keys in another order"),
    ("duplicate-key", Options(duplicate_key=True), True, "a response with its title twice"),
    ("no-date-header", Options(date_header=False), False, "no Date header: the server has no reliable clock"),
    ("slow", Options(latency=(0.02, 0.06)), False, "20 to 60 ms per response, over a socket"),
    # Dates in requests.
    ("past-accepted", Options(past="accept"), False, "a past instant is accepted and over at once"),
    ("past-400", Options(past_status=400), False, "a past instant is a 400"),
    ("values-400", Options(value_status=400, past_status=400), False, "every invalid value is a 400"),
    ("one-year-horizon", Options(horizon_days=367), True, "instants more than a year ahead are rejected"),
    ("ends-with-campaign", Options(beyond_end_time="reject"), True, "no pause beyond the campaign's end"),
    ("six-digits-at-most", Options(fraction_digits=6), True, "more than six fractional digits are rejected"),
    ("near-offsets-only", Options(far_offsets="reject"), True, "offsets that no place uses are rejected"),
    ("upper-case-only", Options(lower_case="reject"), False, "lower-case t and z are rejected"),
    ("no-leap-second", Options(leap_second="reject"), False, "a second of 60 is rejected"),
    ("no-unknown-offset", Options(minus_zero="reject"), False, "an offset of -00:00 is rejected"),
    ("loose-dates", Options(loose_text="accept"), True, "strings that still denote one instant are accepted"),
    # Bodies of requests.
    ("null-refused", Options(null_member="reject", value_status=400), True, "null for the date is a 400"),
    ("null-body-refused", Options(null_body="reject"), True, "a body of null is rejected"),
    ("body-required", Options(no_body="reject"), True, "a pause without a body is rejected"),
    ("strict-members", Options(undocumented="reject"), False, "undocumented members are rejected"),
    ("any-media-type", Options(other_media="read"), False, "JSON is read with any media type"),
    ("other-media-ignored", Options(other_media="ignore"), True, "another media type counts as no body"),
    ("syntax-422", Options(syntax_status=422), False, "malformed JSON is a 422"),
    ("no-object-400", Options(shape_status=400), False, "JSON that is not an object is a 400"),
    ("nan-accepted", Options(nan="accept"), True, "NaN outside the date is read, as by Python"),
    # Ids and credentials.
    ("foreign-403", Options(foreign_status=403), False, "another company's campaign is a 403"),
    ("unknown-id-400", Options(unknown_status=400, malformed_status=400), False, "an unknown id is a 400"),
    ("unknown-id-422", Options(unknown_status=422, malformed_status=422), False, "an unknown id is a 422"),
    ("malformed-id-403", Options(malformed_status=403), True, "a gateway stops a malformed id with a 403"),
    ("malformed-id-414", Options(malformed_status=414), True, "a malformed id is a 414"),
    ("gateway-414", Options(overlong_status=414), False, "a gateway's page for an overlong id, a 414"),
    ("gateway-400", Options(overlong_status=400), False, "a gateway's page for an overlong id, a 400"),
    ("any-case-of-id", Options(any_case_of_id=True), True, "ids are found in any case"),
    ("any-scheme", Options(any_scheme=True), True, "the token is accepted with any scheme or none"),
    ("lacking-401", Options(lacking_status=401), True, "a missing permission is a 401"),
    # Error responses.
    ("errors-flat", Options(error_form="flat"), True, "errors as another JSON"),
    ("errors-text", Options(error_form="text"), True, "errors as plain text"),
    ("errors-empty", Options(error_form="empty"), True, "errors without a body"),
    ("no-challenge", Options(challenge=False), True, "a 401 without WWW-Authenticate"),
    ("no-allow", Options(allow=False), True, "a 405 without Allow"),
    ("wrong-method-404", Options(wrong_method_status=404), False, "a wrong method is a 404"),
    # Pausing and resuming.
    ("second-pause-409", Options(second_pause="conflict"), True, "a second pause conflicts; the first stays"),
    ("resting-200", Options(resting_status=200), False, "inactive and stale campaigns can be paused"),
    ("resting-422", Options(resting_status=422), False, "pausing an inactive or stale campaign is a 422"),
    ("reads-lag", Options(read_lag=1.0), True, "reads lag one second behind writes"),
    ("resume-late", Options(resume_late=1.0), False, "a campaign resumes one second late"),
    ("resume-lazily", Options(lazy_resume="stamped when seen"), False, "a campaign resumes when it is read"),
    ("resume-lazily-on-time", Options(lazy_resume="stamped when due"), False, "the same, stamped when due"),
    ("updated-at-stands", Options(updated_at="stands"), True, "updated_at counts edits only, not pauses"),
    (
        "updated-before-created",
        Options(updated_at="before_created"),
        True,
        "updated 2 s before it was created",
    ),
    ("clock-ahead", Options(skew=90.0), False, "the provider's clock is 90 s fast"),
    ("clock-behind", Options(skew=-90.0), False, "the provider's clock is 90 s slow"),
    ("bare-decimal-point", Options(bare_point="accept"), True, "a decimal point without digits is accepted"),
    ("bad-utf-8-replaced", Options(bad_utf8="accept"), True, "invalid UTF-8 is replaced, as by Node or Go"),
    ("any-case-of-members", Options(any_case_of_members=True), True, "member names in any case, as in Go"),
)


def variations() -> tuple[Variation, ...]:
    """Every conforming variation that the clauses accept, in the order of the documentation's parts."""
    return tuple(Variation(*row) for row in _TABLE)
