"""Instants, JSON and what a pause request asks for, as whole values and as tables of edges."""

import json
import sys
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pause.histories import History, at
from whop_contracts.exchange import Response, Window
from whop_contracts.instants import NANO, USUAL_FORM, form_of, loose_instants, read_instant, write_instant
from whop_contracts.json_text import is_json, read_json, read_response
from whop_contracts.pause.classify import FIRST, LAST, LONG_BODY, MILLI, YEAR, Intent, class_of, read_intent
from whop_contracts.pause.oracle import Oracle
from whop_contracts.provider import dates

NOW = Window(at(0), at(0.5))
DAY = at(86_400)
END = at(1_000_000)


@given(
    seconds=st.integers(-62_135_000_000, 253_402_000_000),
    nanos=st.integers(0, NANO - 1),
    offset=st.integers(-839, 839),
)
def test_writing_and_reading_are_inverse(seconds, nanos, offset):
    ns = seconds * NANO + nanos
    read = read_instant(write_instant(ns, digits=9, offset_minutes=offset))
    assert read is not None
    assert read.ns == ns


@given(
    st.from_regex(
        r"\A(19|20|99)[0-9]{2}-[01][0-9]-[0-3][0-9][Tt ]([01][0-9]|2[0-5]):[0-6][0-9]:[0-6][0-9]"
        r"(\.[0-9]{1,9})?([Zz]|[+-][0-2][0-9]:[0-5][0-9])?\Z"
    )
)
def test_the_checks_and_the_provider_read_dates_alike(text):
    """Two independent readers: where they differ, one of them is wrong."""
    try:
        expected = dates.split(text).instant()
    except dates.NotAnInstant:
        expected = None
    read = read_instant(text)
    assert (None if read is None else read.ns) == expected


def test_the_form_of_a_timestamp():
    for text, form in (
        ("2023-12-01T05:00:00.401Z", USUAL_FORM),
        ("2023-12-01T05:00:00Z", "YYYY-MM-DDThh:mm:ssZ"),
        ("2023-12-01t05:00:00.4010z", "YYYY-MM-DDthh:mm:ss.ffffz"),
        ("2023-12-01T05:00:00.401+05:30", "YYYY-MM-DDThh:mm:ss.fff+05:30"),
        ("2023-12-01T05:00:00.401Z\n", None),
        ("2023-02-30T05:00:00.401Z", None),
    ):
        assert form_of(text) == form


def test_loose_dates_still_name_their_instant():
    for text, seconds in (
        *(("2026-01-01", 0), (" 2026-01-01T00:00:00Z", 0), ("2026-01-01 00:00:00", 0)),
        *(("2026-01-01T00:00Z", 0), ("2026-01-01t00:00z", 0), ("2026-01-01T01:00:00+0100", 0)),
        ("2026-01-01T00:00:00+0130", -5_400),
        ("2026-01-01T00:00:00+01", -3_600),
        ("2026-01-01T00:00:00 -01:30", 5_400),
    ):
        assert loose_instants(text) == ((1_767_225_600 + seconds) * NANO,), text
    assert loose_instants("2026-02-30") == ()


def test_one_json_text_is_read_strictly():
    for content, problem in (
        (b"{}", None), (b" [1]\n", None), (b"null", None), (b'"\\ud800"', None), (b"1" * 5_000, None),
        (b"", "an empty body"), (b"  ", "an empty body"), (b"\xff", "bytes that are not UTF-8 (at 0)"),
        (b"\xef\xbb\xbf{}", "a byte order mark before the JSON"),
        (b'{"a": "\xff"}', "bytes that are not UTF-8 (at 7)"),
        (b"[" * 100_000, "JSON nested too deeply to read"),
        (b"[NaN]", "no JSON text (NaN is no JSON value)"),
        (b"-Infinity", "Infinity"), (b"{}{}", "no JSON"), (b"{", "no JSON"), (b"{'a': 1}", "no JSON"),
    ):  # fmt: skip
        found = read_json(content).problem
        assert found == problem or (problem in ("Infinity", "no JSON") and problem in str(found))


def test_a_response_without_a_body_shows_nothing_and_one_that_could_not_be_decoded_says_why():
    assert read_response(None) is None
    assert read_response(Response(204)) is None
    broken = read_response(Response(200, undecoded="broken off"))
    assert broken is not None
    assert broken.problem == "broken off"


