"""Honest variations: everything that the documentation leaves open, done otherwise. None of them breaks a promise."""

from __future__ import annotations

from dataclasses import dataclass

from whop_contracts.provider.options import Options


@dataclass(frozen=True, slots=True)
class Variation:
    """An honest provider with other options. ``warns`` says that a run may warn about it; none may fail."""

    name: str
    options: Options
    warns: bool
    why: str


_TABLE = (
    # The answer.
    ("status-201", Options(success_status=201), True, "a pause is answered 201"),
    ("status-202", Options(success_status=202), True, "a pause is answered 202"),
    ("microseconds", Options(timestamp_digits=6), False, "timestamps with six digits"),
    ("nanoseconds", Options(timestamp_digits=9), False, "timestamps with nine digits"),
    ("offset-zero", Options(timestamp_offset=0), False, "timestamps in UTC, spelt +00:00"),
    ("offset-east", Options(timestamp_offset=330), False, "timestamps in a zone five and a half hours east"),
    (
        "offset-west",
        Options(timestamp_offset=-210),
        False,
        "timestamps in a zone three and a half hours west",
    ),
    ("lower-case-timestamps", Options(timestamp_lower=True), True, "timestamps with a lower-case t and z"),
    (
        "json-suffix",
        Options(media_type='application/vnd.campaigns+json; charset=utf-8; profile="v1"'),
        False,
        "a +json media type with parameters",
    ),
    (
        "charset",
        Options(media_type="Application/JSON;charset=UTF-8"),
        False,
        "the media type in another case",
    ),
    ("extra-members", Options(extra_members=True), False, "members that the page does not know"),
    ("counts-as-floats", Options(counts_as_floats=True), False, "whole numbers written as 42.0"),
    ("whole-money", Options(whole_money=True), True, "money in whole dollars, so sums are off by cents"),
    ("negative-counts", Options(negative_counts=True), True, "counters below zero after a correction"),
    ("unassigned-country", Options(countries=("US", "XK")), True, "a country code that ISO never assigned"),
    ("lower-case-country", Options(countries=("us", "fra")), True, "countries in lower case and as alpha-3"),
    ("pretty-printed", Options(reordered=True), False, "indented JSON with its keys in another order"),
    ("duplicate-key", Options(duplicate_key=True), True, "an answer that says its title twice"),
    ("no-date-header", Options(date_header=False), False, "no Date header: the server has no clock to trust"),
    ("slow", Options(latency=(0.02, 0.06)), False, "20 to 60 ms an answer, over a socket"),
    # Dates.
    ("past-accepted", Options(past="accept"), False, "a past instant is taken, and over at once"),
    ("past-400", Options(past_status=400), False, "a past instant is a 400"),
    ("values-400", Options(value_status=400, past_status=400), False, "every invalid value is a 400"),
    ("one-year-horizon", Options(horizon_days=367), True, "instants beyond a year are refused"),
    ("ends-with-campaign", Options(beyond_end_time="refuse"), True, "no pause beyond the campaign's end"),
    (
        "six-digits-at-most",
        Options(fraction_digits=6),
        True,
        "fractions of seven and more digits are refused",
    ),
    ("near-offsets-only", Options(far_offsets="refuse"), True, "offsets that no place uses are refused"),
    ("upper-case-only", Options(lower_case="refuse"), False, "lower-case t and z are refused"),
    ("no-leap-second", Options(leap_second="refuse"), False, "a second of 60 is refused"),
    ("no-unknown-offset", Options(minus_zero="refuse"), False, "an offset of -00:00 is refused"),
    ("loose-dates", Options(loose_text="accept"), True, "strings that still name one instant are taken"),
    # Bodies.
    ("null-refused", Options(null_member="refuse", value_status=400), True, "null for the date is a 400"),
    ("null-body-refused", Options(null_body="refuse"), True, "a body of null is refused"),
    ("body-required", Options(no_body="refuse"), True, "a pause without a body is refused"),
    (
        "strict-members",
        Options(undocumented="refuse"),
        False,
        "members that the page does not know are refused",
    ),
    ("any-media-type", Options(other_media="read"), False, "JSON is read under any media type"),
    ("other-media-ignored", Options(other_media="ignore"), True, "another media type is as no body"),
    ("syntax-422", Options(syntax_status=422), False, "malformed JSON is a 422"),
    ("no-object-400", Options(shape_status=400), False, "JSON that is no object is a 400"),
    # Whom it knows.
    ("foreign-403", Options(foreign_status=403), False, "another company's campaign is a 403"),
    ("unknown-id-400", Options(unknown_status=400, malformed_status=400), False, "an unknown id is a 400"),
    ("unknown-id-422", Options(unknown_status=422, malformed_status=422), False, "an unknown id is a 422"),
    ("malformed-id-403", Options(malformed_status=403), True, "a malformed id is stopped by a gateway's 403"),
    ("malformed-id-414", Options(malformed_status=414), True, "a malformed id is a 414"),
    ("any-case-of-id", Options(any_case_of_id=True), True, "ids are found whatever their case"),
    ("any-scheme", Options(any_scheme=True), True, "the token is taken under any scheme, or none"),
    ("lacking-401", Options(lacking_status=401), True, "a missing permission is a 401"),
    # Refusals.
    ("errors-flat", Options(error_form="flat"), True, "errors as another JSON"),
    ("errors-text", Options(error_form="text"), True, "errors as plain text"),
    ("errors-empty", Options(error_form="empty"), True, "errors without a body"),
    ("no-challenge", Options(challenge=False), True, "a 401 without WWW-Authenticate"),
    ("no-allow", Options(allow=False), True, "a 405 without Allow"),
    ("wrong-method-404", Options(wrong_method_status=404), False, "a method that a route lacks is a 404"),
    # Pausing and resuming.
    (
        "second-pause-409",
        Options(second_pause="conflict"),
        True,
        "a second pause conflicts; the first one holds",
    ),
    ("resting-200", Options(resting_status=200), False, "inactive and stale campaigns can be paused"),
    ("resting-422", Options(resting_status=422), False, "pausing an inactive or stale campaign is a 422"),
    ("reads-lag", Options(read_lag=1.0), True, "reads lag one second behind writes"),
    ("resume-late", Options(resume_late=1.0), False, "a resume comes one second late"),
    ("resume-lazily", Options(lazy_resume=True), False, "a resume is done, and stamped, when somebody looks"),
    ("updated-at-stands", Options(updated_at="stands"), True, "updated_at counts edits alone, not pauses"),
    (
        "updated-before-created",
        Options(updated_at="before_created"),
        True,
        "updated_at lies 2 s before created_at",
    ),
    ("clock-ahead", Options(skew=90.0), False, "the provider's clock is 90 s fast"),
    ("clock-behind", Options(skew=-90.0), False, "the provider's clock is 90 s slow"),
)


def variations() -> tuple[Variation, ...]:
    """Every honest variation, in the order of the documentation's parts."""
    return tuple(Variation(name, options, warns, why) for name, options, warns, why in _TABLE)
