"""Instants, JSON and the rows of the conformance table, as tables."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pause.histories import START, History, at
from whop_contracts.exchange import Response, Window
from whop_contracts.instants import NANO, USUAL_FORM, form_of, loose_instants, read_instant, write_instant
from whop_contracts.json_text import is_json, read_json, read_response
from whop_contracts.pause.classify import read_intent
from whop_contracts.provider import dates

NOW = Window(at(0), at(0.1))


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("1970-01-01T00:00:00.0000000019Z", 1),
        ("1969-12-31T23:59:59.5Z", -NANO // 2),
        ("1970-01-01T05:30:00+05:30", 0),
        ("1969-12-31T20:30:00-03:30", 0),
        ("1970-01-01t00:00:00z", 0),
        ("1969-12-31T23:59:60Z", 0),
        ("1970-01-01T00:00:00-00:00", 0),
        ("2024-02-29T12:00:00Z", 1_709_208_000 * NANO),
        ("2000-02-29T00:00:00Z", 951_782_400 * NANO),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999 * 1_000_000),
        ("0001-01-01T00:00:00Z", -62_135_596_800 * NANO),
    ],
)
def test_an_instant_is_read_exactly(text: str, ns: int) -> None:
    instant = read_instant(text)
    assert instant is not None
    assert instant.ns == ns


@pytest.mark.parametrize(
    "text",
    [
        "2023-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2023-04-31T00:00:00Z", "2023-13-01T00:00:00Z",
        "2023-00-01T00:00:00Z",
        "2023-01-01T24:00:00Z", "2023-01-01T00:60:00Z", "2023-01-01T00:00:61Z", "2023-01-01T00:00:00",
        "2023-01-01 00:00:00Z",
        "2023-01-01", "2023-01-01T00:00Z", "2023-01-01T00:00:00.Z", "2023-01-01T00:00:00,5Z",
        "2023-01-01T00:00:00+0100",
        "2023-01-01T00:00:00+01", "2023-01-01T00:00:00+24:00", "2023-01-01T00:00:00+00:60",
        "2023-01-01T00:00:00Z\n",
        " 2023-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "\uff12023-01-01T00:00:00Z", "20230101T000000Z",
        "", "now", "1700000000",
    ],
)  # fmt: skip
def test_what_is_no_rfc_3339_timestamp_is_not_read(text: str) -> None:
    assert read_instant(text) is None


@given(
    seconds=st.integers(-62_135_000_000, 253_402_000_000),
    nanos=st.integers(0, NANO - 1),
    offset=st.integers(-839, 839),
)
def test_writing_and_reading_are_inverse(seconds: int, nanos: int, offset: int) -> None:
    ns = seconds * NANO + nanos
    read = read_instant(write_instant(ns, digits=9, offset_minutes=offset))
    assert read is not None
    assert read.ns == ns


def provider_reads(text: str) -> int | None:
    try:
        return dates.split(text).instant()
    except dates.NotAnInstant:
        return None


@given(
    st.from_regex(
        r"\A(19|20|99)[0-9]{2}-[01][0-9]-[0-3][0-9][Tt ]([01][0-9]|2[0-5]):[0-6][0-9]:[0-6][0-9]"
        r"(\.[0-9]{1,9})?([Zz]|[+-][0-2][0-9]:[0-5][0-9])?\Z"
    )
)
def test_the_judges_and_the_provider_read_dates_alike(text: str) -> None:
    """Two readers, by two hands: where they differ, one of them is wrong."""
    read = read_instant(text)
    assert (None if read is None else read.ns) == provider_reads(text)


def test_the_form_of_a_timestamp() -> None:
    assert form_of("2023-12-01T05:00:00.401Z") == USUAL_FORM
    for text, form in (
        ("2023-12-01T05:00:00Z", "YYYY-MM-DDThh:mm:ssZ"),
        ("2023-12-01t05:00:00.4010z", "YYYY-MM-DDthh:mm:ss.ffffz"),
        ("2023-12-01T05:00:00.401+05:30", "YYYY-MM-DDThh:mm:ss.fff+05:30"),
        ("2023-12-01T05:00:00.401Z\n", None),
        ("2023-02-30T05:00:00.401Z", None),
    ):
        assert form_of(text) == form


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{}", None), (b" [1]\n", None), (b"null", None), (b'"\\ud800"', None), (b"1" * 5_000, None),
        (b"", "empty"), (b"  ", "empty"), (b"\xef\xbb\xbf{}", "byte order mark"), (b"\xff", "UTF-8"),
        (b'{"a": NaN}', "NaN"),
        (b"-Infinity", "Infinity"), (b"{}{}", "no JSON"), (b"{", "no JSON"), (b"{'a': 1}", "no JSON"),
        (b"[" * 100_000, "JSON"),
    ],
)  # fmt: skip
def test_one_json_text_is_read_strictly(content: bytes, problem: str | None) -> None:
    read = read_json(content)
    assert (read.problem is None) == (problem is None)
    assert (problem or "") in (read.problem or "")


def test_an_answer_without_a_body_says_nothing_and_one_that_could_not_be_had_says_why() -> None:
    assert read_response(None) is None
    assert read_response(Response(204)) is None
    said = read_response(Response(200, undecoded="broken off"))
    assert said is not None
    assert said.problem == "broken off"


def test_keys_met_twice_are_noted() -> None:
    assert read_json(b'{"a": 1, "b": {"c": 1, "c": 2}, "a": 3}').duplicates == ("c", "a")


@pytest.mark.parametrize(
    ("media_type", "json_"),
    [
        ("application/json", True), ("application/json; charset=utf-8", True), ("Application/JSON", True),
        ("application/problem+json", True), ("application/vnd.whop+json;v=1", True), ("text/json", False),
        ("text/html", False),
        ("application/jsonx", False), ("", False), (None, False), ("+json", False),
    ],
)  # fmt: skip
def test_media_types_of_json(media_type: str | None, json_: bool) -> None:  # noqa: FBT001
    assert is_json(media_type) is json_


def later(days: float, **how: object) -> str:
    return write_instant(at(days * 86_400), **how)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("media_type", "row"),
    [
        ("application/json", "omitted"), ("Application/JSON ; charset=utf-8", "omitted"),
        ("application/merge-patch+json", "media-type"),
        ("text/plain", "media-type"), ("", "media-type"), (None, "media-type"),
    ],
)  # fmt: skip
def test_a_body_under_another_media_type_than_the_pages_is_a_row_of_its_own(
    media_type: str | None, row: str
) -> None:
    assert read_intent(b"{}", media_type, NOW, None).request_class == row


@pytest.mark.parametrize(
    ("body", "row"),
    [
        ("{}", "omitted"), ("", "nothing"), ("null", "nothing"), ('{"paused_until": null}', "nothing"),
        ("[]", "no-object"), ("5", "no-object"), ('"x"', "no-object"), ("{", "malformed"), ("{'a': 1}",
        "malformed"),
        ('{"paused_until": 5}', "type"), ('{"paused_until": false}', "type"), ('{"paused_until": {}}',
        "type"),
        ('{"paused_until": ""}', "string"), ('{"paused_until": "tomorrow"}', "string"),
        ('{"paused_until": "2100-02-29T00:00:00Z"}', "string"),
        (later(1), "instant"), (later(364, digits=6), "instant"), (later(1, offset_minutes=840), "instant"),
        (later(1, offset_minutes=-720), "instant"), (later(366), "far"), (later(1, digits=7), "far"),
        (later(1, offset_minutes=841), "far"),
        (later(-1), "past"), (later(0), "past"), (later(1).lower(), "edge"), (later(1).replace("Z",
        "-00:00"), "edge"),
        (later(1).replace("T", " "), "loose"), (later(1)[:10], "loose"), (later(1)[:-1], "loose"),
        (later(1) + " ", "loose"),
        (later(1).replace("Z", "+0100"), "loose"), (later(1)[:16] + "Z", "loose"),
    ],
)  # fmt: skip
def test_the_row_of_a_body(body: str, row: str) -> None:
    content = body if body[:1] in {"", "{", "[", '"', "n", "5"} else json.dumps({"paused_until": body})
    assert read_intent(content.encode(), "application/json", NOW, None).request_class == row


def test_the_row_depends_on_more_than_the_body() -> None:
    good = json.dumps({"paused_until": later(1)}).encode()
    assert read_intent(good, "text/plain", NOW, None).request_class == "media-type"
    assert read_intent(good, "application/json", None, None).request_class == "unclear"
    assert read_intent(good, "application/json", NOW, at(3_600)).request_class == "far", (
        "beyond the campaign's own end"
    )
    extra = read_intent(b'{"note": 1}', "application/json", NOW, None)
    assert (extra.request_class, extra.extra) == ("omitted", True)


@pytest.mark.parametrize(
    ("how", "row"),
    [
        ({"role": "none"}, "no-credential"), ({"role": "empty"}, "no-credential"), ({"role": "altered"},
        "wrong-credential"),
        ({"role": "scheme"}, "scheme"), ({"role": "readonly"}, "permission"), ({"scope": "foreign"},
        "foreign"),
        ({"scope": "invented"}, "unknown-id"), ({"scope": "malformed"}, "malformed-id"),
        ({"scope": "recased"}, "recased-id"),
        ({"method": "PUT"}, "method"), ({"role": "none", "scope": "invented"}, "several"),
        ({"role": "unstated", "status": 401}, "unstated"), ({"role": "unstated", "status": 422}, "omitted"),
        ({}, "omitted"),
    ],
)  # fmt: skip
def test_the_row_of_a_request(how: dict[str, object], row: str) -> None:
    assert History().exchange("pause", 1, body={}, **({"status": 404} | how)).request_class == row  # type: ignore[arg-type]


def test_loose_dates_still_name_their_instant() -> None:
    wanted = (1_767_225_600 * NANO,)
    for loose in (
        "2026-01-01",
        " 2026-01-01T00:00:00Z",
        "2026-01-01 00:00:00",
        "2026-01-01T00:00Z",
        "2026-01-01T01:00:00+0100",
    ):
        assert loose_instants(loose) == wanted, loose
    assert loose_instants("2026-02-30") == ()
    assert START > 0