def test_duplicate_keys_are_noted():
    assert read_json(b'{"a": 1, "b": {"c": 1, "c": 2}, "a": 3}').duplicates == ("c", "a")


def test_numbers_are_exact_up_to_a_thousand_digits_and_never_infinite():
    for digits in (1, 20, 999):
        value = read_json(b"9" * digits).value
        assert type(value) is int
        assert value == int("9" * digits)
    for digits in (1_000, 100_000):
        assert read_json(b"9" * digits).value == sys.float_info.max
        assert read_json(b"-" + b"9" * digits).value == -sys.float_info.max
    assert read_json(b"[1e400, -1e400, 1e308]").value == [sys.float_info.max, -sys.float_info.max, 1e308]


def test_media_types_of_json():
    for media_type in (
        *("application/json", "application/json; charset=utf-8", "Application/JSON"),
        *("application/problem+json", "application/vnd.whop+json;v=1"),
    ):
        assert is_json(media_type), media_type
    for other in (
        *("text/json", "text/html", "application/jsonx", "", None, "+json", "/x+json", "/+json"),
        *("a/b/c+json", "x+json", "application/json+", "application /json"),
    ):
        assert not is_json(other), other


def asks(value, **more):
    return json.dumps({"paused_until": value} | more).encode()


def read(content, media_type="application/json", end_time=END):
    return read_intent(content, media_type, NOW, end_time)


def test_what_a_body_asks_for():
    for content, intent in (
        (b"", Intent("nothing")),
        (b" \r\n", Intent("nothing")),
        (b"null", Intent("nothing")),
        (b"{}", Intent("omitted")),
        (b'{"note": 1}', Intent("omitted", extra=True)),
        (asks(None), Intent("nothing")),
        (asks(None, note=1), Intent("nothing", extra=True)),
        (asks(5), Intent("type")),
        (asks(5, note=1), Intent("type", extra=True)),
        (asks("soon"), Intent("string")),
        (asks("soon", note=1), Intent("string", extra=True)),
        (asks("2026-09-23"), Intent("loose", until=(1_790_121_600 * NANO,))),
        (asks("2026-09-23", note=1), Intent("loose", until=(1_790_121_600 * NANO,), extra=True)),
        (asks(write_instant(DAY)), Intent("instant", until=(DAY,))),
        (asks(write_instant(DAY), note=1), Intent("instant", until=(DAY,), extra=True)),
        (asks(write_instant(DAY, offset_minutes=-90)), Intent("instant", until=(DAY,), offset=-90)),
        (asks(write_instant(DAY).lower()), Intent("edge", until=(DAY,), slack=NANO)),
        (asks(write_instant(DAY).replace("Z", "-00:00")), Intent("edge", until=(DAY,), slack=NANO)),
        (asks(write_instant(DAY).replace("Z", "+00:00")), Intent("instant", until=(DAY,))),
        (asks(write_instant(at(-5))), Intent("past", until=(at(-5),))),
        (b"[]", Intent("no-object")),
        (b"{", Intent("malformed")),
        (b"{" + b" " * LONG_BODY, Intent("malformed", long=True)),
        (b"{}" + b" " * (LONG_BODY - 2), Intent("omitted")),
        (b"{}" + b" " * (LONG_BODY - 1), Intent("omitted", long=True)),
    ):
        assert read(content) == intent
        assert (MILLI, NANO) == (1_000_000, 1_000_000_000)
        assert read(asks(write_instant(DAY))).slack == MILLI


def test_bytes_that_are_not_utf_8_or_nan_beside_a_date_make_a_body_lax():
    late = "9999-12-31T23:59:60Z"
    for odd in (b'"\xff"', b"NaN", b"[-Infinity]"):
        for until, intent in (
            (write_instant(DAY), Intent("lax-json", until=(DAY,), extra=True)),
            (write_instant(DAY).lower(), Intent("lax-json", until=(DAY,), slack=NANO, extra=True)),
            (late, Intent("lax-json", until=(read_instant(late).ns,), slack=NANO, extra=True)),
            (write_instant(at(-5)), Intent("malformed")),
            ("soon", Intent("malformed")),
        ):
            assert read(asks(until)[:-1] + b', "note": ' + odd + b"}") == intent


