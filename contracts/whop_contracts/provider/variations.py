"""Honest variations: everything that the documentation leaves open, done otherwise. None of them breaks a promise."""

from __future__ import annotations

from dataclasses import dataclass

from whop_contracts.provider.options import Manners


@dataclass(frozen=True, slots=True)
class Variation:
    """An honest provider with other manners. ``warns`` says that a run may warn about it; none may fail."""

    name: str
    manners: Manners
    warns: bool
    why: str


_TABLE = (
    # The answer.
    ("status-201", Manners(success_status=201), True, "a pause is answered 201"),
    ("status-202", Manners(success_status=202), True, "a pause is answered 202"),
    ("microseconds", Manners(timestamp_digits=6), True, "timestamps with six digits"),
    ("nanoseconds", Manners(timestamp_digits=9), True, "timestamps with nine digits"),
    ("offset-zero", Manners(timestamp_offset=0), True, "timestamps in UTC, spelt +00:00"),
    ("offset-east", Manners(timestamp_offset=330), True, "timestamps in a zone five and a half hours east"),
    ("offset-west", Manners(timestamp_offset=-210), True, "timestamps in a zone three and a half hours west"),
    (
        "json-suffix",
        Manners(media_type='application/vnd.campaigns+json; charset=utf-8; profile="v1"'),
        False,
        "a +json media type with parameters",
    ),
    (
        "charset",
        Manners(media_type="Application/JSON;charset=UTF-8"),
        False,
        "the media type in another case",
    ),
    ("extra-members", Manners(extra_members=True), False, "members that the page does not know"),
    ("counts-as-floats", Manners(counts_as_floats=True), False, "whole numbers written as 42.0"),
    ("whole-money", Manners(whole_money=True), True, "money in whole dollars, so sums are off by cents"),
    ("negative-counts", Manners(negative_counts=True), True, "counters below zero after a correction"),
    ("unassigned-country", Manners(countries=("US", "XK")), True, "a country code that ISO never assigned"),
    ("lower-case-country", Manners(countries=("us", "fra")), True, "countries in lower case and as alpha-3"),
    ("pretty-printed", Manners(reordered=True), False, "indented JSON with its keys in another order"),
    ("duplicate-key", Manners(duplicate_key=True), True, "an answer that says its title twice"),
    ("no-date-header", Manners(date_header=False), False, "no Date header: the server has no clock to trust"),
    ("slow", Manners(latency=(0.02, 0.06)), False, "20 to 60 ms an answer, over a socket"),
    # Dates.
    ("past-accepted", Manners(past="accept"), False, "a past instant is taken, and over at once"),
    ("past-400", Manners(past_status=400), False, "a past instant is a 400"),
    ("values-400", Manners(value_status=400, past_status=400), False, "every invalid value is a 400"),
    ("one-year-horizon", Manners(horizon_days=367), True, "instants beyond a year are refused"),
    ("ends-with-campaign", Manners(beyond_end_time="refuse"), True, "no pause beyond the campaign's end"),
    (
        "six-digits-at-most",
        Manners(fraction_digits=6),
        True,
        "fractions of seven and more digits are refused",
    ),
    ("near-offsets-only", Manners(far_offsets="refuse"), True, "offsets that no place uses are refused"),
    ("upper-case-only", Manners(lower_case="refuse"), False, "lower-case t and z are refused"),
    ("no-leap-second", Manners(leap_second="refuse"), False, "a second of 60 is refused"),
    ("no-unknown-offset", Manners(minus_zero="refuse"), False, "an offset of -00:00 is refused"),
    ("loose-dates", Manners(loose_text="accept"), True, "strings that still name one instant are taken"),
    # Bodies.
    ("null-refused", Manners(null_member="refuse", value_status=400), True, "null for the date is a 400"),
    ("null-body-refused", Manners(null_body="refuse"), True, "a body of null is refused"),
    ("body-required", Manners(no_body="refuse"), True, "a pause without a body is refused"),
    (
        "strict-members",
        Manners(undocumented="refuse"),
        False,
        "members that the page does not know are refused",
    ),
    ("any-media-type", Manners(other_media="read"), False, "JSON is read under any media type"),
    ("other-media-ignored", Manners(other_media="ignore"), True, "another media type is as no body"),
    ("syntax-422", Manners(syntax_status=422), False, "malformed JSON is a 422"),
    ("no-object-400", Manners(shape_status=400), False, "JSON that is no object is a 400"),
    # Whom it knows.
    ("foreign-403", Manners(foreign_status=403), False, "another company's campaign is a 403"),
    ("unknown-id-400", Manners(unknown_status=400, malformed_status=400), False, "an unknown id is a 400"),
    ("unknown-id-422", Manners(unknown_status=422, malformed_status=422), False, "an unknown id is a 422"),
    ("malformed-id-403", Manners(malformed_status=403), True, "a malformed id is stopped by a gateway's 403"),
    ("malformed-id-414", Manners(malformed_status=414), True, "a malformed id is a 414"),
    ("any-case-of-id", Manners(any_case_of_id=True), True, "ids are found whatever their case"),
    ("any-scheme", Manners(any_scheme=True), True, "the token is taken under any scheme, or none"),
    ("lacking-401", Manners(lacking_status=401), True, "a missing permission is a 401"),
    # Refusals.
    ("errors-flat", Manners(error_form="flat"), True, "errors as another JSON"),
    ("errors-text", Manners(error_form="text"), True, "errors as plain text"),
    ("errors-empty", Manners(error_form="empty"), True, "errors without a body"),
    ("no-challenge", Manners(challenge=False), True, "a 401 without WWW-Authenticate"),
    ("no-allow", Manners(allow=False), True, "a 405 without Allow"),
    ("wrong-method-404", Manners(wrong_method_status=404), False, "a method that a route lacks is a 404"),
    # Pausing and resuming.
    (
        "second-pause-409",
        Manners(second_pause="conflict"),
        True,
        "a second pause conflicts; the first one holds",
    ),
    ("resting-200", Manners(resting_status=200), False, "inactive and stale campaigns can be paused"),
    ("resting-422", Manners(resting_status=422), False, "pausing an inactive or stale campaign is a 422"),
    ("reads-lag", Manners(read_lag=1.0), True, "reads lag one second behind writes"),
    ("resume-late", Manners(resume_late=1.0), False, "a resume comes one second late"),
    ("resume-lazily", Manners(lazy_resume=True), False, "a resume is done, and stamped, when somebody looks"),
    ("updated-at-stands", Manners(updated_at="stands"), True, "updated_at counts edits alone, not pauses"),
    (
        "updated-before-created",
        Manners(updated_at="before_created"),
        True,
        "updated_at lies 2 s before created_at",
    ),
    ("clock-ahead", Manners(skew=90.0), False, "the provider's clock is 90 s fast"),
    ("clock-behind", Manners(skew=-90.0), False, "the provider's clock is 90 s slow"),
)


def variations() -> tuple[Variation, ...]:
    """Every honest variation, in the order of the documentation's parts."""
    return tuple(Variation(name, manners, warns, why) for name, manners, warns, why in _TABLE)