def test_another_spelling_of_the_name_is_an_alias():
    for name in ("pausedUntil", "paused-until", "PAUSED_UNTIL", "PausedUntil"):
        assert read(json.dumps({name: write_instant(DAY)}).encode()) == Intent(
            "omitted", extra=True, aliases=(DAY,)
        )
        for other in (
            {name: "soon"},
            {name: 5},
            {f"{name}s": write_instant(DAY)},
            {"un": write_instant(DAY)},
        ):
            assert read(json.dumps(other).encode()) == Intent("omitted", extra=True)


def test_without_the_body_that_was_sent_a_request_is_of_no_class():
    exchange = History().exchange("pause", 1, body={}).exchange
    unknown = replace(exchange, request=replace(exchange.request, content_known=False))
    assert class_of(unknown, Intent("omitted")) == "unstated"
    assert Oracle().follow(unknown).intent == Intent("unstated")


def test_under_another_media_type_a_body_may_still_be_read():
    for content, intent in (
        (asks(write_instant(DAY), note=1), Intent("media-type", until=(DAY,), extra=True)),
        (b"{}", Intent("media-type")),
        (b"{", Intent("media-type")),
        (b"paused_until=2026-09-23", Intent("media-type")),
        (b"", Intent("nothing")),
    ):
        assert read(content, "text/plain") == intent
    for same in ("application/json", "Application/JSON ; charset=utf-8"):
        assert read(b"{}", same).request_class == "omitted"
    for other in ("application/merge-patch+json", "text/plain", "", None):
        assert read(b"{}", other).request_class == "media-type"


def test_the_class_of_a_date():
    for text, row in (
        (write_instant(NOW.end, digits=9), "past"),
        (write_instant(NOW.end + 1, digits=6), "past"),
        (write_instant(NOW.end + 1_000, digits=6), "instant"),
        (write_instant(END - 1_000, digits=6), "instant"),
        (write_instant(END), "far"),
        (write_instant(DAY, digits=6), "instant"),
        (write_instant(DAY, digits=7), "far"),
        (write_instant(DAY, offset_minutes=-720), "instant"),
        (write_instant(DAY, offset_minutes=-721), "far"),
        (write_instant(DAY, offset_minutes=840), "instant"),
        (write_instant(DAY, offset_minutes=841), "far"),
        ("0001-01-01T00:00:00Z", "past"),
        ("0001-01-01T00:00:00+00:01", "unclear"),
        ("9999-12-31T23:59:59.999Z", "far"),
        ("9999-12-31T23:59:60Z", "unclear"),
        ("9999-12-31T23:59:00-00:01", "unclear"),
    ):
        assert read(asks(text)).request_class == row
        assert read_intent(asks(text), "application/json", None, None).request_class == "unclear", "no clock"


def test_a_year_ahead_is_an_ordinary_date_and_no_more():
    assert FIRST < at(0) + YEAR < LAST
    assert read(asks(write_instant(at(0) + YEAR)), end_time=None).request_class == "instant"
    assert read(asks(write_instant(at(0) + YEAR + MILLI)), end_time=None).request_class == "far"


def test_the_class_of_a_request():
    for how, row in (
        ({"role": "none"}, "no-credential"), ({"role": "empty"}, "no-credential"),
        ({"role": "altered"}, "wrong-credential"), ({"role": "scheme"}, "scheme"),
        ({"role": "readonly"}, "permission"), ({"scope": "foreign"}, "foreign"),
        ({"scope": "invented"}, "unknown-id"), ({"scope": "malformed"}, "malformed-id"),
        ({"scope": "recased"}, "recased-id"), ({"method": "PUT"}, "method"),
        ({"role": "none", "scope": "invented"}, "several"), ({}, "omitted"),
        # A recording does not say why a request was refused.
        *(({what: "unstated", "status": status}, "unstated")
          for what in ("role", "scope") for status in (401, 403, 404)),
        *(({what: "unstated", "status": status}, "omitted")
          for what in ("role", "scope") for status in (200, 422, 405, None)),
    ):  # fmt: skip
        assert History().exchange("pause", 1, body={}, **({"status": 404} | how)).request_class == row
